//! The backend without a screen: what it does when it is asked, in what order, and what it tells.

use std::path::{Path, PathBuf};
use std::time::Instant;

use smart_image_sorter::backend::{BackendError, DecisionStep, Event, NamedDecision, Order, UndoTally};
use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::StepKind;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::domain::settings::Settings;
use smart_image_sorter::store::session::{Sorting, Which};
use smart_image_sorter::store::{Session, StoreError};
use smart_image_sorter::use_cases::RunError;

use crate::support::{LONGEST_RUN, Workspace, picture, sorted};
use crate::watch::Watching;
use crate::working::{Working, settings};

fn sorting(settings: &Settings) -> Sorting {
    Sorting::from(settings)
}

fn watch(workspace: &Workspace, number: u64, sorts: bool) -> Order {
    let settings = Box::new(settings(workspace));
    Order::Watch { number, settings, table: PathBuf::from("output.csv"), sorts, decisions_of: None }
}

fn is_watch_ended(event: &Event) -> bool {
    matches!(event, Event::WatchEnded { error: None, .. })
}

#[test]
fn people_plan_apply_and_take_back_while_a_folder_is_watched() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut working = Working::start(&workspace);
    working.backend.send(watch(&workspace, 1, false));
    working.wait_for_pictures(2);
    let (destination, sorting) = (workspace.destination(), sorting(&settings(&workspace)));
    assert_eq!(working.plan(&workspace, &sorting), 2);
    working.backend.send(Order::Apply { destination: destination.clone(), table: "output.csv".into() });
    working.wait_for("the end of it", |event| matches!(event, Event::Applied { tally, .. } if tally.done == 2));
    assert_eq!(sorted(&destination).len(), 2);
    // It goes on, and nobody else can work there.
    workspace.write("source/3.jpg", picture(3));
    working.wait_for_pictures(3);
    assert!(Session::open_to_work(&destination, &workspace.known_sessions()).is_err());
    working.backend.send(Order::Undo { destination: destination.clone(), run: None });
    working.wait_for("the undo", |event| matches!(event, Event::Undone { .. }));
    assert!(sorted(&destination).is_empty());
    // While it pauses nothing is looked at, and what is asked for is done.
    working.backend.pause_watch(true);
    workspace.write("source/4.jpg", picture(4));
    assert_eq!(working.plan(&workspace, &sorting), 3);
    assert_eq!(working.pictures().len(), 3);
    working.backend.pause_watch(false);
    working.wait_for_pictures(4);
    working.backend.stop_watch();
    working.wait_for("its end", is_watch_ended);
    assert_eq!(workspace.rows().len(), 4);
    // The next run needs the lock that the watch had.
    working.backend.send(Order::Undo { destination, run: None });
    working.wait_for("an answer", |event| matches!(event, Event::Failed { .. }));
}

