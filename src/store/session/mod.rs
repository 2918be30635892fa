//! The session of a destination: every picture that was found, what the model and people said of it, where it was put,
//! and every run. It lives in the destination's folder `.sis`, so that it goes where the sorted pictures go.

mod arrivals;
mod changes;
mod decisions;
mod ends;
mod folders;
mod pictures;
mod runs;
mod transfers;

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::ledger::{self, Chain, CompleteError};
use super::{StoreError, database, schema};
use crate::rights::Rights;

pub use arrivals::Alert;
pub use changes::{Revision, Which};
pub use folders::{ChangedFolder, Folders};
pub use pictures::{Found, Known, LabelSet, SessionPicture};
pub use runs::{Origin, Run, Sorting, kept_source};
pub use transfers::{Ending, NewTransfer, Placed, Recorded, ReliesOn, Reversible, Unfinished};

/// The folder in a destination that is the program's own.
pub const FOLDER: &str = ".sis";

/// The database in that folder.
const DATABASE: &str = "session.db";

/// The file that the one process that classifies or applies holds a lock on.
const LOCK: &str = "lock";

/// A session.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    destination: PathBuf,
    /// What the session is called in temporary files, so that two sessions that write into one folder do not meet.
    token: String,
    /// It is the destination's own, and not a copy.
    is_kept: bool,
    /// Nothing was done in it yet.
    is_new: bool,
    /// The database's file, by file system and number; none for a session in memory.
    file: Option<(u64, u64)>,
    /// Keeps the lock.
    _lock: Option<File>,
    /// Keeps a copy's folder.
    _copy: Option<tempfile::TempDir>,
}

impl Session {
    /// True where the destination has a session.
    pub fn exists(destination: &Path) -> bool {
        destination.join(FOLDER).join(DATABASE).exists()
    }

