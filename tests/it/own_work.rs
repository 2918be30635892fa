//! The app's own work in a session, which it must not take for that of others, and sessions that it was told to trust.

use smart_image_sorter::backend::{BackendError, Event, Order};
use smart_image_sorter::domain::settings::Settings;

use crate::support::Workspace;
use crate::working::{Working, settings};

fn classify(settings: &Settings) -> Order {
    Order::Classify { settings: Box::new(settings.clone()), table: "output.csv".into(), decisions_of: None }
}

fn classified(workspace: &Workspace) -> Working {
    let mut app = Working::start(workspace);
    app.backend.send(classify(&settings(workspace)));
    app.wait_for("the end", |event| matches!(event, Event::Classified { .. }));
    app
}

#[test]
fn label_is_renamed_while_a_run_into_its_session_gets_ready() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let mut app = classified(&workspace);
    let destination = workspace.destination();
    app.backend.send(Order::Open { destination: destination.clone() });
    app.wait_for("the session", |event| matches!(event, Event::Scorable { .. }));
    app.backend.send(classify(&settings(&workspace)));
    // The run waits to be begun, and holds the session's lock: the app itself does.
    let known = app.events.len();
    while !app.events[known..].iter().any(|event| matches!(event, Event::Found { .. })) {
        app.events.extend(app.told.recv());
    }
    app.backend.send(Order::Rename { destination: destination.clone(), from: "a".to_owned(), to: "c".to_owned() });
    app.backend.send(Order::Begin);
    app.wait_for("the end", |event| matches!(event, Event::Classified { .. }));
    let refused = app.events.iter().find(|event| matches!(event, Event::Trouble { .. } | Event::Failed { .. }));
    assert!(refused.is_none(), "{refused:?}");
}

#[test]
fn run_of_a_session_that_was_trusted_is_taken_back_but_for_what_is_disputed() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut app = classified(&workspace);
    let destination = workspace.destination();
    assert_eq!(app.plan(&workspace, &smart_image_sorter::store::session::Sorting::from(&settings(&workspace))), 2);
    app.backend.send(Order::Apply { destination: destination.clone(), table: "output.csv".into() });
    app.wait_for("the copies", |event| matches!(event, Event::Applied { .. }));
    // Somebody has the session name another file than the ledger does.
    let other = destination.join("other.jpg");
    std::fs::write(&other, "somebody else's").unwrap();
    workspace
        .meddle("UPDATE transfers SET target = CAST('other.jpg' AS BLOB) WHERE id = (SELECT max(id) FROM transfers)");
    let undo = Order::Undo { destination: destination.clone(), run: None };
    app.backend.send(undo.clone());
    app.wait_for("the refusal", |event| matches!(event, Event::Failed { error } if error.asks_for_trust()));
    app.backend.send(Order::Trust { destination: destination.clone() });
    app.wait_for("trust", |event| matches!(event, Event::Trusted { .. }));
    app.backend.send(undo);
    let is_end = |event: &Event| matches!(event, Event::Undone { .. } | Event::Failed { .. });
    app.wait_for("the end", is_end);
    match app.events.iter().rev().find(|event| is_end(event)) {
        Some(Event::Undone { tally, .. }) => assert_eq!((tally.removed, tally.left), (1, 1)),
        other => panic!("{other:?}"),
    }
    assert!(other.exists(), "a file that no run put there is left alone");
    let is_refused = |event: &Event| matches!(event, Event::Failed { error: BackendError::NothingToUndo });
    assert!(!app.events.iter().any(is_refused));
}
