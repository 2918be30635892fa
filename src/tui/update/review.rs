//! The review pane: decisions with one key.

use crossterm::event::{KeyCode, KeyEvent};

use super::decisions::{decide, find, reassign};
use super::grid;
use super::marks::{self, mark, mark_range};
use super::preview::{choose_preview, look};
use super::queue::{again, go_to_open, remake, step};
use super::stacks;
use super::undo::{redo, undo};
use super::{looks, outside, scroll};
use crate::tui::action::{GridAction, ListAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Look, Model, Wanted};

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
    let is_way_back = model.review.grid.is_behind && model.review.look == Look::One;
    if is_way_back && model.keys.action(key) == Some(GridAction::Leave) {
        return grid::come_back(model);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return reassign(model, if number == 0 { 9 } else { number - 1 });
    }
    if let (Look::Exact { .. }, Some(action)) = (model.review.look, model.keys.action(key)) {
        return looks::press(model, action);
    }
    // A long text beside the picture scrolls; the other keys are those of the pane.
    if model.review.details && model.review.look == Look::One && scroll::is_page(model, key) {
        return scroll::press(model, key);
    }
    match model.keys.action(key) {
        Some(action) => act(model, action),
        None => vec![],
    }
}

/// Does what a key of the review stands for.
pub(super) fn act(model: &mut Model, action: ReviewAction) -> Vec<Effect> {
    match action {
        ReviewAction::Next => step(model, 1),
        ReviewAction::Previous => step(model, -1),
        ReviewAction::TenOn => step(model, 10),
        ReviewAction::TenBack => step(model, -10),
        ReviewAction::NextOpen => go_to_open(model, 1),
        ReviewAction::PreviousOpen => go_to_open(model, -1),
        ReviewAction::Accept => decide(model, Wanted::Accept),
        ReviewAction::NoneOfThese => decide(model, Wanted::NoneOfThese),
        ReviewAction::Skip => decide(model, Wanted::Skip),
        ReviewAction::Mark => mark(model),
        ReviewAction::MarkRange => mark_range(model),
        ReviewAction::Undo => undo(model),
        ReviewAction::Redo => redo(model),
        ReviewAction::FindLabel => {
            model.review.finding = Some(InputLine::default());
            vec![]
        }
        ReviewAction::Leave => leave(model),
        ReviewAction::Whole => looks::toggle(model, Look::Whole),
        ReviewAction::Exact => looks::toggle(model, looks::EXACT),
        ReviewAction::OpenOutside => outside::open(model),
        ReviewAction::Grid => grid::open(model),
        ReviewAction::Stack => stacks::open(model),
        ReviewAction::Details => details(model),
        ReviewAction::Preview => choose_preview(model),
        ReviewAction::Hide => hide(model),
        ReviewAction::Order => {
            model.review.order = model.review.order.next();
            rearranged(model)
        }
        ReviewAction::Filter => {
            model.review.filter = model.review.filter.next(model.labels.current.len());
            rearranged(model)
        }
    }
}

/// Leaves a way of looking, or else takes the marks off.
fn leave(model: &mut Model) -> Vec<Effect> {
    if model.review.look != Look::One {
        return looks::leave(model);
    }
    marks::clear(model);
    vec![]
}

fn details(model: &mut Model) -> Vec<Effect> {
    // What has the whole screen has no room for details.
    let was_alone = std::mem::take(&mut model.review.look) != Look::One;
    model.review.details = was_alone || !model.review.details;
    model.scroll = 0;
    let sentence = if model.review.details { "app.details_on" } else { "app.details_off" };
    let pages = [("page_up", ListAction::PageUp.into()), ("page_down", ListAction::PageDown.into())];
    let keys = [("key", ReviewAction::Details.into())].into_iter().chain(pages);
    model.show(model.with_keys(sentence, &keys.collect::<Vec<_>>()));
    look(model)
}

fn hide(model: &mut Model) -> Vec<Effect> {
    model.review.hidden = !model.review.hidden;
    let sentence = if model.review.hidden { "app.hides" } else { "app.hides_no_more" };
    model.show(model.with_keys(sentence, &[("key", ReviewAction::Hide.into())]));
    look(model)
}

/// The queue has another order or filter: says which.
fn rearranged(model: &mut Model) -> Vec<Effect> {
    let effects = again(model);
    let (filter, order) = (model.filter_name(), model.order_name());
    let values: crate::lang::Values<'_> =
        &[("filter", &filter), ("order", &order), ("count", &model.review.queue.len())];
    model.show(model.language.say("app.rearranged", values));
    effects
}
