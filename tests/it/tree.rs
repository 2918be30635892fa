//! The content of a folder, read without the program's help.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use crate::support::{LONGEST_RUN, sha256};

/// The thing at a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    File(String),
    Link(PathBuf),
    Folder,
    Special,
}

/// One thing in a folder, as far as anybody could see a change of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) content: Content,
    pub(crate) mode: u32,
    pub(crate) modified: SystemTime,
}

/// Everything below a folder, by path, read without the program's help. What goes away while it is read, as a program
/// that is at work renames files, has everything read again.
pub(crate) fn tree(folder: impl AsRef<Path>) -> BTreeMap<PathBuf, Entry> {
    let (folder, began) = (folder.as_ref(), Instant::now());
    loop {
        match read_tree(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound && folder.exists() && began.elapsed() < LONGEST_RUN => {}
            read => return read.unwrap(),
        }
    }
}

fn read_tree(folder: &Path) -> std::io::Result<BTreeMap<PathBuf, Entry>> {
    let walk = walkdir::WalkDir::new(folder).min_depth(1).into_iter();
    let entries = walk.map(|found| {
        let path = found?.into_path();
        let entry = entry(&path)?;
        Ok((path, entry))
    });
    entries.collect()
}

fn entry(path: &Path) -> std::io::Result<Entry> {
    let metadata = std::fs::symlink_metadata(path)?;
    let kind = metadata.file_type();
    let content = match (kind.is_file(), kind.is_symlink(), kind.is_dir()) {
        (true, ..) => Content::File(sha256(std::fs::read(path)?)),
        (_, true, _) => Content::Link(std::fs::read_link(path)?),
        (.., true) => Content::Folder,
        _ => Content::Special,
    };
    Ok(Entry { content, mode: metadata.permissions().mode(), modified: metadata.modified()? })
}

/// The hash of every file below a folder, by path.
pub(crate) fn hashes(folder: impl AsRef<Path>) -> BTreeMap<PathBuf, String> {
    let files = tree(folder).into_iter().filter_map(|(path, entry)| match entry.content {
        Content::File(hash) => Some((path, hash)),
        _ => None,
    });
    files.collect()
}

/// The hash of every file below a destination that was sorted into it, by path: what the program keeps there for itself
/// is left out.
pub(crate) fn sorted(destination: impl AsRef<Path>) -> BTreeMap<PathBuf, String> {
    let is_own = |path: &Path| {
        path.iter().any(|part| part == ".sis") || path.ends_with("output.csv") || path.ends_with("SHA256SUMS")
    };
    hashes(destination).into_iter().filter(|(path, _)| !is_own(path)).collect()
}
