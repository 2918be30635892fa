//! Where the parts of the screen are, by its size alone: for drawing, and for asking for a picture that fits.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::backend::PreviewSize;

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

/// A screen of so many columns and rows.
pub(super) fn screen((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, columns, rows)
}

/// In the review pane, the picture, and the column beside it.
pub(super) fn review_halves(pane: Rect) -> (Rect, Rect) {
    let [_, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(pane);
    let side = (pane.width / 2).clamp(34, 60);
    let [picture, beside] = Layout::horizontal([Constraint::Min(20), Constraint::Length(side)]).areas(body);
    (picture, beside)
}

/// The room for the picture in the review pane.
pub(super) fn picture_room(size: (u16, u16)) -> PreviewSize {
    let (picture, _) = review_halves(parts(screen(size), 1).pane);
    PreviewSize { columns: picture.width, rows: picture.height, generation: 0 }
}

/// How many rows a page key scrolls. Some rows stay on the screen.
pub(super) fn page((_, rows): (u16, u16)) -> u16 {
    rows.saturating_sub(6).max(1)
}
