//! The queue of the review pane: made, extended, gone through.

use std::collections::{HashMap, HashSet};

use super::find;
use super::gathering::gathered;
use super::preview::look;
use crate::domain::review::{QueueOrder, queue_of};
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Makes the queue anew, and stays at the picture that is looked at.
pub(super) fn remake(model: &mut Model) {
    // Before anything was looked at, the first that nobody decided is.
    let current = model.review.is_begun.then(|| model.review.current()).flatten();
    model.review.is_begun = true;
    if let Some(stack) = model.review.grid.stack.take() {
        model.review.grid.is_open = stack.was_grid;
    }
    let whole = filtered(model, model.review.order);
    let whole = find::found_in(model, whole);
    let is_gathered = model.review.grid.is_open || model.review.grid.is_behind;
    (model.review.queue, model.review.grid.with) =
        if is_gathered { gathered(model, whole) } else { (whole, HashMap::new()) };
    // A picture that is with another one now is looked at there.
    let first_of = |index: usize| {
        let first = model.review.grid.with.iter().find(|(_, with)| with.contains(&index));
        first.map_or(index, |(first, _)| *first)
    };
    let current = current.map(first_of);
    model.review.is_extended = false;
    model.review.anchor = None;
    let same = current.and_then(|current| model.review.queue.iter().position(|index| *index == current));
    model.review.at = same.or_else(|| open_from(model, 0, 1)).unwrap_or(0);
}

/// Adds pictures that came since at the end, so that nothing moves under the person.
pub(super) fn extend(model: &mut Model, first: usize) {
    // While a stack is shown, the queue waits behind it.
    let stack = model.review.grid.stack.take().map(|mut stack| {
        std::mem::swap(&mut stack.queue, &mut model.review.queue);
        stack
    });
    append(model, first, stack.is_none());
    model.review.grid.stack = stack.map(|mut stack| {
        std::mem::swap(&mut stack.queue, &mut model.review.queue);
        stack
    });
}

fn append(model: &mut Model, first: usize, is_shown: bool) {
    let known = model.review.queue.len();
    let whole = filtered(model, QueueOrder::Newest);
    let fresh: Vec<usize> = whole.into_iter().filter(|index| *index >= first).rev().collect();
    // One whose content is in the queue already is looked at with it.
    let queued: HashSet<usize> = model.review.queue.iter().copied().collect();
    let is_new = |index: &usize| !model.collection.same_content(*index).any(|same| queued.contains(&same));
    let fresh: Vec<usize> = fresh.into_iter().filter(is_new).collect();
    let fresh = find::joins(model, fresh);
    model.review.is_extended |= !fresh.is_empty();
    model.review.queue.extend(fresh);
    if known == 0 && is_shown {
        model.review.at = 0;
    }
}

/// The pictures of the filter in use.
fn filtered(model: &Model, order: QueueOrder) -> Vec<usize> {
    queue_of(&model.collection, model.review.filter, order, model.sure(), model.apart())
}

/// From the top, after another order or filter.
pub(super) fn again(model: &mut Model) -> Vec<Effect> {
    model.review.at = usize::MAX;
    remake(model);
    look(model)
}

/// The queue has another order or filter: says which.
pub(super) fn rearranged(model: &mut Model) -> Vec<Effect> {
    let effects = again(model);
    let (filter, order) = (model.filter_name(), model.order_name());
    let values: crate::lang::Values<'_> =
        &[("filter", &filter), ("order", &order), ("count", &model.review.queue.len())];
    model.show(model.language.say("app.rearranged", values));
    effects
}

/// Goes so many pictures on.
pub(super) fn go(model: &mut Model, by: isize) -> Vec<Effect> {
    let last = model.review.queue.len().saturating_sub(1);
    model.review.at = model.review.at.saturating_add_signed(by).min(last);
    look(model)
}

/// Goes so many pictures on, and says where there are no more.
pub(super) fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let before = model.review.at;
    let effects = go(model, by);
    if model.review.at == before && !model.review.queue.is_empty() {
        let sentence = if by > 0 { "app.is_last" } else { "app.is_first" };
        model.show(model.language.text(sentence));
    }
    effects
}

/// Goes to a picture, or to the one of its content that is in the queue. False where neither is there.
pub(super) fn go_to_picture(model: &mut Model, index: usize) -> bool {
    let place = |index: usize| model.review.queue.iter().position(|queued| *queued == index);
    let found = place(index).or_else(|| model.collection.same_content(index).find_map(place));
    model.review.at = found.unwrap_or(model.review.at);
    found.is_some()
}

/// The next picture from a place on that nobody decided.
pub(super) fn open_from(model: &Model, from: usize, by: isize) -> Option<usize> {
    let is_open = |at: &usize| {
        let index = model.review.queue.get(*at);
        index.is_some_and(|index| {
            let is_here = *index < model.collection.len() && model.collection.is_here(*index);
            is_here && model.collection.decision(*index).is_none()
        })
    };
    match by > 0 {
        true => (from..model.review.queue.len()).find(is_open),
        false => (0..(from + 1).min(model.review.queue.len())).rev().find(is_open),
    }
}

/// Goes to the next picture that nobody decided, forwards or back.
pub(super) fn go_to_open(model: &mut Model, by: isize) -> Vec<Effect> {
    let from = model.review.at.saturating_add_signed(by);
    match open_from(model, from, by) {
        Some(at) if !(by < 0 && model.review.at == 0) => model.review.at = at,
        _ => {
            let text = model.language.text("app.none_open");
            model.say(text);
        }
    }
    look(model)
}
