//! Places of pictures that the session's transfers do not tell of. The transfers are held against the ledger; what
//! people do to files in the destination changes neither.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Session, StoreError};

/// Pictures that have a place, or a content, that no transfer of theirs put there.
const PUT_NOWHERE: &str = "SELECT placed FROM pictures WHERE placed IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM transfers WHERE transfers.picture = pictures.id AND target = placed
    AND transfers.hash = pictures.hash AND step IN ('done', 'present', 'kept', 'unsynced'))";

/// The targets of transfers that are in force, put their picture there last, and whose picture has no place though
/// nothing has taken the file away.
const WITHOUT_PLACE: &str = "SELECT put.target FROM pictures JOIN transfers AS put ON put.id = (
        SELECT max(transfers.id) FROM transfers JOIN runs ON runs.id = run
        WHERE picture = pictures.id AND step IN ('done', 'kept', 'unsynced') AND kind <> 'undo' AND NOT EXISTS (
            SELECT 1 FROM transfers AS back WHERE back.picture = transfers.picture AND back.reverses = transfers.id
            AND back.step IN ('done', 'unsynced')))
    WHERE placed IS NULL AND substr(put.target, 1, 1) <> x'2f' AND NOT EXISTS (
        SELECT 1 FROM transfers AS taken WHERE taken.source = put.target AND taken.action <> 'copy'
        AND taken.step IN ('done', 'unsynced') AND taken.id > put.id)
    -- Nor a file that it shared with another picture, and that was taken away for that one.
    AND NOT EXISTS (
        SELECT 1 FROM transfers AS shared JOIN transfers AS taken ON taken.source = shared.target
        WHERE shared.picture = pictures.id AND shared.step = 'present' AND shared.id > put.id
        AND taken.action <> 'copy' AND taken.step IN ('done', 'unsynced') AND taken.id > shared.id)";

impl Session {
    /// Places of pictures that no transfer tells of, and files that pictures should have as their places and have not.
    pub(super) fn misplaced(&self) -> Result<Vec<PathBuf>, StoreError> {
        self.read(|reading| {
            let mut misplaced = Vec::new();
            for statement in [PUT_NOWHERE, WITHOUT_PLACE] {
                let mut statement = reading.prepare(statement)?;
                let found = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
                misplaced
                    .extend(found.collect::<rusqlite::Result<Vec<_>>>()?.iter().map(|kept| self.absolute_path(kept)));
            }
            Ok(misplaced)
        })
    }

    /// True where a transfer is known that put a file to a path in the destination, which is relative to it.
    pub fn has_put(&self, path: &Path) -> Result<bool, StoreError> {
        self.read(|reading| {
            let mut statement = reading.prepare_cached(
                "SELECT 1 FROM transfers WHERE target = ?1 AND step IN ('done', 'present', 'kept', 'unsynced')",
            )?;
            statement.exists([path.as_os_str().as_bytes()])
        })
    }

    /// Where files came from that were moved to a path in the destination, the last first.
    pub fn moved_from(&self, path: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let kept = super::to_stored_path(&self.destination, path);
        self.read(|reading| {
            let mut statement = reading.prepare_cached(
                "SELECT source FROM transfers WHERE target = ?1 AND action = 'move'
                 AND step IN ('done', 'kept', 'unsynced') ORDER BY id DESC",
            )?;
            let sources = statement.query_map([kept], |row| row.get::<_, Vec<u8>>(0))?;
            sources.map(|source| source.map(|source| self.absolute_path(&source))).collect()
        })
    }
}
