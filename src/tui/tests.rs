//! The app without a terminal: state and keys in, state and effects out; the screen as text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::Effect;
use super::keys::Keys;
use super::message::Message;
use super::model::{Field, Model, Pane, Question, Work};
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::config::{Defaults, Preview};
use crate::domain::collection::Entry;
use crate::domain::decision::Decision;
use crate::domain::history::StepKind;
use crate::domain::picture::{PictureId, PictureState};
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::engine::EngineError;
use crate::engine::hub::known::{KnownModel, known_models};
use crate::jobs::crew::{Checked, CrewError, Event, ModelChoice, ModelPlace, Order, Room, Said, SaidStep, Tally};
use crate::lang::Language;
use crate::store::session::Origin;

fn model() -> Model {
    model_in(Language::english())
}

fn model_in(language: Language) -> Model {
    let mut model = Model::new(language, Defaults::load(None).unwrap(), Keys::load(None));
    model.set_labels(vec!["a map".to_owned(), "a page of text".to_owned(), "a face".to_owned()]);
    model.setup.source = super::line::Line::new("/pictures");
    model.setup.destination = super::line::Line::new("/sorted");
    model.setup.model = super::line::Line::new("demo");
    told(
        &mut model,
        Event::Runtime {
            runtime: "tract 0.23".to_owned(),
            device: "CPU".to_owned(),
            is_built_in: true,
            is_gpu_unused: false,
        },
    );
    model
}

fn told(model: &mut Model, event: Event) -> Vec<Effect> {
    update(model, Message::Told(event))
}

/// Keys as people write them: characters, and names in angle brackets.
fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (key, after) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((name, after)) => (named(name), after),
            None => (KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE), &rest[first.len_utf8()..]),
        };
        effects.extend(update(model, Message::Key(key)));
        rest = after;
    }
    effects
}

fn named(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "enter" => plain(KeyCode::Enter),
        "esc" => plain(KeyCode::Esc),
        "tab" => plain(KeyCode::Tab),
        "up" => plain(KeyCode::Up),
        "down" => plain(KeyCode::Down),
        "space" => plain(KeyCode::Char(' ')),
        "backspace" => plain(KeyCode::Backspace),
        "ctrl-s" => KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL),
        "ctrl-k" => KeyEvent::new(KeyCode::Char('k'), KeyModifiers::CONTROL),
        "delete" => plain(KeyCode::Delete),
        "ctrl-t" => KeyEvent::new(KeyCode::Char('t'), KeyModifiers::CONTROL),
        "ctrl-u" => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
        "ctrl-x" => KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL),
        "ctrl-c" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        name => plain(KeyCode::F(name.strip_prefix('f').unwrap().parse().unwrap())),
    }
}

fn entry(number: i64) -> Entry {
    let path = format!("/pictures/{number}.jpg").into();
    Entry { id: PictureId(number), path, state: PictureState::Ok, trouble: None, decision: None, placed: None }
}

/// Six pictures: two sure of each label, the last two unsure.
fn classified() -> Model {
    classified_in(Language::english())
}

fn classified_in(language: Language) -> Model {
    let mut model = model_in(language);
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Found { files: 6 });
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let scores =
        [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [0.3, 0.36, 0.34]];
    let entries = (1..=6).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: scores.concat() });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, per_second: None });
    model
}

fn orders(effects: &[Effect]) -> Vec<&Order> {
    effects.iter().filter_map(|effect| if let Effect::Order(order) = effect { Some(order) } else { None }).collect()
}

fn decisions(effects: &[Effect]) -> Vec<(i64, Option<Said>)> {
    let decided = orders(effects).into_iter().filter_map(|order| match order {
        Order::Decide { step, .. } => Some(step.said.clone()),
        _ => None,
    });
    decided.flatten().map(|(picture, said)| (picture.0, said)).collect()
}

/// The screen as text. A cell that a wide character covers is left out.
fn screen(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::draw(frame, model, Theme::plain())).unwrap();
    terminal.backend().to_string()
}

#[test]
fn from_the_doors_to_a_start() {
    let mut model = model();
    model.doors = Some(0);
    assert!(matches!(press(&mut model, "<enter>")[..], [Effect::OpenSamples]));
    press(&mut model, "<down><enter>");
    assert_eq!(model.doors, None);
    // The source is edited, and counted with every key.
    let effects = press(&mut model, "<enter>x<enter>");
    assert_eq!(model.setup.source.text(), "/picturesx");
    assert!(matches!(orders(&effects)[0], Order::Check { .. }));
    let number = model.setup.check;
    told(&mut model, Event::Checked { number: number - 1, result: Ok(Checked { pictures: 9, others: 0 }) });
    assert!(model.setup.checked.is_none(), "a stale answer is dropped");
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 3, others: 1 }) });
    assert!(model.setup.checked.is_some());
    let effects = press(&mut model, "<ctrl-s>");
    let Order::Classify { settings, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!((settings.labels.len(), settings.source.to_str()), (3, Some("/picturesx")));
    assert!(model.is_busy() && model.pane == Pane::Labels);
    // A second start waits for the end of the first.
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
}

