//! The app without a terminal: state and keys in, state and effects out; the screen as text.

mod drawing;
mod files;
mod filters;
mod find;
mod following;
mod grid;
mod grid_keys;
mod help;
mod inside;
mod labels;
mod live;
mod looks;
mod moving;
mod popups;
mod questions;
mod repair;
mod review;
mod runs;
mod setup;
mod sizes;
mod stacks;
mod starts;
mod stories;
mod sweep;
mod trust;
mod unseen;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::Effect;
use super::keys::Keys;
use super::message::Message;
use super::model::{Field, Model, Pane, Question, Work};
use super::theme::Theme;
use super::update::update;
use super::view;
use crate::backend::{
    BackendError, Checked, DecisionStep, Event, ModelChoice, ModelPlace, NamedDecision, NotShown, Order, PreviewSize,
    Tally, UndoTally,
};
use crate::config::{Defaults, Preview};
use crate::domain::collection::Entry;
use crate::domain::decision::Decision;
use crate::domain::file_filter::{LeftOut, LeftOutCounts};
use crate::domain::history::StepKind;
use crate::domain::picture::{ContentHash, PictureId, PictureState};
use crate::domain::plan::Plan;
use crate::domain::run::{RunId, RunKind};
use crate::engine::EngineError;
use crate::engine::hub::known::{KnownModel, known_models};
use crate::jobs::undo::Outlook;
use crate::lang::Language;
use crate::store::session::Origin;

fn model() -> Model {
    model_in(Language::english())
}

fn model_in(language: Language) -> Model {
    let mut model = Model::new(language, Defaults::load(None).unwrap(), Keys::built_in(), "/home/me".into());
    model.set_labels(vec!["a map".to_owned(), "a page of text".to_owned(), "a face".to_owned()]);
    model.setup.source = crate::tui::input_line::InputLine::new("/pictures");
    model.setup.destination = crate::tui::input_line::InputLine::new("/sorted");
    model.setup.model = crate::tui::input_line::InputLine::new("demo");
    let choice = ModelChoice { name: "demo".to_owned(), place: ModelPlace::BuiltIn, known: None };
    told(&mut model, Event::ModelFound { choice });
    let number = model.setup.check;
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 6, ..Checked::default() }) });
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

/// So many files were found, and none left out.
fn found(files: usize) -> Event {
    Event::Found { files, left_out: LeftOut::default() }
}

fn told(model: &mut Model, event: Event) -> Vec<Effect> {
    update(model, Message::Backend(event))
}

/// A click on a cell, as the event loop hands it on.
fn click(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    view::clicked(model, column, row).map(|clicked| update(model, clicked)).unwrap_or_default()
}

/// Carries out what only the view can answer, as the event loop does.
fn answered(model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    let answer = |effect| match effect {
        Effect::Scroll(by) => {
            let scrolled = view::scrolled(model, by);
            update(model, scrolled)
        }
        effect => vec![effect],
    };
    effects.into_iter().flat_map(answer).collect()
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
        let pressed = update(model, Message::Key(key));
        effects.extend(answered(model, pressed));
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
        "pageup" => plain(KeyCode::PageUp),
        "pagedown" => plain(KeyCode::PageDown),
        "home" => plain(KeyCode::Home),
        "end" => plain(KeyCode::End),
        "space" => plain(KeyCode::Char(' ')),
        "backspace" => plain(KeyCode::Backspace),
        "ctrl-s" => KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL),
        "ctrl-k" => KeyEvent::new(KeyCode::Char('k'), KeyModifiers::CONTROL),
        "delete" => plain(KeyCode::Delete),
        "ctrl-t" => KeyEvent::new(KeyCode::Char('t'), KeyModifiers::CONTROL),
        "ctrl-l" => KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL),
        "ctrl-u" => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
        "ctrl-x" => KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL),
        "ctrl-c" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        name => plain(KeyCode::F(name.strip_prefix('f').unwrap().parse().unwrap())),
    }
}

fn entry(number: i64) -> Entry {
    let path = format!("/pictures/{number}.jpg").into();
    let hash = Some(ContentHash([number as u8; 32]));
    Entry { id: PictureId(number), path, hash, state: PictureState::Ok, trouble: None, decision: None, placed: None }
}

/// Six pictures: two sure of each label, the last two unsure.
fn classified() -> Model {
    classified_in(Language::english())
}

fn classified_in(language: Language) -> Model {
    let mut model = model_in(language);
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(6));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let scores =
        [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [0.3, 0.36, 0.34]];
    let entries = (1..=6).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: scores.concat() });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    model
}

fn orders(effects: &[Effect]) -> Vec<&Order> {
    effects.iter().filter_map(|effect| if let Effect::Order(order) = effect { Some(order) } else { None }).collect()
}

fn decisions(effects: &[Effect]) -> Vec<(i64, Option<NamedDecision>)> {
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

fn planned(plan: Plan) -> Event {
    Event::Planned { plan: Box::new(plan), gone: vec![], unseen: vec![] }
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
        decision: None,
    };
    Plan { transfers: vec![planned], in_place: 0, left: vec![], unwanted: 0 }
}

/// A run with two copies can be taken back.
fn foreseen(run: RunId) -> Event {
    let outlook = Outlook { run, kind: RunKind::Undo, moved: 0, removed: 2, copied: 0, gone: 0, left: 0 };
    Event::Foreseen { outlook, failures: vec![] }
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
    told(&mut model, planned(plan()));
    insta::assert_snapshot!("files_80x24", screen(&model, 80, 24));
    model.welcome = Some(0);
    insta::assert_snapshot!("welcome_80x24", screen(&model, 80, 24));
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
fn a_long_text_scrolls_until_its_end_is_on_the_screen() {
    let mut model = classified();
    press(&mut model, "<f6>");
    (0..40).for_each(|number| model.say(format!("line {number}")));
    let first_line = |model: &Model| screen(model, 80, 24).lines().nth(1).unwrap().trim().to_owned();
    press(&mut model, "<down><down><up>");
    assert_eq!(model.scroll, 1);
    assert!(first_line(&model).contains("line 38"));
    // However often it is pressed, one step back is seen at once.
    press(&mut model, &"<pagedown>".repeat(20));
    let last = model.scroll;
    assert!(screen(&model, 80, 24).contains("line 0"));
    press(&mut model, "<up>");
    assert_eq!(model.scroll, last - 1);
    let wheeled = update(&mut model, Message::Wheel(-1));
    answered(&mut model, wheeled);
    assert_eq!(model.scroll, last - 2);
    press(&mut model, &"<pageup>".repeat(20));
    assert_eq!(model.scroll, 0);
}

#[test]
fn panes_in_portuguese() {
    let mut model = classified_in(Language::portuguese());
    let number = model.setup.check;
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 400, others: 1, ..Checked::default() }) });
    for (pane, key) in [("setup", "<f2>"), ("labels", "<f3>"), ("review", "<f4>")] {
        press(&mut model, key);
        insta::assert_snapshot!(format!("pt_{pane}_80x24"), screen(&model, 80, 24));
    }
    press(&mut model, "<f5>");
    told(&mut model, planned(plan()));
    insta::assert_snapshot!("pt_files_80x24", screen(&model, 80, 24));
}
