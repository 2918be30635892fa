//! Finding the files of a source folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::durable::is_temporary;
use crate::domain::folder_name::OWN_NAMES;

/// The folder in a destination that is the program's own.
pub(super) const SESSION_FOLDER: &str = ".sis";

/// The content of a source folder.
#[derive(Debug, Default)]
pub struct Scan {
    /// Regular files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Symbolic links, which are not followed.
    pub links: Vec<PathBuf>,
    /// Pipes, devices and sockets, which are not opened.
    pub special: Vec<PathBuf>,
    /// Files and folders with names that the program keeps for its own, which are not looked at.
    pub own: Vec<PathBuf>,
    /// Folders that could not be read, and why.
    pub unreadable: Vec<(PathBuf, std::io::Error)>,
    /// Folders that were looked into, the one where the search began first.
    pub folders: Vec<PathBuf>,
}

/// Why a source cannot be searched at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is no such folder.
    #[error("{folder} does not exist")]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// It is no folder.
    #[error("{path} is no folder")]
    NoFolder {
        /// The value as it was given.
        path: PathBuf,
    },
    /// The folder cannot be read.
    #[error("{folder} cannot be read")]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

/// Finds the files under `source`; those under `destination` are left out, wherever it is.
pub fn scan(source: &Path, recursive: bool, destination: &Path) -> Result<Scan, ScanError> {
    scan_while(source, recursive, destination, &|| true).map(Option::unwrap_or_default)
}

/// The same for as long as `goes_on` says yes, asked before each entry; none where it did not.
pub fn scan_while(
    source: &Path,
    recursive: bool,
    destination: &Path,
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<Scan>, ScanError> {
    Scope { source, recursive, destination }.scan(goes_on)
}

/// Whether a source is a folder that can be read.
pub fn check(source: &Path) -> Result<(), ScanError> {
    let folder = source.to_owned();
    match std::fs::read_dir(source) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(ScanError::Missing { folder }),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(ScanError::NoFolder { path: folder }),
        Err(source) => Err(ScanError::Unreadable { folder, source }),
    }
}

/// Where files are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'s> {
    /// The folder.
    pub source: &'s Path,
    /// Its sub-folders too.
    pub recursive: bool,
    /// The folder that is left out, wherever it is.
    pub destination: &'s Path,
}

impl Scope<'_> {
    /// Finds all files, in the order of their paths, for as long as `goes_on` says yes; none where it did not.
    pub fn scan(self, goes_on: &dyn Fn() -> bool) -> Result<Option<Scan>, ScanError> {
        check(self.source)?;
        Ok(self.walk(self.source, if self.recursive { usize::MAX } else { 1 }, goes_on))
    }

    /// Finds the files below a folder of the source that came while it was watched.
    pub fn scan_below(self, folder: &Path, goes_on: &dyn Fn() -> bool) -> Option<Scan> {
        match self.recursive && self.takes(folder) {
            true => self.walk(folder, usize::MAX, goes_on),
            false => Some(Scan::default()),
        }
    }

    fn walk(self, folder: &Path, depth: usize, goes_on: &dyn Fn() -> bool) -> Option<Scan> {
        let destination = self.destination.canonicalize().ok();
        let walk = WalkDir::new(folder).min_depth(1).max_depth(depth).sort_by_file_name();
        let mut found = Scan { folders: vec![folder.to_owned()], ..Scan::default() };
        let own = RefCell::new(Vec::new());
        let is_left_out = |entry: &DirEntry| {
            let (name, is_folder) = (entry.file_name(), entry.file_type().is_dir());
            if is_own_name(name, is_folder) && !is_temporary(name) {
                own.borrow_mut().push(entry.path().to_owned());
            }
            is_left_out(entry.path(), name, is_folder, destination.as_deref())
        };
        for entry in walk.into_iter().filter_entry(|entry| !is_left_out(entry)) {
            if !goes_on() {
                return None;
            }
            match entry {
                Ok(entry) => found.add(&entry, depth > 1),
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    found.unreadable.push((path, error.into_io_error().unwrap_or_else(|| ErrorKind::Other.into())));
                }
            }
        }
        found.own = own.into_inner();
        Some(found)
    }

    /// True for a path that a scan would come to if there were a file or a folder.
    pub fn takes(self, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(self.source) else { return false };
        let depth = inside.components().count();
        if depth == 0 || (depth > 1 && !self.recursive) {
            return false;
        }
        let destination = self.destination.canonicalize().ok();
        let mut at = self.source.to_owned();
        inside.components().enumerate().all(|(number, part)| {
            at.push(part);
            // No search goes through a link; of what is gone, only the name can be told.
            let is_link = std::fs::symlink_metadata(&at).is_ok_and(|found| found.is_symlink());
            let is_folder = number + 1 < depth || at.is_dir();
            !is_link && !is_left_out(&at, part.as_os_str(), is_folder, destination.as_deref())
        })
    }
}

