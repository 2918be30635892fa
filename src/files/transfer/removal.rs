//! Removing a file so that nothing goes but that very file, and not while its content is nowhere else.
//!
//! A file cannot be removed by what it is, only by its name, and somebody may put another file under that name at any
//! time. So the name is taken away first: the file gets a private one, is looked at under it, and goes only if it is
//! the file that was hashed. Anything else gets its name back.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::unmoved::is_unmoved;
use super::{PreparedTransfer, TransferError};
use crate::crash::{self, Moment};
use crate::domain::plan::name_candidates;
use crate::domain::printable::printable;
use crate::files::folder::FileStat;
use crate::files::folders::{Entry, Folders};
use crate::files::free_name::{release, rename_aside, rename_to_free_name};
use crate::files::lease::{Writers, writers};

/// A file that is to go, with what it was when it was hashed, and the file that its content stays in.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) leaving: Entry,
    seen: FileStat,
    pub(super) witness: Entry,
    witness_seen: FileStat,
}

impl Removal {
    /// The removal that a transfer of the kind `Remove` asks for: the file must be as planned, and the witness whole.
    pub(super) fn find(transfer: &PreparedTransfer, folders: &Folders) -> Result<Removal, TransferError> {
        let unreadable = |source| TransferError::Source { path: transfer.planned.source.clone(), source };
        let leaving = folders.entry(&transfer.planned.source).map_err(unreadable)?;
        let (_, seen, hash) = leaving.open_hashed().map_err(unreadable)?;
        if hash != Some(transfer.planned.hash) {
            return Err(TransferError::SourceChanged { path: transfer.planned.source.clone() });
        }
        let witness =
            transfer.planned.folder.join(transfer.planned.names.first().map(PathBuf::from).unwrap_or_default());
        let found = folders.entry(&witness).ok().and_then(|entry| whole(&entry, transfer).map(|seen| (entry, seen)));
        match found {
            // Another name of the same file is no second copy.
            Some((witness, witness_seen)) if !witness_seen.is_same_file(&seen) => {
                Ok(Removal { leaving, seen, witness, witness_seen })
            }
            _ => Err(TransferError::NoWitness { path: transfer.planned.source.clone(), witness }),
        }
    }

    /// The source of a move, as it was while it was copied, with its copy as the witness, as it was when it was whole.
    pub(super) fn of_source(leaving: Entry, seen: FileStat, witness: Entry, witness_seen: FileStat) -> Removal {
        Removal { leaving, seen, witness, witness_seen }
    }

    /// Where numbers are invented the witness could be the very file that is leaving, under another spelling of its
    /// name, and what the system tells of it could be remembered: it is read.
    fn is_witness_there(&self, transfer: &PreparedTransfer) -> bool {
        match self.witness.folder.keeps_numbers() {
            true => {
                self.witness.find().is_ok_and(|now| is_as_hashed(&self.witness, &now, &self.witness_seen, transfer))
            }
            false => whole(&self.witness, transfer).is_some(),
        }
    }

    /// Removes it. The witness must be on disk.
    pub(super) fn carry_out(&self, transfer: &PreparedTransfer) -> Result<(), TransferError> {
        let path = || transfer.planned.source.clone();
        let not_removed = |source| TransferError::NotRemoved { path: path(), source };
        let (file, found) = self.leaving.open().map_err(not_removed)?;
        let lease = match writers(&file) {
            Writers::Some => return Err(TransferError::InUse { path: path() }),
            Writers::None(lease) => Some(lease),
            Writers::Unknown => None,
        };
        // Looked at once more: from here on nobody writes into it, where the system let us ask for that.
        let now = FileStat::of(&file.metadata().map_err(not_removed)?);
        if (self.leaving.folder.keeps_numbers() && now != found)
            || !is_as_hashed(&self.leaving, &now, &self.seen, transfer)
        {
            return Err(TransferError::SourceChanged { path: path() });
        }
        let Entry { folder, name } = &self.leaving;
        rename_aside(folder, name, &transfer.leaving).map_err(|source| match is_unmoved(&self.leaving, &now) {
            true => not_removed(source),
            // The answer of a server may have been lost: the next run finds out what was done.
            false => TransferError::NotRecovered { path: path(), source },
        })?;
        crash::point(Moment::MovedAside);
        let aside = self.leaving.beside(&transfer.leaving);
        let refusal = if !is_it(&aside, &now, transfer) {
            Some(TransferError::SourceChanged { path: path() })
        } else if lease.as_ref().is_some_and(|lease| !lease.is_undisputed()) {
            // It is held until the file is gone: who opens it now waits, and cannot write into a file that goes.
            Some(TransferError::InUse { path: path() })
        } else if !self.is_witness_there(transfer) {
            // Last, as nothing holds the witness.
            Some(TransferError::NoWitness { path: path(), witness: self.witness.path() })
        } else {
            folder.remove(&transfer.leaving).err().map(not_removed)
        };
        match refusal {
            Some(error) => Err(put_back(&aside, name, error)),
            None => {
                crash::point(Moment::Unlinked);
                Ok(())
            }
        }
    }
}

