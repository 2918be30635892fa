//! What stands in the way of a finer sort.

use super::*;
use crate::domain::picture::{ContentHash, Picture, PictureState};
use crate::domain::run::RunKind;
use crate::domain::score::Prediction;
use crate::store::known::KnownSessions;
use crate::store::ledger::RunSettings;
use crate::store::session::Found;

fn sorting() -> Sorting {
    Sorting {
        labels: ["a", "A"].map(Label::named).to_vec(),
        template: "{}".to_owned(),
        threshold: 0.5,
        margin: 0.0,
        operation: Operation::Copy,
    }
}

#[test]
fn a_picture_in_the_place_of_a_folder_inside_is_told_before_anything_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
    let sorting = sorting();
    let set = session.label_set(&sorting.labels, &sorting.template, "m").unwrap();
    let tree = tree_of(&session, &sorting, &set).unwrap();
    let second = folder.path().join("A (2)");
    std::fs::create_dir_all(second.join("made")).unwrap();
    std::fs::write(second.join("scan"), "a picture").unwrap();
    let check = |position, label| check_folders(&session, &tree, (&sorting, position), &[Label::named(label)]);
    assert!(check(0, "scan").is_ok(), "it lies in the other label's folder");
    assert!(check(1, "made").is_ok() && check(1, "new").is_ok());
    let told = check(1, "scan").unwrap_err();
    assert!(matches!(&told, RunError::FileInTheWay { path } if *path == second.join("scan")), "{told}");
}

#[test]
fn a_folder_that_no_picture_of_the_label_is_from_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
    let sorting = sorting();
    let set = session.label_set(&sorting.labels, &sorting.template, "m").unwrap();
    let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), RunSettings::OtherLabels).unwrap();
    let prediction = Prediction { label: 0, score: 0.9, margin: 0.8, scores: [0.9, 0.1].into() };
    let picture = Picture {
        path: "/from/1.jpg".into(),
        hash: Some(ContentHash([1; 32])),
        stamp: None,
        state: PictureState::Ok,
        prediction: Some(prediction),
    };
    let found = [Found { picture: &picture, path: &picture.path, trouble: None, alert: None }];
    session.put_pictures(run, &set, &found).unwrap();
    let tree = tree_of(&session, &sorting, &set).unwrap();
    let from = |position, source: Option<&str>| members_from(&session, &tree, position, source.map(Path::new));
    assert_eq!((from(0, None).unwrap().len(), from(0, Some("/from")).unwrap().len()), (1, 1));
    assert!(matches!(from(0, Some("/form")), Err(RunError::NoneFromThere { .. })));
    assert!(matches!(from(1, Some("/from")), Err(RunError::NoneFromThere { .. })));
    assert!(from(1, None).unwrap().is_empty(), "pictures may come");
}
