//! Opening the program's own files. A link in the place of one is not followed, and a pipe or a device in its place
//! keeps nobody waiting: it is an error before it is read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::StoreError;

/// The files that SQLite keeps beside a database, by the ending of their names; the database itself comes first.
pub(super) const DATABASE_ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// There is something else where a file should be.
#[derive(Debug, thiserror::Error)]
#[error("not a regular file")]
struct NotRegular;

/// Opens a regular file as `options` say; anything else in its place is an error.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Looked at first: to open a device may do something.
    is_there(path)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match options.custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Err(not_regular()),
        opened => opened?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

/// Opens a regular file to read it.
pub(super) fn read(path: &Path) -> io::Result<File> {
    open(path, File::options().read(true))
}

/// True where a regular file is there, false where nothing is; anything else is an error.
pub(super) fn is_there(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(_) => Err(not_regular()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// True for a file that holds something, false where there is none or an empty one.
pub(super) fn has_content(path: &Path) -> Result<bool, StoreError> {
    let is_there = is_there(path).map_err(failed(path))?;
    Ok(is_there && std::fs::symlink_metadata(path).map_err(failed(path))?.len() > 0)
}

/// Copies a file, where it is there.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut file = match read(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(failed(from))?,
    };
    let copied = File::create_new(to).and_then(|mut copy| io::copy(&mut file, &mut copy));
    copied.map(drop).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failed(to)(error),
        _ => failed(from)(error),
    })
}

/// An error where a database, or what belongs to it, is no regular file: SQLite would open it, and wait or follow it.
pub(super) fn check_database(path: &Path) -> Result<(), StoreError> {
    DATABASE_ENDINGS.iter().try_for_each(|ending| {
        let path = beside(path, ending);
        is_there(&path).map(drop).map_err(failed(&path))
    })
}

/// The path of what belongs to a database.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The error of the store for a file that could not be used.
pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match source.get_ref().is_some_and(|inner| inner.is::<NotRegular>()) {
        true => StoreError::NotAFile { path },
        false => StoreError::File { path, source },
    }
}

fn not_regular() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, NotRegular)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "x").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        let mut writing = File::options();
        writing.append(true).create(true);
        assert!(read(&path("file")).is_ok() && open(&path("new"), &mut writing).is_ok());
        assert_eq!(read(&path("gone")).unwrap_err().kind(), ErrorKind::NotFound);
        for name in ["link", "pipe", "folder"] {
            for opened in [read(&path(name)), open(&path(name), &mut writing)] {
                let error = failed(&path(name))(opened.unwrap_err());
                assert!(matches!(error, StoreError::NotAFile { .. }), "{name}: {error:?}");
            }
        }
        assert!(matches!(check_database(&path("pipe")), Err(StoreError::NotAFile { .. })));
        std::os::unix::fs::symlink(path("file"), path("a.db-wal")).unwrap();
        assert!(
            matches!(check_database(&path("a.db")), Err(StoreError::NotAFile { path }) if path.ends_with("a.db-wal"))
        );
        assert!(check_database(&path("b.db")).is_ok());
    }
}
