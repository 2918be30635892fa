//! The sense of a ledger's lines, as far as a session keeps it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::super::transfers::Ending;
use crate::domain::picture::ContentHash;
use crate::store::ledger::{path_of, text_of};

/// The end of a transfer as a line tells it.
pub(super) struct Transfer {
    pub(super) id: i64,
    pub(super) run: i64,
    pub(super) action: String,
    result: String,
    /// Relative inside the destination.
    pub(super) source: PathBuf,
    /// Where it went; nowhere if it failed.
    pub(super) target: Option<PathBuf>,
    pub(super) hash: Vec<u8>,
    pub(super) size: i64,
    /// When the file was last changed, in nanoseconds since 1970.
    pub(super) modified: Option<String>,
    /// The file system that the picture was found on; lines of earlier versions do not tell.
    pub(super) device: Option<i64>,
    pub(super) reverses: Option<i64>,
    /// The metadata that its copy could not be given, as it is kept.
    pub(super) unkept: Option<String>,
    reason: String,
    /// When the line was written, in milliseconds since 1970.
    pub(super) time: i64,
}

impl Transfer {
    /// Nothing where the line does not say enough.
    pub(super) fn of(fields: &Map<String, Json>) -> Option<Transfer> {
        let text = |key: &str| text_of(fields, key).map(str::to_owned);
        let modified = text_of(fields, "modified").and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let told = Transfer {
            id: number(fields, "transfer")?,
            run: number(fields, "run")?,
            action: text("action")?,
            result: text("result")?,
            source: path_of(fields, "source")?,
            target: path_of(fields, "target"),
            hash: text_of(fields, "sha256").and_then(bytes)?,
            size: number(fields, "size").unwrap_or_default(),
            modified: modified.map(|time| time.as_nanosecond().to_string()),
            device: number(fields, "device"),
            reverses: number(fields, "reverses"),
            unkept: fields.get("unkept").map(Json::to_string),
            reason: text("reason").unwrap_or_default(),
            time: milliseconds(fields),
        };
        (told.target.is_some() || told.result == "failed").then_some(told)
    }

    /// How it ended.
    pub(super) fn ending(&self, destination: &Path) -> Ending {
        let (target, reason) = (destination.join(self.target.as_deref().unwrap_or(Path::new(""))), self.reason.clone());
        match self.result.as_str() {
            "done" => Ending::Done { target },
            "present" => Ending::Present { target },
            "kept" => Ending::Kept { target, reason },
            "unsynced" => Ending::Unsynced { target, reason },
            _ => Ending::Failed { reason },
        }
    }
}

/// A number in a line.
pub(super) fn number(fields: &Map<String, Json>, key: &str) -> Option<i64> {
    fields.get(key)?.as_i64()
}

/// The time of a line, in milliseconds since 1970.
pub(super) fn milliseconds(fields: &Map<String, Json>) -> i64 {
    let time = text_of(fields, "time").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.map_or(0, jiff::Timestamp::as_millisecond)
}

/// The bytes of a hash that a line tells.
pub(super) fn bytes(digits: &str) -> Option<Vec<u8>> {
    ContentHash::from_digits(digits).map(|hash| hash.0.to_vec())
}
