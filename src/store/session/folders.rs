//! Folders that runs changed: which they made, and the times of those that they took files from.

use std::path::PathBuf;

use super::{Session, StoreError, to_stored_path};
use crate::domain::run::RunId;

/// The folders that a run changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// Folders that it made, the innermost first.
    pub made: Vec<PathBuf>,
    /// Folders that lost a file.
    pub changed: Vec<ChangedFolder>,
}

/// A folder that a run took files from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFolder {
    /// Where.
    pub path: PathBuf,
    /// When it was last changed before the run, in nanoseconds since 1970.
    pub modified: i128,
    /// Nobody else has changed it since: it gets that time back.
    pub restores: bool,
}

impl Session {
    /// Takes note of when folders were last changed before a run changed them.
    pub fn note_folder_times(&mut self, run: RunId, folders: &[(PathBuf, i128)]) -> Result<(), StoreError> {
        self.note("INSERT OR IGNORE INTO folders (run, path, made, modified) VALUES (?1, ?2, 0, ?3)", run, folders)
    }

    /// Takes note of when folders that a run changed were last changed after it.
    pub fn note_folder_times_after(&mut self, run: RunId, folders: &[(PathBuf, i128)]) -> Result<(), StoreError> {
        self.note("UPDATE folders SET left = ?3 WHERE run = ?1 AND path = ?2 AND made = 0", run, folders)
    }

    /// Takes note of which folders nobody has changed since a run did, by the times they have now: an undo gives those
    /// the times that they had before.
    pub fn note_restorable_folders(&mut self, run: RunId, now: &[(PathBuf, i128)]) -> Result<(), StoreError> {
        self.note("UPDATE folders SET restores = 1 WHERE run = ?1 AND path = ?2 AND left = ?3", run, now)
    }

    /// One statement for each folder, with run, path and time.
    fn note(&mut self, statement: &str, run: RunId, folders: &[(PathBuf, i128)]) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        self.change(|change| {
            let mut statement = change.prepare_cached(statement)?;
            folders.iter().try_for_each(|(folder, modified)| {
                statement.execute((run.0, to_stored_path(&destination, folder), modified.to_string())).map(drop)
            })
        })
    }

    /// The folders that a run changed.
    pub fn folders_of(&self, run: RunId) -> Result<Folders, StoreError> {
        type FolderRow = (Vec<u8>, bool, Option<String>, bool);
        let rows = || -> rusqlite::Result<Vec<FolderRow>> {
            let mut statement = self.connection.prepare(
                "SELECT path, made, modified, restores FROM folders WHERE run = ?1 ORDER BY length(path) DESC, path",
            )?;
            statement.query_map([run.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
        };
        let mut folders = Folders::default();
        for (path, is_made, modified, restores) in rows().map_err(|error| self.failed(error))? {
            if !self.may_change(&path)? {
                continue;
            }
            match modified.and_then(|modified| modified.parse().ok()) {
                _ if is_made => folders.made.push(self.absolute_path(&path)),
                Some(modified) => {
                    folders.changed.push(ChangedFolder { path: self.absolute_path(&path), modified, restores })
                }
                None => {}
            }
        }
        Ok(folders)
    }

    /// Folders that were made by a run or by any run that is not in force any more, the innermost first: where one is
    /// empty, nobody needs it. A later run may have used a folder that it found, and have been taken back last.
    pub fn folders_made_in_vain(&self, run: RunId) -> Result<Vec<PathBuf>, StoreError> {
        let rows = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.connection.prepare(
                "SELECT DISTINCT path FROM folders WHERE made = 1 AND (run = ?1 OR NOT EXISTS (
                     SELECT 1 FROM transfers WHERE transfers.run = folders.run
                     AND step IN ('done', 'kept', 'unsynced') AND undone_by IS NULL
                 )) ORDER BY length(path) DESC, path",
            )?;
            statement.query_map([run.0], |row| row.get(0))?.collect()
        };
        let mut folders = Vec::new();
        for path in rows().map_err(|error| self.failed(error))? {
            if self.may_change(&path)? {
                folders.push(self.absolute_path(&path));
            }
        }
        Ok(folders)
    }

    /// Nobody else's folder is removed or changed, whatever the session says of it.
    fn may_change(&self, path: &[u8]) -> Result<bool, StoreError> {
        match self.permits(&self.absolute_path(path)) {
            Err(StoreError::LedgerBroken { .. }) => Ok(false),
            permitted => permitted,
        }
    }
}
