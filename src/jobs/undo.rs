//! Taking back what a run did, as a run of its own, which can be taken back too.

use std::path::{Path, PathBuf};

use super::cancel_token::CancelToken;
use super::carry_out::{SayError, Transfers, carry_out};
use super::duplicate::Duplicate;
use super::run_folders::{folder_times, restore_folders, tidy_folders};
use crate::domain::run::{Action, RunId, RunKind};
use crate::domain::transfer::{ReliesOn, Transfer};
use crate::file_system::is_gone;
use crate::files::folder::is_disk_absent;
use crate::files::read::hash_file;
use crate::files::transfer::{Ended, Outcome, TransferError};
use crate::store::StoreError;
use crate::store::ledger::{RunResult, RunSettings};
use crate::store::session::{Reversible, Run, Session};

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

/// The effects that taking back a run would have now, told before anything is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The run that would be taken back.
    pub run: RunId,
    /// Whether that would be an undo, or a redo.
    pub kind: RunKind,
    /// Files that would be moved.
    pub moved: usize,
    /// Copies that would be removed.
    pub removed: usize,
    /// Files that would be copied again.
    pub copied: usize,
    /// Files that are not there any more: there is nothing to do for them where their content is whole elsewhere.
    pub gone: usize,
    /// Files that would be left alone.
    pub left: usize,
}

impl Outlook {
    /// Files with which something would be done.
    pub fn takes_back(self) -> usize {
        self.moved + self.removed + self.copied + self.gone
    }
}

/// Looks at what taking a run back would do, and at what stands in its way. The undo itself looks again.
pub fn outlook(session: &Session, run: Run) -> Result<(Outlook, Vec<TransferError>), StoreError> {
    let (done, disputed) = session.reversible_as_told(run)?;
    let mut outlook = Outlook {
        run: run.id,
        kind: kind_of_undo(run),
        moved: 0,
        removed: 0,
        copied: 0,
        gone: 0,
        left: disputed.len(),
    };
    let mut obstacles: Vec<_> =
        disputed.into_iter().map(|disputed| TransferError::Disputed { path: disputed.target }).collect();
    for done in done {
        let Some(reversal) = reversal(session, &done)? else { continue };
        let is_absent = |file: &Path| std::fs::symlink_metadata(file).is_err_and(|error| is_gone(&error));
        let content = content_elsewhere(session, outlook.kind, &done, &reversal).filter(|file| !is_absent(file));
        let is_elsewhere = content.is_some();
        let (path, other) = (done.target.clone(), witness(&done).clone());
        let obstacle = match (is_absent(&reversal.source), reversal.action) {
            (true, _) if !is_elsewhere => Some(TransferError::Lost { path, content: other }),
            // The last whole copy is not removed.
            (false, Action::Remove) if !is_elsewhere => Some(TransferError::NoWitness { path, witness: other }),
            _ => None,
        };
        let obstacle = self::obstacle(session, &done, &reversal)?.or(obstacle);
        *match reversal.action {
            _ if obstacle.is_some() => &mut outlook.left,
            _ if is_absent(&reversal.source) => &mut outlook.gone,
            Action::Move => &mut outlook.moved,
            Action::Remove => &mut outlook.removed,
            Action::Copy => &mut outlook.copied,
        } += 1;
        obstacles.extend(obstacle);
    }
    Ok((outlook, obstacles))
}

/// Taking back an undo does again what it took back.
fn kind_of_undo(run: Run) -> RunKind {
    if run.kind == RunKind::Undo { RunKind::Redo } else { RunKind::Undo }
}

