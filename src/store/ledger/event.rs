//! The events that lines of the ledger tell of. Their JSON never changes: lines of every version can be read, and
//! fields are written in the order in which they always were.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::fields::{flag_in, hash_in, hex_digits, number_in, path_in, put, put_path, text_in, texts_in};
use super::word::Word;
use crate::domain::picture::ContentHash;
use crate::domain::run::{Action, RunId, RunKind, TransferId};
use crate::domain::transfer::TransferResult;

/// The event of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum LedgerEvent {
    /// A run has begun.
    Run(RunBegan),
    /// A run is over.
    End(RunEnded),
    /// A transfer is over.
    Transfer(Box<TransferEnded>),
    /// A person has decided.
    Decision(Decided),
    /// A label has another text now.
    Rename {
        /// The text that it had.
        label: String,
        /// The text that it has.
        to: String,
        /// The labels that it is inside, the outermost first; none at the root.
        within: Vec<String>,
    },
    /// There is a file at the top of the destination that is no picture.
    File(FileEvent, String),
    /// Session or ledger were made anew.
    Repair(Repaired),
    /// An event of another version, or one that lacks what such an event always has.
    Other(Map<String, Json>),
}

/// The beginning of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunBegan {
    /// Its number.
    pub run: RunId,
    /// Its kind of work.
    pub kind: Word<RunKind>,
    /// The program and its version. A line that is written again does not tell.
    pub program: Option<String>,
    /// The run that it takes back.
    pub reverses: Option<RunId>,
    /// Its settings, those of other versions too: what [`RunSettings`](super::RunSettings) writes.
    pub settings: Map<String, Json>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnded {
    /// Its number.
    pub run: RunId,
    /// Its result: what [`RunResult`](super::RunResult) writes.
    pub result: Map<String, Json>,
}

/// The end of a transfer. Paths in the destination are relative to it, so that it can be handed on; others absolute.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferEnded {
    /// The run that it belongs to.
    pub run: RunId,
    /// Its number.
    pub transfer: TransferId,
    /// The action.
    pub action: Word<Action>,
    /// How it ended.
    pub result: Word<TransferResult>,
    /// The file.
    pub source: PathBuf,
    /// Where its content is; nowhere where the transfer failed.
    pub target: Option<PathBuf>,
    /// Its content.
    pub sha256: ContentHash,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// When the file was last changed.
    pub modified: Option<jiff::Timestamp>,
    /// The file system that the picture was found on: it tells a folder from the bare place of a disk that is not
    /// connected. Version 0.1.0 did not say.
    pub device: Option<i64>,
    /// The transfer that it takes back.
    pub reverses: Option<TransferId>,
    /// The metadata that a copy could not be given, as the session keeps it too.
    pub unkept: Option<Json>,
    /// There was nothing left to do: somebody had removed the file.
    pub is_gone: bool,
    /// The reason, in words, where it failed or was not completed.
    pub reason: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The picture, as its path was given.
    pub picture: PathBuf,
    /// Its content; none where it could not be read.
    pub sha256: Option<ContentHash>,
    /// The word for the decision; none where an earlier one was taken back.
    pub decision: Option<String>,
    /// The label that was decided for.
    pub label: Option<String>,
    /// The labels that this one is inside, the outermost first; none at the root.
    pub within: Vec<String>,
}

/// A repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// The program and its version.
    pub program: String,
    /// The session was made from the ledger.
    pub session_rebuilt: bool,
    /// The ledger was written from the session.
    pub ledger_rewritten: bool,
    /// Lines of the ledger that are as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_kept: Option<u64>,
    /// Lines that there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_before: Option<u64>,
    /// The files as they were before.
    pub set_aside: SetAside,
}

/// Files that a repair kept as they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The folder that they are in.
    pub folder: Option<String>,
    /// The files.
    pub files: Vec<FileSetAside>,
}

/// A file that a repair kept as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSetAside {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its content.
    pub sha256: String,
}

