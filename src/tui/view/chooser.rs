//! A list that a person chooses from, in a frame over the pane.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, padded, paragraph, shortened};
use crate::domain::printable::printable_text;
use crate::tui::layout;
use crate::tui::model::{Choice, Chooser, Shown};

/// Columns before the text of a line: the mark of the chosen one.
const MARK: usize = 2;

/// The frame of a list over a pane.
fn area(chooser: &Chooser, pane: Rect) -> Rect {
    layout::popup(pane, chooser.width(), chooser.shown().len())
}

/// The rows of the list in its frame.
fn list_area(chooser: &Chooser, pane: Rect) -> Rect {
    let [_, list] = inside(area(chooser, pane));
    list
}

/// In a frame: the line that is typed, and the list.
fn inside(frame: Rect) -> [Rect; 2] {
    Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(Block::bordered().inner(frame))
}

/// The first line on the screen: the marked one is in the middle where the list is longer than its room.
fn first_line(lines: &[Shown<'_>], at: usize, height: usize) -> usize {
    let is_marked = |line: &Shown<'_>| row_of(line) == Some(at);
    let marked = lines.iter().position(is_marked).unwrap_or(0);
    marked.saturating_sub(height / 2).min(lines.len().saturating_sub(height))
}

fn row_of(line: &Shown<'_>) -> Option<usize> {
    match line {
        Shown::Heading(_) => None,
        Shown::Choice { row, .. } | Shown::New { row, .. } => Some(*row),
    }
}

/// The row of the list at a cell.
pub(super) fn row_at(chooser: &Chooser, pane: Rect, column: u16, row: u16) -> Option<usize> {
    let list = list_area(chooser, pane);
    if !list.contains((column, row).into()) {
        return None;
    }
    let lines = chooser.shown();
    let first = first_line(&lines, chooser.at, usize::from(list.height));
    lines.get(first + usize::from(row - list.y)).and_then(row_of)
}

pub(super) fn draw(frame: &mut Frame<'_>, pane: Rect, canvas: &Canvas<'_>, chooser: &Chooser) {
    let whole = area(chooser, pane);
    frame.render_widget(Clear, whole);
    let (found, all) = chooser.counts();
    let counted = canvas.say("app.chooser_count", &[("found", &found), ("all", &all)]);
    let room = usize::from(whole.width).saturating_sub(counted.width() + 6);
    let title = Line::styled(format!(" {} ", shortened(&chooser.title, room)), canvas.theme.title());
    let block = Block::bordered().title_top(title).title_top(Line::raw(format!(" {counted} ")).right_aligned());
    let [typing, list] = inside(whole);
    let lines = chooser.shown();
    let first = first_line(&lines, chooser.at, usize::from(list.height));
    let is_more_below = first + usize::from(list.height) < lines.len();
    // Arrows in the frame tell that there is more than is shown.
    let more = [(first > 0, "↑"), (is_more_below, "↓")].into_iter().filter(|(is_more, _)| *is_more);
    let more = more.map(|(_, arrow)| arrow).collect::<String>();
    let block =
        if more.is_empty() { block } else { block.title_bottom(Line::raw(format!(" {more} ")).right_aligned()) };
    frame.render_widget(block, whole);
    paragraph(frame, typing, vec![typed_line(canvas, chooser, usize::from(typing.width))]);
    if lines.is_empty() {
        return paragraph(frame, list, vec![Line::styled(canvas.text("app.chooser_none"), canvas.theme.warning())]);
    }
    let shown = lines.iter().skip(first).take(usize::from(list.height));
    let width = usize::from(list.width);
    paragraph(frame, list, shown.map(|line| drawn(canvas, chooser, line, width)).collect());
}

/// The typed text with its cursor, or a hint to type where there is none.
fn typed_line(canvas: &Canvas<'_>, chooser: &Chooser, width: usize) -> Line<'static> {
    let typed = chooser.typed.text();
    if typed.is_empty() && !chooser.is_searching {
        let how = if chooser.has_letters() { "app.chooser_letters" } else { "app.chooser_type" };
        return Line::styled(shortened(&canvas.text(how), width), canvas.theme.faint());
    }
    let (before, after) = split_at(typed, chooser.typed.cursor());
    // The place where the next letter goes stays in sight.
    let mut before = before.as_str();
    while before.width() + MARK + 1 > width && !before.is_empty() {
        before = &before[before.chars().next().map_or(0, char::len_utf8)..];
    }
    let mut after = after.chars();
    let under = after.next().unwrap_or(' ').to_string();
    let rest = shortened(after.as_str(), width.saturating_sub(MARK + before.width() + 1));
    Line::from(vec![
        Span::styled("/ ", canvas.theme.title()),
        Span::raw(before.to_owned()),
        Span::styled(under, canvas.theme.chosen()),
        Span::raw(rest),
    ])
}

fn split_at(text: &str, character: usize) -> (String, String) {
    let shown = |part: String| printable_text(&part);
    (shown(text.chars().take(character).collect()), shown(text.chars().skip(character).collect()))
}

fn drawn(canvas: &Canvas<'_>, chooser: &Chooser, line: &Shown<'_>, width: usize) -> Line<'static> {
    match line {
        Shown::Heading(heading) => Line::styled(shortened(heading, width), canvas.theme.title()),
        Shown::Choice { row, choice, letters } => {
            let spans = choice_spans(canvas, choice, letters, (width, chooser.keys_width()));
            marked(canvas, *row == chooser.at, spans)
        }
        Shown::New { row, typed } => {
            let text = canvas.say("app.chooser_new", &[("text", &printable_text(typed))]);
            let text = padded(&text, width.saturating_sub(MARK));
            marked(canvas, *row == chooser.at, vec![Span::raw(text)])
        }
    }
}

/// A line with its mark.
fn marked(canvas: &Canvas<'_>, is_marked: bool, spans: Vec<Span<'static>>) -> Line<'static> {
    let mark = if is_marked { "> " } else { "  " };
    let style = if is_marked { canvas.theme.chosen() } else { Style::default() };
    Line::from([vec![Span::raw(mark)], spans].concat()).style(style)
}

/// Keys, text and numbers of a choice. The numbers are shown whole, the text as far as there is room.
fn choice_spans(
    canvas: &Canvas<'_>,
    choice: &Choice,
    letters: &[usize],
    (width, keys_width): (usize, usize),
) -> Vec<Span<'static>> {
    let keys = if keys_width == 0 { String::new() } else { format!("{} ", padded(&choice.keys, keys_width)) };
    let detail = if choice.detail.is_empty() { String::new() } else { format!("  {}", choice.detail) };
    let room = width.saturating_sub(MARK + keys.width() + detail.width());
    let text = padded(&choice.text, room);
    let mut spans = vec![Span::styled(keys, canvas.theme.title())];
    let mut run = String::new();
    let mut is_run_found = false;
    let push = |spans: &mut Vec<Span<'static>>, run: &mut String, is_found: bool| {
        let style = if is_found { canvas.theme.found() } else { Style::default() };
        spans.push(Span::styled(std::mem::take(run), style));
    };
    for (place, c) in text.chars().enumerate() {
        let is_found = letters.contains(&place);
        if is_found != is_run_found && !run.is_empty() {
            push(&mut spans, &mut run, is_run_found);
        }
        is_run_found = is_found;
        run.push(c);
    }
    push(&mut spans, &mut run, is_run_found);
    spans.push(Span::raw(detail));
    spans
}
