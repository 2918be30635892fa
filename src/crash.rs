//! Named moments at which a test can end the program with no clean-up, as loss of power would.
//!
//! Only builds with debug assertions have them: in a release build [`point`] is nothing.

/// Set to the name of a moment, and the program ends there; `name:3` is the third time it comes by.
pub const VARIABLE: &str = "SIS_CRASH_AT";

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The plan is in the session; nothing is touched yet.
    Planned,
    /// A folder has been made in the destination.
    FolderMade,
    /// The temporary file is there, and holds nothing or a part.
    HalfCopied,
    /// The temporary file is whole, and not brought to disk.
    Copied,
    /// Copies are on disk and verified, the session does not know.
    CopiesVerified,
    /// The session knows of the copies.
    CopiesRecorded,
    /// A file has its name; its folder is not brought to disk.
    Published,
    /// Folders are on disk, the session does not know.
    FoldersSynced,
    /// The session knows of the published copies; the sources of a move are still there.
    PublishedRecorded,
    /// The witnesses of files that are to be removed are on disk.
    WitnessesSynced,
    /// A file that is to be removed has its private name.
    MovedAside,
    /// A file has been removed: the source of a move, or a copy that is undone.
    Unlinked,
    /// Sources' folders are on disk, the session does not know.
    UnlinksSynced,
    /// A file was moved by renaming it.
    Renamed,
    /// The session knows the end, the ledger's file does not.
    EndRecorded,
    /// Lines are in the ledger's file, and the session does not know.
    LedgerAppended,
    /// All is done but the table and the list of checksums.
    BeforeTables,
}

/// Every moment and its name, in the order of the protocol.
pub const MOMENTS: [(Moment, &str); 17] = [
    (Moment::Planned, "planned"),
    (Moment::FolderMade, "folder-made"),
    (Moment::HalfCopied, "half-copied"),
    (Moment::Copied, "copied"),
    (Moment::CopiesVerified, "copies-verified"),
    (Moment::CopiesRecorded, "copies-recorded"),
    (Moment::Published, "published"),
    (Moment::FoldersSynced, "folders-synced"),
    (Moment::PublishedRecorded, "published-recorded"),
    (Moment::WitnessesSynced, "witnesses-synced"),
    (Moment::MovedAside, "moved-aside"),
    (Moment::Unlinked, "unlinked"),
    (Moment::UnlinksSynced, "unlinks-synced"),
    (Moment::Renamed, "renamed"),
    (Moment::EndRecorded, "end-recorded"),
    (Moment::LedgerAppended, "ledger-appended"),
    (Moment::BeforeTables, "before-tables"),
];

/// Ends the program here if a test asked for that.
#[cfg(debug_assertions)]
pub fn point(moment: Moment) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);
    let Ok(wanted) = std::env::var(VARIABLE) else { return };
    let (name, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if !MOMENTS.contains(&(moment, name)) {
        return;
    }
    let times = times.parse().unwrap_or(1usize);
    let _ = LEFT.compare_exchange(usize::MAX, times, Ordering::Relaxed, Ordering::Relaxed);
    if LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        // Nothing is run and nothing is written after this, as with kill -9.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub fn point(_: Moment) {}
