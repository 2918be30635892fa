//! The place that a file gets: its folder, and the first of its names that is free.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::rc::Rc;

use super::copy::Copy;
use super::state::State;
use super::{Outcome, PreparedTransfer, TransferError};
use crate::crash::{self, Moment};
use crate::domain::portable_name::portable_file_name;
use crate::files::folder::{FileStat, Folder};
use crate::files::folders::{Entry, Folders};
use crate::files::free_name::{is_halfway, is_name_refused, release};

/// Opens the folder, which must be a real one, and makes it where it is missing.
pub(super) fn open_folder(transfer: &PreparedTransfer, folders: &Folders) -> Result<Rc<Folder>, TransferError> {
    match folders.open_or_make(&transfer.planned.folder, transfer.makes_parents()) {
        Ok((folder, is_made)) => {
            if is_made {
                crash::point(Moment::FolderMade);
            }
            Ok(folder)
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            let path = transfer.planned.folder.clone();
            Err(if transfer.makes_parents() {
                TransferError::NoWayBack { path }
            } else {
                TransferError::NotAFolder { path }
            })
        }
        Err(source) => Err(TransferError::Target { path: transfer.planned.folder.clone(), source }),
    }
}

/// The names of a transfer in its folder.
pub(super) fn entries<'t>(transfer: &'t PreparedTransfer, folder: &'t Rc<Folder>) -> impl Iterator<Item = Entry> + 't {
    transfer.planned.names.iter().map(|name| Entry { folder: folder.clone(), name: name.clone() })
}

/// The first of the names in use, up to the first free one, that has the same content.
pub(super) fn present_already(transfer: &PreparedTransfer, folder: &Rc<Folder>) -> Option<Entry> {
    let mut taken = entries(transfer, folder).take_while(|entry| entry.find().is_ok());
    taken.find(|entry| entry.has(transfer.planned.hash))
}

/// How giving a file one of its names went.
pub(super) enum Named {
    /// It has this name.
    Given(Entry),
    /// A file with the same content has this one.
    Present(Entry),
}

/// Gives a file the first of its names that is free. Where the file system refuses a name, the same one as any takes it
/// is next.
pub(super) fn give_name(
    transfer: &PreparedTransfer,
    folder: &Rc<Folder>,
    mut rename: impl FnMut(&Entry) -> std::io::Result<()>,
) -> Result<Named, TransferError> {
    let mut refused: Option<(Entry, std::io::Error)> = None;
    let mut next = 0;
    while let Some(name) = transfer.planned.names.get(next) {
        let entry = Entry { folder: folder.clone(), name: name.clone() };
        next += 1;
        match rename(&entry) {
            Ok(()) => return Ok(Named::Given(entry)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if entry.has(transfer.planned.hash) {
                    return Ok(Named::Present(entry));
                }
            }
            Err(error) if is_name_refused(&error) => {
                let portable = portable_file_name(&entry.name);
                let found = transfer.planned.names.iter().position(|name| *name == portable);
                next = next.max(found.unwrap_or_default());
                refused = refused.or(Some((entry, error)));
            }
            Err(source) => return Err(TransferError::Target { path: entry.path(), source }),
        }
    }
    Err(match refused {
        Some((entry, source)) => TransferError::Target { path: entry.path(), source },
        None => no_free_name(transfer),
    })
}

fn no_free_name(transfer: &PreparedTransfer) -> TransferError {
    let name = transfer.planned.names.first().map_or(Path::new(""), Path::new);
    TransferError::NoFreeName { path: transfer.planned.folder.join(name) }
}

/// Gives a copy its name. It must be what was written when it has got it.
pub(super) fn publish(transfer: &PreparedTransfer, copy: Copy, written: &FileStat) -> State {
    let Copy { mut staged, copied_from, unkept } = copy;
    let folder = staged.folder().clone();
    match give_name(transfer, &folder, |entry| staged.rename(&entry.name)) {
        Ok(Named::Given(target)) => {
            crash::point(Moment::Published);
            match target.find() {
                Ok(seen) if seen.stamp == written.stamp || is_copy_still(&target, transfer) => {
                    State::Published { target, seen, copied_from, unkept }
                }
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    // An error that passes says nothing of the copy: the next run finds out what became of it.
                    State::Ended(Err(TransferError::NotRecovered { path: target.path(), source }))
                }
                _ => State::Ended(Err(TransferError::TargetChanged { path: target.path() })),
            }
        }
        Ok(Named::Present(entry)) => State::Ended(Ok(Outcome::AlreadyPresent { target: entry.path() })),
        // The answer of a server may have been lost: the next run finds out what was done.
        Err(TransferError::Target { path, source }) if is_halfway(&source) || is_named(transfer, &folder, written) => {
            State::Ended(Err(TransferError::NotRecovered { path, source }))
        }
        Err(error) => State::Ended(Err(error)),
    }
}

/// True where the copy has one of its names, or that cannot be told.
fn is_named(transfer: &PreparedTransfer, folder: &Rc<Folder>, written: &FileStat) -> bool {
    entries(transfer, folder).any(|entry| match entry.find() {
        Ok(there) => there.stamp == written.stamp,
        Err(error) => error.kind() != ErrorKind::NotFound && !is_name_refused(&error),
    })
}

/// Where a file system invents numbers and times the content tells whether the copy is what was written.
fn is_copy_still(target: &Entry, transfer: &PreparedTransfer) -> bool {
    !target.folder.keeps_numbers() && target.has(transfer.planned.hash)
}

/// Removes reservations of names that a killed program has left.
pub(super) fn release_names(transfer: &PreparedTransfer, folder: &Rc<Folder>) -> io::Result<()> {
    let own_name = transfer.planned.source.file_name().unwrap_or_default();
    for entry in entries(transfer, folder) {
        for name in [transfer.temporary.as_os_str(), own_name] {
            release(folder, &entry.name, name)?;
        }
    }
    Ok(())
}
