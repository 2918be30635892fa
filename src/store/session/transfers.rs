//! Transfers: planned before anything is touched, recorded step by step, found again when the program was killed.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rusqlite::{Row, Transaction};

use super::columns::hash;
use super::ends::{take_effect, take_effect_again, word};
use super::{Session, StoreError, to_stored_path, unkept};
use crate::domain::decision::Decision;
use crate::domain::picture::PictureId;
use crate::domain::run::{Action, RunId, RunKind, TransferId};
use crate::domain::transfer::{Ending, Reached, ReliesOn, Step, Transfer};
use crate::domain::unkept::Unkept;

/// A transfer that a killed program left, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number.
    pub id: TransferId,
    /// The kind of its run.
    pub kind: RunKind,
    /// The transfer itself.
    pub transfer: Transfer,
    /// How far it came.
    pub reached: Reached,
    /// The file system that the picture was found on.
    pub device: Option<u64>,
    /// A later transfer of the picture was done: its file is where that one put it.
    pub is_superseded: bool,
    /// The metadata that its copy could not be given.
    pub unkept: Unkept,
}

/// Transfers that are neither over nor cleaned up, or not on disk. An index has the same list.
const UNFINISHED: &str = "('planned', 'copied', 'published', 'unsynced')";

impl Session {
    /// Takes note of transfers that are about to be begun, and of the folders that they need and that are not there.
    /// One that was planned on a decision which is another one by now gets no number, and must not be begun: nobody can
    /// decide between this look and the note.
    pub fn plan_transfers(
        &mut self,
        run: RunId,
        transfers: &[Transfer],
        missing_folders: &[PathBuf],
    ) -> Result<Vec<Option<TransferId>>, StoreError> {
        let destination = self.destination.clone();
        self.change(|change| {
            for folder in missing_folders {
                let mut statement =
                    change.prepare_cached("INSERT OR IGNORE INTO folders (run, path, made) VALUES (?1, ?2, 1)")?;
                statement.execute((run.0, to_stored_path(&destination, folder)))?;
            }
            let insert = |transfer| match still_holds(change, transfer)? {
                true => insert(change, &destination, run, transfer).map(Some),
                false => Ok(None),
            };
            transfers.iter().map(insert).collect()
        })
    }