/// An event about a file at the top of the destination that is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileEvent {
    /// The program writes it: a table, or the list of sums.
    Table,
    /// It is somebody else's, and had the place of one of those.
    Aside,
}

impl FileEvent {
    /// From the word in the ledger.
    pub fn from_word(word: &str) -> Option<FileEvent> {
        [FileEvent::Table, FileEvent::Aside].into_iter().find(|event| event.word() == word)
    }

    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            FileEvent::Table => "table",
            FileEvent::Aside => "aside",
        }
    }
}

/// The key of an event's kind.
pub(super) const EVENT: &str = "event";

/// Fields of a run's line that are none of its settings.
const OF_A_RUN: [&str; 4] = ["run", "kind", "program", "reverses"];

/// Fields that every line may have.
pub(super) const OF_EVERY_LINE: [&str; 5] = ["line", "time", "previous", EVENT, super::RETOLD];

/// The key of the labels that a label, or a run, is inside.
pub(in crate::store) const WITHIN: &str = "within";

/// The word for a decision that was taken back.
const TAKEN_BACK: &str = "taken back";

impl LedgerEvent {
    /// The event's fields, in the order of the ledger.
    pub(super) fn fields(&self) -> Map<String, Json> {
        let mut fields = Map::new();
        put(&mut fields, EVENT, self.kind());
        match self {
            LedgerEvent::Run(began) => began.put_into(&mut fields),
            LedgerEvent::End(ended) => {
                put(&mut fields, "run", ended.run);
                fields.extend(ended.result.clone());
            }
            LedgerEvent::Transfer(ended) => ended.put_into(&mut fields),
            LedgerEvent::Decision(decided) => decided.put_into(&mut fields),
            LedgerEvent::Rename { label, to, within } => {
                put(&mut fields, "label", label);
                put(&mut fields, "to", to);
                put_within(&mut fields, within);
            }
            LedgerEvent::File(_, name) => put(&mut fields, "name", name),
            LedgerEvent::Repair(repaired) => fields.extend(json!(repaired).as_object().cloned().unwrap_or_default()),
            LedgerEvent::Other(others) => fields.clone_from(others),
        }
        fields
    }

    /// The word for its kind.
    fn kind(&self) -> &str {
        match self {
            LedgerEvent::Run(_) => "run",
            LedgerEvent::End(_) => "end",
            LedgerEvent::Transfer(_) => "transfer",
            LedgerEvent::Decision(_) => "decision",
            LedgerEvent::Rename { .. } => "rename",
            LedgerEvent::File(event, _) => event.word(),
            LedgerEvent::Repair(_) => "repair",
            LedgerEvent::Other(fields) => text_in(fields, EVENT).unwrap_or_default(),
        }
    }

    /// The event of a line; none in a line that tells of none.
    pub fn of(fields: &Map<String, Json>) -> Option<LedgerEvent> {
        let kind = fields.get(EVENT)?.as_str().unwrap_or_default();
        let text = |key| text_in(fields, key).map(str::to_owned);
        let known = match kind {
            "run" => RunBegan::of(fields).map(LedgerEvent::Run),
            "end" => RunEnded::of(fields).map(LedgerEvent::End),
            "transfer" => TransferEnded::of(fields).map(Box::new).map(LedgerEvent::Transfer),
            "decision" => Decided::of(fields).map(LedgerEvent::Decision),
            "rename" => {
                let texts = text("label").zip(text("to"));
                texts.map(|(label, to)| LedgerEvent::Rename { label, to, within: texts_in(fields, WITHIN) })
            }
            "repair" => serde_json::from_value(Json::Object(fields.clone())).ok().map(LedgerEvent::Repair),
            word => FileEvent::from_word(word).zip(text("name")).map(|(event, name)| LedgerEvent::File(event, name)),
        };
        Some(known.unwrap_or_else(|| LedgerEvent::Other(without(fields, &["line", "time", "previous", super::RETOLD]))))
    }
}

/// The labels that a label is inside, where it is inside any.
fn put_within(fields: &mut Map<String, Json>, within: &[String]) {
    if !within.is_empty() {
        put(fields, WITHIN, within);
    }
}

