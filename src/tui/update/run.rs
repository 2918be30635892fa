//! A run: an earlier session that is opened, or pictures as they are classified.

use std::path::PathBuf;

use super::panes::go_to;
use super::{failure, files, following, models, setup, stacks, start, watching};
use crate::backend::BackendError;
use crate::domain::collection::Entry;
use crate::domain::file_filter::LeftOut;
use crate::domain::patterns::on_line;
use crate::domain::printable::printable;
use crate::lang::{Say, Values};
use crate::store::session::{Origin, Sorting};
use crate::tui::action::AppAction;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Model, Pane, Work};
use crate::use_cases::Notice;

/// An earlier session was opened: its labels and settings replace the current ones.
pub(super) fn opened(model: &mut Model, sorting: Option<Sorting>, origin: Option<Origin>) -> Vec<Effect> {
    // A waiting start was meant for the former fields.
    model.setup.begins = None;
    while model.labels.come_out().is_some() {
        model.collection.come_out();
    }
    model.labels.inside.clear();
    if let Some(origin) = origin {
        model.setup.source = InputLine::new(origin.source);
        model.setup.recursive = origin.recursive;
        model.setup.hidden = origin.hidden.unwrap_or(model.setup.hidden);
        model.setup.include = InputLine::new(on_line(origin.include.iter().map(String::as_str)));
        model.setup.exclude = InputLine::new(on_line(origin.exclude.iter().map(String::as_str)));
        model.setup.model = InputLine::new(origin.model);
    }
    let checked = setup::look_up(model);
    let Some(sorting) = sorting else { return checked };
    model.open_labels(sorting.labels);
    model.setup.template = InputLine::new(sorting.template);
    model.setup.threshold = InputLine::new(sorting.threshold.to_string());
    model.setup.margin = InputLine::new(sorting.margin.to_string());
    model.setup.operation = sorting.operation;
    // Its scores come with its pictures.
    model.collection.rescore(model.labels.numbers.clone(), vec![]);
    model.labels.scored = model.labels.revision;
    checked
}

/// The files of a run were found, and nothing stands in its way any more.
pub(super) fn found(model: &mut Model, files: usize, left_out: &LeftOut) -> Vec<Effect> {
    watching::tell_left_out(model, left_out);
    let effects = start::begun(model, files);
    model.recount();
    effects
}

/// So many files are no pictures.
pub(super) fn passed(model: &mut Model, others: usize) {
    if let Work::Classifying { others: known, .. } = &mut model.work {
        *known = others;
    }
}

/// Says something that people should know of a run.
pub(super) fn notice(model: &mut Model, notice: &Notice) {
    let text = match notice {
        // Its sentence on the command line names Ctrl-C.
        Notice::ModelSilent => model.language.text("engine.silent_in_app"),
        notice => notice.say(&model.language),
    };
    match notice.is_serious() {
        true => model.say_error(text),
        false => model.say(text),
    }
}

/// Pictures came.
pub(super) fn arrived(
    model: &mut Model,
    revision: u64,
    entries: Vec<(Entry, Option<String>)>,
    scores: &[f32],
) -> Vec<Effect> {
    if model.live.awaits_begin {
        return vec![];
    }
    let first = model.collection.len();
    let numbered: Vec<Entry> =
        entries.into_iter().map(|(entry, decided)| following::numbered(model, entry, decided)).collect();
    // Revision 0 means an opened session, whose labels are the current ones.
    let are_current = revision == model.labels.scored || revision == 0;
    model.collection.add(numbered, if are_current { scores } else { &[] });
    if revision == 0 && model.work == Work::Opening {
        model.work = Work::Idle;
    }
    let are_arrivals = model.watch.is_some();
    let mut effects = following::after_joining(model, first, are_arrivals);
    if revision == 0 {
        effects.extend(land_in_review(model));
    }
    effects
}

/// The pictures of a session that was opened to be reviewed are there: they are looked at, unless the person has gone
/// elsewhere. One without pictures says so.
fn land_in_review(model: &mut Model) -> Vec<Effect> {
    if !std::mem::take(&mut model.lands_in_review) || model.pane != Pane::Setup || model.is_typing() {
        return vec![];
    }
    if !model.collection.is_empty() {
        return go_to(model, Pane::Review);
    }
    let destination = printable(model.session());
    model.say_error(model.language.say("app.session_empty", &[("destination", &destination)]));
    vec![]
}

/// Classifying is over.
pub(super) fn classified(
    model: &mut Model,
    waiting: usize,
    has_rescored: bool,
    per_second: Option<f64>,
) -> Vec<Effect> {
    model.rest();
    if waiting == 0 {
        model.takes_from = None;
    }
    model.recount();
    let pictures = model.collection.pictures();
    let key = if waiting > 0 { "app.classify_stopped" } else { "app.classified" };
    let [review, files] = [AppAction::Review, AppAction::Files].map(|action| model.keys.last_name(action));
    let start = model.keys.name(AppAction::Start);
    let values: Values<'_> =
        &[("pictures", &pictures), ("waiting", &waiting), ("review", &review), ("files", &files), ("start", &start)];
    let text = model.language.say(key, values);
    model.say(text);
    let mut effects = start::ended(model, has_rescored);
    // Whoever waits for the plan has it now.
    if model.pane == Pane::Files {
        effects.extend(files::enter(model));
    }
    effects.extend(stacks::search(model));
    // The pace of this run is the estimate for the next.
    if let (Some(pace), Some(key)) = (per_second, model.pace_key()) {
        model.last_settings.pace.insert(key, pace);
        effects.push(Effect::Remember(Box::new(model.last_settings.clone())));
    }
    effects
}

/// The work that was going on failed.
pub(super) fn failed(model: &mut Model, error: &BackendError) -> Vec<Effect> {
    model.lands_in_review = false;
    let ordered = model.ordered.take();
    let (was_ordered, place) = (ordered.is_some(), ordered.map(|ordered| ordered.destination));
    let is_beginning = was_ordered || matches!(model.work, Work::Classifying { .. });
    // Nobody is taken away from reviewing the former pictures.
    let is_at_leisure = was_ordered && model.pane == Pane::Labels && !model.is_typing();
    if is_beginning && model.collection.is_empty() || is_at_leisure {
        // One of the fields is wrong.
        model.pane = Pane::Setup;
    }
    let was_fetching = matches!(model.work, Work::Downloading { .. } | Work::Checking { .. });
    // A plan that could not be carried out is made anew; looking what could be taken back has done nothing to it.
    if model.work != Work::Foreseeing {
        model.files.plan = None;
    }
    model.rest();
    model.recount();
    match is_beginning {
        true => say_of_start(model, error, place),
        false => failure::say(model, error),
    }
    let mut effects = if is_beginning { start::ended(model, false) } else { vec![] };
    // Files may have come into the cache, or gone from it.
    effects.extend(if was_fetching { models::look_up(model) } else { vec![] });
    effects
}

/// A start into a destination has failed.
fn say_of_start(model: &mut Model, error: &BackendError, destination: Option<PathBuf>) {
    let destination = destination.unwrap_or_else(|| model.session());
    let reason = failure::sentence(model, error, destination);
    let text = watching::given_up(model, reason);
    model.say_error(text);
}
