//! The app without a terminal: state and keys in, state and effects out; the screen as text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::Effect;
use super::keys::Keys;
use super::message::Message;
use super::model::{Model, Pane, Work};
use super::preview::Preview;
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::config::Defaults;
use crate::domain::collection::Entry;
use crate::domain::decision::Decision;
use crate::domain::picture::{PictureId, PictureState};
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::jobs::crew::{Checked, Event, Order, Said, Tally};
use crate::lang::Language;

fn model() -> Model {
    let mut model = Model::new(Language::english(), Defaults::load(None).unwrap(), Keys::load(None));
    model.set_labels(vec!["a map".to_owned(), "a page of text".to_owned(), "a face".to_owned()]);
    model.setup.source = super::line::Line::new("/pictures");
    model.setup.destination = super::line::Line::new("/sorted");
    told(
        &mut model,
        Event::Runtime { runtime: "tract 0.23".to_owned(), device: "CPU".to_owned(), is_gpu_unused: false },
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
    let mut model = model();
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Found { files: 6 });
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let scores =
        [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [0.3, 0.36, 0.34]];
    let entries = (1..=6).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: scores.concat() });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0 });
    model
}

fn orders(effects: &[Effect]) -> Vec<&Order> {
    effects.iter().filter_map(|effect| if let Effect::Order(order) = effect { Some(order) } else { None }).collect()
}

fn decisions(effects: &[Effect]) -> Vec<(i64, Option<Said>)> {
    let decided = orders(effects).into_iter().filter_map(|order| match order {
        Order::Decide { decisions, .. } => Some(decisions.clone()),
        _ => None,
    });
    decided.flatten().map(|(picture, said)| (picture.0, said)).collect()
}

/// The screen as text. A cell that a wide character covers is left out.
fn screen(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut preview = Preview::half_blocks();
    terminal.draw(|frame| view::draw(frame, model, Theme::plain(), &mut preview)).unwrap();
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

#[test]
fn a_label_keeps_what_was_decided_for_it_when_its_line_is_edited() {
    let mut model = classified();
    press(&mut model, "<f4>1");
    let effects = press(&mut model, "<f3><enter>x");
    let rename = orders(&effects).into_iter().find(|order| matches!(order, Order::Rename { .. }));
    assert!(matches!(rename, Some(Order::Rename { from, to, .. }) if from == "a map" && to == "xa map"));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.0, 0.0, 0.9]; 6].concat() });
    assert_eq!((model.counts.by_label[0], model.counts.label_removed), (1, 0));
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
    assert!(press(&mut model, "q").is_empty() && model.asks_to_quit);
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
    told(&mut model, Event::Opened { sorting: Some(Box::new(sorting)) });
    let decided = Entry { decision: Some(Decision::Reassigned(crate::domain::decision::LabelId(77))), ..entry(1) };
    let entries = vec![(decided, Some("y".to_owned())), (entry(2), None)];
    told(&mut model, Event::Arrived { revision: 0, entries, scores: vec![0.9, 0.1, 0.7, 0.3] });
    assert_eq!(model.work, Work::Idle);
    assert_eq!(model.counts.by_label, [1, 1]);
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
        200..=209 => told(model, Event::Classified { remembered: 0, waiting: usize::from(byte % 3) }),
        210..=219 => told(model, Event::Planned { plan: Box::new(plan()) }),
        220..=229 => {
            let tally = Tally { done: 1, failed: usize::from(byte % 2) };
            told(model, Event::Applied { run: None, tally, failures: vec![], total: 2, head: String::new() })
        }
        230..=239 => told(model, Event::Viewed { number: model.review.view, pixels: None }),
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
