//! `output.csv`: what happened to each picture, for people with a spreadsheet and for the scripts of the Python tool,
//! whose three columns it begins with.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::durable::{rename_to_free_name, sync_folder, temporary_result};
use super::read::{hash_file, open_regular};
use crate::domain::picture::ContentHash;
use crate::domain::plan::name_candidates;
use crate::domain::printable::{is_plain, printable, printable_text};

/// The columns, in order.
const COLUMNS: [&str; 9] =
    ["image_name", "label", "score", "destination", "status", "sha256", "margin", "reason", "path_bytes"];

/// A row as text, column by column.
type Fields = [String; COLUMNS.len()];

/// The status of a picture that is about to be copied or moved to its `destination`. It stands in the table of a run
/// that was killed.
pub const PLANNED: &str = "planned";

/// One picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The picture: the source as given, joined with its place in it.
    pub path: PathBuf,
    /// The best label, where it was scored.
    pub label: Option<String>,
    /// That label's score.
    pub score: Option<f32>,
    /// That score minus the second best.
    pub margin: Option<f32>,
    /// Where its content is now, if it was transferred.
    pub destination: Option<PathBuf>,
    /// What became of it: a word of [`super::transfer::Outcome`], `unsure`, or a state.
    pub status: String,
    /// Its content.
    pub hash: Option<ContentHash>,
    /// Why it was not transferred, in words, where something is wrong with it.
    pub reason: Option<String>,
}

impl Row {
    fn fields(&self) -> Fields {
        let text = |path: &Option<PathBuf>| path.as_deref().map(printable).unwrap_or_default();
        let number = |value: Option<f32>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
        [
            printable(&self.path),
            self.label.as_deref().map(printable_text).unwrap_or_default(),
            number(self.score),
            text(&self.destination),
            self.status.clone(),
            self.hash.map(|hash| hash.to_string()).unwrap_or_default(),
            number(self.margin),
            self.reason.clone().unwrap_or_default(),
            exact_bytes(self.path.as_os_str()).unwrap_or_default(),
        ]
    }
}

/// The exact bytes of a name in base64, where text does not show them as they are.
pub fn exact_bytes(name: &OsStr) -> Option<String> {
    (!is_plain(name)).then(|| BASE64_STANDARD.encode(name.as_bytes()))
}

/// True where the table can have this place: nothing is there, or a file.
pub fn is_free_for_table(path: &Path) -> bool {
    std::fs::symlink_metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Writes the rows to `path`. Rows that an earlier run of this program wrote there are kept, but for those of the same
/// picture and content that know less than the new ones. A file that this program did not write is kept under another
/// name, which is returned.
pub fn write(path: &Path, rows: &[Row]) -> io::Result<Option<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let (earlier, kept_aside) = match is_ours(path)? {
        None => (vec![], None),
        Some(true) => (read_records(path)?, None),
        Some(false) => (vec![], Some(keep_aside(path)?)),
    };
    let mut fresh = temporary_result(folder)?;
    let mut writer = csv::Writer::from_writer(io::BufWriter::new(fresh.as_file_mut()));
    writer.write_record(COLUMNS)?;
    let rows = rows.iter().map(Row::fields).collect();
    merged(earlier, rows).iter().try_for_each(|fields| writer.write_record(fields))?;
    writer.into_inner().map_err(|error| error.into_error())?.flush()?;
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    sync_folder(folder)?;
    Ok(kept_aside)
}

/// Earlier rows and new ones. Of two for the same picture and content the new one counts, unless only the earlier one
/// knows where the content is: a run that was stopped, or that was less sure, does not undo what was done.
fn merged(earlier: Vec<Fields>, mut rows: Vec<Fields>) -> Vec<Fields> {
    let positions: HashMap<[String; 3], usize> =
        rows.iter().enumerate().map(|(position, row)| (identity(row), position)).collect();
    let mut kept = Vec::new();
    for old in earlier {
        match positions.get(&identity(&old)) {
            None => kept.push(old),
            Some(&position) if rows[position][3].is_empty() && !old[3].is_empty() && old[4] != PLANNED => {
                rows[position] = old;
            }
            Some(_) => {}
        }
    }
    kept.extend(rows);
    kept
}

/// What makes two rows rows of one picture: its name, and its content.
fn identity(fields: &Fields) -> [String; 3] {
    [fields[0].clone(), fields[5].clone(), fields[8].clone()]
}

/// True where the table there begins as ours do, false where it does not, nothing where there is none.
fn is_ours(path: &Path) -> io::Result<Option<bool>> {
    let (file, _) = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let expected = format!("{}\n", COLUMNS.join(","));
    let mut start = Vec::new();
    file.take(expected.len() as u64).read_to_end(&mut start)?;
    Ok(Some(start == expected.as_bytes()))
}

fn read_records(path: &Path) -> io::Result<Vec<Fields>> {
    let (file, _) = open_regular(path)?;
    let fields = |record: csv::StringRecord| std::array::from_fn(|column| record.get(column).unwrap_or("").to_owned());
    let records = csv::ReaderBuilder::new().flexible(true).from_reader(io::BufReader::new(file)).into_records();
    records.map(|record| Ok(fields(record?))).collect()
}

/// Renames a file that is not ours to `output~<sha8>.csv`. One of that name has the same content.
fn keep_aside(path: &Path) -> io::Result<PathBuf> {
    let hash = hash_file(path)?;
    for name in name_candidates(path.file_name().unwrap_or_default(), hash).skip(1) {
        let aside = path.with_file_name(name);
        match rename_to_free_name(path, &aside) {
            Ok(()) => return Ok(aside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && hash_file(&aside)? == hash => {
                return Ok(aside);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, content: u8, status: &str, destination: Option<&str>) -> Row {
        Row {
            path: name.into(),
            status: status.to_owned(),
            hash: Some(ContentHash([content; 32])),
            destination: destination.map(PathBuf::from),
            ..Row::default()
        }
    }

    fn statuses(path: &Path) -> Vec<String> {
        read_records(path).unwrap().into_iter().map(|fields| fields[4].clone()).collect()
    }

    #[test]
    fn what_was_done_is_never_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.csv");
        for (row, expected) in [
            (row("1.jpg", 1, "moved", Some("a/1.jpg")), vec!["moved"]),
            // Another picture of the same name: both have happened.
            (row("1.jpg", 2, PLANNED, Some("a/1.jpg")), vec!["moved", PLANNED]),
            (row("1.jpg", 2, "copied", Some("a/1~.jpg")), vec!["moved", "copied"]),
            // A run that was stopped, or less sure, knows less.
            (row("1.jpg", 2, "unsure", None), vec!["moved", "copied"]),
            (row("1.jpg", 2, "already present", Some("a/1~.jpg")), vec!["moved", "already present"]),
        ] {
            write(&path, &[row]).unwrap();
            assert_eq!(statuses(&path), expected);
        }
    }

    #[test]
    fn a_foreign_table_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.csv");
        std::fs::write(&path, "image_name,label,score\nx,y,0.5\n").unwrap();
        let aside = write(&path, &[row("1.jpg", 1, "copied", None)]).unwrap().unwrap();
        assert!(aside.file_name().unwrap().to_str().unwrap().starts_with("output~"));
        assert!(std::fs::read_to_string(aside).unwrap().ends_with("x,y,0.5\n"));
        assert_eq!(write(&path, &[]).unwrap(), None);
        assert_eq!(statuses(&path).len(), 1);
    }
}
