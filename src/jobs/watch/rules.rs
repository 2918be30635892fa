//! How a folder is watched, and what is usual.

use std::time::Duration;

use super::command::LabelCommand;
use crate::domain::readiness::SettlePolicy;
use crate::domain::settings::Operation;

/// How long files must not change where the system tells of changes, and where it does not or files are moved.
const SETTLE: Duration = Duration::from_secs(3);
const SETTLE_LONGER: Duration = Duration::from_secs(10);

/// How long the rest of a file is waited for that is not whole.
const REST: Duration = Duration::from_secs(600);

/// How often everything is looked through though the system tells of changes.
const RESCAN: Duration = Duration::from_secs(60);

/// How a folder is watched.
#[derive(Debug, Clone)]
pub struct WatchRules {
    /// How long files are waited for.
    pub patience: SettlePolicy,
    /// The folder is looked through again and again, whether the system tells of changes or not.
    pub poll: bool,
    /// How long files must not change where the system does not tell of changes.
    pub settle_polled: Duration,
    /// How often everything is looked through though the system tells of changes.
    pub rescan: Duration,
    /// Pictures that are sure, and those that people decided, are sorted at once.
    pub apply: bool,
    /// Commands that are run for arrivals.
    pub commands: Vec<LabelCommand>,
}

impl WatchRules {
    /// The usual rules, with sorting or without.
    pub fn usual(apply: bool, operation: Operation) -> WatchRules {
        let is_moved = apply && operation == Operation::Move;
        let settle = if is_moved { SETTLE_LONGER } else { SETTLE };
        let patience = SettlePolicy { settle, rest: REST };
        WatchRules { patience, poll: false, settle_polled: SETTLE_LONGER, rescan: RESCAN, apply, commands: vec![] }
    }
}
