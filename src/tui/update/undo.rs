//! Decisions are taken back and made again, step by step. The picture that a step was about comes to the screen, and a
//! line says what it is again.

use super::decisions::{after_decisions, counted, keep, set};
use super::go_to::bring;
use super::preview;
use crate::backend::{DecisionStep, NamedDecision};
use crate::domain::decision::Decision;
use crate::domain::history::{Change, Changes, History, Step, StepKind};
use crate::tui::action::{AppAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Question, Work};

/// Takes the last step back. Asks first where it was made before the session was opened.
pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    if waits_for_pictures(model) || is_outside(model, model.review.history.next_to_take_back().cloned()) {
        return vec![];
    }
    if model.review.history.is_next_earlier() {
        model.question = Some(Question::TakeBackEarlier);
        return vec![];
    }
    take_back(model)
}

/// The answer was yes: from here on the steps of before are taken back like others.
pub(super) fn undo_earlier(model: &mut Model) -> Vec<Effect> {
    if waits_for_pictures(model) {
        return vec![];
    }
    model.review.history.allow_earlier();
    take_back(model)
}

fn take_back(model: &mut Model) -> Vec<Effect> {
    let Some(changes) = model.review.history.to_take_back() else {
        let text = model.language.text("app.nothing_to_take_back");
        model.say(text);
        return vec![];
    };
    let (inverse, effects) = put_back(model, StepKind::Undo, changes);
    model.review.history.taken_back(inverse);
    effects
}

/// Makes the step again that was taken back last.
pub(super) fn redo(model: &mut Model) -> Vec<Effect> {
    if waits_for_pictures(model) || is_outside(model, model.review.history.next_to_do_again().cloned()) {
        return vec![];
    }
    let Some(changes) = model.review.history.to_do_again() else {
        let text = model.language.text("app.nothing_to_do_again");
        model.say(text);
        return vec![];
    };
    let (inverse, effects) = put_back(model, StepKind::Redo, changes);
    model.review.history.done_again(inverse);
    effects
}

/// Inside a label, true where none of a step's pictures is there: nobody would see what it changes. Says how to get to
/// them.
fn is_outside(model: &mut Model, changes: Option<Changes>) -> bool {
    if model.labels.outside.is_empty() {
        return false;
    }
    let places: Vec<usize> =
        changes.into_iter().flatten().filter_map(|change| model.collection.place_of(change.picture)).collect();
    let is_outside = !places.is_empty() && !places.iter().any(|index| model.collection.is_here(*index));
    if is_outside {
        model.say_error(model.with_keys("app.step_outside", &[("key", AppAction::ComeOut.into())]));
    }
    is_outside
}

/// Pictures still come, and a step may be about some of them: it is taken back whole or not at all.
fn waits_for_pictures(model: &mut Model) -> bool {
    let comes = matches!(model.work, Work::Classifying { .. } | Work::Opening);
    // The pictures of before a run that has not begun are all there.
    let waits = comes && model.ordered.is_none();
    if waits {
        let text = model.language.text("app.undo_waits");
        model.say(text);
    }
    waits
}

fn put_back(model: &mut Model, kind: StepKind, changes: Changes) -> (Changes, Vec<Effect>) {
    // Pictures of the session that are not in the source any more are not here.
    let all = changes.len();
    let here = changes.into_iter().filter_map(|change| Some((model.collection.place_of(change.picture)?, change)));
    // A decision that somebody else has made since is theirs.
    let stands = |index: usize, change: &Change| model.collection.entries()[index].decision == change.is;
    let (own, overtaken): (Vec<_>, Vec<_>) = here.partition(|(index, change)| stands(*index, change));
    let elsewhere = all - own.len() - overtaken.len();
    let said: Vec<(usize, Option<Decision>)> = own.into_iter().map(|(index, change)| (index, change.was)).collect();
    let inverse = set(model, said.iter().copied());
    after_decisions(model);
    let mut effects = vec![];
    let mut told = vec![];
    if let Some((first, _)) = said.first() {
        effects.push(keep(model, kind, said.iter().map(|(index, _)| *index)));
        told.push(came_back(model, kind, &inverse));
        if bring(model, *first) {
            told.push(model.language.text("app.filter_left"));
        }
        effects.extend(preview::look(model));
    }
    if elsewhere > 0 {
        told.push(model.language.say("app.step_elsewhere", &[("count", &elsewhere)]));
    }
    let text = told.join(" ");
    match overtaken.len() {
        0 => model.show(text),
        count => {
            let theirs = model.language.say("app.decided_by_others", &[("count", &count)]);
            model.say_error(if text.is_empty() { theirs } else { format!("{text} {theirs}") });
        }
    }
    (inverse, effects)
}

/// A sentence on the changes of a step.
fn came_back(model: &Model, kind: StepKind, changes: &Changes) -> String {
    let key = model.keys.name(if kind == StepKind::Undo { ReviewAction::Redo } else { ReviewAction::Undo });
    match changes.as_slice() {
        [change] => {
            let name = model.collection.place_of(change.picture).map(|index| model.file_name(index));
            let (name, was, is) =
                (name.unwrap_or_default(), model.decision_name(change.was), model.decision_name(change.is));
            let values: crate::lang::Values<'_> = &[("name", &name), ("was", &was), ("is", &is), ("key", &key)];
            model.language.say("app.came_back", values)
        }
        changes => {
            let what = counted(model, changes.iter().map(|change| change.is));
            let values: crate::lang::Values<'_> = &[("count", &changes.len()), ("what", &what), ("key", &key)];
            model.language.say("app.came_back_many", values)
        }
    }
}

/// Takes over the decisions made in a session before, step by step, so that they can be taken back.
pub(super) fn remember(model: &mut Model, steps: Vec<DecisionStep>) {
    let steps: Vec<Step> = steps
        .into_iter()
        .map(|DecisionStep { kind, said }| {
            let said = said.into_iter().map(|(picture, said)| (picture, said.map(|said| decision_of(model, said))));
            Step { kind, said: said.collect() }
        })
        .collect();
    model.review.history = History::of(steps);
}

/// Decisions of another session were copied into this one.
pub(super) fn taken_over(model: &mut Model, step: DecisionStep) {
    let count = step.said.len();
    let mut said = Vec::with_capacity(count);
    for (picture, word) in step.said {
        let decision = word.map(|word| decision_of(model, word));
        // A decision that a person has made meanwhile stays.
        let place = model.collection.place_of(picture);
        let open = place.filter(|place| model.collection.entries()[*place].decision.is_none());
        said.extend(open.map(|place| (place, decision)));
    }
    let changes = set(model, said);
    model.review.history.decided(changes);
    after_decisions(model);
    model.say(model.language.say("app.taken_over", &[("count", &count)]));
    if model.watch.is_some() {
        // A watch takes them over when everything that was there is classified.
        model.takes_from = None;
    }
}

fn decision_of(model: &mut Model, said: NamedDecision) -> Decision {
    match said {
        NamedDecision::Accepted(key) => Decision::Accepted(model.told_label(&key)),
        NamedDecision::Reassigned(key) => Decision::Reassigned(model.told_label(&key)),
        NamedDecision::NoneInside(key) => Decision::NoneInside(model.told_label(&key)),
        NamedDecision::NoneOfThese => Decision::NoneOfThese,
        NamedDecision::Skipped => Decision::Skipped,
    }
}
