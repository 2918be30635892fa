//! Which files of a watched folder are ready to be looked at.
//!
//! The scan is the truth: what is in the folder and not in the session is waited for. What the system tells of changes only
//! says where to look before the next scan.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Told, WatchRules, WatchedBy};
use crate::domain::picture::FileStamp;
use crate::domain::readiness::{Look, Readiness};
use crate::file_system::is_on_network;
use crate::files::read::stamp_of;
use crate::files::scan::{Scan, ScanError, Scope};
use crate::files::watcher::{Changes, NoEvents, Watcher};
use crate::files::writers::open_for_writing;
use crate::jobs::sink::SourceFolder;
use crate::jobs::stop::Stop;
use crate::store::StoreError;

/// How often it is looked whether the folder is there and the same.
const ROOT_EVERY: Duration = Duration::from_secs(1);

/// The share of the time that scans may take, as what they take is multiplied by before the next one: a folder of a million
/// files is looked through less often.
const SCAN_REST: u32 = 10;

/// The least time between two scans where nothing tells of changes.
const LEAST_POLL: Duration = Duration::from_millis(100);

/// What programs that download call a file until it is whole.
const UNFINISHED_SUFFIXES: [&str; 8] =
    [".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".opdownload"];

/// A file that has settled.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) path: PathBuf,
    /// As it was at the last look.
    pub(super) stamp: FileStamp,
    /// Whole or not, it is taken as it is.
    pub(super) is_given_up: bool,
}

/// Whether a session has looked at a file as it is now.
pub(super) type Knows<'k> = &'k dyn Fn(&Path, FileStamp, &SourceFolder) -> Result<bool, StoreError>;

/// The folder, and the files in it that are waited for.
pub(super) struct Incoming {
    /// The folder, by the name that was given, and by its whole one: that is what the system tells.
    source: PathBuf,
    whole: PathBuf,
    recursive: bool,
    destination: PathBuf,
    rules: IncomingRules,
    began: Instant,
    readiness: Readiness,
    watcher: Option<Watcher>,
    watched_by: WatchedBy,
    /// The folder that is there now, by file system and number, and the paths that the session knows it by.
    root: Option<(u64, u64)>,
    folder: SourceFolder,
    /// Folders that cannot be read, which was told.
    unreadable: Vec<PathBuf>,
    next_root: Duration,
    next_scan: Duration,
    queue: VecDeque<PathBuf>,
}

/// How a folder is looked at.
#[derive(Debug, Clone, Copy)]
struct IncomingRules {
    poll: bool,
    rescan: Duration,
    settle_polled: Duration,
}

impl Incoming {
    pub(super) fn new(source: &Path, recursive: bool, destination: &Path, rules: &WatchRules) -> Incoming {
        let &WatchRules { poll, rescan, settle_polled, .. } = rules;
        Incoming {
            source: source.to_owned(),
            whole: std::path::absolute(source).unwrap_or_else(|_| source.to_owned()),
            recursive,
            destination: destination.to_owned(),
            rules: IncomingRules { poll, rescan, settle_polled },
            began: Instant::now(),
            readiness: Readiness::new(rules.patience),
            watcher: None,
            watched_by: WatchedBy::Nothing,
            root: None,
            folder: SourceFolder::new(source),
            unreadable: vec![],
            next_root: Duration::ZERO,
            next_scan: Duration::ZERO,
            queue: VecDeque::new(),
        }
    }

    /// Files that came and are not looked at yet, but for those that are left unfinished.
    pub(super) fn backlog(&self) -> usize {
        self.readiness.len() - self.readiness.unfinished()
    }

    /// Files that are left unfinished so far.
    pub(super) fn unfinished(&self) -> usize {
        self.readiness.unfinished()
    }

    /// How changes are noticed.
    pub(super) fn watched_by(&self) -> &WatchedBy {
        &self.watched_by
    }

    /// The folder that is there, and the paths that the session knows it by.
    pub(super) fn folder(&self) -> &SourceFolder {
        &self.folder
    }

