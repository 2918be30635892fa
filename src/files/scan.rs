//! Finds the files of a source folder.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::durable::is_temporary;
use super::read::open_regular;
use crate::domain::file_filter::{FileFilter, LeftOut, LeftOutReason};
use crate::domain::folder_name::{OWN_NAMES, SESSION_FOLDER};
use crate::domain::litter::{APPLE_DOUBLE_START, is_apple_double, may_be_apple_double};
use crate::domain::settings::Settings;

/// The content of a source folder.
#[derive(Debug, Default)]
pub struct Scan {
    /// Regular files to look at, sorted by path.
    pub files: Vec<PathBuf>,
    /// Regular files that are left out.
    pub left_out: LeftOut,
    /// Symbolic links, which are not followed.
    pub links: Vec<PathBuf>,
    /// Pipes, devices and sockets, which are not opened.
    pub special: Vec<PathBuf>,
    /// Files and folders with names that the program keeps for its own, which are not looked at.
    pub own: Vec<PathBuf>,
    /// Folders that could not be read, and why.
    pub unreadable: Vec<(PathBuf, std::io::Error)>,
    /// Folders in which files may arrive, the one where the search began first.
    pub folders: Vec<PathBuf>,
}

/// A source cannot be searched at all.
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

/// Where files are looked for, and which.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'s> {
    /// The folder.
    pub source: &'s Path,
    /// Its sub-folders too.
    pub recursive: bool,
    /// The folder that is left out, wherever it is.
    pub destination: &'s Path,
    /// The filter.
    pub choice: &'s FileFilter,
    /// Files, by their paths in the source, that are looked at though they are hidden or litter.
    pub kept: &'s Kept,
}

/// Paths in a source.
pub type Kept = BTreeSet<PathBuf>;

