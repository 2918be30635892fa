//! Work of the backend: plans, pauses, earlier sessions, failures.

use super::*;
use crate::domain::limit::Stage;
use crate::use_cases::Notice;

/// The notice of a run says the things that it did.
#[test]
fn what_was_there_already_what_is_left_and_what_is_gone_is_said() {
    let mut model = classified();
    press(&mut model, "<f5>");
    let gone = vec!["/pictures/5.jpg".into()];
    told(&mut model, Event::Planned { plan: Box::default(), gone, unseen: vec![] });
    let shown = screen(&model, 80, 24);
    assert!(
        shown.contains("1 picture is gone: neither where it was found") && shown.contains("/pictures/5.jpg"),
        "{shown}"
    );
    assert!(!shown.contains("Nothing to do"), "{shown}");
    assert!(orders(&press(&mut model, "W")).is_empty() && model.notice.as_ref().unwrap().is_error);
    let tally = Tally { present: 32, ..Tally::default() };
    let applied = Event::Applied { run: Some(RunId(5)), tally, failures: vec![], total: 32, head: "ab".to_owned() };
    told(&mut model, applied);
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("0 copied or moved") && shown.contains("32 there already"), "{shown}");
    let undone = |back, left| Event::Undone {
        run: RunId(4),
        own: RunId(6),
        tally: UndoTally { back, left, ..UndoTally::default() },
        failures: vec!["it was put elsewhere".to_owned()],
        head: "cd".to_owned(),
    };
    told(&mut model, undone(0, 32));
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("Nothing of run 4 is taken back: 32 files stay where they are"), "{shown}");
    assert!(shown.contains("it was put elsewhere"), "{shown}");
    assert!(model.notice.as_ref().unwrap().is_error);
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: None, .. }]), "that run once more");
    told(&mut model, foreseen(RunId(4)));
    press(&mut model, "n");
    told(&mut model, undone(30, 2));
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("in part") && shown.contains("2 left alone"), "{shown}");
    assert!(model.notice.as_ref().unwrap().is_error);
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: Some(RunId(6)), .. }]));
}

#[test]
fn what_goes_wrong_beside_a_run_leaves_it_running() {
    let mut model = classified();
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(6));
    told(&mut model, Event::Trouble { error: BackendError::NoDataFolder });
    assert!(model.is_busy() && model.notice.as_ref().unwrap().is_error);
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    // A plan that could not be carried out is none any more.
    told(&mut model, planned(plan()));
    press(&mut model, "<f5>Wy");
    told(&mut model, Event::Failed { error: BackendError::NoPlan });
    assert!(model.files.plan.is_none() && !model.is_busy());
    assert!(orders(&press(&mut model, "Wy")).is_empty());
}

#[test]
fn the_plan_is_made_applied_and_taken_back() {
    let mut model = classified();
    let effects = press(&mut model, "<f5>");
    let Order::Plan { scores, sorting, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!((scores.len(), sorting.labels.len()), (6, 3));
    told(&mut model, planned(Plan::default()));
    assert!(orders(&press(&mut model, "Wy")).is_empty(), "there is nothing to apply");
    told(&mut model, planned(plan()));
    assert!(matches!(orders(&press(&mut model, "Wy"))[..], [Order::Apply { .. }]));
    // While it runs, quitting asks.
    assert!(press(&mut model, "q").is_empty() && model.question.is_some());
    press(&mut model, "n");
    let tally = Tally { done: 1, ..Tally::default() };
    let failures = vec![];
    told(&mut model, Event::Applied { run: Some(RunId(2)), tally, failures, total: 1, head: "ab".to_owned() });
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: None, .. }]));
    told(&mut model, foreseen(RunId(2)));
    assert!(matches!(orders(&press(&mut model, "y"))[..], [Order::Undo { run: Some(RunId(2)), .. }]));
    let undone = Event::Undone {
        run: RunId(2),
        own: RunId(3),
        tally: UndoTally { removed: 1, ..UndoTally::default() },
        failures: vec![],
        head: "cd".to_owned(),
    };
    told(&mut model, undone);
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: Some(RunId(3)), .. }]));
}

