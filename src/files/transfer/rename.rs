//! Moving a file within one file system: a rename that never replaces, of the very file that was hashed.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::rc::Rc;

use super::removal::put_back;
use super::target::{Named, give_name, present_already};
use super::unmoved::is_unmoved;
use super::{PreparedTransfer, TransferError};
use crate::crash::{self, Moment};
use crate::files::folder::{FileStat, Folder};
use crate::files::folders::{Entry, Folders};
use crate::files::free_name::{is_halfway, rename_aside, rename_at_once, rename_to_free_name};
use crate::files::lease::{Writers, writers};
use crate::files::to_disk::ToDisk;

/// Moves a file by renaming it; nothing where that cannot be, or where its content has the name already. Gives the
/// file's new place and its old one.
pub(super) fn move_by_renaming(
    transfer: &PreparedTransfer,
    folders: &Folders,
    folder: &Rc<Folder>,
) -> Result<Option<(Entry, Entry)>, TransferError> {
    // A copy gets back what an earlier one lost; a file that is renamed keeps what it has.
    if transfer.planned.restores.any() {
        return Ok(None);
    }
    let unreadable = |source| TransferError::Source { path: transfer.planned.source.clone(), source };
    let changed = || TransferError::SourceChanged { path: transfer.planned.source.clone() };
    let source = folders.entry(&transfer.planned.source).map_err(unreadable)?;
    let found = source.find().map_err(unreadable)?;
    // A file with other names too could be changed through them once it is evidence: it is copied.
    if folder.device() != found.stamp.device || found.links > 1 {
        return Ok(None);
    }
    let (file, found, hash) = source.open_hashed().map_err(unreadable)?;
    let lease = match writers(&file) {
        Writers::Some => return Err(TransferError::InUse { path: transfer.planned.source.clone() }),
        Writers::None(lease) => Some(lease),
        Writers::Unknown => None,
    };
    let now = FileStat::of(&file.metadata().map_err(unreadable)?);
    if hash != Some(transfer.planned.hash) || (source.folder.keeps_numbers() && now != found) {
        return Err(changed());
    }
    let named = match give_name(transfer, folder, |entry| rename(&source, &found, transfer, entry)) {
        // Copying may do where renaming does not: from a folder that is not ours to change, the source is kept.
        Err(TransferError::Target { source, .. }) if is_for_copying(&source) => return Ok(None),
        Err(TransferError::Target { path, source: error }) => {
            return Err(without_wrapping(path, error, &source, &found));
        }
        named => named?,
    };
    let Named::Given(target) = named else { return Ok(None) };
    crash::point(Moment::Renamed);
    let is_renamed = is_renamed(&target, &found, transfer)
        .map_err(|error| TransferError::NotRecovered { path: target.path(), source: error })?;
    if is_renamed && lease.is_none_or(|lease| lease.is_undisputed()) {
        return Ok(Some((target, source)));
    }
    Err(go_back(&target, &source, changed()))
}

/// Renames the file. Where that takes two steps, it has a private name between them: another file that somebody puts
/// under its own name meanwhile is not touched.
fn rename(source: &Entry, hashed: &FileStat, transfer: &PreparedTransfer, target: &Entry) -> io::Result<()> {
    if rename_at_once(&source.folder, &source.name, &target.folder, &target.name)? {
        return Ok(());
    }
    let aside = source.beside(&transfer.leaving);
    rename_aside(&source.folder, &source.name, &aside.name)?;
    let renamed = match is_renamed(&aside, hashed, transfer)? {
        true => rename_to_free_name(&aside.folder, &aside.name, &target.folder, &target.name),
        false => Err(io::Error::other("another file has its place")),
    };
    renamed.map_err(|error| {
        if is_halfway(&error) {
            return error;
        }
        let left = TransferError::SourceChanged { path: source.path() };
        match put_back(&aside, &source.name, left) {
            aside @ TransferError::Aside { .. } => io::Error::other(aside),
            told => {
                tracing::info!("it keeps its place: {told}");
                error
            }
        }
    })
}

