//! The damaged parts. Everything is looked at in a copy: to open a database may change it.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;

use super::super::ownership::{has_own_tables, sealed_state};
use super::super::{DATABASE, FOLDER, Session, StoreError};
use super::retell::UNDER_WAY;
use crate::store::known::KnownSessions;
use crate::store::ledger::{self, Pending, Sound};
use crate::store::secret::{NoSecret, Secret};
use crate::store::{database, regular, schema};

/// The damaged parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// The session is: it is to be made anew from the ledger, and the ledger after it where that is not whole either.
    Session { is_ledger_whole: bool },
    /// The ledger is: it is to be written anew from the session.
    Ledger,
}

/// The findings.
pub(super) struct Examined {
    pub(super) damage: Damage,
    /// As far as the ledger's lines follow one another.
    pub(super) sound: Sound,
    /// The part that is taken as true is sealed by this user's program.
    pub(super) is_proved: bool,
    /// The reason for which nothing can be sealed.
    pub(super) no_secret: Option<NoSecret>,
}

/// The ledger's file as it is, whatever the session says of it.
struct LedgerFile {
    sound: Sound,
    is_whole: bool,
    /// It says something, even where its lines do not follow one another.
    says_something: bool,
    /// The hash of the line that the session takes for the last one, if it is in the sound part.
    reaches: bool,
}

/// Looks at everything. Nothing where session and ledger are whole and tell the same.
pub(super) fn examine(destination: &Path, known: &KnownSessions) -> Result<Option<Examined>, StoreError> {
    let folder = destination.join(FOLDER);
    let (secret, no_secret) = match known.secret() {
        Ok(secret) => (Some(secret), None),
        Err(error) => (None, Some(error)),
    };
    let (session, sealed) = session_at(&folder.join(DATABASE), destination, secret.as_ref())?;
    let told = session.as_ref().map(Session::ledger_head).transpose()?;
    let sealed_or_told = sealed.as_ref().map(|(lines, head)| (*lines as u64, head.clone())).or_else(|| told.clone());
    let file = read_file(&ledger::path_in(&folder), sealed_or_told.as_ref())?;
    let is_sealed = |lines: u64, head: &str| {
        sealed.as_ref().is_some_and(|sealed| (sealed.0 as u64, sealed.1.as_str()) == (lines, head))
    };
    let found = |damage, is_proved| Ok(Some(Examined { damage, sound: file.sound.clone(), is_proved, no_secret }));
    let rebuild = Damage::Session { is_ledger_whole: file.is_whole };
    let Some(session) = session else {
        if !file.says_something {
            return Err(StoreError::NothingLeft { destination: destination.to_owned() });
        }
        return found(rebuild, file.is_whole && is_sealed(file.sound.lines, &file.sound.head));
    };
    let (lines, head) = told.unwrap_or_default();
    if session.value(UNDER_WAY)?.is_some() {
        return found(Damage::Ledger, false);
    }
    match session.account() {
        Ok(_) if session.is_as_told()? => Ok(None),
        Ok(_) => found(rebuild, is_sealed(lines, &head)),
        // The session is an earlier one than the ledger.
        Err(StoreError::LedgerBroken { .. }) if file.reaches && file.sound.lines > lines => found(rebuild, false),
        // All that the session wrote is there, and something after it that nobody of ours has written.
        Err(StoreError::LedgerBroken { .. }) if file.reaches && file.sound.lines == lines => {
            found(Damage::Ledger, is_sealed(lines, &head))
        }
        Err(StoreError::LedgerBroken { .. }) => found(Damage::Ledger, false),
        Err(error) => Err(error),
    }
}

/// The state of a session that a seal vouches for.
type Sealed = Option<(i64, String)>;

