//! Transfers that can be taken back, and where their pictures are now.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row};

use super::columns::hash;
use super::{Session, StoreError, to_stored_path, unkept};
use crate::domain::picture::{ContentHash, PictureId};
use crate::domain::run::{Action, RunId, TransferId};
use crate::domain::unkept::Unkept;

/// A transfer that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversible {
    /// Its number.
    pub id: TransferId,
    /// The picture.
    pub picture: PictureId,
    /// The action.
    pub action: Action,
    /// The file as it was before.
    pub source: PathBuf,
    /// Where it is now; for a removal, the witness.
    pub target: PathBuf,
    /// The picture as it was found.
    pub found: PathBuf,
    /// A run that is in force has taken the source away since.
    pub is_source_taken: bool,
    /// It was to be moved, and the source is there as well.
    pub is_source_kept: bool,
    /// The picture is where this transfer left it: no later run has put it elsewhere.
    pub is_last: bool,
    /// The file system that the picture was found on.
    pub device: Option<u64>,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// The metadata that it lost.
    pub unkept: Unkept,
}

impl Session {
    /// Transfers that a run did and nothing has taken back, the last first.
    pub fn reversible(&self, run: RunId) -> Result<Vec<Reversible>, StoreError> {
        let reversible = || -> rusqlite::Result<Vec<Option<Reversible>>> {
            let mut statement = self.connection.prepare(
                "SELECT transfers.id, picture, action, source, target, step, transfers.hash, transfers.size, placed_by,
                        CASE runs.kind
                            WHEN 'undo' THEN (SELECT was_by FROM transfers AS reversed
                                              WHERE reversed.id = transfers.reverses)
                            ELSE transfers.id
                        END AS left_by, device, path,
                        EXISTS (SELECT 1 FROM transfers AS taken JOIN runs AS taking ON taking.id = taken.run
                                WHERE taken.source = transfers.source AND taken.action <> 'copy' AND taken.step IN ('done', 'unsynced')
                                AND taken.undone_by IS NULL AND taken.id > transfers.id AND taking.kind <> 'undo') AS is_source_taken, unkept
                 FROM transfers JOIN runs ON runs.id = run JOIN pictures ON pictures.id = picture
                 WHERE run = ?1 AND step IN ('done', 'kept', 'unsynced') AND undone_by IS NULL AND target IS NOT NULL
                 ORDER BY transfers.id DESC",
            )?;
            statement.query_map([run.0], |row| self.reversible_in(row))?.collect()
        };
        Ok(reversible().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    fn reversible_in(&self, row: &Row<'_>) -> rusqlite::Result<Option<Reversible>> {
        let path = |column: &str| row.get::<_, Vec<u8>>(column).map(|kept| self.absolute_path(&kept));
        let (action, step): (String, String) = (row.get("action")?, row.get("step")?);
        let Some(action) = Action::from_word(&action) else { return Ok(None) };
        let (placed_by, left_by): (Option<i64>, Option<i64>) = (row.get("placed_by")?, row.get("left_by")?);
        let (at, left_at) = (self.in_force(placed_by)?, self.in_force(left_by)?);
        // Its file was taken away on behalf of another picture, which shared it, or the picture was found to be there
        // already: nothing in force says where it is.
        let is_untold = at.is_none() && left_by.is_some();
        Ok(Some(Reversible {
            id: TransferId(row.get("id")?),
            picture: PictureId(row.get("picture")?),
            action,
            source: path("source")?,
            target: path("target")?,
            found: path("path")?,
            is_source_taken: row.get("is_source_taken")?,
            is_source_kept: step == "kept",
            is_last: placed_by == left_by
                || at == left_at
                || (is_untold && self.is_newest(row.get("id")?, row.get("picture")?)?),
            device: row.get::<_, Option<i64>>("device")?.map(|device| device as u64),
            hash: hash(row, "hash")?,
            size: row.get::<_, i64>("size")? as u64,
            unkept: unkept::in_row(row, "unkept")?,
        }))
    }

    /// The run of the last transfer of a picture that is in force after another one.
    pub fn later_run(&self, done: &Reversible) -> Result<Option<RunId>, StoreError> {
        let later = "SELECT run FROM transfers JOIN runs ON runs.id = run
                     WHERE picture = ?2 AND transfers.id > ?1 AND step IN ('done', 'kept', 'unsynced')
                     AND undone_by IS NULL AND runs.kind <> 'undo' ORDER BY transfers.id DESC LIMIT 1";
        let mut found = self.connection.prepare_cached(later).map_err(|error| self.failed(error))?;
        let run = found.query_row((done.id.0, done.picture.0), |row| row.get(0).map(RunId)).optional();
        run.map_err(|error| self.failed(error))
    }

    /// The last run in force that took away the file which a transfer made, for whichever picture.
    pub fn run_that_took(&self, done: &Reversible) -> Result<Option<RunId>, StoreError> {
        // A file that came to the path later is another one; one that the same run took comes back with it.
        let taken = "SELECT run FROM transfers JOIN runs ON runs.id = run
                     WHERE source = ?2 AND action <> 'copy' AND transfers.id > ?1 AND step IN ('done', 'unsynced')
                     AND undone_by IS NULL AND runs.kind <> 'undo'
                     AND run <> (SELECT run FROM transfers WHERE id = ?1) AND NOT EXISTS (
                        SELECT 1 FROM transfers AS put JOIN runs AS putting ON putting.id = put.run
                        WHERE put.target = ?2 AND put.id > ?1 AND put.id < transfers.id AND put.action <> 'remove'
                        AND put.step IN ('done', 'kept', 'unsynced') AND putting.kind <> 'undo')
                     ORDER BY transfers.id DESC LIMIT 1";
        let mut found = self.connection.prepare_cached(taken).map_err(|error| self.failed(error))?;
        let run =
            found.query_row((done.id.0, to_stored_path(&self.destination, &done.target)), |row| row.get(0).map(RunId));
        run.optional().map_err(|error| self.failed(error))
    }

    /// True where no later transfer of a picture is in force.
    fn is_newest(&self, transfer: i64, picture: i64) -> rusqlite::Result<bool> {
        let later = "SELECT 1 FROM transfers JOIN runs ON runs.id = run
                     WHERE picture = ?2 AND transfers.id > ?1 AND step IN ('done', 'kept', 'unsynced')
                     AND undone_by IS NULL AND runs.kind <> 'undo'";
        Ok(!self.connection.prepare_cached(later)?.exists((transfer, picture))?)
    }

    /// The transfer that put a picture's file where it is, of the one that its place goes by: one that found the
    /// content there already has put nothing anywhere, nor has one that was taken back.
    fn in_force(&self, placed_by: Option<i64>) -> rusqlite::Result<Option<i64>> {
        let mut before = self.connection.prepare_cached(
            "SELECT was_by FROM transfers WHERE id = ?1 AND (step = 'present' OR undone_by IS NOT NULL)",
        )?;
        let mut found = placed_by;
        while let Some(id) = found {
            let Some(was_by) = before.query_row([id], |row| row.get::<_, Option<i64>>(0)).optional()? else { break };
            // Earlier ones have lower numbers: a session that says otherwise leads nowhere.
            found = was_by.filter(|was_by| *was_by < id);
        }
        Ok(found)
    }
}
