//! Which files of a watched folder are ready to be looked at.
//!
//! The scan is the truth: what is in the folder and not in the session is waited for. What the system tells of changes only
//! says where to look before the next scan.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::{Told, WatchRules, WatchedBy};
use crate::domain::picture::FileStamp;
use crate::domain::readiness::{Look, Readiness};
use crate::file_system::is_on_network;
use crate::files::read::stamp_of;
use crate::files::scan::{Scan, ScanError, Scope};
use crate::files::watcher::{Changes, NoEvents, Watcher};
use crate::jobs::stop::Stop;
use crate::store::StoreError;

/// How often everything is looked through though the system tells of changes.
const SCAN_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked whether the folder is there and the same.
const ROOT_EVERY: Duration = Duration::from_secs(1);

/// The share of the time that scans may take, as what they take is multiplied by before the next one: a folder of a million
/// files is looked through less often.
const SCAN_REST: u32 = 10;

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
pub(super) type Knows<'k> = &'k dyn Fn(&Path, FileStamp) -> Result<bool, StoreError>;

/// The folder, and the files in it that are waited for.
pub(super) struct Incoming {
    source: PathBuf,
    recursive: bool,
    destination: PathBuf,
    is_polled: bool,
    began: Instant,
    readiness: Readiness,
    watcher: Option<Watcher>,
    watched_by: WatchedBy,
    /// The folder that is there now, by file system and number.
    root: Option<(u64, u64)>,
    next_root: Duration,
    next_scan: Duration,
    scan_every: Duration,
    poll_every: Duration,
    queue: VecDeque<PathBuf>,
}

impl Incoming {
    pub(super) fn new(source: &Path, recursive: bool, destination: &Path, rules: &WatchRules) -> Incoming {
        // Twice within the settling time, so that a change is seen before a file counts as settled.
        let poll_every = (rules.patience.settle / 2).max(Duration::from_millis(100));
        Incoming {
            source: source.to_owned(),
            recursive,
            destination: destination.to_owned(),
            is_polled: rules.poll,
            began: Instant::now(),
            readiness: Readiness::new(rules.patience),
            watcher: None,
            watched_by: WatchedBy::Nothing,
            root: None,
            next_root: Duration::ZERO,
            next_scan: Duration::ZERO,
            scan_every: SCAN_EVERY,
            poll_every,
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
        match changes.is_anywhere || now >= self.next_scan {
            true => self.scan(knows, stop)?,
            false => self.look_at(&changes, knows, stop)?,
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
            // First the watches, then the scan: what comes between them is seen by both and not by none.
            self.watch(tell);
            self.next_scan = Duration::ZERO;
        }
    }

    fn watch(&mut self, tell: &mut dyn FnMut(Told<'_>)) {
        let started = match self.is_polled {
            true => Err(None),
            false if is_on_network(&self.source) => Err(Some(NoEvents::Network)),
            false => Watcher::start(&self.source, self.recursive).map_err(Some),
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
        self.scan_every = if by == WatchedBy::Events { SCAN_EVERY } else { self.poll_every };
        if self.watched_by != by {
            tell(Told::WatchedBy(&by));
            self.watched_by = by;
        }
    }

    fn changes(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Changes {
        let Some(watcher) = &self.watcher else { return Changes::default() };
        let mut changes = watcher.changes();
        if let Some(reason) = changes.ended.take() {
            self.watcher = None;
            self.watch_by(WatchedBy::Polling(Some(reason)), tell);
        }
        changes
    }

    fn scope(&self) -> Scope<'_> {
        Scope { source: &self.source, recursive: self.recursive, destination: &self.destination }
    }

    /// Looks at every file.
    fn scan(&mut self, knows: Knows<'_>, stop: &Stop) -> Result<(), StoreError> {
        let began = self.began.elapsed();
        let found = match self.scope().scan(&|| !stop.is_requested()) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            // It went between two looks: the next look at the folder says so.
            Err(ScanError::Missing { .. } | ScanError::NoFolder { .. }) => return Ok(()),
            Err(ScanError::Unreadable { folder, source }) => {
                tracing::warn!(folder = crate::domain::printable::printable(folder), "cannot be read: {source}");
                self.next_scan = self.began.elapsed() + self.scan_every;
                return Ok(());
            }
        };
        self.readiness.begin_scan();
        self.look_at_files(&found, knows)?;
        if found.unreadable.is_empty() {
            self.readiness.end_scan();
        }
        let now = self.began.elapsed();
        self.next_scan = now + self.scan_every.max((now - began) * SCAN_REST);
        Ok(())
    }

    /// Looks where something happened.
    fn look_at(&mut self, changes: &Changes, knows: Knows<'_>, stop: &Stop) -> Result<(), StoreError> {
        for path in &changes.paths {
            if !self.scope().takes(path) {
                continue;
            }
            match std::fs::symlink_metadata(path) {
                Ok(found) if found.is_dir() => {
                    // A folder may have had files before it was watched.
                    if let Some(found) = self.scope().scan_below(path, &|| !stop.is_requested()) {
                        self.look_at_files(&found, knows)?;
                    }
                }
                Ok(found) if found.is_file() => self.look_at_file(path, &found, knows)?,
                _ => self.readiness.forget(path),
            }
        }
        changes.closed.iter().for_each(|path| self.readiness.close(path));
        Ok(())
    }

    fn look_at_files(&mut self, scan: &Scan, knows: Knows<'_>) -> Result<(), StoreError> {
        for path in &scan.files {
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
        if self.readiness.has(path) || !knows(path, stamp)? {
            self.readiness.look(path, stamp, age(found), self.began.elapsed());
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
            let look = self.readiness.look(&path, stamp, age(&found), self.began.elapsed());
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

/// How long ago a file changed. One that changed in the future, by the clock of another machine, has changed now.
fn age(found: &Metadata) -> Duration {
    let changed = found.modified().unwrap_or_else(|_| SystemTime::now());
    SystemTime::now().duration_since(changed).unwrap_or_default()
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
