//! A watch on a terminal, in a pipe, or as JSON.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::context::Context;
use super::events;
use super::outcome::{Counted, Tally};
use super::picture_line::picture_line;
use super::progress::with_limit;
use crate::domain::limit::Stage;
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Settings;
use crate::engine::runtime::Device;
use crate::files::transfer::{Ended, TransferError};
use crate::jobs::classify::Classified;
use crate::jobs::watch::{Watch, WatchEvent, WatchRules, WatchedBy};
use crate::lang::{ChosenIn, Language, Say, Values, left_out as left_out_in_words, limit as limit_in_words};
use crate::store::session::Known;
use crate::use_cases::Notice;

/// How often the status is drawn on a terminal, and printed in a pipe if it changed.
const DRAWN_EVERY: Duration = Duration::from_millis(500);
const PRINTED_EVERY: Duration = Duration::from_secs(60);

/// Columns that a terminal has: one more would make two lines of the status.
const ROOM: usize = 79;

/// Prints what happens in a watch.
pub(super) struct WatchPrinter<'t> {
    language: Language,
    settings: &'t Settings,
    json: bool,
    verbose: bool,
    settle: Duration,
    bar: Option<ProgressBar>,
    /// The line that was printed last, and when.
    last: (String, Option<Instant>),
    tally: Tally,
    sure: usize,
    unsure: usize,
    others: BTreeMap<String, usize>,
}