/// The error of a rename, which may be one of a transfer that came as one of the system. Where the file is not seen to
/// have its old name still, as where the answer of a server was lost, the next run finds out what was done.
fn without_wrapping(path: PathBuf, error: io::Error, source: &Entry, hashed: &FileStat) -> TransferError {
    error.downcast().unwrap_or_else(|error| match is_unmoved(source, hashed) && !is_halfway(&error) {
        true => TransferError::Target { path, source: error },
        false => TransferError::NotRecovered { path: source.path(), source: error },
    })
}

fn is_for_copying(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::CrossesDevices | ErrorKind::PermissionDenied)
}

/// True where the file that was renamed is the one that was hashed. Its number may be another one where the file system
/// invents them, and so may its times where it gives new ones: then its content tells.
fn is_renamed(target: &Entry, hashed: &FileStat, transfer: &PreparedTransfer) -> io::Result<bool> {
    let there = match target.find() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    Ok(there.stamp == hashed.stamp || (!target.folder.keeps_numbers() && target.holds(transfer.planned.hash)?))
}

/// Another file, that somebody has put in the place of the one that was hashed, goes back there.
pub(super) fn go_back(target: &Entry, source: &Entry, error: TransferError) -> TransferError {
    match rename_to_free_name(&target.folder, &target.name, &source.folder, &source.name) {
        Ok(()) => error,
        // Its place is taken again, or gone: it stays where it is, and is told of.
        Err(failed) => {
            tracing::error!("a file could not go back: {failed}");
            TransferError::PutBeside { path: source.path(), beside: target.path() }
        }
    }
}

/// Ends a move that was cut off between the two halves of a rename, as loss of power can do on some file systems: the
/// file has both names. Gives the place that it has, and the one that it had.
pub(super) fn end_renaming(
    transfer: &PreparedTransfer,
    folders: &Folders,
    folder: &Rc<Folder>,
) -> Result<Option<(Entry, Entry)>, TransferError> {
    let Ok(source) = folders.entry(&transfer.planned.source) else { return Ok(None) };
    let Some(target) = present_already(transfer, folder) else { return Ok(None) };
    let (Ok(seen), Ok(there)) = (source.find(), target.find()) else { return Ok(None) };
    // Two names in one folder may be one, on a file system that ignores case.
    let is_elsewhere = source.folder.path() != folder.path();
    if !seen.is_same_file(&there) || seen.links < 2 || !is_elsewhere {
        return Ok(None);
    }
    let mut to_disk = ToDisk::default();
    to_disk.file(&target);
    if let Some(error) = to_disk.bring().of(&target.path()) {
        return Err(TransferError::Target { path: target.path(), source: error });
    }
    remove_first_name(transfer, &source, seen, &target)?;
    Ok(Some((target, source)))
}

/// Takes the old name away, looks whether the file still has the new one, and removes the old one only then: the two
/// could be one place that is reached in two ways.
fn remove_first_name(
    transfer: &PreparedTransfer,
    source: &Entry,
    seen: FileStat,
    target: &Entry,
) -> Result<(), TransferError> {
    let not_removed = |error| TransferError::NotRemoved { path: transfer.planned.source.clone(), source: error };
    let Entry { folder, name } = source;
    rename_aside(folder, name, &transfer.leaving).map_err(not_removed)?;
    crash::point(Moment::MovedAside);
    let aside = source.beside(&transfer.leaving);
    let is_same = |entry: &Entry| entry.find().is_ok_and(|found| found.stamp == seen.stamp);
    // Where numbers are invented, what the system tells of a name may be remembered: it is read.
    let is_there = target.folder.keeps_numbers() || target.has(transfer.planned.hash);
    let removed = match is_same(&aside) && is_same(target) && is_there {
        true => folder.remove(&transfer.leaving).map_err(not_removed),
        false => Err(TransferError::SourceChanged { path: transfer.planned.source.clone() }),
    };
    removed.map_err(|error| put_back(&aside, name, error))
}
