//! All that is known of a picture's file, line by line.

use ratatui::text::Line;

use super::canvas::Canvas;
use super::rail::wrapped;
use crate::backend::PictureFacts;
use crate::domain::printable::{printable, printable_text};
use crate::lang::{Say, size};

/// The lines, in so many columns: the name of each fact, and the fact.
pub(super) fn lines(canvas: &Canvas<'_>, index: usize, width: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return vec![] };
    let facts = model.review.facts.as_deref();
    let why = model.review.viewed.as_ref().and_then(|viewed| viewed.as_ref().err()).filter(|_| facts.is_none());
    let state = match &entry.trouble {
        None => entry.state.say(&model.language),
        Some(trouble) => format!("{}: {}", entry.state.say(&model.language), printable_text(trouble)),
    };
    let filed = entry.placed.as_deref().map_or_else(|| canvas.text("app.detail_not_filed"), printable_text);
    let path = printable(&entry.path);
    let found = facts.map(|facts| printable(&facts.path)).filter(|found| *found != path);
    let unknown = canvas.text("app.detail_unknown");
    let hash = entry.hash.map_or_else(|| unknown.clone(), |hash| hash.to_string());
    let rows = [
        ("app.detail_path", Some(path)),
        ("app.detail_found", found),
        ("app.detail_size", Some(facts.map_or_else(|| unknown.clone(), |facts| in_bytes(canvas, facts)))),
        ("app.detail_pixels", facts.and_then(pixels)),
        ("app.detail_taken", facts.and_then(|facts| facts.exif.taken.as_deref()).map(printable_text)),
        ("app.detail_changed", facts.and_then(|facts| changed(facts, "%Y-%m-%d %H:%M:%S UTC"))),
        ("app.detail_camera", facts.and_then(|facts| facts.exif.camera.as_deref()).map(printable_text)),
        ("app.detail_place", facts.and_then(|facts| facts.exif.place).map(place)),
        ("app.detail_filed", Some(filed)),
        ("app.detail_state", Some(state)),
        ("app.detail_hash", Some(hash)),
    ];
    let row = |(name, fact): (&str, Option<String>)| {
        let text = fact.map(|fact| canvas.say("app.detail", &[("name", &canvas.text(name)), ("fact", &fact)]));
        text.map(|text| wrapped(&text, width)).unwrap_or_default()
    };
    let why = why.map(|why| wrapped(&why.say(&model.language), width)).unwrap_or_default();
    let why = why.into_iter().map(|text| Line::styled(text, canvas.theme.warning()));
    why.chain(rows.into_iter().flat_map(row).map(Line::raw)).collect()
}

/// Date and size in one line, for the rail.
pub(super) fn in_short(canvas: &Canvas<'_>) -> Option<String> {
    let facts = canvas.model.review.facts.as_deref()?;
    let taken = facts.exif.taken.as_deref().map(|taken| printable_text(taken).chars().take(16).collect());
    let date = taken.or_else(|| changed(facts, "%Y-%m-%d"));
    let parts: Vec<String> = [date, pixels(facts)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn in_bytes(canvas: &Canvas<'_>, facts: &PictureFacts) -> String {
    canvas.say("app.detail_bytes", &[("size", &size(facts.bytes)), ("bytes", &facts.bytes)])
}

fn pixels(facts: &PictureFacts) -> Option<String> {
    facts.pixels.map(|(width, height)| format!("{width}x{height}"))
}

/// When the file last changed.
fn changed(facts: &PictureFacts, form: &str) -> Option<String> {
    let changed = jiff::Timestamp::from_nanosecond(facts.modified_ns).ok()?;
    Some(changed.strftime(form).to_string())
}

/// Degrees as maps take them.
fn place((latitude, longitude): (f64, f64)) -> String {
    let sides = (if latitude < 0.0 { "S" } else { "N" }, if longitude < 0.0 { "W" } else { "E" });
    format!("{:.5}° {}, {:.5}° {}", latitude.abs(), sides.0, longitude.abs(), sides.1)
}
