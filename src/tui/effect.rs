//! Effects: work that the app wants done outside.

use std::path::PathBuf;

use super::last_settings::LastSettings;
use crate::backend::Order;
use crate::config::Preview;

/// Effects: work that the app wants done outside.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    /// The backend is to do something.
    Order(Order),
    /// The runner is to stop after what it has in hand.
    Stop,
    /// The runner is to pause after what it has in hand, or to go on.
    Pause(bool),
    /// The watch is to end after what it has in hand.
    StopWatch,
    /// The watch is to pause after what it has in hand, or to go on.
    PauseWatch(bool),
    /// The watch of this number may sort; none may.
    LetSort(Option<u64>),
    /// The samples are to be unpacked and opened.
    OpenSamples,
    /// The text of the open pane is to be scrolled by so many lines, as far as it goes: only the view knows how long it
    /// is.
    Scroll(isize),
    /// A path is to go to the clipboard.
    Copy(PathBuf),
    /// Pictures are to be painted in this way from now on.
    Paint(Preview),
    /// The settings are to be remembered for the next start.
    Remember(Box<LastSettings>),
    /// The program goes into the background.
    Suspend,
    /// The program ends.
    Quit,
}
