//! Every key, from the table that binds them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{Canvas, padded, paragraph};
use crate::tui::action::Section;

/// Columns of the keys.
const KEYS: usize = 10;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let columns: [&[Section]; 3] = [
        &[Section::Everywhere, Section::Files],
        &[Section::List, Section::Editor, Section::Exact, Section::Grid],
        &[Section::Review],
    ];
    let areas: [Rect; 3] = Layout::horizontal([Constraint::Ratio(1, 3); 3]).areas(area);
    for (area, shown) in areas.into_iter().zip(columns) {
        paragraph(frame, area, sections(canvas, shown));
    }
}

fn sections(canvas: &Canvas<'_>, shown: &[Section]) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for section in shown {
        lines.push(Line::styled(canvas.text(&section.heading()), canvas.theme.title()));
        for action in canvas.model.keys.actions(*section) {
            lines.push(line(canvas, &canvas.model.keys.names(action), &action.word()));
        }
        if *section == Section::Review {
            lines.push(line(canvas, "1-9 0", "keys.review_digit"));
        }
    }
    lines
}

/// Keys and the word for what they do.
fn line(canvas: &Canvas<'_>, keys: &str, word: &str) -> Line<'static> {
    let keys = padded(keys, KEYS);
    Line::from(vec![Span::styled(keys, canvas.theme.title()), Span::raw(format!(" {}", canvas.text(word)))])
}
