//! What became of a transfer that a killed program left unfinished.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::batch::unlink;
use super::metadata::Unkept;
use super::{Outcome, Transfer, TransferError};
use crate::domain::printable::printable;
use crate::domain::run::Action;
use crate::files::durable::sync_folder;
use crate::files::read::{hash_file, hash_open, open_regular, stamp_of};

/// How far the journal knows a transfer to have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// It was planned, and may have been begun.
    Planned,
    /// Its copy was whole under the temporary name, with this number on its file system.
    Copied {
        /// The number.
        inode: u64,
    },
    /// Its copy has its name.
    Published {
        /// The copy.
        target: PathBuf,
    },
}

/// Finds out what became of a transfer, cleans up after it and, where a copy has its name already, finishes it. It can
/// be called again at any time with the same result.
pub fn recover(transfer: &Transfer, reached: &Reached) -> Result<Outcome, TransferError> {
    let temporary = transfer.folder.join(&transfer.temporary);
    if let Err(error) = std::fs::remove_file(&temporary)
        && error.kind() != std::io::ErrorKind::NotFound
        && error.kind() != std::io::ErrorKind::NotADirectory
    {
        tracing::warn!(file = printable(temporary), "a temporary file is left: {error}");
    }
    match (transfer.action, reached) {
        (Action::Remove, _) => recover_removal(transfer),
        (Action::Move, Reached::Planned) => recover_rename(transfer),
        (Action::Copy, Reached::Planned) => Err(TransferError::Abandoned),
        (action, Reached::Copied { inode }) => match copy_with(transfer, *inode) {
            Some(target) => finish(transfer, action, target),
            None => Err(TransferError::Abandoned),
        },
        (action, Reached::Published { target }) => finish(transfer, action, target.clone()),
    }
}

/// The copy under one of its names.
fn copy_with(transfer: &Transfer, inode: u64) -> Option<PathBuf> {
    let mut targets = transfer.names.iter().map(|name| transfer.folder.join(name));
    targets.find(|target| {
        let is_it = std::fs::symlink_metadata(target).is_ok_and(|found| found.is_file() && found.ino() == inode);
        is_it && hash_file(target).is_ok_and(|found| found == transfer.hash)
    })
}

/// A copy that has its name: a move goes on to remove the source, if that is still there with the same content.
fn finish(transfer: &Transfer, action: Action, target: PathBuf) -> Result<Outcome, TransferError> {
    let unwritable = |source| TransferError::Target { path: transfer.folder.clone(), source };
    sync_folder(&transfer.folder).map_err(unwritable)?;
    let unkept = Unkept::default();
    if action == Action::Copy {
        return Ok(Outcome::Copied { target, unkept });
    }
    match open_regular(&transfer.source) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Outcome::Moved { target, unkept }),
        Err(source) => {
            let reason = TransferError::Source { path: transfer.source.clone(), source };
            Err(TransferError::SourceKept { target, reason: Box::new(reason) })
        }
        Ok((mut source, metadata)) => {
            let is_copied = |path: &PathBuf| hash_file(path).is_ok_and(|found| found == transfer.hash);
            let is_same = hash_open(&mut source).is_ok_and(|found| found == transfer.hash);
            let unlinked = match is_same && is_copied(&target) {
                true => unlink(&transfer.source, stamp_of(&metadata)),
                false => Err(TransferError::SourceChanged { path: transfer.source.clone() }),
            };
            match unlinked {
                Ok(()) => Ok(Outcome::Moved { target, unkept }),
                Err(reason) => Err(TransferError::SourceKept { target, reason: Box::new(reason) }),
            }
        }
    }
}

/// A rename either happened or did not: the source is gone and the content is under one of the names, or not.
fn recover_rename(transfer: &Transfer) -> Result<Outcome, TransferError> {
    if std::fs::symlink_metadata(&transfer.source).is_ok() {
        return Err(TransferError::Abandoned);
    }
    let mut targets = transfer.names.iter().map(|name| transfer.folder.join(name));
    match targets.find(|target| hash_file(target).is_ok_and(|found| found == transfer.hash)) {
        Some(target) => {
            let unwritable = |source| TransferError::Target { path: transfer.folder.clone(), source };
            sync_folder(&transfer.folder).map_err(unwritable)?;
            Ok(Outcome::Moved { target, unkept: Unkept::default() })
        }
        None => Err(TransferError::Abandoned),
    }
}

fn recover_removal(transfer: &Transfer) -> Result<Outcome, TransferError> {
    match std::fs::symlink_metadata(&transfer.source) {
        Ok(_) => Err(TransferError::Abandoned),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(TransferError::Abandoned),
        Err(_) => {
            let witness = transfer.folder.join(transfer.names.first().map(PathBuf::from).unwrap_or_default());
            Ok(Outcome::Removed { witness })
        }
    }
}
