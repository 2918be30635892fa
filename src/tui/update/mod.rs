//! The change that a message makes to the state, and the effects outside. Pure: the same state and message give the
//! same.

mod backend_event;
mod chooser;
mod decisions;
mod digits;
mod failure;
mod files;
mod filters;
mod find;
mod following;
mod gathering;
mod go_to;
mod grid;
mod grid_page;
mod help;
mod inside;
mod label_list;
mod labels;
mod last_decisions;
mod looks;
mod marks;
mod models;
mod mouse;
mod outside;
mod packs;
mod panes;
mod positions;
mod preview;
mod queue;
mod review;
mod run;
mod scroll;
mod setup;
mod sights;
mod source_count;
mod stacks;
mod start;
mod strip;
mod sweep;
mod trust;
mod undo;
mod watching;

use crossterm::event::{KeyCode, KeyEvent};

pub(super) use marks::out_of_sight;

use super::action::{AppAction, EditorAction};
use super::effect::Effect;
use super::layout::is_too_small;
use super::message::Message;
use super::model::{Model, Pane, Question, Work};

/// Changes the model as a message says.
pub(super) fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = take(model, message);
    chooser::hold(model);
    // After any change: a watch sorts only by the settings on the screen.
    effects.extend(watching::hold(model));
    effects
}

fn take(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press(model, key, None),
        Message::KeyAt(key, position) => press(model, key, Some(position)),
        Message::Paste(text) => paste(model, &text),
        Message::Click(target) => mouse::click(model, target),
        Message::Wheel(by) => mouse::wheel(model, by),
        Message::Scrolled { by, last_line } => scroll::scrolled(model, by, last_line),
        Message::Resized(columns, rows) => {
            model.size = (columns, rows);
            look_where_pictures_are(model)
        }
        Message::SlowLine(cells) => preview::draw_less(model, cells),
        Message::Drawn => {
            grid_page::drawn(model);
            vec![]
        }
        Message::Resumed => preview::draw_anew(model),
        Message::Answered(pixels) => {
            model.review.takes_pixels = pixels;
            preview::draw_anew(model)
        }
        Message::Backend(event) => backend_event::take(model, event),
        Message::Leave => vec![Effect::Stop, Effect::Quit],
    }
}

fn press(model: &mut Model, key: KeyEvent, position: Option<char>) -> Vec<Effect> {
    // Nobody sees what a key would do.
    if is_too_small(model.size) {
        let leaves = [AppAction::Quit, AppAction::Suspend].map(Some).contains(&model.keys.action(key));
        return if leaves && !model.is_typing() { everywhere(model, key).unwrap_or_default() } else { vec![] };
    }
    let Some(key) = positions::meant(model, key, position) else { return vec![] };
    if let Some(question) = model.question.take() {
        return answer(model, question, key);
    }
    if model.popup.is_some() {
        return chooser::press(model, key);
    }
    if let Some(chosen) = model.welcome {
        return press_in_welcome(model, key, chosen);
    }
    dispatch(model, key)
}

/// Hands a key to the open pane, or does what it means in every one.
fn dispatch(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    model.notice = None;
    // While text is edited, only keys that no text has are commands.
    let is_letter = matches!(key.code, KeyCode::Char(_)) && key.modifiers.is_empty()
        || matches!(key.code, KeyCode::Char(c) if c.is_uppercase());
    if !(model.is_typing() && (is_letter || is_for_editor(model, key)))
        && let Some(effects) = everywhere(model, key)
    {
        return effects;
    }
    match model.pane {
        Pane::Setup => setup::press(model, key),
        Pane::Labels => labels::press(model, key),
        Pane::Review => review::press(model, key),
        Pane::Files => files::press(model, key),
        Pane::Log => scroll::press(model, key),
    }
}

/// Carries out an answer to a question; any key that is none takes the question back.
fn answer(model: &mut Model, question: Question, key: KeyEvent) -> Vec<Effect> {
    let KeyCode::Char(letter) = key.code else { return vec![] };
    let is = |answer: &str| model.language.is_answer(answer, letter);
    match question {
        Question::Quit if is("app.answer_yes") => vec![Effect::Stop, Effect::Quit],
        Question::OtherDestination if is("app.answer_take") => start::begin_with_model(model, true),
        Question::OtherDestination if is("app.answer_begin") => start::begin_with_model(model, false),
        Question::Download { takes_decisions } if is("app.answer_yes") => start::begin(model, takes_decisions),
        Question::Download { takes_decisions } if is("app.answer_instead") => {
            start::take_instead(model, takes_decisions)
        }
        Question::Install if is("app.answer_yes") => models::begin_install(model),
        Question::Repair if is("app.answer_yes") => models::begin_repair(model),
        Question::Trust if is("app.answer_yes") => trust::begin(model),
        Question::NoNames if is("app.answer_yes") => start::start_with_pictures(model),
        Question::Apply if is("app.answer_yes") => files::apply(model),
        Question::TakeBack(outlook) if is("app.answer_yes") => files::take_back(model, outlook.run),
        Question::DecideMarked(wanted) if is("app.answer_yes") => decisions::decide_marked(model, wanted),
        Question::TakeBackEarlier if is("app.answer_yes") => undo::undo_earlier(model),
        Question::Quit | Question::OtherDestination | Question::Download { .. } => vec![],
        Question::Install | Question::Repair | Question::Trust => vec![],
        Question::DecideMarked(_) | Question::TakeBackEarlier => vec![],
        Question::NoNames | Question::Apply | Question::TakeBack(_) => vec![],
    }
}