impl<'t> WatchPrinter<'t> {
    pub(super) fn new(
        settings: &'t Settings,
        json: bool,
        verbose: bool,
        rules: &WatchRules,
        context: &Context,
    ) -> WatchPrinter<'t> {
        let bar = context.console.messages_to_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        WatchPrinter {
            language: context.language.clone(),
            settings,
            json,
            verbose,
            settle: rules.settle_polled,
            bar,
            last: (String::new(), None),
            tally: Tally::default(),
            sure: 0,
            unsure: 0,
            others: BTreeMap::new(),
        }
    }

    pub(super) fn tell(&mut self, told: WatchEvent<'_>, console: &mut Console) {
        match told {
            WatchEvent::Arrived(arrived) => self.arrived(&arrived, console),
            WatchEvent::Others(others) => {
                others.into_iter().for_each(|(kind, count)| *self.others.entry(kind).or_default() += count);
            }
            WatchEvent::LeftOut(left_out) => {
                left_out_in_words(&self.language, left_out, &self.settings.source, ChosenIn::CommandLine)
                    .iter()
                    .for_each(|line| self.note(line, console));
            }
            WatchEvent::Transferred(planned, ended) => {
                // A transfer that a decision has overtaken is planned anew.
                if matches!(ended, Err(TransferError::Overtaken)) {
                    return;
                }
                self.tally.add(planned, ended, &self.language);
                if self.json {
                    self.result(&events::transfer(planned, ended, &self.language), console);
                }
                self.note_failure(ended, console);
            }
            WatchEvent::WatchedBy(by) => self.watched_by(by, console),
            WatchEvent::ModelIsSilent => self.note(&self.language.text("engine.silent"), console),
            WatchEvent::SourceGone => self.source("gone", "watch.source_gone", console),
            WatchEvent::SourceBack => self.source("back", "watch.source_back", console),
            WatchEvent::SourceReplaced => self.source("replaced", "watch.source_replaced", console),
            WatchEvent::Unreadable { folder, error } => {
                let values: Values<'_> = &[("path", &printable(folder)), ("detail", error)];
                self.note(&self.language.say("watch.unreadable", values), console);
            }
            WatchEvent::Unfinished(path) => {
                if self.json {
                    self.result(&events::unfinished(path), console);
                }
                self.note(&self.language.say("watch.unfinished", &[("path", &printable(path))]), console);
            }
            WatchEvent::Waits(waits) => {
                tracing::error!(?waits, "the watch waits");
                self.note(&waits.say(&self.language), console);
            }
            WatchEvent::KeptAside(path) => {
                self.note(&Notice::KeptAside { path: path.to_owned() }.say(&self.language), console);
            }
            WatchEvent::Alerted { path, label, end } => {
                if self.json {
                    self.result(&events::alert(path, label, end), console);
                }
                let values: Values<'_> =
                    &[("path", &printable(path)), ("label", &printable_text(label)), ("end", &end.say(&self.language))];
                self.note(&self.language.say("watch.alerted", values), console);
            }
        }
    }

    fn arrived(&mut self, arrived: &[(Known, Classified)], console: &mut Console) {
        for (_, classified) in arrived {
            let prediction = classified.picture.prediction.as_ref();
            let is_sure = classified.trouble.is_none() && prediction.is_some_and(|p| self.settings.sure.is_sure(p));
            *(if is_sure { &mut self.sure } else { &mut self.unsure }) += 1;
            if self.json {
                self.result(&events::picture(classified, self.settings, &self.language), console);
            } else if self.verbose
                && let Some(line) = picture_line(classified, self.settings, &self.language)
            {
                self.result(&line, console);
            }
        }
        console.flush();
    }

    fn watched_by(&self, by: &WatchedBy, console: &mut Console) {
        let source = printable(&self.settings.source);
        let seconds = (self.settle / 2).as_secs_f64();
        let values: Values<'_> = &[("source", &source), ("seconds", &seconds)];
        match by {
            WatchedBy::Nothing => {}
            WatchedBy::Events => self.line(&self.language.say("watch.by_events", values), console),
            WatchedBy::Polling(None) => self.line(&self.language.say("watch.by_polling", values), console),
            WatchedBy::Polling(Some(reason)) => {
                let reason = reason.say(&self.language);
                self.note(
                    &self.language.say("watch.by_polling_because", &[values, &[("reason", &reason)]].concat()),
                    console,
                );
            }
        }
    }

    fn source(&self, state: &str, sentence: &str, console: &mut Console) {
        if self.json {
            self.result(&events::source(&self.settings.source, state), console);
        }
        let source = printable(&self.settings.source);
        self.note(&self.language.say(sentence, &[("source", &source)]), console);
    }

    fn note_failure(&self, ended: &Ended, console: &mut Console) {
        if let Err(error) = ended {
            self.note(&error.say(&self.language), console);
        }
    }

    /// Shows how it stands, now and then.
    pub(super) fn status(
        &mut self,
        watch: &Watch,
        limit: Option<(Stage, Device)>,
        now: Instant,
        console: &mut Console,
    ) {
        let every = if self.bar.is_some() { DRAWN_EVERY } else { PRINTED_EVERY };
        if self.last.1.is_some_and(|last| now.duration_since(last) < every) {
            return;
        }
        self.last.1 = Some(now);
        let left_out = watch.left_out().counts();
        let others = self.others.values().sum::<usize>() + left_out.litter;
        let values: Values<'_> = &[
            ("pictures", &watch.pictures()),
            ("sure", &self.sure),
            ("unsure", &self.unsure),
            ("backlog", &watch.backlog()),
            ("unfinished", &watch.unfinished()),
            ("others", &others),
            ("left_out", &left_out.by_choice()),
        ];
        // A count of none takes no room: a terminal has eighty columns.
        let more = [
            ("watch.status_unfinished", watch.unfinished()),
            ("watch.status_others", others),
            ("watch.status_left_out", left_out.by_choice()),
        ];
        let more = more.into_iter().filter(|(_, count)| *count > 0);
        let parts = std::iter::once("watch.status").chain(more.map(|(key, _)| key));
        let mut line: String = parts.map(|key| self.language.say(key, values)).collect();
        if let Some((stage, device)) = limit.filter(|_| watch.backlog() > 0) {
            let limit = limit_in_words(&self.language, stage, &device.to_string());
            line = with_limit(line, &limit, self.bar.is_some().then_some(ROOM));
        }
        if self.last.0 == line {
            return;
        }
        match &self.bar {
            Some(bar) => bar.set_message(line.clone()),
            None if watch.pictures() > 0 => console.err(&line),
            None => {}
        }
        self.last.0 = line;
    }

    /// Takes the status away; gives what was counted.
    pub(super) fn end(self) -> Counted {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        Counted { tally: self.tally, others: self.others }
    }

    /// Prints without disturbing the status.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// A line of the result.
    fn result(&self, line: &str, console: &mut Console) {
        self.aside(|| {
            console.out(line);
            console.flush();
        });
    }

    /// A message.
    fn line(&self, line: &str, console: &mut Console) {
        self.aside(|| console.err(line));
    }

    fn note(&self, sentence: &str, console: &mut Console) {
        tracing::warn!("{sentence}");
        let note = self.language.say("program.note", &[("sentence", &sentence)]);
        self.line(&note, console);
    }
}
