//! An event that the crew tells.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{decisions, following, setup, start, trust, watching};
use crate::backend::{CrewError, Event, UndoTally};
use crate::domain::collection::Entry;
use crate::domain::patterns::on_line;
use crate::domain::picture::PictureState;
use crate::lang::{Say, Values};
use crate::store::session::{Origin, Sorting};
use crate::tui::effect::Effect;
use crate::tui::line::Line;
use crate::tui::model::{Done, Model, Pane, Runtime, Work};

pub(super) fn told(model: &mut Model, event: Event) -> Vec<Effect> {
    let effects = take(model, event);
    // The work that goes on tells how many files wait.
    model.counts.waiting = model.waiting();
    effects
}

fn take(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Checked { number, result } if number == model.setup.check => {
            model.setup.checked = Some(result.map_err(|error| error.say(&model.language)));
        }
        Event::Checked { .. } => {}
        Event::Completed { typed, text } => return setup::completed(model, &typed, text),
        Event::Models { typed, found } => setup::models(model, &typed, found),
        Event::ModelFound { choice } => return start::found(model, choice),
        Event::Downloading { done, total, per_second } => {
            model.work = Work::Downloading { done, total, per_second };
            model.is_paused = false;
        }
        Event::Checking { done, total } => model.work = Work::Checking { done, total },
        Event::Repaired { model: named, was_whole } => return setup::repaired(model, &named, was_whole),
        Event::DownloadWaits { seconds } => {
            let text = model.language.say("hub.waiting", &[("seconds", &seconds)]);
            model.say(text);
        }
        Event::DownloadLocked => {
            let text = model.language.text("hub.locked");
            model.say(text);
        }
        Event::Downloaded => {
            model.work = Work::Classifying { files: 0, others: 0 };
            return setup::look_up_model(model);
        }
        Event::Runtime { runtime, device, is_built_in, is_gpu_unused } => {
            model.runtime = Some(Runtime { name: runtime, device, is_built_in, is_gpu_unused });
        }
        Event::ModelOpened { device } => {
            if let Some(runtime) = &mut model.runtime {
                runtime.device = device;
            }
        }
        Event::ModelSilent => {
            let text = model.language.text("engine.silent_in_app");
            model.say(text);
        }
        Event::Quantising => {
            let text = model.language.text("classify.quantising");
            model.say(text);
        }
        Event::Installed { version, is_for_later } => {
            model.work = Work::Idle;
            model.is_paused = false;
            let key = if is_for_later { "app.installed_for_later" } else { "app.installed" };
            let text = model.language.say(key, &[("version", &version)]);
            model.say(text);
        }
        Event::Trusted { destination } => return trust::trusted(model, destination),
        Event::Begun { begun } => following::begun(model, begun),
        Event::Followed { begun, kept, with, revision, joined, scores, changed, are_arrivals } => {
            let read = following::Read { kept, with, revision, joined, scores, changed, are_arrivals };
            return following::followed(model, begun, read);
        }
        Event::ScoredLate { revision, pictures, scores } => following::scored_late(model, revision, &pictures, &scores),
        Event::WatchBegan { number, sorting, sorts } => return watching::began(model, number, *sorting, sorts),
        Event::Watching { status } => watching::status(model, status),
        Event::WatchNews { news } => watching::news(model, news),
        Event::WatchEnded { number, arrived, error } => watching::ended(model, number, arrived, error),
        Event::Opened { sorting, origin } => return opened(model, sorting.map(|sorting| *sorting), origin),
        Event::Decided { steps } => decisions::remember(model, steps),
        Event::TakenOver { step } => {
            decisions::taken_over(model, step);
            if model.watch.is_some() {
                // They are taken over when everything that was there is classified.
                model.takes_from = None;
            }
        }
        Event::NotTakenOver { error } | Event::Trouble { error } => fail(model, &error),
        Event::Weak { weakness } => {
            let text = weakness.say(&model.language);
            model.say(text);
        }
        Event::Scorable { missing: 0 } => return score_the_rest(model),
        Event::Scorable { missing } => {
            let text = model.language.say("app.scores_missing", &[("count", &missing)]);
            model.say(text);
            return score_the_rest(model);
        }
        Event::NotScorable { error } => {
            model.labels.is_fixed = true;
            note_damage(model, &error);
            let reason = trust::sentence(model, &error, model.session());
            let text = model.language.say("app.labels_fixed", &[("reason", &reason)]);
            model.say_error(text);
        }
        Event::Found { files, left_out } => {
            watching::tell_left_out(model, &left_out);
            let effects = start::begun(model, files);
            model.recount();
            return effects;
        }
        Event::Passed { others } => {
            if let Work::Classifying { others: known, .. } = &mut model.work {
                *known = others;
            }
        }
        Event::Arrived { revision, entries, scores } => return arrived(model, revision, entries, &scores),
        Event::Rescored { revision, scores } if revision == model.labels.revision => {
            match model.labels.scored == revision && model.collection.labels() == model.labels.numbers {
                true => model.collection.complete(scores),
                false => model.collection.rescore(model.labels.numbers.clone(), scores),
            }
            model.labels.scored = revision;
            model.files.plan = None;
            model.recount();
        }
        Event::Rescored { .. } => {}
        Event::LabelsFailed { revision, label: Some(label), error } if revision == model.labels.revision => {
            model.labels.too_long = Some((label, error.say(&model.language)));
        }
        Event::LabelsFailed { revision, error, .. } if revision == model.labels.revision => fail(model, &error),
        Event::LabelsFailed { .. } => {}
        Event::Alike { revision, pairs } if revision == model.labels.revision => model.labels.alike = pairs,
        Event::Alike { .. } => {}
        Event::Pace { per_second, limit } => (model.pace, model.limit) = (Some(per_second), limit),
        Event::Classified { remembered, waiting, per_second } => {
            return classified(model, remembered, waiting, per_second);
        }
        Event::Planned { plan, gone, unseen } => {
            model.work = Work::Idle;
            model.is_paused = false;
            (model.files.plan, model.files.gone, model.files.unseen) = (Some(plan), gone, unseen);
        }
        Event::Progress { tally, total } => match &mut model.work {
            Work::Applying { tally: known, total: all } | Work::Undoing { tally: known, total: all } => {
                (*known, *all) = (tally, total);
            }
            _ => {}
        },
        Event::Applied { run, tally, failures, total, head } => {
            model.work = Work::Idle;
            model.is_paused = false;
            model.files.plan = None;
            model.files.last = Some(Done::Applied { run, tally, total });
            (model.files.failures, model.files.head) = (failures, Some(head));
            let failed = tally.failed - tally.kept;
            let values: Values<'_> = &[("done", &tally.done), ("present", &tally.present), ("failed", &failed)];
            let key = if tally.present > 0 { "app.applied_present" } else { "app.applied" };
            let text = model.language.say(key, values);
            let text = with_count(model, text, "app.sources_kept", tally.kept);
            model.say(with_count(model, text, "classify.unkept", tally.unkept));
        }
        Event::RecoveredUnkept { count } => {
            let text = model.language.say("classify.unkept", &[("count", &count)]);
            model.say_error(text);
        }
        Event::Undone { run, own, tally, failures, head } => {
            model.work = Work::Idle;
            model.is_paused = false;
            model.files.plan = None;
            model.files.last = Some(Done::Undone { run, own, tally });
            (model.files.failures, model.files.head) = (failures, Some(head));
            let UndoTally { back, removed, gone, left, unkept } = tally;
            let values: Values<'_> = &[("run", &run.0), ("back", &back), ("removed", &removed), ("left", &left)];
            let (key, is_whole) = match (tally.taken_back(), left) {
                (0, 1..) => ("undo.nothing_back", false),
                (_, 0) => ("app.undone", true),
                _ => ("app.undone_partly", false),
            };
            let text = with_count(model, model.language.say(key, values), "undo.gone", gone);
            let text = with_count(model, text, "undo.unkept", unkept);
            match is_whole && unkept == 0 {
                true => model.say(text),
                false => model.say_error(text),
            }
        }
        Event::Places { folders } => {
            let mut places: HashMap<_, _> = folders.into_iter().collect();
            let entries = model.collection.entries().iter();
            let folders = entries.map(|entry| places.remove(&entry.id).flatten()).collect();
            model.collection.set_places(folders);
        }
        Event::Viewed { number, painted } if number == model.review.view => model.review.painted = Some(painted),
        Event::Viewed { .. } => {}
        Event::Failed { error } => {
            let ordered = model.ordered.take();
            let (was_ordered, place) = (ordered.is_some(), ordered.map(|ordered| ordered.destination));
            let is_beginning = was_ordered || matches!(model.work, Work::Classifying { .. });
            // A person who reviews the pictures of before meanwhile goes on with it.
            let is_at_leisure = was_ordered && model.pane == Pane::Labels && !model.is_typing();
            if is_beginning && model.collection.is_empty() || is_at_leisure {
                // One of the fields is wrong.
                model.pane = Pane::Setup;
            }
            let was_fetching = matches!(model.work, Work::Downloading { .. } | Work::Checking { .. });
            model.work = Work::Idle;
            model.is_paused = false;
            // A plan that could not be carried out is made anew.
            model.files.plan = None;
            model.recount();
            match is_beginning {
                true => fail_to_begin(model, &error, place),
                false => fail(model, &error),
            }
            let mut effects = if is_beginning { start::ended(model) } else { vec![] };
            // Files may have come into the cache, or gone from it.
            effects.extend(if was_fetching { setup::look_up_model(model) } else { vec![] });
            return effects;
        }
    }
    vec![]
}

