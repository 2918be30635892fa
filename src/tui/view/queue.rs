//! The queue beside the picture: small pictures, each with its name, the label that counts for it and its score.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use super::find;
use super::grid::draw_tile;
use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
use crate::tui::layout::{listed_at, listed_in};

/// Draws the pictures that are listed.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let review = &canvas.model.review;
    for (place, at) in review.listed(listed_in(area)).enumerate() {
        let Some(index) = review.queue.get(at).copied() else { continue };
        let (picture, words) = listed_at(area, place);
        if let Some((_, tile)) = review.grid.tiles.iter().find(|(known, _)| *known == index) {
            draw_tile(frame, picture, canvas, tile);
        }
        let style = match at == review.at {
            true => canvas.theme.chosen(),
            false if review.marked.contains(&index) => canvas.theme.warning(),
            false => canvas.theme.faint(),
        };
        frame.render_widget(Paragraph::new(about(canvas, index, usize::from(words.width), style)), words);
    }
}

/// The place in the queue of the picture that is listed at a cell.
pub(super) fn place_at(canvas: &Canvas<'_>, area: Rect, (column, row): (u16, u16)) -> Option<usize> {
    let is_there = |(place, _): &(usize, usize)| {
        let (picture, words) = listed_at(area, *place);
        picture.union(words).contains((column, row).into())
    };
    canvas.model.review.listed(listed_in(area)).enumerate().find(is_there).map(|(_, at)| at)
}

/// Mark, sign and name; the label; its score.
fn about(canvas: &Canvas<'_>, index: usize, width: usize, style: Style) -> Vec<Line<'static>> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return vec![] };
    // Inside a label, that it is this label decides nothing yet.
    let decision = entry.decision.filter(|_| model.collection.decision(index).is_some());
    let mark = if model.review.marked.contains(&index) { "*" } else { " " };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let more = match model.collection.others_alike(index) {
        0 => String::new(),
        count => format!(" +{count}"),
    };
    let head = format!("{mark}{} ", sign(canvas, index, decision));
    let room = width.saturating_sub(head.width() + more.width());
    let (label, score) = counts_for(canvas, index, decision);
    // In the order of what was found, the number is how near each is.
    let score = match find::nearness(canvas, index) {
        Some(nearness) => nearness,
        None if model.find.ranked.is_some() => String::new(),
        None => score,
    };
    let lines = [format!("{head}{}{more}", shortened(&name, room)), format!("   {label}"), format!("   {score}")];
    lines.map(|text| Line::styled(padded(&text, width), style)).to_vec()
}

/// The label that counts for a picture, and the score of that one.
fn counts_for(canvas: &Canvas<'_>, index: usize, decision: Option<Decision>) -> (String, String) {
    let model = canvas.model;
    // A decision for a label inside another one is one for the label that is on the screen.
    let decision = decision.and_then(|_| model.collection.decision(index));
    if decision == Some(Decision::NoneOfThese) {
        return (canvas.text("app.row_none"), String::new());
    }
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let predicted = best.and_then(|best| model.labels.numbers.get(best.label)).copied();
    let Some(label) = decision.and_then(Decision::label).or(predicted) else { return Default::default() };
    let name = model.labels.text_of(label).map(printable_text).unwrap_or_default();
    let place = model.labels.numbers.iter().position(|number| *number == label);
    let scores = if model.is_scored() { model.collection.scores(index) } else { &[] };
    let score = place.and_then(|place| scores.get(place)).filter(|score| score.is_finite());
    (name, score.map_or_else(String::new, |score| format!("{score:.2}")))
}

/// A sign for what was decided; each decision has its own.
fn sign(canvas: &Canvas<'_>, index: usize, decision: Option<Decision>) -> &'static str {
    match decision {
        _ if canvas.model.collection.is_replaced(index) => "~",
        _ if canvas.model.review.lost.contains(&index) => "!",
        Some(Decision::Accepted(_)) => "✓",
        Some(Decision::Reassigned(_)) => "≠",
        Some(Decision::NoneInside(_)) => "⊘",
        Some(Decision::NoneOfThese) => "×",
        Some(Decision::Skipped) => "-",
        None => " ",
    }
}
