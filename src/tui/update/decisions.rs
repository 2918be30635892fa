//! Decisions of people on pictures.

use std::collections::{BTreeMap, HashSet};

use super::marks;
use super::{preview, queue};
use crate::backend::{DecisionStep, NamedDecision, Order};
use crate::domain::decision::Decision;
use crate::domain::history::{Change, Changes, StepKind};
use crate::domain::picture::PictureId;
use crate::domain::printable::printable_text;
use crate::lang::Say;
use crate::tui::action::{AppAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Question, Wanted};

/// Why nothing is decided about a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Another content has its path by now, which is a picture of its own.
    Replaced,
    /// Its content is nowhere.
    Lost,
    /// There is no prediction on the screen that could be accepted.
    NoScores,
}

/// Decides for a label by its position.
pub(super) fn reassign(model: &mut Model, label: usize) -> Vec<Effect> {
    let Some(number) = model.labels.numbers.get(label).copied() else {
        let key = model.keys.name(ReviewAction::Labels);
        let values: crate::lang::Values<'_> = &[("count", &model.labels.numbers.len()), ("key", &key)];
        let text = model.language.say("app.no_such_label", values);
        model.say_error(text);
        return vec![];
    };
    decide(model, Wanted::Label(number))
}

/// Decides for the picture that is looked at, or for all that are marked, and for those of the same content. Asks first
/// where marked ones are not on the screen.
pub(super) fn decide(model: &mut Model, wanted: Wanted) -> Vec<Effect> {
    if marks::out_of_sight(model) > 0 {
        model.question = Some(Question::DecideMarked(wanted));
        return vec![];
    }
    decide_unasked(model, wanted)
}

/// The answer was yes: decides for all that are marked.
pub(super) fn decide_marked(model: &mut Model, wanted: Wanted) -> Vec<Effect> {
    // Another session may have come to the screen meanwhile.
    if model.review.marked.is_empty() {
        return vec![];
    }
    decide_unasked(model, wanted)
}

fn decide_unasked(model: &mut Model, wanted: Wanted) -> Vec<Effect> {
    let current = model.review.current();
    let targets: Vec<usize> = match model.review.marked.is_empty() {
        true => current.into_iter().collect(),
        false => model.review.marked.iter().copied().collect(),
    };
    let (mut decided, mut left) = (vec![], vec![]);
    for index in targets {
        match decision(model, wanted, index) {
            Ok(decision) => decided.push((index, decision)),
            Err(refusal) => left.push((index, refusal)),
        }
    }
    if decided.is_empty() {
        return refuse(model, &left);
    }
    model.review.marked.retain(|index| left.iter().any(|(other, _)| other == index));
    let is_current = decided.iter().any(|(index, _)| Some(*index) == current);
    let own = decided.len();
    let decided = with_same_content(model, decided);
    let mut effects = vec![keep_decided(model, &decided)];
    let was_last = model.review.at + 1 >= model.review.queue.len();
    // A picture that was not decided stays in hand.
    if is_current {
        effects.extend(queue::go(model, 1));
    }
    let mut said = vec![told(model, &decided, own)];
    if !left.is_empty() {
        said.push(model.language.say("app.marks_stay", &[("count", &left.len())]));
    }
    said.extend(at_the_end(model, is_current && was_last));
    model.show(said.join(" "));
    effects
}

/// Decides so, as one step, for these pictures and for those of the same content. None where there are none.
pub(super) fn decide_these(model: &mut Model, decided: Vec<(usize, Decision)>) -> Option<Effect> {
    let decided = with_same_content(model, decided);
    (!decided.is_empty()).then(|| keep_decided(model, &decided))
}

fn keep_decided(model: &mut Model, decided: &[(usize, Decision)]) -> Effect {
    let changes = set(model, decided.iter().map(|(index, decision)| (*index, Some(*decision))));
    model.review.history.decided(changes);
    after_decisions(model);
    keep(model, StepKind::Decide, decided.iter().map(|(index, _)| *index))
}

/// The decision on one picture that a key means; none where it means none for this one.
pub(super) fn meant(model: &Model, wanted: Wanted, index: usize) -> Option<Decision> {
    decision(model, wanted, index).ok()
}

/// The decision on one picture that a key means.
fn decision(model: &Model, wanted: Wanted, index: usize) -> Result<Decision, Refusal> {
    // The picture that was looked at is not the one that is there now.
    if model.collection.is_replaced(index) {
        return Err(Refusal::Replaced);
    }
    if model.review.lost.contains(&index) && wanted != Wanted::Skip {
        return Err(Refusal::Lost);
    }
    // Only scores on the screen can be accepted, and scores of former labels are not shown.
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let predicted = best.and_then(|best| model.collection.labels().get(best.label)).copied();
    match wanted {
        Wanted::Accept => predicted.map(Decision::Accepted).ok_or(Refusal::NoScores),
        Wanted::Label(number) if predicted == Some(number) => Ok(Decision::Accepted(number)),
        Wanted::Label(number) => Ok(Decision::Reassigned(number)),
        Wanted::NoneOfThese => Ok(model.said_inside(Decision::NoneOfThese, index)),
        Wanted::Skip => Ok(model.said_inside(Decision::Skipped, index)),
    }
}

