//! Decisions in the grid. Only pictures that are drawn on the page are decided, and each key says what it did.

use super::decisions::{decide_these, meant};
use super::preview::look;
use super::queue::{go, remake};
use super::stacks;
use crate::domain::decision::{Decision, Standing};
use crate::domain::picture::PictureState;
use crate::domain::printable::printable_text;
use crate::domain::review::QueueFilter;
use crate::tui::action::{GridAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::grid_layout::page_length;
use crate::tui::model::{Model, Tile, Wanted};

/// Pictures of a page that are not accepted with the others, by the reason.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    marked: usize,
    /// Not drawn yet.
    waiting: usize,
    gone: usize,
    broken: usize,
    /// No label is predicted for them.
    unscored: usize,
    /// Stacks whose pictures were not shown beside each other.
    stacks: usize,
    /// Taken out of the stack that is shown.
    out: usize,
}

/// The filter of pictures that are of a kind with one: those of its label, or those that the model is not sure of.
pub(super) fn of_a_kind(model: &Model, index: usize) -> Option<QueueFilter> {
    match model.collection.standing(index, model.sure())? {
        Standing::Label(label) | Standing::UnsureInside(label) => Some(QueueFilter::Label(label)),
        Standing::Unsure => Some(QueueFilter::Unsure),
        _ => None,
    }
}

/// Has the queue hold the pictures of one filter.
pub(super) fn narrow(model: &mut Model, filter: QueueFilter) {
    model.review.filter = filter;
    remake(model);
}

/// Turns to the first picture of another page.
pub(super) fn turn(model: &mut Model, by: isize) -> Vec<Effect> {
    let length = page_length(model.size);
    let page = (model.review.at / length).saturating_add_signed(by);
    if page * length < model.review.queue.len() {
        model.review.at = page * length;
    }
    look(model)
}

/// Accepts every picture of the page that nobody decided and that is not marked, as the label that is predicted for it,
/// and turns the page.
pub(super) fn accept_page(model: &mut Model) -> Vec<Effect> {
    if !model.draws_tiles() {
        let key = if model.review.hidden { ReviewAction::Hide } else { ReviewAction::Preview };
        let text = model.with_keys("app.grid_unseen", &[("key", key.into())]);
        model.say_error(text);
        return vec![];
    }
    let mut left = Left::default();
    let mut accepted = Vec::new();
    for (index, tile) in &model.review.grid.tiles {
        let Some(entry) = model.collection.entries().get(*index) else { continue };
        if model.review.grid.stack.is_some() && model.review.stacks.is_taken_out(*index) {
            left.out += 1;
        } else if model.review.grid.stack.is_none() && model.review.marked.contains(index) {
            left.marked += 1;
        } else if model.collection.decision(*index).is_some() {
        } else if model.collection.is_replaced(*index) {
            left.gone += 1;
        } else {
            match (tile, meant(model, Wanted::Accept, *index)) {
                (Tile::Waits, _) => left.waiting += 1,
                (Tile::Painted(_), Some(_)) if !is_seen(model, *index, Wanted::Accept) => left.waiting += 1,
                (Tile::Gone, _) => left.gone += 1,
                (Tile::Broken, _) => left.broken += 1,
                (Tile::Painted(_), _) if entry.state != PictureState::Ok => left.broken += 1,
                (Tile::Painted(_), None) => left.unscored += 1,
                (Tile::Painted(_), Some(decision)) => match stacked(model, *index) {
                    Some(stack) => accepted.extend(stack.into_iter().map(|index| (index, decision))),
                    None => left.stacks += 1,
                },
            }
        }
    }
    let count = accepted.len();
    let mut effects: Vec<Effect> = decide_these(model, accepted).into_iter().collect();
    let told = told(model, count, &left);
    // Pictures that come in a moment are looked at here.
    if left.waiting > 0 {
        model.show(told);
        return effects;
    }
    effects.extend(next_page(model, told));
    effects
}

