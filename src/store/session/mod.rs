//! The session of a destination: every picture that was found, what the model and people said of it, where it was put,
//! and every run. It lives in the destination's folder `.sis`, so that it goes where the sorted pictures go.

mod arrivals;
mod bounds;
mod changes;
mod columns;
mod contents;
mod decisions;
mod ends;
mod folders;
mod labels;
mod ledger_file;
mod lock;
mod lost;
mod misplaced;
mod ownership;
mod picture_rows;
mod pictures;
mod placed;
mod repair;
mod reversible;
mod runs;
mod top_files;
mod transfers;
mod unkept;
mod values;
mod within;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::known::KnownSessions;
use super::ledger::Account;
use super::secret::{NoSecret, Secret};
use super::{StoreError, database, regular, schema};
use crate::domain::folder_name::SESSION_FOLDER;
use crate::file_system::is_gone;
use crate::rights::Rights;
use contents::DecidedContents;
use lock::{check_folder, give_rights, lock, lock_to_read};
use lost::check_not_lost;
use ownership::{has_own_tables, reseal, sealed_state};

pub use arrivals::Alert;
pub use changes::{Revision, Which};
pub use folders::{ChangedFolder, Folders};
pub use labels::LabelSet;
pub use picture_rows::SessionPicture;
pub use pictures::{Found, Known};
pub use placed::Placed;
pub use repair::{Rebuilt, Repaired, Retold};
pub use reversible::Reversible;
pub use runs::{Origin, Run, Sorting, absolute_source};
pub use top_files::{ASIDE, OWN, TABLE_NAME};
pub use transfers::Unfinished;
pub use within::{BestInside, Narrowed, SessionTree};

/// The folder in a destination that is the program's own.
pub const FOLDER: &str = SESSION_FOLDER;

/// The database in that folder.
const DATABASE: &str = "session.db";

/// A session.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    destination: PathBuf,
    /// The session's name in temporary files, so that two sessions that write into one folder do not meet.
    token: String,
    /// It is the destination's own, and not a copy.
    is_kept: bool,
    /// Nothing was done in it yet.
    is_new: bool,
    /// The database's file, by file system and number; none for a session in memory.
    file: Option<(u64, u64)>,
    /// The secret that renews the session's seal.
    secret: Option<Secret>,
    /// Proves what this process wrote, where there is no secret.
    passing_secret: Secret,
    /// The reason for which there is no secret.
    no_secret: Option<NoSecret>,
    /// Where pictures come from, as this process said when it began its runs.
    sources: Vec<PathBuf>,
    /// The ledger's account when it was read last.
    account: RefCell<Option<Arc<Account>>>,
    /// Contents that people have decided about.
    decided: DecidedContents,
    /// Keeps the lock.
    lock: Option<File>,
    /// Keeps a copy's folder.
    _copy: Option<tempfile::TempDir>,
}

impl Session {
    /// True where the destination has a session, and where that cannot be told just now: opening it tells why.
    pub fn exists(destination: &Path) -> bool {
        let found = std::fs::symlink_metadata(destination.join(FOLDER).join(DATABASE));
        !found.is_err_and(|error| is_gone(&error))
    }

    /// Opens the destination's session to classify, apply or undo, and makes it where there is none. Only one process
    /// at a time can. Whose it is, nobody has asked yet: see [`Session::open_as_own`].
    pub fn open_to_work(destination: &Path, known: &KnownSessions) -> Result<Session, StoreError> {
        let folder = destination.join(FOLDER);
        let rights = Rights::beside(destination);
        if rights.make_folder(&folder).map_err(regular::failed(&folder))? {
            database::sync_folder(destination).map_err(regular::failed(destination))?;
        }
        check_folder(&folder)?;
        let lock = lock(&folder, destination)?;
        check_not_lost(destination)?;
        regular::check_database(&folder.join(DATABASE))?;
        give_rights(&folder, rights).map_err(regular::failed(&folder))?;
        let mut session = Session::open_at(destination, Some(lock), known)?;
        // One that says nothing yet may be what a killed program had just made.
        let says = "SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM pictures)
            OR EXISTS (SELECT 1 FROM transfers) OR (SELECT lines FROM ledger) > 0";
        session.is_new = !session.read(|reading| reading.query_row(says, [], |row| row.get(0)))?;
        Ok(session)
    }

