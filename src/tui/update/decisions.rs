//! Decisions of people, and taking them back.

use std::collections::HashSet;

use super::preview;
use super::queue::go;
use crate::backend::{DecisionStep, NamedDecision, Order};
use crate::domain::decision::Decision;
use crate::domain::history::{Change, Changes, History, Step, StepKind};
use crate::domain::picture::PictureId;
use crate::tui::action::ReviewAction;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Work};

pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    decide(model, |model, index| {
        // Only scores on the screen can be accepted, and scores of former labels are not shown.
        let best = model.collection.best(index).filter(|_| model.is_scored())?;
        let label = model.collection.labels().get(best.label)?;
        Some(Decision::Accepted(*label))
    })
}

pub(super) fn reassign(model: &mut Model, label: usize) -> Vec<Effect> {
    let Some(number) = model.labels.numbers.get(label).copied() else {
        let key = model.keys.name(ReviewAction::Labels);
        let values: crate::lang::Values<'_> = &[("count", &model.labels.numbers.len()), ("key", &key)];
        let text = model.language.say("app.no_such_label", values);
        model.say_error(text);
        return vec![];
    };
    decide(model, |model, index| {
        let best = model.collection.best(index).filter(|_| model.is_scored());
        let predicted = best.and_then(|best| model.collection.labels().get(best.label));
        Some(if predicted == Some(&number) { Decision::Accepted(number) } else { Decision::Reassigned(number) })
    })
}

/// Decides for the picture that is looked at, or for all that are marked, and for those of the same content; then goes
/// on.
pub(super) fn decide(model: &mut Model, decision: impl Fn(&Model, usize) -> Option<Decision>) -> Vec<Effect> {
    let mut wanted: Vec<usize> = match model.review.marked.is_empty() {
        true => model.review.current().into_iter().collect(),
        false => std::mem::take(&mut model.review.marked).into_iter().collect(),
    };
    let count = wanted.len();
    // The picture that was looked at is not the one that is there now.
    wanted.retain(|index| !model.collection.is_replaced(*index));
    if wanted.is_empty() && count > 0 {
        let text = model.language.text("app.replaced");
        model.say_error(text);
        return vec![];
    }
    let decided: Vec<(usize, Decision)> =
        wanted.iter().filter_map(|index| Some((*index, decision(model, *index)?))).collect();
    let decided = with_same_content(model, decided);
    if decided.is_empty() {
        let text = model.language.text("app.nothing_to_accept");
        model.say_error(text);
        return vec![];
    }
    let changes = set(model, decided.iter().map(|(index, decision)| (*index, Some(*decision))));
    model.review.history.decided(changes);
    after_decisions(model);
    let mut effects = vec![keep(model, StepKind::Decide, decided.iter().map(|(index, _)| *index))];
    effects.extend(go(model, 1));
    effects
}

/// The decisions, and the same ones for the pictures that have the content of one of them.
fn with_same_content(model: &Model, mut decided: Vec<(usize, Decision)>) -> Vec<(usize, Decision)> {
    let mut taken: HashSet<usize> = decided.iter().map(|(index, _)| *index).collect();
    for place in 0..decided.len() {
        let (index, decision) = decided[place];
        let others = model.collection.same_content(index).filter(|other| taken.insert(*other));
        decided.extend(others.map(|other| (other, decision)));
    }
    decided
}

/// Sets decisions, and returns the changes.
fn set(model: &mut Model, said: impl IntoIterator<Item = (usize, Option<Decision>)>) -> Changes {
    let mut changes = Changes::new();
    for (index, is) in said {
        let Some(picture) = model.collection.entries().get(index).map(|entry| entry.id) else { continue };
        changes.push(Change { picture, was: model.collection.decide(index, is), is });
    }
    changes
}

fn after_decisions(model: &mut Model) {
    model.files.plan = None;
    model.recount();
}

/// Has decisions written into the session.
fn keep(model: &mut Model, kind: StepKind, indices: impl IntoIterator<Item = usize>) -> Effect {
    let said = |index: usize| {
        let entry = model.collection.entries().get(index)?;
        let text = |label| model.labels.text_of(label).unwrap_or_default().to_owned();
        let said = entry.decision.map(|decision| match decision {
            Decision::Accepted(label) => NamedDecision::Accepted(text(label)),
            Decision::Reassigned(label) => NamedDecision::Reassigned(text(label)),
            Decision::NoneOfThese => NamedDecision::NoneOfThese,
            Decision::Skipped => NamedDecision::Skipped,
        });
        Some((entry.id, said))
    };
    let said: Vec<(PictureId, Option<NamedDecision>)> = indices.into_iter().filter_map(said).collect();
    model.live.send(said.iter().map(|(picture, _)| *picture));
    Effect::Order(Order::Decide { destination: model.session(), step: DecisionStep { kind, said } })
}

pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    if waits_for_pictures(model) {
        return vec![];
    }
    let Some(changes) = model.review.history.to_take_back() else {
        let text = model.language.text("app.nothing_to_take_back");
        model.say(text);
        return vec![];
    };
    let (inverse, effects) = put_back(model, StepKind::Undo, changes);
    model.review.history.taken_back(inverse);
    effects
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

pub(super) fn redo(model: &mut Model) -> Vec<Effect> {
    if waits_for_pictures(model) {
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

fn put_back(model: &mut Model, kind: StepKind, changes: Changes) -> (Changes, Vec<Effect>) {
    // Pictures of the session that are not in the source any more are not here.
    let here = changes.into_iter().filter_map(|change| Some((model.collection.place_of(change.picture)?, change)));
    // A decision that somebody else has made since is theirs.
    let stands = |index: usize, change: &Change| model.collection.entries()[index].decision == change.is;
    let (own, overtaken): (Vec<_>, Vec<_>) = here.partition(|(index, change)| stands(*index, change));
    let said: Vec<(usize, Option<Decision>)> = own.into_iter().map(|(index, change)| (index, change.was)).collect();
    let inverse = set(model, said.iter().copied());
    after_decisions(model);
    if !overtaken.is_empty() {
        let text = model.language.say("app.decided_by_others", &[("count", &overtaken.len())]);
        model.say_error(text);
    }
    if said.is_empty() {
        return (inverse, vec![]);
    }
    let mut effects = vec![keep(model, kind, said.iter().map(|(index, _)| *index))];
    // The first of them is looked at, where it is in the queue.
    let mut places = said.iter().map(|(index, _)| model.review.queue.iter().position(|queued| queued == index));
    if let Some(at) = places.find_map(|place| place) {
        model.review.at = at;
    }
    effects.extend(preview::look(model));
    (inverse, effects)
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
        NamedDecision::Accepted(text) => Decision::Accepted(model.labels.told_number(&text)),
        NamedDecision::Reassigned(text) => Decision::Reassigned(model.labels.told_number(&text)),
        NamedDecision::NoneOfThese => Decision::NoneOfThese,
        NamedDecision::Skipped => Decision::Skipped,
    }
}
