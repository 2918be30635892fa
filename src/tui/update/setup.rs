//! The setup pane: fields, and the start.

use crossterm::event::{KeyCode, KeyEvent};

use super::{go_to, order};
use crate::backend::{ModelChoice, Order};
use crate::domain::hub_model::HubModel;
use crate::domain::settings::Operation;
use crate::lang::Values;
use crate::tui::effect::Effect;
use crate::tui::line::Line;
use crate::tui::model::{Field, Model, Pane, Question, Work};

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match model.setup.editing.is_some() {
        true => edit(model, key),
        false => choose(model, key),
    }
}

fn edit(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let field = model.setup.chosen;
    if field == Field::Model
        && let Some(effects) = choose_model(model, key)
    {
        return effects;
    }
    match key.code {
        KeyCode::Enter | KeyCode::Down | KeyCode::Up => {
            leave_field(model);
            step(model, if key.code == KeyCode::Up { -1 } else { 1 });
            left(model, field)
        }
        KeyCode::Esc => {
            let before = model.setup.editing.take().unwrap_or_default();
            if let Some(line) = model.setup.line_mut(field) {
                *line = Line::new(before);
            }
            leave_field(model);
            left(model, field)
        }
        KeyCode::Tab if matches!(field, Field::Source | Field::Destination | Field::Model) => {
            let typed = model.setup.line(field).map(|line| line.text().to_owned()).unwrap_or_default();
            vec![order(Order::Complete { typed })]
        }
        _ => {
            let pressed = model.setup.line_mut(field).is_some_and(|line| line.press(key));
            if pressed { changed(model, field) } else { vec![] }
        }
    }
}

/// Goes through the models that there are; none for a key that means something else.
fn choose_model(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let setup = &mut model.setup;
    let last = setup.models.len().checked_sub(1)?;
    match (key.code, setup.model_chosen) {
        (KeyCode::Down, None) => setup.model_chosen = Some(0),
        (KeyCode::Down, Some(place)) => setup.model_chosen = Some((place + 1).min(last)),
        (KeyCode::Up, Some(0)) => setup.model_chosen = None,
        (KeyCode::Up, Some(place)) => setup.model_chosen = Some(place - 1),
        (KeyCode::Enter, Some(place)) => {
            setup.model = Line::new(setup.models[place].name.clone());
            leave_field(model);
            step(model, 1);
            return Some(look_up_model(model));
        }
        _ => return None,
    }
    Some(vec![])
}

/// Models came, for what is typed still.
pub(super) fn models(model: &mut Model, typed: &str, found: Vec<ModelChoice>) {
    if model.setup.editing.is_some() && model.setup.chosen == Field::Model && model.setup.model.text() == typed {
        model.setup.models = found;
        model.setup.model_chosen = None;
    }
}

fn list_models(model: &Model) -> Vec<Effect> {
    vec![order(Order::ListModels { typed: model.setup.model.text().to_owned() })]
}

/// The effects of leaving a field.
fn left(model: &mut Model, field: Field) -> Vec<Effect> {
    match field {
        Field::Model => look_up_model(model),
        field => changed(model, field),
    }
}

/// The effects of another value of a field.
fn changed(model: &mut Model, field: Field) -> Vec<Effect> {
    match field {
        Field::Source | Field::Destination | Field::Recursive => check(model),
        Field::Hidden | Field::Include | Field::Exclude => check(model),
        Field::Model => {
            // A start that waits was for the model that was there.
            model.setup.begins = None;
            list_models(model)
        }
        // Other sentences are other labels to the model.
        Field::Template => {
            model.labels.revision += 1;
            model.files.plan = None;
            super::labels::rescore(model)
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
    let mut effects = check(model);
    effects.extend(look_up_model(model));
    effects
}

/// Has the model looked up: where it is, and what is known of it.
pub(super) fn look_up_model(model: &Model) -> Vec<Effect> {
    vec![order(Order::LookUpModel { name: model.setup.model.text().trim().to_owned() })]
}

/// Has the source counted.
pub(super) fn check(model: &mut Model) -> Vec<Effect> {
    model.setup.check += 1;
    model.setup.checked = None;
    let source = model.setup.source.text().trim();
    if source.is_empty() {
        return vec![];
    }
    match model.choice() {
        Ok(choice) => vec![order(Order::Check {
            number: model.setup.check,
            source: source.into(),
            recursive: model.setup.recursive,
            choice,
            destination: model.destination(),
        })],
        Err(problem) => {
            model.setup.checked = Some(Err(problem));
            vec![]
        }
    }
}

fn choose(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let action = model.keys.action(key, &["list"]).unwrap_or_default().to_owned();
    match action.as_str() {
        "list.up" => step(model, -1),
        "list.down" => step(model, 1),
        "list.enter" | "list.toggle" => return open(model),
        "list.install" => return install(model),
        "list.repair" => return repair(model),
        _ => {}
    }
    vec![]
}

/// Installs the runtime that makes this machine faster, where there is one.
fn install(model: &mut Model) -> Vec<Effect> {
    if !model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused || runtime.is_built_in) {
        let text = model.language.text("app.nothing_to_install");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        return busy(model);
    }
    model.question = Some(Question::Install);
    vec![]
}

/// Begins to install.
pub(super) fn begin_install(model: &mut Model) -> Vec<Effect> {
    let gpu = model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused);
    model.work = Work::Installing;
    vec![order(Order::InstallRuntime { gpu })]
}

