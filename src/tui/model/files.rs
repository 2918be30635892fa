//! The state of the files pane.

use std::path::PathBuf;

use crate::backend::{Tally, UndoTally};
use crate::domain::plan::Plan;
use crate::domain::run::{Action, RunId};

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

/// The work of a plan, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Amounts {
    /// Files that are copied into the destination.
    pub(crate) copied: usize,
    /// Files that are moved into it.
    pub(crate) moved: usize,
    /// Files that go from one label's folder into another.
    pub(crate) regrouped: usize,
    /// Sources that an earlier move had to leave, and that are removed.
    pub(crate) removed: usize,
    /// Bytes of all of them.
    pub(crate) bytes: u64,
}

impl Amounts {
    pub(crate) fn of(plan: &Plan) -> Amounts {
        let mut amounts = Amounts::default();
        for planned in &plan.transfers {
            amounts.bytes += planned.size;
            *match (planned.action, planned.from.is_some()) {
                (_, true) => &mut amounts.regrouped,
                (Action::Copy, false) => &mut amounts.copied,
                (Action::Move, false) => &mut amounts.moved,
                (Action::Remove, false) => &mut amounts.removed,
            } += 1;
        }
        amounts
    }
}

/// The last thing that was done to the files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Done {
    Applied { run: Option<RunId>, tally: Tally, total: usize },
    Undone { run: RunId, own: RunId, tally: UndoTally },
}
