//! What the system has to be asked for so that a file is really there, whole, and nothing was in its place.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::folder::Folder;
use super::folders::Folders;
use crate::domain::printable::printable;

/// What temporary files are called, with random characters between the two.
const TEMPORARY_PREFIX: &str = ".sis-";
const TEMPORARY_SUFFIX: &str = ".partial";

/// How the name ends that a file has for the moment in which it is removed.
const LEAVING_SUFFIX: &str = ".leaving";

/// A new file without a name on the file system of `folder`: nothing is left of it, whatever happens.
pub fn nameless_file(folder: &Path) -> io::Result<File> {
    tempfile::tempfile_in(folder)
}

/// The name of a temporary file for `token`, which is nobody else's.
pub fn temporary_name(token: &str) -> OsString {
    format!("{TEMPORARY_PREFIX}{token}{TEMPORARY_SUFFIX}").into()
}

/// The name that a file has for the moment in which it is removed for `token`: nobody else looks for it there.
pub fn leaving_name(token: &str) -> OsString {
    format!("{TEMPORARY_PREFIX}{token}{LEAVING_SUFFIX}").into()
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

/// True for a name that a file has for a moment only, as a run that was killed leaves behind.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let endings = [TEMPORARY_SUFFIX, LEAVING_SUFFIX];
    name.starts_with(TEMPORARY_PREFIX) && endings.iter().any(|ending| name.ends_with(ending))
}

/// Makes a folder and those above it that are not there. When it returns, the folder and all above it are on disk where
/// they are, those that a killed run had just made too.
pub fn make_folders(folder: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(folder)?;
    let real = absolute.canonicalize().unwrap_or(absolute);
    Folders::below([real.clone()]).open_or_make(&real, true).map(drop)
}

/// Brings a folder's entries to disk, on file systems that know how.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    Folder::open(folder)?.sync()
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