/// Takes back what `run` did and nothing has taken back yet. Files are moved back to their very places, copies removed
/// if they are unchanged and their content is whole elsewhere, folders that the run made removed if they are empty.
pub fn undo(
    session: &mut Session,
    run: Run,
    say: SayError<'_>,
    stop: &CancelToken,
    on_ended: &mut dyn FnMut(&Path, &Ended),
) -> Result<Undone, StoreError> {
    let (done, disputed) = session.reversible_as_told(run)?;
    let kind = kind_of_undo(run);
    let own = session.begin_run(kind, Some(run.id), None, RunSettings::Transfers(done.len()))?;
    let mut undone =
        Undone { run: run.id, own, kind, back: 0, removed: 0, gone: 0, unkept: 0, left: vec![], waiting: 0 };
    for done in disputed {
        undone.left.push((done.target.clone(), TransferError::Disputed { path: done.target }));
    }
    note_folders(session, run.id, own)?;
    let (mut reversals, mut gone) = (Vec::new(), Vec::new());
    let total = done.len();
    for (position, done) in done.into_iter().enumerate() {
        if stop.is_requested() {
            undone.waiting = total - position;
            break;
        }
        match way_back(session, kind, &done)? {
            Some(Way::Transfer(reversal)) => reversals.push(reversal),
            Some(Way::Gone(reversal, end)) => gone.push((reversal, end)),
            Some(Way::None(error)) => undone.left.push((done.target, error)),
            None => {}
        }
    }
    // A file that is made may be the one that is moved on for another picture, and the witness of a removal.
    reversals.sort_by_key(|reversal| match reversal.action {
        Action::Copy => 0,
        Action::Move => 1,
        Action::Remove => 2,
    });
    let mut doubled = Vec::new();
    let mut begun = 0;
    for transfers in reversals.chunk_by(|one, other| one.action == other.action) {
        let make = |position: usize| transfers[position].clone();
        let transfers = Transfers { count: transfers.len(), make: &make };
        carry_out(session, own, transfers, say, stop, &mut |_, transfer, ended| {
            begun += 1;
            on_ended(&transfer.source, &ended);
            let duplicate = Duplicate::of(transfer, &ended);
            match (duplicate.as_ref().and_then(Duplicate::removal), duplicate) {
                (Some(removal), _) => doubled.push(removal),
                (None, Some(duplicate)) => undone.count(transfer, Err(duplicate.stays())),
                (None, None) => undone.count(transfer, ended),
            }
        })?;
    }
    let make = |position: usize| doubled[position].clone();
    let removals = Transfers { count: doubled.len(), make: &make };
    carry_out(session, own, removals, say, stop, &mut |_, transfer, ended| undone.count(transfer, ended))?;
    undone.waiting += reversals.len() - begun;
    undone.gone = gone.len();
    session.record_gone(own, &gone)?;
    for (reversal, witness) in gone {
        on_ended(&reversal.source, &Ok(Outcome::Removed { witness }));
    }
    let mut not_on_disk = Vec::new();
    if undone.left.is_empty() && undone.waiting == 0 {
        not_on_disk = restore_folders(session, run.id)?;
    }
    not_on_disk.extend(tidy_folders(session, own)?);
    undone.left.extend(not_on_disk);
    let (back, removed, gone, left) = (undone.back, undone.removed, undone.gone, undone.left.len());
    session.end_run(own, RunResult::Undone { back, removed, gone, left })?;
    Ok(undone)
}

impl Undone {
    /// Transfers that are taken back.
    pub fn taken_back(&self) -> usize {
        self.back + self.removed + self.gone
    }

