//! A session that changes by itself, on the screen: how the watch stands, what arrived last, what nobody looked at.

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, shortened};
use crate::domain::decision::Standing;
use crate::domain::printable::{printable, printable_text};
use crate::lang::Values;
use crate::tui::model::Sorts;

/// How the watch stands, for the status line; none where nothing is watched.
pub(super) fn watching(canvas: &Canvas<'_>) -> Option<String> {
    let watch = canvas.model.watch.as_ref()?;
    let values: Values<'_> = &[("arrived", &watch.status.arrived), ("backlog", &watch.status.backlog)];
    let mut parts = vec![canvas.say("app.watching", values)];
    if watch.sorts == Sorts::Yes {
        parts.push(canvas.say("app.watch_sorted", &[("count", &watch.status.sorted)]));
    }
    if watch.status.unkept > 0 {
        parts.push(canvas.say("app.watch_unkept", &[("count", &watch.status.unkept)]));
    }
    if watch.status.unfinished > 0 {
        parts.push(canvas.say("app.watch_unfinished", &[("count", &watch.status.unfinished)]));
    }
    let left_out = watch.status.left_out.by_choice();
    if left_out > 0 {
        parts.push(canvas.say("app.watch_left_out", &[("count", &left_out)]));
    }
    let limit = canvas.limit(watch.status.limit);
    let more = [
        (watch.is_paused, "app.paused"),
        (watch.is_source_gone, "app.watch_gone"),
        (watch.sorts == Sorts::Held, "app.watch_not_sorting"),
    ];
    parts.extend(more.into_iter().filter(|(is_so, _)| *is_so).map(|(_, key)| canvas.text(key)));
    Some(parts.join(", ") + &limit)
}

/// Beside the name of the review pane: how many arrivals wait for a person who has not looked at them.
pub(super) fn mark(canvas: &Canvas<'_>) -> String {
    let model = canvas.model;
    let sure = model.sure();
    let waits = |index: &&usize| {
        let is_open = model.collection.entries().get(**index).is_some_and(|entry| entry.decision.is_none());
        is_open && model.collection.standing(**index, sure) == Some(Standing::Unsure)
    };
    match model.live.unseen.iter().filter(waits).count() {
        0 => String::new(),
        count => format!(" •{count}"),
    }
}

/// The last arrivals, at most so many rows; nothing where nothing arrived.
pub(super) fn feed(canvas: &Canvas<'_>, rows: usize, width: usize) -> Vec<Line<'static>> {
    let feed = &canvas.model.live.feed;
    if feed.is_empty() {
        return vec![];
    }
    let head = Line::styled(canvas.text("app.feed_head"), canvas.theme.title());
    let lines = feed.iter().take(rows).filter_map(|index| arrival(canvas, *index, width));
    std::iter::once(head).chain(lines).chain([Line::raw("")]).collect()
}

/// Name, label, score.
fn arrival(canvas: &Canvas<'_>, index: usize, width: usize) -> Option<Line<'static>> {
    let model = canvas.model;
    let entry = model.collection.entries().get(index)?;
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let label_of = |label: usize| model.labels.current.get(label).map(|label| printable_text(&label.text));
    let says = match model.collection.standing(index, model.sure()) {
        Some(Standing::Label(label) | Standing::UnsureInside(label)) => label_of(label).unwrap_or_default(),
        Some(Standing::Unsure) => {
            let label = best.and_then(|best| label_of(best.label)).unwrap_or_default();
            format!("{}: {label}", canvas.text("app.row_unsure"))
        }
        Some(Standing::NoneOfThese) => canvas.text("app.row_none"),
        Some(Standing::LabelRemoved) => canvas.text("app.row_removed"),
        Some(Standing::NotOk(_)) => entry.trouble.as_deref().map(printable_text).unwrap_or_default(),
        None => canvas.text("app.replaced"),
    };
    let score = best.map_or(String::new(), |best| format!(" {:.2}", best.score));
    let half = (width / 2).min(60);
    let room = width.saturating_sub(half + 1 + score.width());
    let text = format!("{} {}{score}", padded(&name, half), padded(&says, room.min(60)));
    Some(Line::raw(shortened(&text, width)))
}
