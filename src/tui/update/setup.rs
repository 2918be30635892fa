//! The setup pane: fields, and the start.

use crossterm::event::{KeyCode, KeyEvent};

use super::{go_to, order};
use crate::domain::collection::Collection;
use crate::domain::settings::Operation;
use crate::jobs::crew::Order;
use crate::tui::effect::Effect;
use crate::tui::model::{Field, Model, Pane, Review, Work};

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.setup.editing.is_some() {
        true => edit(model, key),
        false => choose(model, key),
    }
}

fn edit(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let field = model.setup.chosen;
    match key.code {
        KeyCode::Enter | KeyCode::Down | KeyCode::Up => {
            leave_field(model);
            step(model, if key.code == KeyCode::Up { -1 } else { 1 });
            changed(model, field)
        }
        KeyCode::Esc => {
            let before = model.setup.editing.take().unwrap_or_default();
            if let Some(line) = model.setup.line_mut(field) {
                *line = crate::tui::line::Line::new(before);
            }
            changed(model, field)
        }
        KeyCode::Tab if matches!(field, Field::Source | Field::Destination | Field::Model) => {
            let text = model.setup.line(field).map(|line| line.text().to_owned()).unwrap_or_default();
            vec![Effect::Complete(text)]
        }
        _ => {
            let pressed = model.setup.line_mut(field).is_some_and(|line| line.press(key));
            if pressed { changed(model, field) } else { vec![] }
        }
    }
}

/// What follows from another value of a field.
fn changed(model: &mut Model, field: Field) -> Vec<Effect> {
    match field {
        Field::Source | Field::Destination | Field::Recursive => check(model),
        Field::Template => super::labels::rescore(model),
        Field::Threshold | Field::Margin => {
            model.recount();
            model.files.plan = None;
            vec![]
        }
        _ => vec![],
    }
}

/// Has the source counted.
pub(super) fn check(model: &mut Model) -> Vec<Effect> {
    model.setup.check += 1;
    model.setup.checked = None;
    let source = model.setup.source.text().trim();
    if source.is_empty() {
        return vec![];
    }
    vec![order(Order::Check {
        number: model.setup.check,
        source: source.into(),
        recursive: model.setup.recursive,
        destination: model.destination(),
    })]
}

fn choose(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let action = model.keys.action(key, &["list"]).unwrap_or_default().to_owned();
    match action.as_str() {
        "list.up" => step(model, -1),
        "list.down" => step(model, 1),
        "list.enter" | "list.toggle" => return open(model),
        _ => {}
    }
    vec![]
}

fn step(model: &mut Model, by: isize) {
    let place = Field::ALL.iter().position(|field| *field == model.setup.chosen).unwrap_or(0) as isize;
    let place = (place + by).clamp(0, Field::ALL.len() as isize - 1);
    model.setup.chosen = Field::ALL[place as usize];
}

/// Begins to edit the field, or changes what has two values.
fn open(model: &mut Model) -> Vec<Effect> {
    let field = model.setup.chosen;
    match field {
        Field::Labels => {
            let effects = go_to(model, Pane::Labels);
            model.labels.is_editing = true;
            effects
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
        Field::Start => start(model),
        _ => {
            let text = model.setup.line(field).map(|line| line.text().to_owned());
            model.setup.editing = text;
            vec![]
        }
    }
}

/// Ends editing, and keeps what was typed.
pub(super) fn leave_field(model: &mut Model) {
    model.setup.editing = None;
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let field = model.setup.chosen;
    if let Some(line) = model.setup.line_mut(field) {
        line.insert(text);
    }
    changed(model, field)
}

pub(super) fn completed(model: &mut Model, text: String) -> Vec<Effect> {
    let field = model.setup.chosen;
    if model.setup.editing.is_some()
        && let Some(line) = model.setup.line_mut(field)
    {
        *line = crate::tui::line::Line::new(text);
        return changed(model, field);
    }
    vec![]
}

/// Begins to classify.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    leave_field(model);
    if model.is_busy() {
        let text = model.language.text("app.busy");
        model.say_error(text);
        return vec![];
    }
    let settings = match model.settings() {
        Ok(settings) => settings,
        Err(problem) => {
            model.say_error(problem);
            return vec![];
        }
    };
    model.session = Some(settings.destination.clone());
    model.collection = Collection::default();
    model.review = Review { order: model.review.order, filter: model.review.filter, ..Review::default() };
    model.files = crate::tui::model::Files::default();
    model.work = Work::Classifying { files: 0, others: 0 };
    model.labels.scored = 0;
    model.recount();
    let mut effects =
        vec![order(Order::Classify { settings: Box::new(settings), table: model.defaults.output_file.clone() })];
    effects.extend(super::labels::rescore(model));
    effects.push(Effect::Keep(values(model)));
    effects.extend(go_to(model, Pane::Labels));
    effects
}

/// What is kept for the next start.
fn values(model: &Model) -> Vec<(&'static str, String)> {
    let setup = &model.setup;
    let operation = match setup.operation {
        Operation::Copy => "copy",
        Operation::Move => "move",
    };
    vec![
        ("source", setup.source.text().to_owned()),
        ("destination", setup.destination.text().to_owned()),
        ("model", setup.model.text().to_owned()),
        ("labels", model.labels.editor.lines().join("\n")),
        ("template", setup.template.text().to_owned()),
        ("threshold", setup.threshold.text().to_owned()),
        ("margin", setup.margin.text().to_owned()),
        ("operation", operation.to_owned()),
        ("recursive", setup.recursive.to_string()),
    ]
}
