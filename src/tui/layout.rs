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

/// Columns of a popup at least, where the screen has them.
const NARROWEST_POPUP: u16 = 38;

/// Rows of a popup besides its list: the frame, and the line that is typed.
const AROUND_LIST: u16 = 3;

/// A popup with so many columns of text and lines in its list. It is at the right, so that a picture at the left stays
/// in sight.
pub(super) fn popup(pane: Rect, columns: usize, lines: usize) -> Rect {
    let fitting = |wanted: usize, most: u16| u16::try_from(wanted).unwrap_or(most).min(most);
    let width = fitting(columns, pane.width).saturating_add(2).max(NARROWEST_POPUP).min(pane.width);
    let height = fitting(lines.max(1), pane.height).saturating_add(AROUND_LIST).min(pane.height);
    Rect { x: pane.x + pane.width - width, width, height, ..pane }
}

/// How many rows a page key goes in a popup. One row stays on the screen.
pub(super) fn popup_page(size: (u16, u16)) -> u16 {
    parts(screen(size), 1).pane.height.saturating_sub(AROUND_LIST + 1).max(1)
}