impl<'s> Scope<'s> {
    /// Where the files of a run are looked for.
    pub fn of(settings: &'s Settings, kept: &'s Kept) -> Scope<'s> {
        let Settings { source, destination, choice, .. } = settings;
        Scope { source, recursive: settings.recursive, destination, choice, kept }
    }

    /// Finds all files, in the order of their paths, calling `goes_on` before each entry; `None` once it returned
    /// false.
    pub fn scan_while(self, goes_on: &dyn Fn() -> bool) -> Result<Option<Scan>, ScanError> {
        check(self.source)?;
        Ok(self.walk(self.source, if self.recursive { usize::MAX } else { 1 }, goes_on))
    }

    /// Finds the files below a folder of the source that came while it was watched.
    pub fn scan_below(self, folder: &Path, goes_on: &dyn Fn() -> bool) -> Option<Scan> {
        match self.recursive && self.reaches(folder) {
            true => self.walk(folder, usize::MAX, goes_on),
            false => Some(Scan::default()),
        }
    }

    fn walk(self, folder: &Path, depth: usize, goes_on: &dyn Fn() -> bool) -> Option<Scan> {
        let destination = self.destination.canonicalize().ok();
        let walk = WalkDir::new(folder).min_depth(1).max_depth(depth).sort_by_file_name();
        let mut found = Scan { folders: vec![folder.to_owned()], ..Scan::default() };
        let own = RefCell::new(Vec::new());
        let is_passed_by = |entry: &DirEntry| {
            let (name, is_folder) = (entry.file_name(), entry.file_type().is_dir());
            if is_own_name(name, is_folder) && !is_temporary(name) {
                own.borrow_mut().push(entry.path().to_owned());
            }
            is_passed_by(entry.path(), name, is_folder, destination.as_deref())
        };
        for entry in walk.into_iter().filter_entry(|entry| !is_passed_by(entry)) {
            if !goes_on() {
                return None;
            }
            match entry {
                Ok(entry) => self.add(&entry, depth > 1, &mut found),
                Err(error) => self.add_unreadable(folder, error, &mut found),
            }
        }
        found.own = own.into_inner();
        Some(found)
    }

    fn add(self, entry: &DirEntry, goes_into_folders: bool, found: &mut Scan) {
        let (kind, path) = (entry.file_type(), entry.path());
        let left_out = match kind.is_file() || kind.is_dir() {
            true => self.leaves_out(path, kind.is_dir()),
            // Links and special files are told wherever the scan would have come to them.
            false => self.leaves_out(path.parent().unwrap_or(path), true),
        };
        let list = match (kind.is_file(), kind.is_symlink(), kind.is_dir()) {
            (true, ..) => match left_out {
                Some((why, reason)) => return found.left_out.add(reason, why),
                None => &mut found.files,
            },
            _ if left_out.is_some() => return,
            (_, true, _) => &mut found.links,
            (.., true) if goes_into_folders => &mut found.folders,
            (.., true) => return,
            _ => &mut found.special,
        };
        list.push(path.to_owned());
    }

    fn add_unreadable(self, folder: &Path, error: walkdir::Error, found: &mut Scan) {
        let path = error.path().unwrap_or(folder).to_owned();
        match self.leaves_out(&path, true) {
            // Nobody can tell how many files it has.
            Some((why, reason)) => found.left_out.add(reason, why),
            None => {
                found.unreadable.push((path, error.into_io_error().unwrap_or_else(|| ErrorKind::Other.into())));
            }
        }
    }

    /// The reason for leaving out a file or folder of the source, with the path that is the reason: itself, or a folder
    /// it is in. `None` if it is looked at.
    pub fn leaves_out(self, path: &Path, is_folder: bool) -> Option<(LeftOutReason, PathBuf)> {
        let inside = path.strip_prefix(self.source).ok()?;
        let by_name = self.choice.by_name(inside, is_folder).filter(|_| !self.kept.contains(inside));
        let (why, reach) = match by_name {
            Some(litter @ (LeftOutReason::Litter, _)) => litter,
            _ if !is_folder && is_beside_another(path) => (LeftOutReason::Litter, inside.iter().count()),
            Some(hidden) => hidden,
            None => self.choice.by_patterns(inside, is_folder)?,
        };
        Some((why, self.source.join(inside.iter().take(reach).collect::<PathBuf>())))
    }

    /// True for a path that a scan would come to if there were a file or a folder, whether it is left out or not.
    pub fn reaches(self, path: &Path) -> bool {
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
            !is_link && !is_passed_by(&at, part.as_os_str(), is_folder, destination.as_deref())
        })
    }
}

/// True for a file in which macOS keeps what belongs to the one beside it.
fn is_beside_another(path: &Path) -> bool {
    let start = || {
        let mut start = Vec::new();
        open_regular(path)?.0.take(APPLE_DOUBLE_START as u64).read_to_end(&mut start)?;
        Ok::<_, std::io::Error>(start)
    };
    path.file_name().is_some_and(may_be_apple_double) && start().is_ok_and(|start| is_apple_double(&start))
}

fn is_own_name(name: &OsStr, is_folder: bool) -> bool {
    match is_folder {
        true => name == SESSION_FOLDER,
        false => OWN_NAMES.iter().any(|own| name == *own) || is_temporary(name),
    }
}

