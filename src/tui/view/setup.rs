//! The setup pane.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use crate::backend::{Checked, ModelChoice, ModelPlace};
use crate::domain::file_filter::LeftOutCounts;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Operation;
use crate::lang::{Say, Values, duration, size};
use crate::tui::action::{AppAction, ListAction};
use crate::tui::model::{Field, Watching};

/// Columns of the fields' names.
const NAMES: usize = 16;

/// Models that are listed at once.
const MODELS_SHOWN: usize = 6;

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
    for field in Field::ALL {
        if field == Field::Start {
            rows.push((None, Line::raw("")));
        }
        rows.push((Some(field), line(canvas, field, room)));
        rows.extend(notes(canvas, field, room).into_iter().map(|note| (None, note)));
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
    let name = padded(&canvas.text(name(field)), NAMES);
    Line::from(vec![
        Span::raw(mark),
        Span::styled(name, canvas.theme.title()),
        match empty(field).filter(|_| has_no_text(canvas, field)) {
            Some(key) => Span::styled(shortened(&canvas.text(key), room), canvas.theme.faint().patch(style)),
            None => Span::styled(shortened(&printable_text(&value(canvas, field)), room), style),
        },
    ])
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
    let setup = &canvas.model.setup;
    let is_edited = field == setup.chosen && setup.editing.is_some();
    !is_edited && value(canvas, field).trim().is_empty()
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Source => "app.field_source",
        Field::Destination => "app.field_destination",
        Field::Model => "app.field_model",
        Field::Labels => "app.field_labels",
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

/// Facts about a field's value, under it.
fn notes(canvas: &Canvas<'_>, field: Field, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    let note = |text: String, style: Style| {
        vec![Line::styled(format!("{}{}", " ".repeat(NAMES + 2), shortened(&text, room)), style)]
    };
    let (faint, good, warning) = (canvas.theme.faint(), canvas.theme.good(), canvas.theme.warning());
    match field {
        Field::Source if setup.source.text().trim().is_empty() => note(canvas.text("app.source_hint"), faint),
        Field::Source => match &setup.checked {
            None => note(canvas.text("app.counting"), faint),
            Some(Ok(checked)) => {
                let (key, style) = match (checked.pictures, setup.watching) {
                    (0, Watching::No) => ("app.no_pictures_found", warning),
                    // An incoming folder begins empty.
                    (0, _) => ("app.no_pictures_yet", faint),
                    _ => ("app.pictures_found", good),
                };
                note(counted(canvas, key, checked), style)
            }
            Some(Err(problem)) => note(problem.clone(), canvas.theme.error()),
        },
        Field::Destination => note(printable(canvas.model.destination()), faint),
        Field::Model if !setup.models.is_empty() => models(canvas, room),
        Field::Model if setup.is_damaged() => {
            note(canvas.with_keys("app.model_damaged", &[("key", ListAction::Repair.into())]), warning)
        }
        Field::Model => match setup.found() {
            None => note(canvas.text("app.model_hint"), faint),
            Some(found) => {
                let style = match found.place {
                    ModelPlace::BuiltIn | ModelPlace::ToDownload { .. } => warning,
                    ModelPlace::NoFolder => canvas.theme.error(),
                    ModelPlace::Folder | ModelPlace::Cached { .. } => good,
                };
                note(about_model(canvas, found), style)
            }
        },
        Field::Include if field == setup.chosen => note(canvas.text("app.include_hint"), faint),
        Field::Exclude if field == setup.chosen => note(canvas.text("app.patterns_hint"), faint),
        Field::Start => before_start(canvas).into_iter().flat_map(|(text, style)| note(text, style)).collect(),
        _ => vec![],
    }
}

/// How many files the source has, and how many of them are not looked at.
fn counted(canvas: &Canvas<'_>, key: &str, checked: &Checked) -> String {
    let LeftOutCounts { litter, hidden, excluded } = checked.left_out;
    let values: Values<'_> = &[("pictures", &checked.pictures), ("others", &checked.others)];
    let counts = [("app.count_litter", litter), ("app.count_hidden", hidden), ("app.count_excluded", excluded)];
    let counts = counts.iter().filter(|(_, count)| *count > 0).map(|(key, count)| canvas.say(key, &[("count", count)]));
    std::iter::once(canvas.say(key, values)).chain(counts).collect::<Vec<_>>().join(" · ")
}