    /// Opens the destination's session to classify, apply or undo, and makes it where there is none. Only one process at
    /// a time can.
    pub fn open_to_work(destination: &Path) -> Result<Session, StoreError> {
        let folder = destination.join(FOLDER);
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File { path, source }
        };
        let rights = Rights::beside(destination);
        if rights.make_folder(&folder).map_err(file(&folder))? {
            database::sync_folder(destination).map_err(file(destination))?;
        }
        check_folder(&folder)?;
        let lock = lock(&folder, destination)?;
        let has_database = std::fs::metadata(folder.join(DATABASE)).is_ok_and(|found| found.len() > 0);
        if !has_database && let Some(aside) = ledger::set_aside(&ledger::path_in(&folder)).map_err(file(&folder))? {
            tracing::warn!(ledger = crate::domain::printable::printable(aside), "belongs to a session that is lost");
        }
        give_rights(&folder, rights).map_err(file(&folder))?;
        let mut session = Session::open_at(destination, Some(lock))?;
        // One without a run says nothing yet, and may be what a killed program had just made.
        let runs = session.connection.query_row("SELECT EXISTS (SELECT 1 FROM runs)", [], |row| row.get::<_, bool>(0));
        session.is_new = !runs.map_err(|error| session.failed(error))?;
        Ok(session)
    }

    /// True while a process, this one or another, classifies, applies or undoes in a destination's session.
    pub fn is_worked_in(destination: &Path) -> bool {
        let Ok(file) = File::open(destination.join(FOLDER).join(LOCK)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Opens a session that is there to look at it and to decide. Another process may be at work in it.
    pub fn open_to_review(destination: &Path) -> Result<Session, StoreError> {
        match Session::exists(destination) {
            true => check_folder(&destination.join(FOLDER)).and_then(|()| Session::open_at(destination, None)),
            false => Err(StoreError::NoSession { destination: destination.to_owned() }),
        }
    }

    /// A copy of the destination's session to look at, which is there. Nothing is written, and nobody else works there as
    /// long as it is open.
    pub fn open_to_look(destination: &Path) -> Result<Session, StoreError> {
        match Session::exists(destination) {
            true => Session::open_copy(destination),
            false => Err(StoreError::NoSession { destination: destination.to_owned() }),
        }
    }

    /// A session that is not kept: a copy of the destination's where it has one. Nothing is written there.
    pub fn open_copy(destination: &Path) -> Result<Session, StoreError> {
        if !Session::exists(destination) {
            let connection = database::in_memory(&schema::SESSION)?;
            return Session::with(connection, destination, false, None, None);
        }
        check_folder(&destination.join(FOLDER))?;
        // A database in the middle of a change would be copied in pieces.
        let resting = lock_to_read(&destination.join(FOLDER), destination)?;
        let copy = tempfile::tempdir().map_err(|source| StoreError::File { path: std::env::temp_dir(), source })?;
        for name in [DATABASE.to_owned(), format!("{DATABASE}-wal"), format!("{DATABASE}-journal")] {
            let from = destination.join(FOLDER).join(&name);
            match std::fs::copy(&from, copy.path().join(&name)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::File { path: from, source }),
                Ok(_) => {}
            }
        }
        let connection = database::open_existing(&copy.path().join(DATABASE), &schema::SESSION)?;
        Session::with(connection, destination, false, resting, Some(copy))
    }

    fn open_at(destination: &Path, lock: Option<File>) -> Result<Session, StoreError> {
        let folder = destination.join(FOLDER);
        let connection = database::open(&folder.join(DATABASE), &schema::SESSION)?;
        let mut session = Session::with(connection, destination, true, lock, None)?;
        session.complete_ledger()?;
        Ok(session)
    }

    fn with(
        connection: Connection,
        destination: &Path,
        is_kept: bool,
        lock: Option<File>,
        copy: Option<tempfile::TempDir>,
    ) -> Result<Session, StoreError> {
        connection.set_prepared_statement_cache_capacity(64);
        let destination = std::path::absolute(destination)
            .map_err(|source| StoreError::File { path: destination.to_owned(), source })?;
        let destination = destination.canonicalize().unwrap_or(destination);
        let mut session = Session {
            connection,
            destination,
            token: String::new(),
            is_kept,
            is_new: false,
            file: None,
            _lock: lock,
            _copy: copy,
        };
        session.token = session.own_token()?;
        session.file = session.found_file();
        Ok(session)
    }

    /// The database's file that is there now; none for what is not the destination's own.
    fn found_file(&self) -> Option<(u64, u64)> {
        let found = std::fs::metadata(self.folder().join(DATABASE)).ok().filter(|_| self.is_kept)?;
        Some((found.dev(), found.ino()))
    }

    /// False once the destination's session was removed or replaced while it was open: what would be written to it from
    /// then on nobody would find.
    pub fn is_in_place(&self) -> bool {
        self.found_file() == self.file
    }

    /// Random digits, chosen when the session was made.
    fn own_token(&mut self) -> Result<String, StoreError> {
        self.change(|change| {
            change.execute("INSERT OR IGNORE INTO session VALUES ('token', lower(hex(randomblob(16))))", [])?;
            change.query_row("SELECT CAST(value AS TEXT) FROM session WHERE key = 'token'", [], |row| row.get(0))
        })
    }

    /// The destination, absolute.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// The session's own folder in the destination.
    pub fn folder(&self) -> PathBuf {
        self.destination.join(FOLDER)
    }

    /// True where nothing was done in it yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The session's own name, in hexadecimal digits: what tells it from all others.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The ledger's file, walked through together with what a killed program had not yet written to it.
    pub fn walk_ledger(&self) -> Result<Chain, StoreError> {
        let pending = || -> rusqlite::Result<(Vec<String>, i64)> {
            let mut statement = self.connection.prepare("SELECT line FROM ledger_lines ORDER BY number")?;
            let lines = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok((lines, self.connection.query_row("SELECT written FROM ledger", [], |row| row.get(0))?))
        };
        let (lines, written) = pending().map_err(|error| self.failed(error))?;
        let path = ledger::path_in(&self.folder());
        ledger::walk(&path, &lines, written as u64).map_err(|source| StoreError::File { path, source })
    }

    /// How many lines the ledger has, and the SHA-256 of the last one.
    pub fn ledger_head(&self) -> Result<(u64, String), StoreError> {
        let head = self.connection.query_row("SELECT lines, head FROM ledger", [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, String>(1)?))
        });
        head.map_err(|error| self.failed(error))
    }

    /// Writes the lines of the ledger that are not in its file yet.
    pub fn complete_ledger(&mut self) -> Result<(), StoreError> {
        if !self.is_kept {
            return Ok(());
        }
        let path = ledger::path_in(&self.folder());
        match ledger::complete(&mut self.connection, &path) {
            Ok(()) => Ok(()),
            Err(CompleteError::Database(error)) => Err(self.failed(error)),
            Err(CompleteError::File(source)) => Err(StoreError::File { path, source }),
        }
    }

    /// A value that is kept with the session.
    pub fn value(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.connection.query_row("SELECT value FROM session WHERE key = ?1", [key], |row| row.get(0));
        found.optional().map_err(|error| self.failed(error))
    }

    /// Keeps a value.
    pub fn set_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.change(|change| change.execute("INSERT OR REPLACE INTO session VALUES (?1, ?2)", (key, value)).map(drop))
    }

    /// What follows after a beginning in the keys of the values that are kept.
    pub fn keys_after(&self, beginning: &str) -> Result<Vec<String>, StoreError> {
        let keys = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare("SELECT key FROM session")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let keys = keys().map_err(|error| self.failed(error))?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(beginning)).map(str::to_owned).collect())
    }

    /// One transaction: all of it is on disk when this returns, or none of it happened.
    fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let changed = transaction.and_then(|transaction| {
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        changed.map_err(|error| self.failed(error))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database { path: self.destination.join(FOLDER).join(DATABASE), source }
    }

    /// A path that was kept, absolute.
    fn given(&self, kept: &[u8]) -> PathBuf {
        self.destination.join(OsStr::from_bytes(kept))
    }
}

