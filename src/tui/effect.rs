//! What the app wants done outside.

use std::path::PathBuf;

use crate::jobs::crew::Order;

/// What the app wants done outside.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    /// The crew is to do something.
    Order(Order),
    /// The runner is to stop after what it has in hand.
    Stop,
    /// A path is to be completed.
    Complete(String),
    /// The samples are to be unpacked and opened.
    OpenSamples,
    /// What was set is to be kept for the next start.
    Keep(Vec<(&'static str, String)>),
    /// The program goes into the background.
    Suspend,
    /// The program ends.
    Quit,
}

impl Effect {
    /// To look at a picture.
    pub(super) fn view(number: u64, path: PathBuf, other: Option<PathBuf>) -> Effect {
        Effect::Order(Order::View { number, path, other })
    }
}
