//! Follows a session while others work in it: what came, what people decided elsewhere, what was put where.
//!
//! The keeper follows, because it writes this app's own decisions: what it reads after that is not older than they are.
//! The news that it reads goes through the scorer, which knows what the app has been told already.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvError, Sender, at, never};
use half::f16;
use ndarray::Array1;

use super::channels::{ChangedPicture, FeedCommand, Memory, ScorerCommand, SessionDelta};
use super::own_work::OwnWork;
use super::session_rows::{ScoredWith, SessionRow, embeddable_hash, label_keys, row_of};
use crate::domain::picture::{ContentHash, PictureId};
use crate::jobs::embedding_cache::{EmbeddingCacheConfig, ModelCache};
use crate::store::StoreError;
use crate::store::session::{Revision, Session, SessionPicture, Which};

/// How often the session on the screen is asked whether anything changed. A database tells nobody of its changes, and a
/// disk that several machines share does not either.
const LOOK: Duration = Duration::from_millis(500);

/// How long a session that cannot be read is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// How often the cache is asked for what the model saw of a picture: a process that works keeps it for a while before
/// it writes it there.
const TRIES: usize = 60;

/// The runner's end of the feed: it counts the epochs, one a session that is shown.
pub(super) struct ChangeFeedHandle {
    feed: Sender<FeedCommand>,
    epoch: Cell<u64>,
}

impl ChangeFeedHandle {
    pub(super) fn new(feed: Sender<FeedCommand>) -> ChangeFeedHandle {
        ChangeFeedHandle { feed, epoch: Cell::new(0) }
    }

    /// The next session begins: its epoch.
    pub(super) fn begin(&self) -> u64 {
        self.epoch.set(self.epoch.get() + 1);
        self.epoch.get()
    }

    /// The epoch of the session that is shown.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    pub(super) fn shown(&self, destination: &Path, since: Revision, is_own: bool) {
        let (epoch, destination) = (self.epoch.get(), destination.to_owned());
        self.tell(FeedCommand::Shown { epoch, destination, since, is_own });
    }

    pub(super) fn memory(&self, place: Option<&EmbeddingCacheConfig>, fingerprint: [u8; 32], dimensions: usize) {
        let memory = Memory { place: place.cloned(), fingerprint, dimensions };
        self.tell(FeedCommand::Memory { epoch: self.epoch.get(), memory });
    }

    pub(super) fn ended(&self) {
        self.tell(FeedCommand::Ended);
    }

    fn tell(&self, told: FeedCommand) {
        // The decision writer is gone only when the app is closed.
        let _ = self.feed.send(told);
    }
}

/// The decision writer's end of the feed.
pub(super) struct ChangeFeed {
    told: Receiver<FeedCommand>,
    scorer: Sender<ScorerCommand>,
    own_work: OwnWork,
    subscription: Option<Subscription>,
    next: Instant,
}

/// A session that is followed.
struct Subscription {
    epoch: u64,
    destination: PathBuf,
    since: Revision,
    is_own: bool,
    memory: Option<ModelCache>,
    /// Pictures that were told of without what the model saw, and how often it was looked for.
    lacking: Vec<(PictureId, ContentHash, usize)>,
}

impl ChangeFeed {
    pub(super) fn new(told: Receiver<FeedCommand>, scorer: Sender<ScorerCommand>, own_work: OwnWork) -> ChangeFeed {
        ChangeFeed { told, scorer, own_work, subscription: None, next: Instant::now() }
    }

    /// Commands of the runner, to be handed to `hear`.
    pub(super) fn told(&self) -> &Receiver<FeedCommand> {
        &self.told
    }

    /// Comes when the session is to be looked at again; never where none is followed.
    pub(super) fn timer(&self) -> Receiver<Instant> {
        if self.subscription.is_some() { at(self.next) } else { never() }
    }

    /// Hears what was told; an error once nobody is left to tell anything.
    pub(super) fn hear(&mut self, told: Result<FeedCommand, RecvError>) {
        match told {
            Ok(told) => self.take(told),
            Err(RecvError) => self.told = never(),
        }
    }

    /// The destination whose session is to be looked at now, if it is time for that.
    pub(super) fn due(&mut self) -> Option<PathBuf> {
        self.listen();
        if Instant::now() < self.next {
            return None;
        }
        self.next = Instant::now() + LOOK;
        self.subscription.as_ref().map(|subscription| subscription.destination.clone())
    }

