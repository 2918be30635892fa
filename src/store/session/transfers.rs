//! Transfers: planned before anything is touched, recorded step by step, found again when the program was killed.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row, Transaction};

use super::ends::{take_effect, take_effect_again};
use super::pictures::{IS_OURS, place};
use super::{Session, StoreError, kept};
use crate::domain::decision::Decision;
use crate::domain::picture::{ContentHash, PictureId};
use crate::domain::plan::Place;
use crate::domain::run::{Action, RunId, RunKind, TransferId};

/// A transfer that is about to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransfer {
    /// The picture.
    pub picture: PictureId,
    /// What is done.
    pub action: Action,
    /// The file.
    pub source: PathBuf,
    /// The folder that receives it, or that its witness is in.
    pub folder: PathBuf,
    /// The names it may have there, in the order they are tried.
    pub names: Vec<OsString>,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// The transfer that it takes back.
    pub reverses: Option<TransferId>,
    /// What has to hold still when it begins.
    pub relies_on: ReliesOn,
}

/// What a transfer was planned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReliesOn {
    /// On nothing that could change.
    Nothing,
    /// On this being what a person said of the picture.
    Decision(Option<Decision>),
}

/// A step of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Its copy is whole, with this number on its file system.
    Copied {
        /// The number.
        inode: u64,
    },
    /// Its copy has its name.
    Published {
        /// The copy.
        target: PathBuf,
    },
    /// It is over.
    Ended(Ending),
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The file is there now: copied or moved. For a removal: its content is in the witness.
    Done {
        /// Where the content is.
        target: PathBuf,
    },
    /// The same content was there before.
    Present {
        /// Where.
        target: PathBuf,
    },
    /// It was to be moved, and the source could not be removed: it is a copy.
    Kept {
        /// The copy.
        target: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// It is done as by [`Ending::Done`], but the disk has not taken it: a later run brings it there.
    Unsynced {
        /// Where the content is.
        target: PathBuf,
        /// What went wrong, in words.
        reason: String,
    },
    /// Nothing was done.
    Failed {
        /// Why, in words.
        reason: String,
    },
    /// It was not begun, or what was begun is cleaned up.
    Abandoned,
}

impl Ending {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Ending::Done { .. } => "done",
            Ending::Present { .. } => "present",
            Ending::Kept { .. } => "kept",
            Ending::Unsynced { .. } => "unsynced",
            Ending::Failed { .. } => "failed",
            Ending::Abandoned => "abandoned",
        }
    }

    fn target(&self) -> Option<&Path> {
        match self {
            Ending::Done { target }
            | Ending::Present { target }
            | Ending::Kept { target, .. }
            | Ending::Unsynced { target, .. } => Some(target),
            Ending::Failed { .. } | Ending::Abandoned => None,
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Ending::Kept { reason, .. } | Ending::Unsynced { reason, .. } | Ending::Failed { reason } => Some(reason),
            _ => None,
        }
    }
}

/// A transfer that a killed program left, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number.
    pub id: TransferId,
    /// The kind of its run.
    pub kind: RunKind,
    /// What it was to do.
    pub transfer: NewTransfer,
    /// The last step that was recorded; none where it was only planned.
    pub reached: Option<Recorded>,
    /// The file system that the picture was found on.
    pub device: Option<u64>,
}

/// A transfer that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversible {
    /// Its number.
    pub id: TransferId,
    /// The picture.
    pub picture: PictureId,
    /// What was done.
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
}

/// A file in the destination that a picture has as its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where.
    pub place: Place,
    /// Its content.
    pub hash: ContentHash,
}

/// Transfers that are neither over nor cleaned up, or not on disk. An index has the same list.
const UNFINISHED: &str = "('planned', 'copied', 'published', 'unsynced')";

impl Session {
    /// Takes note of transfers that are about to be begun, and of the folders that they need and that are not there. One
    /// that was planned on a decision which is another one by now gets no number, and must not be begun: nobody can
    /// decide between this look and the note.
    pub fn plan_transfers(
        &mut self,
        run: RunId,
        transfers: &[NewTransfer],
        missing_folders: &[PathBuf],
    ) -> Result<Vec<Option<TransferId>>, StoreError> {
        let destination = self.destination.clone();
        self.change(|change| {
            for folder in missing_folders {
                let mut statement =
                    change.prepare_cached("INSERT OR IGNORE INTO folders (run, path, made) VALUES (?1, ?2, 1)")?;
                statement.execute((run.0, kept(&destination, folder)))?;
            }
            let insert = |transfer| match still_holds(change, transfer)? {
                true => insert(change, &destination, run, transfer).map(Some),
                false => Ok(None),
            };
            transfers.iter().map(insert).collect()
        })
    }