#[test]
fn what_is_missing_is_said_and_nothing_begins() {
    let mut model = model();
    model.setup.source = super::line::Line::default();
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    assert!(model.notice.as_ref().unwrap().is_error);
    model.setup.source = super::line::Line::new("/pictures");
    model.setup.threshold = super::line::Line::new("much");
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    model.setup.threshold = super::line::Line::new("0.5");
    model.set_labels(vec!["one".to_owned()]);
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    assert_eq!(model.work, Work::Idle);
}

#[test]
fn letters_are_letters_where_text_is_edited() {
    let mut model = model();
    press(&mut model, "<f3><enter>q?<esc>");
    assert!(model.labels.editor.lines()[0].contains("q?"));
    assert!(matches!(press(&mut model, "q")[..], [Effect::Quit]));
}

#[test]
fn labels_are_counted_anew_while_they_are_typed() {
    let mut model = classified();
    assert_eq!((model.counts.by_label.as_slice(), model.counts.unsure), (&[2, 1, 1][..], 2));
    let effects = press(&mut model, "<f3><enter>x");
    let rescores = orders(&effects).into_iter().filter(|order| matches!(order, Order::Rescore { .. })).count();
    assert_eq!(rescores, 1);
    let revision = model.labels.revision;
    // Scores of a revision before are stale.
    told(&mut model, Event::Rescored { revision: revision - 1, scores: vec![1.0; 18] });
    assert_eq!(model.counts.by_label, [2, 1, 1]);
    told(&mut model, Event::Rescored { revision, scores: [[0.0, 0.9, 0.1]; 6].concat() });
    assert_eq!(model.counts.by_label, [0, 6, 0]);
    // A text that makes no sense says so and leaves the counts.
    press(&mut model, "<backspace>");
    model.set_labels(vec!["a map".to_owned(), "a map".to_owned()]);
    assert!(model.labels.error.is_some());
    assert_eq!(model.counts.by_label, [0, 6, 0]);
}

fn renames(effects: &[Effect]) -> Vec<(String, String)> {
    let renames = orders(effects).into_iter().filter_map(|order| match order {
        Order::Rename { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    renames.collect()
}

#[test]
fn a_label_keeps_what_was_decided_for_it_when_its_line_is_edited() {
    let mut model = classified();
    press(&mut model, "<f4>1");
    assert!(renames(&press(&mut model, "<f3><enter>xy")).is_empty(), "a text that is being typed is none yet");
    assert_eq!(renames(&press(&mut model, "<esc>")), [("a map".to_owned(), "xya map".to_owned())]);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.0, 0.0, 0.9]; 6].concat() });
    assert_eq!((model.counts.by_label[0], model.counts.label_removed), (1, 0));
    // A run that began before still tells of the label by its former text.
    let decided = Entry { decision: Some(Decision::Accepted(crate::domain::decision::LabelId(7))), ..entry(9) };
    let entries = vec![(decided, Some("a map".to_owned()))];
    told(&mut model, Event::Arrived { revision, entries, scores: vec![0.0, 0.0, 0.9] });
    assert_eq!((model.counts.by_label[0], model.counts.label_removed), (2, 0));
}

#[test]
fn decisions_of_a_label_that_is_removed_go_to_no_other() {
    let mut model = classified();
    model.set_labels(["gun", "a page of text", "a face"].map(str::to_owned).to_vec());
    let revision = model.labels.revision;
    let scores = [[0.9, 0.05, 0.05]; 6].concat();
    told(&mut model, Event::Rescored { revision, scores });
    press(&mut model, "<f4>1");
    let standing = |model: &mut Model| {
        let revision = model.labels.revision;
        let width = model.labels.numbers.len();
        told(model, Event::Rescored { revision, scores: vec![0.0; 6 * width] });
        (model.counts.by_label.clone(), model.counts.label_removed)
    };
    // The line goes, and another label begins as it did.
    let mut effects = press(&mut model, "<f3><enter><ctrl-k><delete>");
    effects.extend(press(&mut model, "<esc><enter>graffiti<enter>"));
    assert_eq!(standing(&mut model), (vec![0, 0, 0], 1));
    // Written again, it is back; written on, it is another one.
    effects.extend(press(&mut model, "gun"));
    assert!(
        matches!(model.labels.editor.lines()[1].as_str(), text if text.starts_with("gun")),
        "{:?}",
        model.labels.editor.lines()
    );
    effects.extend(press(&mut model, "<enter>"));
    assert_eq!(standing(&mut model), (vec![0, 1, 0, 0], 0));
    effects.extend(press(&mut model, "<backspace> shop<enter>"));
    assert_eq!(standing(&mut model).1, 1);
    effects.extend(press(&mut model, "<esc>"));
    assert_eq!(renames(&effects), []);
    assert!(model.labels.book.contains(&"gun".to_owned()), "{:?}", model.labels.book);
}

