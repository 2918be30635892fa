//! A session made anew from the lines of its ledger: runs, transfers, where pictures are, what people decided. Scores,
//! and pictures that nothing was done with, are in no ledger.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use super::super::transfers::record;
use super::super::{DATABASE, OWN, StoreError, TABLE_NAME, labels, top_files};
use super::{replace, sync_folder};
use crate::domain::decision::LabelId;
use crate::domain::folder_name::CHECKSUMS;
use crate::domain::label::Label;
use crate::domain::run::{RunId, RunKind};
use crate::domain::transfer::Step;
use crate::store::ledger::{self, FileEvent, LedgerEvent, Line, Pending, RunBegan, Sound, TransferEnded};
use crate::store::{database, regular, schema};

/// The new database until it has its name.
const NEW: &str = ".sis-session.partial";

/// The usual name of the table.
const USUAL_TABLE: &str = "output.csv";

/// The list of checksums, which is no table.
const SUMS: &str = CHECKSUMS;

/// The session that was made from the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Lines that said something.
    pub lines: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Runs.
    pub runs: u64,
    /// Transfers.
    pub transfers: u64,
    /// Pictures.
    pub pictures: u64,
    /// Pictures of which it is not known on which disk they lay.
    pub without_device: u64,
    /// Decisions of which it is not known which picture they are about.
    pub lost_decisions: u64,
    /// Decisions that are told in lines which follow one another.
    pub(super) sound_decisions: u64,
}

/// Makes the session anew, in place of the one that is there.
pub(super) fn make(destination: &Path, folder: &Path, sound: &Sound) -> Result<Rebuilt, StoreError> {
    let (new, place) = (folder.join(NEW), folder.join(DATABASE));
    for ending in regular::DATABASE_ENDINGS {
        remove(&regular::beside(&new, ending))?;
    }
    let rebuilt = fill(&new, destination, &ledger::path_in(folder), sound)?;
    // A log of the former database would be taken for a part of the new one.
    for ending in &regular::DATABASE_ENDINGS[1..] {
        remove(&regular::beside(&place, ending))?;
    }
    sync_folder(folder)?;
    replace(&new, &place)?;
    Ok(rebuilt)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(regular::failed(path)),
    }
}

fn fill(new: &Path, destination: &Path, ledger: &Path, sound: &Sound) -> Result<Rebuilt, StoreError> {
    let failed = |source| StoreError::Database { path: new.to_owned(), source };
    let file = regular::read(ledger).map_err(regular::failed(ledger))?;
    let mut connection = database::open(new, &schema::SESSION)?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(failed)?;
    let destination = destination.canonicalize().unwrap_or_else(|_| destination.to_owned());
    let rebuilt = (|| {
        let change = connection.transaction()?;
        // Decisions are found by the content of their pictures.
        change.execute_batch("CREATE INDEX by_content ON pictures (hash)")?;
        let mut rebuild = Rebuild {
            change: &change,
            destination: &destination,
            sources: vec![],
            table: None,
            rebuilt: Rebuilt::default(),
        };
        rebuild.read(file, sound)?;
        let table = rebuild.table.take();
        let rebuilt = rebuild.end()?;
        // A ledger of version 0.1.0 tells of no table: its usual name is the program's own, whatever its content.
        let table = table.unwrap_or_else(|| USUAL_TABLE.to_owned());
        change.execute("INSERT OR IGNORE INTO session VALUES (?1, x'')", [format!("{OWN}{table}")])?;
        change.execute("INSERT INTO session VALUES (?1, ?2)", (TABLE_NAME, table.into_bytes()))?;
        change.execute_batch("DROP INDEX by_content; DELETE FROM ledger_lines")?;
        let (lines, bytes) = (sound.lines as i64, sound.bytes as i64);
        change.execute("UPDATE ledger SET lines = ?1, head = ?2, written = ?3", (lines, &sound.head, bytes))?;
        change.commit()?;
        Ok(rebuilt)
    })();
    rebuilt.map_err(failed)
}

pub(super) struct Rebuild<'r> {
    pub(super) change: &'r Transaction<'r>,
    destination: &'r Path,
    /// The sources of the run that classified last: as given, and without links.
    pub(super) sources: Vec<PathBuf>,
    /// The table that was first told of last.
    table: Option<String>,
    pub(super) rebuilt: Rebuilt,
}

