//! Checking a destination against its session: every file by its hash, the ledger by its chain, and what else is there.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::cancel_token::CancelToken;
use super::carry_out::private_names;
use super::tables;
use crate::domain::name_fold::fold;
use crate::domain::picture::ContentHash;
use crate::files::foreign_files::{DestinationEntry, KnownFiles, is_same_file, walk_destination};
use crate::files::read::hash_file;
use crate::store::StoreError;
use crate::store::ledger::Chain;
use crate::store::session::{Session, Unfinished};

/// Paths of a kind that are kept to be named. There may be any number of them.
const KEPT: usize = 1000;

/// The result of a check.
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
    /// Files that are not there, and whole where they were moved from, or where a run that was cut short brings them.
    pub elsewhere: Vec<PathBuf>,
    /// Files with another content.
    pub changed: Vec<PathBuf>,
    /// Files that cannot be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// Files that the session and the ledger do not tell the same of.
    pub disputed: Vec<PathBuf>,
    /// Other files in the destination.
    pub beside: Beside,
    /// Transfers that a killed program left; the next run finishes them.
    pub unfinished: usize,
    /// Files that were not looked at because of a stop.
    pub waiting: usize,
}

/// Files in a destination beside those that were sorted into it.
#[derive(Debug, Default)]
pub struct Beside {
    /// Files, links and special files that no run put there.
    pub extra: Paths,
    /// Folders that pictures come from, which were left out.
    pub sources: Paths,
    /// Other destinations, which were left out.
    pub destinations: Paths,
    /// Folders that cannot be looked into.
    pub closed: Paths,
    /// It was looked through to its end.
    pub is_complete: bool,
}

/// Paths, the first of which are kept.
#[derive(Debug, Default)]
pub struct Paths {
    /// How many there are.
    pub count: usize,
    /// The first of them in their order.
    pub first: BTreeSet<PathBuf>,
}

impl Paths {
    fn add(&mut self, path: &Path) {
        self.count += 1;
        self.first.insert(path.to_owned());
        if self.first.len() > KEPT {
            self.first.pop_last();
        }
    }
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

    /// True where a stop was asked for before everything was looked at.
    pub fn is_cut_short(&self) -> bool {
        self.waiting > 0 || !self.beside.is_complete
    }
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// One more file was hashed, of so many.
    File(usize),
    /// So many files were seen in the destination so far.
    Seen(usize),
}

/// Checks everything.
pub fn verify(
    session: &Session,
    stop: &CancelToken,
    on_checked: &mut dyn FnMut(Checked),
) -> Result<Verification, StoreError> {
    let mut placed: BTreeMap<PathBuf, ContentHash> = session
        .placed()?
        .into_iter()
        .map(|placed| (session.destination().join(placed.place.folder).join(placed.place.file_name), placed.hash))
        .collect();
    let chain = session.walk_ledger()?;
    let disputed = disputed(session, &chain)?;
    // Files that no picture has as its place any more, and that nothing has taken away.
    for (path, hash) in &chain.files {
        placed.entry(session.destination().join(path)).or_insert(*hash);
    }
    let unfinished = session.unfinished()?;
    let mut verification = Verification {
        disputed,
        chain,
        expected: session.ledger_head()?,
        whole: 0,
        missing: vec![],
        elsewhere: vec![],
        changed: vec![],
        unreadable: vec![],
        beside: Beside::default(),
        unfinished: unfinished.len(),
        waiting: placed.len(),
    };
    for (path, hash) in &placed {
        if stop.is_requested() {
            return Ok(verification);
        }
        verification.waiting -= 1;
        match hash_file(path) {
            Ok(found) if found == *hash => verification.whole += 1,
            Ok(_) => verification.changed.push(path.clone()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match is_elsewhere(session, path, *hash, &unfinished)? {
                    true => verification.elsewhere.push(path.clone()),
                    false => verification.missing.push(path.clone()),
                }
            }
            Err(error) => verification.unreadable.push((path.clone(), error)),
        }
        on_checked(Checked::File(placed.len()));
    }
    verification.beside = beside(session, &verification.chain, &placed, &unfinished, stop, on_checked)?;
    Ok(verification)
}

/// Files that somebody changed the session or the ledger for: the ledger's head may be time-stamped elsewhere. What
/// people do to the files themselves makes none.
fn disputed(session: &Session, chain: &Chain) -> Result<Vec<PathBuf>, StoreError> {
    let mut disputed: BTreeSet<PathBuf> = session.disputed()?.into_iter().collect();
    for path in chain.files.keys() {
        if !session.has_put(path)? {
            disputed.insert(session.destination().join(path));
        }
    }
    Ok(disputed.into_iter().collect())
}

/// True where a file that is not in its place is whole where it was moved from, or where a run that was cut short has
/// brought it.
fn is_elsewhere(
    session: &Session,
    path: &Path,
    hash: ContentHash,
    unfinished: &[Unfinished],
) -> Result<bool, StoreError> {
    let under_way = unfinished.iter().filter(|left| left.transfer.source == path);
    let mut places = session.moved_from(path)?.into_iter().chain(under_way.flat_map(|left| places(session, left)));
    Ok(places.any(|place| hash_file(&place).is_ok_and(|found| found == hash)))
}

