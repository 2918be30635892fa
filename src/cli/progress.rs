//! Progress on standard error: a bar with rate and time left on a terminal, a line now and then in a pipe.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use super::console::Console;
use crate::domain::limit::Stage;
use crate::engine::runtime::Device;
use crate::lang::{Language, limit};

/// How often a line is printed where there is no terminal.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(10);

/// The form of the bar. It is without colour codes, which some terminals of old would print.
pub(super) const BAR: &str = "{bar:10} {msg}";

/// Columns that a terminal has beside the bar: eighty in all.
const ROOM: usize = 80 - 12;

/// Progress of one stage.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    done: usize,
    started: Instant,
    last_line: Instant,
    limit: Option<(Stage, String)>,
}

impl Progress {
    pub(super) fn new(total: usize, console: &Console) -> Progress {
        let bar = console.messages_to_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let now = Instant::now();
        Progress { bar, total, done: 0, started: now, last_line: now, limit: None }
    }

    /// One more is done.
    pub(super) fn advance(&mut self, console: &mut Console, language: &Language) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(self.line(language));
                bar.set_position(self.done as u64);
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                console.err(&self.line(language));
            }
            None => {}
        }
    }

    /// The stage that limits, with the device that the model is on.
    pub(super) fn limited_by(&mut self, limit: Option<Stage>, device: Device) {
        self.limit = limit.map(|stage| (stage, device.to_string()));
    }

    /// Prints a message without disturbing the bar.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, language: &Language) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.done as f64 / seconds.max(0.001);
        let left = (self.total - self.done) as f64 / rate.max(0.001);
        let (rate, left) = (format!("{rate:.1}"), duration(left));
        let values: crate::lang::Values<'_> =
            &[("done", &self.done), ("total", &self.total), ("rate", &rate), ("left", &left)];
        let line = language.say("classify.progress", values);
        match &self.limit {
            Some((stage, device)) => {
                with_limit(line, &limit(language, *stage, device), self.bar.is_some().then_some(ROOM))
            }
            None => line,
        }
    }
}

/// A line with what limits after it, where there is room for that.
pub(super) fn with_limit(line: String, limit: &str, room: Option<usize>) -> String {
    let limited = format!("{line}, {limit}");
    if room.is_some_and(|room| limited.width() > room) { line } else { limited }
}

/// A length of time as `1:02:03` or `2:03`.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_clock() {
        assert_eq!(duration(0.9), "0:00");
        assert_eq!(duration(63.0), "1:03");
        assert_eq!(duration(3723.5), "1:02:03");
    }

    #[test]
    fn what_limits_is_said_where_there_is_room() {
        for language in Language::all() {
            let values: crate::lang::Values<'_> =
                &[("done", &1234), ("total", &5678), ("rate", &"12.3"), ("left", &"6:01")];
            let line = language.say("classify.progress", values);
            for stage in [Stage::Reading, Stage::Decoding, Stage::Model] {
                let limited = with_limit(line.clone(), &limit(&language, stage, "CPU"), Some(ROOM));
                assert!(limited.width() > line.width() && limited.width() <= ROOM, "{limited}");
            }
            assert_eq!(with_limit(line.clone(), "it limits", Some(20)), line);
            assert!(with_limit(line.clone(), "it limits", None).ends_with(", it limits"));
        }
    }

    #[test]
    fn the_bar_is_a_template() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
    }
}
