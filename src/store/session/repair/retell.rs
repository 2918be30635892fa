//! The ledger written anew from the session's tables: the lines that still follow one another stay, and what they do
//! not tell follows, as far as the tables know it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

use super::super::{Session, StoreError, decisions, ends};
use super::replace;
use crate::domain::run::{RunId, TransferId};
use crate::domain::transfer::Ending;
use crate::store::ledger::{self, LedgerEvent, Pending, RunBegan, RunEnded, RunResult, Sound, TransferEnded, Word};
use crate::store::regular;
use crate::store::secret::Secret;

/// The key under which a session keeps that its ledger is being written anew.
pub(super) const UNDER_WAY: &str = "repairing";

/// The new ledger until it has its name: one of the names that are cleaned up.
const NEW: &str = ".sis-ledger.partial";

/// Events that are told in one transaction.
const TOGETHER: usize = 1024;

/// The ledger that was written from the session.
#[derive(Debug)]
pub struct Retold {
    /// Lines that are as they were.
    pub kept: u64,
    /// Lines that were there before.
    pub before: u64,
    /// The lines that were told again.
    untold: Vec<Untold>,
}

impl Retold {
    /// How many lines were told again.
    pub fn told(&self) -> usize {
        self.untold.len()
    }
}

/// Rows that the lines that stay do not tell of, by their numbers in their tables.
#[derive(Debug, Clone, Copy)]
enum Untold {
    Run(RunId),
    Transfer(TransferId),
    Decision(i64),
    End(RunId),
}

/// The account of the lines that stay.
#[derive(Default)]
struct Told {
    runs: HashSet<RunId>,
    ended: HashSet<RunId>,
    transfers: HashSet<TransferId>,
    decisions: u64,
    lines: u64,
}

/// Takes the ledger back to the lines that follow one another. `decisions` says how many of the session's are told in
/// those, where it is another number than there are such lines.
pub(super) fn write(session: &mut Session, sound: &Sound, decisions: Option<u64>) -> Result<Retold, StoreError> {
    let path = ledger::path_in(&session.folder());
    let failed = |source| regular::failed(&path)(source);
    let told = read(&path, sound).map_err(failed)?;
    let new = session.folder().join(NEW);
    keep_sound(&path, &new, sound.bytes).map_err(failed)?;
    replace(&new, &path)?;
    let head = if sound.lines == 0 { "" } else { sound.head.as_str() };
    session.change(|change| {
        change.execute("DELETE FROM ledger_lines", [])?;
        change.execute(
            "UPDATE ledger SET lines = ?1, head = ?2, written = ?3",
            (sound.lines as i64, head, sound.bytes as i64),
        )?;
        change.execute("INSERT OR REPLACE INTO session VALUES (?1, x'01')", [UNDER_WAY]).map(drop)
    })?;
    let decisions = decisions.unwrap_or(told.decisions);
    let untold = session.read(|reading| untold(reading, &told, decisions))?;
    Ok(Retold { kept: sound.lines, before: told.lines, untold })
}

/// Tells what the lines that stayed do not tell.
pub(super) fn tell_rest(session: &mut Session, retold: &Retold, secret: Option<&Secret>) -> Result<(), StoreError> {
    for together in retold.untold.chunks(TOGETHER) {
        session.change(|change| together.iter().try_for_each(|untold| tell(change, *untold)))?;
        session.complete_ledger()?;
    }
    if let Some(secret) = secret {
        session.tell_of_files_again(secret)?;
    }
    session.change(|change| change.execute("DELETE FROM session WHERE key = ?1", [UNDER_WAY]).map(drop))
}

fn read(path: &Path, sound: &Sound) -> io::Result<Told> {
    let mut told = Told::default();
    let file = match regular::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        opened => Some(opened?),
    };
    let chain = ledger::follow(file, &Pending::default(), &mut |chain, line| {
        let line = line.filter(|_| chain.broken_at.is_none() && chain.lines <= sound.lines);
        line.and_then(|line| line.event).iter().for_each(|event| told.note(event));
        ControlFlow::Continue(())
    })?;
    told.lines = chain.lines;
    Ok(told)
}

