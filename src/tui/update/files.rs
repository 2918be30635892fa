//! The files pane: the plan, apply, undo.

use std::collections::HashMap;
use std::path::PathBuf;

use crossterm::event::KeyEvent;

use super::{scroll, watching};
use crate::backend::{Order, Tally, UndoTally};
use crate::domain::picture::PictureId;
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::jobs::undo::Outlook;
use crate::lang::Values;
use crate::tui::action::{AppAction, FilesAction};
use crate::tui::effect::Effect;
use crate::tui::model::{Done, Model, Pane, Question, Work};

/// Opens the pane, and asks for a plan if there is none.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    let is_wanted = model.files.plan.is_none() || model.files.is_stale;
    match is_wanted && !model.is_busy() && !model.collection.is_empty() {
        true => plan(model),
        false => vec![],
    }
}

fn plan(model: &mut Model) -> Vec<Effect> {
    if model.template().is_none() {
        model.say_error(model.language.text("app.bad_template"));
        return vec![];
    }
    // Scores for other labels would send pictures into wrong folders.
    if !model.is_scored() {
        let sentence = if model.labels.is_fixed { "app.not_scorable" } else { "app.not_scored" };
        let text = model.with_keys(sentence, &[("key", AppAction::Setup.into())]);
        model.say_error(text);
        return vec![];
    }
    let Some(sorting) = model.sorting() else {
        model.say_error(model.language.text("app.not_a_share"));
        return vec![];
    };
    model.work = Work::Planning;
    model.files.is_stale = false;
    let scores = model.collection.entries().iter().enumerate();
    let scores = scores.map(|(index, entry)| (entry.id, model.collection.scores(index).to_vec())).collect();
    vec![Effect::Order(Order::Plan { destination: model.session(), sorting: Box::new(sorting), scores })]
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(action) = model.keys.action(key) else {
        return scroll::press(model, key);
    };
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    match action {
        FilesAction::Apply => ask_apply(model),
        FilesAction::Undo => foresee(model),
        FilesAction::Plan => {
            model.files.plan = None;
            enter(model)
        }
    }
}

/// Asks whether to carry the plan out, with its numbers.
fn ask_apply(model: &mut Model) -> Vec<Effect> {
    let Some(total) = model.files.plan.as_ref().map(|plan| plan.transfers.len()) else { return no_plan(model) };
    if total == 0 {
        match (model.files.gone.len(), model.files.unseen.len()) {
            (0, 0) => model.say(model.language.text("app.nothing_to_apply")),
            (0, count) => model.say_error(model.language.say("app.nothing_but_unseen", &[("count", &count)])),
            (count, _) => model.say_error(model.language.say("app.nothing_but_gone", &[("count", &count)])),
        }
        return vec![];
    }
    model.question = Some(Question::Apply);
    vec![]
}

/// Carries the plan out, after a yes.
pub(super) fn apply(model: &mut Model) -> Vec<Effect> {
    // Something may have begun since it was asked.
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    let Some(total) = model.files.plan.as_ref().map(|plan| plan.transfers.len()) else { return no_plan(model) };
    model.work = Work::Applying { tally: Tally::default(), total };
    let table = model.defaults.output_file.clone();
    vec![Effect::Order(Order::Apply { destination: model.session(), table })]
}

/// Says how to get a plan.
fn no_plan(model: &mut Model) -> Vec<Effect> {
    let text = match model.is_untrusted() {
        true => model.with_keys("app.not_trusted", &[("key", AppAction::Trust.into())]),
        false => model.with_keys("app.press_to_plan", &[("key", FilesAction::Plan.into())]),
    };
    model.say(text);
    vec![]
}

/// Has it looked up what taking back would do, before it is asked about.
fn foresee(model: &mut Model) -> Vec<Effect> {
    if watching::undoes_undo(model) {
        return vec![];
    }
    // The run that was taken back last is done again; otherwise, and where nothing could be, the last run is taken
    // back.
    let run = match model.files.last {
        Some(Done::Undone { own, tally, .. }) if tally.taken_back() > 0 => Some(own),
        _ => None,
    };
    model.work = Work::Foreseeing;
    vec![Effect::Order(Order::Foresee { destination: model.session(), run })]
}

