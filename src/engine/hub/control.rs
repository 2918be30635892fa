//! Events of a download, and the caller's means to stop it.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::planned::Plan;

/// Events of a download.
#[derive(Debug)]
pub enum DownloadEvent<'s> {
    /// It is known what has to be downloaded; it begins.
    Begin(&'s Plan),
    /// Bytes that are there, of all that are needed.
    Bytes {
        /// There, those of earlier runs with them.
        done: u64,
        /// Needed.
        total: u64,
    },
    /// Bytes of the cache that were looked through, of all that are.
    Checking {
        /// Looked through.
        done: u64,
        /// To be looked through.
        total: u64,
    },
    /// The hub has no time, or the connection was cut: it is tried again after a pause.
    Waiting {
        /// The pause.
        pause: Duration,
    },
    /// The hub sends next to nothing: the connection is broken off, and it is tried again.
    TooSlow,
    /// Another program downloads the same file: it is waited for.
    Locked,
}

/// The caller's side of a download: it hears of every step, and may ask to stop.
pub struct DownloadControl<'c> {
    /// Looked at between pieces and while waiting; a silent connection may delay it by ten seconds.
    pub stop: &'c AtomicBool,
    /// Hears of every step.
    pub tell: &'c mut dyn FnMut(DownloadEvent<'_>),
}
