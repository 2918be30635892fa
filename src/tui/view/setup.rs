//! The setup pane.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::{Canvas, padded, shortened};
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Operation;
use crate::tui::model::Field;

/// Columns of the fields' names.
const NAMES: usize = 16;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let mut lines = vec![Line::raw("")];
    let mut cursor = None;
    for field in Field::ALL {
        if field == Field::Start {
            lines.push(Line::raw(""));
        }
        if field == canvas.model.setup.chosen && canvas.model.setup.editing.is_some() {
            cursor = Some(lines.len() as u16);
        }
        let room = (area.width as usize).saturating_sub(NAMES + 2);
        lines.push(line(canvas, field, room));
        if let Some(note) = note(canvas, field, room) {
            lines.push(note);
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    if let (Some(row), Some(text)) = (cursor, canvas.model.setup.line(canvas.model.setup.chosen)) {
        let before: String = text.text().chars().take(text.cursor()).collect();
        let column = area.x + 2 + NAMES as u16 + before.width() as u16;
        if row < area.height && column < area.right() {
            frame.set_cursor_position(Position::new(column, area.y + row));
        }
    }
}

fn line(canvas: &Canvas<'_>, field: Field, room: usize) -> Line<'static> {
    let setup = &canvas.model.setup;
    let is_chosen = field == setup.chosen;
    let mark = if is_chosen { "> " } else { "  " };
    if field == Field::Start {
        let style = if is_chosen { canvas.theme.chosen() } else { canvas.theme.title() };
        let key = canvas.model.keys.name("everywhere.start");
        let label = format!("[ {} ]", canvas.text("app.field_start"));
        return Line::from(vec![
            Span::raw(mark),
            Span::styled(label, style),
            Span::raw(format!(" {key}   {}", before_start(canvas))),
        ]);
    }
    let style = match (is_chosen, setup.editing.is_some()) {
        (true, false) => canvas.theme.chosen(),
        _ => Style::default(),
    };
    let name = padded(&canvas.text(name(field)), NAMES);
    Line::from(vec![
        Span::raw(mark),
        Span::styled(name, canvas.theme.title()),
        Span::styled(shortened(&printable_text(&value(canvas, field)), room), style),
    ])
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Source => "app.field_source",
        Field::Destination => "app.field_destination",
        Field::Model => "app.field_model",
        Field::Labels => "app.field_labels",
        Field::Operation => "app.field_operation",
        Field::Recursive => "app.field_recursive",
        Field::Template => "app.field_template",
        Field::Threshold => "app.field_threshold",
        Field::Margin => "app.field_margin",
        Field::Start => "app.field_start",
    }
}

fn value(canvas: &Canvas<'_>, field: Field) -> String {
    let setup = &canvas.model.setup;
    match field {
        Field::Labels => {
            let labels: Vec<&str> = canvas.model.labels.current.iter().map(|label| label.text.as_str()).collect();
            labels.join(", ")
        }
        Field::Operation => canvas.text(match setup.operation {
            Operation::Copy => "app.copy",
            Operation::Move => "app.move",
        }),
        Field::Recursive => canvas.text(if setup.recursive { "app.yes" } else { "app.no" }),
        field => setup.line(field).map(|line| line.text().to_owned()).unwrap_or_default(),
    }
}

/// What is to be known of a field's value, under it.
fn note(canvas: &Canvas<'_>, field: Field, room: usize) -> Option<Line<'static>> {
    let setup = &canvas.model.setup;
    let indented = |text: String, style: Style| {
        Line::styled(format!("{}{}", " ".repeat(NAMES + 2), shortened(&text, room)), style)
    };
    match field {
        Field::Source if setup.source.text().trim().is_empty() => {
            Some(indented(canvas.text("app.source_hint"), canvas.theme.faint()))
        }
        Field::Source => Some(match &setup.checked {
            None => indented(canvas.text("app.counting"), canvas.theme.faint()),
            Some(Ok(checked)) if checked.pictures == 0 => {
                indented(canvas.say("app.no_pictures_found", &[("others", &checked.others)]), canvas.theme.warning())
            }
            Some(Ok(checked)) => indented(
                canvas.say("app.pictures_found", &[("pictures", &checked.pictures), ("others", &checked.others)]),
                canvas.theme.good(),
            ),
            Some(Err(problem)) => indented(problem.clone(), canvas.theme.error()),
        }),
        Field::Destination => Some(indented(printable(canvas.model.destination()), canvas.theme.faint())),
        Field::Model if setup.model.text().trim() == "demo" => {
            Some(indented(canvas.text("app.demo_is_for_samples"), canvas.theme.warning()))
        }
        Field::Model => Some(indented(canvas.text("app.model_hint"), canvas.theme.faint())),
        _ => None,
    }
}

fn before_start(canvas: &Canvas<'_>) -> String {
    match canvas.model.settings() {
        Err(problem) => problem,
        Ok(_) => match canvas.model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused) {
            true => canvas.text("runtime_note.gpu_unused"),
            false => canvas.text("app.ready"),
        },
    }
}