/// True for what is the program's own, and for the destination.
fn is_passed_by(path: &Path, name: &OsStr, is_folder: bool, destination: Option<&Path>) -> bool {
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

    fn scope<'s>(source: &'s Path, destination: &'s Path, choice: &'s FileFilter, kept: &'s Kept) -> Scope<'s> {
        Scope { source, recursive: true, destination, choice, kept }
    }

    #[test]
    fn scan_passes_by_the_destination_and_own_files() {
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
        let (choice, kept) = (FileFilter::default(), Kept::new());
        let scope = |recursive| Scope { recursive, ..scope(folder.path(), &destination, &choice, &kept) };
        let names = |recursive| {
            let scan = scope(recursive).scan_while(&|| true).unwrap().unwrap();
            assert_eq!((scan.links.len(), scan.special.len(), scan.left_out), (1, 1, LeftOut::default()));
            let name = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
            scan.files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(true), ["a.jpg", "sub/b.jpg"]);
        let reaches = |name: &str, recursive| scope(recursive).reaches(&folder.path().join(name));
        assert!(reaches("a.jpg", false) && reaches("sub/b.jpg", true) && reaches("new/er/c.jpg", true));
        assert!(!reaches("loop", true) && !reaches("loop/a.jpg", true), "what lies behind a link");
        assert!(!reaches("sub/b.jpg", false) && !reaches("", true) && !reaches("/elsewhere/a.jpg", true));
        for passed_by in ["labelled/x/c.jpg", "labelled", "output.csv", ".sis/ledger.jsonl", ".sis-x.partial"] {
            assert!(!reaches(passed_by, true), "{passed_by}");
        }
        assert_eq!(names(false), ["a.jpg"]);
    }

    #[test]
    fn scan_counts_left_out_files_below_their_reason() {
        let folder = tempfile::tempdir().unwrap();
        let beside: &[u8] = b"\0\x05\x16\x07\0\x02";
        for (name, content) in [
            ("a.jpg", &b""[..]),
            ("._a.jpg", beside),
            ("._b.jpg", b"\xff\xd8"),
            ("x/.private/1.jpg", b""),
            ("x/.private/deep/2.jpg", b""),
            ("x/.private/.DS_Store", b""),
            ("@eaDir/a.jpg/thumb.jpg", b""),
            ("raw/3.jpg", b""),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let destination = folder.path().join("sorted");
        let found = |choice: &FileFilter, kept: &[&str]| {
            let kept = kept.iter().map(PathBuf::from).collect();
            let found = scope(folder.path(), &destination, choice, &kept).scan_while(&|| true).unwrap().unwrap();
            let name = |path: &Path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
            let left_out: Vec<_> =
                found.left_out.reasons().map(|(path, why, count)| (name(path), why.word(), count)).collect();
            (found.files.iter().map(|path| name(path)).collect::<Vec<_>>(), left_out)
        };
        let told = |told: &[(&str, &'static str, usize)]| {
            told.iter().map(|(path, why, count)| ((*path).to_owned(), *why, *count)).collect::<Vec<_>>()
        };
        let litter = [("._a.jpg", "litter", 1), ("@eaDir", "litter", 1), ("x/.private/.DS_Store", "litter", 1)];
        let hidden = [("._b.jpg", "hidden", 1), ("x/.private", "hidden", 2)];
        let mut all = told(&[&litter[..], &hidden[..]].concat());
        all.sort();
        assert_eq!(found(&FileFilter::default(), &[]), (vec!["a.jpg".to_owned(), "raw/3.jpg".to_owned()], all));
        let visible = FileFilter::new(true, &[], &["/raw".to_owned(), "deep".to_owned()]).unwrap();
        let (files, left_out) = found(&visible, &[]);
        assert_eq!(files, ["._b.jpg", "a.jpg", "x/.private/1.jpg"]);
        let excluded = [("raw", "excluded", 1), ("x/.private/deep", "excluded", 1)];
        let mut all = told(&[&litter[..], &excluded[..]].concat());
        all.sort();
        assert_eq!(left_out, all);
        // Known pictures are looked at, but not the files that systems put beside others.
        let known = ["x/.private/deep/2.jpg", "@eaDir/a.jpg/thumb.jpg", "._a.jpg"];
        assert_eq!(found(&FileFilter::default(), &known).0, ["@eaDir/a.jpg/thumb.jpg", "a.jpg", "raw/3.jpg", known[0]]);
    }

    #[test]
    fn scan_of_no_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let nowhere = Path::new("/nowhere at all");
        let (choice, kept) = (FileFilter::default(), Kept::new());
        let scan = |source| scope(source, nowhere, &choice, &kept).scan_while(&|| true);
        assert!(matches!(scan(nowhere), Err(ScanError::Missing { .. })));
        assert!(matches!(scan(file.path()), Err(ScanError::NoFolder { .. })));
    }
}
