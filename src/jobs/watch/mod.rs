//! Watching a folder: each picture that arrives is classified once it is whole, and sorted if that is asked for.
//!
//! A watch is taken turn by turn, so that its caller can do other things in between and end it at any moment: what a
//! turn has not brought into the session is found again by the next watch.

mod alerts;
mod applying;
mod arriving;
mod child;
mod command;
mod incoming;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alerts::Alerts;
use applying::Applying;
use arriving::{Arriving, classify_ready};
pub use child::AlertEnd;
pub use command::{BadCommand, LabelCommand};
use incoming::Incoming;
pub use rules::WatchRules;

use super::cancel_token::CancelToken;
use super::carry_out::SayError;
use super::classify::{Classified, ClassifyError, Encoders};
use super::embedding_cache::EmbeddingCacheConfig;
use super::model::{Model, ModelError};
use super::recover::recover_transfers;
use super::session_writer::SourceFolder;
use super::stage_clocks::StageClocks;
use super::tables::{self, TableError};
use crate::domain::file_filter::{FileFilter, LeftOut};
use crate::domain::plan::PlannedTransfer;
use crate::domain::run::RunId;
use crate::files::defect::PictureDefect;
use crate::files::destination::DestinationError;
use crate::files::scan::Kept;
use crate::files::transfer::Ended;
use crate::files::watcher::WatcherUnavailable;
use crate::store::StoreError;
use crate::store::ledger::RunResult;
use crate::store::session::{Known, LabelSet, Session, Sorting};

/// How long a turn should take: what it brings is on disk and on screen only at its end.
const TURN: Duration = Duration::from_secs(1);

/// Files that a turn takes at least and at most.
const FEWEST: usize = 4;
const MOST: usize = 512;

/// How long a watch waits after a session that failed, a full disk for example.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How often the table is written at most, and the share of the time that it may take: it grows with the session.
const TABLE_EVERY: Duration = Duration::from_secs(60);
const TABLE_REST: u32 = 20;

/// How changes are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedBy {
    /// They are not yet.
    Nothing,
    /// The system tells.
    Events,
    /// The folder is looked through every few seconds: because it was asked for, or for this reason.
    Polling(Option<WatcherUnavailable>),
}

