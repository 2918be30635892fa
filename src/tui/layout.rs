//! Where the parts of the screen are, by its size and by how pictures are looked at: for drawing, for asking for a
//! picture that fits, and for knowing what is in sight.

use ratatui::layout::{Constraint, Layout, Rect};

use super::model::Look;
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

/// The smallest screen on which the parts have room beside each other: columns and rows.
pub(super) const LEAST: (u16, u16) = (40, 10);

/// True where a screen has no room for the parts.
pub(super) fn is_too_small((columns, rows): (u16, u16)) -> bool {
    columns < LEAST.0 || rows < LEAST.1
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

/// The parts of the review pane where one picture is looked at beside what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReviewAreas {
    /// The line with place, filter and order.
    pub(super) head: Rect,
    pub(super) picture: Rect,
    /// Labels, decision and file of the picture.
    pub(super) rail: Rect,
    /// The pictures before and after it; without columns where there is no room for them.
    pub(super) queue: Rect,
}

/// Columns from which on a picture and a rail are beside each other; on fewer the rail is under the picture.
const LEAST_BESIDE: u16 = 50;

/// Columns from which on the queue has room.
const LEAST_WITH_QUEUE: u16 = 110;

/// Rows of a rail that is under its picture.
const RAIL_UNDER: u16 = 6;

/// Columns of a rail with all that is known of a file.
const RAIL_WITH_DETAILS: u16 = 46;

/// The parts of the review pane. With `details` the rail is wider.
pub(super) fn review_areas(pane: Rect, details: bool) -> ReviewAreas {
    let head = Rect { height: pane.height.min(1), ..pane };
    let body = Rect { y: pane.y + head.height, height: pane.height - head.height, ..pane };
    if pane.width < LEAST_BESIDE {
        let rail = if details { body.height } else { body.height.min(RAIL_UNDER) };
        let [picture, rail] = Layout::vertical([Constraint::Min(0), Constraint::Length(rail)]).areas(body);
        return ReviewAreas { head, picture, rail, queue: Rect { width: 0, ..rail } };
    }
    let queue = if pane.width < LEAST_WITH_QUEUE { 0 } else { (pane.width / 6 + 2).clamp(20, 34) };
    let rail = (pane.width / 8 + 14).clamp(24, 36);
    let rail = if details { rail.max(RAIL_WITH_DETAILS).min(pane.width - 10) } else { rail };
    let columns = [Constraint::Min(0), Constraint::Length(rail), Constraint::Length(queue)];
    let [picture, rail, queue] = Layout::horizontal(columns).areas(body);
    ReviewAreas { head, picture, rail, queue }
}

/// The room for a picture that has the whole screen but for one line.
pub(super) fn whole_areas(screen: Rect) -> (Rect, Rect) {
    let [picture, line] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(screen);
    (picture, line)
}

/// The room for the picture in the review pane.
pub(super) fn picture_room(size: (u16, u16), look: Look, details: bool) -> PreviewSize {
    let picture = match look {
        Look::One => review_areas(parts(screen(size), 1).pane, details).picture,
        Look::Whole | Look::Exact { .. } => whole_areas(screen(size)).0,
    };
    PreviewSize { columns: picture.width, rows: picture.height, generation: 0 }
}

/// How many pictures of the queue are listed beside the one that is looked at.
pub(super) fn listed_rows(size: (u16, u16), look: Look, details: bool) -> usize {
    match look {
        Look::One => listed_in(review_areas(parts(screen(size), 1).pane, details).queue),
        Look::Whole | Look::Exact { .. } => 0,
    }
}

/// How many pictures of the queue an area lists.
pub(super) fn listed_in(queue: Rect) -> usize {
    if queue.width == 0 { 0 } else { usize::from(queue.height / listed_height(queue)) }
}

/// Rows for each picture of the queue.
fn listed_height(queue: Rect) -> u16 {
    (queue.height / 8).clamp(3, 5)
}

/// The small picture at a place of those that are listed, and the words beside it.
pub(super) fn listed_at(queue: Rect, place: usize) -> (Rect, Rect) {
    let height = listed_height(queue);
    let y = queue.y + (place as u16).saturating_mul(height);
    // A cell is twice as high as wide; a blank column is on either side of the picture.
    let picture = Rect { x: queue.x + 1, y, width: height * 2 + 2, height };
    let words = Rect { x: picture.right() + 1, y, width: queue.width.saturating_sub(picture.width + 2), height };
    (picture.intersection(queue), words.intersection(queue))
}

/// The room for a small picture of the queue.
pub(super) fn listed_room(size: (u16, u16), look: Look, details: bool) -> PreviewSize {
    let queue = review_areas(parts(screen(size), 1).pane, details).queue;
    let (picture, _) = listed_at(queue, 0);
    match look {
        Look::One => PreviewSize { columns: picture.width, rows: picture.height, generation: 0 },
        Look::Whole | Look::Exact { .. } => PreviewSize::default(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_most_of_the_pane_at_every_size() {
        for (size, picture, rail, queue) in [
            ((40, 12), (40, 1), (40, 6), 0),
            ((60, 15), (36, 10), (24, 10), 0),
            ((80, 24), (56, 19), (24, 19), 0),
            ((120, 40), (69, 35), (29, 35), 22),
            ((200, 60), (130, 55), (36, 55), 34),
        ] {
            let areas = review_areas(parts(screen(size), 1).pane, false);
            assert_eq!((areas.picture.width, areas.picture.height), picture, "{size:?}");
            assert_eq!((areas.rail.width, areas.rail.height), rail, "{size:?}");
            assert_eq!(areas.queue.width, queue, "{size:?}");
            assert_eq!(areas.head.height, 1);
        }
    }

    #[test]
    fn no_part_is_over_another_however_small_the_screen() {
        for size in (1..130).flat_map(|columns| (1..12).map(move |rows| (columns, rows))) {
            for details in [false, true] {
                let pane = parts(screen(size), 1).pane;
                let ReviewAreas { head, picture, rail, queue } = review_areas(pane, details);
                let all = [head, picture, rail, queue];
                for (at, area) in all.iter().enumerate() {
                    assert_eq!(area.intersection(pane).area(), area.area(), "{size:?}");
                    let others = all.iter().enumerate().filter(|(other, _)| *other != at);
                    assert!(others.into_iter().all(|(_, other)| area.intersection(*other).area() == 0), "{size:?}");
                }
            }
        }
    }
}
