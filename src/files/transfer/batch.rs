//! A batch of transfers, phase by phase.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::copy::{Copy, copy, verify};
use super::metadata::Unkept;
use super::{Ended, Journal, Outcome, Step, Transfer, TransferError};
use crate::crash::{self, Moment};
use crate::domain::picture::{ContentHash, FileStamp};
use crate::domain::run::{Action, TransferId};
use crate::files::durable::{make_folder, make_folders, rename_to_free_name, sync_folder};
use crate::files::read::{hash_file, hash_open, open_regular, stamp_of};

/// A transfer and how far it is.
struct InHand<'t> {
    transfer: &'t Transfer,
    state: State,
}

enum State {
    /// Copied under a temporary name.
    Copied(Copy),
    /// The same, verified and on disk.
    Verified(Copy, u64),
    /// The copy has its name; the source of a move is still to be removed.
    Published { target: PathBuf, copied_from: FileStamp, unkept: Unkept },
    /// Over.
    Ended(Ended),
}

/// Carries out a batch. What is missing in the answer was not begun, because of a stop or of an error that concerns
/// all. An error of the journal ends the batch; the transfers that it leaves unfinished are found by
/// [`super::recover`].
pub fn transfer_batch(
    batch: &[Transfer],
    journal: &mut impl Journal,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<(TransferId, Ended)>, TransferError> {
    let mut hands: Vec<InHand<'_>> = Vec::with_capacity(batch.len());
    for transfer in batch {
        if stop() {
            break;
        }
        let state = begin(transfer).unwrap_or_else(|error| State::Ended(Err(error)));
        let stops = matches!(&state, State::Ended(Err(error)) if error.concerns_all());
        hands.push(InHand { transfer, state });
        if stops {
            break;
        }
    }
    settle(&mut hands, journal)?;
    publish_all(&mut hands, journal)?;
    unlink_all(&mut hands);
    // What ended in a phase before the last is recorded with the last: only then are its folders on disk.
    let ended: Vec<_> = hands.iter().filter_map(InHand::ended).collect();
    journal.record(&ended).map_err(TransferError::Journal)?;
    let over = |hand: InHand<'_>| match hand.state {
        State::Ended(result) => Some((hand.transfer.id, result)),
        _ => None,
    };
    Ok(hands.into_iter().filter_map(over).collect())
}

impl InHand<'_> {
    fn ended(&self) -> Option<(TransferId, Step<'_>)> {
        match &self.state {
            State::Ended(result) => Some((self.transfer.id, Step::Ended(result))),
            _ => None,
        }
    }
}

