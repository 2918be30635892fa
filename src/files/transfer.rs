//! Copying and moving a file so that nothing is lost on any path out.
//!
//! 1. The copy is written under a temporary name in the target folder and hashed on the way.
//! 2. The source must still be what was classified: same hash, same file.
//! 3. Times and mode are set, the copy is brought to disk, read again and hashed again.
//! 4. It gets its name only if that name is free; the folder is brought to disk.
//! 5. A move removes the source only now, and only if it is still that file.
//!
//! Nothing is ever overwritten. Each step is told to a [`Journal`] before or after it is done.

use std::ffi::OsString;
use std::fs::{File, FileTimes, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::durable::{sync_folder, temporary_file};
use super::read::{open_regular, stamp_of};
use crate::domain::picture::{ContentHash, FileStamp};
use crate::domain::plan::{PlannedTransfer, name_candidates};
use crate::domain::settings::Operation;

/// Bytes that are read and written at a time.
const BLOCK: usize = 1 << 20;

/// A step of a transfer, in the order in which they happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// About to begin.
    Planned,
    /// The copy is on disk, whole and verified, under a temporary name.
    Copied {
        /// Its temporary place.
        temporary: PathBuf,
    },
    /// The copy has its name.
    Published {
        /// Its place.
        target: PathBuf,
    },
    /// The source is gone, after a move.
    Unlinked,
}

/// Who is told of every step. An error stops the transfer where it is: what cannot be recorded is not done.
pub trait Journal {
    /// A step of the transfer of `planned`.
    fn record(&mut self, planned: &PlannedTransfer, step: &Step) -> io::Result<()>;
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The copy has its name; the source stays.
    Copied {
        /// The copy.
        target: PathBuf,
    },
    /// The copy has its name; the source is gone.
    Moved {
        /// The copy.
        target: PathBuf,
    },
    /// A file with the same content has the name already; the source stays.
    AlreadyPresent {
        /// That file.
        target: PathBuf,
    },
}

impl Outcome {
    /// Where the content is now.
    pub fn target(&self) -> &Path {
        match self {
            Outcome::Copied { target } | Outcome::Moved { target } | Outcome::AlreadyPresent { target } => target,
        }
    }

    /// The word for it in `output.csv` and in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Copied { .. } => "copied",
            Outcome::Moved { .. } => "moved",
            Outcome::AlreadyPresent { .. } => "already present",
        }
    }
}

