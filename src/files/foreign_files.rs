//! Finds files in a destination that the program did not put there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::read::hash_file;
use crate::domain::folder_name::SESSION_FOLDER;
use crate::domain::name_fold::fold;
use crate::domain::plan::name_candidates;

/// Files that the program knows, which are not foreign.
pub struct KnownFiles<'k> {
    /// True for a path where the program has put a file.
    pub is_placed: &'k dyn Fn(&Path) -> bool,
    /// Names of the program's own files at the top.
    pub own_names: &'k [String],
    /// Names at the top that the program gave to other people's files in the place of its own.
    pub asides: &'k [String],
    /// Files of a killed run, which the next run finishes.
    pub unfinished: &'k BTreeSet<PathBuf>,
    /// Folders that pictures come from.
    pub sources: &'k [PathBuf],
}

/// An entry of a destination.
#[derive(Debug)]
pub enum DestinationEntry<'s> {
    /// A known file.
    Known,
    /// A file, a link or a special file that the program did not put there. Links are not followed.
    Foreign(&'s Path),
    /// A folder that pictures come from. It is not entered.
    Source(&'s Path),
    /// Another destination, with a session of its own. It is not entered.
    Destination(&'s Path),
    /// A folder that cannot be read.
    Closed(&'s Path, &'s io::Error),
}

/// Walks a destination, with other disks mounted in it, until `on_seen` returns false; returns false then. Memory grows
/// only with the files of one folder.
pub fn walk_destination(
    destination: &Path,
    known: &KnownFiles<'_>,
    on_seen: &mut dyn FnMut(DestinationEntry<'_>) -> bool,
) -> bool {
    let mut walk = WalkDir::new(destination).min_depth(1).into_iter();
    while let Some(entry) = walk.next() {
        let goes_on = match &entry {
            Ok(entry) if entry.file_type().is_dir() => match folder(entry, known) {
                None => true,
                Some(seen) => {
                    walk.skip_current_dir();
                    on_seen(seen)
                }
            },
            Ok(entry) if is_known(entry, known) => on_seen(DestinationEntry::Known),
            Ok(entry) => on_seen(DestinationEntry::Foreign(entry.path())),
            Err(error) => match (error.path(), error.io_error()) {
                (Some(path), Some(error)) if !is_of_the_disk(path, destination) => {
                    on_seen(DestinationEntry::Closed(path, error))
                }
                _ => true,
            },
        };
        if !goes_on {
            return false;
        }
    }
    true
}

/// The finding for a folder that is not looked into; none for one that is.
fn folder<'e>(entry: &'e DirEntry, known: &KnownFiles<'_>) -> Option<DestinationEntry<'e>> {
    let path = entry.path();
    if entry.file_name() == SESSION_FOLDER && entry.depth() == 1 {
        return Some(DestinationEntry::Known);
    }
    if known.sources.iter().any(|source| source == path) {
        return Some(DestinationEntry::Source(path));
    }
    path.join(SESSION_FOLDER).join("session.db").is_file().then_some(DestinationEntry::Destination(path))
}

fn is_known(entry: &DirEntry, known: &KnownFiles<'_>) -> bool {
    let is_own = || entry.depth() == 1 && is_own(entry.path(), entry.file_name(), known);
    let is_file = entry.file_type().is_file();
    (known.is_placed)(entry.path()) || is_file && (known.unfinished.contains(entry.path()) || is_own())
}

/// True for the program's own files, and for other people's files that runs moved out of their place, under names with
/// digits of their hash.
fn is_own(path: &Path, name: &OsStr, known: &KnownFiles<'_>) -> bool {
    let Some(name) = name.to_str() else { return false };
    let own_names = known.own_names;
    if own_names.iter().any(|own| is_file_of_name(path, name, own)) {
        return true;
    }
    if !known.asides.iter().any(|aside| is_file_of_name(path, name, aside)) {
        return false;
    }
    let stem = |own: &str| fold(&Path::new(own).file_stem().unwrap_or_default().to_string_lossy());
    let may_be_aside = |own: &&String| fold(name).strip_prefix(&stem(own)).is_some_and(|rest| rest.starts_with('~'));
    own_names.iter().filter(may_be_aside).any(|own| {
        let asides = hash_file(path).map(|hash| name_candidates(own.as_ref(), hash).skip(1));
        asides.into_iter().flatten().any(|aside| aside.to_str().is_some_and(|aside| is_file_of_name(path, name, aside)))
    })
}

fn is_file_of_name(path: &Path, name: &str, own: &str) -> bool {
    name == own || fold(name) == fold(own) && is_same_file(path, &path.with_file_name(own))
}

/// True where both paths lead to the same file, as they do where a disk gives a name back otherwise than it was given
/// to it.
pub fn is_same_file(path: &Path, other: &Path) -> bool {
    let identity = |path: &Path| std::fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let found = identity(path);
    found.is_some() && found == identity(other)
}

/// `lost+found`, which many file systems have and nobody may read.
fn is_of_the_disk(path: &Path, destination: &Path) -> bool {
    path.parent() == Some(destination) && path.file_name() == Some(OsStr::new("lost+found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_found_at_every_depth() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["red", "deep/er", ".sis", "incoming", "finer/.sis", "red/.sis-x", "red/.sis"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        let hash = |content: &str| {
            std::fs::write(path("hashed"), content).unwrap();
            hash_file(&path("hashed")).unwrap()
        };
        let aside = format!("output~{}.csv", hash("theirs").short());
        let known = [
            "red/1.jpg",
            "output.csv",
            aside.as_str(),
            ".sis/x",
            "incoming/1.jpg",
            "finer/.sis/session.db",
            "red/.sis-1.partial",
        ];
        let never_kept = format!("output~{}.csv", hash("planted").short());
        let planted = [
            "red/2.jpg",
            "deep/er/x",
            "top",
            "output~00000000.csv",
            never_kept.as_str(),
            "red/output.csv",
            "red/.sis-x/y",
            "red/.sis/y",
            "red/.sis-2.partial",
            ".sis-1.partial",
        ];
        std::fs::remove_file(path("hashed")).unwrap();
        for name in known.iter().chain(&planted) {
            std::fs::write(path(name), "theirs").unwrap();
        }
        // As a disk that ignores case gives a name back, and another file of such a name.
        std::fs::hard_link(path("output.csv"), path("OUTPUT.csv")).unwrap();
        std::fs::write(path("Output.csv"), "planted").unwrap();
        std::os::unix::fs::symlink(folder.path(), path("red/link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RUSR).unwrap();
        std::fs::write(path(&never_kept), "planted").unwrap();
        let (own_names, sources) = (["output.csv".to_owned()], [path("incoming")]);
        // Kept by a run, but not with this content.
        let asides = [aside.clone(), "output~00000000.csv".to_owned()];
        let unfinished = BTreeSet::from([path("red/.sis-1.partial")]);
        let is_placed = |found: &Path| found == path("red/1.jpg");
        let known = KnownFiles {
            is_placed: &is_placed,
            own_names: &own_names,
            asides: &asides,
            unfinished: &unfinished,
            sources: &sources,
        };
        let (mut found, mut left_out) = (BTreeSet::new(), BTreeSet::new());
        let name = |found: &Path| found.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        assert!(walk_destination(folder.path(), &known, &mut |seen| {
            match seen {
                DestinationEntry::Foreign(path) => {
                    found.insert(name(path));
                }
                DestinationEntry::Source(path) | DestinationEntry::Destination(path) => {
                    left_out.insert(name(path));
                }
                DestinationEntry::Known => {}
                DestinationEntry::Closed(path, error) => panic!("{}: {error}", path.display()),
            }
            true
        }));
        let expected = planted.iter().chain(&["red/link", "pipe", "Output.csv"]).map(|name| (*name).to_owned());
        assert_eq!(found, expected.collect());
        assert_eq!(left_out, BTreeSet::from(["finer".to_owned(), "incoming".to_owned()]));
        assert!(!walk_destination(folder.path(), &known, &mut |_| false));
    }
}
