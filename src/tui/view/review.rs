//! The review pane: the picture, its scores, the queue.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, nothing_yet, padded, paragraph, shortened};
use crate::config::Preview;
use crate::domain::audit::{AuditRow, audit};
use crate::domain::decision::Decision;
use crate::domain::printable::{printable, printable_text};
use crate::domain::review::{QueueFilter, QueueOrder};
use crate::domain::statistics::wilson_interval;
use crate::tui::action::ReviewAction;
use crate::tui::layout::review_halves;
use crate::tui::model::Model;
use crate::tui::preview;

/// Columns of a bar.
const BAR: usize = 10;

/// Where the parts of the pane are.
pub(super) struct Areas {
    head: Rect,
    picture: Rect,
    scores: Rect,
    pub(super) queue: Rect,
}

pub(super) fn areas(canvas: &Canvas<'_>, pane: Rect) -> Areas {
    let (picture, beside) = review_halves(pane);
    let is_alone = canvas.model.review.current().is_none_or(|index| canvas.model.collection.others_alike(index) == 0);
    let scores = canvas.model.labels.current.len() as u16 + if is_alone { 4 } else { 5 };
    let [scores, queue] =
        Layout::vertical([Constraint::Length(scores.min(beside.height)), Constraint::Min(0)]).areas(beside);
    Areas { head: Rect { height: 1.min(pane.height), ..pane }, picture, scores, queue }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let review = &canvas.model.review;
    let areas = areas(canvas, area);
    paragraph(frame, areas.head, vec![heading(canvas)]);
    let Some(index) = review.current() else {
        let text = match canvas.model.collection.is_empty() {
            true => nothing_yet(canvas),
            false => canvas.with_keys("app.filter_empty", &[("key", ReviewAction::Filter.into())]),
        };
        return paragraph(frame, areas.picture, vec![Line::raw(""), Line::raw(text)]);
    };
    draw_picture(frame, areas.picture, canvas);
    let width = areas.scores.width as usize;
    paragraph(frame, areas.scores, about(canvas, index, width));
    // While pictures come, and while those that came are at the end, the head of the queue is no fair sample of all.
    let backlog = canvas.model.watch.as_ref().map_or(0, |watch| watch.status.backlog);
    let is_whole = canvas.model.waiting() == 0 && backlog == 0 && !review.is_extended;
    let below = match is_whole && review.order == QueueOrder::Random && review.filter == QueueFilter::All {
        true => audited(canvas, width),
        false => vec![],
    };
    let below = Paragraph::new(below).wrap(Wrap { trim: false });
    let rows = (below.line_count(areas.queue.width) as u16).min(areas.queue.height);
    let [queue, audit] = Layout::vertical([Constraint::Min(0), Constraint::Length(rows)]).areas(areas.queue);
    paragraph(frame, queue, around(canvas, queue.height as usize, width));
    frame.render_widget(below, audit);
}

fn draw_picture(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let review = &canvas.model.review;
    let said = |frame: &mut Frame<'_>, text: String| paragraph(frame, area, vec![Line::raw(text)]);
    let is_covered = canvas.popup_area(frame.area()).is_some_and(|popup| popup.intersects(area));
    match &review.painted {
        _ if review.hidden => said(frame, canvas.with_keys("app.hidden", &[("key", ReviewAction::Hide.into())])),
        _ if review.preview == Preview::None => said(frame, canvas.text("app.preview_none")),
        // The terminal would lay its own picture over the popup, or keep the popup's letters in it.
        Some(Some(painted)) if is_covered && !preview::is_text(painted) => {}
        Some(Some(painted)) => preview::draw(frame, area, painted),
        Some(None) => said(frame, canvas.text("app.no_preview")),
        None => {}
    }
}

/// How often the model was right, by what it predicted: for people who look at pictures in random order.
fn audited(canvas: &Canvas<'_>, width: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    let rows = audit(&model.collection, &model.review.queue, model.sure());
    if rows.is_empty() {
        return vec![Line::styled(canvas.text("app.audit_empty"), canvas.theme.faint())];
    }
    let mut lines = vec![Line::styled(canvas.text("app.audit_head"), canvas.theme.title())];
    let percent = |value: f64| format!("{:.0}", value * 100.0);
    lines.extend(rows.into_iter().filter_map(|AuditRow { label, right, all }| {
        let share = wilson_interval(right, all)?;
        let name = match label {
            Some(label) => model.labels.current.get(label).map(|label| printable_text(&label.text))?,
            None => canvas.text("app.row_unsure"),
        };
        let (found, low, high) = (percent(share.found), percent(share.low), percent(share.high));
        let values: crate::lang::Values<'_> =
            &[("found", &found), ("low", &low), ("high", &high), ("right", &right), ("all", &all)];
        let numbers = canvas.say("app.audit", values);
        let room = width.saturating_sub(numbers.width() + 1);
        Some(Line::raw(format!("{} {numbers}", padded(&name, room))))
    }));
    lines
}

