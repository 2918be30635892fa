//! The review pane: the queue, and decisions with one key.

use std::collections::HashSet;

use crossterm::event::{KeyCode, KeyEvent};

use super::decisions::{accept, decide, find, reassign, redo, undo};
use super::preview::{choose_preview, look};
use crate::domain::decision::Decision;
use crate::domain::review::{QueueOrder, queue};
use crate::tui::effect::Effect;
use crate::tui::line::Line;
use crate::tui::model::Model;

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    model.live.unseen.clear();
    remake(model);
    look(model)
}

fn remake(model: &mut Model) {
    // Before anything was looked at, the first that nobody decided is.
    let current = model.review.is_begun.then(|| model.review.current()).flatten();
    model.review.is_begun = true;
    model.review.queue = queue(&model.collection, model.review.filter, model.review.order, model.sure());
    model.review.is_extended = false;
    model.review.marked.clear();
    model.review.anchor = None;
    let same = current.and_then(|current| model.review.queue.iter().position(|index| *index == current));
    model.review.at = same.or_else(|| open_from(model, 0, 1)).unwrap_or(0);
}

/// Adds pictures that came since at the end, so that nothing moves under the person.
pub(super) fn extend(model: &mut Model, first: usize) {
    let known = model.review.queue.len();
    let whole = queue(&model.collection, model.review.filter, QueueOrder::Newest, model.sure());
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

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.review.finding.is_some() {
        return find(model, key);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return reassign(model, if number == 0 { 9 } else { number - 1 });
    }
    let Some(action) = model.keys.action(key, &["review"]).map(str::to_owned) else { return vec![] };
    match action.as_str() {
        "review.next" => go(model, 1),
        "review.previous" => go(model, -1),
        "review.ten_on" => go(model, 10),
        "review.ten_back" => go(model, -10),
        "review.next_open" => go_to_open(model, 1),
        "review.previous_open" => go_to_open(model, -1),
        "review.accept" => accept(model),
        "review.none_of_these" => decide(model, |_, _| Some(Decision::NoneOfThese)),
        "review.skip" => decide(model, |_, _| Some(Decision::Skipped)),
        "review.mark" => mark(model),
        "review.mark_range" => mark_range(model),
        "review.undo" => undo(model),
        "review.redo" => redo(model),
        "review.find_label" => {
            model.review.finding = Some(Line::default());
            vec![]
        }
        "review.details" => {
            model.review.details = !model.review.details;
            vec![]
        }
        "review.preview" => choose_preview(model),
        "review.hide" => {
            model.review.hidden = !model.review.hidden;
            look(model)
        }
        "review.order" => {
            model.review.order = model.review.order.next();
            again(model)
        }
        "review.filter" => {
            model.review.filter = model.review.filter.next(model.labels.current.len());
            again(model)
        }
        _ => vec![],
    }
}

/// From the top, after another order or filter.
fn again(model: &mut Model) -> Vec<Effect> {
    model.review.at = usize::MAX;
    remake(model);
    look(model)
}

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

fn go_to_open(model: &mut Model, by: isize) -> Vec<Effect> {
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

fn mark(model: &mut Model) -> Vec<Effect> {
    if let Some(index) = model.review.current()
        && !model.review.marked.remove(&index)
    {
        model.review.marked.insert(index);
    }
    go(model, 1)
}

fn mark_range(model: &mut Model) -> Vec<Effect> {
    let at = model.review.at;
    match model.review.anchor.take() {
        None => model.review.anchor = Some(at),
        Some(anchor) => {
            let range = anchor.min(at)..=anchor.max(at);
            let indices: Vec<usize> = range.filter_map(|at| model.review.queue.get(at).copied()).collect();
            model.review.marked.extend(indices);
        }
    }
    vec![]
}
