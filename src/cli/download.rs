//! The progress of getting a model from the hub, on standard error: a bar with rate and time left on a terminal, a
//! line now and then in a pipe.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::progress::{BAR, LINE_EVERY, duration};
use crate::domain::printable::printable;
use crate::engine::hub::{DownloadEvent, HubConfig, Plan};
use crate::lang::{Language, Values, size};

/// How often the bar is drawn anew, at most.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// The rate is that of the last so many draws: what a connection does now, not what it did at first.
const DRAWS_OF_RATE: usize = 50;

/// Nothing is drawn before, because the first small files tell nothing of the rate.
const DRAW_AFTER: Duration = Duration::from_secs(1);

/// A download as a person sees it.
pub(super) struct DownloadProgress {
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

impl DownloadProgress {
    pub(super) fn new() -> DownloadProgress {
        let cache = HubConfig::from_environment().cache.unwrap_or_default();
        DownloadProgress { cache, bar: None, checked_since: None }
    }

    pub(super) fn show(&mut self, step: &DownloadEvent<'_>, console: &mut Console, language: &Language) {
        match step {
            DownloadEvent::Begin(plan) => self.begin(plan, console, language),
            DownloadEvent::Bytes { done, total } => self.advance(*done, *total, console, language),
            DownloadEvent::Checking { total, .. } => self.checks(*total, console, language),
            DownloadEvent::Waiting { pause } => {
                let seconds = pause.as_secs_f64().ceil();
                let line = language.say("hub.waiting", &[("seconds", &seconds)]);
                self.line(&line, console);
            }
            DownloadEvent::TooSlow => {
                let line = language.text("hub.drips");
                self.line(&line, console);
            }
            DownloadEvent::Locked => {
                let line = language.text("hub.locked");
                self.line(&line, console);
            }
        }
    }

    /// A step that takes long is said once.
    fn checks(&mut self, total: u64, console: &mut Console, language: &Language) {
        let (since, is_said) = self.checked_since.get_or_insert_with(|| (Instant::now(), false));
        if !*is_said && since.elapsed() >= DRAW_AFTER {
            *is_said = true;
            let line = language.say("hub.checking", &[("size", &size(total))]);
            self.line(&line, console);
        }
    }

    fn begin(&mut self, plan: &Plan, console: &mut Console, language: &Language) {
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
        console.err(&language.say(key, values));
        if let Some(revision) = &plan.conversion {
            console.err(&language.say("hub.conversion", &[("revision", revision)]));
        }
        let drawn = console.messages_to_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(plan.size()), ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let begun = Instant::now();
        self.bar = Some(Bar { drawn, draws: VecDeque::from([(begun, plan.there())]), begun });
    }

    fn advance(&mut self, done: u64, total: u64, console: &mut Console, language: &Language) {
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
        let line = language.say("hub.progress", values);
        match &bar.drawn {
            Some(drawn) => {
                drawn.set_message(line);
                drawn.set_position(done);
            }
            None => console.err(&line),
        }
    }

    fn line(&self, line: &str, console: &mut Console) {
        self.aside(|| console.err(line));
    }

    /// Prints without disturbing the bar.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        match self.bar.as_ref().and_then(|bar| bar.drawn.as_ref()) {
            Some(drawn) => drawn.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Some(drawn) = self.bar.and_then(|bar| bar.drawn) {
            drawn.finish_and_clear();
        }
    }
}
