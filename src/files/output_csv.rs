//! `output.csv`: what happened to each picture, for people with a spreadsheet and for the scripts of the Python tool,
//! whose three columns it begins with. It mirrors the session.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::domain::picture::ContentHash;
use crate::domain::printable::{is_plain, printable, printable_text};

/// The columns, in order.
const COLUMNS: [&str; 10] =
    ["image_name", "label", "score", "destination", "status", "sha256", "margin", "decision", "reason", "path_bytes"];

/// One picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The picture: the source as given, joined with its place in it.
    pub path: PathBuf,
    /// The label that was decided for, or else the best one, where it was scored.
    pub label: Option<String>,
    /// The best label's score.
    pub score: Option<f32>,
    /// That score minus the second best.
    pub margin: Option<f32>,
    /// Where its content is now, if it was transferred.
    pub destination: Option<PathBuf>,
    /// What became of it: a word of [`super::transfer::Outcome`], `unsure`, or a state.
    pub status: String,
    /// Its content.
    pub hash: Option<ContentHash>,
    /// What a person said of it.
    pub decision: Option<&'static str>,
    /// Why it was not transferred, in words, where something is wrong with it.
    pub reason: Option<String>,
}

impl Row {
    fn fields(&self) -> [String; COLUMNS.len()] {
        let number = |value: Option<f32>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
        [
            printable(&self.path),
            self.label.as_deref().map(printable_text).unwrap_or_default(),
            number(self.score),
            self.destination.as_deref().map(printable).unwrap_or_default(),
            self.status.clone(),
            self.hash.map(|hash| hash.to_string()).unwrap_or_default(),
            number(self.margin),
            self.decision.unwrap_or_default().to_owned(),
            self.reason.clone().unwrap_or_default(),
            exact_bytes(self.path.as_os_str()).unwrap_or_default(),
        ]
    }
}

/// The exact bytes of a name in base64, where text does not show them as they are.
pub fn exact_bytes(name: &OsStr) -> Option<String> {
    (!is_plain(name)).then(|| BASE64_STANDARD.encode(name.as_bytes()))
}

/// A table that is being written, row by row.
pub struct Table<'w>(csv::Writer<&'w mut dyn Write>);

impl<'w> Table<'w> {
    /// Begins with the names of the columns.
    pub fn begin(out: &'w mut dyn Write) -> io::Result<Table<'w>> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        Ok(Table(writer))
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) -> io::Result<()> {
        Ok(self.0.write_record(row.fields())?)
    }

    /// Ends the table.
    pub fn end(mut self) -> io::Result<()> {
        self.0.flush()
    }
}
