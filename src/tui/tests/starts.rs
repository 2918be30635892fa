//! From the order of a run to its beginning: what was on the screen stays there until then.

use super::*;
use crate::domain::settings::ModelName;
use crate::engine::hub::HubError;
use crate::use_cases::RunError;

const ID: &str = "owner/name";

/// Six pictures, one of them decided, and a start with a model that is not there. Gives what was ordered too.
fn downloading(destination: &str) -> (Model, Vec<Effect>) {
    let mut model = classified();
    press(&mut model, "<f4>1");
    model.setup.destination = crate::tui::input_line::InputLine::new(destination);
    model.setup.model = crate::tui::input_line::InputLine::new(ID);
    let place = ModelPlace::ToDownload { bytes: None };
    told(&mut model, Event::ModelFound { choice: ModelChoice { name: ID.to_owned(), place, known: None } });
    let answers = if destination == "/sorted" { "<ctrl-s>y" } else { "<ctrl-s>ty" };
    let effects = press(&mut model, answers);
    told(&mut model, Event::Downloading { done: 1, total: 2, per_second: None });
    (model, effects)
}

/// The six pictures are there, with their scores and the decision.
fn assert_as_before(model: &Model) {
    assert_eq!((model.collection.len(), model.counts.by_label.as_slice()), (6, &[3, 1, 1][..]));
    assert_eq!(model.collection.entries().iter().filter(|entry| entry.decision.is_some()).count(), 1);
    assert!(model.is_scored() && model.session() == std::path::Path::new("/sorted"));
}

/// Errors of a start: the download, the model, the source, a person.
fn failures() -> [BackendError; 5] {
    let weights = crate::engine::checkpoint::CheckpointError::NoWeights { folder: "/m".into(), found: vec![] };
    [
        RunError::from(HubError::Cancelled).into(),
        RunError::from(HubError::Offline { id: ID.to_owned() }).into(),
        EngineError::from(weights).into(),
        crate::files::scan::ScanError::Missing { folder: "/pictures".into() }.into(),
        RunError::Stopped.into(),
    ]
}

#[test]
fn a_start_that_fails_leaves_what_was_on_the_screen() {
    for destination in ["/sorted", "/other"] {
        for error in failures() {
            let (mut model, effects) = downloading(destination);
            assert!(orders(&effects).iter().any(|order| matches!(order, Order::Classify { .. })), "{effects:?}");
            assert_as_before(&model);
            told(&mut model, Event::Downloaded);
            let effects = told(&mut model, Event::Failed { error });
            assert!(orders(&effects).is_empty() && !model.is_busy(), "{effects:?}");
            assert_as_before(&model);
            assert_eq!(model.pane, Pane::Setup);
            assert!(model.notice.as_ref().unwrap().is_error);
            // A decision goes where the pictures are, and a plan is made of them.
            let effects = press(&mut model, "<f4>ua<f5>");
            let destinations = orders(&effects).into_iter().filter_map(|order| match order {
                Order::Decide { destination, .. } | Order::Plan { destination, .. } => destination.to_str(),
                _ => None,
            });
            assert_eq!(destinations.collect::<Vec<_>>(), ["/sorted"; 3]);
        }
    }
}

#[test]
fn pictures_are_reviewed_while_a_model_is_downloaded() {
    let (mut model, _) = downloading("/other");
    // Decided, taken back and decided again, as ever.
    let effects = press(&mut model, "<f4>2u2");
    let kept = orders(&effects).into_iter().filter_map(|order| match order {
        Order::Decide { destination, step } => Some((destination.to_str().unwrap(), step.kind)),
        _ => None,
    });
    let kinds = [StepKind::Decide, StepKind::Undo, StepKind::Decide].map(|kind| ("/sorted", kind));
    assert_eq!(kept.collect::<Vec<_>>(), kinds);
    // A failure does not take a person away from reviewing.
    told(&mut model, Event::Failed { error: RunError::from(HubError::Cancelled).into() });
    assert_eq!((model.pane, model.collection.len()), (Pane::Review, 6));
}

#[test]
fn a_run_that_begins_takes_the_place_of_what_was_on_the_screen() {
    let (mut model, _) = downloading("/other");
    press(&mut model, "<f4>");
    told(&mut model, Event::Downloaded);
    let effects = told(&mut model, found(9));
    // Decisions that were made until now are kept before it goes on.
    assert!(matches!(orders(&effects)[..], [Order::Begin]), "{effects:?}");
    assert_eq!((model.collection.len(), model.counts.waiting), (0, 9));
    assert_eq!((model.session().to_str(), model.takes_from.clone()), (Some("/other"), Some("/sorted".into())));
    assert!(screen(&model, 100, 24).contains("F4 goes on with the review"));
    // A key that was meant for the picture of before does nothing to the first that comes.
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(7), None)], scores: vec![0.9, 0.05, 0.05] });
    assert!(decisions(&press(&mut model, "a1x")).is_empty());
}

