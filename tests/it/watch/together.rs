//! A watch and a person who reviews the same session.

use std::collections::BTreeMap;

use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::files::transfer::TransferError;
use smart_image_sorter::jobs::apply::apply;
use smart_image_sorter::jobs::cancel_token::CancelToken;
use smart_image_sorter::jobs::sort::{SortRules, sort};
use smart_image_sorter::store::Session;
use smart_image_sorter::store::session::Which;

use super::{Watching, of_kind};
use crate::support::{LONGEST_RUN, Workspace, picture, sorted};

const FILES: usize = 600;

/// Pictures are decided as they come, each for the label that was not predicted, while the watch sorts them.
#[test]
fn no_decision_is_lost_and_no_file_is_moved_against_one() {
    let workspace = Workspace::new();
    let mut watching = Watching::start(&workspace, &["--apply", "--operation", "move", "--settle", "0.2"]);
    workspace.write("source/first.jpg", picture(FILES));
    watching.wait_until("the first transfer", |events| of_kind(events, "transfer").count() == 1);
    let mut decided: BTreeMap<String, &str> = BTreeMap::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..FILES {
                workspace.write(format!("source/{number}.jpg"), picture(number));
            }
        });
        let mut session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
        let labels = ["a", "b"].map(|label| session.label(label).unwrap());
        let began = std::time::Instant::now();
        while decided.len() < FILES / 2 {
            assert!(began.elapsed() < LONGEST_RUN, "pictures do not come");
            let mut fresh: Vec<(PictureId, String, usize)> = vec![];
            session
                .for_each_picture(None, Which::All, |found| {
                    let hash = found.picture.hash.unwrap().to_string();
                    let label = found.picture.prediction.map(|prediction| prediction.label);
                    if let (Some(label), false) = (label, decided.contains_key(&hash)) {
                        fresh.push((found.id, hash, label));
                    }
                })
                .unwrap();
            for (id, hash, label) in fresh.into_iter().step_by(2) {
                let other = 1 - label;
                let said = vec![(id, Some(Decision::Reassigned(labels[other])))];
                session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
                decided.insert(hash, ["a", "b"][other]);
            }
        }
    });
    watching.wait_for_pictures(FILES + 1);
    // Every decision was carried out, whether it came before the file was sorted or after.
    watching.wait_until("all is sorted, and as decided", |_| {
        sorted(workspace.destination()).len() == FILES + 1 && misplaced(&workspace, &decided).is_empty()
    });
    watching.end();
    assert_eq!(misplaced(&workspace, &decided), Vec::<String>::new());
    let files = sorted(workspace.destination());
    assert_eq!(files.len(), FILES + 1);
    let mut rows = 0;
    for row in workspace.rows().iter().filter(|row| row["decision"] == "reassigned") {
        assert_eq!(decided.get(&row["sha256"]).copied(), Some(row["label"].as_str()), "{row:?}");
        rows += 1;
    }
    assert_eq!(rows, decided.len());
}

/// Between the plan and the moment at which a file is begun with, somebody decides otherwise.
#[test]
fn what_a_decision_has_overtaken_is_not_begun() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut watching = Watching::start(&workspace, &[]);
    watching.wait_for_pictures(2);
    watching.end();
    let mut session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let (sorting, set) = session.sorting().unwrap().unwrap();
    let folders = ["a".to_owned(), "b".to_owned()];
    let sorted_by = |session: &Session| {
        let (sorting, set, folders) = (&sorting, &set, &folders[..]);
        sort(session, SortRules { sorting, set, folders, which: Which::All, resort: false, waiting: 0, within: None })
            .unwrap()
            .plan
    };
    let plan = sorted_by(&session);
    let (picture, folder) = (plan.transfers[0].picture, plan.transfers[0].folder.clone());
    let other = if folder == "a" { "b" } else { "a" };
    let mut person = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let label = person.label(other).unwrap();
    let said = vec![(picture, Some(Decision::Reassigned(label)))];
    person.decide(&Step { kind: StepKind::Decide, said }).unwrap();
    let mut overtaken = 0;
    apply(&mut session, &plan, &|error| error.to_string(), &CancelToken::default(), &mut |planned, ended| match (
        planned.picture == picture,
        ended,
    ) {
        (true, Err(TransferError::Overtaken)) => overtaken += 1,
        (true, other) => panic!("moved against a decision: {other:?}"),
        (false, ended) => assert!(ended.is_ok(), "{ended:?}"),
    })
    .unwrap();
    assert_eq!((overtaken, sorted(workspace.destination()).len()), (1, 1));
    let plan = sorted_by(&session);
    assert_eq!(plan.transfers.iter().map(|planned| planned.folder.as_str()).collect::<Vec<_>>(), [other]);
}

/// Hashes of decided pictures that lie in another folder than that of their label.
fn misplaced(workspace: &Workspace, decided: &BTreeMap<String, &str>) -> Vec<String> {
    let files: BTreeMap<String, String> = sorted(workspace.destination())
        .into_iter()
        .filter_map(|(path, hash)| Some((hash, path.parent()?.file_name()?.to_str()?.to_owned())))
        .collect();
    let is_wrong = |(hash, label): &(&String, &&str)| files.get(*hash).map(String::as_str) != Some(**label);
    decided.iter().filter(is_wrong).map(|(hash, _)| hash.clone()).collect()
}