    /// Takes note of steps that were taken together, and of their ends in the ledger.
    pub fn record(&mut self, steps: &[(TransferId, Recorded)]) -> Result<(), StoreError> {
        let destination = self.destination.clone();
        self.change(|change| steps.iter().try_for_each(|(id, step)| record(change, &destination, *id, step)))
    }

    /// Transfers that a killed program left.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let unfinished = || -> rusqlite::Result<Vec<Option<Unfinished>>> {
            let mut statement = self.connection.prepare(&format!(
                "SELECT transfers.id, picture, action, source, folder, names, transfers.hash, transfers.size,
                        transfers.reverses, step, transfers.inode, target, runs.kind, device
                 FROM transfers JOIN runs ON runs.id = run JOIN pictures ON pictures.id = picture WHERE step IN {UNFINISHED} AND (step <> 'unsynced' OR undone_by IS NULL) ORDER BY transfers.id"
            ))?;
            statement.query_map([], |row| self.unfinished_in(row))?.collect()
        };
        Ok(unfinished().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    fn unfinished_in(&self, row: &Row<'_>) -> rusqlite::Result<Option<Unfinished>> {
        let path = |index: usize| row.get::<_, Vec<u8>>(index).map(|kept| self.given(&kept));
        let (action, kind): (String, String) = (row.get(2)?, row.get(12)?);
        let (Some(action), Some(kind)) = (Action::from_word(&action), RunKind::from_word(&kind)) else {
            return Ok(None);
        };
        let names: Vec<u8> = row.get(5)?;
        let step: String = row.get(9)?;
        let inode = row.get::<_, Option<i64>>(10)?.map(|inode| inode as u64);
        let target = row.get::<_, Option<Vec<u8>>>(11)?.map(|kept| self.given(&kept));
        let reached = match (step.as_str(), inode, target) {
            ("copied", Some(inode), _) => Some(Recorded::Copied { inode }),
            ("published", _, Some(target)) => Some(Recorded::Published { target }),
            ("unsynced", _, Some(target)) => Some(Recorded::Ended(Ending::Unsynced { target, reason: String::new() })),
            _ => None,
        };
        let transfer = NewTransfer {
            picture: PictureId(row.get(1)?),
            action,
            source: path(3)?,
            folder: path(4)?,
            names: names.split(|byte| *byte == 0).map(|name| OsString::from_vec(name.to_owned())).collect(),
            hash: hash(row, 6)?,
            size: row.get::<_, i64>(7)? as u64,
            reverses: row.get::<_, Option<i64>>(8)?.map(TransferId),
            relies_on: ReliesOn::Nothing,
        };
        let device = row.get::<_, Option<i64>>(13)?.map(|device| device as u64);
        Ok(Some(Unfinished { id: TransferId(row.get(0)?), kind, transfer, reached, device }))
    }

    /// What a run did and nothing has taken back, the last first.
    pub fn reversible(&self, run: RunId) -> Result<Vec<Reversible>, StoreError> {
        let reversible = || -> rusqlite::Result<Vec<Option<Reversible>>> {
            let mut statement = self.connection.prepare(
                "SELECT transfers.id, picture, action, source, target, step, transfers.hash, transfers.size, placed_by,
                        CASE runs.kind
                            WHEN 'undo' THEN (SELECT was_by FROM transfers AS reversed
                                              WHERE reversed.id = transfers.reverses)
                            ELSE transfers.id
                        END, device, path,
                        EXISTS (SELECT 1 FROM transfers AS taken JOIN runs AS taking ON taking.id = taken.run
                                WHERE taken.source = transfers.source AND taken.action <> 'copy' AND taken.step IN ('done', 'unsynced')
                                AND taken.undone_by IS NULL AND taken.id > transfers.id AND taking.kind <> 'undo')
                 FROM transfers JOIN runs ON runs.id = run JOIN pictures ON pictures.id = picture
                 WHERE run = ?1 AND step IN ('done', 'kept', 'unsynced') AND undone_by IS NULL AND target IS NOT NULL
                 ORDER BY transfers.id DESC",
            )?;
            statement.query_map([run.0], |row| self.reversible_in(row))?.collect()
        };
        Ok(reversible().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    fn reversible_in(&self, row: &Row<'_>) -> rusqlite::Result<Option<Reversible>> {
        let path = |index: usize| row.get::<_, Vec<u8>>(index).map(|kept| self.given(&kept));
        let (action, step): (String, String) = (row.get(2)?, row.get(5)?);
        let Some(action) = Action::from_word(&action) else { return Ok(None) };
        let (placed_by, left_by): (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
        Ok(Some(Reversible {
            id: TransferId(row.get(0)?),
            picture: PictureId(row.get(1)?),
            action,
            source: path(3)?,
            target: path(4)?,
            found: path(11)?,
            is_source_taken: row.get(12)?,
            is_source_kept: step == "kept",
            is_last: placed_by == left_by || self.in_force(placed_by)? == self.in_force(left_by)?,
            device: row.get::<_, Option<i64>>(10)?.map(|device| device as u64),
            hash: hash(row, 6)?,
            size: row.get::<_, i64>(7)? as u64,
        }))
    }

    /// The transfer that put a picture's file where it is, of the one that its place goes by: one that found the content
    /// there already has put nothing anywhere, nor has one that was taken back.
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

    /// Every file in the destination that a picture has as its place, in the order of their paths. Two pictures with the
    /// same name and content give it twice.
    pub fn placed(&self) -> Result<Vec<Placed>, StoreError> {
        let placed = || self.placed_where("placed IS NOT NULL ORDER BY placed", []);
        placed().map_err(|error| self.failed(error))
    }

    /// The same for files of these paths, relative to the destination, in the order of the paths.
    pub fn placed_at<'p>(&self, paths: impl IntoIterator<Item = &'p Path>) -> Result<Vec<Placed>, StoreError> {
        let mut placed = Vec::new();
        for path in paths {
            let at = self.placed_where("placed = ?1", [path.as_os_str().as_bytes()]);
            placed.extend(at.map_err(|error| self.failed(error))?);
        }
        Ok(placed)
    }

    fn placed_where(&self, condition: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<Vec<Placed>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT placed, pictures.hash, {IS_OURS} FROM pictures
             LEFT JOIN transfers ON transfers.id = placed_by WHERE {condition}"
        ))?;
        let found = statement.query_map(parameters, |row| {
            let (kept, is_ours): (Vec<u8>, Option<bool>) = (row.get(0)?, row.get(2)?);
            let hash = hash(row, 1)?;
            Ok(place(&kept, is_ours.unwrap_or(false)).map(|place| Placed { place, hash }))
        })?;
        Ok(found.collect::<rusqlite::Result<Vec<Option<Placed>>>>()?.into_iter().flatten().collect())
    }
}

