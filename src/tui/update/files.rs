//! The files pane: the plan, apply, undo.

use crossterm::event::KeyEvent;

use super::order;
use crate::backend::{Order, Tally};
use crate::store::session::Sorting;
use crate::tui::effect::Effect;
use crate::tui::model::{Done, Model, Work};

/// Opens the pane: what would happen is worked out, if that is not known.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    let is_wanted = model.files.plan.is_none() || model.files.is_stale;
    match is_wanted && !model.is_busy() && !model.collection.is_empty() {
        true => plan(model),
        false => vec![],
    }
}

fn plan(model: &mut Model) -> Vec<Effect> {
    let Some(template) = model.template() else {
        let text = model.language.text("app.bad_template");
        model.say_error(text);
        return vec![];
    };
    // Scores for other labels would send pictures into wrong folders.
    if !model.is_scored() {
        let sentence = if model.labels.is_fixed { "app.not_scorable" } else { "app.not_scored" };
        let text = model.with_keys(sentence, &[("key", "everywhere.setup")]);
        model.say_error(text);
        return vec![];
    }
    model.work = Work::Planning;
    model.files.is_stale = false;
    let sure = model.sure();
    let sorting = Sorting {
        labels: model.labels.current.clone(),
        template: template.text(),
        threshold: sure.threshold,
        margin: sure.margin,
        operation: model.setup.operation,
    };
    let scores = model.collection.entries().iter().enumerate();
    let scores = scores.map(|(index, entry)| (entry.id, model.collection.scores(index).to_vec())).collect();
    vec![order(Order::Plan { destination: model.session(), sorting: Box::new(sorting), scores })]
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(action) = model.keys.action(key, &["files"]).map(str::to_owned) else {
        return super::scroll_by_key(model, key);
    };
    if model.is_busy() {
        return super::setup::busy(model);
    }
    match action.as_str() {
        "files.apply" => apply(model),
        "files.undo" => undo(model),
        "files.plan" => {
            model.files.plan = None;
            enter(model)
        }
        _ => vec![],
    }
}

fn apply(model: &mut Model) -> Vec<Effect> {
    let Some(total) = model.files.plan.as_ref().map(|plan| plan.transfers.len()) else { return no_plan(model) };
    if total == 0 {
        match (model.files.gone.len(), model.files.unseen.len()) {
            (0, 0) => model.say(model.language.text("app.nothing_to_apply")),
            (0, count) => model.say_error(model.language.say("app.nothing_but_unseen", &[("count", &count)])),
            (count, _) => model.say_error(model.language.say("app.nothing_but_gone", &[("count", &count)])),
        }
        return vec![];
    }
    model.work = Work::Applying { tally: Tally::default(), total };
    let table = model.defaults.output_file.clone();
    vec![order(Order::Apply { destination: model.session(), table })]
}

/// There is no plan, so that nothing is known of what is to be done.
fn no_plan(model: &mut Model) -> Vec<Effect> {
    let text = match model.untrusted.is_some() {
        true => model.with_keys("app.not_trusted", &[("key", "everywhere.trust")]),
        false => model.with_keys("app.press_to_plan", &[("key", "files.plan")]),
    };
    model.say(text);
    vec![]
}

fn undo(model: &mut Model) -> Vec<Effect> {
    if super::watching::undoes_undo(model) {
        return vec![];
    }
    // The run that was taken back last is done again; otherwise, and where nothing could be, the last run is taken
    // back.
    let run = match model.files.last {
        Some(Done::Undone { own, tally, .. }) if tally.taken_back() > 0 => Some(own),
        _ => None,
    };
    model.work = Work::Undoing { tally: Tally::default(), total: 0 };
    vec![order(Order::Undo { destination: model.session(), run })]
}
