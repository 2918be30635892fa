//! What the system has to be asked for so that a file is really there, whole, and nothing was in its place.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::domain::printable::printable;

/// What temporary files are called, with random characters between the two.
const TEMPORARY_PREFIX: &str = ".sis-";
const TEMPORARY_SUFFIX: &str = ".partial";

/// A new file without a name on the file system of `folder`: nothing is left of it, whatever happens.
pub fn nameless_file(folder: &Path) -> io::Result<File> {
    tempfile::tempfile_in(folder)
}

/// The name of a temporary file for `token`, which is nobody else's.
pub fn temporary_name(token: &str) -> OsString {
    format!("{TEMPORARY_PREFIX}{token}{TEMPORARY_SUFFIX}").into()
}

/// A new file in `folder` with a name that a later run is able to find. It is removed again unless it is given another.
pub fn named_temporary_file(folder: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(name).suffix("").rand_bytes(0).tempfile_in(folder)
}

/// A new file in `folder`, which is the program's own, that others may read, as far as the user's mask lets them.
pub fn temporary_result(folder: &Path) -> io::Result<NamedTempFile> {
    let mode = Permissions::from_mode(0o666);
    let mut naming = tempfile::Builder::new();
    naming.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).permissions(mode).tempfile_in(folder)
}

/// Removes what a killed program left of its temporary files in a folder of its own.
pub fn remove_temporary_results(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name())
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!("a temporary file is left: {error}");
        }
    }
}

/// True for the name of a temporary file, as a run that was killed leaves behind.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

/// Makes a folder right under one that is there. True where it was not there. What is there and is no real folder is
/// an error of the kind `NotADirectory`.
pub fn make_folder(folder: &Path) -> io::Result<bool> {
    match std::fs::create_dir(folder) {
        Ok(()) => {
            if let Some(parent) = folder.parent() {
                sync_folder(parent)?;
            }
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match std::fs::symlink_metadata(folder)?.is_dir() {
            true => Ok(false),
            false => Err(ErrorKind::NotADirectory.into()),
        },
        Err(error) => Err(error),
    }
}

/// Makes a folder and those above it that are not there. True where one was made.
pub fn make_folders(folder: &Path) -> io::Result<bool> {
    if folder.is_dir() {
        return Ok(false);
    }
    if let Some(parent) = folder.parent() {
        make_folders(parent)?;
    }
    make_folder(folder)
}

/// Brings a folder's entries to disk, on file systems that know how.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems refuse to sync a folder: they have nothing to bring to disk here.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Removes a folder if it is empty; what is in it keeps it.
pub fn remove_empty_folder(folder: &Path) {
    match std::fs::remove_dir(folder) {
        Ok(()) => {
            if let Some(Err(error)) = folder.parent().map(sync_folder) {
                tracing::warn!("a folder could not be brought to disk: {error}");
            }
        }
        Err(error) => tracing::info!(folder = printable(folder), "stays: {error}"),
    }
}

/// Gives a folder the time of its last change, in nanoseconds since 1970. It is a nicety: where it cannot be, the log
/// tells.
pub fn set_folder_time(folder: &Path, modified_ns: i128) {
    let since = u64::try_from(modified_ns).unwrap_or_default();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(since);
    if let Err(error) = File::open(folder).and_then(|opened| opened.set_modified(modified)) {
        tracing::info!(folder = printable(folder), "keeps its new time: {error}");
    }
}

/// Renames a file to a name that nothing has.
pub fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system does not know that kind of rename: a link never replaces anything either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

/// Bytes that are free for this user where `folder` is; nothing where the file system does not tell.
pub fn free_space(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    // A file system in memory may say that it has no blocks at all, of which none are free.
    (system.f_blocks > 0).then(|| system.f_bavail.saturating_mul(system.f_frsize))
}

/// Lets the file system share a file's blocks with its copy; false where it does not offer that.
#[cfg(target_os = "linux")]
pub fn share_blocks(source: &File, copy: &File) -> bool {
    rustix::fs::ioctl_ficlone(copy, source).is_ok()
}

/// Lets the file system share a file's blocks with its copy; false where it does not offer that.
#[cfg(not(target_os = "linux"))]
pub fn share_blocks(_: &File, _: &File) -> bool {
    false
}
