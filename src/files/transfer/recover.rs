//! The fate of a transfer that a killed program left unfinished.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::removal::{Removal, put_back_left};
use super::rename::end_renaming;
use super::target::{Named, entries, give_name, release_names};
use super::{Outcome, PreparedTransfer, TransferError};
use crate::domain::run::Action;
use crate::domain::transfer::Reached;
use crate::domain::unkept::Unkept;
use crate::file_system::is_gone;
use crate::files::folder::{Folder, is_disk_absent};
use crate::files::folders::{Entry, Folders};
use crate::files::free_name::rename_to_free_name;
use crate::files::read::hash_open;
use crate::files::to_disk::ToDisk;

/// Finds out what became of a transfer, cleans up after it and, where a copy has its name already, finishes it. It can
/// be called again at any time with the same result.
pub fn recover(transfer: &PreparedTransfer, reached: &Reached, folders: &Folders) -> Result<Outcome, TransferError> {
    let unfinished = |path: &Path, source| TransferError::NotRecovered { path: path.to_owned(), source };
    // On a disk that is away a temporary file may lie: it is looked for once the disk is there.
    if is_disk_absent(&transfer.planned.folder, transfer.folder_device) {
        return Err(TransferError::OtherDisk { folder: transfer.planned.folder.clone() });
    }
    let folder = match folders.open(&transfer.planned.folder) {
        Err(error) if is_gone(&error) => None,
        opened => Some(opened.map_err(|error| unfinished(&transfer.planned.folder, error))?),
    };
    if let Some(folder) = folder.as_ref().filter(|_| transfer.planned.action != Action::Remove) {
        release_names(transfer, folder).map_err(|error| unfinished(&transfer.planned.folder, error))?;
        if let Some(target) = keep_or_remove_copy(transfer, folder, folders)? {
            return finish(transfer, transfer.planned.action, target, folders);
        }
        // Once the transfer is over nobody looks for what loss of power might bring back.
        folder.sync().map_err(|error| unfinished(&transfer.planned.folder, error))?;
    }
    match folders.entry(&transfer.planned.source) {
        Err(error) if is_gone(&error) => {}
        source => source
            .and_then(|source| put_back_left(&source, transfer))
            .map_err(|error| unfinished(&transfer.planned.source, error))?,
    }
    let copy_at = |path: &Path| {
        folders.entry(path).map_err(|error| match is_gone(&error) {
            true => TransferError::TargetChanged { path: path.to_owned() },
            false => unfinished(path, error),
        })
    };
    match (transfer.planned.action, reached) {
        (action, Reached::NotOnDisk { target }) => bring_again(transfer, action, &copy_at(target)?, folders),
        (Action::Remove, _) => recover_removal(transfer, folders),
        (Action::Move, Reached::Planned) => recover_rename(transfer, folder.as_ref(), folders),
        (Action::Copy, Reached::Planned) | (_, Reached::Superseded) => Err(TransferError::Abandoned),
        (action, Reached::Copied { inode }) => {
            let folder = folder.ok_or(TransferError::Abandoned)?;
            let target = find_target(transfer, &folder, |entry| is_copy(entry, transfer, *inode))?;
            finish(transfer, action, target, folders)
        }
        (action, Reached::Published { target }) => finish(transfer, action, copy_at(target)?, folders),
    }
}

/// Gives a file that a killed run left under its private name its own back, so that a later run can remove it. Nothing
/// is done where there is none, or its folder is not there.
pub fn give_name_back(transfer: &PreparedTransfer, folders: &Folders) -> Result<(), TransferError> {
    let given = match folders.entry(&transfer.planned.source) {
        Err(error) if is_gone(&error) => return Ok(()),
        source => source.and_then(|source| put_back_left(&source, transfer)),
    };
    given.map_err(|source| TransferError::NotRecovered { path: transfer.planned.source.clone(), source })
}