/// Whether the screen shows a picture of the page, and for accepting it also the label that it would be accepted as.
fn is_seen(model: &Model, index: usize, said: Wanted) -> bool {
    let seen = model.review.grid.seen.get(&index);
    seen.is_some_and(|label| said != Wanted::Accept || *label == model.predicted(index))
}

/// A picture with the near-duplicates that stand behind its tile; none where those were not shown beside each other.
fn stacked(model: &Model, index: usize) -> Option<Vec<usize>> {
    let stacks = &model.review.stacks;
    if model.review.grid.stack.is_some() {
        return Some(vec![index]);
    }
    let with = model.review.grid.with.get(&index).map(Vec::as_slice).unwrap_or_default();
    let is_open = |other: &&usize| {
        let is_undecided = model.collection.decision(**other).is_none();
        // One that is gone, or another picture by now, is decided with none.
        is_undecided
            && meant(model, Wanted::NoneOfThese, **other).is_some()
            && stacks.stack_of(**other) == stacks.stack_of(index)
    };
    let stack: Vec<usize> = std::iter::once(&index).chain(with.iter().filter(is_open)).copied().collect();
    (stack.len() == 1 || stack.iter().all(|member| stacks.was_shown(*member))).then_some(stack)
}

/// A sentence for each thing that accepting a page came to.
fn told(model: &Model, accepted: usize, left: &Left) -> String {
    let mut told = vec![match accepted {
        0 => model.language.text("app.grid_none_accepted"),
        _ => {
            let key = model.keys.name(ReviewAction::Undo);
            model.language.say("app.grid_accepted", &[("count", &accepted), ("key", &key)])
        }
    }];
    let kinds = [
        ("app.grid_left_marked", left.marked),
        ("app.grid_left_waiting", left.waiting),
        ("app.grid_left_gone", left.gone),
        ("app.grid_left_broken", left.broken),
        ("app.grid_left_unscored", left.unscored),
        ("app.grid_left_out", left.out),
    ];
    told.extend(
        kinds
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| model.language.say(key, &[("count", &count)])),
    );
    if left.stacks > 0 {
        let key = model.keys.name(ReviewAction::Stack);
        told.push(model.language.say("app.grid_left_stacks", &[("count", &left.stacks), ("key", &key)]));
    }
    told.join(" ")
}

/// Turns to the next page; behind the last one, to the next label where the grid goes label by label.
fn next_page(model: &mut Model, told: String) -> Vec<Effect> {
    let length = page_length(model.size);
    if (model.review.at / length + 1) * length < model.review.queue.len() {
        model.show(told);
        return turn(model, 1);
    }
    if model.review.grid.stack.is_some() {
        model.show(told);
        return stacks::close(model);
    }
    let next = model.review.grid.former.and_then(|_| next_label(model));
    let Some(label) = next else {
        let last = model.language.text("app.grid_last_page");
        model.show(format!("{told} {last}"));
        return look(model);
    };
    narrow(model, QueueFilter::Label(label));
    let text = model.labels.current.get(label).map(|label| printable_text(&label.text)).unwrap_or_default();
    let next = model.language.say("app.grid_next_label", &[("label", &text), ("count", &model.review.queue.len())]);
    model.show(format!("{told} {next}"));
    look(model)
}

/// The next label, from the present one on and around, that has sure pictures which nobody decided.
fn next_label(model: &Model) -> Option<usize> {
    let count = model.labels.current.len();
    let mut open = vec![false; count];
    for index in 0..model.collection.len() {
        if model.collection.decision(index).is_none()
            && let Some(Standing::Label(label)) = model.collection.standing(index, model.sure())
            && let Some(open) = open.get_mut(label)
        {
            *open = true;
        }
    }
    let QueueFilter::Label(now) = model.review.filter else { return None };
    (1..count).map(|by| (now + by) % count).find(|label| open[*label])
}

