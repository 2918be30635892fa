//! A watch and a person who reviews the same session.

use std::collections::BTreeMap;

use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::picture::PictureId;
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
        let mut session = Session::open_to_review(&workspace.destination()).unwrap();
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
    watching.wait_until("all is sorted as decided", |_| misplaced(&workspace, &decided).is_empty());
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

/// Hashes of decided pictures that lie in another folder than that of their label.
fn misplaced(workspace: &Workspace, decided: &BTreeMap<String, &str>) -> Vec<String> {
    let files: BTreeMap<String, String> = sorted(workspace.destination())
        .into_iter()
        .filter_map(|(path, hash)| Some((hash, path.parent()?.file_name()?.to_str()?.to_owned())))
        .collect();
    let is_wrong = |(hash, label): &(&String, &&str)| files.get(*hash).map(String::as_str) != Some(**label);
    decided.iter().filter(is_wrong).map(|(hash, _)| hash.clone()).collect()
}