/// Keys that mean something to a text that is being edited: Tab completes a path, and the editor has its own undo.
fn is_for_editor(model: &Model, key: KeyEvent) -> bool {
    match model.pane {
        Pane::Setup | Pane::Review => key.code == KeyCode::Tab,
        Pane::Labels => model.keys.action::<EditorAction>(key).is_some(),
        _ => false,
    }
}

fn press_in_welcome(model: &mut Model, key: KeyEvent, chosen: usize) -> Vec<Effect> {
    match key.code {
        KeyCode::Up | KeyCode::Down | KeyCode::Left | KeyCode::Right | KeyCode::Tab | KeyCode::Char('j' | 'k') => {
            model.welcome = Some(1 - chosen);
        }
        KeyCode::Char('1') => return vec![Effect::OpenSamples],
        KeyCode::Enter if chosen == 0 => return vec![Effect::OpenSamples],
        KeyCode::Char('2') | KeyCode::Enter | KeyCode::Esc => model.welcome = None,
        _ => return everywhere(model, key).unwrap_or_default(),
    }
    vec![]
}

/// Carries out keys that every pane knows; none for a key that is not bound there.
fn everywhere(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let pane = match model.keys.action(key)? {
        AppAction::Help => return Some(help::open(model)),
        AppAction::Packs => return Some(packs::open(model)),
        AppAction::Quit => {
            let waits = model.is_busy()
                || model.watch.is_some()
                || model.files.plan.as_ref().is_some_and(|plan| !plan.transfers.is_empty());
            model.question = waits.then_some(Question::Quit);
            return Some(if waits { vec![] } else { vec![Effect::Quit] });
        }
        AppAction::GoInside => return Some(inside::go_inside(model)),
        AppAction::ComeOut => return Some(inside::come_out(model)),
        AppAction::Start => {
            // A run is one of the root's labels.
            let mut effects = inside::come_out_of_all(model);
            effects.extend(start::start(model));
            return Some(effects);
        }
        AppAction::Stop => return Some(stop(model)),
        AppAction::Pause => return Some(pause(model)),
        AppAction::Trust => return Some(trust::ask(model)),
        AppAction::Suspend => return Some(vec![Effect::Suspend]),
        AppAction::NextPane => model.pane.step(1),
        AppAction::PreviousPane => model.pane.step(-1),
        AppAction::Setup => Pane::Setup,
        AppAction::Labels => Pane::Labels,
        AppAction::Review => Pane::Review,
        AppAction::Files => Pane::Files,
        AppAction::Log => Pane::Log,
    };
    Some(panes::go_to(model, pane))
}

fn stop(model: &mut Model) -> Vec<Effect> {
    // A start that waits is none any more.
    let waited = model.setup.begins.take().is_some() | std::mem::take(&mut model.setup.waits_for_count);
    if !model.is_busy() {
        if waited {
            let text = model.language.text("app.stopped");
            model.say(text);
        }
        return watching::stop(model);
    }
    model.is_paused = false;
    let text = model.language.text("app.stopping");
    model.say(text);
    vec![Effect::Stop]
}

/// Pauses the running work, or resumes it.
fn pause(model: &mut Model) -> Vec<Effect> {
    if !model.knows_pause() && model.watch.is_some() {
        return watching::pause(model);
    }
    if !model.is_busy() {
        return vec![];
    }
    if !model.knows_pause() {
        let is_download = matches!(model.work, Work::Downloading { .. });
        let why = if is_download { "app.no_pause_download" } else { "app.no_pause" };
        let text = model.with_keys(why, &[("key", AppAction::Stop.into())]);
        model.say(text);
        return vec![];
    }
    model.is_paused = !model.is_paused;
    let text = match model.is_paused {
        true => model.with_keys("app.pausing", &[("key", AppAction::Pause.into())]),
        false => model.language.text("app.going_on"),
    };
    model.say(text);
    vec![Effect::Pause(model.is_paused)]
}

/// A picture that is looked at is asked for again where its room has changed.
fn look_where_pictures_are(model: &mut Model) -> Vec<Effect> {
    match model.pane {
        Pane::Review => preview::look(model),
        _ => vec![],
    }
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.popup.is_some() {
        chooser::paste(model, text);
        return vec![];
    }
    match model.pane {
        Pane::Setup if model.setup.editing.is_some() => setup::paste(model, text),
        Pane::Labels => labels::paste(model, text),
        Pane::Review => find::paste(model, text),
        _ => vec![],
    }
}

/// Has everything looked up that the fields of the setup name.
pub(super) fn look_up(model: &mut Model) -> Vec<Effect> {
    setup::look_up(model)
}
