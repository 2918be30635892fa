//! Opening a database file: journal mode, version, migrations.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use crate::file_system::is_on_network;
use crate::rights::Rights;

/// Statements that are kept compiled: more than a transfer needs from its plan to its end.
const COMPILED: usize = 64;

/// One kind of database: what it is marked with, and how each version becomes the next.
pub(super) struct Kind {
    /// The mark in the file's header.
    pub(super) application_id: i32,
    /// How long a statement waits for another process that is writing.
    pub(super) patience: Duration,
    /// Statements that make version n+1 of version n, from an empty file on.
    pub(super) migrations: &'static [&'static str],
}

/// The names of the files that a database may consist of.
pub(super) fn names(database: &str) -> impl Iterator<Item = String> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(move |ending| format!("{database}{ending}"))
}

/// Opens a database for writing, makes it if it is not there, and brings it to the newest version.
pub(super) fn open(path: &Path, kind: &Kind) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    // A link in its place could make us write anywhere.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Made beforehand, as the user's alone: the log and the journal beside it get the same rights.
    let file = |source| StoreError::File { path: path.to_owned(), source };
    let is_new = Rights::OWN.make_file(path).map_err(file)?;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(kind.patience).map_err(failed)?;
    keep_compiled(&connection).map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    check(&connection, path, kind)?;
    set_journal_mode(&connection, path).map_err(failed)?;
    // Where there is a rollback journal, its folder too is on disk once it is removed: a change is not undone by loss
    // of power.
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(failed)?;
    migrate(&mut connection, kind).map_err(failed)?;
    if is_new && let Some(folder) = path.parent() {
        sync_folder(folder).map_err(file)?;
    }
    Ok(connection)
}

/// Keeps statements compiled. SQLite may compile one anew whenever another value is bound to it, in the hope of a
/// better plan: ours are found by numbers and exact texts, and have the same plan for every value.
fn keep_compiled(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(COMPILED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// True for an error of the database's content: all others are of the disk, the memory, another process.
pub(super) fn is_damaged(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        // A table is not there, or has other columns.
        rusqlite::Error::SqliteFailure(failure, _) if failure.extended_code == rusqlite::ffi::SQLITE_ERROR => true,
        rusqlite::Error::SqlInputError { error, .. } => error.extended_code == rusqlite::ffi::SQLITE_ERROR,
        rusqlite::Error::SqliteFailure(failure, _) => matches!(failure.code, DatabaseCorrupt | NotADatabase),
        rusqlite::Error::QueryReturnedNoRows
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// Brings a folder's entries to disk, on file systems that know how.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Opens a database that is there already.
pub(super) fn open_existing(path: &Path, kind: &Kind) -> Result<Connection, StoreError> {
    let found = std::fs::metadata(path).map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    match found.len() {
        0 => Err(StoreError::Foreign { path: path.to_owned() }),
        _ => open(path, kind),
    }
}

/// A database of this kind in memory, which is gone when it is closed.
pub(super) fn in_memory(kind: &Kind) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Database { path: ":memory:".into(), source };
    let mut connection = Connection::open_in_memory().map_err(failed)?;
    keep_compiled(&connection).map_err(failed)?;
    migrate(&mut connection, kind).map_err(failed)?;
    Ok(connection)
}

/// Refuses what is of another kind or of a newer version.
fn check(connection: &Connection, path: &Path, kind: &Kind) -> Result<(), StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let (found, application_id) = (number("user_version")?, number("application_id")?);
    let known = kind.migrations.len() as i64;
    if application_id != 0 && application_id != i64::from(kind.application_id) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// A write-ahead log lets others read while one writes, but its shared memory does not work between the machines of a
/// network file system: there, and where the attempt fails, the rollback journal stays.
fn set_journal_mode(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let wanted = if is_on_network(path.parent().unwrap_or(path)) { "DELETE" } else { "WAL" };
    let set =
        |mode: &str| connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0));
    let proved = set(wanted).and_then(|mode| {
        // The log and its shared memory are made with the first transaction: try one.
        connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;")?;
        Ok(mode)
    });
    match proved {
        Ok(mode) => tracing::debug!(mode, "journal mode"),
        Err(error) => {
            tracing::warn!("no write-ahead log here: {error}");
            set("DELETE")?;
        }
    }
    Ok(())
}

/// Brings a database to the newest version, and has it keep its references from then on. They are not looked at before:
/// a table that is made anew would take the rows that refer to it along. SQLite's own way to alter a table
/// (lang_altertable.html, section 7) is this one.
fn migrate(connection: &mut Connection, kind: &Kind) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    bring_to_newest(connection, kind)?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Each step is one transaction.
fn bring_to_newest(connection: &mut Connection, kind: &Kind) -> rusqlite::Result<()> {
    loop {
        let step = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Read inside the transaction: another process may have been here meanwhile.
        let version: i64 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let Some(statements) = kind.migrations.get(version as usize) else { return Ok(()) };
        step.execute_batch(statements)?;
        step.pragma_update(None, "user_version", version + 1)?;
        step.pragma_update(None, "application_id", kind.application_id)?;
        step.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Kind = kind(7, &["CREATE TABLE a (x)"]);
    const SECOND: Kind = kind(7, &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"]);

    const fn kind(application_id: i32, migrations: &'static [&'static str]) -> Kind {
        Kind { application_id, patience: Duration::from_secs(1), migrations }
    }

    #[test]
    fn an_error_of_the_disk_is_no_damage() {
        use rusqlite::ffi;
        let failure = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_ERROR] {
            assert!(is_damaged(&failure(code)), "{code}");
        }
        for code in [ffi::SQLITE_IOERR, ffi::SQLITE_FULL, ffi::SQLITE_NOMEM, ffi::SQLITE_CANTOPEN, ffi::SQLITE_BUSY] {
            assert!(!is_damaged(&failure(code)), "{code}");
        }
        let opened = in_memory(&FIRST).unwrap();
        assert!(is_damaged(&opened.execute_batch("SELECT * FROM b").unwrap_err()));
        assert!(is_damaged(&opened.prepare("SELECT y FROM a").unwrap_err()));
    }

    /// 3 is EXTRA: the removal of a rollback journal, which ends a change, is brought to disk with the folder that it
    /// was in.
    #[test]
    fn a_change_that_was_made_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(&folder.path().join("x.db"), &FIRST).unwrap();
        assert_eq!(opened.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap(), 3);
    }

    #[test]
    fn older_ones_are_migrated_and_newer_and_foreign_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        open(&path, &FIRST).unwrap().execute("INSERT INTO a VALUES (1)", []).unwrap();
        let newer = open(&path, &SECOND).unwrap();
        let row: (i64, Option<i64>) =
            newer.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(row, (1, None));
        drop(newer);
        assert!(matches!(open(&path, &FIRST), Err(StoreError::Newer { found: 2, known: 1, .. })));
        let other = kind(8, FIRST.migrations);
        assert!(matches!(open(&path, &other), Err(StoreError::Foreign { .. })));
        std::fs::write(&path, "this is not a database, and long enough to be looked at as one").unwrap();
        assert!(matches!(open(&path, &FIRST), Err(StoreError::Database { .. })));
    }
}