/// Removes a copy that has no name yet. One whose content is whole nowhere else gets its name instead: the source may
/// have come just before a loss of power, and never have been on disk.
fn keep_or_remove_copy(
    transfer: &PreparedTransfer,
    folder: &Rc<Folder>,
    folders: &Folders,
) -> Result<Option<Entry>, TransferError> {
    let copy = Entry { folder: folder.clone(), name: transfer.temporary.clone() };
    let unfinished = |source| TransferError::NotRecovered { path: copy.path(), source };
    let source_is_whole = || {
        let source = folders.entry(&transfer.planned.source);
        source.is_ok_and(|source| source.has(transfer.planned.hash) && bring(&source).is_ok())
    };
    let is_needed = match copy.hash() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(hash) => hash == transfer.planned.hash && !source_is_whole(),
        Err(source) if !source_is_whole() => return Err(unfinished(source)),
        Err(_) => false,
    };
    let name = || give_name(transfer, folder, |entry| rename_to_free_name(folder, &copy.name, folder, &entry.name));
    let given = is_needed.then(name).transpose().map_err(|error| unfinished(std::io::Error::other(error)))?;
    if let Some(Named::Given(target)) = given {
        return Ok(Some(target));
    }
    if let Some(Named::Present(present)) = &given {
        bring(present).map_err(unfinished)?;
    }
    folder.remove(&copy.name).map(|()| None).map_err(unfinished)
}

/// The first of its names under which a transfer's file is; [`TransferError::Abandoned`] where it has none. A name that
/// cannot be looked at could be the one: the next run finds out.
fn find_target(
    transfer: &PreparedTransfer,
    folder: &Rc<Folder>,
    is_it: impl Fn(&Entry) -> std::io::Result<bool>,
) -> Result<Entry, TransferError> {
    let mut none = TransferError::Abandoned;
    for entry in entries(transfer, folder) {
        match is_it(&entry) {
            Ok(true) => return Ok(entry),
            Ok(false) => {}
            Err(source) => none = TransferError::NotRecovered { path: entry.path(), source },
        }
    }
    Err(none)
}

/// True for the copy that was made: by its number and content, or by its content alone where numbers are invented.
fn is_copy(entry: &Entry, transfer: &PreparedTransfer, inode: u64) -> std::io::Result<bool> {
    let is_it = match entry.find() {
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        found => found?.stamp.inode == inode,
    };
    Ok((is_it || !entry.folder.keeps_numbers()) && entry.holds(transfer.planned.hash)?)
}

/// A copy that has its name: a move goes on to remove the source, if that is still there with the same content.
fn finish(
    transfer: &PreparedTransfer,
    action: Action,
    target: Entry,
    folders: &Folders,
) -> Result<Outcome, TransferError> {
    let unkept = Unkept::default();
    let path = target.path();
    bring(&target).map_err(|source| match source.kind() {
        // Somebody has taken the copy away. The source stays.
        ErrorKind::NotFound => TransferError::TargetChanged { path: path.clone() },
        _ => TransferError::NotRecovered { path: path.clone(), source },
    })?;
    if action == Action::Copy {
        return Ok(Outcome::Copied { target: path, unkept });
    }
    let kept = |reason| TransferError::SourceKept { target: path.clone(), reason: Box::new(reason) };
    let unreadable = |source| kept(TransferError::Source { path: transfer.planned.source.clone(), source });
    let source = match folders.entry(&transfer.planned.source) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return absent_disk(transfer).map_or(Ok(Outcome::Moved { target: path.clone(), unkept }), |e| Err(kept(e)));
        }
        source => source.map_err(unreadable)?,
    };
    match source.open() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => {
            let (file, seen) = opened.map_err(unreadable)?;
            let is_same = hash_open(&file).is_ok_and(|found| found == transfer.planned.hash);
            let copy = target.open_hashed().ok().filter(|(_, _, hash)| *hash == Some(transfer.planned.hash));
            let (true, Some((_, copy_seen, _))) = (is_same, copy) else {
                return Err(kept(TransferError::SourceChanged { path: transfer.planned.source.clone() }));
            };
            let removal = Removal::of_source(source.clone(), seen, target.clone(), copy_seen);
            removal.carry_out(transfer).map_err(kept)?;
        }
    }
    // Without this, loss of power may bring the source back after the session has forgotten it.
    source.folder.sync().map_err(|source| TransferError::NotOnDisk { target: path.clone(), source })?;
    Ok(Outcome::Moved { target: path, unkept })
}