#[test]
fn labels_that_are_renamed_meanwhile_are_renamed_on_the_screen_and_in_the_run() {
    let (mut model, _) = downloading("/other");
    let effects = press(&mut model, "<f3><enter>x<esc>");
    let renamed = orders(&effects).into_iter().filter_map(|order| match order {
        Order::Rename { destination, from, to } => Some((destination.to_str().unwrap(), from.as_str(), to.as_str())),
        _ => None,
    });
    let renamed: Vec<_> = renamed.collect();
    assert_eq!(renamed, [("/other", "a map", "xa map"), ("/sorted", "a map", "xa map")]);
}

#[test]
fn a_run_of_which_no_picture_came_shows_its_session_again() {
    let reopened = |destination: &str, pictures: i64, end: fn() -> Event| {
        let (mut model, _) = downloading(destination);
        told(&mut model, found(9));
        let revision = model.labels.revision;
        let entries: Vec<_> = (1..=pictures).map(|number| (entry(number), None)).collect();
        let scores = vec![0.5; entries.len() * 3];
        told(&mut model, Event::Arrived { revision, entries, scores });
        let effects = told(&mut model, end());
        orders(&effects).iter().any(|order| matches!(order, Order::Open { .. }))
    };
    let failed = || Event::Failed { error: BackendError::NoDataFolder };
    let stopped = || Event::Classified { remembered: 0, waiting: 9, rescored: 0, per_second: None };
    assert!(reopened("/sorted", 0, failed) && reopened("/sorted", 0, stopped));
    assert!(!reopened("/sorted", 1, failed) && !reopened("/sorted", 1, stopped));
    let rescored = || Event::Classified { remembered: 0, waiting: 0, rescored: 2, per_second: None };
    assert!(reopened("/sorted", 1, rescored), "pictures that were scored anew are to be seen before they are sorted");
    assert!(!reopened("/other", 0, failed), "labels that were written for another session are left as they are");
}

#[test]
fn a_start_that_waits_for_the_model_is_taken_back_by_a_stop_and_by_what_is_begun_meanwhile() {
    let choice = || ModelChoice { name: ID.to_owned(), place: ModelPlace::Cached { bytes: 3 }, known: None };
    let waiting = || {
        let mut model = model();
        model.setup.model = crate::tui::input_line::InputLine::new(ID);
        let effects = press(&mut model, "<ctrl-s>");
        assert!(matches!(orders(&effects)[..], [Order::LookUpModel { .. }]), "{effects:?}");
        model
    };
    let begins = |effects: &[Effect]| orders(effects).iter().any(|order| matches!(order, Order::Classify { .. }));
    let mut model = waiting();
    assert!(begins(&told(&mut model, Event::ModelFound { choice: choice() })));
    let mut model = waiting();
    assert!(press(&mut model, "<ctrl-x>").is_empty());
    assert!(model.notice.as_ref().unwrap().text.contains("everything is as it was"));
    assert!(!begins(&told(&mut model, Event::ModelFound { choice: choice() })));
    // An earlier session that is opened has its own model.
    let mut model = waiting();
    let origin = Origin { source: "/pictures".to_owned(), recursive: true, model: ID.to_owned(), ..Origin::default() };
    told(&mut model, Event::Opened { sorting: None, origin: Some(origin) });
    assert!(!begins(&told(&mut model, Event::ModelFound { choice: choice() })));
    // A start that found other work at hand when its model was found does not begin afterwards.
    let mut model = waiting();
    model.work = Work::Planning;
    assert!(!begins(&told(&mut model, Event::ModelFound { choice: choice() })));
    model.work = Work::Idle;
    assert!(!begins(&told(&mut model, Event::ModelFound { choice: choice() })));
}

#[test]
fn a_published_models_name_that_is_a_folder_here_means_the_folder() {
    let mut model = model();
    model.setup.model = crate::tui::input_line::InputLine::new(ID);
    let choice = ModelChoice { name: ID.to_owned(), place: ModelPlace::Folder, known: None };
    told(&mut model, Event::ModelFound { choice });
    let effects = press(&mut model, "<ctrl-s>");
    let Order::Classify { settings, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!(settings.model, ModelName::Folder(ID.into()));
}

#[test]
fn a_destination_begins_at_the_folder_that_the_program_was_started_in() {
    let mut model = model();
    for (typed, path) in [
        ("out", "/home/me/out"),
        (" ./out/./a/ ", "/home/me/out/a/"),
        ("../out", "/home/me/../out"),
        ("/a//b", "/a/b"),
        ("", ""),
    ] {
        model.setup.destination = crate::tui::input_line::InputLine::new(typed);
        assert_eq!(model.destination().to_str(), Some(path), "{typed}");
    }
}
