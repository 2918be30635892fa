//! Checking a destination against its session: every file by its hash, the ledger by its chain.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::stop::Stop;
use crate::domain::picture::ContentHash;
use crate::files::durable::is_temporary;
use crate::files::read::hash_file;
use crate::store::StoreError;
use crate::store::ledger::Chain;
use crate::store::session::Session;

/// What was found.
#[derive(Debug)]
pub struct Verification {
    /// The ledger's file.
    pub chain: Chain,
    /// How many lines the session wrote, and the SHA-256 of the last.
    pub expected: (u64, String),
    /// Files that are as they were sorted.
    pub whole: usize,
    /// Files that are not there.
    pub missing: Vec<PathBuf>,
    /// Files with another content.
    pub changed: Vec<PathBuf>,
    /// Files that cannot be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// Files that the session and the ledger do not tell the same of.
    pub disputed: Vec<PathBuf>,
    /// Files in the labels' folders that no run put there.
    pub extra: Vec<PathBuf>,
    /// Transfers that a killed program left; the next run finishes them.
    pub unfinished: usize,
    /// Files that were not looked at because of a stop.
    pub waiting: usize,
}

impl Verification {
    /// True where the ledger is whole, and the one that the session wrote.
    pub fn is_ledger_whole(&self) -> bool {
        let (lines, head) = &self.expected;
        let is_expected = self.chain.lines == *lines && (*lines == 0 || self.chain.head == *head);
        self.chain.broken_at.is_none() && is_expected
    }

    /// True where no file is missing, changed, disputed or unreadable and the ledger is whole.
    pub fn is_good(&self) -> bool {
        let files = [&self.missing, &self.changed, &self.disputed];
        files.iter().all(|list| list.is_empty()) && self.unreadable.is_empty() && self.is_ledger_whole()
    }
}

/// Checks everything. `on_file` is told of each file that was hashed, of how many.
pub fn verify(
    session: &Session,
    stop: &Stop,
    on_file: &mut dyn FnMut(usize, usize),
) -> Result<Verification, StoreError> {
    let placed: BTreeMap<PathBuf, ContentHash> = session
        .placed()?
        .into_iter()
        .map(|placed| (session.destination().join(placed.place.folder).join(placed.place.file_name), placed.hash))
        .collect();
    let chain = session.walk_ledger()?;
    let mut verification = Verification {
        disputed: disputed(session, &placed, &chain),
        chain,
        expected: session.ledger_head()?,
        whole: 0,
        missing: vec![],
        changed: vec![],
        unreadable: vec![],
        extra: extra(&placed),
        unfinished: session.unfinished()?.len(),
        waiting: placed.len(),
    };
    for (path, hash) in &placed {
        if stop.is_requested() {
            break;
        }
        verification.waiting -= 1;
        match hash_file(path) {
            Ok(found) if found == *hash => verification.whole += 1,
            Ok(_) => verification.changed.push(path.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => verification.missing.push(path.clone()),
            Err(error) => verification.unreadable.push((path.clone(), error)),
        }
        on_file(placed.len() - verification.waiting, placed.len());
    }
    Ok(verification)
}

/// Somebody who changes a file and its hash in the session does not change the ledger with it, whose head may be
/// time-stamped elsewhere.
fn disputed(session: &Session, placed: &BTreeMap<PathBuf, ContentHash>, chain: &Chain) -> Vec<PathBuf> {
    let told: BTreeMap<PathBuf, &String> =
        chain.files.iter().map(|(path, hash)| (session.destination().join(path), hash)).collect();
    let differs = |(path, hash): (&PathBuf, &ContentHash)| {
        let same = told.get(path).is_some_and(|told| **told == hash.to_string());
        (!same).then(|| path.clone())
    };
    let mut disputed: Vec<PathBuf> = placed.iter().filter_map(differs).collect();
    disputed.extend(told.into_keys().filter(|path| !placed.contains_key(path)));
    disputed
}

/// What is in the folders of sorted files and was not put there.
fn extra(placed: &BTreeMap<PathBuf, ContentHash>) -> Vec<PathBuf> {
    let folders: BTreeSet<&Path> = placed.keys().filter_map(|path| path.parent()).collect();
    let entries = folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let mut extra: Vec<PathBuf> = entries
        .filter(|entry| !is_temporary(&entry.file_name()))
        .map(|entry| entry.path())
        .filter(|path| !placed.contains_key(path))
        .collect();
    extra.sort_unstable();
    extra
}