impl Scan {
    fn add(&mut self, entry: &DirEntry, goes_into_folders: bool) {
        let kind = entry.file_type();
        let list = match (kind.is_file(), kind.is_symlink(), kind.is_dir()) {
            (true, ..) => &mut self.files,
            (_, true, _) => &mut self.links,
            (.., true) if goes_into_folders => &mut self.folders,
            (.., true) => return,
            _ => &mut self.special,
        };
        list.push(entry.path().to_owned());
    }
}

fn is_own_name(name: &OsStr, is_folder: bool) -> bool {
    match is_folder {
        true => name == SESSION_FOLDER,
        false => OWN_NAMES.iter().any(|own| name == *own) || is_temporary(name),
    }
}

fn is_left_out(path: &Path, name: &OsStr, is_folder: bool, destination: Option<&Path>) -> bool {
    let is_own = is_own_name(name, is_folder);
    let is_destination = || destination.is_some_and(|d| path.canonicalize().is_ok_and(|path| path == d));
    is_own || (is_folder && is_destination())
}

/// How many files there are of each kind, by extension in lower case, "" where there is none.
pub fn by_extension<'p>(paths: impl IntoIterator<Item = &'p Path>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for path in paths {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        *counts.entry(extension).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_and_what_the_program_wrote_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.jpg",
            "sub/b.jpg",
            "labelled/x/c.jpg",
            "output.csv",
            ".sis/ledger.jsonl",
            "SHA256SUMS",
            ".sis-x.partial",
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), rustix::fs::Mode::RUSR).unwrap();
        let destination = folder.path().join("sub/../labelled");
        let names = |recursive| {
            let scan = scan(folder.path(), recursive, &destination).unwrap();
            assert_eq!((scan.links.len(), scan.special.len()), (1, 1));
            let name = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
            scan.files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(true), ["a.jpg", "sub/b.jpg"]);
        let takes = |name: &str, recursive| {
            let scope = Scope { source: folder.path(), recursive, destination: &destination };
            scope.takes(&folder.path().join(name))
        };
        assert!(takes("a.jpg", false) && takes("sub/b.jpg", true) && takes("new/er/c.jpg", true));
        assert!(!takes("loop", true) && !takes("loop/a.jpg", true), "what lies behind a link");
        assert!(!takes("sub/b.jpg", false) && !takes("", true) && !takes("/elsewhere/a.jpg", true));
        for left_out in ["labelled/x/c.jpg", "labelled", "output.csv", ".sis/ledger.jsonl", ".sis-x.partial"] {
            assert!(!takes(left_out, true), "{left_out}");
        }
        assert_eq!(names(false), ["a.jpg"]);
    }

    #[test]
    fn what_is_no_folder_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let nowhere = Path::new("/nowhere at all");
        assert!(matches!(scan(nowhere, true, nowhere), Err(ScanError::Missing { .. })));
        assert!(matches!(scan(file.path(), true, nowhere), Err(ScanError::NoFolder { .. })));
    }
}