/// The paths under which the file of an unfinished transfer may be.
fn places(session: &Session, left: &Unfinished) -> Vec<PathBuf> {
    let transfer = &left.transfer;
    let (_, leaving) = private_names(session, left.id);
    let targets = transfer.names.iter().map(|name| transfer.folder.join(name));
    targets.chain([transfer.source.with_file_name(leaving)]).collect()
}

/// Files that a killed run left, and that the next one finishes with.
fn left_by_killed(session: &Session, unfinished: &[Unfinished]) -> BTreeSet<PathBuf> {
    let has_content =
        |left: &Unfinished, path: &PathBuf| hash_file(path).is_ok_and(|found| found == left.transfer.hash);
    let files = unfinished.iter().flat_map(|left| {
        let (temporary, _) = private_names(session, left.id);
        let places = places(session, left).into_iter().filter(|path| has_content(left, path));
        places.chain([left.transfer.folder.join(temporary)]).collect::<Vec<_>>()
    });
    files.collect()
}

/// Looks through the whole destination.
fn beside(
    session: &Session,
    chain: &Chain,
    placed: &BTreeMap<PathBuf, ContentHash>,
    unfinished: &[Unfinished],
    stop: &CancelToken,
    on_checked: &mut dyn FnMut(Checked),
) -> Result<Beside, StoreError> {
    let destination = session.destination();
    let top_files = tables::top_files(session, chain)?;
    let unfinished = left_by_killed(session, unfinished);
    let sources = session.sources()?.into_iter().filter_map(|source| source.canonicalize().ok());
    let sources: Vec<PathBuf> =
        sources.filter(|source| source != destination && source.starts_with(destination)).collect();
    let folded = OnceCell::new();
    let is_placed = |path: &Path| {
        placed.contains_key(path) || folded.get_or_init(|| Folded::new(placed.keys())).has_under_other_name(path)
    };
    let known = KnownFiles {
        is_placed: &is_placed,
        own_names: &top_files.own,
        asides: &top_files.asides,
        unfinished: &unfinished,
        sources: &sources,
    };
    let mut beside = Beside::default();
    let mut count = 0;
    beside.is_complete = walk_destination(destination, &known, &mut |seen| {
        count += 1;
        on_checked(Checked::Seen(count));
        match seen {
            DestinationEntry::Known => {}
            DestinationEntry::Foreign(path) => beside.extra.add(path),
            DestinationEntry::Source(path) => beside.sources.add(path),
            DestinationEntry::Destination(path) => beside.destinations.add(path),
            DestinationEntry::Closed(path, error) => {
                tracing::warn!(folder = crate::domain::printable::printable(path), "cannot be looked into: {error}");
                beside.closed.add(path);
            }
        }
        !stop.is_requested()
    });
    Ok(beside)
}

/// Paths by the form under which two are one where case and Unicode form do not count.
struct Folded<'p>(Vec<(u64, &'p Path)>);

impl<'p> Folded<'p> {
    fn new(paths: impl Iterator<Item = &'p PathBuf>) -> Folded<'p> {
        let mut folded: Vec<(u64, &Path)> = paths.map(|path| (folded_form(path), path.as_path())).collect();
        folded.sort_unstable();
        Folded(folded)
    }

    /// True where the file is one of these: some disks give a name back otherwise than it was given to them.
    fn has_under_other_name(&self, path: &Path) -> bool {
        let form = folded_form(path);
        let first = self.0.partition_point(|(other, _)| *other < form);
        let mut alike = self.0[first..].iter().take_while(|(other, _)| *other == form);
        alike.any(|(_, other)| is_same_file(path, other))
    }
}

fn folded_form(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    fold(&path.to_string_lossy()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that ignores case is one where two names are one file, as two links to it are here.
    #[test]
    fn a_file_that_a_disk_calls_otherwise_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("IMG_É.JPG"), "x").unwrap();
        let placed = [path("IMG_É.JPG")];
        let folded = Folded::new(placed.iter());
        std::fs::hard_link(&placed[0], path("img_e\u{301}.jpg")).unwrap();
        assert!(folded.has_under_other_name(&path("img_e\u{301}.jpg")));
        // Another name of the same file, and another file.
        std::fs::hard_link(&placed[0], path("other.jpg")).unwrap();
        std::fs::write(path("img_é.jpg"), "x").unwrap();
        assert!(!folded.has_under_other_name(&path("other.jpg")));
        assert!(!folded.has_under_other_name(&path("img_é.jpg")));
    }

    #[test]
    fn of_many_paths_the_first_are_kept() {
        let mut paths = Paths::default();
        for number in (0..3 * KEPT).rev() {
            paths.add(Path::new(&format!("{number:06}")));
        }
        assert_eq!((paths.count, paths.first.len()), (3 * KEPT, KEPT));
        assert_eq!(paths.first.last().unwrap(), Path::new(&format!("{:06}", KEPT - 1)));
    }
}