#[test]
fn the_plan_names_what_collides_and_what_is_wrong() {
    let mut model = classified();
    let revision = model.labels.revision;
    let suspect = |number| {
        let trouble = Some("the file ends too early".to_owned());
        (Entry { state: PictureState::Suspect, trouble, ..entry(number) }, None)
    };
    let entries: Vec<_> = (7..=200).map(suspect).collect();
    let scores = vec![0.5; entries.len() * 3];
    told(&mut model, Event::Arrived { revision, entries, scores });
    press(&mut model, "<f5>");
    let mut longer = plan();
    longer.transfers[0].file_name = "1~abcd1234.jpg".into();
    told(&mut model, planned(longer));
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("1.jpg -> a map/1~abcd1234.jpg"), "{shown}");
    assert!(shown.contains("194  suspect") && shown.contains("/pictures/7.jpg: the file ends too early"), "{shown}");
    // The rest is further down.
    for _ in 0..200 {
        press(&mut model, "<down>");
    }
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("and 94 more"), "{shown}");
}

#[test]
fn a_plan_waits_for_the_scores_of_its_labels() {
    let mut model = classified();
    press(&mut model, "<f3><enter>x<esc>");
    assert!(orders(&press(&mut model, "<f5>")).is_empty(), "scores are those of other labels");
    assert!(model.notice.as_ref().unwrap().is_error && model.work == Work::Idle);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![0.5; 18] });
    assert!(matches!(orders(&press(&mut model, "p"))[..], [Order::Plan { .. }]));
}

/// How an earlier session was sorted.
fn earlier_sorting() -> crate::store::session::Sorting {
    crate::store::session::Sorting {
        labels: vec![crate::domain::label::Label::named("x"), crate::domain::label::Label::named("y")],
        template: "{}".to_owned(),
        threshold: 0.4,
        margin: 0.0,
        operation: crate::domain::settings::Operation::Move,
    }
}

#[test]
fn an_earlier_session_comes_with_its_decisions() {
    let mut model = model();
    model.work = Work::Opening;
    told(&mut model, Event::Opened { sorting: Some(Box::new(earlier_sorting())), origin: None });
    let decided = Entry { decision: Some(Decision::Reassigned(crate::domain::decision::LabelId(77))), ..entry(1) };
    let entries = vec![(decided, Some("y".to_owned())), (entry(2), None)];
    told(&mut model, Event::Arrived { revision: 0, entries, scores: vec![0.9, 0.1, 0.7, 0.3] });
    assert_eq!(model.work, Work::Idle);
    assert_eq!(model.counts.by_label, [1, 1]);
}

#[test]
fn decisions_of_an_earlier_start_are_taken_back_step_by_step() {
    let mut model = classified();
    let said = |number, said: Option<NamedDecision>| (PictureId(number), said);
    let face = || Some(NamedDecision::Reassigned("a face".to_owned()));
    let steps = vec![
        DecisionStep { kind: StepKind::Decide, said: vec![said(1, face()), said(99, face())] },
        DecisionStep { kind: StepKind::Decide, said: vec![said(2, Some(NamedDecision::NoneOfThese))] },
    ];
    model.collection.decide(0, Some(Decision::Reassigned(model.labels.told_number("a face"))));
    model.collection.decide(1, Some(Decision::NoneOfThese));
    told(&mut model, Event::Decided { steps });
    let effects = press(&mut model, "<f4>uy");
    assert_eq!(decisions(&effects), [(2, None)]);
    let kinds = orders(&effects).into_iter().filter_map(|order| match order {
        Order::Decide { step, .. } => Some(step.kind),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), [StepKind::Undo]);
    // A picture that is not there any more is left out.
    assert_eq!(decisions(&press(&mut model, "u")), [(1, None)]);
    assert_eq!(decisions(&press(&mut model, "u")), []);
    assert_eq!(decisions(&press(&mut model, "U")), [(1, face())]);
}

