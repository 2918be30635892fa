//! Files that are there twice: one was to be moved to where its content is already.

use std::path::{Path, PathBuf};

use crate::domain::run::Action;
use crate::domain::transfer::{ReliesOn, Transfer};
use crate::files::transfer::{Ended, Outcome, TransferError, has_all_of};

/// A file of ours that was to be moved to where its content is already.
#[derive(Debug)]
pub(super) struct Duplicate {
    transfer: Transfer,
    /// The other file with its content.
    twin: PathBuf,
}

impl Duplicate {
    /// Of a transfer of a file of ours that ended so.
    pub(super) fn of(transfer: &Transfer, ended: &Ended) -> Option<Duplicate> {
        match ended {
            Ok(Outcome::AlreadyPresent { target }) if transfer.action == Action::Move => {
                Some(Duplicate { transfer: transfer.clone(), twin: target.clone() })
            }
            _ => None,
        }
    }

    /// The other file with its content.
    pub(super) fn twin(&self) -> &Path {
        &self.twin
    }

    /// The removal of our file, with the other one as witness; none where times, mode or attributes would be lost with
    /// it.
    pub(super) fn removal(&self) -> Option<Transfer> {
        let (folder, name) = (self.twin.parent()?.to_owned(), self.twin.file_name()?.to_owned());
        has_all_of(&self.twin, &self.transfer.source, self.transfer.restores).then(|| Transfer {
            action: Action::Remove,
            folder,
            names: vec![name],
            relies_on: ReliesOn::Nothing,
            ..self.transfer.clone()
        })
    }

    /// The same under the next of its names.
    pub(super) fn beside(&self) -> Option<Transfer> {
        let names = &self.transfer.names;
        let taken = names.iter().position(|name| Some(name.as_os_str()) == self.twin.file_name())?;
        let names = names.get(taken + 1..).filter(|names| !names.is_empty())?.to_vec();
        Some(Transfer { names, ..self.transfer.clone() })
    }

    /// The error where both stay.
    pub(super) fn stays(self) -> TransferError {
        TransferError::OtherTwin { path: self.transfer.source, twin: self.twin }
    }
}
