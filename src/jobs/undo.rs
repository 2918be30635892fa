//! Taking back what a run did, as a run of its own, which can be taken back too.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, json};

use super::apply::Twice;
use super::carry_out::{SayError, Transfers, carry_out, folder_times, remove_empty_folders, tidy_folders};
use super::stop::Stop;
use crate::domain::run::{Action, RunId, RunKind};
use crate::file_system::is_gone;
use crate::files::durable::set_folder_time;
use crate::files::folder::is_disk_absent;
use crate::files::read::hash_file;
use crate::files::transfer::{Ended, TransferError};
use crate::store::StoreError;
use crate::store::session::{Ending, NewTransfer, Recorded, ReliesOn, Reversible, Run, Session};

/// The result of taking back a run.
#[derive(Debug)]
pub struct Undone {
    /// The run that was taken back.
    pub run: RunId,
    /// The run that took it back: taking that one back does it again.
    pub own: RunId,
    /// Whether that is an undo, or a redo.
    pub kind: RunKind,
    /// Files that are where they were before.
    pub back: usize,
    /// Copies that are gone.
    pub removed: usize,
    /// Copies that somebody had removed before.
    pub gone: usize,
    /// Files that are back without their times, permissions or attributes.
    pub unkept: usize,
    /// Files that could not be taken back, and why.
    pub left: Vec<(PathBuf, TransferError)>,
    /// Files that were not come to because of a stop.
    pub waiting: usize,
}

/// Takes back what `run` did and nothing has taken back yet. Files are moved back to their very places, copies removed
/// if they are unchanged and their content is whole elsewhere, folders that the run made removed if they are empty.
pub fn undo(
    session: &mut Session,
    run: Run,
    say: SayError<'_>,
    stop: &Stop,
    on_ended: &mut dyn FnMut(&Path, &Ended),
) -> Result<Undone, StoreError> {
    let (done, disputed) = session.reversible_as_told(run)?;
    let kind = if run.kind == RunKind::Undo { RunKind::Redo } else { RunKind::Undo };
    let settings = Map::from_iter([("transfers".to_owned(), json!(done.len()))]);
    let own = session.begin_run(kind, Some(run.id), None, settings)?;
    let mut undone =
        Undone { run: run.id, own, kind, back: 0, removed: 0, gone: 0, unkept: 0, left: vec![], waiting: 0 };
    for done in disputed {
        undone.left.push((done.target.clone(), TransferError::Disputed { path: done.target }));
    }
    note_folders(session, run.id, own)?;
    let (mut reversals, mut done_already) = (Vec::new(), Vec::new());
    for done in done {
        let Some(reversal) = reversal(&done) else { continue };
        match obstacle(session, &done, &reversal)? {
            Some(error) => undone.left.push((done.target, error)),
            None if is_done_already(&reversal) => done_already.push(reversal),
            None => reversals.push(reversal),
        }
    }
    // Transfers that make files come first: such a file may be the witness of a removal.
    let (removals, others): (Vec<NewTransfer>, Vec<NewTransfer>) =
        reversals.into_iter().partition(|transfer| transfer.action == Action::Remove);
    let mut doubled = Vec::new();
    let total = removals.len() + others.len();
    let mut begun = 0;
    for transfers in [&others, &removals] {
        let make = |position: usize| transfers[position].clone();
        let transfers = Transfers { count: transfers.len(), make: &make };
        carry_out(session, own, transfers, say, stop, &mut |_, transfer, ended| {
            begun += 1;
            on_ended(&transfer.source, &ended);
            let twice = Twice::of(transfer, &ended);
            match (twice.as_ref().and_then(Twice::removal), twice) {
                (Some(removal), _) => doubled.push(removal),
                (None, Some(twice)) => undone.count(transfer, Err(twice.stays())),
                (None, None) => undone.count(transfer, ended),
            }
        })?;
    }
    let make = |position: usize| doubled[position].clone();
    let removals = Transfers { count: doubled.len(), make: &make };
    carry_out(session, own, removals, say, stop, &mut |_, transfer, ended| undone.count(transfer, ended))?;
    undone.waiting = total - begun;
    undone.gone = done_already.len();
    note_done(session, own, &done_already)?;
    let mut not_on_disk = Vec::new();
    if undone.left.is_empty() && undone.waiting == 0 {
        not_on_disk = restore_folders(session, run.id)?;
    }
    not_on_disk.extend(tidy_folders(session, own)?);
    undone.left.extend(not_on_disk);
    let result =
        [("back", undone.back), ("removed", undone.removed), ("gone", undone.gone), ("left", undone.left.len())];
    session.end_run(own, result.into_iter().map(|(key, count)| (key.to_owned(), json!(count))).collect())?;
    Ok(undone)
}

impl Undone {
    /// Transfers that are taken back.
    pub fn taken_back(&self) -> usize {
        self.back + self.removed + self.gone
    }

    fn count(&mut self, transfer: &NewTransfer, ended: Ended) {
        match ended {
            Ok(_) if transfer.action == Action::Remove => self.removed += 1,
            Ok(outcome) => {
                self.back += 1;
                self.unkept += usize::from(outcome.unkept().any());
            }
            Err(error) => self.left.push((transfer.source.clone(), error)),
        }
    }
}

