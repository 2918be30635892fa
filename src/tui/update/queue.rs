//! The queue of the review pane: made, extended, gone through.

use std::collections::HashSet;

use super::preview::look;
use crate::domain::review::{QueueFilter, QueueOrder, queue_of};
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Makes the queue anew, and stays at the picture that is looked at.
pub(super) fn remake(model: &mut Model) {
    // Before anything was looked at, the first that nobody decided is.
    let current = model.review.is_begun.then(|| model.review.current()).flatten();
    model.review.is_begun = true;
    model.review.queue = filtered(model, model.review.order);
    model.review.is_extended = false;
    if model.review.filter != QueueFilter::Marked {
        model.review.marked.clear();
        model.review.anchor = None;
    }
    let same = current.and_then(|current| model.review.queue.iter().position(|index| *index == current));
    model.review.at = same.or_else(|| open_from(model, 0, 1)).unwrap_or(0);
}

/// Adds pictures that came since at the end, so that nothing moves under the person.
pub(super) fn extend(model: &mut Model, first: usize) {
    let known = model.review.queue.len();
    let whole = filtered(model, QueueOrder::Newest);
    let fresh: Vec<usize> = whole.into_iter().filter(|index| *index >= first).rev().collect();
    // One whose content is in the queue already is looked at with it.
    let queued: HashSet<usize> = model.review.queue.iter().copied().collect();
    let is_new = |index: &usize| !model.collection.same_content(*index).any(|same| queued.contains(&same));
    let fresh: Vec<usize> = fresh.into_iter().filter(is_new).collect();
    model.review.is_extended |= !fresh.is_empty();
    model.review.queue.extend(fresh);
    if known == 0 {
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

/// Goes so many pictures on.
pub(super) fn go(model: &mut Model, by: isize) -> Vec<Effect> {
    let last = model.review.queue.len().saturating_sub(1);
    model.review.at = model.review.at.saturating_add_signed(by).min(last);
    look(model)
}

/// The next picture from a place on that nobody decided.
fn open_from(model: &Model, from: usize, by: isize) -> Option<usize> {
    let is_open = |at: &usize| {
        let index = model.review.queue.get(*at);
        index.is_some_and(|index| {
            let entry = model.collection.entries().get(*index).filter(|_| !model.collection.is_replaced(*index));
            entry.is_some_and(|entry| entry.decision.is_none())
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