fn heading(canvas: &Canvas<'_>) -> Line<'static> {
    let review = &canvas.model.review;
    let order = match review.order {
        QueueOrder::LeastSure => "app.order_least_sure",
        QueueOrder::MostSure => "app.order_most_sure",
        QueueOrder::ByLabel => "app.order_by_label",
        QueueOrder::Newest => "app.order_newest",
        QueueOrder::Random => "app.order_random",
    };
    let filter = canvas.model.filter_name(review.filter);
    let at = if review.queue.is_empty() { 0 } else { review.at + 1 };
    let order = canvas.text(order);
    let (reviewed, accepted) = tally(canvas);
    let values: crate::lang::Values<'_> = &[
        ("at", &at),
        ("total", &review.queue.len()),
        ("filter", &filter),
        ("order", &order),
        ("reviewed", &reviewed),
        ("accepted", &accepted),
        ("changed", &(reviewed - accepted)),
    ];
    Line::styled(canvas.say("app.review_head", values), canvas.theme.title())
}

/// How many were decided, and how many of them as predicted.
fn tally(canvas: &Canvas<'_>) -> (usize, usize) {
    let decisions = canvas.model.collection.entries().iter().filter_map(|entry| entry.decision);
    let decided: Vec<Decision> = decisions.filter(|decision| *decision != Decision::Skipped).collect();
    (decided.len(), decided.iter().filter(|decision| matches!(decision, Decision::Accepted(_))).count())
}

/// The picture's name, what was decided, and a bar a label.
fn about(canvas: &Canvas<'_>, index: usize, width: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    let Some(entry) = model.collection.entries().get(index) else { return vec![] };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let said = match model.collection.is_replaced(index) {
        true => Line::styled(canvas.text("app.replaced"), canvas.theme.warning()),
        false => Line::raw(decided(canvas, entry.decision)),
    };
    let mut lines = vec![Line::styled(shortened(&name, width), canvas.theme.title()), said];
    let count = model.collection.others_alike(index);
    if count > 0 {
        lines.push(Line::raw(canvas.say("app.same_content", &[("count", &count)])));
    }
    if model.review.details || entry.trouble.is_some() {
        let text = entry.trouble.clone().unwrap_or_else(|| printable(&entry.path));
        lines.push(Line::styled(text, canvas.theme.warning()));
    }
    // Bars are those of the labels beside them, or none.
    let best = model.collection.best(index).filter(|_| model.is_scored());
    let scores = if model.is_scored() { model.collection.scores(index) } else { &[] };
    for (place, label) in model.labels.current.iter().enumerate() {
        let score = scores.get(place).copied().filter(|score| score.is_finite());
        let bar = score.map_or(0, |score| (score * BAR as f32).round() as usize).min(BAR);
        let key = if place < 10 { ((place + 1) % 10).to_string() } else { " ".to_owned() };
        let number = score.map_or("    ".to_owned(), |score| format!("{score:.2}"));
        let text = format!(
            "{key} {}{} {number} {}",
            "█".repeat(bar),
            "·".repeat(BAR - bar),
            padded(&printable_text(&label.text), width.saturating_sub(BAR + 8))
        );
        let is_best = best.is_some_and(|best| best.label == place);
        lines.push(if is_best { Line::styled(text, canvas.theme.good()) } else { Line::raw(text) });
    }
    if let Some(best) = best {
        let margin = format!("{:.2}", best.margin);
        lines.push(Line::styled(canvas.say("app.margin", &[("margin", &margin)]), canvas.theme.faint()));
    }
    lines
}

fn decided(canvas: &Canvas<'_>, decision: Option<Decision>) -> String {
    let label = decision.and_then(Decision::label).and_then(|label| canvas.model.labels.text_of(label));
    let label = label.map(printable_text).unwrap_or_default();
    match decision {
        None => canvas.text("app.undecided"),
        Some(Decision::Accepted(_)) => canvas.say("app.accepted", &[("label", &label)]),
        Some(Decision::Reassigned(_)) => canvas.say("app.reassigned", &[("label", &label)]),
        Some(Decision::NoneOfThese) => canvas.text("app.decided_none"),
        Some(Decision::Skipped) => canvas.text("app.skipped"),
    }
}

/// The place in the queue of the first one that is listed on so many rows.
pub(super) fn first_shown(model: &Model, height: usize) -> usize {
    let review = &model.review;
    review.at.saturating_sub(height / 2).min(review.queue.len().saturating_sub(height))
}

/// The queue around the picture that is looked at.
fn around(canvas: &Canvas<'_>, height: usize, width: usize) -> Vec<Line<'static>> {
    let review = &canvas.model.review;
    let first = first_shown(canvas.model, height);
    let shown = review.queue.iter().enumerate().skip(first).take(height);
    shown
        .filter_map(|(at, index)| {
            let entry = canvas.model.collection.entries().get(*index)?;
            let mark = match (review.marked.contains(index), entry.decision) {
                _ if canvas.model.collection.is_replaced(*index) => "~",
                (true, _) => "*",
                (_, Some(Decision::Skipped)) => "-",
                (_, Some(_)) => "✓",
                _ => " ",
            };
            let name = entry.path.file_name().map(printable).unwrap_or_default();
            let more = match canvas.model.collection.others_alike(*index) {
                0 => String::new(),
                count => format!(" +{count}"),
            };
            let text =
                padded(&format!("{mark} {}{more}", shortened(&name, width.saturating_sub(more.len() + 2))), width);
            let style = if at == review.at { canvas.theme.chosen() } else { canvas.theme.faint() };
            Some(Line::from(Span::styled(text, style)))
        })
        .collect()
}
