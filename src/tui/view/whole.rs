//! One picture on the whole screen, and one line that says what it is.

use ratatui::Frame;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use super::canvas::{Canvas, nothing_yet};
use super::{MOST_NOTICE_ROWS, rail, review};
use crate::tui::action::ReviewAction;
use crate::tui::layout::whole_areas;
use crate::tui::model::Popup;

/// Draws the picture, and under it the line; a question or what a key did is over the picture's end.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>, said: Paragraph<'static>) {
    let (picture, line) = whole_areas(frame.area());
    let model = canvas.model;
    let Some(index) = model.review.current() else {
        let text = match model.collection.is_empty() {
            true => nothing_yet(canvas),
            false if model.find.is_active() => canvas.text("app.found_nothing"),
            false => canvas.with_keys("app.filter_empty", &[("key", ReviewAction::Filter.into())]),
        };
        return frame.render_widget(Paragraph::new(Line::raw(text)), picture);
    };
    review::draw_picture(frame, picture, canvas);
    frame.render_widget(rail::in_one_line(canvas, index), line);
    let asks = matches!(model.popup, Some(Popup::Number(_)));
    if model.notice.is_some() || model.question.is_some() || asks {
        let rows = (said.line_count(line.width).clamp(1, MOST_NOTICE_ROWS) as u16).min(picture.height);
        let area = ratatui::layout::Rect { y: line.y - rows, height: rows, ..line };
        frame.render_widget(Clear, area);
        frame.render_widget(said, area);
    }
}
