//! The first start: the samples, or own pictures.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::canvas::{Canvas, paragraph};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, chosen: usize) {
    let choice = |number: usize, name: &str, about: &str| {
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
    lines.extend(choice(0, "app.welcome_samples", "app.welcome_samples_about"));
    lines.extend(choice(1, "app.welcome_own", "app.welcome_own_about"));
    paragraph(frame, area, lines);
}
