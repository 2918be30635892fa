//! Change events of a folder. They are only hints of where to look: queues overflow, watches run out, network file
//! systems report nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::domain::printable::printable;

/// The most paths that are kept between two calls of `take`. Above that a full scan is cheaper.
const MOST_PATHS: usize = 50_000;

/// The reason why there are no change events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatcherUnavailable {
    /// A network file system: changes by other machines cause no events.
    #[error("the folder is on a network file system")]
    Network,
    /// As many folders are watched as the system allows.
    #[error("the system's limit of watched folders is reached")]
    Limit,
    /// The system refused.
    #[error("the system does not tell of changes: {detail}")]
    Refused {
        /// Its error.
        detail: String,
    },
}

/// The changes since the last question.
#[derive(Debug, Default)]
pub struct Changes {
    /// Paths where something happened.
    pub paths: HashSet<PathBuf>,
    /// Files with a write and no close since.
    pub written: HashSet<PathBuf>,
    /// Files that were closed after writing, or renamed, with no write since.
    pub closed: HashSet<PathBuf>,
    /// Paths that were removed, or moved elsewhere.
    pub gone: HashSet<PathBuf>,
    /// Something may have happened anywhere.
    pub is_anywhere: bool,
    /// The system will not tell of everything any more.
    pub ended: Option<WatcherUnavailable>,
}

/// The watches on folders, for as long as it is kept.
#[derive(Debug)]
pub struct Watcher {
    changes: Arc<Mutex<Changes>>,
    watches: RecommendedWatcher,
    /// Folders that are watched.
    folders: HashSet<PathBuf>,
}

impl Watcher {
    /// No folder is watched yet.
    pub fn new() -> Result<Watcher, WatcherUnavailable> {
        let changes = Arc::new(Mutex::new(Changes::default()));
        let told = Arc::clone(&changes);
        let take = move |event| told.lock().unwrap_or_else(PoisonError::into_inner).take(event);
        // A link to a folder is not a folder of the source.
        let config = Config::default().with_follow_symlinks(false);
        let watches = RecommendedWatcher::new(take, config).map_err(no_events)?;
        Ok(Watcher { changes, watches, folders: HashSet::new() })
    }

    /// Watches a folder, without those in it; true where it was not watched before. Changes in it before this returns
    /// may not be told. One that cannot be watched, as it is gone or may not be read, is passed over: that is for those
    /// to say who look into it.
    pub fn add(&mut self, folder: &Path) -> Result<bool, WatcherUnavailable> {
        if self.folders.contains(folder) {
            return Ok(false);
        }
        match self.watches.watch(folder, RecursiveMode::NonRecursive).map_err(no_events) {
            Ok(()) => Ok(self.folders.insert(folder.to_owned())),
            Err(WatcherUnavailable::Limit) => Err(WatcherUnavailable::Limit),
            Err(error) => {
                tracing::warn!(folder = printable(folder), "is not watched: {error}");
                Ok(false)
            }
        }
    }

    /// The changes since the last time. Does not wait.
    pub fn changes(&mut self) -> Changes {
        let changes = std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        // The watch on a folder goes with it.
        self.folders.retain(|folder| !folder.ancestors().any(|above| changes.gone.contains(above)));
        if changes.is_anywhere {
            self.folders.clear();
        }
        changes
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
                    self.ended = Some(WatcherUnavailable::Limit);
                }
                return;
            }
        };
        self.is_anywhere |= event.need_rescan();
        for path in event.paths {
            match event.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => self.close(&path),
                // Reading, which this program does too, is no change.
                EventKind::Access(_) => continue,
                EventKind::Modify(ModifyKind::Name(RenameMode::To)) => self.close(&path),
                EventKind::Modify(ModifyKind::Data(_)) => {
                    self.closed.remove(&path);
                    self.written.insert(path.clone());
                }
                EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
                    self.gone.insert(path.clone());
                }
                _ => {}
            }
            self.paths.insert(path);
        }
        if self.paths.len() > MOST_PATHS {
            *self = Changes { is_anywhere: true, ended: self.ended.take(), ..Changes::default() };
        }
    }

    fn close(&mut self, path: &Path) {
        self.written.remove(path);
        self.closed.insert(path.to_owned());
    }
}

fn no_events(error: notify::Error) -> WatcherUnavailable {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => WatcherUnavailable::Limit,
        _ => WatcherUnavailable::Refused { detail: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, DataChange, Flag};
    use std::time::{Duration, Instant};

    fn event(kind: EventKind, path: &str) -> notify::Result<Event> {
        Ok(Event::new(kind).add_path(path.into()))
    }

    #[test]
    fn changes_are_gathered_without_reads() {
        let mut changes = Changes::default();
        changes.take(event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/a"));
        assert!(changes.paths.is_empty() && !changes.is_anywhere);
        changes.take(event(EventKind::Create(CreateKind::File), "/a"));
        changes.take(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/a"));
        changes.take(event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/b"));
        assert_eq!(changes.paths.len(), 2);
        let set = |path: &str| HashSet::from([PathBuf::from(path)]);
        assert_eq!((&changes.closed, &changes.written), (&set("/b"), &set("/a")));
        changes.take(event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/a"));
        changes.take(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/b"));
        assert_eq!((&changes.closed, &changes.written), (&set("/a"), &set("/b")), "the last of both counts");
    }

    #[test]
    fn lost_events_ask_for_a_full_scan() {
        let mut changes = Changes::default();
        changes.take(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(changes.is_anywhere && changes.ended.is_none());
        changes.take(Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        assert_eq!(changes.ended, Some(WatcherUnavailable::Limit));
        let mut many = Changes::default();
        for number in 0..=MOST_PATHS {
            many.take(event(EventKind::Create(CreateKind::File), &format!("/{number}")));
        }
        assert!(many.is_anywhere && many.paths.is_empty());
    }

    /// The first changes that are as wanted, which the system tells in its own time.
    fn told(watcher: &mut Watcher, is_wanted: impl Fn(&Changes) -> bool) -> Changes {
        let latest = Instant::now() + Duration::from_secs(60);
        loop {
            let changes = watcher.changes();
            if is_wanted(&changes) {
                return changes;
            }
            assert!(Instant::now() < latest, "the system tells nothing");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn arriving_file_causes_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let mut watcher = Watcher::new().unwrap();
        assert!(watcher.add(&root).unwrap() && !watcher.add(&root).unwrap());
        assert!(!watcher.add(Path::new("/no/such/folder")).unwrap());
        std::fs::write(root.join("1.jpg"), b"x").unwrap();
        let closed = told(&mut watcher, |changes| !changes.closed.is_empty());
        assert!(closed.closed.contains(&root.join("1.jpg")) && closed.written.is_empty());
        // A folder that is removed and made again is watched again.
        std::fs::remove_dir_all(&root).unwrap();
        told(&mut watcher, |changes| changes.gone.contains(&root));
        std::fs::create_dir(&root).unwrap();
        assert!(watcher.add(&root).unwrap());
    }
}
