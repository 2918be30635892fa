//! `output.csv`: what happened to each picture, for people with a spreadsheet and for the scripts of the Python tool,
//! whose three columns it begins with.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::durable::{rename_to_free_name, sync_folder, temporary_file};
use super::read::open_regular;
use crate::domain::picture::ContentHash;
use crate::domain::plan::name_candidates;
use crate::domain::printable::{is_plain, printable, printable_text};

/// The columns, in order.
const COLUMNS: [&str; 9] =
    ["image_name", "label", "score", "destination", "status", "sha256", "margin", "reason", "path_bytes"];

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
    fn fields(&self) -> [String; 9] {
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

/// Writes the rows to `path`, replacing what an earlier run of this program wrote there; its rows for other pictures
/// are kept. A file that this program did not write is kept under another name, which is returned.
pub fn write(path: &Path, rows: &[Row]) -> io::Result<Option<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let earlier = read_earlier(path)?;
    let kept_aside = match &earlier {
        Earlier::Foreign(content) => Some(keep_aside(path, content)?),
        _ => None,
    };
    let mut fresh = temporary_file(folder)?;
    let mut writer = csv::Writer::from_writer(io::BufWriter::new(fresh.as_file_mut()));
    writer.write_record(COLUMNS)?;
    let fields: Vec<[String; 9]> = rows.iter().map(Row::fields).collect();
    if let Earlier::Ours(records) = earlier {
        let ours: HashSet<(&str, &str)> =
            fields.iter().map(|fields| (fields[0].as_str(), fields[8].as_str())).collect();
        let name = |record: &csv::StringRecord| ours.contains(&(&record[0], &record[8]));
        records.iter().filter(|record| !name(record)).try_for_each(|record| writer.write_record(record))?;
    }
    fields.iter().try_for_each(|fields| writer.write_record(fields))?;
    writer.into_inner().map_err(|error| error.into_error())?.flush()?;
    fresh.as_file().set_permissions(readable_by_all())?;
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    sync_folder(folder)?;
    Ok(kept_aside)
}

/// What is at the place already.
enum Earlier {
    Nothing,
    Ours(Vec<csv::StringRecord>),
    Foreign(Vec<u8>),
}

fn read_earlier(path: &Path) -> io::Result<Earlier> {
    let mut content = Vec::new();
    match open_regular(path) {
        Ok((mut file, _)) => io::Read::read_to_end(&mut file, &mut content)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Earlier::Nothing),
        Err(error) => return Err(error),
    };
    let mut reader = csv::Reader::from_reader(&*content);
    let is_ours = reader.headers().is_ok_and(|headers| *headers == COLUMNS[..]);
    match reader.into_records().collect::<Result<Vec<_>, _>>() {
        Ok(records) if is_ours => Ok(Earlier::Ours(records)),
        _ => Ok(Earlier::Foreign(content)),
    }
}

/// Renames a file that is not ours to `output~<sha8>.csv`. One of that name has the same content.
fn keep_aside(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    use sha2::{Digest, Sha256};
    let hash = ContentHash(Sha256::digest(content).into());
    for name in name_candidates(path.file_name().unwrap_or_default(), hash).skip(1) {
        let aside = path.with_file_name(name);
        match rename_to_free_name(path, &aside) {
            Ok(()) => return Ok(aside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if std::fs::read(&aside)? == content {
                    return Ok(aside);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A temporary file is readable by its owner alone; a result is for everyone.
fn readable_by_all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}