/// A path as it is kept: relative to the destination where it is inside.
fn kept(destination: &Path, path: &Path) -> Vec<u8> {
    path.strip_prefix(destination).unwrap_or(path).as_os_str().as_bytes().to_owned()
}

/// Makes the files that are not there yet and gives all of them their rights; those of earlier versions had more.
fn give_rights(folder: &Path, rights: Rights) -> std::io::Result<()> {
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

/// A link in place of the session's folder could make us write anywhere.
fn check_folder(folder: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::File { path: folder.to_owned(), source };
    match std::fs::symlink_metadata(folder).map_err(failed)?.is_dir() {
        true => Ok(()),
        false => Err(failed(std::io::ErrorKind::NotADirectory.into())),
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Keeps others from working in a session for as long as it is copied. Writes nothing.
fn lock_to_read(folder: &Path, destination: &Path) -> Result<Option<File>, StoreError> {
    let Ok(file) = File::open(folder.join(LOCK)) else { return Ok(None) };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { destination: destination.to_owned() }),
        _ => Ok(Some(file)),
    }
}

/// Takes the lock of a session's folder. It goes with the process, however that ends.
fn lock(folder: &Path, destination: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let opened = File::options().create(true).truncate(false).write(true).custom_flags(flags).open(&path);
    let file = opened.map_err(|source| StoreError::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { destination: destination.to_owned() }),
        // A file system without locks: the database's own keep it whole.
        Err(TryLockError::Error(error)) => {
            tracing::warn!("no lock could be taken: {error}");
            Ok(file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_works_and_others_review() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Session::open_to_review(folder.path()), Err(StoreError::NoSession { .. })));
        let mut session = Session::open_to_work(folder.path()).unwrap();
        assert!(matches!(Session::open_to_work(folder.path()), Err(StoreError::Busy { .. })));
        session.set_value("x", b"1").unwrap();
        assert!(session.is_in_place() && Session::is_worked_in(folder.path()));
        let other = Session::open_to_review(folder.path()).unwrap();
        assert_eq!(other.value("x").unwrap().unwrap(), b"1");
        assert_eq!(other.token(), session.token());
        drop(session);
        assert!(!Session::is_worked_in(folder.path()));
        Session::open_to_work(folder.path()).unwrap();
        std::fs::rename(folder.path().join(FOLDER), folder.path().join("elsewhere")).unwrap();
        assert!(!other.is_in_place());
    }

    #[test]
    fn a_copy_is_as_the_session_and_leaves_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        Session::open_copy(folder.path()).unwrap().set_value("x", b"1").unwrap();
        assert!(!folder.path().join(FOLDER).exists());
        let mut session = Session::open_to_work(folder.path()).unwrap();
        session.set_value("x", b"1").unwrap();
        assert!(matches!(Session::open_copy(folder.path()), Err(StoreError::Busy { .. })));
        drop(session);
        let mut copy = Session::open_copy(folder.path()).unwrap();
        assert_eq!(copy.value("x").unwrap().unwrap(), b"1");
        copy.set_value("x", b"2").unwrap();
        assert!(matches!(Session::open_to_work(folder.path()), Err(StoreError::Busy { .. })));
        drop(copy);
        let session = Session::open_to_work(folder.path()).unwrap();
        assert_eq!(session.value("x").unwrap().unwrap(), b"1");
    }

    #[test]
    fn paths_inside_go_where_the_destination_goes() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open_copy(folder.path()).unwrap();
        let inside = session.destination().join("a/1.jpg");
        assert_eq!(kept(session.destination(), &inside), b"a/1.jpg");
        assert_eq!(session.given(b"a/1.jpg"), inside);
        assert_eq!(session.given(&kept(session.destination(), Path::new("/x/1.jpg"))), Path::new("/x/1.jpg"));
    }
}
