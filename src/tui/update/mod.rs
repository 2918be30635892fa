//! What a message does to the state, and what is to be done outside. Pure: the same state and message give the same.

mod files;
mod labels;
mod review;
mod setup;
mod told;

use crossterm::event::{KeyCode, KeyEvent};

use super::effect::Effect;
use super::message::Message;
use super::model::{Model, Pane};
use crate::jobs::crew::Order;

/// Changes the model as a message says.
pub(super) fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press(model, key),
        Message::Paste(text) => paste(model, &text),
        Message::Told(event) => told::told(model, event),
        Message::Completed(text) => setup::completed(model, text),
        Message::Leave => vec![Effect::Stop, Effect::Quit],
    }
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.asks_to_quit {
        model.asks_to_quit = false;
        let yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
        return if yes { vec![Effect::Stop, Effect::Quit] } else { vec![] };
    }
    if model.help {
        model.help = false;
        return vec![];
    }
    if let Some(chosen) = model.doors {
        return at_the_doors(model, key, chosen);
    }
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
        Pane::Log => vec![],
    }
}

/// Tab completes a path that is being typed.
fn is_for_editor(model: &Model, key: KeyEvent) -> bool {
    model.pane == Pane::Setup && key.code == KeyCode::Tab
}

fn at_the_doors(model: &mut Model, key: KeyEvent, chosen: usize) -> Vec<Effect> {
    match key.code {
        KeyCode::Up | KeyCode::Down | KeyCode::Left | KeyCode::Right | KeyCode::Tab | KeyCode::Char('j' | 'k') => {
            model.doors = Some(1 - chosen);
        }
        KeyCode::Char('1') => return vec![Effect::OpenSamples],
        KeyCode::Enter if chosen == 0 => return vec![Effect::OpenSamples],
        KeyCode::Char('2') | KeyCode::Enter | KeyCode::Esc => model.doors = None,
        _ => return everywhere(model, key).unwrap_or_default(),
    }
    vec![]
}

/// What keys do in every pane; nothing for a key that is not bound there.
fn everywhere(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let action = model.keys.action(key, &["everywhere"])?.to_owned();
    let pane = match action.as_str() {
        "everywhere.help" => {
            model.help = true;
            return Some(vec![]);
        }
        "everywhere.quit" => {
            let waits = model.is_busy() || model.files.plan.as_ref().is_some_and(|plan| !plan.transfers.is_empty());
            model.asks_to_quit = waits;
            return Some(if waits { vec![] } else { vec![Effect::Quit] });
        }
        "everywhere.start" => return Some(setup::start(model)),
        "everywhere.stop" => return Some(stop(model)),
        "everywhere.suspend" => return Some(vec![Effect::Suspend]),
        "everywhere.next_pane" => model.pane.step(1),
        "everywhere.previous_pane" => model.pane.step(-1),
        "everywhere.setup" => Pane::Setup,
        "everywhere.labels" => Pane::Labels,
        "everywhere.review" => Pane::Review,
        "everywhere.files" => Pane::Files,
        _ => Pane::Log,
    };
    Some(go_to(model, pane))
}

/// Opens a pane.
pub(super) fn go_to(model: &mut Model, pane: Pane) -> Vec<Effect> {
    setup::leave_field(model);
    model.labels.is_editing = false;
    model.review.finding = None;
    model.pane = pane;
    match pane {
        Pane::Review => review::enter(model),
        Pane::Files => files::enter(model),
        Pane::Setup | Pane::Labels | Pane::Log => vec![],
    }
}

fn stop(model: &mut Model) -> Vec<Effect> {
    if !model.is_busy() {
        return vec![];
    }
    let text = model.language.text("app.stopping");
    model.say(text);
    vec![Effect::Stop]
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match model.pane {
        Pane::Setup if model.setup.editing.is_some() => setup::paste(model, text),
        Pane::Labels => labels::paste(model, text),
        Pane::Review => {
            if let Some(line) = model.review.finding.as_mut() {
                line.insert(text);
            }
            vec![]
        }
        _ => vec![],
    }
}

/// Has the source of the setup counted.
pub(super) fn check_source(model: &mut Model) -> Vec<Effect> {
    setup::check(model)
}

fn order(order: Order) -> Effect {
    Effect::Order(order)
}
