//! The setup pane: fields, and the start.

use crossterm::event::{KeyCode, KeyEvent};

use super::panes::go_to;
use super::source_count::check_anew;
use super::{labels, models, start};
use crate::backend::{BackendError, Checked, Order};
use crate::domain::settings::Operation;
use crate::lang::Say;
use crate::tui::action::ListAction;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Field, Model, Pane};

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.setup.editing.is_some() {
        true => edit(model, key),
        false => choose(model, key),
    }
}

fn edit(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let field = model.setup.chosen;
    if field == Field::Model
        && let Some(effects) = models::choose(model, key)
    {
        return effects;
    }
    following_source(model, |model| edit_field(model, key, field))
}

/// Changes fields. A destination that nobody has written goes with the source.
fn following_source(model: &mut Model, change: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    let (follows, before) = (model.setup.follows_source(), model.setup.source.text().to_owned());
    let effects = change(model);
    if model.setup.source.text() != before {
        model.setup.follow_source(follows);
    }
    effects
}

fn edit_field(model: &mut Model, key: KeyEvent, field: Field) -> Vec<Effect> {
    match key.code {
        KeyCode::Enter | KeyCode::Down | KeyCode::Up => {
            model.setup.leave_field();
            model.setup.step(if key.code == KeyCode::Up { -1 } else { 1 });
            left(model, field)
        }
        KeyCode::Esc => {
            let before = model.setup.editing.take().unwrap_or_default();
            if let Some(line) = model.setup.line_mut(field) {
                *line = InputLine::new(before);
            }
            model.setup.leave_field();
            left(model, field)
        }
        KeyCode::Tab if matches!(field, Field::Source | Field::Destination | Field::Model) => {
            let typed = model.setup.line(field).map(|line| line.text().to_owned()).unwrap_or_default();
            vec![Effect::Order(Order::Complete { typed })]
        }
        _ => {
            let pressed = model.setup.line_mut(field).is_some_and(|line| line.press(key));
            if pressed { changed(model, field) } else { vec![] }
        }
    }
}

/// The effects of leaving a field.
fn left(model: &mut Model, field: Field) -> Vec<Effect> {
    match field {
        Field::Model => models::look_up(model),
        field => changed(model, field),
    }
}

/// The effects of another value of a field.
fn changed(model: &mut Model, field: Field) -> Vec<Effect> {
    match field {
        Field::Source | Field::Destination | Field::Recursive => check_anew(model),
        Field::Hidden | Field::Include | Field::Exclude => check_anew(model),
        Field::Model => {
            // A start that waits was for the model that was there.
            model.setup.begins = None;
            models::list(model)
        }
        // Other sentences are other labels to the model.
        Field::Template => {
            model.labels.revision += 1;
            model.files.plan = None;
            labels::rescore(model)
        }
        Field::Threshold | Field::Margin => {
            model.recount();
            model.files.plan = None;
            vec![]
        }
        _ => vec![],
    }
}

/// Has everything looked up that the fields name.
pub(super) fn look_up(model: &mut Model) -> Vec<Effect> {
    let mut effects = check_anew(model);
    effects.extend(models::look_up(model));
    effects
}

/// The source was counted. A start that waited for that goes on.
pub(super) fn checked(model: &mut Model, number: u64, result: Result<Checked, BackendError>) -> Vec<Effect> {
    if number != model.setup.check {
        return vec![];
    }
    model.setup.checked = Some(result.map_err(|error| error.say(&model.language)));
    match std::mem::take(&mut model.setup.waits_for_count) && !model.is_busy() {
        true => start::start(model),
        false => vec![],
    }
}

fn choose(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.keys.action(key) {
        Some(ListAction::Up) => model.setup.step(-1),
        Some(ListAction::Down) => model.setup.step(1),
        Some(ListAction::Enter | ListAction::Toggle) => return open(model),
        Some(ListAction::Install) => return models::ask_install(model),
        Some(ListAction::Repair) => return models::ask_repair(model),
        Some(ListAction::PageUp | ListAction::PageDown) | None => {}
    }
    vec![]
}

/// Begins to edit the field, or switches its value.
fn open(model: &mut Model) -> Vec<Effect> {
    let field = model.setup.chosen;
    match field {
        Field::Labels => {
            let effects = go_to(model, Pane::Labels);
            labels::begin(model);
            effects
        }
        Field::More => {
            model.setup.is_more = !model.setup.is_more;
            vec![]
        }
        Field::Operation => {
            model.setup.operation = match model.setup.operation {
                Operation::Copy => Operation::Move,
                Operation::Move => Operation::Copy,
            };
            model.files.plan = None;
            vec![]
        }
        Field::Recursive => {
            model.setup.recursive = !model.setup.recursive;
            changed(model, field)
        }
        Field::Hidden => {
            model.setup.hidden = !model.setup.hidden;
            changed(model, field)
        }
        Field::Watching => {
            model.setup.watching = model.setup.watching.next();
            vec![]
        }
        Field::Start => start::start(model),
        _ => {
            let text = model.setup.line(field).map(|line| line.text().to_owned());
            model.setup.editing = text;
            if field == Field::Model { models::list(model) } else { vec![] }
        }
    }
}

/// A click on a field: the first chooses it, the second opens it.
pub(super) fn click(model: &mut Model, field: Field) -> Vec<Effect> {
    if model.setup.chosen == field && model.setup.editing.is_none() {
        return open(model);
    }
    model.setup.leave_field();
    model.setup.chosen = field;
    vec![]
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let field = model.setup.chosen;
    following_source(model, |model| {
        if let Some(line) = model.setup.line_mut(field) {
            line.insert(text);
        }
        changed(model, field)
    })
}

/// A path was completed, if it is still the one that is typed.
pub(super) fn completed(model: &mut Model, typed: &str, text: String) -> Vec<Effect> {
    let field = model.setup.chosen;
    following_source(model, |model| {
        if model.setup.editing.is_some()
            && let Some(line) = model.setup.line_mut(field).filter(|line| line.text() == typed && typed != text)
        {
            *line = InputLine::new(text);
            return changed(model, field);
        }
        vec![]
    })
}