    /// True while a process, this one or another, classifies, applies or undoes in a destination's session.
    pub fn is_worked_in(destination: &Path) -> bool {
        lock::is_held(&destination.join(FOLDER))
    }

    /// Opens a session that is there to look at it and to decide. Another process may be at work in it.
    pub fn open_to_review(destination: &Path, known: &KnownSessions) -> Result<Session, StoreError> {
        match Session::exists(destination) {
            true => check_folder(&destination.join(FOLDER)).and_then(|()| Session::open_at(destination, None, known)),
            false => Err(Session::absent(destination)),
        }
    }

    /// A copy of the destination's session to look at, which is there. Nothing is written, and nobody else works there
    /// as long as it is open.
    pub fn open_to_look(destination: &Path) -> Result<Session, StoreError> {
        match Session::exists(destination) {
            true => Session::open_copy(destination),
            false => Err(Session::absent(destination)),
        }
    }

    /// A session that is not kept: a copy of the destination's where it has one. Nothing is written there.
    pub fn open_copy(destination: &Path) -> Result<Session, StoreError> {
        if !Session::exists(destination) {
            check_not_lost(destination)?;
            let connection = database::in_memory(&schema::SESSION)?;
            return Session::with(connection, destination, false, None, None);
        }
        check_folder(&destination.join(FOLDER))?;
        check_not_lost(destination)?;
        regular::check_database(&destination.join(FOLDER).join(DATABASE))?;
        // A database in the middle of a change would be copied in pieces.
        let resting = lock_to_read(&destination.join(FOLDER), destination)?;
        let copy = tempfile::tempdir().map_err(|source| StoreError::File { path: std::env::temp_dir(), source })?;
        for name in [DATABASE.to_owned(), format!("{DATABASE}-wal"), format!("{DATABASE}-journal")] {
            regular::copy(&destination.join(FOLDER).join(&name), &copy.path().join(&name))?;
        }
        let opened = database::open_existing(&copy.path().join(DATABASE), &schema::SESSION);
        let connection = opened.map_err(|error| error.in_session_of(destination))?;
        Session::with(connection, destination, false, resting, Some(copy))
    }

    fn open_at(destination: &Path, lock: Option<File>, known: &KnownSessions) -> Result<Session, StoreError> {
        let database = destination.join(FOLDER).join(DATABASE);
        check_not_lost(destination)?;
        regular::check_database(&database)?;
        let opened = database::open(&database, &schema::SESSION);
        let connection = opened.map_err(|error| error.in_session_of(destination))?;
        // SQLite brings the name of its write-ahead log to disk too, and does not tell where that fails.
        let folder = destination.join(FOLDER);
        database::sync_folder(&folder).map_err(|source| StoreError::File { path: folder, source })?;
        let mut session = Session::with(connection, destination, true, lock, None)?;
        match known.secret() {
            // A trigger of somebody else's could write anything: that is not to be sealed.
            Ok(secret) => {
                let is_own = has_own_tables(&session.connection).map_err(|error| session.failed(error))?;
                session.secret = is_own.then_some(secret);
            }
            Err(error) => session.no_secret = Some(error),
        }
        session.check_ledger()?;
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
            secret: None,
            passing_secret: Secret::passing().map_err(|source| StoreError::File { path: FOLDER.into(), source })?,
            no_secret: None,
            sources: vec![],
            account: RefCell::default(),
            decided: DecidedContents::default(),
            lock,
            _copy: copy,
        };
        session.token = session.own_token()?;
        let database = session.folder().join(DATABASE);
        session.file = session.found_file().map_err(regular::failed(&database))?;
        Ok(session)
    }

    /// The database's file that is there now; none for what is not the destination's own.
    fn found_file(&self) -> std::io::Result<Option<(u64, u64)>> {
        if !self.is_kept {
            return Ok(None);
        }
        match std::fs::metadata(self.folder().join(DATABASE)) {
            Ok(found) => Ok(Some((found.dev(), found.ino()))),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// False once the destination's session was removed or replaced while it was open: what would be written to it from
    /// then on nobody would find. An error that passes does not tell.
    pub fn is_in_place(&self) -> bool {
        self.found_file().map_or(true, |found| found == self.file)
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

    /// One transaction: all of it is on disk when this returns, or none of it happened. The seal goes with the ledger.
    fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let (secret, token) = (self.secret.as_ref(), &self.token);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let changed = transaction.and_then(|transaction| {
            let sealed = sealed_state(&transaction, secret, token)?;
            let result = work(&transaction)?;
            reseal(&transaction, secret, token, sealed)?;
            transaction.commit()?;
            Ok(result)
        });
        changed.map_err(|error| self.failed(error))
    }

    /// Reads what is there at one moment.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let moment = self.connection.unchecked_transaction();
        moment.and_then(|moment| work(&moment)).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        let error = StoreError::Database { path: self.destination.join(FOLDER).join(DATABASE), source };
        error.in_session_of(&self.destination)
    }

    /// A path as it is stored, absolute.
    fn absolute_path(&self, kept: &[u8]) -> PathBuf {
        self.destination.join(OsStr::from_bytes(kept))
    }
}