    /// At most so many files that have settled. What happens with each has to be said afterwards: [`Incoming::done`],
    /// [`Incoming::hold`] or nothing, and it comes again.
    pub(super) fn ready(
        &mut self,
        most: usize,
        knows: Knows<'_>,
        stop: &Stop,
        tell: &mut dyn FnMut(Told<'_>),
    ) -> Result<Vec<Ready>, StoreError> {
        let now = self.began.elapsed();
        if now >= self.next_root {
            self.next_root = now + ROOT_EVERY;
            self.look_at_root(tell);
        }
        if self.root.is_none() {
            return Ok(vec![]);
        }
        let changes = self.changes(tell);
        if changes.is_anywhere {
            self.readiness.forget_writers();
        }
        match changes.is_anywhere || now >= self.next_scan {
            true => self.scan(knows, stop, tell)?,
            false => self.look_where(&changes.paths, knows, stop, tell)?,
        }
        for path in &changes.written {
            self.readiness.write(&self.as_given(path));
        }
        for path in &changes.closed {
            self.readiness.close(&self.as_given(path));
        }
        Ok(self.settled(most, tell))
    }

    /// Whether the folder is there, and the one that is watched.
    fn look_at_root(&mut self, tell: &mut dyn FnMut(Told<'_>)) {
        let found = std::fs::metadata(&self.source).ok().filter(Metadata::is_dir);
        let found = found.map(|folder| (folder.dev(), folder.ino()));
        if found == self.root {
            return;
        }
        match (self.root, found) {
            (_, None) => tell(Told::SourceGone),
            (Some(_), Some(_)) => tell(Told::SourceReplaced),
            (None, Some(_)) if self.watched_by != WatchedBy::Nothing => tell(Told::SourceBack),
            (None, Some(_)) => {}
        }
        self.root = found;
        self.watcher = None;
        if found.is_some() {
            // Where it was a link, it may lead elsewhere now.
            self.folder = SourceFolder::new(&self.source);
            // First the watches, then the scan: what comes between them is seen by both and not by none.
            self.watch(tell);
            self.next_scan = Duration::ZERO;
        }
    }

    fn watch(&mut self, tell: &mut dyn FnMut(Told<'_>)) {
        let started = match self.rules.poll {
            true => Err(None),
            false if is_on_network(&self.source) => Err(Some(NoEvents::Network)),
            false => Watcher::new().map_err(Some),
        };
        match started {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.watch_by(WatchedBy::Events, tell);
            }
            Err(reason) => self.watch_by(WatchedBy::Polling(reason), tell),
        }
    }

    fn watch_by(&mut self, by: WatchedBy, tell: &mut dyn FnMut(Told<'_>)) {
        if let WatchedBy::Polling(_) = by {
            self.watcher = None;
            // Who is told of nothing has to be surer that a file is finished.
            self.readiness.settle_for(self.rules.settle_polled);
            self.readiness.forget_writers();
        }
        if self.watched_by != by {
            tell(Told::WatchedBy(&by));
            self.watched_by = by;
        }
    }

    fn scan_every(&self) -> Duration {
        match self.watched_by {
            // Twice within the settling time, so that a change is seen before a file counts as settled.
            WatchedBy::Polling(_) => (self.rules.settle_polled / 2).max(LEAST_POLL),
            _ => self.rules.rescan,
        }
    }

    fn changes(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Changes {
        let Some(watcher) = &mut self.watcher else { return Changes::default() };
        let mut changes = watcher.changes();
        if let Some(reason) = changes.ended.take() {
            self.watch_by(WatchedBy::Polling(Some(reason)), tell);
        }
        changes
    }

    /// Watches folders; true where one was not watched before, so that files may have come to it unseen.
    fn watch_folders(&mut self, folders: &[PathBuf], tell: &mut dyn FnMut(Told<'_>)) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let mut is_new = false;
        for folder in folders {
            let inside = folder.strip_prefix(&self.source).unwrap_or(folder);
            // Without a slash at its end, which the paths in it would have twice.
            let whole = if inside.as_os_str().is_empty() { self.whole.clone() } else { self.whole.join(inside) };
            match watcher.add(&whole) {
                Ok(added) => is_new |= added,
                Err(reason) => {
                    self.watch_by(WatchedBy::Polling(Some(reason)), tell);
                    return false;
                }
            }
        }
        is_new
    }

    /// A path as the system tells it, in the spelling that was given.
    fn as_given(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.whole).map_or_else(|_| path.to_owned(), |inside| self.source.join(inside))
    }

    fn scope(&self) -> Scope<'_> {
        Scope { source: &self.source, recursive: self.recursive, destination: &self.destination }
    }

    /// Looks at every file.
    fn scan(&mut self, knows: Knows<'_>, stop: &Stop, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), StoreError> {
        let began = self.began.elapsed();
        self.readiness.begin_scan();
        let unreadable = loop {
            let found = match self.scope().scan(&|| !stop.is_requested()) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(()),
                // It went between two looks: the next look at the folder says so.
                Err(ScanError::Missing { .. } | ScanError::NoFolder { .. }) => return Ok(()),
                Err(ScanError::Unreadable { folder, source }) => {
                    Scan { unreadable: vec![(folder, source)], ..Scan::default() }
                }
            };
            self.look_at_files(&found.files, knows, stop)?;
            if !self.watch_folders(&found.folders, tell) {
                break found.unreadable;
            }
        };
        if stop.is_requested() {
            return Ok(());
        }
        self.tell_unreadable(&unreadable, tell);
        self.readiness.end_scan(&self.unreadable);
        let now = self.began.elapsed();
        self.next_scan = now + self.scan_every().max((now - began) * SCAN_REST);
        Ok(())
    }

    /// Tells of each folder that cannot be read, once for as long as it cannot.
    fn tell_unreadable(&mut self, unreadable: &[(PathBuf, std::io::Error)], tell: &mut dyn FnMut(Told<'_>)) {
        for (folder, error) in unreadable {
            if !self.unreadable.contains(folder) {
                tell(Told::Unreadable { folder, error });
            }
        }
        self.unreadable = unreadable.iter().map(|(folder, _)| folder.clone()).collect();
    }

    /// Looks where something happened.
    fn look_where(
        &mut self,
        paths: &HashSet<PathBuf>,
        knows: Knows<'_>,
        stop: &Stop,
        tell: &mut dyn FnMut(Told<'_>),
    ) -> Result<(), StoreError> {
        for path in paths {
            let path = self.as_given(path);
            if !self.scope().takes(&path) {
                continue;
            }
            match std::fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => self.look_below(&path, knows, stop, tell)?,
                Ok(found) if found.is_file() => {
                    self.readiness.disturb(&path, self.began.elapsed());
                    self.look_at_file(&path, &found, knows)?;
                }
                _ => self.readiness.forget(&path),
            }
        }
        Ok(())
    }

    /// Looks into a folder that came: it may have had files before it was watched.
    fn look_below(
        &mut self,
        folder: &Path,
        knows: Knows<'_>,
        stop: &Stop,
        tell: &mut dyn FnMut(Told<'_>),
    ) -> Result<(), StoreError> {
        loop {
            let Some(found) = self.scope().scan_below(folder, &|| !stop.is_requested()) else { return Ok(()) };
            self.look_at_files(&found.files, knows, stop)?;
            if !self.watch_folders(&found.folders, tell) {
                return Ok(());
            }
        }
    }

    fn look_at_files(&mut self, files: &[PathBuf], knows: Knows<'_>, stop: &Stop) -> Result<(), StoreError> {
        for path in files {
            if stop.is_requested() {
                return Ok(());
            }
            match std::fs::symlink_metadata(path) {
                Ok(found) if found.is_file() => self.look_at_file(path, &found, knows)?,
                _ => self.readiness.forget(path),
            }
        }
        Ok(())
    }

    fn look_at_file(&mut self, path: &Path, found: &Metadata, knows: Knows<'_>) -> Result<(), StoreError> {
        if is_hidden(path.strip_prefix(&self.source).unwrap_or(path)) {
            return Ok(());
        }
        let stamp = stamp_of(found);
        if self.readiness.has(path) || !knows(path, stamp, &self.folder)? {
            self.readiness.look(path, stamp, self.began.elapsed());
        }
        Ok(())
    }

    /// Looks again at files that are due.
    fn settled(&mut self, most: usize, tell: &mut dyn FnMut(Told<'_>)) -> Vec<Ready> {
        if self.queue.is_empty() {
            self.queue = self.readiness.due(self.began.elapsed()).into();
        }
        let mut ready = Vec::new();
        while ready.len() < most
            && let Some(path) = self.queue.pop_front()
        {
            let Some(found) = std::fs::symlink_metadata(&path).ok().filter(Metadata::is_file) else {
                self.readiness.forget(&path);
                continue;
            };
            let stamp = stamp_of(&found);
            let look = self.readiness.look(&path, stamp, self.began.elapsed());
            let Look::Ready { is_given_up } = look else { continue };
            match (is_named_unfinished(&path), is_given_up) {
                (false, _) => ready.push(Ready { path, stamp, is_given_up }),
                (true, false) => self.readiness.hold(&path),
                (true, true) => {
                    tell(Told::Unfinished(&path));
                    self.readiness.silence(&path);
                }
            }
        }
        self.without_open(ready)
    }

    /// Leaves out files that somebody still has open for writing: they settle anew.
    fn without_open(&mut self, mut ready: Vec<Ready>) -> Vec<Ready> {
        if ready.is_empty() {
            return ready;
        }
        let (open, now) = (open_for_writing(), self.began.elapsed());
        ready.retain(|Ready { path, stamp, .. }| {
            let is_open = open.contains(&(stamp.device, stamp.inode));
            if is_open {
                self.readiness.disturb(path, now);
            }
            !is_open
        });
        ready
    }

    /// The file is in the session, or gone.
    pub(super) fn done(&mut self, path: &Path) {
        self.readiness.forget(path);
    }

    /// The file is not whole: its rest is waited for.
    pub(super) fn hold(&mut self, path: &Path) {
        self.readiness.hold(path);
    }
}

/// Hidden files, and files in hidden folders, are what programs keep for themselves: rsync's unfinished ones, trash.
fn is_hidden(inside: &Path) -> bool {
    inside.iter().any(|part| part.as_encoded_bytes().starts_with(b"."))
}

fn is_named_unfinished(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().to_lowercase();
    UNFINISHED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_hidden_and_what_is_not_finished() {
        for (path, hidden, unfinished) in [
            ("a/b.jpg", false, false),
            ("a/.b.jpg.Xy12", true, false),
            (".rsync-partial/b.jpg", true, false),
            ("b.jpg.part", false, true),
            ("B.JPG.CRDOWNLOAD", false, true),
            ("part.jpg", false, false),
        ] {
            let path = Path::new(path);
            assert_eq!((is_hidden(path), is_named_unfinished(path)), (hidden, unfinished), "{path:?}");
        }
    }
}