/// Nothing was decided: says why, and has a lost picture looked for again.
fn refuse(model: &mut Model, left: &[(usize, Refusal)]) -> Vec<Effect> {
    let Some((index, refusal)) = left.first().copied() else { return vec![] };
    let text = match refusal {
        _ if left.len() > 1 => model.language.say("app.marks_stay", &[("count", &left.len())]),
        Refusal::Replaced => model.language.text("app.replaced"),
        Refusal::NoScores => model.with_keys("app.nothing_to_accept", &[("none", ReviewAction::NoneOfThese.into())]),
        Refusal::Lost => {
            let why = match &model.review.viewed {
                Some(Err(why)) if model.review.current() == Some(index) => why.say(&model.language),
                _ => model.file_name(index),
            };
            let keys = [("skip", ReviewAction::Skip.into())];
            format!("{why} {}", model.with_keys("app.lost_not_decided", &keys))
        }
    };
    model.say_error(text);
    match refusal {
        Refusal::Lost => preview::look_again(model),
        Refusal::Replaced | Refusal::NoScores => vec![],
    }
}

/// A sentence on decisions; `own` of them were meant, the others have the content of one of those.
fn told(model: &Model, decided: &[(usize, Decision)], own: usize) -> String {
    let key = model.keys.name(ReviewAction::Undo);
    if let (1, Some((index, decision))) = (own, decided.first()) {
        let (name, what) = (model.file_name(*index), model.decision_name(Some(*decision)));
        let values: crate::lang::Values<'_> = &[("name", &name), ("what", &what), ("key", &key)];
        let text = model.language.say("app.decided_one", values);
        return match decided.len() - own {
            0 => text,
            count => format!("{text} {}", model.language.say("app.decided_alike", &[("count", &count)])),
        };
    }
    let what = counted(model, decided.iter().map(|(_, decision)| Some(*decision)));
    let values: crate::lang::Values<'_> = &[("count", &decided.len()), ("what", &what), ("key", &key)];
    model.language.say("app.decided_many", values)
}

/// At the end of the queue, or once all of it is decided: what is left to do.
fn at_the_end(model: &Model, was_last: bool) -> Option<String> {
    let decisions = || model.review.queue.iter().map(|index| model.collection.decision(*index));
    if decisions().all(|decision| decision.is_some()) {
        let skipped = decisions().filter(|decision| *decision == Some(Decision::Skipped)).count();
        let (files, filter) = (model.keys.last_name(AppAction::Files), model.keys.name(ReviewAction::Filter));
        let done = model.language.say("app.all_reviewed", &[("files", &files), ("filter", &filter)]);
        let left = (skipped > 0).then(|| model.language.say("app.all_but_skipped", &[("count", &skipped)]));
        return Some([Some(done), left].into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    let open = || decisions().filter(Option::is_none).count();
    let key = model.keys.name(ReviewAction::PreviousOpen);
    was_last.then(|| model.language.say("app.last_in_queue", &[("count", &open()), ("key", &key)]))
}

/// How many pictures have which decision, the most frequent first.
pub(super) fn counted(model: &Model, decisions: impl Iterator<Item = Option<Decision>>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for decision in decisions {
        // A label is one label, whoever predicted it.
        let label = decision.and_then(Decision::label).and_then(|label| model.labels.text_of(label));
        let word = label.map_or_else(|| model.decision_name(decision), printable_text);
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
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
pub(super) fn set(model: &mut Model, said: impl IntoIterator<Item = (usize, Option<Decision>)>) -> Changes {
    let mut changes = Changes::new();
    for (index, is) in said {
        let Some(picture) = model.collection.entries().get(index).map(|entry| entry.id) else { continue };
        changes.push(Change { picture, was: model.collection.decide(index, is), is });
    }
    changes
}

pub(super) fn after_decisions(model: &mut Model) {
    model.files.plan = None;
    model.recount();
}

/// Has decisions written into the session.
pub(super) fn keep(model: &mut Model, kind: StepKind, indices: impl IntoIterator<Item = usize>) -> Effect {
    let said = |index: usize| {
        let entry = model.collection.entries().get(index)?;
        let key = |label| model.labels.key_of(label).unwrap_or_default().to_owned();
        let said = entry.decision.map(|decision| match decision {
            Decision::Accepted(label) => NamedDecision::Accepted(key(label)),
            Decision::Reassigned(label) => NamedDecision::Reassigned(key(label)),
            Decision::NoneInside(label) => NamedDecision::NoneInside(key(label)),
            Decision::NoneOfThese => NamedDecision::NoneOfThese,
            Decision::Skipped => NamedDecision::Skipped,
        });
        Some((entry.id, said))
    };
    let said: Vec<(PictureId, Option<NamedDecision>)> = indices.into_iter().filter_map(said).collect();
    model.live.send(said.iter().map(|(picture, _)| *picture));
    Effect::Order(Order::Decide { destination: model.session(), step: DecisionStep { kind, said } })
}