/// A sentence, and after it another one of so many files, if there are any.
fn with_count(model: &Model, text: String, key: &str, count: usize) -> String {
    match count {
        0 => text,
        count => format!("{text} {}", model.language.say(key, &[("count", &count)])),
    }
}

/// Has pictures scored of which the session has no scores for its labels, as they were sorted with others.
fn score_the_rest(model: &Model) -> Vec<Effect> {
    let lacks = |index| model.collection.best(index).is_none();
    let is_ok = |(index, entry): (usize, &Entry)| (entry.state == PictureState::Ok).then_some(index);
    match model.collection.entries().iter().enumerate().filter_map(is_ok).any(lacks) {
        true => super::labels::rescore(model),
        false => vec![],
    }
}

/// The setup offers to mend a model where that may help.
fn note_damage(model: &mut Model, error: &CrewError) {
    if let Some(named) = error.damaged_model() {
        model.setup.damaged = Some(named.to_string());
    }
}

fn fail(model: &mut Model, error: &CrewError) {
    tracing::error!("{error}");
    note_damage(model, error);
    let text = trust::sentence(model, error, model.session());
    model.say_error(text);
}

/// A start into a destination has failed.
fn fail_to_begin(model: &mut Model, error: &CrewError, destination: Option<PathBuf>) {
    tracing::error!("{error}");
    note_damage(model, error);
    let destination = destination.unwrap_or_else(|| model.session());
    let reason = trust::sentence(model, error, destination);
    let text = watching::given_up(model, reason);
    model.say_error(text);
}

