//! The ledger: `ledger.jsonl`, one JSON object a line, each with the SHA-256 of the line before it, so that no line can
//! be changed, removed or put in without changing all that follow.
//!
//! A line is first in the session's database, in the same transaction as what it tells of, and then appended to the
//! file. A program that is killed between the two completes the file when the session is opened next.

mod account;
mod chain;
mod event;
#[cfg(test)]
mod event_tests;
mod fields;
mod run;
mod word;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{locks, regular};
use crate::crash::{self, Moment};
use crate::domain::picture::ContentHash;
use crate::domain::printable::is_disturbing;

pub use account::Account;
pub(super) use account::{Broken, Told};
pub use chain::{Chain, walk};
pub(super) use chain::{Line, Pending, Sound, follow};
pub use event::{Decided, FileEvent, FileSetAside, LedgerEvent, Repaired, RunBegan, RunEnded, SetAside, TransferEnded};
pub use run::{ClassifySettings, RunResult, RunSettings, WithinSettings, real_of};
pub(super) use run::{sources_in, within_in};
pub use word::{HasWord, Word};

/// The name of the ledger's file.
pub const FILE_NAME: &str = "ledger.jsonl";

/// The hash that stands for the line before the first.
pub const BEFORE_THE_FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The SHA-256 of a line, without its end.
pub fn hash_of(line: &str) -> String {
    ContentHash(Sha256::digest(line.as_bytes()).into()).to_string()
}

/// The program that writes, and its version.
pub(super) const PROGRAM: &str = concat!("sis ", env!("CARGO_PKG_VERSION"));

/// The key of what a line has that was written again.
const RETOLD: &str = "retold";

/// Adds an event to the ledger, in the transaction of what it tells of.
pub(super) fn add(transaction: &Transaction<'_>, event: &LedgerEvent) -> rusqlite::Result<()> {
    add_fields(transaction, event.fields())
}

/// Adds an event of which the ledger told before it was written anew.
pub(super) fn add_again(transaction: &Transaction<'_>, event: &LedgerEvent) -> rusqlite::Result<()> {
    let mut fields = event.fields();
    fields.insert(RETOLD.to_owned(), json!(true));
    add_fields(transaction, fields)
}

fn add_fields(transaction: &Transaction<'_>, fields: Map<String, Json>) -> rusqlite::Result<()> {
    let (lines, head): (i64, String) = transaction
        .prepare_cached("SELECT lines, head FROM ledger")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let number = lines + 1;
    let line = line_of(number, &now(), fields, if lines == 0 { BEFORE_THE_FIRST } else { &head });
    transaction.prepare_cached("UPDATE ledger SET lines = ?1, head = ?2")?.execute((number, hash_of(&line)))?;
    transaction.prepare_cached("INSERT INTO ledger_lines VALUES (?1, ?2)")?.execute((number, line))?;
    Ok(())
}

/// A line as it is written.
fn line_of(number: i64, time: &str, mut fields: Map<String, Json>, previous: &str) -> String {
    let mut line = Map::from_iter([("line".to_owned(), json!(number)), ("time".to_owned(), json!(time))]);
    line.append(&mut fields);
    line.insert("previous".to_owned(), json!(previous));
    escaped(&Json::Object(line).to_string())
}

/// The time in UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// JSON lets some characters stand that would disturb a terminal: they are escaped as well.
fn escaped(text: &str) -> String {
    let escape = |c: char| if is_disturbing(c) { format!("\\u{:04x}", c as u32) } else { c.to_string() };
    if text.chars().any(is_disturbing) { text.chars().map(escape).collect() } else { text.to_owned() }
}

/// Appends the lines that the file has not got yet and brings them to disk. What is there is never rewritten: one that
/// does not go on as it should is appended to, and shows it when it is verified.
pub(super) fn complete(connection: &mut Connection, path: &Path) -> Result<(), CompleteError> {
    if !connection.prepare_cached("SELECT 1 FROM ledger_lines LIMIT 1")?.exists([])? {
        return Ok(());
    }
    let is_new = !regular::is_there(path)?;
    let mut file = regular::open(path, OpenOptions::new().read(true).append(true).create(true))?;
    // A person may decide in one process while another applies: they append one after the other.
    locks::lock(&file)?;
    let lines: Vec<(i64, String)> = connection
        .prepare_cached("SELECT number, line FROM ledger_lines ORDER BY number")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let Some((last, _)) = lines.last() else { return Ok(()) };
    let written: i64 = connection.query_row("SELECT written FROM ledger", [], |row| row.get(0))?;
    let text: String = lines.iter().flat_map(|(_, line)| [line.as_str(), "\n"]).collect();
    let length = append(&mut file, written as u64, text.as_bytes())?;
    if is_new && let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    crash::point(Moment::LedgerAppended);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM ledger_lines WHERE number <= ?1", [last])?;
    transaction.execute("UPDATE ledger SET written = ?1", [length as i64])?;
    transaction.commit()?;
    Ok(())
}

