//! The mouse, for those who have turned it on: what a click on a cell means.

use super::{go_to, preview, review, scroll, setup};
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane};
use crate::tui::view::{Target, target_at};

/// A click on a cell.
pub(super) fn click(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    // A question, a door and the help are answered with keys.
    if model.question.is_some() || model.doors.is_some() || model.help {
        return vec![];
    }
    match target_at(model, column, row) {
        Some(Target::Pane(pane)) => go_to(model, pane),
        Some(Target::Field(field)) => setup::click(model, field),
        Some(Target::Picture(place)) => {
            model.review.at = place;
            preview::look(model)
        }
        None => vec![],
    }
}

/// The wheel goes through what the pane lists.
pub(super) fn wheel(model: &mut Model, by: isize) -> Vec<Effect> {
    match model.pane {
        Pane::Review => review::go(model, by),
        Pane::Files | Pane::Log => {
            scroll(model, by);
            vec![]
        }
        Pane::Setup | Pane::Labels => vec![],
    }
}