/// An earlier session: its labels and settings become those of now.
fn opened(model: &mut Model, sorting: Option<Sorting>, origin: Option<Origin>) -> Vec<Effect> {
    // A start that waits was for what the fields said before.
    model.setup.begins = None;
    if let Some(origin) = origin {
        model.setup.source = Line::new(origin.source);
        model.setup.recursive = origin.recursive;
        model.setup.hidden = origin.hidden.unwrap_or(model.setup.hidden);
        model.setup.include = Line::new(on_line(origin.include.iter().map(String::as_str)));
        model.setup.exclude = Line::new(on_line(origin.exclude.iter().map(String::as_str)));
        model.setup.model = Line::new(origin.model);
    }
    let checked = setup::look_up(model);
    let Some(sorting) = sorting else { return checked };
    model.open_labels(sorting.labels);
    model.setup.template = Line::new(sorting.template);
    model.setup.threshold = Line::new(sorting.threshold.to_string());
    model.setup.margin = Line::new(sorting.margin.to_string());
    model.setup.operation = sorting.operation;
    // Its scores come with its pictures.
    model.collection.rescore(model.labels.numbers.clone(), vec![]);
    model.labels.scored = model.labels.revision;
    checked
}

fn arrived(model: &mut Model, revision: u64, entries: Vec<(Entry, Option<String>)>, scores: &[f32]) -> Vec<Effect> {
    if model.live.awaits_begin {
        return vec![];
    }
    let first = model.collection.len();
    let numbered: Vec<Entry> =
        entries.into_iter().map(|(entry, decided)| following::numbered(model, entry, decided)).collect();
    // Revision 0 is that of an earlier session, whose labels are those of now.
    let are_current = revision == model.labels.scored || revision == 0;
    model.collection.add(numbered, if are_current { scores } else { &[] });
    if revision == 0 && model.work == Work::Opening {
        model.work = Work::Idle;
    }
    let are_arrivals = model.watch.is_some();
    following::after_joining(model, first, are_arrivals)
}

fn classified(model: &mut Model, remembered: usize, waiting: usize, per_second: Option<f64>) -> Vec<Effect> {
    tracing::info!(remembered, waiting, "classified");
    model.work = Work::Idle;
    model.is_paused = false;
    if waiting == 0 {
        model.takes_from = None;
    }
    model.recount();
    let pictures = model.collection.pictures();
    let key = if waiting > 0 { "app.classify_stopped" } else { "app.classified" };
    let [review, files] = ["everywhere.review", "everywhere.files"].map(|action| model.keys.last_name(action));
    let start = model.keys.name("everywhere.start");
    let values: Values<'_> =
        &[("pictures", &pictures), ("waiting", &waiting), ("review", &review), ("files", &files), ("start", &start)];
    let text = model.language.say(key, values);
    model.say(text);
    let mut effects = start::ended(model);
    // How long it took is what the next run is told to take.
    if let (Some(pace), Some(key)) = (per_second, model.pace_key()) {
        model.values.pace.insert(key, pace);
        effects.push(Effect::Remember(Box::new(model.values.clone())));
    }
    effects
}