/// The facts about a file that has the transfer's content; none of another one, or one that changes.
fn whole(entry: &Entry, transfer: &PreparedTransfer) -> Option<FileStat> {
    let (_, seen, hash) = entry.open_hashed().ok()?;
    (hash == Some(transfer.planned.hash)).then_some(seen)
}

/// True where a file is as it was when it was hashed. Its content tells where its number and times may change by
/// themselves, and where it has got or lost another name, which is a change too.
fn is_as_hashed(entry: &Entry, now: &FileStat, seen: &FileStat, transfer: &PreparedTransfer) -> bool {
    let keeps_numbers = entry.folder.keeps_numbers();
    let may_differ = !keeps_numbers || (now.stamp == seen.stamp && now.links != seen.links);
    now.is_as(seen, keeps_numbers) || (may_differ && whole(entry, transfer).is_some())
}

/// True where the file under its private name is the one that was looked at. Where its number and times may change by
/// themselves its content tells.
fn is_it(aside: &Entry, seen: &FileStat, transfer: &PreparedTransfer) -> bool {
    let is_same = aside.find().is_ok_and(|there| there.stamp == seen.stamp);
    is_same || (!aside.folder.keeps_numbers() && aside.has(transfer.planned.hash))
}

/// Gives what was moved aside its name back, or where that has been taken meanwhile a name beside it. Gives the error
/// to tell: the one that led here, or where the file is now.
pub(super) fn put_back(aside: &Entry, name: &OsStr, error: TransferError) -> TransferError {
    let path = aside.folder.path().join(name);
    match give_back_name(aside, name) {
        Ok(None) => error,
        Ok(Some(beside)) => TransferError::PutBeside { path, beside: aside.folder.path().join(beside) },
        Err(failed) => {
            tracing::error!("a file keeps its private name: {failed}");
            TransferError::Aside { path, aside: aside.path(), source: failed }
        }
    }
}

/// The first free one of a file's name and names made from it; nothing where its own was free.
fn give_back_name(aside: &Entry, name: &OsStr) -> io::Result<Option<OsString>> {
    let folder = &aside.folder;
    match rename_to_free_name(folder, &aside.name, folder, name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        renamed => return renamed.map(|()| None),
    }
    for candidate in name_candidates(name, aside.hash()?).skip(1) {
        match rename_to_free_name(folder, &aside.name, folder, &candidate) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            renamed => return renamed.map(|()| Some(candidate)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Where numbers are invented two files may have the same one.
fn is_same_content(one: &Entry, other: &Entry) -> io::Result<bool> {
    Ok(one.folder.keeps_numbers() || one.hash()? == other.hash()?)
}

/// A file that a killed program left under a private name gets its own back, so that the transfer can be looked at
/// anew.
pub(super) fn put_back_left(source: &Entry, transfer: &PreparedTransfer) -> io::Result<()> {
    let aside = source.beside(&transfer.leaving);
    let left = match aside.find() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        left => left?,
    };
    release(&source.folder, &source.name, &transfer.leaving)?;
    match source.find() {
        // It had both names for a moment.
        Ok(there) if there.is_same_file(&left) && left.links > 1 && is_same_content(source, &aside)? => {
            aside.folder.remove(&aside.name)?
        }
        _ => {
            if let Some(beside) = give_back_name(&aside, &source.name)? {
                tracing::warn!(file = printable(&beside), "another file has its name");
            }
        }
    }
    source.folder.sync()
}