/// Models that can be chosen without typing.
fn models(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    // Around the one that is chosen, as the list may be long.
    let first = setup.model_chosen.unwrap_or(0).saturating_sub(MODELS_SHOWN - 1);
    let shown = setup.models.iter().enumerate().skip(first).take(MODELS_SHOWN);
    let lines = shown.map(|(place, choice)| {
        let about = in_short(canvas, choice);
        let text = padded(&format!("{}  {about}", printable_text(&choice.name)), room);
        let style = if setup.model_chosen == Some(place) { canvas.theme.chosen() } else { canvas.theme.faint() };
        Line::from(vec![Span::raw(" ".repeat(NAMES + 2)), Span::styled(text, style)])
    });
    lines.collect()
}

/// Where a model is, and what it is good at, if the table knows.
fn about_model(canvas: &Canvas<'_>, choice: &ModelChoice) -> String {
    let place = match choice.place {
        ModelPlace::BuiltIn => canvas.text("app.demo_is_for_samples"),
        ModelPlace::Folder => canvas.text("app.model_folder"),
        ModelPlace::NoFolder => canvas.text("app.model_no_folder"),
        ModelPlace::Cached { bytes } => canvas.say("models.cached", &[("size", &size(bytes))]),
        ModelPlace::ToDownload { bytes: Some(bytes) } => canvas.say("app.model_download", &[("size", &size(bytes))]),
        ModelPlace::ToDownload { bytes: None } => canvas.text("app.model_download_unknown"),
    };
    let Some(known) = choice.known else { return place };
    let strengths = known.good_at.iter().map(|strength| strength.say(&canvas.model.language));
    let mut about: Vec<String> = strengths.collect();
    about.push(known.speed.say(&canvas.model.language));
    about.push(place);
    about.join(", ")
}

/// The same for a list, where there is less room: what it costs comes first.
fn in_short(canvas: &Canvas<'_>, choice: &ModelChoice) -> String {
    let language = &canvas.model.language;
    let place = match choice.place {
        ModelPlace::ToDownload { bytes: Some(bytes) } => canvas.say("models.not_cached", &[("size", &size(bytes))]),
        _ if choice.known.is_some() => canvas.text("models.info_there"),
        _ => return about_model(canvas, choice),
    };
    let mut about = vec![place];
    if let Some(known) = choice.known {
        about.push(known.speed.say(language));
        about.extend(known.good_at.iter().map(|strength| strength.say(language)));
    }
    about.join(", ")
}

/// Whether to download the model first.
pub(super) fn download_question(canvas: &Canvas<'_>) -> String {
    let model = printable_text(canvas.model.setup.model.text().trim());
    let yes = canvas.model.language.answer_letter("app.answer_yes");
    match canvas.model.setup.found().map(|found| found.place) {
        Some(ModelPlace::ToDownload { bytes: Some(bytes) }) => {
            canvas.say("app.download_size", &[("model", &model), ("size", &size(bytes)), ("yes", &yes)])
        }
        _ => canvas.say("app.download", &[("model", &model), ("yes", &yes)]),
    }
}

/// Beside the button: what stands in the way, or that nothing does.
fn readiness(canvas: &Canvas<'_>) -> String {
    canvas.model.settings().err().unwrap_or_else(|| canvas.text("app.ready"))
}

/// How long it will take and on what, and what would make it faster or safer.
fn before_start(canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let model = canvas.model;
    let mut lines = Vec::new();
    if let (Some(runtime), Some(Ok(checked))) = (&model.runtime, &model.setup.checked) {
        let seconds = model.seconds_left().filter(|_| !model.is_busy());
        let key = if seconds.is_some() { "app.before_start" } else { "app.before_start_unmeasured" };
        let time = seconds.map(|seconds| duration(&model.language, seconds)).unwrap_or_default();
        let values: Values<'_> = &[
            ("pictures", &checked.pictures),
            ("time", &time),
            ("runtime", &runtime.name),
            ("device", &runtime.device),
        ];
        lines.push((canvas.say(key, values), canvas.theme.faint()));
    }
    if let Some(runtime) = &model.runtime {
        let install = [("key", ListAction::Install.into())];
        if runtime.is_gpu_unused {
            lines.push((canvas.with_keys("app.gpu_unused", &install), canvas.theme.warning()));
        } else if runtime.is_built_in {
            lines.push((canvas.with_keys("app.faster_runtime", &install), canvas.theme.faint()));
        }
    }
    if model.is_line_unprotected {
        lines.push((canvas.text("app.line_unprotected"), canvas.theme.faint()));
    }
    lines
}