pub(super) fn hash(row: &Row<'_>, index: usize) -> rusqlite::Result<ContentHash> {
    let bytes: Vec<u8> = row.get(index)?;
    Ok(ContentHash(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32])))
}

fn still_holds(change: &Transaction<'_>, transfer: &NewTransfer) -> rusqlite::Result<bool> {
    let ReliesOn::Decision(decision) = transfer.relies_on else { return Ok(true) };
    let mut statement = change.prepare_cached("SELECT decision IS ?2 AND decided IS ?3 FROM pictures WHERE id = ?1")?;
    let label = decision.and_then(Decision::label).map(|label| label.0);
    statement.query_row((transfer.picture.0, decision.map(Decision::word), label), |row| row.get(0))
}

fn insert(
    change: &Transaction<'_>,
    destination: &Path,
    run: RunId,
    transfer: &NewTransfer,
) -> rusqlite::Result<TransferId> {
    let names: Vec<&[u8]> = transfer.names.iter().map(|name| name.as_bytes()).collect();
    change
        .prepare_cached(
            "INSERT INTO transfers (run, picture, action, source, folder, names, hash, size, step, was_placed, was_by, reverses)
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, 'planned', placed, placed_by, ?9 FROM pictures WHERE id = ?2",
        )?
        .execute(rusqlite::params![
            run.0,
            transfer.picture.0,
            transfer.action.word(),
            kept(destination, &transfer.source),
            kept(destination, &transfer.folder),
            names.join(&0),
            transfer.hash.0,
            transfer.size as i64,
            transfer.reverses.map(|id| id.0),
        ])?;
    Ok(TransferId(change.last_insert_rowid()))
}

