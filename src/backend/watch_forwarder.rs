//! News of a watch for the app.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Event;
use super::context::RunnerContext;
use crate::domain::file_filter::{LeftOut, LeftOutCounts};
use crate::domain::limit::Stage;
use crate::files::transfer::TransferError;
use crate::jobs::watch::{AlertEnd, Watch, WatchEvent, WatchedBy};
use crate::use_cases::Notice;

/// How often it is told how the watch stands, if that changed.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// How the watch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchStatus {
    /// Pictures that were classified since it began.
    pub arrived: usize,
    /// Files that came and are not looked at yet.
    pub backlog: usize,
    /// Files that their writers have left unfinished.
    pub unfinished: usize,
    /// Files that are not looked at.
    pub left_out: LeftOutCounts,
    /// Files that were copied or moved since it began.
    pub sorted: usize,
    /// Sorted files that are without their times, permissions or attributes.
    pub unkept: usize,
    /// The stage that limits, while files wait.
    pub limit: Option<Stage>,
}

/// News of the watched folder.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchNews {
    /// How changes are noticed from now on.
    By(WatchedBy),
    /// The folder is not there any more. It is waited for.
    SourceGone,
    /// It is there again.
    SourceBack,
    /// Another folder has taken its place.
    SourceReplaced,
    /// A folder in it cannot be read.
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        detail: String,
    },
    /// A file has not been finished for a long time.
    Unfinished(PathBuf),
    /// Files are not looked at.
    LeftOut(LeftOut),
    /// It cannot go on just now, and tries again by itself: why, in words.
    Waits(String),
    /// A file was not copied or moved: why, in words.
    NotSorted(String),
    /// A command was run for an arrival.
    Alerted {
        /// The picture's path.
        path: PathBuf,
        /// The label.
        label: String,
        /// How it ended.
        end: AlertEnd,
    },
}

/// Tells the app what a watch tells, through run after run.
#[derive(Default)]
pub(super) struct WatchForwarder {
    /// Pictures that were classified in runs that are over.
    before: usize,
    /// Files that were copied or moved, in those too.
    sorted: usize,
    /// Sorted files that are without their times, permissions or attributes.
    unkept: usize,
    told: Option<(WatchStatus, Instant)>,
}

impl WatchForwarder {
    pub(super) fn tell(&mut self, told: WatchEvent<'_>, context: &RunnerContext) {
        let news = match told {
            WatchEvent::ModelIsSilent => return context.tell(Event::Notice { notice: Notice::ModelSilent }),
            WatchEvent::KeptAside(path) => {
                return context.tell(Event::Notice { notice: Notice::KeptAside { path: path.to_owned() } });
            }
            // Pictures go to the scorer; other files are in the status.
            WatchEvent::Arrived(_) | WatchEvent::Others(_) => return,
            WatchEvent::Transferred(_, Ok(outcome)) => {
                self.sorted += 1;
                self.unkept += usize::from(outcome.unkept().any());
                return;
            }
            // A transfer that a decision has overtaken is planned anew.
            WatchEvent::Transferred(_, Err(TransferError::Overtaken | TransferError::Abandoned)) => return,
            WatchEvent::Transferred(_, Err(error)) => WatchNews::NotSorted(context.localizer.transfer(error)),
            WatchEvent::WatchedBy(by) => WatchNews::By(by.clone()),
            WatchEvent::SourceGone => WatchNews::SourceGone,
            WatchEvent::SourceBack => WatchNews::SourceBack,
            WatchEvent::SourceReplaced => WatchNews::SourceReplaced,
            WatchEvent::LeftOut(left_out) => WatchNews::LeftOut(left_out.clone()),
            WatchEvent::Unfinished(path) => WatchNews::Unfinished(path.to_owned()),
            WatchEvent::Waits(waits) => WatchNews::Waits(context.localizer.waits(waits)),
            WatchEvent::Unreadable { folder, error } => {
                WatchNews::Unreadable { folder: folder.to_owned(), detail: error.to_string() }
            }
            WatchEvent::Alerted { path, label, end } => {
                WatchNews::Alerted { path: path.to_owned(), label: label.to_owned(), end: end.clone() }
            }
        };
        context.tell(Event::WatchNews { news });
    }

    /// Tells how the watch stands, now and then and if that changed: a watch to which nothing comes is silent.
    pub(super) fn status(&mut self, watch: &Watch, limit: Option<Stage>, now: Instant, context: &RunnerContext) {
        let status = WatchStatus {
            arrived: self.before + watch.pictures(),
            backlog: watch.backlog(),
            unfinished: watch.unfinished(),
            left_out: watch.left_out().counts(),
            sorted: self.sorted,
            unkept: self.unkept,
            limit: limit.filter(|_| watch.backlog() > 0),
        };
        if self.told.is_some_and(|(told, at)| told == status || now.duration_since(at) < TOLD_EVERY) {
            return;
        }
        self.told = Some((status, now));
        context.tell_in_order(Event::Watching { status });
    }

    /// A run is over, with so many pictures.
    pub(super) fn end_of_run(&mut self, arrived: usize) {
        self.before += arrived;
        self.told = None;
    }

    /// Pictures that were classified in runs that are over.
    pub(super) fn arrived(&self) -> usize {
        self.before
    }
}
