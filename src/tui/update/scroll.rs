//! Going through a long text.

use crossterm::event::KeyEvent;

use crate::tui::action::ListAction;
use crate::tui::effect::Effect;
use crate::tui::layout::page;
use crate::tui::model::Model;

/// Scrolls as a key says; nothing for a key that means something else.
pub(super) fn press(model: &Model, key: KeyEvent) -> Vec<Effect> {
    let page = page(model.size) as isize;
    let by = match model.keys.action(key) {
        Some(ListAction::Up) => -1,
        Some(ListAction::Down) => 1,
        Some(ListAction::PageUp) => -page,
        Some(ListAction::PageDown) => page,
        Some(ListAction::Enter | ListAction::Toggle | ListAction::Install | ListAction::Repair) | None => {
            return vec![];
        }
    };
    vec![Effect::Scroll(by)]
}

/// True for a key that scrolls by a page.
pub(super) fn is_page(model: &Model, key: KeyEvent) -> bool {
    matches!(model.keys.action(key), Some(ListAction::PageUp | ListAction::PageDown))
}

/// Goes so many lines on, and no further than a line that the view knows.
pub(super) fn scrolled(model: &mut Model, by: isize, last_line: usize) -> Vec<Effect> {
    model.scroll = model.scroll.saturating_add_signed(by).min(last_line);
    vec![]
}
