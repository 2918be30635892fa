//! Checks, before any work is done, whether a destination can take files.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::durable::{make_folders, nameless_file, share_blocks};
use super::read::open_regular;
use crate::domain::plan::PlannedTransfer;
use crate::domain::run::Action;
use crate::file_system::free_space;
use crate::file_system::without_journal;
use crate::rights::Rights;

/// A destination cannot take files.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// It is the source.
    #[error("{folder} is the source as well")]
    SameAsSource {
        /// The folder.
        folder: PathBuf,
    },
    /// There is a file of that name.
    #[error("{path} is no folder")]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// It cannot be made or written to.
    #[error("{folder} cannot be written to")]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The files do not fit.
    #[error("{folder} has {free} bytes free, {needed} are needed")]
    Full {
        /// The folder.
        folder: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
}

/// A promise that cannot be kept in a folder, to be known before the first file goes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// The folder.
    pub folder: PathBuf,
    /// The kind of its file system, which keeps no journal.
    pub kind: String,
}

/// The promise that a folder cannot keep: see [`Weakness`].
pub fn weakness(folder: &Path) -> Option<Weakness> {
    without_journal(folder).map(|kind| Weakness { folder: folder.to_owned(), kind })
}

/// Checks a destination without touching it.
pub fn check(destination: &Path, source: &Path) -> Result<(), DestinationError> {
    let folder = destination.to_owned();
    match (destination.canonicalize(), source.canonicalize()) {
        (Ok(d), Ok(s)) if d == s => Err(DestinationError::SameAsSource { folder }),
        (Ok(path), _) if !path.is_dir() => Err(DestinationError::NoFolder { path: folder }),
        _ => Ok(()),
    }
}

/// Makes the destination where it is not there, and proves that a file can be made in it.
pub fn prepare(destination: &Path) -> Result<(), DestinationError> {
    let not_writable = |source| DestinationError::NotWritable { folder: destination.to_owned(), source };
    let is_there = destination.exists();
    make_folders(destination).map_err(not_writable)?;
    if !is_there {
        Rights::close(destination);
    }
    nameless_file(destination).map_err(not_writable).map(drop)
}

/// Checks that what a plan adds to the destination fits.
pub fn check_room(destination: &Path, plan: &[PlannedTransfer]) -> Result<(), DestinationError> {
    let needed = bytes_needed(destination, plan);
    match free_space(destination) {
        Some(free) if free < needed => Err(DestinationError::Full { folder: destination.to_owned(), free, needed }),
        // A file system that does not tell is tried; a full one is noticed when it is.
        _ => Ok(()),
    }
}

/// A file that is moved on one file system needs no room, nor does a copy where the file system lets it share its
/// source's blocks. A file that has its name there already needs none either.
fn bytes_needed(destination: &Path, plan: &[PlannedTransfer]) -> u64 {
    let device = std::fs::metadata(destination).map(|metadata| metadata.dev()).ok();
    let mut shares = None;
    let mut needs_none = |planned: &PlannedTransfer| {
        let Ok(source) = std::fs::symlink_metadata(&planned.source) else { return false };
        let is_renamed = planned.action == Action::Move && source.nlink() == 1;
        let is_here = Some(source.dev()) == device;
        is_here && (is_renamed || *shares.get_or_insert_with(|| blocks_are_shared(&planned.source, destination)))
    };
    let is_there = |planned: &PlannedTransfer| destination.join(&planned.folder).join(&planned.file_name).exists();
    plan.iter().filter(|planned| !needs_none(planned) && !is_there(planned)).map(|planned| planned.size).sum()
}

/// Tries it with one file.
fn blocks_are_shared(source: &Path, destination: &Path) -> bool {
    let opened = open_regular(source).and_then(|(source, _)| Ok((source, nameless_file(destination)?)));
    opened.is_ok_and(|(source, copy)| share_blocks(&source, &copy))
}
