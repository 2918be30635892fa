//! The model of the setup in words: where it is, what it costs, what it is good at; and those that can be chosen.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::NAMES;
use super::notes::noted;
use crate::backend::{ModelChoice, ModelPlace};
use crate::domain::printable::printable_text;
use crate::lang::{Say, Values, duration, size};
use crate::tui::action::ListAction;
use crate::tui::view::canvas::{Canvas, padded};

/// Models that are listed at once.
const SHOWN: usize = 6;

/// The lines under the field.
pub(super) fn notes(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    if !setup.models.is_empty() {
        return listed(canvas, room);
    }
    if setup.is_damaged() {
        let text = canvas.with_keys("app.model_damaged", &[("key", ListAction::Repair.into())]);
        return noted(&text, canvas.theme.warning(), room);
    }
    let Some(found) = setup.found() else {
        return noted(&canvas.text("app.model_hint"), canvas.theme.faint(), room);
    };
    let style = match found.place {
        ModelPlace::BuiltIn | ModelPlace::ToDownload { .. } => canvas.theme.warning(),
        ModelPlace::NoFolder => canvas.theme.error(),
        ModelPlace::Folder | ModelPlace::Cached { .. } => canvas.theme.good(),
    };
    let mut lines = noted(&about(canvas, found), style, room);
    if let Some(instead) = setup.instead() {
        let name = printable_text(&instead.name);
        let values: Values<'_> = &[("model", &name), ("about", &in_short(canvas, instead))];
        lines.extend(noted(&canvas.say("app.instead", values), Style::default(), room));
    }
    lines
}

/// Models that can be chosen without typing.
fn listed(canvas: &Canvas<'_>, room: usize) -> Vec<Line<'static>> {
    let setup = &canvas.model.setup;
    // Around the one that is chosen, as the list may be long.
    let first = setup.model_chosen.unwrap_or(0).saturating_sub(SHOWN - 1);
    let shown = setup.models.iter().enumerate().skip(first).take(SHOWN);
    let lines = shown.map(|(place, choice)| {
        let about = in_short(canvas, choice);
        let text = padded(&format!("{}  {about}", printable_text(&choice.name)), room);
        let style = if setup.model_chosen == Some(place) { canvas.theme.chosen() } else { canvas.theme.faint() };
        Line::from(vec![Span::raw(" ".repeat(NAMES + 2)), Span::styled(text, style)])
    });
    lines.collect()
}

/// Where a model is, how long it takes, and what it is good at, if the table knows.
fn about(canvas: &Canvas<'_>, choice: &ModelChoice) -> String {
    let place = match choice.place {
        ModelPlace::BuiltIn => canvas.text("app.demo_is_for_samples"),
        ModelPlace::Folder => canvas.text("app.model_folder"),
        ModelPlace::NoFolder => canvas.text("app.model_no_folder"),
        ModelPlace::Cached { bytes } => canvas.say("models.cached", &[("size", &size(bytes))]),
        ModelPlace::ToDownload { bytes: Some(bytes) } => canvas.say("app.model_download", &[("size", &size(bytes))]),
        ModelPlace::ToDownload { bytes: None } => canvas.text("app.model_download_unknown"),
    };
    let language = &canvas.model.language;
    let strengths = choice.known.into_iter().flat_map(|known| &known.good_at);
    let about = strengths.map(|strength| strength.say(language));
    let speed = choice.known.map(|known| known.speed.say(language));
    about.chain(speed).chain(time(canvas, choice)).chain([place]).collect::<Vec<_>>().join(", ")
}

/// The same for a list, where there is less room: what it costs comes first.
fn in_short(canvas: &Canvas<'_>, choice: &ModelChoice) -> String {
    let language = &canvas.model.language;
    let place = match choice.place {
        ModelPlace::ToDownload { bytes: Some(bytes) } => canvas.say("models.not_cached", &[("size", &size(bytes))]),
        _ if choice.known.is_some() => canvas.text("models.info_there"),
        _ => return about(canvas, choice),
    };
    let mut about = vec![place];
    if let Some(known) = choice.known {
        about.push(known.speed.say(language));
        about.extend(time(canvas, choice));
        about.extend(known.good_at.iter().map(|strength| strength.say(language)));
    }
    about.join(", ")
}

/// How long the pictures of the folder take with a model, where that is known, or can be judged by another one.
fn time(canvas: &Canvas<'_>, choice: &ModelChoice) -> Option<String> {
    let estimate = canvas.model.estimate(&choice.name)?;
    let key = if estimate.is_measured { "app.time_measured" } else { "app.time_judged" };
    Some(canvas.say(key, &[("time", &duration(&canvas.model.language, estimate.seconds))]))
}

/// Whether to download the model first.
pub(in crate::tui::view) fn download_question(canvas: &Canvas<'_>) -> String {
    let setup = &canvas.model.setup;
    let model = printable_text(setup.model.text().trim());
    let yes = canvas.model.language.answer_letter("app.answer_yes");
    let question = match setup.found().map(|found| found.place) {
        Some(ModelPlace::ToDownload { bytes: Some(bytes) }) => {
            canvas.say("app.download_size", &[("model", &model), ("size", &size(bytes)), ("yes", &yes)])
        }
        _ => canvas.say("app.download", &[("model", &model), ("yes", &yes)]),
    };
    let Some(instead) = setup.instead() else { return question };
    let (letter, name) = (canvas.model.language.answer_letter("app.answer_instead"), printable_text(&instead.name));
    let values: Values<'_> = &[("letter", &letter), ("model", &name), ("about", &in_short(canvas, instead))];
    format!("{question} {}", canvas.say("app.download_instead", values))
}
