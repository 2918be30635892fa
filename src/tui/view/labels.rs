//! The label editor with its live counts.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Text};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, paragraph, shortened};
use super::editor_lines;
use crate::domain::advice::{Advice, advice, catches_the_rest};
use crate::domain::folder_name::folder_names;
use crate::domain::label;
use crate::domain::printable::printable_text;
use crate::lang::Say;
use crate::tui::action::EditorAction;

/// Columns beside the text, for count, share and folder or hint: a share of the screen, in percent, between these.
const COUNTS_SHARE: u16 = 45;
const COUNTS: std::ops::RangeInclusive<u16> = 34..=70;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let rows = other_rows(canvas);
    let under = rows.len() as u16 + 1;
    let [head, editing, others] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(3), Constraint::Length(under)]).areas(area);
    let beside = (area.width * COUNTS_SHARE / 100).clamp(*COUNTS.start(), *COUNTS.end());
    let [text, counts] = Layout::horizontal([Constraint::Min(20), Constraint::Length(beside)]).areas(editing);
    let heading = format!("{}{}", padded(&head_of(canvas), text.width as usize), canvas.text("app.counts_head"));
    paragraph(frame, head, vec![Line::styled(heading, canvas.theme.title())]);
    let labels = &canvas.model.labels;
    let first = editor_lines::first(&labels.editor, text.height as usize);
    let lines =
        editor_lines::shown(&labels.editor, labels.is_editing, (first, text.height as usize), text.width as usize);
    frame.render_widget(Text::from(lines), text);
    paragraph(frame, counts, counts_beside(canvas, first, counts.height as usize, counts.width as usize));
    paragraph(frame, others, rows);
}

/// The heading, with the label that the labels of the editor are inside.
fn head_of(canvas: &Canvas<'_>) -> String {
    let labels = &canvas.model.labels;
    match labels.outside.last().and_then(|outside| labels.text_of(outside.label)) {
        Some(label) => canvas.say("app.labels_inside_head", &[("label", &printable_text(label))]),
        None => canvas.text("app.labels_head"),
    }
}

/// One line a line of the editor.
fn counts_beside(canvas: &Canvas<'_>, offset: usize, height: usize, width: usize) -> Vec<Line<'static>> {
    let labels = &canvas.model.labels;
    let folders = folder_names(&labels.current, &canvas.model.defaults.output_file.to_string_lossy());
    let is_stale = labels.scored != labels.revision && !canvas.model.collection.is_empty();
    let total = canvas.model.counts.pictures().max(1);
    let lines = labels.editor.lines().iter().skip(offset).take(height);
    lines
        .map(|line| {
            let Some(text) = label::in_line(line).ok().flatten().map(|label| label.text) else { return Line::raw("") };
            let Some(place) = labels.current.iter().position(|label| label.text == text) else { return Line::raw("") };
            let count = canvas.model.counts.by_label.get(place).copied().unwrap_or(0);
            let folder = folders.get(place).map(String::as_str).unwrap_or_default();
            let numbers = match is_stale {
                true => format!("{:>7} {:>5}", "…", ""),
                false => format!("{count:>7} {:>4} %", count * 100 / total),
            };
            let hint = hint(canvas, place);
            let other_name = (folder != text).then(|| printable_text(folder));
            let beside: Vec<String> = other_name.into_iter().chain(hint).collect();
            Line::raw(format!(
                "{numbers}  {}",
                shortened(&beside.join(" · "), width.saturating_sub(numbers.width() + 2))
            ))
        })
        .collect()
}

/// Advice on a label, as the guide teaches and as the model sees it.
fn hint(canvas: &Canvas<'_>, place: usize) -> Option<String> {
    let labels = &canvas.model.labels;
    let label = labels.current.get(place)?;
    if labels.too_long.as_ref().is_some_and(|(long, _)| *long == place) {
        return Some(canvas.text("app.hint_too_long"));
    }
    let twin = labels.alike.iter().find_map(|(one, other)| match place {
        _ if place == *one => Some(*other),
        _ if place == *other => Some(*one),
        _ => None,
    });
    if let Some(twin) = twin.and_then(|twin| labels.current.get(twin)) {
        return Some(canvas.say("app.hint_alike", &[("label", &printable_text(&twin.text))]));
    }
    Some(match advice(label)? {
        Advice::Long => canvas.text("app.hint_long"),
        Advice::BareWord => canvas.with_keys("app.hint_bare", &[("key", EditorAction::TakeHint.into())]),
    })
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
    let all = counts.pictures();
    lines.push(Line::raw(format!("{all:>7}  {}", canvas.say("app.row_all", &[("count", &all)]))));
    let labels = &canvas.model.labels;
    if let Some(error) = &labels.error {
        lines.push(Line::styled(error.say(&canvas.model.language), canvas.theme.error()));
    } else if let Some((_, problem)) = &labels.too_long {
        lines.push(Line::styled(printable_text(problem), canvas.theme.error()));
    } else if !catches_the_rest(&labels.current) {
        lines.push(Line::styled(format!("         {}", canvas.text("app.hint_rest")), canvas.theme.faint()));
    }
    lines
}