/// The ledger's file could not be completed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompleteError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Appends what is missing of `text`, which begins at byte `from` of the file. Gives the file's length.
fn append(file: &mut File, from: u64, text: &[u8]) -> io::Result<u64> {
    let mut there = Vec::new();
    if file.metadata()?.len() >= from {
        file.seek(SeekFrom::Start(from))?;
        file.take(text.len() as u64 + 1).read_to_end(&mut there)?;
    }
    let missing = match text.strip_prefix(there.as_slice()) {
        // A killed program has written all, a part or none of it.
        Some(missing) => missing,
        None => {
            if is_lost(&there, text) {
                file.set_len(from)?;
            }
            text
        }
    };
    file.write_all(missing)?;
    file.sync_data()?;
    Ok(file.metadata()?.len())
}

/// True for what a loss of power leaves of a text that was never brought to disk: zeros in place of parts of it. No
/// line has a zero.
fn is_lost(there: &[u8], text: &[u8]) -> bool {
    there.len() <= text.len() && there.iter().zip(text).all(|(found, written)| *found == 0 || found == written)
}

/// The ledger's file in a session's folder.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

#[cfg(test)]
mod tests {
    use super::super::{database, schema};
    use super::*;

    fn add_line(connection: &mut Connection, text: &str) {
        let transaction = connection.transaction().unwrap();
        let fields = Map::from_iter([("event".to_owned(), json!(text))]);
        add(&transaction, &LedgerEvent::Other(fields)).unwrap();
        transaction.commit().unwrap();
    }

    /// The database of a session whose ledger has one line.
    fn with_a_line(path: &Path) -> Connection {
        let mut connection = database::in_memory(&schema::SESSION).unwrap();
        add_line(&mut connection, "one");
        complete(&mut connection, path).unwrap();
        connection
    }

    #[test]
    fn lines_are_chained_and_a_changed_one_shows() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        let mut connection = database::in_memory(&schema::SESSION).unwrap();
        for text in ["one", "two\u{1b}[31m\u{202e}", "three"] {
            add_line(&mut connection, text);
            complete(&mut connection, &path).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let chain = walk(&path, &[], 0).unwrap();
        assert_eq!((chain.lines, chain.broken_at), (3, None));
        assert_eq!(chain.head, hash_of(text.lines().last().unwrap()));
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
        for (from, to, broken_at) in [("one", "uno", 2), ("three", "four", 0), ("\"line\":2", "\"line\":5", 2)] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let changed = walk(&path, &[], 0).unwrap();
            assert_eq!(changed.broken_at.unwrap_or(0), broken_at, "{from}");
            assert!(broken_at != 0 || changed.head != chain.head, "the last line is vouched for by the head alone");
        }
    }

    #[test]
    fn zeros_that_a_loss_of_power_left_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        let mut connection = with_a_line(&path);
        let on_disk = std::fs::read(&path).unwrap();
        add_line(&mut connection, "two");
        let lost = [on_disk.as_slice(), b"{\"li", &[0; 20]].concat();
        std::fs::write(&path, lost).unwrap();
        complete(&mut connection, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.as_bytes().starts_with(&on_disk), "{text}");
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(text.lines().all(|line| serde_json::from_str::<Json>(line).is_ok()), "{text:?}");
    }

    #[test]
    fn a_file_that_a_killed_program_left_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        let mut connection = with_a_line(&path);
        let before = std::fs::read(&path).unwrap();
        add_line(&mut connection, "two");
        add_line(&mut connection, "three");
        let pending: i64 = connection.query_row("SELECT count(*) FROM ledger_lines", [], |row| row.get(0)).unwrap();
        assert_eq!(pending, 2);
        // A kill can have left nothing, a part or all of the two lines.
        complete(&mut connection, &path).unwrap();
        let after = std::fs::read(&path).unwrap();
        for length in [before.len(), before.len() + 7, after.len()] {
            std::fs::write(&path, &after[..length]).unwrap();
            let mut file = OpenOptions::new().read(true).append(true).open(&path).unwrap();
            assert_eq!(append(&mut file, before.len() as u64, &after[before.len()..]).unwrap(), after.len() as u64);
            assert_eq!(std::fs::read(&path).unwrap(), after, "{length}");
        }
    }
}
