//! Getting a model from the hub, with its progress on standard error: a bar with rate and time left on a terminal, a
//! line now and then in a pipe.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::{BAR, LINE_EVERY, duration};
use crate::domain::hub_model::HubModel;
use crate::domain::printable::printable;
use crate::engine::hub::{DownloadControl, DownloadEvent, Hub, HubConfig, HubError, Plan};
use crate::lang::{Language, Values, size};

/// How often the bar is drawn anew, at most.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// The rate is that of the last so many draws: what a connection does now, not what it did at first.
const DRAWS_OF_RATE: usize = 50;

/// Nothing is drawn before, because the first small files tell nothing of the rate.
const DRAW_AFTER: Duration = Duration::from_secs(1);

/// The folder of a published model: from the cache, or downloaded after saying how much that is.
pub(super) fn folder(model: &HubModel, context: &mut Context) -> Result<PathBuf, Failure> {
    let hub = Hub::new(HubConfig::from_environment());
    match hub.cached(model) {
        Some(cached) => Ok(cached.folder),
        None => with_progress(&hub, context, |hub, control| hub.folder(model, control)),
    }
}

/// Does something with the hub that can be stopped by Ctrl-C, and shows how it goes.
pub(super) fn with_progress<T>(
    hub: &Hub,
    context: &mut Context,
    work: impl FnOnce(&Hub, &mut DownloadControl<'_>) -> Result<T, HubError>,
) -> Result<T, Failure> {
    let stop = context.stop()?.flag();
    let cache = hub.config().cache.clone().unwrap_or_default();
    let language = &context.language;
    let mut shown = Shown { console: &mut context.console, language, cache, bar: None, checked_since: None };
    let done = work(hub, &mut DownloadControl { stop: &stop, tell: &mut |step| shown.show(&step) });
    shown.finish();
    done.map_err(|error| failure(&error, context))
}

/// A failure of the hub; being stopped is one with an exit code of its own.
pub(super) fn failure(error: &HubError, context: &Context) -> Failure {
    let failure = Failure::of(error, &context.language);
    match error {
        HubError::Cancelled => Failure { exit: Exit::Interrupted, ..failure },
        _ => failure,
    }
}

/// A download as a person sees it.
struct Shown<'c> {
    console: &'c mut Console,
    language: &'c Language,
    cache: PathBuf,
    bar: Option<Bar>,
    /// When looking through what is there began, and whether that was said.
    checked_since: Option<(Instant, bool)>,
}

/// The progress of one model.
struct Bar {
    /// None in a pipe.
    drawn: Option<ProgressBar>,
    /// Bytes that were there at the last draws, and when that was.
    draws: VecDeque<(Instant, u64)>,
    begun: Instant,
}

impl Bar {
    /// Bytes a second at the moment.
    fn rate(&self, now: Instant, done: u64) -> f64 {
        let (since, before) = self.draws.front().copied().unwrap_or((self.begun, 0));
        // A file that had to be begun anew has less than there was.
        done.saturating_sub(before) as f64 / now.duration_since(since).as_secs_f64().max(0.001)
    }
}

impl Shown<'_> {
    fn show(&mut self, step: &DownloadEvent<'_>) {
        match step {
            DownloadEvent::Begin(plan) => self.begin(plan),
            DownloadEvent::Bytes { done, total } => self.advance(*done, *total),
            DownloadEvent::Checking { total, .. } => self.checks(*total),
            DownloadEvent::Waiting { pause } => {
                let seconds = pause.as_secs_f64().ceil();
                let line = self.language.say("hub.waiting", &[("seconds", &seconds)]);
                self.aside(&line);
            }
            DownloadEvent::TooSlow => {
                let line = self.language.text("hub.drips");
                self.aside(&line);
            }
            DownloadEvent::Locked => {
                let line = self.language.text("hub.locked");
                self.aside(&line);
            }
        }
    }

    /// A step that takes long is said once.
    fn checks(&mut self, total: u64) {
        let (since, is_said) = self.checked_since.get_or_insert_with(|| (Instant::now(), false));
        if !*is_said && since.elapsed() >= DRAW_AFTER {
            *is_said = true;
            let line = self.language.say("hub.checking", &[("size", &size(total))]);
            self.aside(&line);
        }
    }

    fn begin(&mut self, plan: &Plan) {
        let missing = plan.missing();
        if missing == 0 {
            return;
        }
        let files = plan.files.iter().filter(|file| file.there < file.size).count();
        let is_begun = plan.files.iter().any(|file| file.there > 0 && file.there < file.size);
        let key = if is_begun { "hub.going_on" } else { "hub.begin" };
        let (missing, whole, folder) = (size(missing), size(plan.size()), printable(&self.cache));
        let values: Values<'_> =
            &[("model", &plan.model), ("missing", &missing), ("size", &whole), ("files", &files), ("folder", &folder)];
        self.console.err(&self.language.say(key, values));
        if let Some(revision) = &plan.conversion {
            self.console.err(&self.language.say("hub.conversion", &[("revision", revision)]));
        }
        let drawn = self.console.messages_to_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(plan.size()), ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let begun = Instant::now();
        self.bar = Some(Bar { drawn, draws: VecDeque::from([(begun, plan.there())]), begun });
    }

    fn advance(&mut self, done: u64, total: u64) {
        let Some(bar) = &mut self.bar else { return };
        let every = if bar.drawn.is_some() { DRAW_EVERY } else { LINE_EVERY };
        let now = Instant::now();
        let is_due = bar.draws.back().is_none_or(|(last, _)| now.duration_since(*last) >= every);
        if !is_due || now.duration_since(bar.begun) < DRAW_AFTER {
            return;
        }
        let rate = bar.rate(now, done);
        bar.draws.push_back((now, done));
        if bar.draws.len() > DRAWS_OF_RATE {
            bar.draws.pop_front();
        }
        let left = total.saturating_sub(done) as f64 / rate.max(1.0);
        let (done_text, total_text, rate, left) = (size(done), size(total), size(rate as u64), duration(left));
        let values: Values<'_> = &[("done", &done_text), ("total", &total_text), ("rate", &rate), ("left", &left)];
        let line = self.language.say("hub.progress", values);
        match &bar.drawn {
            Some(drawn) => {
                drawn.set_message(line);
                drawn.set_position(done);
            }
            None => self.console.err(&line),
        }
    }

    /// Prints a line without disturbing the bar.
    fn aside(&mut self, line: &str) {
        match self.bar.as_ref().and_then(|bar| bar.drawn.as_ref()) {
            Some(drawn) => drawn.suspend(|| self.console.err(line)),
            None => self.console.err(line),
        }
    }

    /// Takes the bar away.
    fn finish(self) {
        if let Some(drawn) = self.bar.and_then(|bar| bar.drawn) {
            drawn.finish_and_clear();
        }
    }
}
