//! The mouse, for those who have turned it on.

use super::panes::go_to;
use super::{chooser, preview, queue, setup};
use crate::tui::effect::Effect;
use crate::tui::message::Target;
use crate::tui::model::{Model, Pane};

/// A click on something.
pub(super) fn click(model: &mut Model, target: Target) -> Vec<Effect> {
    // A question and the welcome are answered with keys.
    if model.question.is_some() || model.welcome.is_some() && model.popup.is_none() {
        return vec![];
    }
    match target {
        Target::Choice(row) => chooser::click(model, row),
        // The pane is under the popup.
        _ if model.popup.is_some() => vec![],
        Target::Pane(pane) => go_to(model, pane),
        Target::Field(field) => setup::click(model, field),
        Target::Picture(place) => {
            model.review.at = place;
            preview::look(model)
        }
    }
}

/// The wheel scrolls the list or the text of the pane.
pub(super) fn wheel(model: &mut Model, by: isize) -> Vec<Effect> {
    if model.popup.is_some() {
        chooser::wheel(model, by);
        return vec![];
    }
    match model.pane {
        Pane::Review => queue::go(model, by),
        Pane::Files | Pane::Log => vec![Effect::Scroll(by)],
        Pane::Setup | Pane::Labels => vec![],
    }
}
