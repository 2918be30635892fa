//! The screen, drawn from the state. Nothing is changed here.

mod canvas;
mod chooser;
mod details;
mod editor_lines;
mod file_questions;
mod files;
mod find;
mod grid;
mod hints;
mod labels;
mod live;
mod log;
mod questions;
mod queue;
mod rail;
mod review;
mod setup;
mod tabs;
mod targets;
mod welcome;
mod whole;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::layout::{LEAST, is_too_small, parts};
use super::model::{Look, Model, Pane, Popup, Question, Work};
use super::theme::Theme;
use crate::domain::printable::{printable, printable_text};
use crate::lang::{Values, duration, size};

use canvas::{Canvas, shortened};
pub(super) use targets::{clicked, scrolled};

/// Rows of a notice at most; the log has all of it.
const MOST_NOTICE_ROWS: usize = 4;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: Theme) {
    let canvas = Canvas { model, theme };
    if is_too_small((frame.area().width, frame.area().height)) {
        return draw_too_small(frame, &canvas);
    }
    let said = notice(&canvas);
    // A sentence that says what to do is shown whole.
    let rows = said.line_count(frame.area().width).clamp(1, MOST_NOTICE_ROWS) as u16;
    let parts = parts(frame.area(), rows);
    let is_free = canvas.model.welcome.is_none();
    if is_free && canvas.model.pane == Pane::Review && canvas.model.review.look != Look::One {
        whole::draw(frame, &canvas, said);
        return draw_popup(frame, parts.pane, &canvas);
    }
    frame.render_widget(tabs::line(&canvas), parts.tabs);
    if let Some(chosen) = model.welcome {
        welcome::draw(frame, parts.pane, &canvas, chosen);
    } else {
        match model.pane {
            Pane::Setup => setup::draw(frame, parts.pane, &canvas),
            Pane::Labels => labels::draw(frame, parts.pane, &canvas),
            Pane::Review if model.review.grid.is_open => grid::draw(frame, parts.pane, &canvas),
            Pane::Review => review::draw(frame, parts.pane, &canvas),
            Pane::Files => files::draw(frame, parts.pane, &canvas),
            Pane::Log => log::draw(frame, parts.pane, &canvas),
        }
    }
    draw_popup(frame, parts.pane, &canvas);
    frame.render_widget(Clear, parts.notice);
    frame.render_widget(said, parts.notice);
    if !(model.pane == Pane::Review && find::draw(frame, parts.hints, &canvas)) {
        frame.render_widget(hints::line(&canvas, parts.hints.width), parts.hints);
    }
    frame.render_widget(status_line(&canvas, parts.status.width), parts.status);
}

/// Draws the list that is open over the pane.
fn draw_popup(frame: &mut Frame<'_>, pane: Rect, canvas: &Canvas<'_>) {
    if let Some(Popup::Chooser(list)) = &canvas.model.popup {
        chooser::draw(frame, pane, canvas, list);
    }
}

/// Says that there is no room, instead of drawing things over each other.
fn draw_too_small(frame: &mut Frame<'_>, canvas: &Canvas<'_>) {
    let text = canvas.say("app.too_small", &[("columns", &LEAST.0), ("rows", &LEAST.1)]);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), frame.area());
}

