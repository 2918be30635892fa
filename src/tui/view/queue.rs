//! The queue beside the picture: the pictures before and after it, each with its mark, label and score.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
use crate::tui::layout::listed_in;

/// The rows of the queue around the picture that is looked at.
pub(super) fn lines(canvas: &Canvas<'_>, area: Rect) -> Vec<Line<'static>> {
    let review = &canvas.model.review;
    let width = usize::from(area.width).saturating_sub(1);
    let line = |at: usize| {
        let index = review.queue.get(at).copied()?;
        let text = padded(&row(canvas, index, width), width);
        let style = if at == review.at { canvas.theme.chosen() } else { canvas.theme.faint() };
        // A blank column is between the queue and what is beside it.
        Some(Line::from(vec![Span::raw(" "), Span::styled(text, style)]))
    };
    review.listed(listed_in(area)).filter_map(line).collect()
}

fn row(canvas: &Canvas<'_>, index: usize, width: usize) -> String {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return String::new() };
    let mark = if model.review.marked.contains(&index) { "*" } else { " " };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let more = match model.collection.others_alike(index) {
        0 => String::new(),
        count => format!(" +{count}"),
    };
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let predicted = best.and_then(|best| model.labels.current.get(best.label)).map(|label| label.text.as_str());
    let decided = entry.decision.and_then(Decision::label).and_then(|label| model.labels.text_of(label));
    let label = printable_text(decided.or(predicted).unwrap_or_default());
    let score = best.map_or(String::new(), |best| format!(" {:.2}", best.score));
    let room = width.saturating_sub(3 + score.width());
    let own = (room * 3 / 5).min(name.width() + more.width());
    let name = format!("{}{more}", shortened(&name, own.saturating_sub(more.width())));
    let label = shortened(&label, room.saturating_sub(name.width() + 1));
    let gap = room.saturating_sub(name.width() + label.width());
    format!("{mark}{} {name}{}{label}{score}", sign(canvas, index, entry.decision), " ".repeat(gap))
}

/// A sign for what was decided; each decision has its own.
fn sign(canvas: &Canvas<'_>, index: usize, decision: Option<Decision>) -> &'static str {
    match decision {
        _ if canvas.model.collection.is_replaced(index) => "~",
        _ if canvas.model.review.lost.contains(&index) => "!",
        Some(Decision::Accepted(_)) => "✓",
        Some(Decision::Reassigned(_)) => "≠",
        Some(Decision::NoneOfThese) => "×",
        Some(Decision::Skipped) => "-",
        None => " ",
    }
}
