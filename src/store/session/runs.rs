//! Runs: what was asked for, when it began and ended.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{LabelSet, Session, StoreError, now};
use crate::domain::decision::LabelId;
use crate::domain::label::Label;
use crate::domain::printable::printable;
use crate::domain::run::{RunId, RunKind};
use crate::domain::score::SureRule;
use crate::domain::settings::{Operation, Settings};
use crate::store::ledger::{self, LedgerEvent, RunBegan, RunEnded, RunResult, RunSettings, Word};

/// How pictures are sorted: what later applies need of the settings of a classify.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sorting {
    /// The labels to sort by.
    pub labels: Vec<Label>,
    /// The sentence around each prompt, or several of them on one line.
    pub template: String,
    /// The lowest score that is acted on.
    #[serde(serialize_with = "as_written")]
    pub threshold: f32,
    /// How far the best score must be above the second.
    #[serde(serialize_with = "as_written")]
    pub margin: f32,
    /// Copy or move.
    pub operation: Operation,
}

/// 0.3 as 0.3, and not with the digits that a wider number would need.
fn as_written<S: serde::Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.to_string().parse().unwrap_or(f64::from(*value)))
}

impl From<&Settings> for Sorting {
    fn from(settings: &Settings) -> Sorting {
        Sorting {
            labels: settings.labels.clone(),
            template: settings.template.text(),
            threshold: settings.sure.threshold,
            margin: settings.sure.margin,
            operation: settings.operation,
        }
    }
}

impl Sorting {
    /// When a prediction is acted on.
    pub fn sure(&self) -> SureRule {
        SureRule { threshold: self.threshold, margin: self.margin }
    }
}

/// The last classification, and what it was made with, as the user gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The source folder.
    pub source: String,
    /// Its sub-folders too.
    pub recursive: bool,
    /// Hidden files too, where the session tells.
    pub hidden: Option<bool>,
    /// Patterns of the only files that were looked at.
    pub include: Vec<String>,
    /// Patterns of files that were not.
    pub exclude: Vec<String>,
    /// The model.
    pub model: String,
    /// The numbers that it computed with, where the session tells.
    pub variant: Option<String>,
}

/// A source folder as a run keeps it: absolute, so that a later start finds it.
pub fn absolute_source(source: &Path) -> PathBuf {
    std::path::absolute(source).unwrap_or_else(|_| source.to_owned())
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Its kind of work.
    pub kind: RunKind,
    /// The run that it takes back.
    pub reverses: Option<RunId>,
}

/// The key in a run's settings that has its [`Sorting`].
const SORTING: &str = "sorting";

impl Session {
    /// Begins a run. Session and ledger keep its settings.
    pub fn begin_run(
        &mut self,
        kind: RunKind,
        reverses: Option<RunId>,
        sorting: Option<(&Sorting, &LabelSet)>,
        settings: RunSettings,
    ) -> Result<RunId, StoreError> {
        self.begin_run_within(None, kind, reverses, sorting, settings)
    }