#[test]
fn nobody_accepts_what_is_not_on_the_screen() {
    let mut model = classified();
    press(&mut model, "<f3><enter>x<esc>");
    assert!(decisions(&press(&mut model, "<f4>a")).is_empty(), "its scores are those of other labels");
    assert_eq!(decisions(&press(&mut model, "2")).len(), 1);
}

#[test]
fn steps_are_taken_back_when_all_pictures_are_there() {
    let mut model = classified();
    press(&mut model, "<f4>1<ctrl-s>");
    told(&mut model, Event::Found { files: 6 });
    let said = vec![(PictureId(1), Some(Said::NoneOfThese))];
    told(&mut model, Event::Decided { steps: vec![SaidStep { kind: StepKind::Decide, said }] });
    assert!(decisions(&press(&mut model, "<f4>u")).is_empty());
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let decided = Entry { decision: Some(Decision::NoneOfThese), ..entry(1) };
    told(&mut model, Event::Arrived { revision, entries: vec![(decided, None)], scores: vec![0.9, 0.0, 0.1] });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, per_second: None });
    assert_eq!(decisions(&press(&mut model, "u")), [(1, None)]);
}

#[test]
fn what_goes_wrong_beside_a_run_leaves_it_running() {
    let mut model = classified();
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Found { files: 6 });
    told(&mut model, Event::Trouble { error: CrewError::NoDataFolder });
    assert!(model.is_busy() && model.notice.as_ref().unwrap().is_error);
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, per_second: None });
    // A plan that could not be carried out is none any more.
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    press(&mut model, "<f5>a");
    told(&mut model, Event::Failed { error: CrewError::NoPlan });
    assert!(model.files.plan.is_none() && !model.is_busy());
    assert!(orders(&press(&mut model, "a")).is_empty());
}

#[test]
fn another_template_is_another_plan() {
    let mut model = classified();
    press(&mut model, "<f5>");
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    let before = model.labels.revision;
    press(&mut model, "<f2><down><down><down><down><down><down><enter>x<enter>");
    assert!(model.files.plan.is_none() && model.labels.revision > before, "{:?}", model.setup.chosen);
}

#[test]
fn decisions_come_along_whatever_comes_between() {
    let mut model = classified();
    press(&mut model, "<f4>1");
    model.setup.destination = super::line::Line::new("/other");
    press(&mut model, "<ctrl-s>t");
    told(&mut model, Event::Failed { error: CrewError::NoDataFolder });
    let taken = |effects: Vec<Effect>| {
        orders(&effects).into_iter().find_map(|order| match order {
            Order::Classify { decisions_of, .. } => Some(decisions_of.clone()),
            _ => None,
        })
    };
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(Some("/sorted".into())));
    told(&mut model, Event::Classified { remembered: 0, waiting: 3, per_second: None });
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(Some("/sorted".into())));
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, per_second: None });
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(None));
}

#[test]
fn a_list_with_commas_is_pasted_as_lines() {
    let mut model = model();
    model.set_labels(vec![String::new()]);
    press(&mut model, "<f3><enter>");
    update(&mut model, Message::Paste("a rifle, \"a tank, seen from above\", a map".to_owned()));
    let texts: Vec<&str> = model.labels.current.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(texts, ["a rifle", "a tank, seen from above", "a map"]);
}

#[test]
fn one_key_decides_and_goes_on() {
    let mut model = classified();
    press(&mut model, "<f4>");
    // The least sure first: 6, 5, then the others.
    assert_eq!(model.review.current(), Some(5));
    let effects = press(&mut model, "3ax");
    assert_eq!(
        decisions(&effects),
        [
            (6, Some(Said::Reassigned("a face".to_owned()))),
            (5, Some(Said::Accepted("a map".to_owned()))),
            (model.collection.entries()[model.review.queue[2]].id.0, Some(Said::NoneOfThese)),
        ]
    );
    assert_eq!(model.review.at, 3);
    assert_eq!(model.counts.pictures(), 6);
    assert_eq!((model.counts.none_of_these, model.counts.unsure), (1, 0));
    // A digit that is the prediction accepts it.
    let effects = press(&mut model, "f");
    assert!(decisions(&effects).is_empty());
}

#[test]
fn undo_and_redo_go_step_by_step() {
    let mut model = classified();
    press(&mut model, "<f4>3a");
    let effects = press(&mut model, "uu");
    assert_eq!(decisions(&effects), [(5, None), (6, None)]);
    assert_eq!(model.review.at, 0);
    assert!(model.collection.entries().iter().all(|entry| entry.decision.is_none()));
    let effects = press(&mut model, "U");
    assert_eq!(decisions(&effects), [(6, Some(Said::Reassigned("a face".to_owned())))]);
    assert!(decisions(&press(&mut model, "uuuu")).len() == 1);
}

