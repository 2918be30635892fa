//! Watching: what arrives while the app is open.

use std::path::{Path, PathBuf};

use crate::backend::{BackendError, Order, WatchNews, WatchStatus};
use crate::domain::file_filter::LeftOut;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Settings;
use crate::jobs::watch::WatchedBy;
use crate::lang::{ChosenIn, Say, Values};
use crate::store::session::Sorting;
use crate::tui::action::AppAction;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Sorts, WatchState, Watching};

/// The order for a start: classify the source, and watch it afterwards if the field says so.
pub(super) fn start_order(model: &mut Model, settings: Settings, decisions_of: Option<PathBuf>) -> Effect {
    let (settings, table) = (Box::new(settings), model.defaults.output_file.clone());
    model.live.is_given_up = model.watch.is_some();
    if model.setup.watching == Watching::No {
        return Effect::Order(Order::Classify { settings, table, decisions_of });
    }
    model.live.watches += 1;
    let (number, sorts) = (model.live.watches, model.setup.watching == Watching::Sort);
    Effect::Order(Order::Watch { number, settings, table, sorts, decisions_of })
}

/// Another run begins: the running watch is given up, and its events are dropped until then.
pub(super) fn leave(model: &mut Model) {
    let awaits_begin = model.watch.take().is_some();
    model.live.clear();
    model.live.awaits_begin = awaits_begin;
}

/// The sentence for a failed start. If a watch was given up for it, the sentence says so.
pub(super) fn given_up(model: &mut Model, reason: String) -> String {
    if !std::mem::take(&mut model.live.is_given_up) {
        return reason;
    }
    // Its last words may come later: they say no more than this.
    model.watch = None;
    let key = model.keys.name(AppAction::Start);
    model.language.say("app.watch_given_up", &[("reason", &reason), ("key", &key)])
}

/// The watch has begun, with or without sorting.
pub(super) fn began(model: &mut Model, number: u64, sorting: Sorting, sorts: bool) -> Vec<Effect> {
    model.rest();
    model.is_same_session = false;
    model.recount();
    if number != model.live.watches {
        return vec![];
    }
    let sorts = if sorts { Sorts::Yes } else { Sorts::No };
    let status = WatchStatus::default();
    let source = printable_text(model.setup.source.text().trim());
    let named = source.clone();
    model.watch =
        Some(WatchState { number, source: named, sorting, sorts, is_paused: false, is_source_gone: false, status });
    let stop = model.keys.name(AppAction::Stop);
    let values: Values<'_> = &[("source", &source), ("key", &stop)];
    let text = model.language.say(if sorts == Sorts::Yes { "app.watch_sorts" } else { "app.watch_began" }, values);
    model.say(text);
    let held = hold(model);
    match sorts == Sorts::Yes && held.is_empty() {
        true => vec![Effect::LetSort(Some(number))],
        false => held,
    }
}

/// Nothing is sorted by itself any more once it would not go by what is on the screen, or once the screen says that it
/// is not.
pub(super) fn hold(model: &mut Model) -> Vec<Effect> {
    let Some(watch) = model.watch.as_ref().filter(|watch| watch.sorts == Sorts::Yes) else { return vec![] };
    let is_wanted = model.setup.watching == Watching::Sort;
    if is_wanted && model.sorting().as_ref() == Some(&watch.sorting) {
        return vec![];
    }
    if let Some(watch) = &mut model.watch {
        watch.sorts = Sorts::Held;
    }
    let text = model.with_keys("app.watch_held", &[("key", AppAction::Start.into())]);
    model.say(text);
    vec![Effect::LetSort(None)]
}

pub(super) fn status(model: &mut Model, status: WatchStatus) {
    if let Some(watch) = &mut model.watch {
        watch.status = status;
    }
}