#[test]
fn a_watch_sorts_once_it_may_and_no_longer() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut working = Working::start(&workspace);
    let sorting = sorting(&settings(&workspace));
    working.backend.send(watch(&workspace, 5, true));
    working.wait_for_pictures(2);
    assert_eq!(working.plan(&workspace, &sorting), 2, "nothing was sorted");
    working.backend.let_sort(Some(4));
    assert_eq!(working.plan(&workspace, &sorting), 2, "that was another watch");
    working.backend.let_sort(Some(5));
    let placed = |events: &[Event]| {
        let changed = events.iter().flat_map(|event| match event {
            Event::Followed { changed, .. } => changed.as_slice(),
            _ => &[],
        });
        changed.filter(|seen| seen.entry.placed.is_some()).map(|seen| seen.entry.id.0).max()
    };
    working.wait_until("what was sorted", |events| placed(events) == Some(2));
    assert_eq!(sorted(workspace.destination()).len(), 2);
    // A plan by other labels that fails leaves the watch as it is: it sorts still, and counts on.
    let other = Sorting { labels: vec![Label::named("c"), Label::named("d")], ..sorting.clone() };
    let database = rusqlite::Connection::open(workspace.destination().join(".sis/session.db")).unwrap();
    let fails = "CREATE TRIGGER fails BEFORE INSERT ON label_sets BEGIN SELECT RAISE(ABORT, 'no'); END";
    database.execute_batch(fails).unwrap();
    let plan = Order::Plan { destination: workspace.destination(), sorting: Box::new(other.clone()), scores: vec![] };
    working.backend.send(plan);
    working.wait_for("the failure", |event| matches!(event, Event::Failed { .. }));
    database.execute_batch("DROP TRIGGER fails").unwrap();
    drop(database);
    workspace.write("source/5.jpg", picture(5));
    working.wait_until("what was sorted after it", |events| placed(events) == Some(3));
    assert_eq!(sorted(workspace.destination()).len(), 3);
    let is_counted = |event: &Event| matches!(event, Event::Watching { status } if status.sorted == 3);
    working.wait_until("their number", |events| events.iter().any(is_counted));
    // Sorted pictures are taken back while nothing is sorted by itself, and stay where they were.
    working.backend.let_sort(None);
    working.backend.send(Order::Undo { destination: workspace.destination(), run: None });
    working.wait_for("the undo", |event| matches!(event, Event::Undone { .. }));
    workspace.write("source/3.jpg", picture(3));
    working.wait_for_pictures(4);
    assert!(sorted(workspace.destination()).is_empty());
    // A plan by other labels: the watch goes on with them, and leaves files where they are.
    working.plan(&workspace, &other);
    workspace.write("source/4.jpg", picture(4));
    let is_counted_on =
        |event: &Event| matches!(event, Event::Watching { status } if status.arrived > 4 && status.sorted == 3);
    working.wait_for("how it stands", is_counted_on);
    working.wait_for_pictures(5);
    working.backend.let_sort(Some(5));
    working.plan(&workspace, &other);
    assert!(sorted(workspace.destination()).is_empty());
    let session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let (known, set) = session.sorting().unwrap().unwrap();
    assert_eq!(known.labels, other.labels);
    let mut scored = 0;
    let each = |found: smart_image_sorter::store::session::SessionPicture| {
        scored += usize::from(found.picture.prediction.is_some());
    };
    session.for_each_picture(Some(&set), Which::All, each).unwrap();
    assert_eq!(scored, 5, "all of them have scores for the labels of now");
    // Another start ends it, and finds what is known.
    working.backend.send(watch(&workspace, 6, false));
    working.wait_for("its end", is_watch_ended);
    working.wait_for("the next", |event| matches!(event, Event::WatchBegan { number: 6, .. }));
}

#[test]
fn closing_the_app_ends_the_watch_as_it_should_be() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut working = Working::start(&workspace);
    working.backend.send(watch(&workspace, 1, true));
    working.backend.let_sort(Some(1));
    working.wait_for_pictures(2);
    workspace.write("source/3.jpg", picture(3));
    drop(working);
    assert!(workspace.rows().len() >= 2);
    let session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
    assert!(session.runs_cut_short().unwrap().is_empty());
}

#[test]
fn what_others_do_in_a_session_is_followed() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let mut watching = Watching::start(&workspace, &[]);
    watching.wait_for_pictures(2);
    let destination = workspace.destination();
    let mut working = Working::start(&workspace);
    working.backend.send(Order::Open { destination: destination.clone() });
    working.wait_for_pictures(2);
    // Pictures come by another process, while this app decides.
    let step = DecisionStep { kind: StepKind::Decide, said: vec![(PictureId(1), Some(NamedDecision::NoneOfThese))] };
    working.backend.send(Order::Decide { destination, step });
    workspace.write("source/3.jpg", picture(3));
    working.wait_for_pictures(3);
    // News that is told after the own decision was kept has it.
    let last_told = |events: &[Event], id: i64, steps: u64| {
        let told = events.iter().rev().find_map(|event| match event {
            Event::Followed { kept, changed, .. } if *kept == steps => {
                changed.iter().find(|seen| seen.entry.id == PictureId(id)).cloned()
            }
            _ => None,
        });
        told.map(|seen| (seen.entry.decision, seen.is_replaced))
    };
    working.wait_until("the decision", |events| last_told(events, 1, 1) == Some((Some(Decision::NoneOfThese), false)));
    // Another content in the place of a picture: the first is nothing any more.
    workspace.write("source/2.jpg", picture(99));
    working.wait_for_pictures(4);
    working.wait_until("what became of it", |events| last_told(events, 2, 1) == Some((None, true)));
}

