//! The line of "more": copy or move, and what else is not as usual.

use super::value;
use crate::domain::patterns::on_line;
use crate::domain::printable::printable_text;
use crate::domain::settings::Operation;
use crate::tui::model::{Field, Watching};
use crate::tui::view::canvas::Canvas;

/// The operation, and the settings that differ from the defaults.
pub(super) fn told(canvas: &Canvas<'_>) -> String {
    let (setup, defaults) = (&canvas.model.setup, &canvas.model.defaults);
    let operation = match setup.operation {
        Operation::Copy => "app.more_copies",
        Operation::Move => "app.more_moves",
    };
    let text = |field| printable_text(value(canvas, field).trim());
    let written = |key: &str, field| canvas.say(key, &[("value", &text(field))]);
    let named = |field| written_with_name(canvas, field);
    let usual = |patterns: &[String]| on_line(patterns.iter().map(String::as_str));
    let mut others = Vec::new();
    if setup.recursive != defaults.recursive {
        others.push(canvas.text(if setup.recursive { "app.more_recursive" } else { "app.more_flat" }));
    }
    if setup.hidden != defaults.hidden {
        others.push(canvas.text(if setup.hidden { "app.more_hidden" } else { "app.more_no_hidden" }));
    }
    if text(Field::Include) != printable_text(&usual(&defaults.include)) {
        others.push(written("app.more_include", Field::Include));
    }
    if text(Field::Exclude) != printable_text(&usual(&defaults.exclude)) {
        others.push(written("app.more_exclude", Field::Exclude));
    }
    if setup.watching != Watching::No {
        others.push(canvas.text("app.more_watching"));
    }
    if setup.template.text().trim() != defaults.template.trim() {
        others.push(canvas.text("app.more_template"));
    }
    if setup.threshold.text().trim() != defaults.threshold.to_string() {
        others.push(named(Field::Threshold));
    }
    if setup.margin.text().trim() != defaults.margin.to_string() {
        others.push(named(Field::Margin));
    }
    if others.is_empty() {
        return canvas.say("app.more_usual", &[("operation", &canvas.text(operation))]);
    }
    std::iter::once(canvas.text(operation)).chain(others).collect::<Vec<_>>().join(", ")
}

fn written_with_name(canvas: &Canvas<'_>, field: Field) -> String {
    format!("{} {}", canvas.text(super::name(field)).to_lowercase(), printable_text(value(canvas, field).trim()))
}
