//! The review pane: decisions with one key.

use crossterm::event::KeyEvent;

use super::decisions::{decide, reassign};
use super::marks::{self, mark, mark_range};
use super::preview::{choose_preview, look};
use super::queue::{go_to_open, rearranged, remake, step};
use super::undo::{redo, undo};
use super::{digits, filters, find, go_to, grid, label_list, last_decisions, looks, outside, scroll, stacks};
use crate::tui::action::{GridAction, ListAction, ReviewAction};
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
    if model.find.line.is_some() {
        return find::press(model, key);
    }
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
    if let (Look::Exact { .. }, Some(action)) = (model.review.look, model.keys.action(key)) {
        return looks::press(model, action);
    }
    // A long text beside the picture scrolls; the other keys are those of the pane.
    if model.review.details && model.review.look == Look::One && scroll::is_page(model, key) {
        return scroll::press(model, key);
    }
    match model.keys.action(key) {
        Some(action) => act(model, action),
        None => match digits::shifted(key) {
            Some(label) => reassign(model, label),
            None => {
                // A key of the grid is not silent here.
                if model.keys.action::<GridAction>(key).is_some() {
                    let text = model.with_keys("app.only_in_grid", &[("key", ReviewAction::Grid.into())]);
                    model.show(text);
                }
                vec![]
            }
        },
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
        ReviewAction::Find => find::open(model),
        ReviewAction::LikeThis => find::like_this(model),
        ReviewAction::Leave => leave(model),
        ReviewAction::Whole => looks::toggle(model, Look::Whole),
        ReviewAction::Exact => looks::toggle(model, looks::EXACT),
        ReviewAction::OpenOutside => outside::open(model),
        ReviewAction::Grid => grid::open(model),
        ReviewAction::Stack => stacks::open(model),
        ReviewAction::Details => details(model),
        ReviewAction::Preview => choose_preview(model),
        ReviewAction::Hide => hide(model),
        ReviewAction::Order if model.find.ranked.is_some() => {
            model.show(model.language.text("app.found_order"));
            vec![]
        }
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

/// Leaves a way of looking, or what was found, or else takes the marks off.
fn leave(model: &mut Model) -> Vec<Effect> {
    if model.review.look != Look::One {
        return looks::leave(model);
    }
    if model.find.is_active() {
        return find::leave(model);
    }
    marks::clear(model);
    vec![]
}

fn details(model: &mut Model) -> Vec<Effect> {
    // The whole screen has no room for details.
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