    fn count(&mut self, transfer: &Transfer, ended: Ended) {
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

/// The transfer that takes one back. None for a path that makes no sense.
fn reversal(session: &Session, done: &Reversible) -> Result<Option<Transfer>, StoreError> {
    let at = |path: &Path| Some((path.parent()?.to_owned(), vec![path.file_name()?.to_owned()]));
    // A removal is undone by copying the witness; a move by moving back; a copy by removing it, with its source as
    // witness.
    let (action, source, place) = match (done.action, done.is_source_kept) {
        (Action::Remove, _) => (Action::Copy, content_of_removed(session, done)?, &done.source),
        (Action::Move, false) => (Action::Move, done.target.clone(), &done.source),
        (Action::Copy, _) | (Action::Move, true) => (Action::Remove, done.target.clone(), witness(done)),
    };
    Ok(at(place).map(|(folder, names)| Transfer {
        picture: done.picture,
        action,
        source,
        folder,
        names,
        hash: done.hash,
        size: done.size,
        reverses: Some(done.id),
        restores: done.unkept,
        relies_on: ReliesOn::Nothing,
    }))
}

/// A file with the content of one that was removed: its witness, the picture as it was found, or, where both have gone
/// since on behalf of pictures that shared them, another picture of that content.
fn content_of_removed(session: &Session, done: &Reversible) -> Result<PathBuf, StoreError> {
    let is_there = |file: &Path| std::fs::symlink_metadata(file).is_ok();
    if let Some(file) = [&done.target, &done.found].into_iter().find(|file| is_there(file)) {
        return Ok(file.clone());
    }
    let has_content = |file: &PathBuf| is_there(file) && hash_file(file).is_ok_and(|hash| hash == done.hash);
    let alike = session.files_of_content(&done.hash)?.into_iter().find(has_content);
    Ok(alike.unwrap_or_else(|| done.found.clone()))
}

/// The file that should have the content of a copy: what it was copied from, or, where an undo has taken that away, the
/// picture as it was found.
fn witness(done: &Reversible) -> &PathBuf {
    let is_source = done.is_source_taken || std::fs::symlink_metadata(&done.source).is_ok();
    if is_source { &done.source } else { &done.found }
}

/// The way in which a transfer is taken back.
enum Way {
    /// With a transfer.
    Transfer(Transfer),
    /// There is nothing to do: somebody has removed the file, and its content is whole where it was found. A transfer
    /// that stayed in force for that would keep earlier ones from being taken back. With the path that it ends at: the
    /// witness of a removal, the place before of a move, to which an earlier transfer had brought it.
    Gone(Transfer, PathBuf),
    /// Not at all, and why, as far as that can be told before it is tried.
    None(TransferError),
}

/// None for a transfer whose path makes no sense.
fn way_back(session: &Session, kind: RunKind, done: &Reversible) -> Result<Option<Way>, StoreError> {
    let Some(reversal) = reversal(session, done)? else { return Ok(None) };
    if let Some(error) = obstacle(session, done, &reversal)? {
        return Ok(Some(Way::None(error)));
    }
    // A removal that is planned was there to be done: recovery takes one whose file is gone for done.
    let content = content_elsewhere(session, kind, done, &reversal);
    let is_gone = || std::fs::symlink_metadata(&done.target).is_err_and(|error| is_gone(&error));
    Ok(Some(match content.filter(|_| is_gone()) {
        None => Way::Transfer(reversal),
        Some(content) if hash_file(content).is_ok_and(|hash| hash == done.hash) => {
            // Doing it again must not take the picture itself out of the source.
            let end = if reversal.action == Action::Move { &done.source } else { content };
            Way::Gone(reversal, end.clone())
        }
        Some(content) => Way::None(TransferError::Lost { path: done.target.clone(), content: content.clone() }),
    }))
}

/// The file that should have the content, where a transfer is taken back without its own file.
fn content_elsewhere<'d>(
    session: &Session,
    kind: RunKind,
    done: &'d Reversible,
    reversal: &Transfer,
) -> Option<&'d PathBuf> {
    let is_inside = |path: &Path| path.starts_with(session.destination());
    match reversal.action {
        Action::Remove => Some(witness(done)),
        // From one label's folder to another; what an undo moved is not done again without its file.
        Action::Move if kind == RunKind::Undo && is_inside(&done.source) && is_inside(&done.target) => {
            Some(&done.found)
        }
        Action::Move | Action::Copy => None,
    }
}

/// An error where a transfer must not be taken back now.
fn obstacle(session: &Session, done: &Reversible, reversal: &Transfer) -> Result<Option<TransferError>, StoreError> {
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
    let folder = done.source.parent().filter(|_| done.action == Action::Move && !done.is_source_kept);
    // A file of ours in the destination is on another disk than the picture was found on.
    let device = done.device.filter(|_| !done.source.starts_with(session.destination()));
    // A folder that is gone is made again, but not under the bare place where its disk used to be.
    let absent = folder.filter(|folder| is_disk_absent(folder, device));
    Ok(absent.map(|folder| TransferError::OtherDisk { folder: folder.to_owned() }))
}

/// Before files come back: which folders nobody else has changed, and when those that lose files now were changed.
fn note_folders(session: &mut Session, reversed: RunId, own: RunId) -> Result<(), StoreError> {
    let folders = session.folders_of(reversed)?;
    let now = folder_times(folders.changed.into_iter().map(|folder| folder.path));
    session.note_restorable_folders(reversed, &now)?;
    session.note_folder_times(own, &now)
}
