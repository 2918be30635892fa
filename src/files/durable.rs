//! Writing files durably: synced, whole, and without replacing anything.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::folder::Folder;
use super::folders::Folders;
use crate::domain::printable::printable;

/// The beginning and end of temporary files' names, with random characters between the two.
const TEMPORARY_PREFIX: &str = ".sis-";
const TEMPORARY_SUFFIX: &str = ".partial";

/// How the name ends that a file has for the moment in which it is removed.
const LEAVING_SUFFIX: &str = ".leaving";

/// How the name begins of a file that is to have none.
const NAMELESS_PREFIX: &str = ".sis-nameless-";

/// A new temporary file on the file system of `folder`. It has no name or, where the file system cannot do that, has
/// one for a moment, by which a later call finds and removes it after a crash.
pub fn nameless_file(folder: &Path) -> io::Result<File> {
    match without_name(folder) {
        Some(file) => Ok(file),
        None => named_for_a_moment(folder),
    }
}

#[cfg(target_os = "linux")]
fn without_name(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn without_name(_: &Path) -> Option<File> {
    None
}

fn named_for_a_moment(folder: &Path) -> io::Result<File> {
    let is_left = |name: &OsStr| is_temporary(name) && name.as_encoded_bytes().starts_with(NAMELESS_PREFIX.as_bytes());
    for entry in std::fs::read_dir(folder)?.flatten().filter(|entry| is_left(&entry.file_name())) {
        if let Err(error) = std::fs::remove_file(entry.path()) {
            tracing::warn!("a temporary file is left: {error}");
        }
    }
    let mut naming = tempfile::Builder::new();
    naming.prefix(NAMELESS_PREFIX).suffix(TEMPORARY_SUFFIX).tempfile_in(folder).map(NamedTempFile::into_file)
}

/// The private name of a temporary file for `token`.
pub fn temporary_name(token: &str) -> OsString {
    format!("{TEMPORARY_PREFIX}{token}{TEMPORARY_SUFFIX}").into()
}

/// The private name of a file for the moment of its removal for `token`.
pub fn leaving_name(token: &str) -> OsString {
    format!("{TEMPORARY_PREFIX}{token}{LEAVING_SUFFIX}").into()
}

/// True where a folder has a file under a name of [`leaving_name`].
pub fn has_leaving(folder: &Path) -> io::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(TEMPORARY_PREFIX.as_bytes()) && name.ends_with(LEAVING_SUFFIX.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A new file in `folder`, which is the program's own, that only the user may read. It is removed again unless it is
/// given another name.
pub fn temporary_result(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).tempfile_in(folder)
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

/// True for the name of a file that is being written. It may be removed.
pub fn is_partial(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

/// True for a name that a file has for a moment only, as a run that was killed leaves behind.
pub fn is_temporary(name: &OsStr) -> bool {
    let is_leaving = |name: &str| name.starts_with(TEMPORARY_PREFIX) && name.ends_with(LEAVING_SUFFIX);
    is_partial(name) || is_leaving(&name.to_string_lossy())
}

/// Makes a folder and its missing parents. When it returns, the folder and all above it are synced, those that a killed
/// run had just made too.
pub fn make_folders(folder: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(folder)?;
    let real = absolute.canonicalize().unwrap_or(absolute);
    Folders::below([real.clone()]).open_or_make(&real, true).map(drop)
}

/// Brings a folder's entries to disk, on file systems that know how.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    Folder::open(folder)?.sync()
}

/// Removes a folder if it is empty; what is in it keeps it. An error says that it is gone, and that the disk has not
/// taken that.
pub fn remove_empty_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
        Err(error) => {
            tracing::info!(folder = printable(folder), "stays: {error}");
            Ok(())
        }
    }
}

/// Sets a folder's modified time, in nanoseconds since 1970. Best effort: a failure is only logged.
pub fn set_folder_time(folder: &Path, modified_ns: i128) {
    let since = u64::try_from(modified_ns).unwrap_or_default();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(since);
    let opened = Folders::default().open(folder);
    if let Err(error) = opened.and_then(|opened| opened.handle().set_modified(modified)) {
        tracing::info!(folder = printable(folder), "keeps its new time: {error}");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nameless_file_removes_those_of_a_killed_program() {
        let folder = tempfile::tempdir().unwrap();
        let names = || -> Vec<OsString> {
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        for name in [".sis-nameless-abc.partial", ".sis-0123-4.partial"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let file = named_for_a_moment(folder.path()).unwrap();
        assert_eq!(names(), [".sis-0123-4.partial"]);
        assert_eq!(file.metadata().unwrap().len(), 0);
        nameless_file(folder.path()).unwrap();
        assert_eq!(names(), [".sis-0123-4.partial"]);
    }
}