/// The last message.
fn notice(canvas: &Canvas<'_>) -> Paragraph<'static> {
    let letter = |answer: &str| canvas.model.language.answer_letter(answer);
    let question = canvas.model.question.map(|question| match question {
        Question::Quit => canvas.say("app.really_quit", &[("yes", &letter("app.answer_yes"))]),
        Question::OtherDestination => {
            let (old, new) = (printable(canvas.model.session()), printable(canvas.model.destination()));
            let (take, begin) = (letter("app.answer_take"), letter("app.answer_begin"));
            let values: Values<'_> = &[("old", &old), ("new", &new), ("take", &take), ("begin", &begin)];
            canvas.say("app.other_destination", values)
        }
        Question::Download { .. } => setup::download_question(canvas),
        Question::Repair => {
            let model = printable_text(canvas.model.setup.model.text().trim());
            canvas.say("app.repair", &[("model", &model), ("yes", &letter("app.answer_yes"))])
        }
        Question::Trust => {
            let destination = canvas.model.untrusted.as_ref().map(printable).unwrap_or_default();
            let values: Values<'_> = &[("destination", &destination), ("yes", &letter("app.answer_yes"))];
            canvas.say("app.ask_trust", values)
        }
        Question::NoNames => setup::no_names_question(canvas),
        Question::Apply => file_questions::apply(canvas),
        Question::TakeBack(outlook) => file_questions::take_back(canvas, outlook),
        Question::DecideMarked(wanted) => questions::decide_marked(canvas, wanted),
        Question::TakeBackEarlier => questions::take_back_earlier(canvas),
        Question::Install => {
            let is_gpu = canvas.model.runtime.as_ref().is_some_and(|runtime| runtime.is_gpu_unused);
            let sentence = if is_gpu { "app.install_gpu" } else { "app.install" };
            canvas.say(sentence, &[("yes", &letter("app.answer_yes"))])
        }
    });
    if let Some(question) = question {
        return Paragraph::new(question).style(canvas.theme.warning()).wrap(Wrap { trim: true });
    }
    if let Some(Popup::Number(line)) = &canvas.model.popup {
        let (last, typed) = (canvas.model.review.queue.len(), printable_text(line.text()));
        let asked = canvas.say("app.ask_number", &[("last", &last)]);
        return Paragraph::new(format!("{asked} {typed}▏")).style(canvas.theme.warning()).wrap(Wrap { trim: true });
    }
    match &canvas.model.notice {
        Some(notice) => {
            let style = if notice.is_error { canvas.theme.error() } else { canvas.theme.good() };
            Paragraph::new(printable_text(&notice.text)).style(style).wrap(Wrap { trim: true })
        }
        None => Paragraph::new(""),
    }
}

fn status_line(canvas: &Canvas<'_>, width: u16) -> Paragraph<'static> {
    let model = canvas.model;
    let runtime = match &model.runtime {
        Some(runtime) => format!("{} · {}", runtime.name, runtime.device),
        None => canvas.text("app.no_runtime_yet"),
    };
    let work = match &model.work {
        Work::Idle if model.collection.is_empty() => canvas.text("app.idle"),
        Work::Idle => canvas.say("app.pictures", &[("count", &model.collection.pictures())]),
        Work::Opening => canvas.text("app.opening"),
        Work::Downloading { done, total, per_second } => {
            let values: Values<'_> = &[("done", &size(*done)), ("total", &size(*total))];
            let text = canvas.say("app.downloading", values);
            match per_second.filter(|rate| *rate > 0.0) {
                Some(rate) => {
                    let left = duration(&model.language, total.saturating_sub(*done) as f64 / rate);
                    let rate = size(rate as u64);
                    format!("{text} · {}", canvas.say("app.download_pace", &[("rate", &rate), ("left", &left)]))
                }
                None => text,
            }
        }
        Work::Checking { done, total } => {
            canvas.say("app.checking_model", &[("done", &size(*done)), ("total", &size(*total))])
        }
        Work::Classifying { files: 0, .. } => canvas.text("app.preparing"),
        Work::Classifying { files, others } => {
            let done = model.collection.pictures() + others;
            let text = canvas.say("app.classifying", &[("done", &done), ("total", files)]);
            match (model.pace, model.seconds_left()) {
                (Some(pace), Some(left)) if !model.is_paused && done > 0 => {
                    let (pace, left) = (format!("{pace:.1}"), duration(&model.language, left));
                    let pace = canvas.say("app.pace", &[("pace", &pace), ("left", &left)]);
                    format!("{text} · {pace}{}", canvas.limit(model.limit))
                }
                _ => text,
            }
        }
        Work::Installing => canvas.text("app.installing"),
        Work::Planning => canvas.text("app.planning"),
        Work::Foreseeing => canvas.text("app.foreseeing"),
        Work::Applying { tally, total } => canvas.say("app.applying", &[("done", &tally.begun()), ("total", total)]),
        Work::Undoing { tally, total } => canvas.say("app.undoing", &[("done", &tally.begun()), ("total", total)]),
    };
    let paused = if model.is_paused { format!("{} · ", canvas.text("app.paused")) } else { String::new() };
    let watching = live::watching(canvas).map(|watching| format!(" · {watching}")).unwrap_or_default();
    let begin = printable_text(&format!(" {paused}{work}{watching} · "));
    let end = printable_text(&format!(" · {runtime}"));
    let room = (width as usize).saturating_sub(begin.width() + end.width());
    let name = model_name(&printable_text(model.setup.model.text()), room);
    Paragraph::new(shortened(&format!("{begin}{name}{end}"), width as usize)).style(canvas.theme.chosen())
}

/// A model's name where there is room for it, else without the owner or the folders that it is in. The runtime and the
/// device are not cut off for it.
fn model_name(name: &str, room: usize) -> String {
    match name.rsplit_once('/') {
        Some((_, last)) if name.width() > room => shortened(last, room.max(SHORTEST_NAME)),
        _ => name.to_owned(),
    }
}

/// Columns that a model's name has in any case.
const SHORTEST_NAME: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_gives_way_to_what_it_is_computed_with() {
        let name = "openai/clip-vit-large-patch14";
        assert_eq!(model_name(name, 29), name);
        assert_eq!(model_name(name, 28), "clip-vit-large-patch14");
        assert_eq!(model_name(name, 10), "clip-vit-…");
        assert_eq!(model_name(name, 0), "clip-vi…");
        assert_eq!(model_name("demo", 0), "demo");
    }
}
