//! One whole copy under a temporary name.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::metadata::{self, Unkept};
use super::{Transfer, TransferError};
use crate::crash::{self, Moment};
use crate::domain::picture::{ContentHash, FileStamp};
use crate::files::durable::{named_temporary_file, share_blocks};
use crate::files::read::{hash_file, open_regular, stamp_of};

/// Bytes that are read and written at a time.
const BLOCK: usize = 1 << 20;

/// A copy that has no name yet. It is removed again when this is dropped.
pub(super) struct Copy {
    pub(super) file: NamedTempFile,
    /// The source as it was while it was copied.
    pub(super) copied_from: FileStamp,
    pub(super) unkept: Unkept,
}

/// Copies the source, which must have the planned content, and begins to bring the copy to disk.
pub(super) fn copy(transfer: &Transfer) -> Result<Copy, TransferError> {
    let unreadable = |source| TransferError::Source { path: transfer.source.clone(), source };
    let unwritable = |source| TransferError::Target { path: transfer.folder.clone(), source };
    let changed = || TransferError::SourceChanged { path: transfer.source.clone() };
    let (mut source, metadata) = open_regular(&transfer.source).map_err(unreadable)?;
    if metadata.len() != transfer.size {
        return Err(changed());
    }
    let mut file = named_temporary_file(&transfer.folder, &transfer.temporary).map_err(unwritable)?;
    crash::point(Moment::HalfCopied);
    let hash = match share_blocks(&source, file.as_file()) {
        true => hash_file(file.path()).map_err(unwritable)?,
        false => match copy_and_hash(&mut source, file.as_file_mut(), transfer.size) {
            Ok(hash) => hash,
            Err(CopyError::Read(error)) => return Err(unreadable(error)),
            Err(CopyError::Write(error)) => return Err(unwritable(error)),
        },
    };
    let copied_from = stamp_of(&metadata);
    if hash != transfer.hash || stamp_of(&source.metadata().map_err(unreadable)?) != copied_from {
        return Err(changed());
    }
    let unkept = metadata::keep(file.as_file(), &source, &metadata).map_err(unwritable)?;
    begin_writing(file.as_file());
    crash::point(Moment::Copied);
    Ok(Copy { file, copied_from, unkept })
}

/// Brings the copy to disk and reads it from there. Gives its number on the file system.
pub(super) fn verify(copy: &Copy, hash: ContentHash, folder: &Path) -> Result<u64, TransferError> {
    let unwritable = |source| TransferError::Target { path: folder.to_owned(), source };
    copy.file.as_file().sync_all().map_err(unwritable)?;
    forget_cached(copy.file.as_file());
    match hash_file(copy.file.path()) {
        Ok(found) if found == hash => {}
        Ok(_) => return Err(TransferError::NotAsWritten { folder: folder.to_owned() }),
        Err(error) => return Err(unwritable(error)),
    }
    Ok(stamp_of(&copy.file.as_file().metadata().map_err(unwritable)?).inode)
}

/// Which side of a copy failed.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

/// One loop that reads, hashes and writes. The kernel's own copying is not used: it has left holes and wrong lengths
/// on some file systems, and the bytes have to pass by here anyway.
fn copy_and_hash(from: &mut File, to: &mut impl Write, size: u64) -> Result<ContentHash, CopyError> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK.min(size as usize + 1)];
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

/// Starts writing to the disk without waiting for it, so that the copies of a batch are written together.
#[cfg(target_os = "linux")]
fn begin_writing(file: &File) {
    // Advice is all the safe interface offers; what is not begun here is waited for in `verify`.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn begin_writing(_: &File) {}

/// Drops what the system remembers of a file, so that reading it again reads the disk.
#[cfg(target_os = "linux")]
fn forget_cached(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn forget_cached(_: &File) {}
