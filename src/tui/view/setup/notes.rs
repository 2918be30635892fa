//! The lines under a field: facts about its value, and its purpose.

use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::{NAMES, models};
use crate::backend::Checked;
use crate::domain::file_filter::LeftOutCounts;
use crate::domain::label::Label;
use crate::lang::{Values, duration};
use crate::tui::action::{AppAction, ListAction};
use crate::tui::model::{Field, PACKS, Watching, pack_lines};
use crate::tui::view::canvas::{Canvas, shortened};

/// The lines under a field.
pub(super) fn notes(canvas: &Canvas<'_>, field: Field, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    let faint = canvas.theme.faint();
    let hint = |key: &str| noted(&canvas.text(key), faint, room);
    let is_chosen = field == setup.chosen;
    match field {
        Field::Source if setup.source.text().trim().is_empty() => hint("app.source_hint"),
        Field::Source => source(canvas, room),
        Field::Labels if are_examples(canvas) => {
            let text = canvas.with_keys("app.labels_are_examples", &[("key", AppAction::Packs.into())]);
            noted(&text, faint, room)
        }
        Field::Labels if is_chosen => {
            noted(&canvas.say("app.labels_hint", &[("count", &canvas.model.labels.current.len())]), faint, room)
        }
        Field::Model => models::notes(canvas, room),
        Field::Destination if is_chosen => hint("app.destination_hint"),
        Field::More if is_chosen => hint(if setup.is_more { "app.more_close" } else { "app.more_open" }),
        Field::Include if is_chosen => hint("app.include_hint"),
        Field::Exclude if is_chosen => hint("app.patterns_hint"),
        Field::Template if is_chosen => hint("app.template_hint"),
        Field::Threshold if is_chosen => hint("app.threshold_hint"),
        Field::Margin if is_chosen => hint("app.margin_hint"),
        Field::Start => before_start(canvas).into_iter().flat_map(|(text, style)| noted(&text, style, room)).collect(),
        _ => vec![],
    }
}

/// A text under the fields' values, on as many lines as it takes.
pub(super) fn noted(text: &str, style: Style, room: usize) -> Vec<Line<'static>> {
    let line = |text: String| Line::styled(format!("{}{text}", " ".repeat(NAMES + 2)), style);
    wrapped(text, room).into_iter().map(line).collect()
}

/// The lines of a text, broken between words. A word for which there is no room, as a path may be, is cut.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.width() + 1 + word.width() <= room) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(shortened(word, room)),
        }
    }
    lines
}

/// How many pictures the source has, or why that is not known.
fn source(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    let (faint, good, warning) = (canvas.theme.faint(), canvas.theme.good(), canvas.theme.warning());
    match &setup.checked {
        None => noted(&canvas.text("app.counting"), faint, room),
        Some(Ok(checked)) => {
            let (key, style) = match (checked.pictures, setup.watching) {
                (0, Watching::No) => ("app.no_pictures_found", warning),
                // An incoming folder begins empty.
                (0, _) => ("app.no_pictures_yet", faint),
                _ => ("app.pictures_found", good),
            };
            noted(&counted(canvas, key, checked), style, room)
        }
        Some(Err(problem)) => noted(problem, canvas.theme.error(), room),
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

/// True where nobody has written labels of their own.
fn are_examples(canvas: &Canvas<'_>) -> bool {
    let written = canvas.model.labels.current.iter().map(Label::line);
    written.eq(pack_lines(&canvas.model.language, &PACKS[0]))
}

/// Whether to look into files none of which has the name of a picture.
pub(in crate::tui::view) fn no_names_question(canvas: &Canvas<'_>) -> String {
    let others = match &canvas.model.setup.checked {
        Some(Ok(checked)) => checked.others,
        _ => 0,
    };
    let yes = canvas.model.language.answer_letter("app.answer_yes");
    canvas.say("app.ask_no_names", &[("others", &others), ("yes", &yes)])
}

/// How long it will take and on what, and what would make it faster or safer.
fn before_start(canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let model = canvas.model;
    let mut lines = Vec::new();
    if let (Some(runtime), Some(Ok(checked))) = (&model.runtime, &model.setup.checked)
        && checked.pictures > 0
    {
        let estimate = model.estimate(model.setup.model.text().trim()).filter(|_| !model.is_busy());
        let key = match estimate.map(|estimate| estimate.is_measured) {
            Some(true) => "app.before_start",
            Some(false) => "app.before_start_judged",
            None => "app.before_start_unmeasured",
        };
        let time = estimate.map(|estimate| duration(&model.language, estimate.seconds)).unwrap_or_default();
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