impl Rebuild<'_> {
    /// Takes line after line; one that cannot be read is passed over.
    fn read(&mut self, file: File, sound: &Sound) -> rusqlite::Result<()> {
        let mut failure = None;
        let chain = ledger::follow(Some(file), &Pending::default(), &mut |chain, line| {
            let Some(Line { time, event: Some(event) }) = line else {
                self.rebuilt.unreadable += 1;
                return ControlFlow::Continue(());
            };
            self.rebuilt.lines += 1;
            match self.take(&event, time, chain.lines <= sound.lines) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        match (chain, failure) {
            (_, Some(error)) => Err(error),
            (Ok(_), None) => Ok(()),
            (Err(error), None) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        }
    }

    fn take(&mut self, event: &LedgerEvent, time: i64, is_sound: bool) -> rusqlite::Result<()> {
        match event {
            LedgerEvent::Run(began) => self.run(began, time),
            LedgerEvent::End(ended) => self.end_run(ended.run, time),
            LedgerEvent::Transfer(ended) if ended.says_enough() => self.transfer(ended, time),
            LedgerEvent::Decision(decided) => self.decision(decided, time, is_sound),
            LedgerEvent::File(event, name) => self.file(*event, name),
            LedgerEvent::Rename { label, to, within } => labels::rename(self.change, within, label, to).map(drop),
            LedgerEvent::Transfer(_) | LedgerEvent::Repair(_) | LedgerEvent::Other(_) => Ok(()),
        }
    }

    fn file(&mut self, event: FileEvent, name: &str) -> rusqlite::Result<()> {
        if event == FileEvent::Table && name != SUMS {
            self.table = Some(name.to_owned());
        }
        top_files::take(self.change, event, name)
    }

    fn run(&mut self, began: &RunBegan, time: i64) -> rusqlite::Result<()> {
        let sources = ledger::sources_in(&began.settings);
        if !sources.is_empty() {
            self.sources = sources;
        }
        let within = labels::label_at(self.change, &ledger::within_in(&began.settings))?;
        let set = self.label_set(began, within)?;
        let reverses = began.reverses.map(|reverses| reverses.0).filter(|reverses| self.has("runs", *reverses));
        let settings = json!(began.settings).to_string();
        let mut insert = self.change.prepare_cached(
            "INSERT INTO runs (id, kind, reverses, label_set, began, settings, within) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE
             SET kind = ?2, reverses = ?3, label_set = ?4, began = ?5, settings = ?6, within = ?7",
        )?;
        let within = within.map(|label| label.0);
        insert.execute((began.run.0, began.kind.text(), reverses, set, time, settings, within)).map(drop)
    }

    /// The label set of a run's predictions.
    fn label_set(&self, began: &RunBegan, within: Option<LabelId>) -> rusqlite::Result<Option<i64>> {
        let sorting = began.settings.get("sorting");
        let labels: Option<Vec<Label>> =
            sorting.and_then(|sorting| serde_json::from_value(sorting.get("labels")?.clone()).ok());
        let template = sorting.and_then(|sorting| sorting.get("template")?.as_str());
        let (Some(labels), Some(template)) = (labels, template) else { return Ok(None) };
        let model = began.settings.get("model_fingerprint").and_then(|model| model.as_str()).unwrap_or_default();
        labels::label_set(self.change, within, &labels, template, model).map(|set| Some(set.id))
    }

    fn end_run(&mut self, run: RunId, time: i64) -> rusqlite::Result<()> {
        self.change.prepare_cached("UPDATE runs SET ended = ?2 WHERE id = ?1")?.execute((run.0, time)).map(drop)
    }

    fn transfer(&mut self, told: &TransferEnded, time: i64) -> rusqlite::Result<()> {
        let id = told.transfer;
        if !self.has("transfers", id.0) {
            let picture = self.picture_of(told, time)?;
            self.insert(told, picture)?;
        }
        let step = Step::Ended(told.ending(self.destination));
        record(self.change, self.destination, id, &step)
    }

    fn insert(&self, told: &TransferEnded, picture: i64) -> rusqlite::Result<()> {
        let target = told.target.as_deref().unwrap_or(Path::new(""));
        let folder = target.parent().unwrap_or(Path::new(""));
        let name = target.file_name().unwrap_or_default();
        let reverses = told.reverses.map(|reverses| reverses.0).filter(|reverses| self.has("transfers", *reverses));
        let mut insert = self.change.prepare_cached(
            "INSERT INTO transfers
                (id, run, picture, action, source, folder, names, hash, size, step, was_placed, was_by, reverses, unkept)
             SELECT ?1, ?2, id, ?4, ?5, ?6, ?7, ?8, ?9, 'planned', placed, placed_by, ?10, ?11 FROM pictures WHERE id = ?3",
        )?;
        let inserted = insert.execute(rusqlite::params![
            told.transfer.0,
            told.run.0,
            picture,
            told.action.text(),
            told.source.as_os_str().as_bytes(),
            folder.as_os_str().as_bytes(),
            name.as_bytes(),
            told.sha256.0,
            told.size.unwrap_or_default(),
            reverses,
            told.unkept.as_ref().map(|unkept| unkept.to_string()),
        ]);
        inserted.map(drop)
    }

    /// The picture that a transfer is about: that of the transfer which it takes back, the one that was put where it
    /// comes from, or the one that was found there.
    fn picture_of(&self, told: &TransferEnded, time: i64) -> rusqlite::Result<i64> {
        self.make_run(told, time)?;
        let reversed = self
            .change
            .prepare_cached("SELECT picture FROM transfers WHERE id = ?1")?
            .query_row([told.reverses.map(|reverses| reverses.0)], |row| row.get(0))
            .optional()?;
        if let Some(picture) = reversed {
            return Ok(picture);
        }
        let source = told.source.as_os_str().as_bytes();
        let placed = self
            .change
            .prepare_cached("SELECT id FROM pictures WHERE placed = ?1 AND hash = ?2")?
            .query_row((source, told.sha256.0), |row| row.get(0))
            .optional()?;
        match placed.filter(|_| told.source.is_relative()) {
            Some(picture) => Ok(picture),
            None => self.picture(&told.source, &told.sha256.0, Some(told), told.run.0),
        }
    }

    /// A run of which only transfers are told: its own line is lost.
    fn make_run(&self, told: &TransferEnded, time: i64) -> rusqlite::Result<()> {
        let kind = if told.reverses.is_some() { RunKind::Undo } else { RunKind::Apply };
        let mut insert = self
            .change
            .prepare_cached("INSERT OR IGNORE INTO runs (id, kind, began, settings) VALUES (?1, ?2, ?3, '{}')")?;
        insert.execute((told.run.0, kind.word(), time)).map(drop)
    }

    /// The picture with a path and a content.
    pub(super) fn picture(
        &self,
        path: &Path,
        hash: &[u8],
        told: Option<&TransferEnded>,
        run: i64,
    ) -> rusqlite::Result<i64> {
        let path = path.as_os_str().as_bytes();
        let size = told.map(|told| told.size.unwrap_or_default());
        let modified = told.and_then(|told| told.modified).map(|time| time.as_nanosecond().to_string());
        let device = told.and_then(|told| told.device);
        let mut insert = self.change.prepare_cached(
            "INSERT OR IGNORE INTO pictures (path, shown, hash, size, modified, device, state, seen)
             VALUES (?1, ?1, ?2, ?3, ?4, ?5, 'ok', ?6)",
        )?;
        insert.execute((path, hash, size, modified, device, run))?;
        let mut found = self.change.prepare_cached("SELECT id FROM pictures WHERE path = ?1 AND hash = ?2")?;
        found.query_row((path, hash), |row| row.get(0))
    }

    fn has(&self, table: &str, id: i64) -> bool {
        let statement = format!("SELECT 1 FROM {table} WHERE id = ?1");
        self.change.prepare_cached(&statement).and_then(|mut found| found.exists([id])).unwrap_or(false)
    }

    fn end(self) -> rusqlite::Result<Rebuilt> {
        let count = |table: &str| -> rusqlite::Result<u64> {
            let count: i64 = self.change.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
            Ok(count as u64)
        };
        let (runs, transfers, pictures) = (count("runs")?, count("transfers")?, count("pictures")?);
        let without_device =
            "SELECT count(*) FROM pictures WHERE device IS NULL AND id IN (SELECT picture FROM transfers)";
        let without_device: i64 = self.change.query_row(without_device, [], |row| row.get(0))?;
        Ok(Rebuilt { runs, transfers, pictures, without_device: without_device as u64, ..self.rebuilt })
    }
}