/// Fields but for some.
fn without(fields: &Map<String, Json>, some: &[&str]) -> Map<String, Json> {
    let others = fields.iter().filter(|(key, _)| !some.contains(&key.as_str()));
    others.map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl RunBegan {
    fn of(fields: &Map<String, Json>) -> Option<RunBegan> {
        Some(RunBegan {
            run: RunId(number_in(fields, "run")?),
            kind: Word::of(text_in(fields, "kind")?),
            program: text_in(fields, "program").map(str::to_owned),
            reverses: number_in(fields, "reverses").map(RunId),
            settings: without(fields, &[&OF_EVERY_LINE[..], &OF_A_RUN].concat()),
        })
    }

    fn put_into(&self, fields: &mut Map<String, Json>) {
        put(fields, "run", self.run);
        put(fields, "kind", self.kind.text());
        if let Some(program) = &self.program {
            put(fields, "program", program);
        }
        if let Some(reverses) = self.reverses {
            put(fields, "reverses", reverses);
        }
        fields.extend(without(&self.settings, &[&OF_EVERY_LINE[..], &OF_A_RUN].concat()));
    }
}

impl RunEnded {
    fn of(fields: &Map<String, Json>) -> Option<RunEnded> {
        let result = without(fields, &[&OF_EVERY_LINE[..], &["run"]].concat());
        Some(RunEnded { run: RunId(number_in(fields, "run")?), result })
    }
}

impl TransferEnded {
    fn of(fields: &Map<String, Json>) -> Option<TransferEnded> {
        Some(TransferEnded {
            run: RunId(number_in(fields, "run")?),
            transfer: TransferId(number_in(fields, "transfer")?),
            action: Word::of(text_in(fields, "action")?),
            result: Word::of(text_in(fields, "result")?),
            source: path_in(fields, "source")?,
            target: path_in(fields, "target"),
            sha256: hash_in(fields)?,
            size: number_in(fields, "size"),
            modified: text_in(fields, "modified").and_then(|text| text.parse().ok()),
            device: number_in(fields, "device"),
            reverses: number_in(fields, "reverses").map(TransferId),
            unkept: fields.get("unkept").cloned(),
            is_gone: flag_in(fields, "gone"),
            reason: text_in(fields, "reason").map(str::to_owned),
        })
    }

    fn put_into(&self, fields: &mut Map<String, Json>) {
        put(fields, "run", self.run);
        put(fields, "transfer", self.transfer.0);
        put(fields, "action", self.action.text());
        put(fields, "result", self.result.text());
        put_path(fields, "source", &self.source);
        if let Some(target) = &self.target {
            put_path(fields, "target", target);
        }
        put(fields, "sha256", self.sha256.to_string());
        let optional = [
            ("size", self.size.map(Json::from)),
            ("modified", self.modified.map(|time| Json::from(time.to_string()))),
            ("device", self.device.map(Json::from)),
            ("reverses", self.reverses.map(|reversed| Json::from(reversed.0))),
            ("unkept", self.unkept.clone()),
            ("gone", self.is_gone.then_some(Json::from(true))),
            ("reason", self.reason.clone().map(Json::from)),
        ];
        fields.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
}

impl Decided {
    fn of(fields: &Map<String, Json>) -> Option<Decided> {
        let decision = text_in(fields, "decision")?;
        Some(Decided {
            picture: path_in(fields, "picture")?,
            sha256: hash_in(fields),
            decision: (decision != TAKEN_BACK).then(|| decision.to_owned()),
            label: text_in(fields, "label").map(str::to_owned),
            within: texts_in(fields, WITHIN),
        })
    }

    fn put_into(&self, fields: &mut Map<String, Json>) {
        put_path(fields, "picture", &self.picture);
        put(fields, "sha256", hex_digits(self.sha256));
        put(fields, "decision", self.decision.as_deref().unwrap_or(TAKEN_BACK));
        if let Some(label) = &self.label {
            put(fields, "label", label);
        }
        put_within(fields, &self.within);
    }
}
