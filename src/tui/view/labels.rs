//! The label editor with its live counts.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::{Canvas, padded, paragraph, shortened};
use crate::domain::folder_name::folder_names;
use crate::domain::printable::printable_text;
use crate::lang::Say;

/// Columns beside the text: count, share, folder.
const COUNTS: u16 = 34;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let rows = other_rows(canvas);
    let under = rows.len() as u16 + 1;
    let [head, editing, others] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(3), Constraint::Length(under)]).areas(area);
    let [text, counts] = Layout::horizontal([Constraint::Min(20), Constraint::Length(COUNTS)]).areas(editing);
    let heading =
        format!("{}{}", padded(&canvas.text("app.labels_head"), text.width as usize), canvas.text("app.counts_head"));
    paragraph(frame, head, vec![Line::styled(heading, canvas.theme.title())]);
    let mut editor = canvas.model.labels.editor.clone();
    editor.set_cursor_line_style(ratatui::style::Style::default());
    if !canvas.model.labels.is_editing {
        editor.set_cursor_style(ratatui::style::Style::default());
    } else {
        editor.set_cursor_style(ratatui::style::Style::new().add_modifier(Modifier::REVERSED));
    }
    frame.render_widget(&editor, text);
    let offset = editor.scroll_offset().0 as usize;
    paragraph(frame, counts, counts_beside(canvas, offset, counts.height as usize));
    paragraph(frame, others, rows);
}

/// One line a line of the editor.
fn counts_beside(canvas: &Canvas<'_>, offset: usize, height: usize) -> Vec<Line<'static>> {
    let labels = &canvas.model.labels;
    let folders = folder_names(&labels.current, &canvas.model.defaults.output_file.to_string_lossy());
    let is_stale = labels.scored != labels.revision && !canvas.model.collection.is_empty();
    let total = canvas.model.counts.pictures().max(1);
    let lines = labels.editor.lines().iter().skip(offset).take(height);
    lines
        .map(|line| {
            let text = line.split('=').next().unwrap_or_default().trim();
            let Some(place) = labels.current.iter().position(|label| label.text == text) else { return Line::raw("") };
            let count = canvas.model.counts.by_label.get(place).copied().unwrap_or(0);
            let folder = folders.get(place).map(String::as_str).unwrap_or_default();
            let numbers = match is_stale {
                true => format!("{:>7} {:>5}", "…", ""),
                false => format!("{count:>7} {:>4} %", count * 100 / total),
            };
            let hint = hint(canvas, text);
            let other_name = (folder != text).then(|| printable_text(folder));
            let beside = hint.or(other_name).unwrap_or_default();
            Line::raw(format!("{numbers}  {}", shortened(&beside, COUNTS as usize - 16)))
        })
        .collect()
}

/// What could be better about a label, as the guide teaches.
fn hint(canvas: &Canvas<'_>, text: &str) -> Option<String> {
    /// More than a caption has.
    const MOST_CHARACTERS: usize = 80;
    const MOST_WORDS: usize = 10;
    let words = text.split_whitespace().count();
    match () {
        () if text.chars().count() > MOST_CHARACTERS || words > MOST_WORDS => Some(canvas.text("app.hint_long")),
        () if words == 1 => Some(canvas.say("app.hint_bare", &[("label", &printable_text(text))])),
        () => None,
    }
}

/// The rows that are no labels, and what is wrong with the text.
fn other_rows(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let counts = &canvas.model.counts;
    let rows = [
        ("app.row_unsure", counts.unsure),
        ("app.row_none", counts.none_of_these),
        ("app.row_removed", counts.label_removed),
        ("app.row_suspect", counts.suspect),
        ("app.row_failed", counts.failed()),
        ("app.row_waiting", counts.waiting),
    ];
    let mut lines: Vec<Line<'static>> = rows
        .iter()
        .filter(|(key, count)| *count > 0 || *key == "app.row_unsure")
        .map(|(key, count)| Line::styled(format!("{count:>7}  {}", canvas.text(key)), canvas.theme.faint()))
        .collect();
    lines.push(Line::raw(format!("{:>7}  {}", counts.pictures(), canvas.text("app.row_all"))));
    if let Some(error) = &canvas.model.labels.error {
        lines.push(Line::styled(error.say(&canvas.model.language), canvas.theme.error()));
    }
    lines
}