pub(super) fn ended(model: &mut Model, number: u64, arrived: usize, error: Option<BackendError>) {
    if model.watch.as_ref().is_none_or(|watch| watch.number != number) {
        return;
    }
    model.watch = None;
    match error {
        Some(error) => {
            let text = error.say(&model.language);
            model.say_error(text);
        }
        None => {
            let start = model.keys.name(AppAction::Start);
            let text = model.language.say("app.watch_ended", &[("arrived", &arrived), ("start", &start)]);
            model.say(text);
        }
    }
}

/// Each event is said once, however often it is tried again.
pub(super) fn news(model: &mut Model, news: WatchNews) {
    let Some(watch) = &mut model.watch else { return };
    match news {
        WatchNews::SourceGone => watch.is_source_gone = true,
        WatchNews::SourceBack | WatchNews::SourceReplaced => watch.is_source_gone = false,
        WatchNews::LeftOut(ref left_out) => return tell_left_out(model, left_out),
        _ => {}
    }
    let is_good = matches!(news, WatchNews::SourceBack | WatchNews::Alerted { .. });
    let Some(text) = said(model, news).filter(|text| model.log.last() != Some(text)) else { return };
    match is_good {
        true => model.say(text),
        false => model.say_error(text),
    }
}

fn said(model: &Model, news: WatchNews) -> Option<String> {
    let language = &model.language;
    let source = model.watch.as_ref().map(|watch| watch.source.as_str()).unwrap_or_default();
    let about_source = |key: &str| Some(language.say(key, &[("source", &source)]));
    match news {
        WatchNews::By(WatchedBy::Polling(Some(reason))) => {
            let reason = reason.say(language);
            Some(language.say("app.watch_polls", &[("source", &source), ("reason", &reason)]))
        }
        // The latter has a sentence for each reason.
        WatchNews::By(_) | WatchNews::LeftOut(_) => None,
        WatchNews::SourceGone => about_source("watch.source_gone"),
        WatchNews::SourceBack => about_source("watch.source_back"),
        WatchNews::SourceReplaced => about_source("watch.source_replaced"),
        WatchNews::Unreadable { folder, detail } => {
            Some(language.say("watch.unreadable", &[("path", &printable(folder)), ("detail", &detail)]))
        }
        WatchNews::Unfinished(path) => Some(language.say("watch.unfinished", &[("path", &printable(path))])),
        WatchNews::Waits(reason) => Some(reason),
        WatchNews::NotSorted(text) => Some(text),
        WatchNews::Alerted { path, label, end } => {
            let (path, label, end) = (printable(path), printable_text(&label), end.say(language));
            Some(language.say("watch.alerted", &[("path", &path), ("label", &label), ("end", &end)]))
        }
    }
}

/// Says which files of the source are not looked at, if there are any.
pub(super) fn tell_left_out(model: &mut Model, left_out: &LeftOut) {
    let source = Path::new(model.setup.source.text().trim());
    let sentences = crate::lang::left_out(&model.language, left_out, source, ChosenIn::Setup);
    sentences.into_iter().for_each(|sentence| model.say(sentence));
}

/// Ends the watch, if there is one.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    if model.watch.is_none() {
        return vec![];
    }
    let text = model.language.text("app.stopping");
    model.say(text);
    vec![Effect::StopWatch]
}

/// Pauses the watch or has it go on, if there is one.
pub(super) fn pause(model: &mut Model) -> Vec<Effect> {
    let Some(watch) = &mut model.watch else { return vec![] };
    watch.is_paused = !watch.is_paused;
    let is_paused = watch.is_paused;
    let text = match is_paused {
        true => model.with_keys("app.pausing", &[("key", AppAction::Pause.into())]),
        false => model.language.text("app.going_on"),
    };
    model.say(text);
    vec![Effect::PauseWatch(is_paused)]
}

/// Says that undo is useless while the watch sorts; true where that is so.
pub(super) fn undoes_undo(model: &mut Model) -> bool {
    let sorts = model.watch.as_ref().is_some_and(|watch| watch.sorts == Sorts::Yes);
    if sorts {
        let text = model.with_keys("app.watch_undo", &[("key", AppAction::Stop.into())]);
        model.say_error(text);
    }
    sorts
}