/// Events of a watch.
#[derive(Debug)]
pub enum WatchEvent<'t> {
    /// How changes are noticed from now on.
    WatchedBy(&'t WatchedBy),
    /// The watched folder is not there any more. It is waited for.
    SourceGone,
    /// It is there again.
    SourceBack,
    /// Another folder has taken its place: a disk was mounted, or it was made anew.
    SourceReplaced,
    /// A folder cannot be read. It is looked into again, and said once.
    Unreadable {
        /// The folder.
        folder: &'t Path,
        /// The system's error.
        error: &'t std::io::Error,
    },
    /// The model has not answered for long. It is waited for.
    ModelIsSilent,
    /// Pictures were classified, and what the session knows of each.
    Arrived(Vec<(Known, Classified)>),
    /// Files that are no pictures, counted by extension.
    Others(BTreeMap<String, usize>),
    /// Files that are not looked at, as the first scan has found them.
    LeftOut(&'t LeftOut),
    /// A file has not been finished for a long time. It is said once.
    Unfinished(&'t Path),
    /// A file was copied or moved, or not.
    Transferred(&'t PlannedTransfer, &'t Ended),
    /// Something cannot be done just now. Nothing is lost: it is tried again.
    Waits(WatchBlocked<'t>),
    /// A file of somebody else's had the place of a table, and has this name now.
    KeptAside(&'t Path),
    /// A command was run for an arrival.
    Alerted {
        /// The picture's path.
        path: &'t Path,
        /// The label.
        label: &'t str,
        /// How it ended.
        end: &'t AlertEnd,
    },
}

/// An obstacle that a watch waits for the end of.
#[derive(Debug, Clone, Copy)]
pub enum WatchBlocked<'t> {
    /// Files do not fit into the destination: what is to be applied waits.
    NoRoom(&'t DestinationError),
    /// The session failed.
    Failing(&'t StoreError),
    /// The table could not be written.
    NoTable(&'t TableError),
}

/// The tools of a watch. They are the same in every turn.
#[derive(Clone, Copy)]
pub struct WatchTools<'w> {
    /// The model.
    pub model: &'w Model,
    /// Where embeddings are remembered.
    pub cache: Option<&'w EmbeddingCacheConfig>,
    /// Threads that decode.
    pub decoders: usize,
    /// The clocks that count the stages' working and waiting time.
    pub clocks: &'w StageClocks,
    /// The trouble with a picture, in words.
    pub say_trouble: &'w dyn Fn(&PictureDefect) -> String,
    /// Puts the failure of a transfer into words.
    pub say_transfer: SayError<'w>,
    /// A request to stop.
    pub stop: &'w CancelToken,
}

/// An error that ends a watch.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The session, in a way that waiting does not mend.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClassifyError> for WatchError {
    fn from(error: ClassifyError) -> WatchError {
        match error {
            ClassifyError::Model(error) => WatchError::Model(error),
            ClassifyError::Sink(error) => WatchError::Store(error),
        }
    }
}

/// The folder that is watched, and how its pictures are sorted.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The folder, by the name that was given.
    pub source: PathBuf,
    /// Its sub-folders too.
    pub recursive: bool,
    /// Which of its files are looked at.
    pub choice: FileFilter,
    /// Files that are looked at though they are hidden or litter, as the session knows them.
    pub kept: Kept,
    /// The run that its pictures belong to.
    pub run: RunId,
    /// Labels, threshold, margin, operation.
    pub sorting: Sorting,
    /// The labels' numbers.
    pub set: LabelSet,
    /// One folder name a label.
    pub folders: Vec<String>,
    /// The table's name in the destination.
    pub table: PathBuf,
}

/// A folder that is watched.
pub struct Watch {
    watched: Watched,
    incoming: Incoming,
    encoders: Encoders,
    applying: Option<Applying>,
    alerts: Alerts,
    /// Files that a turn takes.
    per_turn: usize,
    /// After a failure of the session.
    resumes: Option<Instant>,
    has_failed: bool,
    pictures: usize,
    table: TableDue,
    /// The request to stop that sorting heeds; everything else heeds that of the tools.
    sorting: Option<CancelToken>,
}

/// When the table is written next.
struct TableDue {
    is_stale: bool,
    next: Instant,
}

impl Watch {
    /// A watch for the pictures of a run that was begun in the session. Nothing is looked at yet.
    pub fn new(watched: Watched, session: &Session, rules: WatchRules) -> Watch {
        let incoming = Incoming::new(&watched, session.destination(), &rules);
        Watch {
            incoming,
            encoders: Encoders::default(),
            applying: rules.apply.then(Applying::default),
            alerts: Alerts::new(rules.commands),
            watched,
            per_turn: FEWEST,
            resumes: None,
            has_failed: false,
            pictures: 0,
            table: TableDue { is_stale: true, next: Instant::now() },
            sorting: None,
        }
    }

    /// Sorting heeds this request, and not that of the tools: while it lasts nothing is sorted, and the watch goes on.
    pub fn set_sorting_token(&mut self, stop: CancelToken) {
        self.sorting = Some(stop);
    }

    /// Tells that work of somebody else in the watch's session has failed: transfers that it left are finished or
    /// cleaned up first of all.
    pub fn recover_first(&mut self) {
        self.has_failed = true;
    }

    /// Files that came and are not classified yet.
    pub fn backlog(&self) -> usize {
        self.incoming.backlog()
    }

    /// Files that their writers have left unfinished so far.
    pub fn unfinished(&self) -> usize {
        self.incoming.unfinished()
    }

    /// Files that are not looked at, as far as was found so far.
    pub fn left_out(&self) -> &LeftOut {
        self.incoming.left_out()
    }

    /// Pictures that were classified.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// How changes are noticed.
    pub fn watched_by(&self) -> &WatchedBy {
        self.incoming.watched_by()
    }

    /// Does what is to be done now, as far as that goes in about a second; true where more is to be done at once. An
    /// error of the session is told and tried again later.
    pub fn turn(
        &mut self,
        session: &mut Session,
        tools: WatchTools<'_>,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<bool, WatchError> {
        if self.resumes.is_some_and(|resumes| Instant::now() < resumes) {
            return Ok(false);
        }
        self.resumes = None;
        match self.work(session, tools, tell) {
            Err(WatchError::Store(error)) if session.is_in_place() => {
                tracing::error!(chain = ?error, "the session failed");
                tell(WatchEvent::Waits(WatchBlocked::Failing(&error)));
                (self.resumes, self.has_failed) = (Some(Instant::now() + AFTER_FAILURE), true);
                Ok(false)
            }
            done => done,
        }
    }

    fn work(
        &mut self,
        session: &mut Session,
        tools: WatchTools<'_>,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<bool, WatchError> {
        if !session.is_in_place() {
            let destination = session.destination().to_owned();
            return Err(WatchError::Store(StoreError::Gone { destination }));
        }
        if std::mem::take(&mut self.has_failed) {
            // Transfers that were under way when the session failed have come to some end that it does not know of.
            recover_transfers(session, tools.say_transfer)?;
        }
        let set = &self.watched.set;
        let knows = |path: &Path, stamp, folder: &SourceFolder| session.knows_file(&folder.real(path), stamp, set);
        let ready = self.incoming.ready(self.per_turn, &knows, tools.stop, tell)?;
        let (began, count) = (Instant::now(), ready.len());
        if count > 0 {
            let folder = self.incoming.folder().clone();
            let arriving = Arriving { watched: &self.watched, folder: &folder, commands: self.alerts.commands() };
            let arrived =
                classify_ready(arriving, &ready, &mut self.incoming, &mut self.encoders, session, tools, tell)?;
            self.pictures += arrived;
            self.table.is_stale |= arrived > 0;
            if !tools.stop.is_requested() {
                self.adapt(count, began.elapsed());
            }
        }
        if let Some(applying) = &mut self.applying {
            let tools = WatchTools { stop: self.sorting.as_ref().unwrap_or(tools.stop), ..tools };
            self.table.is_stale |= applying.turn(&self.watched, session, tools, tell)?;
        }
        self.alerts.turn(&self.watched, session, tell)?;
        self.write_table(session, tell);
        Ok(count > 0)
    }

    /// Takes so many files the next time that a turn is about as long as it should be.
    fn adapt(&mut self, count: usize, took: Duration) {
        let fits = count as f64 * TURN.as_secs_f64() / took.as_secs_f64().max(0.001);
        // Twice as many at most: the first pictures of a kind say little about the next.
        self.per_turn = (fits as usize).min(2 * self.per_turn).clamp(FEWEST, MOST);
    }

    fn write_table(&mut self, session: &mut Session, tell: &mut dyn FnMut(WatchEvent<'_>)) {
        if !self.table.is_stale || Instant::now() < self.table.next {
            return;
        }
        let began = Instant::now();
        let written = tables::write(session, &self.watched.table, Some(&self.watched.set), self.watched.sorting.sure());
        match written {
            Ok(written) => {
                self.table.is_stale = false;
                written.kept_aside.iter().for_each(|path| tell(WatchEvent::KeptAside(path)));
            }
            Err(error) => tell(WatchEvent::Waits(WatchBlocked::NoTable(&error))),
        }
        self.table.next = Instant::now() + TABLE_EVERY.max(began.elapsed() * TABLE_REST);
    }

    /// Ends the watch: runs are ended, the table is written. Commands that are still owed are run by the next watch.
    pub fn end(mut self, session: &mut Session, tell: &mut dyn FnMut(WatchEvent<'_>)) -> Result<(), WatchError> {
        self.alerts.end(&self.watched, session, tell)?;
        if let Some(applying) = self.applying {
            applying.end(session)?;
        }
        let result = RunResult::Watched { pictures: self.pictures, left_out: self.incoming.left_out().counts() };
        session.end_run(self.watched.run, result)?;
        let (table, sure) = (&self.watched.table, self.watched.sorting.sure());
        match tables::write(session, table, Some(&self.watched.set), sure) {
            Ok(written) => written.kept_aside.iter().for_each(|path| tell(WatchEvent::KeptAside(path))),
            Err(error) => tell(WatchEvent::Waits(WatchBlocked::NoTable(&error))),
        }
        Ok(())
    }
}
