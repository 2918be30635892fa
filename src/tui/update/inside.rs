//! Into a label, to sort its pictures by labels inside it, and back out.

use super::{files, find, labels, marks, preview, queue};
use crate::backend::Order;
use crate::domain::decision::LabelId;
use crate::domain::label;
use crate::domain::printable::printable_text;
use crate::domain::review::QueueFilter;
use crate::lang::Values;
use crate::store::session::Sorting;
use crate::tui::action::AppAction;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane};

/// Goes inside the label in hand: that of the line under the cursor, of the filter, or of the picture.
pub(super) fn go_inside(model: &mut Model) -> Vec<Effect> {
    if model.is_busy() {
        model.say_busy();
        return vec![];
    }
    if model.watch.is_some() {
        model.say_error(model.language.text("app.inside_while_watching"));
        return vec![];
    }
    if !model.is_scored() || model.labels.is_fixed {
        let text = model.with_keys("app.not_scorable_inside", &[("key", AppAction::Start.into())]);
        model.say_error(text);
        return vec![];
    }
    let Some(label) = in_hand(model) else {
        model.say_error(model.language.text("app.no_label_in_hand"));
        return vec![];
    };
    let known = model.labels.inside.get(&label).map(|sorting| sorting.labels.clone()).unwrap_or_default();
    model.collection.go_inside(label, model.sure());
    model.labels.go_inside(label, model.review.filter);
    model.become_labels(known);
    let mut effects = arranged(model, QueueFilter::All);
    let (name, count) = (within_name(model), model.counts.pictures());
    let out = model.keys.name(AppAction::ComeOut);
    let values: Values<'_> = &[("label", &name), ("count", &count), ("out", &out)];
    match model.labels.current.is_empty() {
        true => {
            (model.pane, model.scroll) = (Pane::Labels, 0);
            labels::begin(model);
            model.say(model.language.say("app.inside_write_labels", values));
        }
        false => {
            effects.extend(labels::rescore(model));
            model.say(model.language.say("app.inside", values));
        }
    }
    effects
}

/// The label that a person has before the eyes.
fn in_hand(model: &Model) -> Option<LabelId> {
    let place = match (model.pane, model.review.filter) {
        (Pane::Labels, _) => {
            let editor = &model.labels.editor;
            let line = editor.lines().get(editor.cursor().0)?;
            let text = label::in_line(line).ok().flatten()?.text;
            model.labels.current.iter().position(|label| label.text == text)?
        }
        (Pane::Review, QueueFilter::Label(label)) => label,
        (Pane::Review, _) => {
            model.review.current().and_then(|index| model.collection.standing(index, model.sure())?.label())?
        }
        (Pane::Setup | Pane::Files | Pane::Log, _) => return None,
    };
    model.labels.numbers.get(place).copied()
}

/// The label inside which the editor's are, as people read it.
fn within_name(model: &Model) -> String {
    let label = model.labels.outside.last().and_then(|outside| model.labels.text_of(outside.label));
    label.map(printable_text).unwrap_or_default()
}

/// Goes back out of a label. What its pictures are sorted by inside is kept.
pub(super) fn come_out(model: &mut Model) -> Vec<Effect> {
    if model.labels.outside.is_empty() {
        model.say(model.language.text("app.is_outside"));
        return vec![];
    }
    let mut effects = labels::end(model);
    effects.extend(keep(model));
    let Some((_, filter)) = model.labels.come_out() else { return effects };
    model.collection.come_out();
    effects.extend(arranged(model, filter));
    effects.extend(labels::rescore(model));
    effects
}

/// Goes out of all labels.
pub(super) fn come_out_of_all(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![];
    while !model.labels.outside.is_empty() {
        effects.extend(come_out(model));
    }
    effects
}

/// Counts and queue after the labels and the pictures are others. Scores are asked for by whoever calls this.
fn arranged(model: &mut Model, filter: QueueFilter) -> Vec<Effect> {
    model.collection.rescore(model.labels.numbers.clone(), vec![]);
    model.files.plan = None;
    model.review.filter = filter;
    // The filters of labels, there and in what was looked for, were those of other labels.
    model.review.filter_before = QueueFilter::All;
    find::forget(model);
    model.recount();
    marks::clear(model);
    let effects = queue::again(model);
    // Nothing is scored yet, so that this is no order to look at pictures in.
    model.review.is_begun = false;
    effects
}

/// Has the finer sort of the screen written into the session. One that is as it was goes on as it was kept.
fn keep(model: &mut Model) -> Vec<Effect> {
    let Some(label) = model.labels.outside.last().map(|outside| outside.label) else { return vec![] };
    if model.labels.current.is_empty() {
        return vec![];
    }
    let Some(sorting) = model.sorting().filter(|_| model.is_scored()) else {
        let text = model.language.say("app.inside_not_kept", &[("label", &within_name(model))]);
        model.say_error(text);
        return vec![];
    };
    let is_as_it_was = |known: &&Sorting| known.labels == sorting.labels && known.template == sorting.template;
    let sorting = model.labels.inside.get(&label).filter(is_as_it_was).cloned().unwrap_or(sorting);
    model.labels.inside.insert(label, sorting.clone());
    let entries = model.collection.entries().iter().enumerate().filter(|(index, _)| model.collection.is_here(*index));
    let scores = entries.map(|(index, entry)| (entry.id, model.collection.scores(index).to_vec())).collect();
    let within = model.labels.key_of(label).unwrap_or_default().to_owned();
    let destination = model.session();
    vec![Effect::Order(Order::Narrow { destination, within, sorting: Box::new(sorting), scores })]
}

/// Everything was scored with the labels of a revision: a plan that waited for that is made.
pub(super) fn rescored(model: &mut Model, revision: u64, scores: Vec<f32>) -> Vec<Effect> {
    let had_scores = has_scores(model);
    labels::rescored(model, revision, scores);
    let mut effects = vec![];
    // The queue was made of what is decided alone.
    if !had_scores && has_scores(model) {
        queue::remake(model);
        effects = preview::look(model);
    }
    let is_wanted = model.files.waits_for_scores && model.is_scored() && model.labels.outside.is_empty();
    if is_wanted {
        model.files.waits_for_scores = false;
        if model.pane == Pane::Files {
            effects.extend(files::enter(model));
        }
    }
    effects
}

fn has_scores(model: &Model) -> bool {
    (0..model.collection.len()).any(|index| model.collection.best(index).is_some())
}

/// The session sorts inside these labels, by their keys.
pub(super) fn told(model: &mut Model, told: Vec<(String, Sorting)>) {
    model.labels.inside = told.into_iter().map(|(key, sorting)| (model.told_label(&key), sorting)).collect();
}
