//! The ways of looking at pictures: beside the labels, on the whole screen, or pixel by pixel.

use super::preview::look;
use super::queue::step;
use crate::tui::action::{ExactAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::model::{Look, Model};

/// Pixel by pixel, beginning with the middle of the picture.
pub(super) const EXACT: Look = Look::Exact { across: 0, down: 0 };

/// Looks at pictures in a way, or in the usual one where it was that way already.
pub(super) fn toggle(model: &mut Model, wanted: Look) -> Vec<Effect> {
    let is_so = match (model.review.look, wanted) {
        (Look::Exact { .. }, Look::Exact { .. }) => true,
        (now, wanted) => now == wanted,
    };
    if is_so {
        return leave(model);
    }
    model.review.look = wanted;
    let text = match wanted {
        Look::Exact { .. } => {
            let [left, right, up, down, next, previous] = [
                ExactAction::Left,
                ExactAction::Right,
                ExactAction::Up,
                ExactAction::Down,
                ExactAction::Next,
                ExactAction::Previous,
            ]
            .map(Into::into);
            let keys = [("left", left), ("right", right), ("up", up), ("down", down), ("next", next)];
            let more = [("previous", previous), ("key", ReviewAction::Exact.into())];
            model.with_keys("app.looks_exact", &keys.into_iter().chain(more).collect::<Vec<_>>())
        }
        Look::One | Look::Whole => {
            let keys = [("key", ReviewAction::Whole.into()), ("leave", ReviewAction::Leave.into())];
            model.with_keys("app.looks_whole", &keys)
        }
    };
    model.show(text);
    look(model)
}

/// Looks at pictures beside their labels again.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    model.review.look = Look::One;
    model.show(model.language.text("app.looks_usual"));
    look(model)
}

/// A key while each pixel is a dot.
pub(super) fn press(model: &mut Model, action: ExactAction) -> Vec<Effect> {
    let (right, below) = match action {
        ExactAction::Next => return step(model, 1),
        ExactAction::Previous => return step(model, -1),
        ExactAction::Left => (-1, 0),
        ExactAction::Right => (1, 0),
        ExactAction::Up => (0, -1),
        ExactAction::Down => (0, 1),
    };
    if let Look::Exact { across, down } = &mut model.review.look {
        *across = across.saturating_add(right);
        *down = down.saturating_add(below);
    }
    look(model)
}
