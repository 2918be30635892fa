//! The review pane: decisions with one key.

use crossterm::event::{KeyCode, KeyEvent};

use super::decisions::{accept, decide, reassign, redo, undo};
use super::find;
use super::preview::{choose_preview, look};
use super::queue::{again, go, go_to_open, remake};
use crate::domain::decision::Decision;
use crate::tui::action::ReviewAction;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    model.live.unseen.clear();
    remake(model);
    look(model)
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.find.line.is_some() {
        return find::press(model, key);
    }
    if key.code == KeyCode::Esc && model.find.is_active() {
        return find::leave(model);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return reassign(model, if number == 0 { 9 } else { number - 1 });
    }
    let Some(action) = model.keys.action(key) else { return vec![] };
    match action {
        ReviewAction::Next => go(model, 1),
        ReviewAction::Previous => go(model, -1),
        ReviewAction::TenOn => go(model, 10),
        ReviewAction::TenBack => go(model, -10),
        ReviewAction::NextOpen => go_to_open(model, 1),
        ReviewAction::PreviousOpen => go_to_open(model, -1),
        ReviewAction::Accept => accept(model),
        ReviewAction::NoneOfThese => decide(model, |_, _| Some(Decision::NoneOfThese)),
        ReviewAction::Skip => decide(model, |_, _| Some(Decision::Skipped)),
        ReviewAction::Mark => mark(model),
        ReviewAction::MarkRange => mark_range(model),
        ReviewAction::Undo => undo(model),
        ReviewAction::Redo => redo(model),
        ReviewAction::Find => find::open(model),
        ReviewAction::LikeThis => find::like_this(model),
        ReviewAction::Details => {
            model.review.details = !model.review.details;
            vec![]
        }
        ReviewAction::Preview => choose_preview(model),
        ReviewAction::Hide => {
            model.review.hidden = !model.review.hidden;
            look(model)
        }
        ReviewAction::Order if model.find.ranked.is_some() => {
            let text = model.language.text("app.found_order");
            model.say(text);
            vec![]
        }
        ReviewAction::Order => {
            model.review.order = model.review.order.next();
            again(model)
        }
        ReviewAction::Filter => {
            model.review.filter = model.review.filter.next(model.labels.current.len());
            again(model)
        }
    }
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