#[test]
fn many_are_marked_and_decided_at_once() {
    let mut model = classified();
    let effects = press(&mut model, "<f4><space><space><down><space>2");
    assert_eq!(decisions(&effects).len(), 3);
    assert!(model.review.marked.is_empty());
    assert_eq!(decisions(&press(&mut model, "u")).len(), 3);
    let mut model = classified();
    assert_eq!(decisions(&press(&mut model, "<f4>v<down><down>vx")).len(), 3);
}

#[test]
fn a_label_is_found_by_a_part_of_its_name() {
    let mut model = classified();
    let effects = press(&mut model, "<f4>/FACE<enter>");
    assert_eq!(decisions(&effects), [(6, Some(Said::Reassigned("a face".to_owned())))]);
    assert!(decisions(&press(&mut model, "/nothing like it<enter>9")).is_empty());
}

#[test]
fn the_plan_is_made_applied_and_taken_back() {
    let mut model = classified();
    let effects = press(&mut model, "<f5>");
    let Order::Plan { scores, sorting, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!((scores.len(), sorting.labels.len()), (6, 3));
    told(&mut model, Event::Planned { plan: Box::default() });
    assert!(orders(&press(&mut model, "a")).is_empty(), "there is nothing to apply");
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    assert!(matches!(orders(&press(&mut model, "a"))[..], [Order::Apply { .. }]));
    // While it runs, quitting asks.
    assert!(press(&mut model, "q").is_empty() && model.question.is_some());
    press(&mut model, "n");
    let tally = Tally { done: 1, failed: 0 };
    let failures = vec![];
    told(&mut model, Event::Applied { run: Some(RunId(2)), tally, failures, total: 1, head: "ab".to_owned() });
    assert!(matches!(orders(&press(&mut model, "u"))[..], [Order::Undo { run: None, .. }]));
    let undone =
        Event::Undone { run: RunId(2), own: RunId(3), back: 0, removed: 1, failures: vec![], head: "cd".to_owned() };
    told(&mut model, undone);
    assert!(matches!(orders(&press(&mut model, "u"))[..], [Order::Undo { run: Some(RunId(3)), .. }]));
}

fn plan() -> Plan {
    use crate::domain::picture::ContentHash;
    use crate::domain::plan::PlannedTransfer;
    use crate::domain::run::Action;
    let planned = PlannedTransfer {
        picture: PictureId(1),
        action: Action::Copy,
        source: "/pictures/1.jpg".into(),
        own_name: "1.jpg".into(),
        hash: ContentHash([1; 32]),
        size: 70_000,
        folder: "a map".to_owned(),
        file_name: "1.jpg".into(),
        from: None,
    };
    Plan { transfers: vec![planned], in_place: 0, left: vec![] }
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
    let mut planned = plan();
    planned.transfers[0].file_name = "1~abcd1234.jpg".into();
    told(&mut model, Event::Planned { plan: Box::new(planned) });
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

#[test]
fn another_destination_that_is_typed_is_not_that_of_these_pictures() {
    let mut model = classified();
    model.setup.destination = super::line::Line::new("/somebody/elses");
    let mut effects = press(&mut model, "<f4>1<f5>");
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    effects.extend(press(&mut model, "a"));
    let destinations = orders(&effects).into_iter().filter_map(|order| match order {
        Order::Decide { destination, .. } | Order::Plan { destination, .. } | Order::Apply { destination, .. } => {
            Some(destination.to_str().unwrap())
        }
        _ => None,
    });
    assert_eq!(destinations.collect::<Vec<_>>(), ["/sorted"; 3]);
}

#[test]
fn an_earlier_session_comes_with_its_decisions() {
    let mut model = model();
    model.work = Work::Opening;
    let sorting = crate::store::session::Sorting {
        labels: vec![crate::domain::label::Label::named("x"), crate::domain::label::Label::named("y")],
        template: "{}".to_owned(),
        threshold: 0.4,
        margin: 0.0,
        operation: crate::domain::settings::Operation::Move,
    };
    told(&mut model, Event::Opened { sorting: Some(Box::new(sorting)), origin: None });
    let decided = Entry { decision: Some(Decision::Reassigned(crate::domain::decision::LabelId(77))), ..entry(1) };
    let entries = vec![(decided, Some("y".to_owned())), (entry(2), None)];
    told(&mut model, Event::Arrived { revision: 0, entries, scores: vec![0.9, 0.1, 0.7, 0.3] });
    assert_eq!(model.work, Work::Idle);
    assert_eq!(model.counts.by_label, [1, 1]);
}

#[test]
fn decisions_of_an_earlier_start_are_taken_back_step_by_step() {
    let mut model = classified();
    let said = |number, said: Option<Said>| (PictureId(number), said);
    let face = || Some(Said::Reassigned("a face".to_owned()));
    let steps = vec![
        SaidStep { kind: StepKind::Decide, said: vec![said(1, face()), said(99, face())] },
        SaidStep { kind: StepKind::Decide, said: vec![said(2, Some(Said::NoneOfThese))] },
    ];
    model.collection.decide(0, Some(Decision::Reassigned(model.labels.number("a face"))));
    model.collection.decide(1, Some(Decision::NoneOfThese));
    told(&mut model, Event::Decided { steps });
    let effects = press(&mut model, "<f4>u");
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
fn another_destination_asks_what_becomes_of_the_decisions() {
    let begun = |key: &str| {
        let mut model = classified();
        press(&mut model, "<f4>1");
        model.setup.destination = super::line::Line::new("/other");
        assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
        assert_eq!(model.question, Some(Question::OtherDestination));
        assert!(screen(&model, 80, 24).contains("/other"));
        let effects = press(&mut model, key);
        let taken = orders(&effects).into_iter().find_map(|order| match order {
            Order::Classify { decisions_of, .. } => Some(decisions_of.clone()),
            _ => None,
        });
        (model, taken)
    };
    assert_eq!(begun("t").1, Some(Some("/sorted".into())));
    assert_eq!(begun("b").1, Some(None));
    let (model, taken) = begun("<esc>");
    assert_eq!((taken, model.collection.len()), (None, 6));
    // What was taken along counts, and can be taken back at once.
    let (mut model, _) = begun("t");
    let revision = model.labels.revision;
    let scores = vec![0.9, 0.05, 0.05, 0.9, 0.05, 0.05];
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(1), None), (entry(2), None)], scores });
    let said = vec![(PictureId(1), Some(Said::Reassigned("a face".to_owned())))];
    told(&mut model, Event::TakenOver { step: SaidStep { kind: StepKind::Decide, said } });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, per_second: None });
    assert_eq!(model.counts.by_label, [1, 0, 1]);
    assert_eq!(decisions(&press(&mut model, "<f4>u")), [(1, None)]);
}

