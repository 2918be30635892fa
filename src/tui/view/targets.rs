//! The answers of the view to what a person points at and scrolls through: they depend on what is drawn.

use super::canvas::Canvas;
use super::{chooser, files, grid, queue, review, setup, tabs};
use crate::tui::layout::{parts, screen};
use crate::tui::message::{Message, Target};
use crate::tui::model::{Look, Model, Pane, Popup};
use crate::tui::theme::Theme;

/// The message of a click on a cell; none where nothing is there that can be clicked.
pub(in crate::tui) fn clicked(model: &Model, column: u16, row: u16) -> Option<Message> {
    target_at(model, column, row).map(Message::Click)
}

/// The message that scrolls the text of the open pane by so many lines.
pub(in crate::tui) fn scrolled(model: &Model, by: isize) -> Message {
    Message::Scrolled { by, last_line: last_line(model) }
}

/// The thing at a cell.
fn target_at(model: &Model, column: u16, row: u16) -> Option<Target> {
    let canvas = Canvas { model, theme: Theme::default() };
    let parts = parts(screen(model.size), 1);
    if let Some(Popup::Chooser(list)) = &model.popup {
        return chooser::row_at(list, parts.pane, column, row).map(Target::Choice);
    }
    if model.pane == Pane::Review && model.review.look != Look::One {
        return None;
    }
    if row == parts.tabs.y {
        let mut end = 0;
        let tabs = tabs::spans(&canvas)
            .into_iter()
            .map(|(pane, spans)| (pane, spans.iter().map(|s| s.width()).sum::<usize>()));
        return tabs.into_iter().find_map(|(pane, width)| {
            end += width;
            (usize::from(column) < end).then_some(Target::Pane(pane))
        });
    }
    let inside = row.checked_sub(parts.pane.y).filter(|row| *row < parts.pane.height)?;
    match model.pane {
        Pane::Setup => {
            let rows = setup::shown_rows(&canvas, parts.pane);
            rows.get(usize::from(inside)).and_then(|(field, _)| field.map(Target::Field))
        }
        Pane::Review if model.review.grid.is_open => {
            grid::place_at(model, parts.pane, column, row).map(Target::Picture)
        }
        Pane::Review => {
            let areas = review::areas(&canvas, parts.pane);
            queue::place_at(&canvas, areas.queue, (column, row)).map(Target::Picture)
        }
        Pane::Labels | Pane::Files | Pane::Log => None,
    }
}

/// The line of a long text to which it can be scrolled: its end stays on the screen, however it wraps.
fn last_line(model: &Model) -> usize {
    let canvas = Canvas { model, theme: Theme::default() };
    let lines = match model.pane {
        Pane::Files => files::lines(&canvas).len(),
        Pane::Log => model.log.len(),
        Pane::Review => return review::last_line(&canvas, parts(screen(model.size), 1).pane),
        Pane::Setup | Pane::Labels => 0,
    };
    lines.saturating_sub(usize::from(model.size.1) / 2)
}
