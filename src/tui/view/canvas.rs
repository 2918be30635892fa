//! The tools of every view: the model in words, and text that fits.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::limit::Stage;
use crate::lang::{Values, limit};
use crate::tui::action::{Action, AppAction};
use crate::tui::layout;
use crate::tui::model::{Model, Popup};
use crate::tui::theme::Theme;

/// The tools of a view.
pub(super) struct Canvas<'c> {
    pub(super) model: &'c Model,
    pub(super) theme: Theme,
}

impl Canvas<'_> {
    pub(super) fn text(&self, key: &str) -> String {
        self.model.language.text(key)
    }

    pub(super) fn say(&self, key: &str, values: Values<'_>) -> String {
        self.model.language.say(key, values)
    }

    /// The words after a pace: the stage that limits it, if one does.
    pub(super) fn limit(&self, stage: Option<Stage>) -> String {
        let device = self.model.runtime.as_ref().map(|runtime| runtime.device.as_str()).unwrap_or_default();
        stage.map(|stage| format!(", {}", limit(&self.model.language, stage, device))).unwrap_or_default()
    }

    /// A sentence that names keys.
    pub(super) fn with_keys(&self, sentence: &str, keys: &[(&str, Action)]) -> String {
        self.model.with_keys(sentence, keys)
    }

    /// Where the popup is on a screen, if one is open over the pane.
    pub(super) fn popup_area(&self, screen: Rect) -> Option<Rect> {
        match &self.model.popup {
            Some(Popup::Chooser(list)) => {
                Some(layout::popup(layout::parts(screen, 1).pane, list.width(), list.shown().len()))
            }
            Some(Popup::Number(_)) | None => None,
        }
    }

    /// `key word` for the hint line.
    pub(super) fn hint(&self, action: Action) -> Vec<Span<'static>> {
        let word = self.text(&action.word());
        vec![Span::styled(self.model.keys.name(action), self.theme.title()), Span::raw(format!(" {word}"))]
    }
}

/// A text that fits, its end replaced by an ellipsis where it does not. Columns are counted, not characters.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        if kept.width() + grapheme.width() + 1 > width {
            break;
        }
        kept.push_str(grapheme);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// A text filled up with spaces to a number of columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    let text = shortened(text, width);
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// Wrapped text.
pub(super) fn paragraph(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

/// Advice where there are no pictures yet.
pub(super) fn nothing_yet(canvas: &Canvas<'_>) -> String {
    let setup = canvas.model.keys.last_name(AppAction::Setup);
    let start = canvas.model.keys.name(AppAction::Start);
    canvas.say("app.review_empty", &[("setup", &setup), ("start", &start)])
}
