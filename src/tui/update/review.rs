//! The review pane: decisions with one key.

use crossterm::event::KeyEvent;

use super::decisions::{decide, reassign};
use super::marks::{self, mark, mark_range};
use super::preview::{choose_preview, look};
use super::queue::{go_to_open, rearranged, remake, step};
use super::undo::{redo, undo};
use super::{digits, filters, go_to, grid, label_list, last_decisions, stacks};
use crate::tui::action::{GridAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::layout::page;
use crate::tui::model::{Look, Model, Wanted};

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    model.live.look();
    remake(model);
    look(model)
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.review.grid.is_open {
        return grid::press(model, key);
    }
    let is_way_back = model.review.grid.is_behind && model.review.look == Look::One;
    if is_way_back && model.keys.action(key) == Some(GridAction::Leave) {
        return grid::come_back(model);
    }
    if let Some(label) = digits::label(key) {
        return reassign(model, label);
    }
    match model.keys.action(key) {
        Some(action) => act(model, action),
        None => digits::shifted(key).map(|label| reassign(model, label)).unwrap_or_default(),
    }
}

/// Does what a key of the review stands for.
pub(super) fn act(model: &mut Model, action: ReviewAction) -> Vec<Effect> {
    let page = page(model.size) as isize;
    match action {
        ReviewAction::Next => step(model, 1),
        ReviewAction::Previous => step(model, -1),
        ReviewAction::TenOn => step(model, 10),
        ReviewAction::TenBack => step(model, -10),
        ReviewAction::First => step(model, isize::MIN),
        ReviewAction::Last => step(model, isize::MAX),
        ReviewAction::PageOn => step(model, page),
        ReviewAction::PageBack => step(model, -page),
        ReviewAction::GoTo => go_to::ask(model),
        ReviewAction::NextOpen => go_to_open(model, 1),
        ReviewAction::PreviousOpen => go_to_open(model, -1),
        ReviewAction::Accept => decide(model, Wanted::Accept),
        ReviewAction::NoneOfThese => decide(model, Wanted::NoneOfThese),
        ReviewAction::Skip => decide(model, Wanted::Skip),
        ReviewAction::Mark => mark(model),
        ReviewAction::MarkRange => mark_range(model),
        ReviewAction::Undo => undo(model),
        ReviewAction::Redo => redo(model),
        ReviewAction::Leave => leave(model),
        ReviewAction::Whole => look_at(model, Look::Whole),
        ReviewAction::Grid => grid::open(model),
        ReviewAction::Stack => stacks::open(model),
        ReviewAction::Details => details(model),
        ReviewAction::Preview => choose_preview(model),
        ReviewAction::Hide => hide(model),
        ReviewAction::Order => {
            model.review.order = model.review.order.next();
            rearranged(model)
        }
        ReviewAction::Filter => filters::open(model),
        ReviewAction::FilterBefore => filters::back(model),
        ReviewAction::Labels => label_list::open(model),
        ReviewAction::Decisions => last_decisions::open(model),
    }
}

/// Leaves a way of looking, or else takes the marks off.
fn leave(model: &mut Model) -> Vec<Effect> {
    if model.review.look != Look::One {
        return look_at(model, model.review.look);
    }
    marks::clear(model);
    vec![]
}

/// Looks at pictures in a way, or in the usual one where it was that way already.
fn look_at(model: &mut Model, wanted: Look) -> Vec<Effect> {
    model.review.look = if model.review.look == wanted { Look::One } else { wanted };
    look(model)
}

fn details(model: &mut Model) -> Vec<Effect> {
    model.review.details = !model.review.details;
    model.scroll = 0;
    let sentence = if model.review.details { "app.details_on" } else { "app.details_off" };
    model.show(model.with_keys(sentence, &[("key", ReviewAction::Details.into())]));
    look(model)
}

fn hide(model: &mut Model) -> Vec<Effect> {
    model.review.hidden = !model.review.hidden;
    let sentence = if model.review.hidden { "app.hides" } else { "app.hides_no_more" };
    model.show(model.with_keys(sentence, &[("key", ReviewAction::Hide.into())]));
    look(model)
}
