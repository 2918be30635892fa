//! The work that goes on, and how long it takes.

use super::Model;
use crate::backend::Tally;

/// The work that goes on.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Work {
    #[default]
    Idle,
    Opening,
    /// Bytes of a model that are there and that are needed, and how many come in a second.
    Downloading {
        done: u64,
        total: u64,
        per_second: Option<f64>,
    },
    /// Bytes of a model that were looked through and that have to be.
    Checking {
        done: u64,
        total: u64,
    },
    /// Files that were found and files that are no pictures.
    Classifying {
        files: usize,
        others: usize,
    },
    Planning,
    Applying {
        tally: Tally,
        total: usize,
    },
    /// It is looked up what taking a run back would do.
    Foreseeing,
    Undoing {
        tally: Tally,
        total: usize,
    },
    Installing,
}

impl Model {
    /// Files that were found and are not classified yet.
    pub(crate) fn waiting(&self) -> usize {
        match self.work {
            Work::Classifying { files, others } => files.saturating_sub(others + self.collection.pictures()),
            _ => 0,
        }
    }

    /// How many seconds the waiting files will take. None while the pace is unknown.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        match self.work {
            Work::Classifying { .. } => Some(self.waiting() as f64 / self.pace?),
            _ => None,
        }
    }

    /// The model, runtime and device that a pace depends on.
    pub(crate) fn pace_key(&self) -> Option<String> {
        Some(format!("{}{}", self.setup.model.text().trim(), self.pace_ending()?))
    }

    /// The end of a pace's key: the runtime and the device.
    pub(super) fn pace_ending(&self) -> Option<String> {
        let runtime = self.runtime.as_ref()?;
        Some(format!(" · {} · {}", runtime.name, runtime.device))
    }

    /// Nothing is being done any more.
    pub(crate) fn rest(&mut self) {
        self.work = Work::Idle;
        self.is_paused = false;
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.work != Work::Idle
    }

    /// True while something runs that can be paused: a download is stopped and goes on from there, an installer runs
    /// through.
    pub(crate) fn knows_pause(&self) -> bool {
        matches!(self.work, Work::Classifying { .. } | Work::Applying { .. } | Work::Undoing { .. })
    }
}