/// The process that sorts goes by its own labels: they keep their names, and what is decided for others is said to go
/// nowhere.
#[test]
fn labels_that_another_process_sorts_by_keep_their_names() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let mut watching = Watching::start(&workspace, &[]);
    watching.wait_for_pictures(1);
    let destination = workspace.destination();
    let mut working = Working::start(&workspace);
    working.backend.send(Order::Open { destination: destination.clone() });
    working.wait_for_pictures(1);
    let rename = |to: &str| Order::Rename { destination: destination.clone(), from: "a".to_owned(), to: to.to_owned() };
    let label_of = |events: &[Event], wanted: fn(&BackendError) -> Option<&String>| {
        let errors = events.iter().filter_map(|event| match event {
            Event::Trouble { error } => wanted(error),
            _ => None,
        });
        errors.cloned().collect::<Vec<_>>()
    };
    working.backend.send(rename("c"));
    working.wait_until("the refusal", |events| {
        label_of(events, |error| if let BackendError::LabelInUse { label } = error { Some(label) } else { None })
            == ["a"]
    });
    let said = vec![(PictureId(1), Some(NamedDecision::Reassigned("c".to_owned())))];
    let step = DecisionStep { kind: StepKind::Decide, said };
    working.backend.send(Order::Decide { destination: destination.clone(), step });
    working.wait_until("the warning", |events| {
        label_of(events, |error| if let BackendError::LabelUnknown { label } = error { Some(label) } else { None })
            == ["c"]
    });
    watching.end();
    // Nobody else works there any more.
    working.backend.send(rename("d"));
    let began = Instant::now();
    let texts = || Session::open_to_review(&destination, &workspace.known_sessions()).unwrap().label_paths().unwrap();
    while !texts().values().any(|path| *path == ["d"]) {
        assert!(began.elapsed() < LONGEST_RUN, "the label is not renamed");
        std::thread::yield_now();
    }
}

/// The end of a run is told a moment before others can work there.
fn wait_for_the_lock(destination: &Path) {
    let began = Instant::now();
    while Session::is_worked_in(destination) {
        assert!(began.elapsed() < LONGEST_RUN, "it keeps others out");
        std::thread::yield_now();
    }
}

/// A run of the app's own, and then others: each picture is told once, whoever brings it.
#[test]
fn the_app_follows_after_its_own_run() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..40).map(|number| format!("{number}.jpg")));
    let mut working = Working::start(&workspace);
    let order = Order::Classify {
        settings: Box::new(settings(&workspace)),
        table: PathBuf::from("output.csv"),
        decisions_of: None,
    };
    working.backend.send(order);
    working.wait_for_pictures(40);
    working.wait_until("its end", |events| events.iter().any(|event| matches!(event, Event::Classified { .. })));
    wait_for_the_lock(&workspace.destination());
    workspace.write("source/new.jpg", picture(1000));
    workspace.classify().ends_with(0);
    working.wait_for_pictures(41);
}