/// Gives the marked pictures of the page a label, or the one in hand where none is marked there.
pub(super) fn give_label(model: &mut Model, label: usize) -> Vec<Effect> {
    let Some(number) = model.labels.numbers.get(label).copied() else {
        let values: crate::lang::Values<'_> = &[("count", &model.labels.numbers.len())];
        let text = model.language.say("app.no_such_label", values);
        model.say_error(text);
        return vec![];
    };
    decide_on_page(model, Wanted::Label(number))
}

/// No label is right for the marked pictures of the page, or for the one in hand.
pub(super) fn none_of_these(model: &mut Model) -> Vec<Effect> {
    decide_on_page(model, Wanted::NoneOfThese)
}

/// The marked pictures of the page, or the one in hand, are left for later.
pub(super) fn skip(model: &mut Model) -> Vec<Effect> {
    decide_on_page(model, Wanted::Skip)
}

/// Accepts the picture in hand alone.
pub(super) fn accept_in_hand(model: &mut Model) -> Vec<Effect> {
    let in_hand = model.review.current();
    let marked = std::mem::take(&mut model.review.marked);
    let effects = decide_on_page(model, Wanted::Accept);
    // One that was accepted is none of those that are marked as wrong.
    let is_accepted = |index: &usize| !effects.is_empty() && Some(*index) == in_hand;
    model.review.marked.extend(marked.into_iter().filter(|index| !is_accepted(index)));
    effects
}

fn decide_on_page(model: &mut Model, said: Wanted) -> Vec<Effect> {
    let tiles = &model.review.grid.tiles;
    // Of a stack that is shown all are meant but those that were taken out.
    let is_stack = model.review.grid.stack.is_some();
    let is_meant = |index: &usize| match is_stack {
        true => !model.review.stacks.is_taken_out(*index),
        false => model.review.marked.contains(index),
    };
    let mut wanted: Vec<usize> = tiles.iter().map(|(index, _)| *index).filter(is_meant).collect();
    let are_marked = !wanted.is_empty() || is_stack;
    if !are_marked {
        wanted.extend(model.review.current());
    }
    let count = wanted.len();
    let is_drawn = |index: &usize| {
        let tile = tiles.iter().find(|(known, _)| known == index);
        let is_painted = matches!(tile, Some((_, Tile::Painted(_))));
        is_painted && is_seen(model, *index, said) && !model.collection.is_replaced(*index)
    };
    wanted.retain(is_drawn);
    let unseen = count - wanted.len();
    // One that stands for others stands for them only where they were shown.
    let with_stack = |index: &usize| stacked(model, *index).unwrap_or_else(|| vec![*index]);
    let decided: Vec<(usize, Decision)> =
        wanted.iter().flat_map(with_stack).filter_map(|index| Some((index, meant(model, said, index)?))).collect();
    if decided.is_empty() {
        let text = match unseen {
            0 => model.with_keys("app.nothing_to_accept", &[("none", ReviewAction::NoneOfThese.into())]),
            _ => model.with_keys("app.grid_not_drawn", &[("key", GridAction::Look.into())]),
        };
        model.say_error(text);
        return vec![];
    }
    for (index, _) in &decided {
        model.review.marked.remove(index);
    }
    // Some of them may be as predicted and others not: the label is the same.
    let label = decided[0].1.label().and_then(|label| model.labels.text_of(label)).map(printable_text);
    let as_what = label.unwrap_or_else(|| model.decision_name(Some(decided[0].1)));
    let key = model.keys.name(ReviewAction::Undo);
    let told = model.language.say("app.grid_decided", &[("count", &decided.len()), ("label", &as_what), ("key", &key)]);
    let left = (unseen > 0).then(|| model.language.say("app.grid_left_unseen", &[("count", &unseen)]));
    let effect = decide_these(model, decided);
    model.show([Some(told), left].into_iter().flatten().collect::<Vec<_>>().join(" "));
    let mut effects: Vec<Effect> = effect.into_iter().collect();
    if is_stack && unseen == 0 {
        effects.extend(stacks::close(model));
        return effects;
    }
    let is_last = (model.review.at + 1).is_multiple_of(page_length(model.size));
    effects.extend(go(model, if are_marked || is_last { 0 } else { 1 }));
    effects
}
