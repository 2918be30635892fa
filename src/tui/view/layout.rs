//! Where things are on the screen: what is drawn there, and what a click there means.

use ratatui::layout::{Constraint, Layout, Rect};

use super::{Canvas, review, setup, tab_spans};
use crate::backend::Room;
use crate::tui::model::{Field, Model, Pane};
use crate::tui::theme::Theme;

/// The parts of the screen.
pub(super) struct Parts {
    pub(super) tabs: Rect,
    pub(super) pane: Rect,
    /// The last message; the pane's end is under it where it needs more rows.
    pub(super) notice: Rect,
    pub(super) hints: Rect,
    pub(super) status: Rect,
}

/// The parts of a screen, with so many rows for the notice.
pub(super) fn parts(screen: Rect, notice_rows: u16) -> Parts {
    let heights = [1, 0, 1, 1, 1];
    let constraints = heights.map(|rows| if rows == 0 { Constraint::Min(1) } else { Constraint::Length(rows) });
    let [tabs, pane, said, hints, status] = Layout::vertical(constraints).areas(screen);
    let more = notice_rows.saturating_sub(1).min(pane.height);
    let notice = Rect { y: said.y - more, height: said.height + more, ..said };
    Parts { tabs, pane, notice, hints, status }
}

/// Something that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Target {
    /// The name of a pane.
    Pane(Pane),
    /// A field of the setup.
    Field(Field),
    /// A picture, by its place in the queue.
    Picture(usize),
}

/// The thing at a cell.
pub(in crate::tui) fn target_at(model: &Model, column: u16, row: u16) -> Option<Target> {
    let canvas = Canvas { model, theme: Theme::default() };
    let parts = parts(screen(model.size), 1);
    if row == parts.tabs.y {
        let mut end = 0;
        let tabs =
            tab_spans(&canvas).into_iter().map(|(pane, spans)| (pane, spans.iter().map(|s| s.width()).sum::<usize>()));
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
        Pane::Review => {
            let areas = review::areas(&canvas, parts.pane);
            let line = row.checked_sub(areas.queue.y).filter(|_| column >= areas.queue.x)?;
            let place = review::first_shown(model, areas.queue.height as usize) + usize::from(line);
            (place < model.review.queue.len()).then_some(Target::Picture(place))
        }
        Pane::Labels | Pane::Files | Pane::Log => None,
    }
}

/// The room for the picture in the review pane.
pub(in crate::tui) fn picture_room(size: (u16, u16)) -> Room {
    let (picture, _) = review::halves(parts(screen(size), 1).pane);
    Room { columns: picture.width, rows: picture.height, manner: 0 }
}

fn screen((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, columns, rows)
}
