//! The box for words to look for, and what the review pane says of what was found.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, shortened};
use crate::domain::printable::printable_text;
use crate::lang::Values;

/// Columns that the text in the box has at least.
const LEAST_TEXT: usize = 12;

/// Draws the box, where it is open: the text, how many were found, what the keys do. False where it is not.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) -> bool {
    let model = canvas.model;
    let Some(line) = &model.find.line else { return false };
    let width = area.width as usize;
    let before = format!("{} ", canvas.text("app.find_box"));
    let total = model.find.base.as_ref().map_or(model.review.queue.len(), Vec::len);
    let values: Values<'_> = &[("count", &model.review.queue.len()), ("total", &total)];
    let count = format!("  {}", canvas.say("app.find_count", values));
    let keys = format!("   {}", canvas.text("app.hint_find"));
    let typed = printable_text(line.text());
    let room = width.saturating_sub(before.width() + count.width() + 1);
    // Words about keys give way to the text.
    let is_wide = room >= typed.width().max(LEAST_TEXT) + keys.width();
    let (shown, cursor) = window(
        &typed,
        typed_width(line.text(), line.cursor()),
        room.saturating_sub(if is_wide { keys.width() } else { 0 }),
    );
    let cursor = (before.width() + cursor).min(width.saturating_sub(1));
    let mut spans =
        vec![Span::styled(before, canvas.theme.title()), Span::raw(shown), Span::styled(count, canvas.theme.title())];
    if is_wide {
        spans.push(Span::styled(keys, canvas.theme.faint()));
    }
    frame.render_widget(Line::from(spans), area);
    if model.popup.is_none() && model.question.is_none() {
        frame.set_cursor_position(Position::new(area.x + cursor as u16, area.y));
    }
    true
}

/// Columns of the characters before the cursor.
fn typed_width(text: &str, cursor: usize) -> usize {
    let before: String = text.chars().take(cursor).collect();
    printable_text(&before).width()
}

/// The part of a text around the cursor that has room, and the cursor's column in it.
fn window(text: &str, cursor: usize, room: usize) -> (String, usize) {
    if text.width() <= room {
        return (text.to_owned(), cursor);
    }
    let mut skipped = 0;
    let mut rest = text;
    while cursor.saturating_sub(skipped) >= room.max(1) {
        let Some(first) = rest.chars().next() else { break };
        skipped += first.to_string().width();
        rest = &rest[first.len_utf8()..];
    }
    (shortened(rest, room), cursor.saturating_sub(skipped))
}

/// How near a picture is, where all were ranked; nothing for one that could not be compared.
pub(super) fn nearness(canvas: &Canvas<'_>, index: usize) -> Option<String> {
    let ranked = canvas.model.find.ranked.as_ref()?;
    ranked.ranking.cosine(index).map(|cosine| format!("{cosine:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_text_is_in_sight_where_the_cursor_is() {
        assert_eq!(window("abc", 3, 5), ("abc".to_owned(), 3));
        let (shown, cursor) = window("a man with a rifle", 18, 8);
        assert!(shown.ends_with("rifle") && cursor == shown.width(), "{shown} {cursor}");
        assert_eq!(window("a man with a rifle", 2, 8), ("a man w…".to_owned(), 2));
        assert_eq!(window("äöü", 3, 0).0, "");
    }
}