/// An error where the source is not there because its disk is not.
fn absent_disk(transfer: &PreparedTransfer) -> Option<TransferError> {
    let folder = transfer.planned.source.parent()?;
    is_disk_absent(folder, transfer.device).then(|| TransferError::OtherDisk { folder: folder.to_owned() })
}

/// Brings a file and its name to disk.
fn bring(target: &Entry) -> std::io::Result<()> {
    let mut to_disk = ToDisk::default();
    to_disk.file(target);
    to_disk.bring().of(&target.path()).map_or(Ok(()), Err)
}

/// A rename either happened or did not, or the file has both names: the source is gone and the content is under one of
/// the names, or not. Where it is in neither place, somebody has moved it since, or its folder: that is told.
fn recover_rename(
    transfer: &PreparedTransfer,
    folder: Option<&Rc<Folder>>,
    folders: &Folders,
) -> Result<Outcome, TransferError> {
    if let Some(folder) = folder
        && let Some((target, _)) = end_renaming(transfer, folders, folder)?
    {
        return bring_again(transfer, Action::Move, &target, folders);
    }
    if let Some(error) = absent_disk(transfer) {
        return Err(error);
    }
    match folders.entry(&transfer.planned.source).and_then(|source| source.find()) {
        Ok(_) => return Err(TransferError::Abandoned),
        Err(error) if is_gone(&error) => {}
        Err(source) => return Err(TransferError::NotRecovered { path: transfer.planned.source.clone(), source }),
    }
    let missing =
        || TransferError::Missing { path: transfer.planned.source.clone(), folder: transfer.planned.folder.clone() };
    let target = folder.map(|folder| find_target(transfer, folder, |entry| entry.holds(transfer.planned.hash)));
    match target.unwrap_or(Err(TransferError::Abandoned)) {
        Err(TransferError::Abandoned) => Err(missing()),
        target => bring_again(transfer, Action::Move, &target?, folders),
    }
}

/// Brings to disk what a transfer did: the file that it put somewhere, and the folder that one has left.
fn bring_again(
    transfer: &PreparedTransfer,
    action: Action,
    target: &Entry,
    folders: &Folders,
) -> Result<Outcome, TransferError> {
    let path = target.path();
    let not_on_disk = |source| TransferError::NotOnDisk { target: path.clone(), source };
    // A later transfer may have taken it away.
    match target.find() {
        Err(error) if error.kind() == ErrorKind::NotFound => target.folder.sync().map_err(not_on_disk)?,
        _ => bring(target).map_err(not_on_disk)?,
    }
    match folders.entry(&transfer.planned.source) {
        // The folder may have been removed with the last file in it.
        Err(error) if error.kind() == ErrorKind::NotFound && absent_disk(transfer).is_none() => {}
        source => source.and_then(|source| source.folder.sync()).map_err(not_on_disk)?,
    }
    let unkept = Unkept::default();
    Ok(match action {
        Action::Copy => Outcome::Copied { target: path, unkept },
        Action::Move => Outcome::Moved { target: path, unkept },
        Action::Remove => Outcome::Removed { witness: path },
    })
}

/// A removal either happened or did not. Where it did, its folder is brought to disk.
fn recover_removal(transfer: &PreparedTransfer, folders: &Folders) -> Result<Outcome, TransferError> {
    let witness = transfer.planned.folder.join(transfer.planned.names.first().map(PathBuf::from).unwrap_or_default());
    let not_on_disk = |source| TransferError::NotOnDisk { target: witness.clone(), source };
    let unfinished = |source| TransferError::NotRecovered { path: transfer.planned.source.clone(), source };
    match folders.entry(&transfer.planned.source) {
        Err(error) if is_gone(&error) => {
            if let Some(error) = absent_disk(transfer) {
                return Err(error);
            }
        }
        Err(error) => return Err(unfinished(error)),
        Ok(source) => match source.find() {
            Err(error) if error.kind() == ErrorKind::NotFound => source.folder.sync().map_err(not_on_disk)?,
            Err(error) => return Err(unfinished(error)),
            Ok(_) => return Err(TransferError::Abandoned),
        },
    }
    Ok(Outcome::Removed { witness })
}
