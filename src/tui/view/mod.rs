//! The screen, drawn from the state. Nothing is changed here.

mod doors;
mod files;
mod help;
mod labels;
mod log;
mod review;
mod setup;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::model::{Model, Pane, Work};
use super::preview::Preview;
use super::theme::Theme;
use crate::domain::printable::printable_text;
use crate::lang::Values;

/// Rows of a notice at most; the log has all of it.
const MOST_NOTICE_ROWS: usize = 4;

/// What a view draws with.
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

    /// `key word` for the hint line.
    fn hint(&self, action: &str) -> Vec<Span<'static>> {
        let word = self.text(&format!("keys.{}", action.replace('.', "_")));
        vec![Span::styled(self.model.keys.name(action), self.theme.title()), Span::raw(format!(" {word}  "))]
    }
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: Theme, preview: &mut Preview) {
    let canvas = Canvas { model, theme };
    let said = notice(&canvas);
    // A sentence that says what to do is shown whole.
    let rows = said.line_count(frame.area().width).clamp(1, MOST_NOTICE_ROWS) as u16;
    let areas = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(rows),
        Constraint::Length(1),
        Constraint::Length(1),
    ]);
    let [tabs, pane, below, hints, status] = areas.areas(frame.area());
    frame.render_widget(tab_line(&canvas), tabs);
    if let Some(chosen) = model.doors {
        doors::draw(frame, pane, &canvas, chosen);
    } else if model.help {
        help::draw(frame, pane, &canvas);
    } else {
        match model.pane {
            Pane::Setup => setup::draw(frame, pane, &canvas),
            Pane::Labels => labels::draw(frame, pane, &canvas),
            Pane::Review => review::draw(frame, pane, &canvas, preview),
            Pane::Files => files::draw(frame, pane, &canvas),
            Pane::Log => log::draw(frame, pane, &canvas),
        }
    }
    frame.render_widget(said, below);
    frame.render_widget(hint_line(&canvas), hints);
    frame.render_widget(status_line(&canvas, status.width), status);
}

fn tab_line(canvas: &Canvas<'_>) -> Line<'static> {
    let names = [
        ("app.pane_setup", "everywhere.setup"),
        ("app.pane_labels", "everywhere.labels"),
        ("app.pane_review", "everywhere.review"),
        ("app.pane_files", "everywhere.files"),
        ("app.pane_log", "everywhere.log"),
    ];
    let spans = Pane::ALL.iter().zip(names).flat_map(|(pane, (name, action))| {
        // The last key is the one that every terminal hands on.
        let keys = canvas.model.keys.names(action);
        let label = format!(" {} {} ", canvas.text(name), keys.split(' ').next_back().unwrap_or_default());
        let style = if *pane == canvas.model.pane { canvas.theme.chosen() } else { canvas.theme.faint() };
        [Span::styled(label, style), Span::raw(" ")]
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// What was said last.
fn notice(canvas: &Canvas<'_>) -> Paragraph<'static> {
    if canvas.model.asks_to_quit {
        return Paragraph::new(canvas.text("app.really_quit")).style(canvas.theme.warning());
    }
    match &canvas.model.notice {
        Some(notice) => {
            let style = if notice.is_error { canvas.theme.error() } else { canvas.theme.good() };
            Paragraph::new(printable_text(&notice.text)).style(style).wrap(Wrap { trim: true })
        }
        None => Paragraph::new(""),
    }
}

fn hint_line(canvas: &Canvas<'_>) -> Line<'static> {
    let model = canvas.model;
    if model.doors.is_some() {
        return Line::raw(canvas.text("app.hint_doors"));
    }
    if model.help {
        return Line::raw(canvas.text("app.hint_help"));
    }
    let fixed = match model.pane {
        Pane::Setup if model.setup.editing.is_some() => Some("app.hint_field"),
        Pane::Labels if model.labels.is_editing => Some("app.hint_editor"),
        Pane::Labels => Some("app.hint_labels"),
        Pane::Review if model.review.finding.is_some() => Some("app.hint_find"),
        _ => None,
    };
    if let Some(key) = fixed {
        return Line::raw(canvas.text(key));
    }
    let actions: &[&str] = match model.pane {
        Pane::Setup => &["list.enter", "everywhere.start"],
        Pane::Review => &["review.accept", "review.none_of_these", "review.skip", "review.undo"],
        Pane::Files => &["files.apply", "files.undo", "files.plan"],
        Pane::Labels | Pane::Log => &[],
    };
    let digits = (model.pane == Pane::Review).then(|| {
        vec![Span::styled("1-9", canvas.theme.title()), Span::raw(format!(" {}  ", canvas.text("keys.review_digit")))]
    });
    let always = ["everywhere.next_pane", "everywhere.help", "everywhere.quit"];
    let spans =
        digits.into_iter().flatten().chain(actions.iter().chain(&always).flat_map(|action| canvas.hint(action)));
    Line::from(spans.collect::<Vec<_>>())
}

fn status_line(canvas: &Canvas<'_>, width: u16) -> Paragraph<'static> {
    let model = canvas.model;
    let runtime = match &model.runtime {
        Some(runtime) => format!("{} · {}", runtime.name, runtime.device),
        None => canvas.text("app.no_runtime_yet"),
    };
    let work = match &model.work {
        Work::Idle if model.collection.is_empty() => canvas.text("app.idle"),
        Work::Idle => canvas.say("app.pictures", &[("count", &model.collection.len())]),
        Work::Opening => canvas.text("app.opening"),
        Work::Classifying { files: 0, .. } => canvas.text("app.preparing"),
        Work::Classifying { files, others } => {
            let done = model.collection.len() + others;
            canvas.say("app.classifying", &[("done", &done), ("total", files)])
        }
        Work::Planning => canvas.text("app.planning"),
        Work::Applying { tally, total } => {
            canvas.say("app.applying", &[("done", &(tally.done + tally.failed)), ("total", total)])
        }
        Work::Undoing { tally, total } => {
            canvas.say("app.undoing", &[("done", &(tally.done + tally.failed)), ("total", total)])
        }
    };
    let text = format!(" {work} · {} · {runtime}", model.setup.model.text());
    Paragraph::new(shortened(&printable_text(&text), width as usize)).style(canvas.theme.chosen())
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
