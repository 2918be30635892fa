//! The review pane: decisions with one key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::decisions::{accept, decide, reassign, redo, undo};
use super::preview::{choose_preview, look};
use super::queue::{again, go, go_to_open, remake};
use super::{filters, go_to, label_list, last_decisions};
use crate::domain::decision::Decision;
use crate::tui::action::ReviewAction;
use crate::tui::effect::Effect;
use crate::tui::layout::page;
use crate::tui::model::Model;

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    model.live.look();
    remake(model);
    look(model)
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if let Some(label) = digit(key) {
        return reassign(model, label);
    }
    let Some(action) = model.keys.action(key) else {
        return shifted_digit(key).map(|label| reassign(model, label)).unwrap_or_default();
    };
    let page = page(model.size) as isize;
    match action {
        ReviewAction::Next => go(model, 1),
        ReviewAction::Previous => go(model, -1),
        ReviewAction::TenOn => go(model, 10),
        ReviewAction::TenBack => go(model, -10),
        ReviewAction::First => go(model, isize::MIN),
        ReviewAction::Last => go(model, isize::MAX),
        ReviewAction::PageOn => go(model, page),
        ReviewAction::PageBack => go(model, -page),
        ReviewAction::GoTo => go_to::ask(model),
        ReviewAction::NextOpen => go_to_open(model, 1),
        ReviewAction::PreviousOpen => go_to_open(model, -1),
        ReviewAction::Accept => accept(model),
        ReviewAction::NoneOfThese => decide(model, |_, _| Some(Decision::NoneOfThese)),
        ReviewAction::Skip => decide(model, |_, _| Some(Decision::Skipped)),
        ReviewAction::Mark => mark(model),
        ReviewAction::MarkRange => mark_range(model),
        ReviewAction::Undo => undo(model),
        ReviewAction::Redo => redo(model),
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
        ReviewAction::Filter => filters::open(model),
        ReviewAction::FilterBefore => filters::back(model),
        ReviewAction::Labels => label_list::open(model),
        ReviewAction::Decisions => last_decisions::open(model),
    }
}

/// The label of a digit: those of 1 to 9, and the tenth of 0; with the shift key, where the terminal tells of it, those
/// from the eleventh on.
fn digit(key: KeyEvent) -> Option<usize> {
    let KeyCode::Char(digit) = key.code else { return None };
    let place = (digit.to_digit(10)? as usize + 9) % 10;
    match key.modifiers {
        KeyModifiers::NONE => Some(place),
        KeyModifiers::SHIFT => Some(place + 10),
        _ => None,
    }
}

/// The label of a digit with the shift key, where the terminal sends the character that a keyboard of the United States
/// has there.
fn shifted_digit(key: KeyEvent) -> Option<usize> {
    let KeyCode::Char(shifted) = key.code else { return None };
    let is_held = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let place = "!@#$%^&*()".chars().position(|known| known == shifted).filter(|_| !is_held)?;
    Some(place + 10)
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
