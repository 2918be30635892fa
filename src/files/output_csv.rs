//! `output.csv`: what happened to each picture, for people with a spreadsheet and for the scripts of the Python tool,
//! whose three columns it begins with. It mirrors the session.
//!
//! A spreadsheet takes a text that begins with `=` or one of its like for a formula, and runs it. Such a text gets an
//! apostrophe before it, and so does one that begins with an apostrophe itself: who reads the table takes off the first
//! apostrophe of a cell, where it begins with one.

use std::borrow::Cow;
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
    /// The score minus the second best.
    pub margin: Option<f32>,
    /// Where its content is now, if it was transferred.
    pub destination: Option<PathBuf>,
    /// Its fate: a word of [`super::transfer::Outcome`], `unsure`, or a state.
    pub status: String,
    /// Its content.
    pub hash: Option<ContentHash>,
    /// A person's decision on it.
    pub decision: Option<&'static str>,
    /// The reason, in words, why it was not transferred.
    pub reason: Option<String>,
}

impl Row {
    fn fields(&self) -> [String; COLUMNS.len()] {
        let number = |value: Option<f32>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
        let text = |text: Option<String>| text.map(|text| to_cell(&text).into_owned()).unwrap_or_default();
        [
            text(Some(printable(&self.path))),
            text(self.label.as_deref().map(printable_text)),
            number(self.score),
            text(self.destination.as_deref().map(printable)),
            text(Some(self.status.clone())),
            text(self.hash.map(|hash| hash.to_string())),
            number(self.margin),
            text(self.decision.map(str::to_owned)),
            text(self.reason.clone()),
            text(exact_bytes(self.path.as_os_str())),
        ]
    }
}

/// Characters that a spreadsheet may take for the beginning of a formula, in full width too, as they are typed in East
/// Asia.
const BEGINS_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text as a cell of the table, which no spreadsheet takes for a formula.
fn to_cell(text: &str) -> Cow<'_, str> {
    match text.starts_with(BEGINS_FORMULA) || text.starts_with('\'') {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text of a cell of the table: the same as was written.
pub fn from_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cell_never_begins_a_formula_and_numbers_stay() {
        let row = Row {
            path: "=cmd|' /C calc'!A0.jpg".into(),
            label: Some("-1+1".to_owned()),
            score: Some(-0.5),
            margin: Some(0.25),
            destination: Some("+x/@y.jpg".into()),
            status: "copied".to_owned(),
            reason: Some("\t=1".to_owned()),
            ..Row::default()
        };
        let mut out = Vec::new();
        let mut table = Table::begin(&mut out).unwrap();
        table.add(&row).unwrap();
        table.end().unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let read = reader.records().next().unwrap().unwrap();
        let cells: Vec<&str> = read.iter().collect();
        let expected = ["'=cmd|' /C calc'!A0.jpg", "'-1+1", "-0.500000", "'+x/@y.jpg", "copied", "", "0.250000", ""];
        assert_eq!(cells[..8], expected);
        assert_eq!(cells[8], "'\t=1");
        assert_eq!(from_cell(cells[0]), "=cmd|' /C calc'!A0.jpg");
    }

    proptest! {
        #[test]
        fn cell_equals_itself_after_writing_and_reading(text in "['=+\\-@＝＋－＠\t\r\n]{0,3}.{0,8}") {
            let cell = to_cell(&text);
            prop_assert_eq!(from_cell(&cell), &text);
            prop_assert!(!cell.starts_with(BEGINS_FORMULA));
        }
    }
}