/// Changes each hand's state for which `step` has a next one.
fn advance(hands: &mut [InHand<'_>], mut step: impl FnMut(&Transfer, State) -> State) {
    for hand in hands {
        let state = std::mem::replace(&mut hand.state, State::Ended(Err(TransferError::Abandoned)));
        hand.state = step(hand.transfer, state);
    }
}

fn begin(transfer: &Transfer) -> Result<State, TransferError> {
    if transfer.action == Action::Remove {
        return remove(transfer).map(|outcome| State::Ended(Ok(outcome)));
    }
    make_target_folder(transfer)?;
    if let Some(target) = present_already(transfer) {
        return Ok(State::Ended(Ok(Outcome::AlreadyPresent { target })));
    }
    if transfer.action == Action::Move
        && let Some(target) = moved_by_renaming(transfer)?
    {
        return Ok(State::Ended(Ok(Outcome::Moved { target, unkept: Unkept::default() })));
    }
    copy(transfer).map(State::Copied)
}

/// Makes the folder, which must be a real one.
fn make_target_folder(transfer: &Transfer) -> Result<(), TransferError> {
    let made = if transfer.makes_parents { make_folders(&transfer.folder) } else { make_folder(&transfer.folder) };
    match made {
        Ok(true) => {
            crash::point(Moment::FolderMade);
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(TransferError::NotAFolder { path: transfer.folder.clone() })
        }
        Err(source) => Err(TransferError::Target { path: transfer.folder.clone(), source }),
    }
}

/// The first of the names in use, up to the first free one, that has the same content.
fn present_already(transfer: &Transfer) -> Option<PathBuf> {
    let targets = transfer.names.iter().map(|name| transfer.folder.join(name));
    let mut taken = targets.take_while(|target| std::fs::symlink_metadata(target).is_ok());
    taken.find(|target| has_content(target, transfer.hash))
}

fn has_content(path: &Path, hash: ContentHash) -> bool {
    hash_file(path).is_ok_and(|found| found == hash)
}

/// Moves a file within one file system; nothing where that cannot be.
fn moved_by_renaming(transfer: &Transfer) -> Result<Option<PathBuf>, TransferError> {
    let unreadable = |source| TransferError::Source { path: transfer.source.clone(), source };
    let changed = || TransferError::SourceChanged { path: transfer.source.clone() };
    let (mut source, metadata) = open_regular(&transfer.source).map_err(unreadable)?;
    let folder_device = std::fs::metadata(&transfer.folder).map(|folder| folder.dev()).ok();
    // A file with other names too could be changed through them once it is evidence: it is copied.
    if folder_device != Some(metadata.dev()) || metadata.nlink() > 1 {
        return Ok(None);
    }
    if metadata.len() != transfer.size || hash_open(&mut source).map_err(unreadable)? != transfer.hash {
        return Err(changed());
    }
    let stamp = stamp_of(&source.metadata().map_err(unreadable)?);
    if stamp != stamp_of(&metadata) {
        return Err(changed());
    }
    for name in &transfer.names {
        let target = transfer.folder.join(name);
        match rename_to_free_name(&transfer.source, &target) {
            Ok(()) => {
                crash::point(Moment::Renamed);
                return renamed(transfer, target, stamp).map(Some);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists && has_content(&target, transfer.hash) => {
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // Copying may do where renaming does not: from a folder that is not ours to change, the source is kept.
            Err(error) if matches!(error.kind(), ErrorKind::CrossesDevices | ErrorKind::PermissionDenied) => {
                return Ok(None);
            }
            Err(source) => return Err(TransferError::Target { path: target, source }),
        }
    }
    Err(no_free_name(transfer))
}

fn no_free_name(transfer: &Transfer) -> TransferError {
    TransferError::NoFreeName {
        path: transfer.folder.join(transfer.names.first().map(PathBuf::from).unwrap_or_default()),
    }
}

/// Makes sure that the file that was renamed is the one that was hashed; another one goes back to its place.
fn renamed(transfer: &Transfer, target: PathBuf, stamp: FileStamp) -> Result<PathBuf, TransferError> {
    let there = std::fs::symlink_metadata(&target).map(|metadata| stamp_of(&metadata));
    if there.is_ok_and(|there| there == stamp) {
        return Ok(target);
    }
    let error = TransferError::SourceChanged { path: transfer.source.clone() };
    match rename_to_free_name(&target, &transfer.source) {
        Ok(()) => Err(error),
        Err(_) => Err(TransferError::SourceKept { target, reason: Box::new(error) }),
    }
}

/// Brings the copies to disk and reads them back.
fn settle(hands: &mut [InHand<'_>], journal: &mut impl Journal) -> Result<(), TransferError> {
    advance(hands, |transfer, state| match state {
        State::Copied(copy) => match verify(&copy, transfer.hash, &transfer.folder) {
            Ok(inode) => State::Verified(copy, inode),
            Err(error) => State::Ended(Err(error)),
        },
        state => state,
    });
    let steps: Vec<_> = hands.iter().filter_map(verified).collect();
    if steps.is_empty() {
        return Ok(());
    }
    crash::point(Moment::CopiesVerified);
    journal.record(&steps).map_err(TransferError::Journal)?;
    crash::point(Moment::CopiesRecorded);
    Ok(())
}

fn verified<'h>(hand: &'h InHand<'_>) -> Option<(TransferId, Step<'h>)> {
    match &hand.state {
        State::Verified(_, inode) => Some((hand.transfer.id, Step::Copied { inode: *inode })),
        _ => None,
    }
}

/// Gives every copy its name and brings the folders to disk, those of renamed files too.
fn publish_all(hands: &mut [InHand<'_>], journal: &mut impl Journal) -> Result<(), TransferError> {
    advance(hands, |transfer, state| match state {
        State::Verified(copy, _) => publish(transfer, copy),
        state => state,
    });
    for (folder, error) in sync_folders(hands.iter().flat_map(folders_to_sync)) {
        advance(hands, |transfer, state| match state {
            State::Published { target, .. } if transfer.folder == folder => {
                let reason = TransferError::Target {
                    path: folder.clone(),
                    source: io::Error::new(error.kind(), error.to_string()),
                };
                State::Ended(Err(TransferError::SourceKept { target, reason: Box::new(reason) }))
            }
            state => state,
        });
    }
    // A file that was renamed is on disk in its new folder before it is gone from its old one.
    sync_folders(hands.iter().filter_map(folder_left));
    crash::point(Moment::FoldersSynced);
    advance(hands, |transfer, state| match state {
        State::Published { target, unkept, .. } if transfer.action == Action::Copy => {
            State::Ended(Ok(Outcome::Copied { target, unkept }))
        }
        state => state,
    });
    let steps: Vec<_> = hands.iter().filter_map(published).collect();
    if steps.is_empty() {
        return Ok(());
    }
    journal.record(&steps).map_err(TransferError::Journal)?;
    crash::point(Moment::PublishedRecorded);
    Ok(())
}

fn published<'h>(hand: &'h InHand<'_>) -> Option<(TransferId, Step<'h>)> {
    match &hand.state {
        State::Published { target, .. } => Some((hand.transfer.id, Step::Published { target })),
        _ => None,
    }
}

/// Gives the copy the first name that is free.
fn publish(transfer: &Transfer, copy: Copy) -> State {
    let Copy { mut file, copied_from, unkept } = copy;
    for name in &transfer.names {
        let target = transfer.folder.join(name);
        match file.persist_noclobber(&target) {
            Ok(_) => {
                crash::point(Moment::Published);
                return State::Published { target, copied_from, unkept };
            }
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
                if has_content(&target, transfer.hash) {
                    return State::Ended(Ok(Outcome::AlreadyPresent { target }));
                }
                file = failed.file;
            }
            Err(failed) => return State::Ended(Err(TransferError::Target { path: target, source: failed.error })),
        }
    }
    State::Ended(Err(no_free_name(transfer)))
}

/// The folders whose entries a hand has changed so far.
fn folders_to_sync(hand: &InHand<'_>) -> Vec<PathBuf> {
    let transfer = hand.transfer;
    match (&hand.state, transfer.action) {
        (State::Published { .. }, _) => vec![transfer.folder.clone()],
        (State::Ended(Ok(Outcome::Moved { .. })), _) => {
            vec![transfer.folder.clone()]
        }
        (State::Ended(Ok(Outcome::Removed { .. })), _) => {
            transfer.source.parent().map(Path::to_owned).into_iter().collect()
        }
        _ => vec![],
    }
}

/// The folder that a renamed file has left.
fn folder_left(hand: &InHand<'_>) -> Option<PathBuf> {
    match &hand.state {
        State::Ended(Ok(Outcome::Moved { .. })) => hand.transfer.source.parent().map(Path::to_owned),
        _ => None,
    }
}

/// Brings folders to disk, each once; gives those that could not be.
fn sync_folders(folders: impl Iterator<Item = PathBuf>) -> Vec<(PathBuf, io::Error)> {
    let folders: BTreeSet<PathBuf> = folders.collect();
    let failed = |folder: PathBuf| {
        let error = sync_folder(&folder).err()?;
        tracing::error!(folder = crate::domain::printable::printable(&folder), "could not be brought to disk: {error}");
        Some((folder, error))
    };
    folders.into_iter().filter_map(failed).collect()
}

/// Removes the sources of the moves whose copies are published.
fn unlink_all(hands: &mut [InHand<'_>]) {
    let mut folders = BTreeSet::new();
    advance(hands, |transfer, state| match state {
        State::Published { target, copied_from, unkept } => match unlink(&transfer.source, copied_from) {
            Ok(()) => {
                folders.extend(transfer.source.parent().map(Path::to_owned));
                State::Ended(Ok(Outcome::Moved { target, unkept }))
            }
            Err(error) => State::Ended(Err(TransferError::SourceKept { target, reason: Box::new(error) })),
        },
        state => state,
    });
    if !folders.is_empty() {
        // Without this, loss of power may bring a source back: a file too many, none too few.
        sync_folders(folders.into_iter());
        crash::point(Moment::UnlinksSynced);
    }
}

/// Removes the source of a move, if it is still the file that was copied.
pub(super) fn unlink(path: &Path, copied_from: FileStamp) -> Result<(), TransferError> {
    let not_removed = |source| TransferError::NotRemoved { path: path.to_owned(), source };
    if stamp_of(&std::fs::symlink_metadata(path).map_err(not_removed)?) != copied_from {
        return Err(TransferError::SourceChanged { path: path.to_owned() });
    }
    std::fs::remove_file(path).map_err(not_removed)?;
    crash::point(Moment::Unlinked);
    Ok(())
}

/// Removes a copy, if it is unchanged and its content is whole in the witness.
fn remove(transfer: &Transfer) -> Result<Outcome, TransferError> {
    let unreadable = |source| TransferError::Source { path: transfer.source.clone(), source };
    let changed = || TransferError::SourceChanged { path: transfer.source.clone() };
    let (mut file, metadata) = open_regular(&transfer.source).map_err(unreadable)?;
    if metadata.len() != transfer.size || hash_open(&mut file).map_err(unreadable)? != transfer.hash {
        return Err(changed());
    }
    let witness = transfer.folder.join(transfer.names.first().map(PathBuf::from).unwrap_or_default());
    let no_witness = || TransferError::NoWitness { path: transfer.source.clone(), witness: witness.clone() };
    // Another name of the same file is no second copy.
    let is_other = std::fs::symlink_metadata(&witness)
        .is_ok_and(|found| (found.dev(), found.ino()) != (metadata.dev(), metadata.ino()));
    if !is_other || !has_content(&witness, transfer.hash) {
        return Err(no_witness());
    }
    let stamp = stamp_of(&metadata);
    let not_removed = |source| TransferError::NotRemoved { path: transfer.source.clone(), source };
    if stamp_of(&std::fs::symlink_metadata(&transfer.source).map_err(not_removed)?) != stamp {
        return Err(changed());
    }
    std::fs::remove_file(&transfer.source).map_err(not_removed)?;
    crash::point(Moment::Removed);
    Ok(Outcome::Removed { witness })
}
