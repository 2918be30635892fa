//! Opening a database file: journal mode, version, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use crate::file_system::is_on_network;

/// How long a statement waits for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(30);

/// One kind of database: what it is marked with, and how each version becomes the next.
pub(super) struct Kind {
    /// The mark in the file's header.
    pub(super) application_id: i32,
    /// Statements that make version n+1 of version n, from an empty file on.
    pub(super) migrations: &'static [&'static str],
}

/// Opens a database for writing, makes it if it is not there, and brings it to the newest version.
pub(super) fn open(path: &Path, kind: &Kind) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    // A link in its place could make us write anywhere.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    check(&connection, path, kind)?;
    set_journal_mode(&connection, path).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    migrate(&mut connection, kind).map_err(failed)?;
    Ok(connection)
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

/// Brings a database to the newest version, each step as one transaction.
fn migrate(connection: &mut Connection, kind: &Kind) -> rusqlite::Result<()> {
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

    const FIRST: Kind = Kind { application_id: 7, migrations: &["CREATE TABLE a (x)"] };
    const SECOND: Kind = Kind { application_id: 7, migrations: &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"] };

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
        let other = Kind { application_id: 8, migrations: FIRST.migrations };
        assert!(matches!(open(&path, &other), Err(StoreError::Foreign { .. })));
        std::fs::write(&path, "this is not a database, and long enough to be looked at as one").unwrap();
        assert!(matches!(open(&path, &FIRST), Err(StoreError::Database { .. })));
    }
}
