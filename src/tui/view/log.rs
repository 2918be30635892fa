//! The last arrivals and all messages, the newest first.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::canvas::{Canvas, paragraph};
use super::live;
use crate::domain::printable::printable_text;

/// One of so many rows is for an arrival.
const FEED_SHARE: usize = 3;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let feed = live::feed(canvas, area.height as usize / FEED_SHARE, area.width as usize);
    let [above, area] = Layout::vertical([Constraint::Length(feed.len() as u16), Constraint::Min(0)]).areas(area);
    paragraph(frame, above, feed);
    let log = &canvas.model.log;
    if log.is_empty() {
        return paragraph(frame, area, vec![Line::styled(canvas.text("app.log_empty"), canvas.theme.faint())]);
    }
    let newest = log.iter().rev().skip(canvas.model.scroll).take(area.height as usize);
    paragraph(frame, area, newest.map(|line| Line::raw(printable_text(line))).collect());
}