/// Why a file was not transferred. The source is where it was in every case.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The source is not what was classified.
    #[error("{path} changed since it was classified")]
    SourceChanged {
        /// The source.
        path: PathBuf,
    },
    /// The source cannot be read.
    #[error("{path} cannot be read")]
    Source {
        /// The source.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy cannot be written.
    #[error("{path} cannot be written")]
    Target {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("the copy in {folder} does not read back as it was written")]
    NotAsWritten {
        /// The folder.
        folder: PathBuf,
    },
    /// The label's folder is a link or a file, or leads out of the destination.
    #[error("{path} is not a folder of the destination")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Every name that the file could have is taken by another content.
    #[error("no free name in {folder}")]
    NoFreeName {
        /// The folder.
        folder: PathBuf,
    },
    /// The copy is there, but the source could not be removed: both are whole.
    #[error("{path} was copied but cannot be removed")]
    NotRemoved {
        /// The source.
        path: PathBuf,
        /// The copy.
        target: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal did not take a step.
    #[error("the step could not be recorded")]
    Journal(#[source] io::Error),
}

/// Transfers one file into its folder under `destination`.
pub fn transfer(
    planned: &PlannedTransfer,
    destination: &Path,
    operation: Operation,
    journal: &mut impl Journal,
) -> Result<Outcome, TransferError> {
    let folder = make_folder(destination, &planned.folder)?;
    let mut record = |step: &Step| journal.record(planned, step).map_err(TransferError::Journal);
    record(&Step::Planned)?;
    let names: Vec<OsString> = names(planned);
    if let Some(target) = present_already(&folder, &names, planned.hash) {
        return Ok(Outcome::AlreadyPresent { target });
    }
    let copy = copy_verified(planned, &folder)?;
    record(&Step::Copied { temporary: copy.path().to_owned() })?;
    let published = publish(copy, &folder, &names, planned.hash)?;
    if let Outcome::Copied { target } = &published {
        record(&Step::Published { target: target.clone() })?;
    }
    match (operation, published) {
        (Operation::Move, Outcome::Copied { target }) => {
            unlink_source(planned, &target)?;
            record(&Step::Unlinked)?;
            Ok(Outcome::Moved { target })
        }
        (_, outcome) => Ok(outcome),
    }
}

/// The names to try: the planned one first, then those that its own name would get.
fn names(planned: &PlannedTransfer) -> Vec<OsString> {
    let own = planned.source.file_name().unwrap_or(&planned.file_name);
    let suffixed = name_candidates(own, planned.hash).skip(1);
    std::iter::once(planned.file_name.clone()).chain(suffixed.filter(|name| *name != planned.file_name)).collect()
}

/// Makes the label's folder, which must be a real folder right under the destination.
fn make_folder(destination: &Path, name: &str) -> Result<PathBuf, TransferError> {
    let folder = destination.join(name);
    let failed = |source| TransferError::Target { path: folder.clone(), source };
    match std::fs::create_dir(&folder) {
        Ok(()) => sync_folder(destination).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !std::fs::symlink_metadata(&folder).map_err(failed)?.is_dir() {
                return Err(TransferError::NotAFolder { path: folder });
            }
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(folder)
}

/// The first of the names in use, up to the first free one, that has the same content.
fn present_already(folder: &Path, names: &[OsString], hash: ContentHash) -> Option<PathBuf> {
    let targets = names.iter().map(|name| folder.join(name));
    let mut taken = targets.take_while(|target| std::fs::symlink_metadata(target).is_ok());
    taken.find(|target| hash_of(target).is_ok_and(|found| found == hash))
}

fn hash_of(path: &Path) -> io::Result<ContentHash> {
    let (mut file, _) = open_regular(path)?;
    Ok(copy_and_hash(&mut file, &mut io::sink())?)
}

/// A whole, verified copy of the source under a temporary name, removed again if anything goes wrong.
fn copy_verified(planned: &PlannedTransfer, folder: &Path) -> Result<NamedTempFile, TransferError> {
    let unreadable = |source| TransferError::Source { path: planned.source.clone(), source };
    let unwritable = |source| TransferError::Target { path: folder.to_owned(), source };
    let changed = || TransferError::SourceChanged { path: planned.source.clone() };
    let (mut source, metadata) = open_regular(&planned.source).map_err(unreadable)?;
    if stamp_of(&metadata) != planned.stamp {
        return Err(changed());
    }
    let mut copy = temporary_file(folder).map_err(unwritable)?;
    let hash = match copy_and_hash(&mut source, copy.as_file_mut()) {
        Ok(hash) => hash,
        Err(CopyError::Read(error)) => return Err(unreadable(error)),
        Err(CopyError::Write(error)) => return Err(unwritable(error)),
    };
    if hash != planned.hash || stamp_of(&source.metadata().map_err(unreadable)?) != planned.stamp {
        return Err(changed());
    }
    keep_times_and_mode(copy.as_file(), &metadata).map_err(unwritable)?;
    copy.as_file().sync_all().map_err(unwritable)?;
    match hash_of(copy.path()) {
        Ok(found) if found == planned.hash => Ok(copy),
        Ok(_) => Err(TransferError::NotAsWritten { folder: folder.to_owned() }),
        Err(error) => Err(unwritable(error)),
    }
}

/// Which side of a copy failed.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

impl From<CopyError> for io::Error {
    fn from(error: CopyError) -> io::Error {
        match error {
            CopyError::Read(error) | CopyError::Write(error) => error,
        }
    }
}

/// One loop that reads, hashes and writes. The kernel's own copying is not used: it has left holes and wrong lengths
/// on some file systems, and the bytes have to pass by here anyway.
fn copy_and_hash(from: &mut File, to: &mut impl Write) -> Result<ContentHash, CopyError> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(ContentHash(hasher.finalize().into())),
            Ok(count) => {
                hasher.update(&block[..count]);
                to.write_all(&block[..count]).map_err(CopyError::Write)?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

fn keep_times_and_mode(copy: &File, source: &std::fs::Metadata) -> io::Result<()> {
    let times = FileTimes::new().set_accessed(source.accessed()?).set_modified(source.modified()?);
    copy.set_times(times)?;
    // Set-user and set-group bits are not for a copy that may have another owner.
    copy.set_permissions(Permissions::from_mode(source.permissions().mode() & 0o777))
}

/// Gives the copy the first name that is free.
fn publish(
    mut copy: NamedTempFile,
    folder: &Path,
    names: &[OsString],
    hash: ContentHash,
) -> Result<Outcome, TransferError> {
    for name in names {
        let target = folder.join(name);
        match copy.persist_noclobber(&target) {
            Ok(_) => {
                sync_folder(folder).map_err(|source| TransferError::Target { path: folder.to_owned(), source })?;
                return Ok(Outcome::Copied { target });
            }
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
                if hash_of(&target).is_ok_and(|found| found == hash) {
                    return Ok(Outcome::AlreadyPresent { target });
                }
                copy = failed.file;
            }
            Err(failed) => return Err(TransferError::Target { path: target, source: failed.error }),
        }
    }
    Err(TransferError::NoFreeName { folder: folder.to_owned() })
}

/// Removes the source of a move, if it is still the file that was copied.
fn unlink_source(planned: &PlannedTransfer, target: &Path) -> Result<(), TransferError> {
    let path = &planned.source;
    let not_removed = |source| TransferError::NotRemoved { path: path.clone(), target: target.to_owned(), source };
    let now: FileStamp = stamp_of(&std::fs::symlink_metadata(path).map_err(not_removed)?);
    if now != planned.stamp {
        return Err(TransferError::SourceChanged { path: path.clone() });
    }
    std::fs::remove_file(path).map_err(not_removed)?;
    path.parent().map_or(Ok(()), sync_folder).map_err(not_removed)
}