#[test]
fn a_question_names_its_answers_and_takes_them_small_and_capital() {
    for (answer, quits) in [("y", true), ("Y", true), ("n", false), ("s", false), ("<enter>", false)] {
        let mut model = classified();
        press(&mut model, "<ctrl-s>q");
        assert!(screen(&model, 80, 24).contains("Quit? y = yes"));
        assert_eq!(press(&mut model, answer).len(), if quits { 2 } else { 0 }, "{answer}");
        assert_eq!(model.question, None);
    }
}

#[test]
fn what_runs_pauses_and_goes_on() {
    let mut model = classified();
    assert!(press(&mut model, "<f7>").is_empty(), "nothing runs");
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Found { files: 9 });
    told(&mut model, Event::Pace { per_second: 2.0 });
    assert_eq!(model.seconds_left(), Some(4.5));
    assert!(screen(&model, 120, 24).contains("2.0 a second, 5 s left"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::Pause(true)]));
    assert!(screen(&model, 80, 24).contains("paused"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::Pause(false)]));
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    // How fast it was is remembered for this model, runtime and device.
    let effects = told(&mut model, Event::Classified { remembered: 0, waiting: 9, per_second: Some(4.0) });
    let Some(Effect::Remember(values)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(values.pace.get("demo · tract 0.23 · CPU"), Some(&4.0));
    let number = model.setup.check;
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 400, others: 0 }) });
    press(&mut model, "<f2>");
    assert!(screen(&model, 80, 24).contains("400 pictures, about 2 min, with tract 0.23 on CPU"));
}

#[test]
fn labels_are_advised() {
    let mut model = classified();
    model.set_labels(["gun", "a rifle", "a long gun"].map(str::to_owned).to_vec());
    let revision = model.labels.revision;
    told(&mut model, Event::Alike { revision: revision - 1, pairs: vec![(0, 1)] });
    assert!(model.labels.alike.is_empty(), "a stale answer is dropped");
    told(&mut model, Event::Alike { revision, pairs: vec![(1, 2)] });
    press(&mut model, "<f3>");
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("much like “a long gun”") && shown.contains("much like “a rifle”"), "{shown}");
    assert!(shown.contains("one word: try Ctrl-T") && shown.contains("No label takes the rest"), "{shown}");
    press(&mut model, "<enter><ctrl-t>");
    assert_eq!(model.labels.editor.lines()[0], "gun = a photo of a gun");
    assert!(model.labels.alike.is_empty());
    press(&mut model, "<ctrl-u><ctrl-u>");
    assert_eq!(model.labels.editor.lines()[0], "gun");
    // A label that the model cannot read is named, and the text that is wrong.
    let error = EngineError::LabelTooLong { label: "a rifle".to_owned(), tokens: 92, limit: 77 };
    let revision = model.labels.revision;
    told(&mut model, Event::LabelsFailed { revision, label: Some(1), error: error.into() });
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("too long: use fewer") && shown.contains("the model reads 77"), "{shown}");
}

