//! The review pane: decisions with one key.

use crossterm::event::{KeyCode, KeyEvent};

use super::decisions::{accept, decide, find, reassign, redo, undo};
use super::grid;
use super::preview::{choose_preview, look};
use super::queue::{again, go, go_to_open, remake};
use super::stacks;
use crate::domain::decision::Decision;
use crate::tui::action::{GridAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::Model;

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    model.live.unseen.clear();
    remake(model);
    look(model)
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.review.finding.is_some() {
        return find(model, key);
    }
    if model.review.grid.is_open {
        return grid::press(model, key);
    }
    if model.review.grid.is_behind && model.keys.action(key) == Some(GridAction::Leave) {
        return grid::come_back(model);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return reassign(model, if number == 0 { 9 } else { number - 1 });
    }
    match model.keys.action(key) {
        Some(action) => act(model, action),
        None => vec![],
    }
}

/// Does what a key of the review stands for.
pub(super) fn act(model: &mut Model, action: ReviewAction) -> Vec<Effect> {
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
        ReviewAction::FindLabel => {
            model.review.finding = Some(InputLine::default());
            vec![]
        }
        ReviewAction::Details => {
            model.review.details = !model.review.details;
            vec![]
        }
        ReviewAction::Preview => choose_preview(model),
        ReviewAction::Hide => {
            model.review.hidden = !model.review.hidden;
            look(model)
        }
        ReviewAction::Order => {
            model.review.order = model.review.order.next();
            again(model)
        }
        ReviewAction::Grid => grid::open(model),
        ReviewAction::Stack => stacks::open(model),
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