impl Told {
    fn note(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::Run(began) => drop(self.runs.insert(began.run)),
            LedgerEvent::End(ended) => drop(self.ended.insert(ended.run)),
            LedgerEvent::Transfer(ended) => drop(self.transfers.insert(ended.transfer)),
            LedgerEvent::Decision(_) => self.decisions += 1,
            _ => {}
        }
    }
}

/// Copies the beginning of the ledger.
fn keep_sound(from: &Path, to: &Path, bytes: u64) -> io::Result<()> {
    let mut new = File::create(to)?;
    if bytes > 0 {
        io::copy(&mut regular::read(from)?.take(bytes), &mut new)?;
    }
    Ok(())
}

/// Events that are to be told, in the order in which they happened, as far as that is known: run after run, and
/// decisions by their time before the run that began next.
fn untold(reading: &Connection, told: &Told, told_decisions: u64) -> rusqlite::Result<Vec<Untold>> {
    let mut untold = Vec::new();
    let decisions: Vec<(i64, i64)> = reading
        .prepare("SELECT id, at FROM decisions ORDER BY id LIMIT -1 OFFSET ?1")?
        .query_map([told_decisions as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut decisions = decisions.into_iter().peekable();
    let mut ended = reading.prepare(
        "SELECT id FROM transfers WHERE run = ?1 AND step IN ('done', 'present', 'kept', 'unsynced', 'failed') ORDER BY id",
    )?;
    let mut runs = reading.prepare("SELECT id, began, ended IS NOT NULL FROM runs ORDER BY id")?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let (run, began, has_ended): (RunId, i64, bool) = (RunId(row.get(0)?), row.get(1)?, row.get(2)?);
        while let Some((id, _)) = decisions.next_if(|(_, at)| *at < began) {
            untold.push(Untold::Decision(id));
        }
        if !told.runs.contains(&run) {
            untold.push(Untold::Run(run));
        }
        for id in ended.query_map([run.0], |row| row.get(0).map(TransferId))? {
            let id = id?;
            if !told.transfers.contains(&id) {
                untold.push(Untold::Transfer(id));
            }
        }
        if has_ended && !told.ended.contains(&run) {
            untold.push(Untold::End(run));
        }
    }
    untold.extend(decisions.map(|(id, _)| Untold::Decision(id)));
    Ok(untold)
}

fn tell(change: &Transaction<'_>, untold: Untold) -> rusqlite::Result<()> {
    let event = match untold {
        Untold::Run(run) => LedgerEvent::Run(began(change, run)?),
        Untold::Transfer(id) => LedgerEvent::Transfer(Box::new(ended(change, id)?)),
        Untold::Decision(id) => {
            let (picture, word, label): (i64, Option<String>, Option<i64>) = change
                .prepare_cached("SELECT picture, decision, label FROM decisions WHERE id = ?1")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            LedgerEvent::Decision(decisions::decided(change, picture, word.as_deref(), label)?)
        }
        Untold::End(run) => LedgerEvent::End(RunEnded { run, result: RunResult::None {}.fields() }),
    };
    ledger::add_again(change, &event)
}

fn began(change: &Transaction<'_>, run: RunId) -> rusqlite::Result<RunBegan> {
    let (kind, reverses, settings): (String, Option<i64>, String) = change
        .prepare_cached("SELECT kind, reverses, settings FROM runs WHERE id = ?1")?
        .query_row([run.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(RunBegan {
        run,
        kind: Word::of(&kind),
        program: None,
        reverses: reverses.map(RunId),
        settings: serde_json::from_str(&settings).unwrap_or_default(),
    })
}

fn ended(change: &Transaction<'_>, id: TransferId) -> rusqlite::Result<TransferEnded> {
    let step: String =
        change.prepare_cached("SELECT step FROM transfers WHERE id = ?1")?.query_row([id.0], |row| row.get(0))?;
    // The path is read from the table; why something failed is not kept there.
    let (target, reason) = (PathBuf::new(), String::new());
    let ending = match step.as_str() {
        "done" => Ending::Done { target },
        "present" => Ending::Present { target },
        "kept" => Ending::Kept { target, reason },
        "unsynced" => Ending::Unsynced { target, reason },
        _ => Ending::Failed { reason },
    };
    Ok(TransferEnded { reason: None, ..ends::ended(change, id, &ending)? })
}