pub(super) fn record(
    change: &Transaction<'_>,
    destination: &Path,
    id: TransferId,
    step: &Recorded,
) -> rusqlite::Result<()> {
    match step {
        Recorded::Copied { inode } => {
            change
                .prepare_cached("UPDATE transfers SET step = 'copied', inode = ?2 WHERE id = ?1")?
                .execute((id.0, *inode as i64))?;
        }
        Recorded::Published { target } => {
            change
                .prepare_cached("UPDATE transfers SET step = 'published', target = ?2 WHERE id = ?1")?
                .execute((id.0, kept(destination, target)))?;
        }
        Recorded::Ended(ending) => {
            let target = ending.target().map(|target| kept(destination, target));
            let had_effect: bool = change
                .prepare_cached("SELECT step = 'unsynced' FROM transfers WHERE id = ?1")?
                .query_row([id.0], |row| row.get(0))?;
            change.prepare_cached("UPDATE transfers SET step = ?2, target = ?3 WHERE id = ?1")?.execute((
                id.0,
                ending.word(),
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
mod tests {
    use super::super::changes::Which;
    use super::super::pictures::{Found, LabelSet};
    use super::*;
    use crate::store::known::KnownSessions;
    use serde_json::Map;

    use crate::domain::history::{Step, StepKind};
    use crate::domain::picture::{FileStamp, Picture, PictureState};

    fn session_with_picture() -> (tempfile::TempDir, Session, PictureId) {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::open_to_work(folder.path(), &KnownSessions::in_folder(None)).unwrap();
        let run = session.begin_run(RunKind::Classify, None, None, Map::new()).unwrap();
        let picture = Picture {
            path: "/from/1.jpg".into(),
            hash: Some(ContentHash([1; 32])),
            stamp: Some(FileStamp { device: 1, inode: u64::MAX, size: 9, modified_ns: 1_500_000_000_123_456_789 }),
            state: PictureState::Ok,
            prediction: None,
        };
        let set = LabelSet { id: 1, labels: vec![] };
        session
            .put_pictures(run, &set, &[Found { picture: &picture, path: &picture.path, trouble: None, alert: None }])
            .unwrap();
        let mut id = None;
        session
            .for_each_picture(None, Which::SeenIn(run), |picture| {
                assert_eq!(picture.picture.stamp.unwrap().inode, u64::MAX);
                id = Some(picture.id);
            })
            .unwrap();
        (folder, session, id.unwrap())
    }

    fn new_transfer(session: &Session, picture: PictureId) -> NewTransfer {
        NewTransfer {
            picture,
            action: Action::Copy,
            source: "/from/1.jpg".into(),
            folder: session.destination().join("a"),
            names: vec!["1.jpg".into(), OsString::from_vec(vec![0xff])],
            hash: ContentHash([1; 32]),
            size: 9,
            reverses: None,
            relies_on: ReliesOn::Decision(None),
        }
    }

    #[test]
    fn an_unfinished_transfer_is_found_as_it_was_left() {
        let (_folder, mut session, picture) = session_with_picture();
        let run = session.begin_run(RunKind::Apply, None, None, Map::new()).unwrap();
        let transfer = new_transfer(&session, picture);
        let id = session.plan_transfers(run, std::slice::from_ref(&transfer), &[]).unwrap()[0].unwrap();
        for step in
            [None, Some(Recorded::Copied { inode: 7 }), Some(Recorded::Published { target: "/x/a/1.jpg".into() })]
        {
            if let Some(step) = &step {
                session.record(&[(id, step.clone())]).unwrap();
            }
            let unfinished = session.unfinished().unwrap();
            let transfer = NewTransfer { relies_on: ReliesOn::Nothing, ..transfer.clone() };
            let expected = Unfinished { id, kind: RunKind::Apply, transfer, reached: step, device: Some(1) };
            assert_eq!(unfinished, [expected]);
        }
        session.record(&[(id, Recorded::Ended(Ending::Abandoned))]).unwrap();
        assert!(session.unfinished().unwrap().is_empty());
        assert!(session.placed().unwrap().is_empty());
    }

    #[test]
    fn what_was_planned_on_another_decision_is_not_begun() {
        let (_folder, mut session, picture) = session_with_picture();
        let run = session.begin_run(RunKind::Apply, None, None, Map::new()).unwrap();
        let transfer = new_transfer(&session, picture);
        let label = session.label("b").unwrap();
        let said = vec![(picture, Some(Decision::Reassigned(label)))];
        session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
        assert_eq!(session.plan_transfers(run, std::slice::from_ref(&transfer), &[]).unwrap(), [None]);
        assert!(session.unfinished().unwrap().is_empty());
        let other = session.label("c").unwrap();
        for (decision, holds) in [(Decision::Reassigned(label), true), (Decision::Reassigned(other), false)] {
            let transfer = NewTransfer { relies_on: ReliesOn::Decision(Some(decision)), ..transfer.clone() };
            assert_eq!(session.plan_transfers(run, &[transfer], &[]).unwrap()[0].is_some(), holds, "{decision:?}");
        }
    }

    #[test]
    fn what_is_undone_is_where_it_was_and_can_be_done_again() {
        let (_folder, mut session, picture) = session_with_picture();
        let target = session.destination().join("a/1.jpg");
        let done = |target: &Path| Recorded::Ended(Ending::Done { target: target.to_owned() });
        let apply = session.begin_run(RunKind::Apply, None, None, Map::new()).unwrap();
        let transfer = new_transfer(&session, picture);
        let first = session.plan_transfers(apply, std::slice::from_ref(&transfer), &[]).unwrap()[0].unwrap();
        session.record(&[(first, done(&target))]).unwrap();
        assert_eq!(session.placed().unwrap()[0].place.folder, "a");
        assert_eq!(session.runs_in_force().unwrap().len(), 1);

        let undo = session.begin_run(RunKind::Undo, Some(apply), None, Map::new()).unwrap();
        let back = NewTransfer { action: Action::Remove, reverses: Some(first), ..transfer.clone() };
        let second = session.plan_transfers(undo, &[back], &[]).unwrap()[0].unwrap();
        session.record(&[(second, done(Path::new("/from/1.jpg")))]).unwrap();
        assert!(session.placed().unwrap().is_empty());
        assert!(session.runs_in_force().unwrap().is_empty() && session.reversible(apply).unwrap().is_empty());

        let redo = session.begin_run(RunKind::Redo, Some(undo), None, Map::new()).unwrap();
        assert_eq!(session.reversible(undo).unwrap()[0].id, second);
        let again = NewTransfer { reverses: Some(second), ..transfer };
        let third = session.plan_transfers(redo, &[again], &[]).unwrap()[0].unwrap();
        session.record(&[(third, done(&target))]).unwrap();
        assert_eq!(session.placed().unwrap().len(), 1);
        assert_eq!(session.runs_in_force().unwrap().iter().map(|run| run.id).collect::<Vec<_>>(), [redo]);
    }

    #[test]
    fn what_was_not_on_disk_has_its_effect_once() {
        let (_folder, mut session, picture) = session_with_picture();
        let target = session.destination().join("a/1.jpg");
        let run = session.begin_run(RunKind::Apply, None, None, Map::new()).unwrap();
        let transfer = new_transfer(&session, picture);
        let id = session.plan_transfers(run, std::slice::from_ref(&transfer), &[]).unwrap()[0].unwrap();
        let unsynced = Ending::Unsynced { target: target.clone(), reason: "the disk".to_owned() };
        session.record(&[(id, Recorded::Ended(unsynced.clone()))]).unwrap();
        assert_eq!(session.unfinished().unwrap()[0].id, id);
        let undo = session.begin_run(RunKind::Undo, Some(run), None, Map::new()).unwrap();
        let back = NewTransfer { action: Action::Remove, reverses: Some(id), ..transfer };
        let second = session.plan_transfers(undo, &[back], &[]).unwrap()[0].unwrap();
        let done = |target: &Path| Recorded::Ended(Ending::Done { target: target.to_owned() });
        session.record(&[(second, done(Path::new("/from/1.jpg")))]).unwrap();
        assert!(session.unfinished().unwrap().is_empty(), "it was taken back: nothing is left to bring to disk");
        session.record(&[(id, done(&target))]).unwrap();
        assert!(session.placed().unwrap().is_empty(), "the picture is where the undo left it");
    }
}
