//! The review pane: the picture first, beside it what is known of it, and the queue where there is room.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, nothing_yet, padded, paragraph};
use super::{queue, rail};
use crate::config::Preview;
use crate::domain::audit::{AuditRow, audit};
use crate::domain::decision::Decision;
use crate::domain::printable::printable_text;
use crate::domain::review::{QueueFilter, QueueOrder};
use crate::domain::statistics::wilson_interval;
use crate::lang::Say;
use crate::tui::action::ReviewAction;
use crate::tui::layout::{ReviewAreas, review_areas};
use crate::tui::preview;

/// Where the parts of the pane are.
pub(super) fn areas(canvas: &Canvas<'_>, pane: Rect) -> ReviewAreas {
    review_areas(pane, canvas.model.review.details)
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let review = &canvas.model.review;
    let areas = areas(canvas, area);
    let Some(index) = review.current() else {
        paragraph(frame, areas.head, vec![heading(canvas)]);
        let text = match canvas.model.collection.is_empty() {
            true => nothing_yet(canvas),
            false if canvas.model.find.is_active() => canvas.text("app.found_nothing"),
            false => canvas.with_keys("app.filter_empty", &[("key", ReviewAction::Filter.into())]),
        };
        return paragraph(frame, areas.picture, vec![Line::raw(""), Line::raw(text)]);
    };
    // Without a row for the rail, the prediction is in the one line that there is.
    let head = if areas.rail.height == 0 { rail::in_one_line(canvas, index) } else { heading(canvas) };
    frame.render_widget(head, areas.head);
    let (picture, beside) = placed(canvas, area, areas);
    let beside = inside(beside, picture);
    draw_picture(frame, picture, canvas);
    let below = Paragraph::new(fair_sample(canvas, beside.width as usize)).wrap(Wrap { trim: false });
    let (width, height) = (beside.width as usize, beside.height as usize);
    let known = Paragraph::new(rail::lines(canvas, index, width, height));
    let rows = below.line_count(beside.width).min(height.saturating_sub(known.line_count(beside.width)));
    let [rail, audit] = Layout::vertical([Constraint::Min(0), Constraint::Length(rows as u16)]).areas(beside);
    frame.render_widget(known, rail);
    frame.render_widget(below, audit);
    queue::draw(frame, areas.queue, canvas);
}

/// The rail without the blank column that is between it and the picture.
fn inside(rail: Rect, picture: Rect) -> Rect {
    let gap = u16::from(rail.y == picture.y && rail.width > 0);
    Rect { x: rail.x + gap, width: rail.width - gap, ..rail }
}

/// The line to which the details can be scrolled.
pub(super) fn last_line(canvas: &Canvas<'_>, pane: Rect) -> usize {
    let ReviewAreas { rail, picture, .. } = areas(canvas, pane);
    let Rect { width, height, .. } = inside(rail, picture);
    let Some(index) = canvas.model.review.current() else { return 0 };
    rail::last_line(canvas, index, usize::from(width), usize::from(height))
}

/// Where an upright picture would leave a third of the screen blank, the rail has that room too.
fn placed(canvas: &Canvas<'_>, pane: Rect, areas: ReviewAreas) -> (Rect, Rect) {
    let ReviewAreas { picture, rail, .. } = areas;
    let blank = blank_beside(canvas, picture);
    if !canvas.model.review.details && rail.y == picture.y && blank >= pane.width.div_ceil(3) {
        let wider = blank - 1;
        let picture = Rect { width: picture.width - blank, ..picture };
        return (picture, Rect { x: rail.x - wider, width: rail.width + wider, ..rail });
    }
    (picture, rail)
}

/// Columns of a room that the picture does not need; none where there is no picture.
fn blank_beside(canvas: &Canvas<'_>, room: Rect) -> u16 {
    let viewed = canvas.model.review.viewed.as_ref().and_then(|viewed| viewed.as_ref().ok());
    let size = viewed.filter(|_| is_drawn(canvas)).and_then(|viewed| preview::size_of(&viewed.painted));
    size.and_then(|size| room.width.checked_sub(size.width)).unwrap_or(0)
}

/// True where pictures are drawn at all.
fn is_drawn(canvas: &Canvas<'_>) -> bool {
    !canvas.model.review.hidden && canvas.theme.draws_pictures(canvas.model.review.preview)
}

pub(super) fn draw_picture(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let review = &canvas.model.review;
    let said = |frame: &mut Frame<'_>, text: String| paragraph(frame, area, vec![Line::raw(text)]);
    let is_covered = canvas.popup_area(frame.area()).is_some_and(|popup| popup.intersects(area));
    match &review.viewed {
        // A picture that is gone is no picture to hide.
        Some(Err(why)) if why.is_lost() => said(frame, why.say(&canvas.model.language)),
        _ if review.hidden => said(frame, canvas.with_keys("app.hidden", &[("key", ReviewAction::Hide.into())])),
        _ if review.preview == Preview::None => said(frame, canvas.text("app.preview_none")),
        Some(Ok(_)) if !canvas.theme.draws_pictures(review.preview) => {
            said(frame, canvas.with_keys("app.no_colours", &[("key", ReviewAction::Preview.into())]));
        }
        // The terminal would lay its own picture over the popup, or keep the popup's letters in it.
        Some(Ok(viewed)) if is_covered => preview::draw_in_cells(frame, area, &viewed.painted),
        Some(Ok(viewed)) => preview::draw(frame, area, &viewed.painted),
        Some(Err(why)) => said(frame, why.say(&canvas.model.language)),
        None => {}
    }
}

/// How often the model was right, by what it predicted: for people who look at all pictures in random order.
fn fair_sample(canvas: &Canvas<'_>, width: usize) -> Vec<Line<'static>> {
    let model = canvas.model;
    // While pictures come, and while those that came are at the end, the head of the queue is no fair sample of all.
    let backlog = model.watch.as_ref().map_or(0, |watch| watch.status.backlog);
    let is_whole = model.waiting() == 0 && backlog == 0 && !model.review.is_extended;
    let is_all = model.review.filter == QueueFilter::All && !model.find.is_active();
    match is_whole && is_all && model.review.order == QueueOrder::Random {
        true => audited(canvas, width),
        false => vec![],
    }
}

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
    let model = canvas.model;
    let review = &model.review;
    let at = if review.queue.is_empty() { 0 } else { review.at + 1 };
    let (filter, order) = (model.filter_name(), model.order_name());
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
    let head = Span::styled(canvas.say("app.review_head", values), canvas.theme.title());
    match review.marked.len() {
        0 => Line::from(head),
        // Where the line is too short, its end is missing and not this.
        count => {
            let marked = format!(" {} ", canvas.say("app.marked_head", &[("count", &count)]));
            Line::from(vec![Span::styled(marked, canvas.theme.chosen()), Span::raw(" "), head])
        }
    }
}

/// How many were decided, and how many of them as predicted.
fn tally(canvas: &Canvas<'_>) -> (usize, usize) {
    let decisions = canvas.model.collection.entries().iter().filter_map(|entry| entry.decision);
    let decided: Vec<Decision> = decisions.filter(|decision| *decision != Decision::Skipped).collect();
    (decided.len(), decided.iter().filter(|decision| matches!(decision, Decision::Accepted(_))).count())
}