/// A copy of the session, if it is whole, and for which state of it there is a seal, if that can be read.
fn session_at(
    database: &Path,
    destination: &Path,
    secret: Option<&Secret>,
) -> Result<(Option<Session>, Sealed), StoreError> {
    regular::check_database(database)?;
    if !regular::has_content(database)? {
        return Ok((None, None));
    }
    let copy = tempfile::tempdir().map_err(|source| StoreError::File { path: std::env::temp_dir(), source })?;
    let path = copy.path().join(DATABASE);
    for ending in ["", "-wal", "-journal"] {
        regular::copy(&regular::beside(database, ending), &regular::beside(&path, ending))?;
    }
    let connection = match database::open_existing(&path, &schema::SESSION) {
        Err(StoreError::Database { source, .. }) if database::is_damaged(&source) => return Ok((None, None)),
        Err(StoreError::Foreign { .. }) => return Ok((None, None)),
        opened => opened?,
    };
    let failed = |source| StoreError::Database { path: path.clone(), source };
    let token =
        connection.query_row("SELECT CAST(value AS TEXT) FROM session WHERE key = 'token'", [], |row| row.get(0));
    let sealed = match token.and_then(|token: String| sealed_state(&connection, secret, &token)) {
        Err(error) if database::is_damaged(&error) => None,
        sealed => sealed.map_err(failed)?,
    };
    match is_whole(&connection) {
        Ok(true) => {}
        Err(error) if !database::is_damaged(&error) => return Err(failed(error)),
        _ => return Ok((None, sealed)),
    }
    let session = Session::with(connection, destination, false, None, Some(copy));
    match session.and_then(|session| session.ledger_head().map(|_| session)) {
        Err(StoreError::Damaged { .. }) => Ok((None, sealed)),
        session => Ok((Some(session?), sealed)),
    }
}

/// The error that a check of a database tells among its findings, where a page could not be read: the disk's or the
/// memory's, and not the database's own.
fn failure_in(answer: &str) -> Option<rusqlite::Error> {
    let (_, code) = answer.split_once("error code=")?;
    let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
    let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(digits.parse().ok()?), None);
    (!database::is_damaged(&failure)).then_some(failure)
}

fn is_whole(connection: &Connection) -> rusqlite::Result<bool> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if let Some(failure) = failure_in(&answer) {
        return Err(failure);
    }
    let refers_to_nothing = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    Ok(answer == "ok" && !refers_to_nothing && has_own_tables(connection)?)
}

fn read_file(path: &Path, last: Option<&(u64, String)>) -> Result<LedgerFile, StoreError> {
    let file: Option<File> = match regular::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        opened => Some(opened.map_err(regular::failed(path))?),
    };
    let (mut says_something, mut reaches) = (false, last.is_some_and(|(lines, _)| *lines == 0));
    let chain = ledger::follow(file, &Pending::default(), &mut |chain, line| {
        says_something |= line.is_some_and(|line| line.event.is_some());
        reaches |= last.is_some_and(|(lines, head)| (*lines, head) == (chain.sound.lines, &chain.sound.head));
        ControlFlow::Continue(())
    });
    let chain = chain.map_err(regular::failed(path))?;
    let is_last = last.is_some_and(|(lines, head)| (*lines, head) == (chain.sound.lines, &chain.sound.head));
    // The last line that follows has nothing after it that vouches for it, and may be what was changed.
    let is_doubtful = chain.broken_at.is_some() || last.is_some_and(|(lines, _)| *lines == chain.sound.lines);
    let is_whole = chain.broken_at.is_none() && chain.lines > 0 && (is_last || !is_doubtful);
    let sound = if is_doubtful && !is_last { chain.vouched_for } else { chain.sound };
    Ok(LedgerFile { sound, is_whole, says_something, reaches })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_the_disk_does_not_give_is_no_damage() {
        let answer =
            |code: i32| format!("*** in database main ***\nTree 7 page 9: unable to get the page. error code={code}");
        for code in [7, 10, 13, 14, 266, 778] {
            assert!(failure_in(&answer(code)).is_some(), "{code}");
        }
        assert!(failure_in(&answer(11)).is_none() && failure_in("ok").is_none());
        assert!(failure_in("row 7 missing from index transfers_run").is_none());
    }
}
