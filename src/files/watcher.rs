//! What the system tells of changes in a folder. It is never more than a hint of where to look: queues overflow, watches
//! run out, network file systems tell nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Paths that are kept until somebody asks. Where there are more, all is looked through, which costs less.
const MOST_PATHS: usize = 50_000;

/// Why the system does not tell of changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvents {
    /// The file system belongs to another machine, whose changes are not told of.
    #[error("the folder is on a network file system")]
    Network,
    /// As many folders are watched as the system allows.
    #[error("the system's limit of watched folders is reached")]
    Limit,
    /// The system refused.
    #[error("the system does not tell of changes: {detail}")]
    Refused {
        /// What it said.
        detail: String,
    },
}

/// What changed since somebody asked last.
#[derive(Debug, Default)]
pub struct Changes {
    /// Paths where something happened.
    pub paths: HashSet<PathBuf>,
    /// Files that were closed by a writer, or were given their names.
    pub closed: HashSet<PathBuf>,
    /// Something may have happened anywhere.
    pub is_anywhere: bool,
    /// The system will not tell of everything any more.
    pub ended: Option<NoEvents>,
}

/// The watches on a folder, for as long as it is kept.
#[derive(Debug)]
pub struct Watcher {
    changes: Arc<Mutex<Changes>>,
    _watches: RecommendedWatcher,
}

impl Watcher {
    /// Watches a folder, and those in it. What happened before this returns may not be told of.
    pub fn start(folder: &Path, recursive: bool) -> Result<Watcher, NoEvents> {
        let changes = Arc::new(Mutex::new(Changes::default()));
        let told = Arc::clone(&changes);
        let take = move |event| told.lock().unwrap_or_else(PoisonError::into_inner).take(event);
        let mut watches = RecommendedWatcher::new(take, Config::default()).map_err(no_events)?;
        let mode = if recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        watches.watch(folder, mode).map_err(no_events)?;
        Ok(Watcher { changes, _watches: watches })
    }

    /// What changed since the last time. Does not wait.
    pub fn changes(&self) -> Changes {
        std::mem::take(&mut self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Changes {
    fn take(&mut self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!("watching: {error}");
                self.is_anywhere = true;
                if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                    self.ended = Some(NoEvents::Limit);
                }
                return;
            }
        };
        self.is_anywhere |= event.need_rescan();
        let is_closed = match event.kind {
            // That somebody reads, as this program does, is no change.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
            _ => false,
        };
        for path in event.paths {
            if is_closed {
                self.closed.insert(path.clone());
            }
            self.paths.insert(path);
        }
        if self.paths.len() > MOST_PATHS {
            (self.paths, self.closed) = (HashSet::new(), HashSet::new());
            self.is_anywhere = true;
        }
    }
}

fn no_events(error: notify::Error) -> NoEvents {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => NoEvents::Limit,
        _ => NoEvents::Refused { detail: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, DataChange, Flag};

    fn event(kind: EventKind, path: &str) -> notify::Result<Event> {
        Ok(Event::new(kind).add_path(path.into()))
    }

    #[test]
    fn changes_are_gathered_and_reading_is_none() {
        let mut changes = Changes::default();
        changes.take(event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/a"));
        assert!(changes.paths.is_empty() && !changes.is_anywhere);
        changes.take(event(EventKind::Create(CreateKind::File), "/a"));
        changes.take(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/a"));
        changes.take(event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/b"));
        assert_eq!(changes.paths.len(), 2);
        assert_eq!(changes.closed, HashSet::from([PathBuf::from("/b")]));
    }

    #[test]
    fn what_is_lost_is_looked_for_everywhere() {
        let mut changes = Changes::default();
        changes.take(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(changes.is_anywhere && changes.ended.is_none());
        changes.take(Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        assert_eq!(changes.ended, Some(NoEvents::Limit));
        let mut many = Changes::default();
        for number in 0..=MOST_PATHS {
            many.take(event(EventKind::Create(CreateKind::File), &format!("/{number}")));
        }
        assert!(many.is_anywhere && many.paths.is_empty());
    }

    #[test]
    fn a_file_that_comes_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let watcher = Watcher::start(&root, true).unwrap();
        std::fs::write(root.join("1.jpg"), b"x").unwrap();
        // Until the system has told: the test harness ends a test that hangs.
        let told = std::iter::repeat_with(|| watcher.changes()).find(|changes| !changes.paths.is_empty()).unwrap();
        assert!(told.paths.contains(&root.join("1.jpg")));
    }
}
