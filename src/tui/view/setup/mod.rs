//! The setup pane: a folder, what to look for, a model; where the pictures go; the rest under "more".

mod models;
mod more;
mod notes;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Operation;
use crate::tui::action::AppAction;
use crate::tui::model::{Field, Readiness, Watching};

pub(super) use models::download_question;
pub(super) use notes::no_names_question;

/// Columns of the fields' names.
const NAMES: usize = 16;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let rows = shown_rows(canvas, area);
    let setup = &canvas.model.setup;
    let edited = rows.iter().position(|(field, _)| *field == Some(setup.chosen)).filter(|_| setup.editing.is_some());
    frame.render_widget(Paragraph::new(rows.into_iter().map(|(_, line)| line).collect::<Vec<_>>()), area);
    if let (Some(row), Some(text)) = (edited, setup.line(setup.chosen)) {
        let before: String = text.text().chars().take(text.cursor()).collect();
        let column = area.x as usize + 2 + NAMES + before.width();
        if row < area.height as usize && column < area.right() as usize {
            frame.set_cursor_position(Position::new(column as u16, area.y + row as u16));
        }
    }
}

/// The rows that there is room for, each with the field that it begins, if it does: the chosen one and what is told of
/// it are among them.
pub(super) fn shown_rows(canvas: &Canvas<'_>, area: Rect) -> Vec<Row> {
    let mut rows = rows(canvas, area.width);
    let (chosen, room) = (canvas.model.setup.chosen, area.height as usize);
    let begins = rows.iter().position(|(field, _)| *field == Some(chosen)).unwrap_or(0);
    let ends = begins + 1 + rows.iter().skip(begins + 1).take_while(|(field, _)| field.is_none()).count();
    let first = ends.saturating_sub(room).min(begins);
    rows.drain(..first);
    rows.truncate(room);
    rows
}

/// A row of the pane, with the field that it begins, if it does.
type Row = (Option<Field>, Line<'static>);

/// All rows of the pane.
fn rows(canvas: &Canvas<'_>, width: u16) -> Vec<Row> {
    let room = (width as usize).saturating_sub(NAMES + 2);
    let mut rows = vec![(None, Line::raw(""))];
    for field in canvas.model.setup.fields() {
        if field == Field::Start {
            rows.push((None, Line::raw("")));
        }
        rows.push((Some(field), line(canvas, field, room)));
        rows.extend(notes::notes(canvas, field, room).into_iter().map(|note| (None, note)));
    }
    rows
}

fn line(canvas: &Canvas<'_>, field: Field, room: usize) -> Line<'static> {
    let setup = &canvas.model.setup;
    let is_chosen = field == setup.chosen;
    let mark = if is_chosen { "> " } else { "  " };
    if field == Field::Start {
        let style = if is_chosen { canvas.theme.chosen() } else { canvas.theme.title() };
        let key = canvas.model.keys.name(AppAction::Start);
        let label = format!("[ {} ]", canvas.text("app.field_start"));
        return Line::from(vec![
            Span::raw(mark),
            Span::styled(label, style),
            Span::raw(format!(" {key}   {}", readiness(canvas))),
        ]);
    }
    let style = match (is_chosen, setup.editing.is_some()) {
        (true, false) => canvas.theme.chosen(),
        _ => Style::default(),
    };
    // Fields under "more" stand further in.
    let inset = if Field::MORE.contains(&field) { "  " } else { "" };
    let name = padded(&format!("{inset}{}", canvas.text(name(field))), NAMES);
    Line::from(vec![
        Span::raw(mark),
        Span::styled(name, canvas.theme.title()),
        match empty(field).filter(|_| has_no_text(canvas, field)) {
            Some(key) => Span::styled(shortened(&canvas.text(key), room), canvas.theme.faint().patch(style)),
            None => Span::styled(fitted(canvas, field, room), style),
        },
    ])
}

/// The value of a field as far as there is room. Of a path the end is shown, which tells it from others.
fn fitted(canvas: &Canvas<'_>, field: Field, room: usize) -> String {
    let text = printable_text(&value(canvas, field));
    match field {
        Field::Source | Field::Destination if !is_edited(canvas, field) => ended(&text, room),
        _ => shortened(&text, room),
    }
}

/// A text that fits, its beginning replaced by an ellipsis where it does not.
fn ended(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for grapheme in text.graphemes(true).rev() {
        if kept.width() + grapheme.width() + 1 > room {
            break;
        }
        kept.insert_str(0, grapheme);
    }
    format!("…{kept}")
}

/// True while somebody writes into a field.
fn is_edited(canvas: &Canvas<'_>, field: Field) -> bool {
    let setup = &canvas.model.setup;
    field == setup.chosen && setup.editing.is_some()
}

/// The sentence that says what it means to leave a field empty.
fn empty(field: Field) -> Option<&'static str> {
    match field {
        Field::Include => Some("app.include_empty"),
        Field::Exclude => Some("app.exclude_empty"),
        _ => None,
    }
}

/// True for a field with nothing in it, unless somebody writes into it.
fn has_no_text(canvas: &Canvas<'_>, field: Field) -> bool {
    !is_edited(canvas, field) && value(canvas, field).trim().is_empty()
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Source => "app.field_source",
        Field::Destination => "app.field_destination",
        Field::Model => "app.field_model",
        Field::Labels => "app.field_labels",
        Field::More => "app.field_more",
        Field::Operation => "app.field_operation",
        Field::Recursive => "app.field_recursive",
        Field::Hidden => "app.field_hidden",
        Field::Include => "app.field_include",
        Field::Exclude => "app.field_exclude",
        Field::Watching => "app.field_watching",
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
        Field::More => more::told(canvas),
        Field::Destination if !is_edited(canvas, field) && !setup.destination.text().trim().is_empty() => {
            printable(canvas.model.destination())
        }
        Field::Operation => canvas.text(match setup.operation {
            Operation::Copy => "app.copy",
            Operation::Move => "app.move",
        }),
        Field::Recursive => canvas.text(if setup.recursive { "app.yes" } else { "app.no" }),
        Field::Hidden => canvas.text(if setup.hidden { "app.yes" } else { "app.no" }),
        Field::Watching => canvas.text(match setup.watching {
            Watching::No => "app.no",
            Watching::Classify => "app.watch_classify",
            Watching::Sort => "app.watch_sort",
        }),
        field => setup.line(field).map(|line| line.text().to_owned()).unwrap_or_default(),
    }
}

/// Beside the button: what stands in the way, or that nothing does.
fn readiness(canvas: &Canvas<'_>) -> String {
    if let Err(problem) = canvas.model.settings() {
        return problem;
    }
    canvas.text(match canvas.model.readiness() {
        Readiness::Ready => "app.ready",
        Readiness::Counting => "app.counting",
        Readiness::NoNames | Readiness::Problem(_) => "app.waits_for_pictures",
    })
}
