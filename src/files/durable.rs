//! What the system has to be asked for so that a file is really there, whole, and nothing was in its place.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use tempfile::NamedTempFile;

/// What temporary files are called, with random characters between the two.
const TEMPORARY_PREFIX: &str = ".sis-";
const TEMPORARY_SUFFIX: &str = ".partial";

/// A new file in `folder` that is removed again unless it is given a name.
pub fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).tempfile_in(folder)
}

/// The same for a file that others may read, as far as the user's mask lets them.
pub fn temporary_result(folder: &Path) -> io::Result<NamedTempFile> {
    let mode = Permissions::from_mode(0o666);
    let mut naming = tempfile::Builder::new();
    naming.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).permissions(mode).tempfile_in(folder)
}

/// True for the name of a temporary file, as a run that was killed leaves behind.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

/// Brings a folder's entries to disk, on file systems that know how.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems refuse to sync a folder: they have nothing to bring to disk here.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
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

/// Bytes that are free for this user where `folder` is.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(folder)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}