/// A path as it is stored: relative to the destination where it is inside.
fn to_stored_path(destination: &Path, path: &Path) -> Vec<u8> {
    path.strip_prefix(destination).unwrap_or(path).as_os_str().as_bytes().to_owned()
}

/// A stored path, as it is.
fn as_path(kept: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(kept))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown() -> KnownSessions {
        KnownSessions::in_folder(None)
    }

    #[test]
    fn one_process_works_and_others_review() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Session::open_to_review(folder.path(), &unknown()), Err(StoreError::NoSession { .. })));
        let mut session = Session::open_to_work(folder.path(), &unknown()).unwrap();
        assert!(matches!(Session::open_to_work(folder.path(), &unknown()), Err(StoreError::Busy { .. })));
        session.set_value("x", b"1").unwrap();
        assert!(session.is_in_place() && Session::is_worked_in(folder.path()));
        let other = Session::open_to_review(folder.path(), &unknown()).unwrap();
        assert_eq!(other.value("x").unwrap().unwrap(), b"1");
        assert_eq!(other.token(), session.token());
        drop(session);
        assert!(!Session::is_worked_in(folder.path()));
        Session::open_to_work(folder.path(), &unknown()).unwrap();
        std::fs::rename(folder.path().join(FOLDER), folder.path().join("elsewhere")).unwrap();
        assert!(!other.is_in_place());
    }

    #[test]
    fn a_copy_is_as_the_session_and_leaves_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        Session::open_copy(folder.path()).unwrap().set_value("x", b"1").unwrap();
        assert!(!folder.path().join(FOLDER).exists());
        let mut session = Session::open_to_work(folder.path(), &unknown()).unwrap();
        session.set_value("x", b"1").unwrap();
        assert!(matches!(Session::open_copy(folder.path()), Err(StoreError::Busy { .. })));
        drop(session);
        let mut copy = Session::open_copy(folder.path()).unwrap();
        assert_eq!(copy.value("x").unwrap().unwrap(), b"1");
        copy.set_value("x", b"2").unwrap();
        assert!(matches!(Session::open_to_work(folder.path(), &unknown()), Err(StoreError::Busy { .. })));
        drop(copy);
        let session = Session::open_to_work(folder.path(), &unknown()).unwrap();
        assert_eq!(session.value("x").unwrap().unwrap(), b"1");
    }

    #[test]
    fn paths_inside_go_where_the_destination_goes() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open_copy(folder.path()).unwrap();
        let inside = session.destination().join("a/1.jpg");
        assert_eq!(to_stored_path(session.destination(), &inside), b"a/1.jpg");
        assert_eq!(session.absolute_path(b"a/1.jpg"), inside);
        assert_eq!(
            session.absolute_path(&to_stored_path(session.destination(), Path::new("/x/1.jpg"))),
            Path::new("/x/1.jpg")
        );
    }
}