#[test]
fn an_earlier_session_is_scored_with_other_labels() {
    let mut model = model();
    model.work = Work::Opening;
    let sorting = crate::store::session::Sorting {
        labels: vec![crate::domain::label::Label::named("x"), crate::domain::label::Label::named("y")],
        template: "{}".to_owned(),
        threshold: 0.4,
        margin: 0.0,
        operation: crate::domain::settings::Operation::Move,
    };
    let origin = Origin { source: "/from".to_owned(), recursive: false, model: "/a/model".to_owned() };
    let effects = told(&mut model, Event::Opened { sorting: Some(Box::new(sorting)), origin: Some(origin) });
    assert!(matches!(orders(&effects)[..], [Order::Check { .. }, Order::LookUpModel { .. }]));
    assert_eq!((model.setup.source.text(), model.setup.model.text()), ("/from", "/a/model"));
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
fn a_model_is_chosen_from_those_that_there_are() {
    let mut model = model();
    let effects = press(&mut model, "<down><down><enter>");
    assert!(matches!(orders(&effects)[..], [Order::ListModels { .. }]));
    let choice = |name: &str| ModelChoice { name: name.to_owned(), place: ModelPlace::Folder, known: None };
    let found = vec![choice("demo"), choice("/m/clip")];
    told(&mut model, Event::Models { typed: "stale".to_owned(), found: found.clone() });
    assert!(model.setup.models.is_empty());
    told(&mut model, Event::Models { typed: "demo".to_owned(), found });
    press(&mut model, "<esc>");
    assert!(model.setup.models.is_empty() && model.setup.model.text() == "demo", "as before");
    press(&mut model, "<enter>");
    let found = vec![choice("demo"), choice("/m/clip")];
    told(&mut model, Event::Models { typed: "demo".to_owned(), found });
    press(&mut model, "<down><down><enter>");
    assert_eq!((model.setup.model.text(), model.setup.editing.clone()), ("/m/clip", None));
    assert_eq!(model.setup.chosen, Field::Labels);
}

#[test]
fn a_model_that_is_not_there_is_downloaded_after_asking() {
    let mut model = model();
    let id = "openai/clip-vit-large-patch14";
    model.setup.model = super::line::Line::new(id);
    let known = known_models().iter().find(|known| known.id == id);
    let place = ModelPlace::ToDownload { bytes: known.map(KnownModel::download_bytes) };
    told(&mut model, Event::ModelFound { choice: ModelChoice { name: id.to_owned(), place, known } });
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("photographs in general, slow, 1713 MB to be downloaded first"), "{shown}");
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("about 1713 MB are downloaded first. y = yes"), "{shown}");
    assert!(orders(&press(&mut model, "n")).is_empty() && model.work == Work::Idle);
    let effects = press(&mut model, "<ctrl-s>y");
    assert!(matches!(orders(&effects)[0], Order::Classify { .. }));
    told(&mut model, Event::Downloading { done: 13_000_000, total: 1_713_000_000, per_second: Some(10_000_000.0) });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("13 MB of 1713 MB · 10 MB a second, 3 min left"), "{shown}");
    // It knows no pause, and a stop.
    assert!(press(&mut model, "<f7>").is_empty());
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    let effects = told(&mut model, Event::Downloaded);
    assert!(matches!(orders(&effects)[..], [Order::LookUpModel { .. }]));
    assert_eq!(model.work, Work::Classifying { files: 0, others: 0 });
    // One that is looked up for another name says nothing about this one.
    let choice = ModelChoice { name: "other".to_owned(), place: ModelPlace::NoFolder, known: None };
    told(&mut model, Event::ModelFound { choice });
    assert_eq!(model.setup.found(), None);
}

#[test]
fn a_path_is_completed_while_it_is_typed_still() {
    let mut model = model();
    let effects = press(&mut model, "<enter><tab>");
    assert!(matches!(orders(&effects)[..], [Order::Complete { typed }] if typed == "/pictures"));
    let completed = |typed: &str| Event::Completed { typed: typed.to_owned(), text: "/pictures2/".to_owned() };
    told(&mut model, completed("/pict"));
    assert_eq!(model.setup.source.text(), "/pictures");
    told(&mut model, completed("/pictures"));
    assert_eq!(model.setup.source.text(), "/pictures2/");
}