/// The transfer that takes one back.
fn reversal(done: &Reversible) -> Option<NewTransfer> {
    let at = |path: &Path| Some((path.parent()?.to_owned(), vec![path.file_name()?.to_owned()]));
    // A removal is undone by copying the witness; a move by moving back; a copy by removing it, with its source as
    // witness.
    let (action, source, place) = match (done.action, done.is_source_kept) {
        (Action::Remove, _) => (Action::Copy, first_that_is_there(&done.target, &done.found), &done.source),
        (Action::Move, false) => (Action::Move, &done.target, &done.source),
        (Action::Copy, _) | (Action::Move, true) => (Action::Remove, &done.target, witness(done)),
    };
    let (folder, names) = at(place)?;
    Some(NewTransfer {
        picture: done.picture,
        action,
        source: source.clone(),
        folder,
        names,
        hash: done.hash,
        size: done.size,
        reverses: Some(done.id),
        restores: done.unkept,
        relies_on: ReliesOn::Nothing,
    })
}

/// The file that should have the content of a copy: what it was copied from, or, where an undo has taken that away, the
/// picture as it was found.
fn witness(done: &Reversible) -> &PathBuf {
    if done.is_source_taken { &done.source } else { first_that_is_there(&done.source, &done.found) }
}

/// The file that should have a content, or, where an undo has taken that away, the picture as it was found.
fn first_that_is_there<'d>(file: &'d PathBuf, found: &'d PathBuf) -> &'d PathBuf {
    if std::fs::symlink_metadata(file).is_ok() { file } else { found }
}

/// Why a transfer cannot be taken back, as far as that can be told before it is tried.
fn obstacle(session: &Session, done: &Reversible, reversal: &NewTransfer) -> Result<Option<TransferError>, StoreError> {
    let elsewhere = |run| Ok(Some(TransferError::PutElsewhere { path: done.target.clone(), run }));
    if !done.is_last {
        return elsewhere(session.later_run(done)?);
    }
    // Another picture shared the file that this transfer made, and comes back with it.
    if let Some(run) = session.run_that_took(done)?.filter(|_| done.action != Action::Remove) {
        return elsewhere(Some(run));
    }
    if let Some(path) = session.leads_out(reversal)? {
        return Ok(Some(TransferError::Outside { path }));
    }
    // A removal that is planned was there to be done: recovery takes one whose file is gone for done.
    if let Some(source) = gone(reversal).filter(|_| !has_whole_witness(reversal)) {
        return Ok(Some(TransferError::Source { path: done.target.clone(), source }));
    }
    let folder = done.source.parent().filter(|_| done.action == Action::Move && !done.is_source_kept);
    // A file of ours in the destination is on another disk than the picture was found on.
    let device = done.device.filter(|_| !done.source.starts_with(session.destination()));
    // A folder that is gone is made again, but not under the bare place where its disk used to be.
    let absent = folder.filter(|folder| is_disk_absent(folder, device));
    Ok(absent.map(|folder| TransferError::OtherDisk { folder: folder.to_owned() }))
}

/// The error of looking at a file that is to be removed and is not there.
fn gone(removal: &NewTransfer) -> Option<io::Error> {
    let found = (removal.action == Action::Remove).then(|| std::fs::symlink_metadata(&removal.source));
    found?.err().filter(is_gone)
}

/// True for the removal of a copy that is not there any more, and whose content is whole where it was copied from.
fn is_done_already(reversal: &NewTransfer) -> bool {
    gone(reversal).is_some() && has_whole_witness(reversal)
}

fn has_whole_witness(removal: &NewTransfer) -> bool {
    let witnesses = removal.names.iter().map(|name| removal.folder.join(name));
    witnesses.into_iter().any(|witness| hash_file(&witness).is_ok_and(|hash| hash == removal.hash))
}

/// Takes note that removals are done whose files are gone: nothing else would let go of a copy that two pictures shared,
/// or that somebody has removed.
fn note_done(session: &mut Session, own: RunId, removals: &[NewTransfer]) -> Result<(), StoreError> {
    let ids = session.plan_transfers(own, removals, &[])?;
    let done = ids.into_iter().zip(removals).filter_map(|(id, removal)| {
        let target = removal.folder.join(removal.names.first()?);
        Some((id?, Recorded::Ended(Ending::Done { target })))
    });
    session.record(&done.collect::<Vec<_>>())?;
    session.complete_ledger()
}

/// Before files come back: which folders nobody else has changed, and when those that lose files now were changed.
fn note_folders(session: &mut Session, reversed: RunId, own: RunId) -> Result<(), StoreError> {
    let folders = session.folders_of(reversed)?;
    let now = folder_times(folders.changed.into_iter().map(|folder| folder.path));
    session.note_restorable_folders(reversed, &now)?;
    session.note_folder_times(own, &now)
}

/// Removes folders that runs made and that nobody needs any more, where they are empty, and gives others the times they had, unless somebody
/// else has changed them. Gives those whose removal the disk has not taken.
pub(super) fn restore_folders(session: &Session, run: RunId) -> Result<Vec<(PathBuf, TransferError)>, StoreError> {
    let folders = session.folders_of(run)?;
    let not_on_disk = remove_empty_folders(session.folders_made_in_vain(run)?);
    for folder in folders.changed.into_iter().filter(|folder| folder.restores) {
        set_folder_time(&folder.path, folder.modified);
    }
    Ok(not_on_disk)
}
