//! Syncs many files and folders together. A disk that is asked for each file separately flushes its cache each time; so
//! many files are synced by one call, on file systems that are known to keep that promise.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::folder::Folder;
use super::folders::Entry;
use crate::domain::printable::printable;
use crate::file_system::syncs_as_a_whole;

/// From this many files on, the whole file system is synced at once. That waits for the writes of other programs too,
/// so a few files are better synced one by one.
const MANY: usize = 8;

/// Files and folders to sync before work goes on.
#[derive(Debug, Default)]
pub struct ToDisk {
    files: BTreeMap<PathBuf, Entry>,
    folders: BTreeMap<PathBuf, Rc<Folder>>,
}

/// Files and folders that could not be synced, by path.
#[derive(Debug, Default)]
pub struct NotOnDisk(BTreeMap<PathBuf, io::Error>);

impl NotOnDisk {
    /// The error of syncing a file, or the folder that it is in.
    pub fn of(&self, file: &Path) -> Option<io::Error> {
        let found = self.0.get(file).or_else(|| self.0.get(file.parent()?))?;
        Some(copy_of(found))
    }

    /// The error of syncing a folder.
    pub fn of_folder(&self, folder: &Path) -> Option<io::Error> {
        self.0.get(folder).map(copy_of)
    }

    /// Adds an error.
    pub fn add(&mut self, path: &Path, error: io::Error) {
        self.0.insert(path.to_owned(), error);
    }

    /// Adds all errors of another.
    pub fn append(&mut self, mut others: NotOnDisk) {
        self.0.append(&mut others.0);
    }
}

/// Copies an error: `io::Error` cannot be cloned.
pub fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}

impl ToDisk {
    /// Adds a file's content and its folder's entries.
    pub fn file(&mut self, entry: &Entry) {
        self.files.insert(entry.path(), entry.clone());
        self.folder(&entry.folder);
    }

    /// Adds a folder's entries.
    pub fn folder(&mut self, folder: &Rc<Folder>) {
        self.folders.insert(folder.path().to_owned(), folder.clone());
    }

    /// Returns once all of it is on disk, or is known not to be.
    pub fn bring(self) -> NotOnDisk {
        let mut failed = BTreeMap::new();
        let whole = self.sync_whole(&mut failed);
        for (path, entry) in &self.files {
            if !whole.contains(&entry.folder.device()) {
                note(&mut failed, path, entry.open().and_then(|(file, _)| file.sync_all()));
            }
        }
        for (path, folder) in &self.folders {
            if !whole.contains(&folder.device()) {
                note(&mut failed, path, folder.sync());
            }
        }
        NotOnDisk(failed)
    }

    /// Brings file systems to disk that have many of the files, and gives their devices.
    fn sync_whole(&self, failed: &mut BTreeMap<PathBuf, io::Error>) -> BTreeSet<u64> {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for entry in self.files.values() {
            *counts.entry(entry.folder.device()).or_default() += 1;
        }
        let mut whole = BTreeSet::new();
        for (device, _) in counts.into_iter().filter(|(_, count)| *count >= MANY) {
            let mut there = self.folders.values().filter(|folder| folder.device() == device);
            let Some(first) = there.next().filter(|folder| syncs_as_a_whole(folder.path())) else { continue };
            let synced = sync_file_system(first);
            for folder in there.chain([first]) {
                let result = synced.as_ref().copied().map_err(copy_of);
                note(failed, folder.path(), result);
            }
            whole.insert(device);
        }
        whole
    }
}

#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Folder) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder.handle())?)
}

/// Nothing says so of a file system here: `syncs_as_a_whole` is false.
#[cfg(not(target_os = "linux"))]
fn sync_file_system(_: &Folder) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn note(failed: &mut BTreeMap<PathBuf, io::Error>, path: &Path, synced: io::Result<()>) {
    if let Err(error) = synced {
        tracing::error!(path = printable(path), "could not be brought to disk: {error}");
        failed.insert(path.to_owned(), error);
    }
}
