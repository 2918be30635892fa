//! The results of a run, for those who tell of it: the summary and the JSON lines.

use std::collections::BTreeMap;
use std::path::Path;

use super::exit::Exit;
use crate::domain::limit::Stage;
use crate::domain::plan::PlannedTransfer;
use crate::domain::run::RunId;
use crate::domain::settings::Settings;
use crate::domain::variant::Variant;
use crate::engine::runtime::Runtime;
use crate::files::transfer::{Ended, Outcome, TransferError};
use crate::jobs::classify::Classification;
use crate::jobs::sort::Sorted;
use crate::lang::{Language, Say};
use crate::store::session::Sorting;

/// Things with something wrong that are named; all of them are in the table.
pub(super) const NAMED: usize = 20;

/// The results that a classify has beside those of an apply.
pub(super) struct Classifying<'r> {
    pub(super) settings: &'r Settings,
    pub(super) runtime: &'r Runtime,
    /// The numbers that the model computed with.
    pub(super) variant: Variant,
    pub(super) classification: &'r Classification,
    /// Folders of the source that could not be read.
    pub(super) unreadable_folders: usize,
    /// It was stopped before all files were looked at.
    pub(super) interrupted: bool,
    /// Pictures that arrived while the folder was watched, where it was.
    pub(super) arrived: Option<usize>,
    /// The stage that limited its speed, if one did.
    pub(super) limit: Option<Stage>,
}

/// The results of a run.
pub(super) struct Report<'r> {
    pub(super) classifying: Option<Classifying<'r>>,
    pub(super) destination: &'r Path,
    pub(super) sorting: &'r Sorting,
    pub(super) sorted: &'r Sorted,
    pub(super) tally: Tally,
    /// The run that applied.
    pub(super) run: Option<RunId>,
    pub(super) dry_run: bool,
    /// It was stopped before all transfers were begun.
    pub(super) interrupted: bool,
}

impl Report<'_> {
    /// True where the run was stopped, in whatever it was doing.
    pub(super) fn was_interrupted(&self) -> bool {
        self.interrupted || self.classifying.as_ref().is_some_and(|classifying| classifying.interrupted)
    }

    /// True where a folder was watched: the plan is of what is left at the end, not of what the watch has done.
    pub(super) fn was_watched(&self) -> bool {
        self.classifying.as_ref().is_some_and(|classifying| classifying.arrived.is_some())
    }

    /// Transfers that were planned and are not done, and pictures of which it cannot be told where they are.
    pub(super) fn not_transferred(&self) -> usize {
        let planned = self.sorted.plan.transfers.len();
        match self.was_watched() {
            true => planned + self.sorted.unseen.len(),
            false => planned - self.tally.begun + self.tally.failed - self.tally.kept + self.sorted.unseen.len(),
        }
    }

    /// How the program ends after it.
    pub(super) fn exit(&self) -> Exit {
        let counts = &self.sorted.counts;
        let unreadable_folders = self.classifying.as_ref().map_or(0, |classifying| classifying.unreadable_folders);
        let wrong = counts.suspect
            + counts.failed()
            + self.tally.failed
            + unreadable_folders
            + self.sorted.gone.len()
            + self.sorted.unseen.len();
        match self.was_interrupted() {
            true => Exit::Interrupted,
            false if wrong > 0 || (!self.dry_run && self.tally.begun < self.sorted.plan.transfers.len()) => {
                Exit::Partly
            }
            false => Exit::Done,
        }
    }
}

/// Counts of a run, as it told of itself.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// How transfers ended.
    pub(super) tally: Tally,
    /// Files that are no pictures, by extension, of a watch.
    pub(super) others: BTreeMap<String, usize>,
}

/// How transfers ended.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) begun: usize,
    pub(super) copied: usize,
    pub(super) moved: usize,
    pub(super) present: usize,
    pub(super) failed: usize,
    /// Copied, but the source could not be removed: a part of the failed ones.
    pub(super) kept: usize,
    /// Files that went from one label's folder to another.
    pub(super) regrouped: usize,
    /// Copies that lost their times, permissions or attributes.
    pub(super) unkept: usize,
    /// The reason for which the first source stayed, in words.
    pub(super) why_kept: Option<String>,
    /// The first failures, in words.
    pub(super) failures: Vec<String>,
}

impl Tally {
    /// True where something is elsewhere now.
    pub(super) fn changed(&self) -> bool {
        self.copied + self.moved + self.regrouped + self.kept > 0
    }

    /// Takes account of one.
    pub(super) fn add(&mut self, planned: &PlannedTransfer, ended: &Ended, language: &Language) {
        self.begun += 1;
        match ended {
            Ok(outcome) => {
                self.unkept += usize::from(outcome.unkept().any());
                *match outcome {
                    Outcome::AlreadyPresent { .. } => &mut self.present,
                    _ if planned.from.is_some() => &mut self.regrouped,
                    Outcome::Copied { .. } => &mut self.copied,
                    Outcome::Moved { .. } | Outcome::Removed { .. } => &mut self.moved,
                } += 1;
            }
            Err(error) => self.add_failure(error, language),
        }
    }

    fn add_failure(&mut self, error: &TransferError, language: &Language) {
        self.failed += 1;
        if let TransferError::SourceKept { reason, .. } = error {
            self.kept += 1;
            self.why_kept.get_or_insert_with(|| reason.say(language));
        }
        if self.failures.len() < NAMED {
            self.failures.push(error.say(language));
        }
    }
}
