//! Which files of a watched folder are ready to be looked at.
//!
//! The scan is the truth: what is in the folder and not in the session is waited for. The system's events only say
//! where to look before the next scan.

mod names;
mod noticing;

use std::collections::{HashSet, VecDeque};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{WatchEvent, WatchRules, Watched, WatchedBy};
use crate::domain::file_filter::{FileFilter, LeftOut, LeftOutCounts, LeftOutReason};
use crate::domain::picture::FileStamp;
use crate::domain::readiness::{Observation, Readiness};
use crate::files::read::stamp_of;
use crate::files::scan::{Kept, Scan, ScanError, Scope};
use crate::files::watcher::Watcher;
use crate::files::writers::open_for_writing;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::session_writer::SourceFolder;
use crate::store::StoreError;
use names::is_named_unfinished;

/// How often it is looked whether the folder is there and the same.
const ROOT_EVERY: Duration = Duration::from_secs(1);

/// The share of the time that scans may take, as what they take is multiplied by before the next one: a folder of a
/// million files is looked through less often.
const SCAN_REST: u32 = 10;

/// The least time between two scans where nothing tells of changes.
const LEAST_POLL: Duration = Duration::from_millis(100);

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
    choice: FileFilter,
    kept: Kept,
    rules: IncomingRules,
    began: Instant,
    readiness: Readiness,
    watcher: Option<Watcher>,
    watched_by: WatchedBy,
    /// The folder that is there now, by file system and number, and the paths that the session knows it by.
    root: Option<(u64, u64)>,
    folder: SourceFolder,
    /// Files that are not looked at, and whether that was told.
    left_out: LeftOut,
    told_left_out: bool,
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
    pub(super) fn new(watched: &Watched, destination: &Path, rules: &WatchRules) -> Incoming {
        let &WatchRules { poll, rescan, settle_polled, .. } = rules;
        let source = watched.source.as_path();
        Incoming {
            source: source.to_owned(),
            whole: std::path::absolute(source).unwrap_or_else(|_| source.to_owned()),
            recursive: watched.recursive,
            destination: destination.to_owned(),
            choice: watched.choice.clone(),
            kept: watched.kept.clone(),
            rules: IncomingRules { poll, rescan, settle_polled },
            began: Instant::now(),
            readiness: Readiness::new(rules.patience),
            watcher: None,
            watched_by: WatchedBy::Nothing,
            root: None,
            folder: SourceFolder::new(source),
            left_out: LeftOut::default(),
            told_left_out: false,
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

    /// Files that are not looked at.
    pub(super) fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// How changes are noticed.
    pub(super) fn watched_by(&self) -> &WatchedBy {
        &self.watched_by
    }

    /// The folder that is there, and the paths that the session knows it by.
    pub(super) fn folder(&self) -> &SourceFolder {
        &self.folder
    }

    /// At most so many files that have settled. The caller has to say afterwards what happened with each:
    /// [`Incoming::done`], [`Incoming::hold`] or nothing, and it comes again.
    pub(super) fn ready(
        &mut self,
        most: usize,
        knows: Knows<'_>,
        stop: &CancelToken,
        tell: &mut dyn FnMut(WatchEvent<'_>),
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

    fn scope(&self) -> Scope<'_> {
        Scope {
            source: &self.source,
            recursive: self.recursive,
            destination: &self.destination,
            choice: &self.choice,
            kept: &self.kept,
        }
    }

    /// Looks at every file.
    fn scan(
        &mut self,
        knows: Knows<'_>,
        stop: &CancelToken,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<(), StoreError> {
        let began = self.began.elapsed();
        self.readiness.begin_scan();
        let unreadable = loop {
            let found = match self.scope().scan_while(&|| !stop.is_requested()) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(()),
                // It went between two looks: the next look at the folder says so.
                Err(ScanError::Missing { .. } | ScanError::NoFolder { .. }) => return Ok(()),
                Err(ScanError::Unreadable { folder, source }) => {
                    Scan { unreadable: vec![(folder, source)], ..Scan::default() }
                }
            };
            self.look_at_files(&found.files, knows, stop)?;
            self.left_out = found.left_out;
            if !self.watch_folders(&found.folders, tell) {
                break found.unreadable;
            }
        };
        if stop.is_requested() {
            return Ok(());
        }
        self.tell_unreadable(&unreadable, tell);
        if self.left_out.counts() != LeftOutCounts::default() && !std::mem::replace(&mut self.told_left_out, true) {
            tell(WatchEvent::LeftOut(&self.left_out));
        }
        self.readiness.end_scan(&self.unreadable);
        let now = self.began.elapsed();
        self.next_scan = now + self.scan_every().max((now - began) * SCAN_REST);
        Ok(())
    }

    /// Tells of each folder that cannot be read, once for as long as it cannot.
    fn tell_unreadable(&mut self, unreadable: &[(PathBuf, std::io::Error)], tell: &mut dyn FnMut(WatchEvent<'_>)) {
        for (folder, error) in unreadable {
            if !self.unreadable.contains(folder) {
                tell(WatchEvent::Unreadable { folder, error });
            }
        }
        self.unreadable = unreadable.iter().map(|(folder, _)| folder.clone()).collect();
    }

    /// Looks where something happened.
    fn look_where(
        &mut self,
        paths: &HashSet<PathBuf>,
        knows: Knows<'_>,
        stop: &CancelToken,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<(), StoreError> {
        for path in paths {
            let path = self.as_given(path);
            if !self.scope().reaches(&path) {
                continue;
            }
            let found = std::fs::symlink_metadata(&path).ok().filter(|found| found.is_dir() || found.is_file());
            let left_out = found.as_ref().and_then(|found| self.scope().leaves_out(&path, found.is_dir()));
            match (found, left_out) {
                (Some(_), Some((why, reason))) => {
                    // Its content may have told since that it is no picture.
                    self.readiness.forget(&path);
                    self.count_left_out(reason, why, stop);
                }
                (Some(found), None) if found.is_dir() => self.look_below(&path, knows, stop, tell)?,
                (Some(found), None) => {
                    self.left_out.forget(&path);
                    self.readiness.disturb(&path, self.began.elapsed());
                    self.look_at_file(&path, &found, knows)?;
                }
                (None, _) => {
                    self.left_out.forget(&path);
                    self.readiness.forget(&path);
                }
            }
        }
        Ok(())
    }

    /// Counts the files that are left out for a file or folder, as it is now.
    fn count_left_out(&mut self, reason: PathBuf, why: LeftOutReason, stop: &CancelToken) {
        self.left_out.forget(&reason);
        match reason.is_dir() {
            true => {
                let below = self.scope().scan_below(&reason, &|| !stop.is_requested());
                self.left_out.extend(below.unwrap_or_default().left_out);
            }
            false => self.left_out.add(reason, why),
        }
    }

    /// Looks into a folder that came: it may have had files before it was watched.
    fn look_below(
        &mut self,
        folder: &Path,
        knows: Knows<'_>,
        stop: &CancelToken,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<(), StoreError> {
        loop {
            let Some(found) = self.scope().scan_below(folder, &|| !stop.is_requested()) else { return Ok(()) };
            self.look_at_files(&found.files, knows, stop)?;
            self.left_out.extend(found.left_out);
            if !self.watch_folders(&found.folders, tell) {
                return Ok(());
            }
        }
    }

    fn look_at_files(&mut self, files: &[PathBuf], knows: Knows<'_>, stop: &CancelToken) -> Result<(), StoreError> {
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
        let stamp = stamp_of(found);
        if self.readiness.has(path) || !knows(path, stamp, &self.folder)? {
            self.readiness.observe(path, stamp, self.began.elapsed());
        }
        Ok(())
    }

    /// Looks again at files that are due.
    fn settled(&mut self, most: usize, tell: &mut dyn FnMut(WatchEvent<'_>)) -> Vec<Ready> {
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
            let look = self.readiness.observe(&path, stamp, self.began.elapsed());
            let Observation::Ready { is_given_up } = look else { continue };
            match (is_named_unfinished(&path), is_given_up) {
                (false, _) => ready.push(Ready { path, stamp, is_given_up }),
                (true, false) => self.readiness.hold(&path),
                (true, true) => {
                    tell(WatchEvent::Unfinished(&path));
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