#[test]
fn a_picture_is_painted_for_its_room_and_anew_when_that_changes() {
    let mut model = classified();
    let viewed = |effects: &[Effect]| {
        let views = orders(effects).into_iter().filter_map(|order| match order {
            Order::View { sight, room, next, .. } => Some((sight.path.clone(), *room, next.len())),
            _ => None,
        });
        views.collect::<Vec<_>>()
    };
    let first = viewed(&press(&mut model, "<f4>"));
    assert_eq!(first, [("/pictures/6.jpg".into(), Room { columns: 40, rows: 19, manner: 0 }, 2)]);
    assert!(viewed(&update(&mut model, Message::Resized(80, 24))).is_empty(), "nothing has changed");
    let wide = viewed(&update(&mut model, Message::Resized(160, 50)));
    assert_eq!(wide, [("/pictures/6.jpg".into(), Room { columns: 100, rows: 45, manner: 0 }, 2)]);
    // Back from the background, and over a slow line.
    assert_eq!(viewed(&update(&mut model, Message::Resumed))[0].1.manner, 1);
    let effects = update(&mut model, Message::SlowLine);
    assert!(matches!(effects[0], Effect::Paint(Preview::Blocks)));
    assert_eq!(viewed(&effects)[0].1.manner, 2);
    assert!(update(&mut model, Message::SlowLine).is_empty(), "there is nothing less than blocks");
    // Hidden ones are not asked for.
    assert!(viewed(&press(&mut model, "bj")).is_empty());
    assert_eq!(viewed(&press(&mut model, "b")).len(), 1);
    assert_eq!(viewed(&press(&mut model, "p"))[0].1.manner, 3);
}

#[test]
fn the_model_is_judged_by_a_fair_sample() {
    let mut model = classified();
    press(&mut model, "<f4>oooo");
    assert!(screen(&model, 100, 30).contains("a fair sample"));
    press(&mut model, "aaxaaa");
    let shown = screen(&model, 100, 30);
    assert!(shown.contains("Right among those predicted"), "{shown}");
    let rows: Vec<&str> = shown.lines().filter(|line| line.contains("/2") && line.contains('%')).collect();
    assert_eq!(rows.len(), 2, "{shown}");
    press(&mut model, "f");
    assert!(!screen(&model, 100, 30).contains("Right among"), "only all pictures are a fair sample");
}

#[test]
fn the_mouse_finds_panes_fields_and_pictures() {
    let mut model = classified();
    model.review.order = crate::domain::review::Order::Newest;
    let at = |model: &Model, text: &str| {
        let shown = screen(model, 80, 24);
        let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
        // The text of a screen has a quote before each line.
        (line.split(text).next().unwrap().chars().count() as u16 - 1, row as u16)
    };
    let (column, row) = at(&model, "Review F4");
    update(&mut model, Message::Click(column, row));
    assert_eq!(model.pane, Pane::Review);
    let (column, row) = at(&model, "3.jpg");
    update(&mut model, Message::Click(column, row));
    assert_eq!(model.review.current(), Some(2));
    update(&mut model, Message::Wheel(1));
    assert_eq!(model.review.current(), Some(1));
    let (column, row) = at(&model, "Setup F2");
    update(&mut model, Message::Click(column, row));
    let (column, row) = at(&model, "Operation");
    update(&mut model, Message::Click(column, row));
    assert_eq!(model.setup.chosen, Field::Operation);
    let before = model.setup.operation;
    update(&mut model, Message::Click(column, row));
    assert_ne!(model.setup.operation, before);
    for (column, row) in [(0, 0), (79, 23), (500, 500), (40, 12)] {
        update(&mut model, Message::Click(column, row));
    }
}

/// Over a line of 250 kB a second, 4 kB are a sixtieth of a second.
#[test]
fn a_key_costs_few_bytes() {
    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::{TerminalOptions, Viewport};
    for (width, height) in [(80, 24), (160, 50)] {
        let mut model = classified();
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, width, height)) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(Vec::new()), options).unwrap();
        let mut drawn = |model: &Model| {
            terminal.draw(|frame| view::draw(frame, model, Theme::from_environment(false))).unwrap();
            std::mem::take(terminal.backend_mut().writer_mut()).len()
        };
        press(&mut model, "<f4>");
        assert!(drawn(&model) > 500);
        assert!(drawn(&model) < 100, "nothing has changed");
        for key in ["j", "k", "a", "x", "u", "1", "i", "<space>"] {
            press(&mut model, key);
            let bytes = drawn(&model);
            assert!(bytes < 4_000, "{key}: {bytes} bytes");
        }
    }
}

#[test]
fn panes_at_eighty_columns_and_wide() {
    let mut model = classified();
    for (pane, key) in [("setup", "<f2>"), ("labels", "<f3>"), ("review", "<f4>"), ("log", "<f6>")] {
        press(&mut model, key);
        insta::assert_snapshot!(format!("{pane}_80x24"), screen(&model, 80, 24));
        insta::assert_snapshot!(format!("{pane}_160x50"), screen(&model, 160, 50));
    }
    press(&mut model, "<f5>");
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    insta::assert_snapshot!("files_80x24", screen(&model, 80, 24));
    press(&mut model, "?");
    insta::assert_snapshot!("help_80x24", screen(&model, 80, 24));
    model.help = false;
    model.doors = Some(0);
    insta::assert_snapshot!("doors_80x24", screen(&model, 80, 24));
}

