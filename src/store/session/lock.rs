//! The session's folder with the rights of what is in it, and the lock that the one process holds which works in it.

use std::fs::File;
use std::path::Path;

use super::{DATABASE, StoreError};
use crate::rights::Rights;
use crate::store::locks::{self, Locked};
use crate::store::{database, ledger, regular};

/// The file that the one process that classifies or applies holds a lock on.
const LOCK: &str = "lock";

/// A link in place of the session's folder could make us write anywhere.
pub(super) fn check_folder(folder: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: folder.to_owned(), source };
    match std::fs::symlink_metadata(folder).map_err(failed)?.is_dir() {
        true => Ok(()),
        false => Err(failed(std::io::ErrorKind::NotADirectory.into())),
    }
}

/// Makes the files that are not there yet and gives all of them their rights; those of earlier versions had more.
pub(super) fn give_rights(folder: &Path, rights: Rights) -> std::io::Result<()> {
    let mut is_new = false;
    for file in [folder.join(DATABASE), ledger::path_in(folder)] {
        is_new |= rights.make_file(&file)?;
    }
    rights.give(folder);
    for entry in std::fs::read_dir(folder)? {
        rights.give(&entry?.path());
    }
    if is_new { database::sync_folder(folder) } else { Ok(()) }
}

/// True while a process holds the lock of a session's folder.
pub(super) fn is_held(folder: &Path) -> bool {
    let Ok(file) = regular::read(&folder.join(LOCK)) else { return false };
    matches!(locks::try_lock_shared(&file), Ok(Locked::ByOthers))
}

/// Keeps others from working in a session for as long as it is copied. Writes nothing.
pub(super) fn lock_to_read(folder: &Path, destination: &Path) -> Result<Option<File>, StoreError> {
    let path = folder.join(LOCK);
    let file = match regular::read(&path) {
        // Where the lock cannot be looked at, the session may be copied all the same: it is only read.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied) => {
            return Ok(None);
        }
        opened => opened.map_err(regular::failed(&path))?,
    };
    let locked = locks::try_lock_shared(&file);
    taken(locked, &path, destination).map(|()| Some(file))
}

/// Takes the lock of a session's folder. It goes with the process, however that ends.
pub(super) fn lock(folder: &Path, destination: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let opened = regular::open(&path, File::options().create(true).truncate(false).write(true));
    let file = opened.map_err(regular::failed(&path))?;
    let locked = locks::try_lock(&file);
    taken(locked, &path, destination).map(|()| file)
}

fn taken(locked: std::io::Result<Locked>, path: &Path, destination: &Path) -> Result<(), StoreError> {
    match locked {
        Ok(Locked::ByUs | Locked::Unknown) => Ok(()),
        Ok(Locked::ByOthers) => Err(StoreError::Busy { destination: destination.to_owned() }),
        Err(source) => Err(StoreError::NotLocked { path: path.to_owned(), source }),
    }
}
