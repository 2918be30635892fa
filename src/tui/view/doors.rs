//! The first start: two doors.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::canvas::{Canvas, paragraph};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, chosen: usize) {
    let door = |number: usize, name: &str, about: &str| {
        let style = if number == chosen { canvas.theme.chosen() } else { Default::default() };
        let mark = if number == chosen { ">" } else { " " };
        let title = format!("{mark} {}  {} ", number + 1, canvas.text(name));
        vec![Line::styled(title, style), Line::raw(format!("     {}", canvas.text(about))), Line::raw("")]
    };
    let mut lines = vec![
        Line::raw(""),
        Line::styled(canvas.text("app.welcome"), canvas.theme.title()),
        Line::raw(canvas.text("app.welcome_about")),
        Line::raw(""),
    ];
    lines.extend(door(0, "app.door_samples", "app.door_samples_about"));
    lines.extend(door(1, "app.door_own", "app.door_own_about"));
    paragraph(frame, area, lines);
}
