//! Every key, from the table that binds them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Canvas, padded, paragraph};

/// Columns of the keys.
const KEYS: usize = 10;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let columns = [["everywhere", "files"], ["list", "editor"], ["review", ""]];
    let areas: [Rect; 3] = Layout::horizontal([Constraint::Ratio(1, 3); 3]).areas(area);
    for (area, names) in areas.into_iter().zip(columns) {
        paragraph(frame, area, sections(canvas, &names));
    }
}

fn sections(canvas: &Canvas<'_>, names: &[&str]) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        lines.push(Line::styled(canvas.text(&format!("keys.section_{name}")), canvas.theme.title()));
        for action in canvas.model.keys.actions(name) {
            let word = canvas.text(&format!("keys.{}", action.replace('.', "_")));
            let keys = padded(&canvas.model.keys.names(action), KEYS);
            lines.push(Line::from(vec![Span::styled(keys, canvas.theme.title()), Span::raw(format!(" {word}"))]));
        }
        if *name == "review" {
            let word = canvas.text("keys.review_digit");
            lines.push(Line::from(vec![
                Span::styled(padded("1-9 0", KEYS), canvas.theme.title()),
                Span::raw(format!(" {word}")),
            ]));
        }
    }
    lines
}
