//! The model of the setup: chosen, looked up, downloaded, mended; and the runtime that computes it.

use crossterm::event::{KeyCode, KeyEvent};

use crate::backend::{BackendError, ModelChoice, Order};
use crate::domain::hub_model::HubModel;
use crate::lang::Values;
use crate::tui::action::AppAction;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Field, Model, Question, Runtime, Work};

/// Goes through the models that there are; none for a key that means something else.
pub(super) fn choose(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    let setup = &mut model.setup;
    let last = setup.models.len().checked_sub(1)?;
    match (key.code, setup.model_chosen) {
        (KeyCode::Down, None) => setup.model_chosen = Some(0),
        (KeyCode::Down, Some(place)) => setup.model_chosen = Some((place + 1).min(last)),
        (KeyCode::Up, Some(0)) => setup.model_chosen = None,
        (KeyCode::Up, Some(place)) => setup.model_chosen = Some(place - 1),
        (KeyCode::Enter, Some(place)) => {
            setup.model = InputLine::new(setup.models[place].name.clone());
            model.setup.leave_field();
            model.setup.step(1);
            return Some(look_up(model));
        }
        _ => return None,
    }
    Some(vec![])
}

/// A list of models came. It is stale if the text of the field has changed.
pub(super) fn listed(model: &mut Model, typed: &str, found: Vec<ModelChoice>) {
    if model.setup.editing.is_some() && model.setup.chosen == Field::Model && model.setup.model.text() == typed {
        model.setup.models = found;
        model.setup.model_chosen = None;
    }
}

/// Asks for the models that there are.
pub(super) fn list(model: &Model) -> Vec<Effect> {
    vec![Effect::Order(Order::ListModels { typed: model.setup.model.text().to_owned() })]
}

/// Asks where the model is.
pub(super) fn look_up(model: &Model) -> Vec<Effect> {
    vec![Effect::Order(Order::LookUpModel { name: model.setup.model.text().trim().to_owned() })]
}

/// A model is being downloaded.
pub(super) fn downloading(model: &mut Model, done: u64, total: u64, per_second: Option<f64>) {
    model.work = Work::Downloading { done, total, per_second };
    model.is_paused = false;
}

/// All of it is there, and the run goes on.
pub(super) fn downloaded(model: &mut Model) -> Vec<Effect> {
    model.work = Work::Classifying { files: 0, others: 0 };
    look_up(model)
}

/// Its files are being looked through.
pub(super) fn checking(model: &mut Model, done: u64, total: u64) {
    model.work = Work::Checking { done, total };
}

/// The runtime was chosen.
pub(super) fn runtime_chosen(model: &mut Model, name: String, device: String, is_built_in: bool, is_gpu_unused: bool) {
    model.runtime = Some(Runtime { name, device, is_built_in, is_gpu_unused });
}

/// The model was opened. Its device or precision may differ from the runtime's.
pub(super) fn opened(model: &mut Model, device: String) {
    if let Some(runtime) = &mut model.runtime {
        runtime.device = device;
    }
}

/// Installs the runtime that makes this machine faster, where there is one.
pub(super) fn ask_install(model: &mut Model) -> Vec<Effect> {
    if !model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused || runtime.is_built_in) {
        let text = model.language.text("app.nothing_to_install");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    model.question = Some(Question::Install);
    vec![]
}

/// Begins to install.
pub(super) fn begin_install(model: &mut Model) -> Vec<Effect> {
    let gpu = model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused);
    model.work = Work::Installing;
    vec![Effect::Order(Order::InstallRuntime { gpu })]
}

/// The runtime is there.
pub(super) fn installed(model: &mut Model, version: &str, is_for_later: bool) {
    model.rest();
    let key = if is_for_later { "app.installed_for_later" } else { "app.installed" };
    model.say(model.language.say(key, &[("version", &version)]));
}

/// Mends a model of which files in the cache may be damaged.
pub(super) fn ask_repair(model: &mut Model) -> Vec<Effect> {
    if model.setup.repairable().is_none() {
        let text = model.language.text("app.nothing_to_repair");
        model.say(text);
        return vec![];
    }
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    model.question = Some(Question::Repair);
    vec![]
}

/// Begins to mend.
pub(super) fn begin_repair(model: &mut Model) -> Vec<Effect> {
    let Some(named) = model.setup.repairable() else { return vec![] };
    model.work = Work::Checking { done: 0, total: 0 };
    vec![Effect::Order(Order::Repair { model: named })]
}

/// A model's files are as they were published.
pub(super) fn repaired(model: &mut Model, named: &HubModel, was_whole: bool) -> Vec<Effect> {
    model.rest();
    let name = named.to_string();
    let could_not_be_used = model.setup.damaged.take_if(|damaged| *damaged == name).is_some();
    let start = model.keys.name(AppAction::Start);
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
    look_up(model)
}

/// The setup offers to mend a model where that may help.
pub(super) fn note_damage(model: &mut Model, error: &BackendError) {
    if let Some(named) = error.damaged_model() {
        model.setup.damaged = Some(named.to_string());
    }
}