#[test]
fn without_colours_nothing_is_said_by_colour_alone() {
    use ratatui::style::{Color, Modifier};
    let mut model = classified();
    for key in ["<f2>", "<f3>", "<f4>", "<f5>", "<f6>"] {
        press(&mut model, key);
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| view::draw(frame, &model, Theme::plain())).unwrap();
        let cells = terminal.backend().buffer().content();
        assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{key}");
        // The open pane, and what is chosen in it.
        assert!(cells.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)), "{key}");
    }
}

#[test]
fn panes_in_portuguese() {
    let mut model = classified_in(Language::portuguese());
    let number = model.setup.check;
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 400, others: 1 }) });
    for (pane, key) in [("setup", "<f2>"), ("labels", "<f3>"), ("review", "<f4>")] {
        press(&mut model, key);
        insta::assert_snapshot!(format!("pt_{pane}_80x24"), screen(&model, 80, 24));
    }
    press(&mut model, "<f5>");
    told(&mut model, Event::Planned { plan: Box::new(plan()) });
    insta::assert_snapshot!("pt_files_80x24", screen(&model, 80, 24));
    press(&mut model, "?");
    insta::assert_snapshot!("pt_help_80x24", screen(&model, 80, 24));
}

#[test]
fn a_portuguese_question_takes_s_and_y() {
    for (answer, quits) in [("s", true), ("S", true), ("y", true), ("n", false)] {
        let mut model = classified_in(Language::portuguese());
        press(&mut model, "<ctrl-s>q");
        assert!(screen(&model, 80, 24).contains("Sair? s = sim"));
        assert_eq!(press(&mut model, answer).len(), if quits { 2 } else { 0 }, "{answer}");
    }
}

/// Something that can happen.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..120)
}

/// A key or an event for a byte, so that every sequence of bytes is a story.
fn happen(model: &mut Model, byte: u8) -> Vec<Effect> {
    const KEYS: [&str; 24] = [
        "<enter>",
        "<esc>",
        "<tab>",
        "<up>",
        "<down>",
        "<space>",
        "<backspace>",
        "<f2>",
        "<f3>",
        "<f4>",
        "<f5>",
        "<f6>",
        "a",
        "x",
        "s",
        "u",
        "U",
        "v",
        "n",
        "o",
        "f",
        "/",
        "1",
        "<ctrl-s>",
    ];
    let revision = model.labels.revision;
    match byte {
        0..=149 => press(model, KEYS[byte as usize % KEYS.len()]),
        150..=169 => {
            let first = model.collection.len() as i64;
            let entries: Vec<_> = (1..=i64::from(byte % 4)).map(|number| (entry(first + number), None)).collect();
            let scores = vec![f32::from(byte) / 200.0; entries.len() * model.labels.numbers.len()];
            told(model, Event::Arrived { revision, entries, scores })
        }
        170..=189 => {
            let count = model.collection.len() * model.labels.numbers.len();
            told(
                model,
                Event::Rescored { revision: revision.saturating_sub(u64::from(byte % 2)), scores: vec![0.5; count] },
            )
        }
        190..=199 => told(model, Event::Found { files: usize::from(byte) }),
        200..=209 => told(
            model,
            Event::Classified { remembered: 0, waiting: usize::from(byte % 3), per_second: Some(f64::from(byte)) },
        ),
        210..=219 => told(model, Event::Planned { plan: Box::new(plan()) }),
        220..=229 => {
            let tally = Tally { done: 1, failed: usize::from(byte % 2) };
            told(model, Event::Applied { run: None, tally, failures: vec![], total: 2, head: String::new() })
        }
        230..=233 => update(model, Message::Click(u16::from(byte) * 7 % 90, u16::from(byte) * 11 % 26)),
        234 => update(model, Message::Resized(u16::from(byte), 40)),
        235..=239 => told(model, Event::Viewed { number: model.review.view, painted: None }),
        _ => update(model, Message::Paste("a, b\n\u{1b}[31m = | c".to_owned())),
    }
}

proptest! {
    #[test]
    fn nothing_that_happens_panics_or_loses_a_picture(story in anything(), width in 1u16..200, height in 1u16..60) {
        let mut model = classified();
        for byte in story {
            happen(&mut model, byte);
            prop_assert_eq!(model.counts.pictures(), model.collection.len() + model.waiting());
            prop_assert!(model.review.queue.iter().all(|index| *index < model.collection.len()));
        }
        screen(&model, width, height);
    }
}
