//! One whole copy under a temporary name.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::metadata::{self, Attributes};
use super::{PreparedTransfer, TransferError};
use crate::crash::{self, Moment};
use crate::domain::picture::ContentHash;
use crate::domain::unkept::Unkept;
use crate::files::durable::share_blocks;
use crate::files::folder::{FileStat, Folder};
use crate::files::folders::{Entry, Folders};
use crate::files::free_name::rename_to_free_name;
use crate::files::read::hash_open;

/// Bytes that are read and written at a time.
const BLOCK: usize = 1 << 20;

/// A copy that has no name of its own yet. It is removed again when this is dropped.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) staged: Staged,
    /// The source as it was while it was copied.
    pub(super) copied_from: FileStat,
    pub(super) unkept: Unkept,
}

/// A file under a temporary name, which is removed again unless it is given another.
#[derive(Debug)]
pub(super) struct Staged {
    entry: Entry,
    has_own_name: bool,
}

impl Staged {
    fn new(folder: &Rc<Folder>, transfer: &PreparedTransfer) -> io::Result<(Staged, File)> {
        let file = folder.create_new(&transfer.temporary)?;
        let entry = Entry { folder: folder.clone(), name: transfer.temporary.clone() };
        Ok((Staged { entry, has_own_name: false }, file))
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> &Rc<Folder> {
        &self.entry.folder
    }

    /// Gives it a name that is free in its folder.
    pub(super) fn rename(&mut self, name: &OsStr) -> io::Result<()> {
        let Entry { folder, name: temporary } = &self.entry;
        rename_to_free_name(folder, temporary, folder, name)?;
        self.has_own_name = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.has_own_name
            && let Err(error) = self.entry.folder.remove(&self.entry.name)
        {
            tracing::warn!("a temporary file is left: {error}");
        }
    }
}

/// Copies the source, which must have the planned content, and begins to bring the copy to disk.
pub(super) fn copy(transfer: &PreparedTransfer, folders: &Folders, folder: &Rc<Folder>) -> Result<Copy, TransferError> {
    let unreadable = |source| TransferError::Source { path: transfer.planned.source.clone(), source };
    let unwritable = |source| TransferError::Target { path: transfer.planned.folder.clone(), source };
    let changed = || TransferError::SourceChanged { path: transfer.planned.source.clone() };
    let entry = folders.entry(&transfer.planned.source).map_err(unreadable)?;
    let (mut source, copied_from) = entry.open().map_err(unreadable)?;
    if copied_from.stamp.size != transfer.planned.size {
        return Err(changed());
    }
    // Before it is read: reading sets the time of access.
    let metadata = source.metadata().map_err(unreadable)?;
    let (staged, mut file) = Staged::new(folder, transfer).map_err(unwritable)?;
    crash::point(Moment::HalfCopied);
    let hash = match share_blocks(&source, &file) {
        true => staged.entry.hash().map_err(unwritable)?,
        false => match copy_and_hash(&mut source, &mut file, transfer.planned.size) {
            Ok(hash) => hash,
            Err(CopyError::Read(error)) => return Err(unreadable(error)),
            Err(CopyError::Write(error)) => return Err(unwritable(error)),
        },
    };
    // Where numbers and times are invented, the content tells: it is what was read when the transfer was planned.
    let is_as_opened = FileStat::of(&source.metadata().map_err(unreadable)?) == copied_from;
    if hash != transfer.planned.hash || (entry.folder.keeps_numbers() && !is_as_opened) {
        return Err(changed());
    }
    let attributes = Attributes::at(&transfer.planned.source, &source).map_err(unreadable)?;
    let mut unkept =
        metadata::keep((&file, &transfer.planned.folder), &attributes, &metadata, transfer.planned.restores)
            .map_err(unwritable)?;
    // Who may read the source by another right than that of its owner must be able to read the copy, to verify it and
    // to take it back.
    if staged.entry.open().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        metadata::let_owner_read(&file).map_err(unwritable)?;
        unkept.mode = Some(transfer.planned.restores.mode.unwrap_or(metadata.permissions().mode() & 0o7777));
    }
    begin_writing(&file);
    crash::point(Moment::Copied);
    Ok(Copy { staged, copied_from, unkept })
}

/// Brings the copy to disk and reads it from there. Gives what the system tells of it.
///
/// The copy is opened anew, so that a batch does not hold as many files open as it has. Should the system have failed
/// to write it meanwhile, then what is read from the disk is not what was written.
pub(super) fn verify(copy: &Copy, hash: ContentHash, folder: &Path) -> Result<FileStat, TransferError> {
    let unwritable = |source| TransferError::Target { path: folder.to_owned(), source };
    let (file, found) = copy.staged.entry.open().map_err(unwritable)?;
    file.sync_all().map_err(unwritable)?;
    forget_cached(&file);
    match hash_open(&file).map_err(unwritable)? == hash {
        true => Ok(found),
        false => Err(TransferError::NotAsWritten { folder: folder.to_owned() }),
    }
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