#[test]
fn what_runs_pauses_and_goes_on() {
    let mut model = classified();
    assert!(press(&mut model, "<f7>").is_empty(), "nothing runs");
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(9));
    told(&mut model, Event::Passed { others: 1 });
    told(&mut model, Event::Pace { per_second: 2.0, limit: None });
    assert_eq!(model.seconds_left(), Some(4.0));
    assert!(screen(&model, 120, 24).contains("2.0 a second, 4 s left · demo"));
    told(&mut model, Event::Pace { per_second: 2.0, limit: Some(Stage::Model) });
    assert!(screen(&model, 80, 24).contains("2.0 a second, 4 s left, the model limits · demo"));
    assert!(screen(&model, 120, 24).contains("pause, go on"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::Pause(true)]));
    assert!(screen(&model, 80, 24).contains("paused"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::Pause(false)]));
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    let revision = model.labels.revision;
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(1), None)], scores: vec![0.9, 0.05, 0.05] });
    // How fast it was is remembered for this model, runtime and device.
    let effects = told(&mut model, Event::Classified { remembered: 0, waiting: 9, rescored: 0, per_second: Some(4.0) });
    let Some(Effect::Remember(values)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(values.pace.get("demo · tract 0.23 · CPU"), Some(&4.0));
    let number = model.setup.check;
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 400, others: 0, ..Checked::default() }) });
    press(&mut model, "<f2>");
    assert!(screen(&model, 80, 24).contains("400 pictures, about 2 min, with tract 0.23 on CPU"));
}

#[test]
fn an_earlier_session_is_scored_with_other_labels() {
    let mut model = model();
    model.work = Work::Opening;
    let origin =
        Origin { source: "/from".to_owned(), recursive: false, model: "/a/model".to_owned(), ..Origin::default() };
    let (hidden, include) = (Some(true), vec!["a b".to_owned(), "*.jpg".to_owned()]);
    let origin = Origin { hidden, include, ..origin };
    let effects = told(&mut model, Event::Opened { sorting: Some(Box::new(earlier_sorting())), origin: Some(origin) });
    assert!(matches!(orders(&effects)[..], [Order::Check { .. }, Order::LookUpModel { .. }]));
    assert_eq!((model.setup.source.text(), model.setup.model.text()), ("/from", "/a/model"));
    assert_eq!((model.setup.hidden, model.setup.include.text()), (true, "\"a b\" *.jpg"));
    told(&mut model, Event::Arrived { revision: 0, entries: vec![(entry(1), None)], scores: vec![0.9, 0.1] });
    told(&mut model, Event::Scorable { missing: 1 });
    assert!(model.notice.as_ref().unwrap().text.contains("1 picture has"));
    let effects = press(&mut model, "<f3><enter>z");
    assert!(orders(&effects).into_iter().any(|order| matches!(order, Order::Rescore { .. })));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![0.1, 0.9] });
    assert_eq!(model.counts.by_label, [0, 1]);
}

#[test]
fn what_was_not_kept_and_sources_that_stayed_are_told() {
    let mut model = classified();
    press(&mut model, "<f5>");
    let tally = Tally { done: 3, failed: 2, kept: 2, unkept: 4, ..Tally::default() };
    let applied = Event::Applied { run: Some(RunId(5)), tally, failures: vec![], total: 5, head: "ab".to_owned() };
    told(&mut model, applied);
    let notice = model.notice.as_ref().unwrap().text.clone();
    assert!(notice.contains("0 failed. 2 are copied, and their sources stayed. 4 copies have not kept"), "{notice}");
    let shown = screen(&model, 160, 30);
    assert!(shown.contains("4 copies have not kept") && shown.contains("2 are copied"), "{shown}");
    let tally = UndoTally { back: 4, unkept: 3, ..UndoTally::default() };
    told(&mut model, Event::Undone { run: RunId(5), own: RunId(6), tally, failures: vec![], head: "cd".to_owned() });
    let notice = model.notice.as_ref().unwrap();
    assert!(notice.is_error && notice.text.contains("3 files are back without"), "{}", notice.text);
    assert!(screen(&model, 160, 30).contains("3 files are back without"));
    told(&mut model, Event::Notice { notice: Notice::RecoveredUnkept { count: 1 } });
    assert!(model.notice.as_ref().unwrap().text.contains("1 copy has not kept"));
}

#[test]
fn pictures_that_cannot_be_looked_at_are_no_reason_to_say_that_all_is_done() {
    let mut model = classified();
    press(&mut model, "<f5>");
    let unseen = vec!["/sorted/a/5.jpg".into()];
    told(&mut model, Event::Planned { plan: Box::default(), gone: vec![], unseen });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("cannot be looked at just now") && shown.contains("/sorted/a/5.jpg"), "{shown}");
    assert!(!shown.contains("Nothing to do"), "{shown}");
    assert!(orders(&press(&mut model, "W")).is_empty() && model.notice.as_ref().unwrap().is_error);
}
