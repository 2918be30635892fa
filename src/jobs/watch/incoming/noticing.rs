//! How changes in the folder are noticed: by what the system tells, or by looking again and again.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Incoming, LEAST_POLL};
use crate::file_system::is_on_network;
use crate::files::watcher::{Changes, Watcher, WatcherUnavailable};
use crate::jobs::session_writer::SourceFolder;
use crate::jobs::watch::{WatchEvent, WatchedBy};

impl Incoming {
    /// Whether the folder is there, and the one that is watched.
    pub(super) fn look_at_root(&mut self, tell: &mut dyn FnMut(WatchEvent<'_>)) {
        let found = std::fs::metadata(&self.source).ok().filter(Metadata::is_dir);
        let found = found.map(|folder| (folder.dev(), folder.ino()));
        if found == self.root {
            return;
        }
        match (self.root, found) {
            (_, None) => tell(WatchEvent::SourceGone),
            (Some(_), Some(_)) => tell(WatchEvent::SourceReplaced),
            (None, Some(_)) if self.watched_by != WatchedBy::Nothing => tell(WatchEvent::SourceBack),
            (None, Some(_)) => {}
        }
        self.root = found;
        self.watcher = None;
        if found.is_some() {
            // Where it was a link, it may lead elsewhere now.
            self.folder = SourceFolder::new(&self.source);
            // First the watches, then the scan: what comes between them is seen by both and not by none.
            self.watch(tell);
            self.next_scan = Duration::ZERO;
        }
    }

    fn watch(&mut self, tell: &mut dyn FnMut(WatchEvent<'_>)) {
        let started = match self.rules.poll {
            true => Err(None),
            false if is_on_network(&self.source) => Err(Some(WatcherUnavailable::Network)),
            false => Watcher::new().map_err(Some),
        };
        match started {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.watch_by(WatchedBy::Events, tell);
            }
            Err(reason) => self.watch_by(WatchedBy::Polling(reason), tell),
        }
    }

    fn watch_by(&mut self, by: WatchedBy, tell: &mut dyn FnMut(WatchEvent<'_>)) {
        if let WatchedBy::Polling(_) = by {
            self.watcher = None;
            // Without events the watch has to be surer that a file is finished.
            self.readiness.settle_for(self.rules.settle_polled);
            self.readiness.forget_writers();
        }
        if self.watched_by != by {
            tell(WatchEvent::WatchedBy(&by));
            self.watched_by = by;
        }
    }

    /// The time between two scans.
    pub(super) fn scan_every(&self) -> Duration {
        match self.watched_by {
            // Twice within the settling time, so that a change is seen before a file counts as settled.
            WatchedBy::Polling(_) => (self.rules.settle_polled / 2).max(LEAST_POLL),
            _ => self.rules.rescan,
        }
    }

    /// The changes that the system tells, since the last look.
    pub(super) fn changes(&mut self, tell: &mut dyn FnMut(WatchEvent<'_>)) -> Changes {
        let Some(watcher) = &mut self.watcher else { return Changes::default() };
        let mut changes = watcher.changes();
        if let Some(reason) = changes.ended.take() {
            self.watch_by(WatchedBy::Polling(Some(reason)), tell);
        }
        changes
    }

    /// Watches folders; true where one was not watched before, so that files may have come to it unseen.
    pub(super) fn watch_folders(&mut self, folders: &[PathBuf], tell: &mut dyn FnMut(WatchEvent<'_>)) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let mut is_new = false;
        for folder in folders {
            let inside = folder.strip_prefix(&self.source).unwrap_or(folder);
            // Without a slash at its end, which the paths in it would have twice.
            let whole = if inside.as_os_str().is_empty() { self.whole.clone() } else { self.whole.join(inside) };
            match watcher.add(&whole) {
                Ok(added) => is_new |= added,
                Err(reason) => {
                    self.watch_by(WatchedBy::Polling(Some(reason)), tell);
                    return false;
                }
            }
        }
        is_new
    }

    /// A path as the system tells it, in the spelling that was given.
    pub(super) fn as_given(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.whole).map_or_else(|_| path.to_owned(), |inside| self.source.join(inside))
    }
}