/// It is known what taking a run back would do: that is asked, where somebody still looks at the files.
pub(super) fn foreseen(model: &mut Model, outlook: Outlook, failures: Vec<String>) {
    model.rest();
    model.files.failures = failures;
    if outlook.takes_back() == 0 {
        return say_nothing_back(model, outlook.run, outlook.left);
    }
    if model.pane == Pane::Files && model.popup.is_none() {
        model.question = Some(Question::TakeBack(outlook));
    }
}

/// Says that nothing of a run can be taken back, and what to do about it.
fn say_nothing_back(model: &mut Model, run: RunId, left: usize) {
    let key = model.keys.name(FilesAction::Undo);
    let values: Values<'_> = &[("run", &run.0), ("count", &left), ("key", &key)];
    model.say_error(model.language.say("app.nothing_back", values));
}

/// Takes back what a run did, after a yes.
pub(super) fn take_back(model: &mut Model, run: RunId) -> Vec<Effect> {
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    model.work = Work::Undoing { tally: Tally::default(), total: 0 };
    vec![Effect::Order(Order::Undo { destination: model.session(), run: Some(run) })]
}

/// A plan was made.
pub(super) fn planned(model: &mut Model, plan: Box<Plan>, gone: Vec<PathBuf>, unseen: Vec<PathBuf>) {
    model.rest();
    (model.files.plan, model.files.gone, model.files.unseen) = (Some(plan), gone, unseen);
}

/// So many files were dealt with.
pub(super) fn progress(model: &mut Model, now: Tally, all: usize) {
    if let Work::Applying { tally, total } | Work::Undoing { tally, total } = &mut model.work {
        (*tally, *total) = (now, all);
    }
}

/// A plan was carried out, as far as it was.
pub(super) fn applied(
    model: &mut Model,
    (run, tally, total): (Option<RunId>, Tally, usize),
    failures: Vec<String>,
    head: String,
) {
    transferred(model, Done::Applied { run, tally, total }, failures, head);
    let failed = tally.failed - tally.kept;
    let values: Values<'_> = &[("done", &tally.done), ("present", &tally.present), ("failed", &failed)];
    let key = if tally.present > 0 { "app.applied_present" } else { "app.applied" };
    let text = model.language.say(key, values);
    let text = with_count(model, text, "app.sources_kept", tally.kept);
    model.say(with_count(model, text, "classify.unkept", tally.unkept));
}

/// A run was taken back, as far as it was.
pub(super) fn undone(
    model: &mut Model,
    (run, own, tally): (RunId, RunId, UndoTally),
    failures: Vec<String>,
    head: String,
) {
    transferred(model, Done::Undone { run, own, tally }, failures, head);
    let UndoTally { back, removed, gone, left, unkept } = tally;
    if tally.taken_back() == 0 {
        return say_nothing_back(model, run, left);
    }
    let values: Values<'_> = &[("run", &run.0), ("back", &back), ("removed", &removed), ("left", &left)];
    let (key, is_whole) = match left {
        0 => ("app.undone", true),
        _ => ("app.undone_partly", false),
    };
    let text = with_count(model, model.language.say(key, values), "undo.gone", gone);
    let text = with_count(model, text, "undo.unkept", unkept);
    match is_whole && unkept == 0 {
        true => model.say(text),
        false => model.say_error(text),
    }
}

/// Files were copied, moved or taken back: the plan is used up.
fn transferred(model: &mut Model, done: Done, failures: Vec<String>, head: String) {
    model.rest();
    model.files.plan = None;
    model.files.last = Some(done);
    (model.files.failures, model.files.head) = (failures, Some(head));
}

/// A sentence, and after it another one of so many files, if there are any.
fn with_count(model: &Model, text: String, key: &str, count: usize) -> String {
    match count {
        0 => text,
        count => format!("{text} {}", model.language.say(key, &[("count", &count)])),
    }
}

/// Pictures are in these folders of the destination now.
pub(super) fn placed(model: &mut Model, folders: Vec<(PictureId, Option<String>)>) {
    let mut places: HashMap<_, _> = folders.into_iter().collect();
    let entries = model.collection.entries().iter();
    let folders = entries.map(|entry| places.remove(&entry.id).flatten()).collect();
    model.collection.set_places(folders);
}