/// Mends a model of which files in the cache may be damaged.
fn repair(model: &mut Model) -> Vec<Effect> {
    if model.setup.repairable().is_none() {
        let text = model.language.text("app.nothing_to_repair");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        return busy(model);
    }
    model.question = Some(Question::Repair);
    vec![]
}

/// Begins to mend.
pub(super) fn begin_repair(model: &mut Model) -> Vec<Effect> {
    let Some(named) = model.setup.repairable() else { return vec![] };
    model.work = Work::Checking { done: 0, total: 0 };
    vec![order(Order::Repair { model: named })]
}

/// A model's files are as they were published.
pub(super) fn repaired(model: &mut Model, named: &HubModel, was_whole: bool) -> Vec<Effect> {
    model.work = Work::Idle;
    model.is_paused = false;
    let name = named.to_string();
    let could_not_be_used = model.setup.damaged.take_if(|damaged| *damaged == name).is_some();
    let start = model.keys.name("everywhere.start");
    let values: Values<'_> = &[("model", &name), ("key", &start)];
    match (was_whole, could_not_be_used) {
        (false, _) => {
            let text = model.language.say("app.repaired", values);
            model.say(text);
        }
        (true, false) => {
            let text = model.language.say("app.as_published", values);
            model.say(text);
        }
        (true, true) => {
            let text = model.language.say("app.not_usable", values);
            model.say_error(text);
        }
    }
    look_up_model(model)
}

/// Something is running, and one thing is done at a time.
pub(super) fn busy(model: &mut Model) -> Vec<Effect> {
    let text = model.with_keys("app.busy", &[("key", "everywhere.stop")]);
    model.say_error(text);
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
            super::labels::begin(model);
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
        Field::Hidden => {
            model.setup.hidden = !model.setup.hidden;
            changed(model, field)
        }
        Field::Watching => {
            model.setup.watching = model.setup.watching.next();
            vec![]
        }
        Field::Start => super::start::start(model),
        _ => {
            let text = model.setup.line(field).map(|line| line.text().to_owned());
            model.setup.editing = text;
            if field == Field::Model { list_models(model) } else { vec![] }
        }
    }
}

/// A click on a field: the first chooses it, the second opens it.
pub(super) fn click(model: &mut Model, field: Field) -> Vec<Effect> {
    if model.setup.chosen == field && model.setup.editing.is_none() {
        return open(model);
    }
    leave_field(model);
    model.setup.chosen = field;
    vec![]
}

/// Ends editing, and keeps what was typed.
pub(super) fn leave_field(model: &mut Model) {
    model.setup.editing = None;
    model.setup.models.clear();
    model.setup.model_chosen = None;
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let field = model.setup.chosen;
    if let Some(line) = model.setup.line_mut(field) {
        line.insert(text);
    }
    changed(model, field)
}

/// A path was completed, if it is still the one that is typed.
pub(super) fn completed(model: &mut Model, typed: &str, text: String) -> Vec<Effect> {
    let field = model.setup.chosen;
    if model.setup.editing.is_some()
        && let Some(line) = model.setup.line_mut(field).filter(|line| line.text() == typed && typed != text)
    {
        *line = Line::new(text);
        return changed(model, field);
    }
    vec![]
}
