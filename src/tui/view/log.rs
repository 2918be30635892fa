//! What was said, the newest first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Canvas, paragraph};
use crate::domain::printable::printable_text;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let log = &canvas.model.log;
    if log.is_empty() {
        return paragraph(frame, area, vec![Line::styled(canvas.text("app.log_empty"), canvas.theme.faint())]);
    }
    let newest = log.iter().rev().skip(canvas.model.scroll).take(area.height as usize);
    paragraph(frame, area, newest.map(|line| Line::raw(printable_text(line))).collect());
}