    /// The same, of a run inside a label.
    pub(super) fn begin_run_within(
        &mut self,
        within: Option<LabelId>,
        kind: RunKind,
        reverses: Option<RunId>,
        sorting: Option<(&Sorting, &LabelSet)>,
        settings: RunSettings,
    ) -> Result<RunId, StoreError> {
        let mut settings = settings.fields();
        if let Some((sorting, _)) = sorting {
            settings.insert(SORTING.to_owned(), json!(sorting));
        }
        let sources = ledger::sources_in(&settings);
        let id = self.change(|change| {
            change.execute(
                "INSERT INTO runs (kind, reverses, label_set, began, settings, within) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    kind.word(),
                    reverses.map(|run| run.0),
                    sorting.map(|(_, set)| set.id),
                    now(),
                    json!(settings).to_string(),
                    within.map(|label| label.0),
                ),
            )?;
            let run = RunId(change.last_insert_rowid());
            let (kind, program) = (Word::Known(kind), Some(ledger::PROGRAM.to_owned()));
            ledger::add(change, &LedgerEvent::Run(RunBegan { run, kind, program, reverses, settings }))?;
            Ok(run)
        })?;
        self.sources.extend(sources);
        self.complete_ledger()?;
        Ok(id)
    }

    /// Ends a run. The ledger keeps its result.
    pub fn end_run(&mut self, run: RunId, result: RunResult) -> Result<(), StoreError> {
        self.change(|change| {
            change.execute("UPDATE runs SET ended = ?1 WHERE id = ?2", (now(), run.0))?;
            ledger::add(change, &LedgerEvent::End(RunEnded { run, result: result.fields() }))
        })?;
        self.complete_ledger()
    }

    /// How the last classify that scored a picture sorted, and what its predictions were made with.
    pub fn sorting(&self) -> Result<Option<(Sorting, LabelSet)>, StoreError> {
        let row = self.connection.query_row(
            "SELECT settings, label_sets.id, label_sets.labels FROM runs JOIN label_sets ON label_sets.id = label_set
                 WHERE within IS NULL AND EXISTS (SELECT 1 FROM pictures WHERE pictures.label_set = runs.label_set)
                 ORDER BY runs.id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        );
        Ok(row.optional().map_err(|error| self.failed(error))?.and_then(sorting_of))
    }

    /// The settings of the last classify that looked into a source; scores for other labels have none.
    pub fn origin(&self) -> Result<Option<Origin>, StoreError> {
        let row = self.connection.query_row(
            "SELECT settings ->> '$.source', settings ->> '$.recursive', settings ->> '$.model',
                 settings ->> '$.variant', settings ->> '$.hidden', settings ->> '$.include', settings ->> '$.exclude' FROM runs
                 WHERE kind = ?1 AND within IS NULL AND settings ->> '$.model' IS NOT NULL ORDER BY id DESC LIMIT 1",
            [RunKind::Classify.word()],
            |row| {
                let patterns = |column| {
                    let written = row.get::<_, Option<String>>(column)?;
                    Ok::<_, rusqlite::Error>(written.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
                };
                Ok(Origin {
                    source: row.get(0)?,
                    recursive: row.get::<_, Option<bool>>(1)?.unwrap_or(true),
                    model: row.get(2)?,
                    variant: row.get(3)?,
                    hidden: row.get(4)?,
                    include: patterns(5)?,
                    exclude: patterns(6)?,
                })
            },
        );
        row.optional().map_err(|error| self.failed(error))
    }

    /// The folders that were ever looked into.
    pub fn sources(&self) -> Result<Vec<PathBuf>, StoreError> {
        let sources = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare(
                "SELECT DISTINCT settings ->> '$.source' FROM runs
                 WHERE kind = ?1 AND json_type(settings, '$.source') = 'text' AND settings ->> '$.model' IS NOT NULL",
            )?;
            statement.query_map([RunKind::Classify.word()], |row| row.get(0))?.collect()
        };
        let sources = sources().map_err(|error| self.failed(error))?;
        Ok(sources.into_iter().map(PathBuf::from).filter(|source| source.is_absolute()).collect())
    }

    /// The last run that saw pictures in a source that are known as it saw them; none where nothing was ever found
    /// there.
    pub fn last_seen_in(&self, source: &Path) -> Result<Option<RunId>, StoreError> {
        let runs = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut statement = self.connection.prepare(
                "SELECT id, settings ->> '$.source' FROM runs
                 WHERE kind = ?1 AND json_type(settings, '$.source') = 'text'
                     AND EXISTS (SELECT 1 FROM pictures WHERE seen = runs.id) ORDER BY id DESC",
            )?;
            statement.query_map([RunKind::Classify.word()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let given = absolute_source(source);
        let (given, real) =
            (given.to_str().map_or_else(|| printable(&given), str::to_owned), source.canonicalize().ok());
        let is_same = |other: &str| other == given || real.is_some() && Path::new(other).canonicalize().ok() == real;
        let mut runs = runs().map_err(|error| self.failed(error))?.into_iter();
        Ok(runs.find(|(_, other)| is_same(other)).map(|(id, _)| RunId(id)))
    }

    /// A run by its number.
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        let found = self.connection.query_row("SELECT id, kind, reverses FROM runs WHERE id = ?1", [id.0], run);
        found.optional().map(Option::flatten).map_err(|error| self.failed(error))
    }

    /// Runs that were begun and have not ended. Under the lock of the one process that works, those are runs that were
    /// killed.
    pub fn runs_cut_short(&self) -> Result<Vec<Run>, StoreError> {
        let runs = || -> rusqlite::Result<Vec<Option<Run>>> {
            let mut statement =
                self.connection.prepare("SELECT id, kind, reverses FROM runs WHERE ended IS NULL ORDER BY id")?;
            statement.query_map([], run)?.collect()
        };
        Ok(runs().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    /// Runs that put files somewhere and are not all taken back, the last first: what undo works on.
    pub fn runs_in_force(&self) -> Result<Vec<Run>, StoreError> {
        let runs = || -> rusqlite::Result<Vec<Option<Run>>> {
            let mut statement = self.connection.prepare(
                "SELECT id, kind, reverses FROM runs WHERE kind IN ('apply', 'redo') AND EXISTS (
                     SELECT 1 FROM transfers WHERE run = runs.id AND step IN ('done', 'kept', 'unsynced') AND undone_by IS NULL
                 ) ORDER BY id DESC",
            )?;
            statement.query_map([], run)?.collect()
        };
        Ok(runs().map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }
}

/// How a run sorted, from its settings, and the number and the labels of its label set.
pub(super) fn sorting_of((settings, id, labels): (String, i64, String)) -> Option<(Sorting, LabelSet)> {
    let settings: Json = serde_json::from_str(&settings).ok()?;
    let sorting = serde_json::from_value(settings.get(SORTING)?.clone()).ok()?;
    let numbers: Vec<i64> = serde_json::from_str(&labels).ok()?;
    Some((sorting, LabelSet { id, labels: numbers.into_iter().map(LabelId).collect() }))
}

fn run(row: &Row<'_>) -> rusqlite::Result<Option<Run>> {
    let kind: String = row.get(1)?;
    let (id, reverses) = (RunId(row.get(0)?), row.get::<_, Option<i64>>(2)?.map(RunId));
    Ok(RunKind::from_word(&kind).map(|kind| Run { id, kind, reverses }))
}
