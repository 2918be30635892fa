//! The state of the files pane.

use std::path::PathBuf;

use crate::backend::{Tally, UndoTally};
use crate::domain::plan::Plan;
use crate::domain::run::RunId;

#[derive(Default)]
pub(crate) struct Files {
    pub(crate) plan: Option<Box<Plan>>,
    /// Pictures that are neither where they were put nor where they were found.
    pub(crate) gone: Vec<PathBuf>,
    /// Pictures of which it cannot be told just now where they are.
    pub(crate) unseen: Vec<PathBuf>,
    /// Pictures came or changed since the plan was asked for.
    pub(crate) is_stale: bool,
    /// A plan is asked for once everything is scored by the labels of the root again.
    pub(crate) waits_for_scores: bool,
    pub(crate) last: Option<Done>,
    pub(crate) failures: Vec<String>,
    pub(crate) head: Option<String>,
}

/// The last thing that was done to the files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Done {
    Applied { run: Option<RunId>, tally: Tally, total: usize },
    Undone { run: RunId, own: RunId, tally: UndoTally },
}
