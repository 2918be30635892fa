//! Events of a download, and the caller's means to stop it.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::planned::Plan;

/// Events of a download.
#[derive(Debug)]
pub enum DownloadEvent<'s> {
    /// The plan is made; the download begins.
    Begin(&'s Plan),
    /// Progress of the download.
    Bytes {
        /// Bytes in the cache, including those of earlier runs.
        done: u64,
        /// Bytes needed.
        total: u64,
    },
    /// Progress of checking the cache.
    Checking {
        /// Bytes checked.
        done: u64,
        /// Bytes to check.
        total: u64,
    },
    /// The hub is busy or the connection was cut; there is a retry after a pause.
    Waiting {
        /// The pause.
        pause: Duration,
    },
    /// The download has stalled: the connection is closed and there is a retry.
    TooSlow,
    /// Another program is downloading the same file; this one waits for it.
    Locked,
}

/// The caller's side of a download: a listener for its events, and a flag to stop it.
pub struct DownloadControl<'c> {
    /// Set to stop. It is checked between reads and while waiting; a silent connection may delay that by ten seconds.
    pub stop: &'c AtomicBool,
    /// Called with every event.
    pub tell: &'c mut dyn FnMut(DownloadEvent<'_>),
}
