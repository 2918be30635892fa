//! The app's backend says what would be done before it is done: what is gone is in no plan, and asking touches nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use smart_image_sorter::backend::{Event, Order, UndoTally};
use smart_image_sorter::store::session::Sorting;

use crate::support::{Workspace, sorted, tree};
use crate::working::{Working, settings};

#[test]
fn plans_and_undos_tell_of_what_is_gone() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg", "4.jpg"]);
    let destination = workspace.destination();
    let mut app = Working::start(&workspace);
    let settings = settings(&workspace);
    let sorting = Sorting::from(&settings);
    let table = PathBuf::from("output.csv");
    app.backend.send(Order::Classify { settings: Box::new(settings), table: table.clone(), decisions_of: None });
    app.wait_until("its end", |events| events.iter().any(|event| matches!(event, Event::Classified { .. })));
    // A picture that was put nowhere yet.
    std::fs::remove_file(workspace.path("source/4.jpg")).unwrap();
    assert_eq!(app.plan(&workspace, &sorting), 3);
    let gone = |app: &Working| {
        app.events.iter().rev().find_map(|event| match event {
            Event::Planned { gone, .. } => Some(gone.len()),
            _ => None,
        })
    };
    assert_eq!(gone(&app), Some(1));
    app.backend.send(Order::Apply { destination: destination.clone(), table });
    app.wait_for("what was done", |event| matches!(event, Event::Applied { tally, .. } if tally.done == 3));
    let foresee = |app: &mut Working| {
        let files = || {
            let is_own = |path: &PathBuf| path.iter().any(|part| part == ".sis");
            tree(workspace.root())
                .into_iter()
                .filter(move |(path, _)| !is_own(path))
                .map(|(path, entry)| (path, entry.content))
        };
        let before: BTreeMap<_, _> = files().collect();
        app.backend.send(Order::Foresee { destination: destination.clone(), run: None });
        app.wait_for("what would be taken back", |event| matches!(event, Event::Foreseen { .. }));
        assert_eq!(files().collect::<BTreeMap<_, _>>(), before);
        app.events.iter().rev().find_map(|event| match event {
            Event::Foreseen { outlook, .. } => Some((outlook.removed, outlook.gone, outlook.left)),
            _ => None,
        })
    };
    assert_eq!(foresee(&mut app), Some((3, 0, 0)));
    // One copy was removed by somebody, of another picture both files.
    let copies: Vec<PathBuf> = sorted(&destination).into_keys().collect();
    let copy_of = |name: &str| copies.iter().find(|path| path.ends_with(name)).unwrap();
    std::fs::remove_file(copy_of("1.jpg")).unwrap();
    std::fs::remove_file(copy_of("2.jpg")).unwrap();
    std::fs::remove_file(workspace.path("source/2.jpg")).unwrap();
    assert_eq!(foresee(&mut app), Some((1, 1, 1)));
    app.plan(&workspace, &sorting);
    assert_eq!(gone(&app), Some(2));
    // The last whole copy of a picture would not be removed.
    let kept = workspace.path("kept.jpg");
    std::fs::rename(workspace.path("source/3.jpg"), &kept).unwrap();
    assert_eq!(foresee(&mut app), Some((0, 1, 2)));
    std::fs::rename(&kept, workspace.path("source/3.jpg")).unwrap();
    app.backend.send(Order::Undo { destination: destination.clone(), run: None });
    app.wait_for("the undo", |event| {
        matches!(event, Event::Undone { tally: UndoTally { removed: 1, gone: 1, left: 1, .. }, .. })
    });
}
