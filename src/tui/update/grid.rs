//! The grid: a page of the queue as small pictures. Here it is opened, gone through and left; `sweep` decides.

use crossterm::event::{KeyCode, KeyEvent};

use super::grid_page::{first, rest};
use super::preview::look;
use super::{digits, queue, review, stacks, sweep};
use crate::domain::review::QueueFilter;
use crate::tui::action::{GridAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::grid_layout::{grid_shape, page_length};
use crate::tui::model::{Grid, Look, Model};

/// Opens the grid. Where all pictures are in the queue, and nothing was looked for, it is of those that are of a kind
/// with the picture in hand: one that does not belong is seen at a glance only among such.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let filter = model.review.current().and_then(|index| sweep::of_a_kind(model, index));
    model.review.grid.is_open = true;
    model.review.grid.is_behind = false;
    model.review.look = Look::One;
    if model.review.filter == QueueFilter::All
        && !model.find.is_active()
        && let Some(filter) = filter.filter(|_| model.is_scored())
    {
        model.review.grid.former = Some(model.review.filter);
        sweep::narrow(model, filter);
    } else {
        queue::remake(model);
    }
    let mut effects = look(model);
    // How pictures look is known of more of them with every page.
    if model.review.stacks.unknown > 0 && model.review.stacks.percent.is_none() {
        effects.extend(stacks::search(model));
    }
    effects
}

/// Leaves the grid for the picture in hand, by itself.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    model.review.grid.has_letters = false;
    model.review.grid.is_open = false;
    model.review.grid.is_behind = false;
    if let Some(filter) = model.review.grid.former.take() {
        model.review.filter = filter;
    }
    queue::remake(model);
    let mut effects = vec![rest(model)];
    model.review.asked = None;
    effects.extend(look(model));
    effects
}

/// Looks at the picture in hand by itself, with a way back to the page.
fn look_closer(model: &mut Model) -> Vec<Effect> {
    model.review.grid.is_open = false;
    model.review.grid.is_behind = true;
    model.review.grid.has_letters = false;
    let mut effects = vec![rest(model)];
    model.review.asked = None;
    effects.extend(look(model));
    effects
}

/// Goes back to the page from a picture that was looked at by itself.
pub(super) fn come_back(model: &mut Model) -> Vec<Effect> {
    model.review.grid.is_open = true;
    model.review.grid.is_behind = false;
    model.review.look = Look::One;
    look(model)
}

/// A key in the grid.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if let Some(label) = digits::label(key) {
        return sweep::give_label(model, label);
    }
    if model.review.grid.has_letters
        && let KeyCode::Char(letter) = key.code
        && let Some(place) = Grid::place_of(letter)
    {
        return mark_letter(model, place);
    }
    if let Some(action) = model.keys.action::<GridAction>(key) {
        return act(model, action);
    }
    match model.keys.action(key) {
        Some(action) => act_of_review(model, action),
        None => digits::shifted(key).map(|label| sweep::give_label(model, label)).unwrap_or_default(),
    }
}

/// Does what a key of the review stands for in the grid.
pub(super) fn act_of_review(model: &mut Model, action: ReviewAction) -> Vec<Effect> {
    match action {
        ReviewAction::Accept if model.review.grid.stack.is_some() => sweep::accept_page(model),
        ReviewAction::Accept => sweep::accept_in_hand(model),
        ReviewAction::NoneOfThese => sweep::none_of_these(model),
        ReviewAction::Skip => sweep::skip(model),
        action if is_known_here(action) => review::act(model, action),
        _ => {
            let text = model.with_keys("app.not_in_grid", &[("key", GridAction::Leave.into())]);
            model.show(text);
            vec![]
        }
    }
}

/// True for what a key of the review does in the grid as well: it is about the queue, and not about one picture.
fn is_known_here(action: ReviewAction) -> bool {
    use ReviewAction as Known;
    matches!(
        action,
        Known::MarkRange
            | Known::Undo
            | Known::Redo
            | Known::NextOpen
            | Known::PreviousOpen
            | Known::TenOn
            | Known::TenBack
            | Known::Order
            | Known::Find
            | Known::LikeThis
            | Known::Filter
            | Known::FilterBefore
            | Known::First
            | Known::Last
            | Known::GoTo
            | Known::Labels
            | Known::Decisions
            | Known::Hide
            | Known::Stack
            | Known::Preview
    )
}

/// Does what a key of the grid stands for.
pub(super) fn act(model: &mut Model, action: GridAction) -> Vec<Effect> {
    let across = grid_shape(model.size).0 as isize;
    match action {
        GridAction::Left => queue::go(model, -1),
        GridAction::Right => queue::go(model, 1),
        GridAction::Up => {
            // From the first row to the page before, and no further than there is one.
            let by = if model.review.at >= across as usize { -across } else { 0 };
            queue::go(model, by)
        }
        GridAction::Down => queue::go(model, across),
        GridAction::PageOn => sweep::turn(model, 1),
        GridAction::PageBack => sweep::turn(model, -1),
        GridAction::Mark if model.review.grid.stack.is_some() => stacks::take_out(model),
        GridAction::Mark => mark(model),
        GridAction::Letters => {
            model.review.grid.has_letters = !model.review.grid.has_letters;
            vec![]
        }
        GridAction::AcceptPage => sweep::accept_page(model),
        GridAction::Look => look_closer(model),
        GridAction::Leave if model.review.grid.has_letters => {
            model.review.grid.has_letters = false;
            vec![]
        }
        GridAction::Leave if model.review.anchor.take().is_some() => {
            model.show(model.language.text("app.range_given_up"));
            vec![]
        }
        GridAction::Leave if model.review.grid.stack.is_some() => stacks::close(model),
        GridAction::Leave => leave(model),
    }
}

fn mark(model: &mut Model) -> Vec<Effect> {
    if let Some(index) = model.review.current() {
        toggle(model, index);
    }
    // The page is not left by marking.
    let is_last = (model.review.at + 1).is_multiple_of(page_length(model.size));
    queue::go(model, if is_last { 0 } else { 1 })
}

fn mark_letter(model: &mut Model, place: usize) -> Vec<Effect> {
    let at = first(model) + place;
    if let Some(index) = model.review.grid.tiles.get(place).map(|(index, _)| *index) {
        match model.review.grid.stack {
            Some(_) => model.review.stacks.toggle(index),
            None => toggle(model, index),
        }
        model.review.at = at;
    }
    look(model)
}

fn toggle(model: &mut Model, index: usize) {
    if !model.review.marked.remove(&index) {
        model.review.marked.insert(index);
    }
}
