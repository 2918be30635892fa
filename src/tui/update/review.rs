//! The review pane: decisions with one key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::decisions::{decide, reassign};
use super::marks::{self, mark, mark_range};
use super::preview::{choose_preview, look};
use super::queue::{go_to_open, rearranged, remake, step};
use super::undo::{redo, undo};
use super::{filters, go_to, label_list, last_decisions};
use crate::tui::action::ReviewAction;
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
    if let Some(label) = digit(key) {
        return reassign(model, label);
    }
    let Some(action) = model.keys.action(key) else {
        return shifted_digit(key).map(|label| reassign(model, label)).unwrap_or_default();
    };
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
