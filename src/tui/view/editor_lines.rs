//! The lines of the label editor. Each is shown from its beginning, but the one with the cursor: that one alone moves
//! to the left where it is too long, so that the others stay in sight.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui_textarea::{DataCursor, TextArea};
use unicode_width::UnicodeWidthChar;

use crate::domain::printable::is_disturbing;

/// A cell of a line: its character, columns and whether it is reversed.
type Cell = (char, usize, bool);

/// The first line on so many rows: the one with the cursor is the last, where it would be below them.
pub(super) fn first(editor: &TextArea<'_>, height: usize) -> usize {
    let DataCursor(row, _) = editor.cursor();
    (row + 1).saturating_sub(height)
}

/// So many lines from the first one on. The cursor and what is selected are reversed while text is edited.
pub(super) fn shown(
    editor: &TextArea<'_>,
    is_editing: bool,
    (first, height): (usize, usize),
    width: usize,
) -> Vec<Line<'static>> {
    let DataCursor(row, column) = editor.cursor();
    let selected = editor.selection_range().filter(|_| is_editing);
    let lines = editor.lines().iter().enumerate().skip(first).take(height);
    let shown = lines.map(|(number, line)| {
        let cursor = (is_editing && number == row).then_some(column);
        let is_selected = |place: usize| selected.is_some_and(|(from, to)| (from..to).contains(&(number, place)));
        // The cursor may be behind the last character.
        let characters = line.chars().chain(std::iter::once(' ')).enumerate();
        let cells: Vec<Cell> = characters
            .map(|(place, c)| {
                let is_reversed = cursor == Some(place) || is_selected(place);
                // One that would disturb the terminal has a sign in its place.
                let c = if is_disturbing(c) { '\u{fffd}' } else { c };
                (c, c.width().unwrap_or(0), is_reversed)
            })
            .collect();
        in_width(&cells, cursor, width)
    });
    shown.collect()
}

/// A line as wide as its room, with signs where it goes on.
fn in_width(cells: &[Cell], cursor: Option<usize>, width: usize) -> Line<'static> {
    let columns = |cells: &[Cell]| cells.iter().map(|(_, columns, _)| columns).sum::<usize>();
    // The last cell is there for the cursor alone.
    let count = if cursor.is_none_or(|cursor| cursor + 1 < cells.len()) { cells.len() - 1 } else { cells.len() };
    let cells = &cells[..count];
    if columns(cells) <= width {
        return spans(cells, false, false);
    }
    let last = cursor.unwrap_or(0).min(count.saturating_sub(1));
    // As little is cut at the left as brings the cursor into sight, before the sign at the right.
    let room = |first: usize| width.saturating_sub(usize::from(first > 0) + usize::from(last + 1 < count));
    let first = (0..=last).find(|first| columns(&cells[*first..=last]) <= room(*first)).unwrap_or(last);
    let room = width.saturating_sub(usize::from(first > 0));
    let mut end = first;
    while end < count && columns(&cells[first..=end]) + usize::from(end + 1 < count) <= room {
        end += 1;
    }
    spans(&cells[first..end.max(first)], first > 0, end < count)
}

fn spans(cells: &[Cell], is_cut_before: bool, is_cut_behind: bool) -> Line<'static> {
    let sign = |is_cut: bool| is_cut.then(|| Span::raw("…"));
    let shown = cells.iter().map(|(c, _, is_reversed)| {
        let style = if *is_reversed { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Span::styled(c.to_string(), style)
    });
    Line::from(sign(is_cut_before).into_iter().chain(shown).chain(sign(is_cut_behind)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use ratatui_textarea::CursorMove;

    use super::*;

    /// The lines, the reversed cells in brackets.
    fn text(editor: &TextArea<'_>, width: usize) -> Vec<String> {
        let marked = |span: &Span<'_>| match span.style.add_modifier.contains(Modifier::REVERSED) {
            true => format!("[{}]", span.content),
            false => span.content.to_string(),
        };
        let lines = shown(editor, true, (0, 9), width);
        lines.iter().map(|line| line.spans.iter().map(marked).collect()).collect()
    }

    #[test]
    fn only_the_line_of_the_cursor_moves() {
        let lines = ["short", "a long line of many words", "other"].map(str::to_owned);
        let mut editor = TextArea::new(lines.to_vec());
        assert_eq!(text(&editor, 10), ["[s]hort", "a long li…", "other"]);
        editor.move_cursor(CursorMove::Jump(1, 12));
        assert_eq!(text(&editor, 10), ["short", "…g line [o]…", "other"]);
        editor.move_cursor(CursorMove::End);
        assert_eq!(text(&editor, 10), ["short", "…ny words[ ]", "other"]);
        editor.move_cursor(CursorMove::Jump(2, 5));
        assert_eq!(text(&editor, 10), ["short", "a long li…", "other[ ]"]);
        assert_eq!(text(&editor, 0).len(), 3);
    }

    #[test]
    fn wide_and_disturbing_characters_keep_the_columns() {
        let mut editor = TextArea::new(vec!["写真の地図".to_owned(), "a\u{1b}[31mb".to_owned()]);
        assert_eq!(text(&editor, 7), ["[写]真の…", "a\u{fffd}[31mb"]);
        editor.move_cursor(CursorMove::End);
        assert_eq!(text(&editor, 7)[0], "…地図[ ]");
    }

    #[test]
    fn what_is_selected_is_seen_and_the_cursor_stays_on_the_rows() {
        let mut editor = TextArea::new(vec!["one".to_owned(), "two".to_owned()]);
        editor.start_selection();
        editor.move_cursor(CursorMove::Down);
        assert_eq!(text(&editor, 10), ["[o][n][e]", "[t]wo"]);
        assert_eq!((first(&editor, 1), first(&editor, 2), first(&editor, 0)), (1, 0, 2));
    }
}