    /// True where another process works in the session of a destination, and not a run of the app itself.
    pub(super) fn is_worked_in_elsewhere(&mut self, destination: &Path) -> bool {
        self.listen();
        let is_own = |subscription: &Subscription| subscription.destination == destination && subscription.is_own;
        let is_own = self.own_work.is_in(destination) || self.subscription.as_ref().is_some_and(is_own);
        !is_own && Session::is_worked_in(destination)
    }

    /// The session cannot be read.
    pub(super) fn failed(&mut self, error: &StoreError) {
        tracing::warn!("the session cannot be followed: {error}");
        self.next = Instant::now() + AFTER_FAILURE;
    }

    fn listen(&mut self) {
        while let Ok(told) = self.told.try_recv() {
            self.take(told);
        }
    }

    fn take(&mut self, told: FeedCommand) {
        match (told, &mut self.subscription) {
            (FeedCommand::Shown { epoch, destination, since, is_own }, subscription) => {
                *subscription = Some(Subscription { epoch, destination, since, is_own, memory: None, lacking: vec![] });
            }
            (FeedCommand::Memory { epoch, memory }, Some(subscription)) if subscription.epoch == epoch => {
                let Memory { place, fingerprint, dimensions } = memory;
                subscription.memory = Some(ModelCache::open(place.as_ref(), &fingerprint, dimensions));
            }
            (FeedCommand::Ended, Some(subscription)) => subscription.is_own = false,
            (FeedCommand::Memory { .. } | FeedCommand::Ended, _) => {}
        }
    }

    /// Reads what changed in the session since the last look. `kept` steps of this app's decisions are in it.
    pub(super) fn look(&mut self, session: &Session, kept: u64) -> Result<(), StoreError> {
        let Some(subscription) = &mut self.subscription else { return Ok(()) };
        subscription.look_for_lacking(&self.scorer);
        // Asked before it is read: what changes meanwhile is read the next time.
        let revision = session.revision()?;
        if revision <= subscription.since {
            return Ok(());
        }
        let sorting = session.sorting()?;
        let set = sorting.as_ref().map(|(_, set)| set);
        let mut found: Vec<SessionPicture> = Vec::new();
        session.for_each_picture(set, Which::ChangedSince(subscription.since), |picture| found.push(picture))?;
        // Read last: every label that one of them was decided for is there.
        let texts = label_keys(session)?;
        subscription.since = revision;
        let epoch = subscription.epoch;
        let hashes: Vec<_> = found.iter().map(|picture| (picture.id, embeddable_hash(picture))).collect();
        let seen: Vec<SessionRow> = found.into_iter().map(|picture| row_of(picture, &texts)).collect();
        // Where the run has ended meanwhile, some of them may be another's.
        self.listen();
        let Some(subscription) = self.subscription.as_mut().filter(|subscription| subscription.epoch == epoch) else {
            return Ok(());
        };
        let mut pictures = Vec::with_capacity(seen.len());
        for (seen, (id, hash)) in seen.into_iter().zip(hashes) {
            let embedding = hash.filter(|_| !subscription.is_own).and_then(|hash| subscription.embedding(hash));
            if let (None, Some(hash), false) = (&embedding, hash, subscription.is_own) {
                subscription.lacking.push((id, hash, 0));
            }
            pictures.push(ChangedPicture { seen, embedding });
        }
        let is_own = subscription.is_own;
        let with = sorting.as_ref().map(|(sorting, _)| ScoredWith::of(sorting));
        let _ = self.scorer.send(ScorerCommand::Changed(SessionDelta {
            epoch,
            kept,
            is_own,
            are_arrivals: true,
            with,
            pictures,
        }));
        Ok(())
    }
}

impl Subscription {
    fn embedding(&self, hash: ContentHash) -> Option<Array1<f16>> {
        self.memory.as_ref()?.embedding(hash).map(|remembered| remembered.embedding)
    }

    /// Looks again for what the model saw of pictures that were told of without it.
    fn look_for_lacking(&mut self, scorer: &Sender<ScorerCommand>) {
        if self.memory.is_none() || self.lacking.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for (id, hash, tries) in std::mem::take(&mut self.lacking) {
            match self.embedding(hash) {
                Some(embedding) => found.push((id, embedding)),
                None if tries < TRIES => self.lacking.push((id, hash, tries + 1)),
                None => {}
            }
        }
        if !found.is_empty() {
            let _ = scorer.send(ScorerCommand::Remembered(found));
        }
    }
}