/// Two apps that make the same plan and carry it out one after the other: the second one copies nothing, says so, and
/// stands in the way of nothing that the first did.
#[test]
fn a_plan_that_two_apps_carry_out_can_be_taken_back_in_either() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let destination = workspace.destination();
    let mut first = Working::start(&workspace);
    let settings = settings(&workspace);
    let sorting = sorting(&settings);
    let table = PathBuf::from("output.csv");
    let classify = Order::Classify { settings: Box::new(settings), table: table.clone(), decisions_of: None };
    first.backend.send(classify);
    first.wait_until("its end", |events| events.iter().any(|event| matches!(event, Event::Classified { .. })));
    wait_for_the_lock(&destination);
    let mut second = Working::start(&workspace);
    second.backend.send(Order::Open { destination: destination.clone() });
    second.wait_for_pictures(2);
    for app in [&mut first, &mut second] {
        assert_eq!(app.plan(&workspace, &sorting), 2);
        wait_for_the_lock(&destination);
    }
    for (app, expected) in [(&mut first, (2, 0)), (&mut second, (0, 2))] {
        app.backend.send(Order::Apply { destination: destination.clone(), table: table.clone() });
        let is_told =
            |event: &Event| matches!(event, Event::Applied { tally, .. } if (tally.done, tally.present) == expected);
        app.wait_for("what was done", is_told);
        wait_for_the_lock(&destination);
    }
    let undo = || Order::Undo { destination: destination.clone(), run: None };
    second.backend.send(Order::Foresee { destination: destination.clone(), run: None });
    second.wait_for(
        "what would be taken back",
        |event| matches!(event, Event::Foreseen { outlook, .. } if (outlook.removed, outlook.left) == (2, 0)),
    );
    wait_for_the_lock(&destination);
    second.backend.send(undo());
    second.wait_for("the undo", |event| {
        matches!(event, Event::Undone { tally: UndoTally { removed: 2, left: 0, .. }, .. })
    });
    wait_for_the_lock(&destination);
    first.backend.send(undo());
    first.wait_for("an answer", |event| matches!(event, Event::Failed { error: BackendError::NothingToUndo }));
    assert!(sorted(&destination).is_empty());
}

/// The name leads to files that are opened: an edited session could have any folder read.
#[test]
fn a_model_that_the_ledger_does_not_tell_of_is_not_opened() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let open = || {
        let mut working = Working::start(&workspace);
        working.backend.send(Order::Open { destination: workspace.destination() });
        let is_told = |event: &Event| matches!(event, Event::Scorable { .. } | Event::NotScorable { .. });
        working.wait_for("whether it can be scored", is_told);
        working
    };
    let told = |working: &Working| {
        working.events.iter().any(|event| matches!(event, Event::NotScorable { error: BackendError::Run(RunError::Store(StoreError::ModelDisputed { model, .. })) } if model == "/etc"))
    };
    assert!(!told(&open()));
    workspace.meddle("UPDATE runs SET settings = json_set(settings, '$.model', '/etc')");
    assert!(told(&open()));
}

#[test]
fn decision_reaches_same_content_now_and_later() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.write("source/again.jpg", std::fs::read(workspace.path("source/1.jpg")).unwrap());
    workspace.classify().ends_with(0);
    let destination = workspace.destination();
    let mut working = Working::start(&workspace);
    working.backend.send(Order::Open { destination: destination.clone() });
    working.wait_for_pictures(3);
    // The app tells of one of them only.
    let step = DecisionStep { kind: StepKind::Decide, said: vec![(PictureId(1), Some(NamedDecision::NoneOfThese))] };
    working.backend.send(Order::Decide { destination, step });
    working.wait_until("the decision on the other", |events| {
        let is_it = |event: &Event| match event {
            Event::Followed { changed, .. } => changed.iter().any(|seen| {
                seen.entry.path.ends_with("again.jpg") && seen.entry.decision == Some(Decision::NoneOfThese)
            }),
            _ => false,
        };
        events.iter().any(is_it)
    });
    workspace.write("source/late.jpg", std::fs::read(workspace.path("source/1.jpg")).unwrap());
    workspace.classify().ends_with(0);
    let decided = workspace.rows().into_iter().filter(|row| row["decision"] == "none of these");
    let decided: Vec<String> = decided.map(|row| row["image_name"].rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(decided, ["1.jpg", "again.jpg", "late.jpg"]);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