    /// Takes note of transfers that are done before they are begun, as their files are gone: each with the path that it
    /// ends at.
    pub fn record_gone(&mut self, run: RunId, transfers: &[(Transfer, PathBuf)]) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        self.change(|change| {
            transfers.iter().try_for_each(|(transfer, target)| {
                let id = insert(change, &destination, run, transfer)?;
                record(change, &destination, id, &Step::Ended(Ending::Gone { target: target.clone() }))
            })
        })?;
        self.complete_ledger()
    }

    /// Takes note of steps that were taken together, and of their ends in the ledger.
    pub fn record(&mut self, steps: &[(TransferId, Step)]) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        let recorded = self.change(|change| {
            for (id, step) in steps {
                // Nobody else works here; whoever does all the same, and ends a transfer, has the last word on it.
                match has_ended(change, *id)? {
                    true => return Ok(Err(StoreError::EndedAlready { destination: destination.clone() })),
                    false => record(change, &destination, *id, step)?,
                }
            }
            Ok(Ok(()))
        });
        recorded?
    }

    /// Transfers that a killed program left.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        self.transfers_that(&format!("step IN {UNFINISHED} AND (step <> 'unsynced' OR undone_by IS NULL)"))
    }

    /// Moves whose sources were kept.
    pub fn kept_moves(&self) -> Result<Vec<Unfinished>, StoreError> {
        self.transfers_that("step = 'kept' AND action = 'move' AND undone_by IS NULL")
    }

    fn transfers_that(&self, condition: &str) -> Result<Vec<Unfinished>, StoreError> {
        let found = || -> rusqlite::Result<Vec<Option<Unfinished>>> {
            let mut statement = self.connection.prepare(&format!(
                "SELECT transfers.id, picture, action, source, folder, names, transfers.hash, transfers.size,
                        transfers.reverses, step, transfers.inode, target, runs.kind, device, unkept,
                        EXISTS (SELECT 1 FROM transfers AS later WHERE later.picture = transfers.picture
                                AND later.id > transfers.id AND later.step IN ('done', 'kept', 'unsynced')) AS is_superseded
                 FROM transfers JOIN runs ON runs.id = run JOIN pictures ON pictures.id = picture
                 WHERE {condition} ORDER BY transfers.id"
            ))?;
            statement.query_map([], |row| self.unfinished_in(row))?.collect()
        };
        Ok(found().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    fn unfinished_in(&self, row: &Row<'_>) -> rusqlite::Result<Option<Unfinished>> {
        let path = |column: &str| row.get::<_, Vec<u8>>(column).map(|kept| self.absolute_path(&kept));
        let (action, kind): (String, String) = (row.get("action")?, row.get("kind")?);
        let (Some(action), Some(kind)) = (Action::from_word(&action), RunKind::from_word(&kind)) else {
            return Ok(None);
        };
        let names: Vec<u8> = row.get("names")?;
        let step: String = row.get("step")?;
        let inode = row.get::<_, Option<i64>>("inode")?.map(|inode| inode as u64);
        let target = row.get::<_, Option<Vec<u8>>>("target")?.map(|kept| self.absolute_path(&kept));
        let (unkept, is_superseded) = (unkept::in_row(row, "unkept")?, row.get("is_superseded")?);
        let reached = match (step.as_str(), inode, target) {
            ("copied", Some(inode), _) => Reached::Copied { inode },
            ("published", _, Some(target)) => Reached::Published { target },
            ("unsynced", _, Some(target)) => Reached::NotOnDisk { target },
            _ if is_superseded => Reached::Superseded,
            _ => Reached::Planned,
        };
        let transfer = Transfer {
            picture: PictureId(row.get("picture")?),
            action,
            source: path("source")?,
            folder: path("folder")?,
            names: names.split(|byte| *byte == 0).map(|name| OsString::from_vec(name.to_owned())).collect(),
            hash: hash(row, "hash")?,
            size: row.get::<_, i64>("size")? as u64,
            reverses: row.get::<_, Option<i64>>("reverses")?.map(TransferId),
            restores: Unkept::default(),
            relies_on: ReliesOn::Nothing,
        };
        let device = row.get::<_, Option<i64>>("device")?.map(|device| device as u64);
        Ok(Some(Unfinished { id: TransferId(row.get("id")?), kind, transfer, reached, device, is_superseded, unkept }))
    }
}

fn still_holds(change: &Transaction<'_>, transfer: &Transfer) -> rusqlite::Result<bool> {
    let ReliesOn::Decision(decision) = transfer.relies_on else { return Ok(true) };
    let mut statement = change.prepare_cached("SELECT decision IS ?2 AND decided IS ?3 FROM pictures WHERE id = ?1")?;
    let label = decision.and_then(Decision::label).map(|label| label.0);
    statement.query_row((transfer.picture.0, decision.map(Decision::word), label), |row| row.get(0))
}

fn insert(
    change: &Transaction<'_>,
    destination: &Path,
    run: RunId,
    transfer: &Transfer,
) -> rusqlite::Result<TransferId> {
    let names: Vec<&[u8]> = transfer.names.iter().map(|name| name.as_bytes()).collect();
    change
        .prepare_cached(
            "INSERT INTO transfers
                (run, picture, action, source, folder, names, hash, size, step, was_placed, was_by, reverses, unkept)
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, 'planned', placed, placed_by, ?9,
                -- With a source that an earlier move had to leave goes what its copy could not be given.
                iif(?3 = 'remove' AND ?9 IS NULL, (SELECT unkept FROM transfers WHERE id = placed_by), NULL)
             FROM pictures WHERE id = ?2",
        )?
        .execute(rusqlite::params![
            run.0,
            transfer.picture.0,
            transfer.action.word(),
            to_stored_path(destination, &transfer.source),
            to_stored_path(destination, &transfer.folder),
            names.join(&0),
            transfer.hash.0,
            transfer.size as i64,
            transfer.reverses.map(|id| id.0),
        ])?;
    Ok(TransferId(change.last_insert_rowid()))
}

fn has_ended(change: &Transaction<'_>, id: TransferId) -> rusqlite::Result<bool> {
    let mut statement =
        change.prepare_cached(&format!("SELECT 1 FROM transfers WHERE id = ?1 AND step NOT IN {UNFINISHED}"))?;
    statement.exists([id.0])
}

pub(super) fn record(
    change: &Transaction<'_>,
    destination: &Path,
    id: TransferId,
    step: &Step,
) -> rusqlite::Result<()> {
    match step {
        Step::Copied { inode, unkept } => {
            change
                .prepare_cached("UPDATE transfers SET step = 'copied', inode = ?2, unkept = ?3 WHERE id = ?1")?
                .execute((id.0, *inode as i64, unkept::kept(*unkept).map(|kept| kept.to_string())))?;
        }
        Step::Published { target } => {
            change
                .prepare_cached("UPDATE transfers SET step = 'published', target = ?2 WHERE id = ?1")?
                .execute((id.0, to_stored_path(destination, target)))?;
        }
        Step::Ended(ending) => {
            let target = ending.target().map(|target| to_stored_path(destination, target));
            let had_effect: bool = change
                .prepare_cached("SELECT step = 'unsynced' FROM transfers WHERE id = ?1")?
                .query_row([id.0], |row| row.get(0))?;
            change.prepare_cached("UPDATE transfers SET step = ?2, target = ?3 WHERE id = ?1")?.execute((
                id.0,
                word(ending),
                target,
            ))?;
            match had_effect {
                true => take_effect_again(change, id, ending)?,
                false => take_effect(change, destination, id, ending)?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
