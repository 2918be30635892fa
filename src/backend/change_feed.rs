//! Subscription a session while others work in it: what came, what people decided elsewhere, what was put where.
//!
//! The keeper follows, because it writes this app's own decisions: what it reads after that is not older than they are.
//! The news that it reads goes through the scorer, which knows what the app has been told already.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use half::f16;
use ndarray::Array1;

use super::open_session::shown;
use super::scorer::ScorerCommand;
use crate::domain::collection::Entry;
use crate::domain::label::Label;
use crate::domain::picture::{ContentHash, PictureId, PictureState};
use crate::jobs::embeddings::{CachePlace, ModelCache};
use crate::store::StoreError;
use crate::store::session::{Revision, Session, SessionPicture, Sorting, Which};

/// How often it is looked whether anything changed.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// How long a session that cannot be read is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// How often the cache is asked for what the model saw of a picture: a process that works keeps it for a while before
/// it writes it there.
const TRIES: usize = 60;

/// A picture as the session knows it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The entry in the list of pictures.
    pub entry: Entry,
    /// The label that was decided for, by its text.
    pub decided: Option<String>,
    /// The session's own scores, for the labels that it sorts with; none where it has none for them.
    pub scores: Vec<f32>,
    /// Its path has another content now, and nothing was done with this one.
    pub is_replaced: bool,
}

/// The labels and sentences of a session's own scores.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredWith {
    /// The labels.
    pub labels: Vec<Label>,
    /// The sentence around them.
    pub template: String,
}

impl ScoredWith {
    pub(super) fn of(sorting: &Sorting) -> ScoredWith {
        ScoredWith { labels: sorting.labels.clone(), template: sorting.template.clone() }
    }
}

/// Pictures that came or changed, on their way to the scorer.
pub(super) struct SessionDelta {
    /// The number of the session's beginning.
    pub(super) begun: u64,
    /// How many steps of this app's own decisions the session had when it was read.
    pub(super) kept: u64,
    /// The app's own run tells of new pictures itself.
    pub(super) is_own: bool,
    /// New ones have arrived just now, and were not there before.
    pub(super) are_arrivals: bool,
    pub(super) with: Option<ScoredWith>,
    pub(super) pictures: Vec<ChangedPicture>,
}

/// A picture, and what the model saw where that is known.
pub(super) struct ChangedPicture {
    pub(super) seen: Seen,
    pub(super) embedding: Option<Array1<f16>>,
}

/// The cache of a model's embeddings.
pub(super) struct Memory {
    pub(super) place: Option<CachePlace>,
    pub(super) fingerprint: [u8; 32],
    pub(super) dimensions: usize,
}

/// Messages from the runner to the follower, with the number of the session's beginning.
pub(super) enum FeedCommand {
    /// The app shows what a session had at a revision. With `is_own` a run of the app itself goes on there.
    Shown { begun: u64, destination: PathBuf, since: Revision, is_own: bool },
    /// Embeddings of its pictures can be looked up.
    Memory { begun: u64, memory: Memory },
    /// The app's own run is over. It is told while others are still kept from working there.
    Ended,
}

/// The runner's end: it counts the beginnings.
pub(super) struct ChangeFeedHandle {
    followers: Sender<FeedCommand>,
    begun: Cell<u64>,
}

impl ChangeFeedHandle {
    pub(super) fn new(followers: Sender<FeedCommand>) -> ChangeFeedHandle {
        ChangeFeedHandle { followers, begun: Cell::new(0) }
    }

    /// The next session begins: its number.
    pub(super) fn begin(&self) -> u64 {
        self.begun.set(self.begun.get() + 1);
        self.begun.get()
    }

    /// The number of the session that is shown.
    pub(super) fn number(&self) -> u64 {
        self.begun.get()
    }

    pub(super) fn shown(&self, destination: &Path, since: Revision, is_own: bool) {
        let (begun, destination) = (self.begun.get(), destination.to_owned());
        self.tell(FeedCommand::Shown { begun, destination, since, is_own });
    }

    pub(super) fn memory(&self, place: Option<&CachePlace>, fingerprint: [u8; 32], dimensions: usize) {
        let memory = Memory { place: place.cloned(), fingerprint, dimensions };
        self.tell(FeedCommand::Memory { begun: self.begun.get(), memory });
    }

    pub(super) fn ended(&self) {
        self.tell(FeedCommand::Ended);
    }

    fn tell(&self, told: FeedCommand) {
        // The follower is gone only when the app is closed.
        let _ = self.followers.send(told);
    }
}

/// The keeper's end.
pub(super) struct ChangeFeed {
    told: Receiver<FeedCommand>,
    scorer: Sender<ScorerCommand>,
    following: Option<Subscription>,
    next: Instant,
}

/// A session that is followed.
struct Subscription {
    begun: u64,
    destination: PathBuf,
    since: Revision,
    is_own: bool,
    memory: Option<ModelCache>,
    /// Pictures that were told of without what the model saw, and how often it was looked for.
    lacking: Vec<(PictureId, ContentHash, usize)>,
}

impl ChangeFeed {
    pub(super) fn new(told: Receiver<FeedCommand>, scorer: Sender<ScorerCommand>) -> ChangeFeed {
        ChangeFeed { told, scorer, following: None, next: Instant::now() }
    }

    /// How long nothing is to be done.
    pub(super) fn rests(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now()).min(LOOK)
    }

    /// The destination whose session is to be looked at now, if it is time for that.
    pub(super) fn due(&mut self) -> Option<PathBuf> {
        self.listen();
        if Instant::now() < self.next {
            return None;
        }
        self.next = Instant::now() + LOOK;
        self.following.as_ref().map(|following| following.destination.clone())
    }

    /// True where another process works in the session of a destination, and not a run of the app itself.
    pub(super) fn is_worked_in_elsewhere(&mut self, destination: &Path) -> bool {
        self.listen();
        let is_own = |following: &Subscription| following.destination == destination && following.is_own;
        !self.following.as_ref().is_some_and(is_own) && Session::is_worked_in(destination)
    }

    /// The session cannot be read.
    pub(super) fn failed(&mut self, error: &StoreError) {
        tracing::warn!("the session cannot be followed: {error}");
        self.next = Instant::now() + AFTER_FAILURE;
    }

    fn listen(&mut self) {
        for told in self.told.try_iter() {
            match (told, &mut self.following) {
                (FeedCommand::Shown { begun, destination, since, is_own }, following) => {
                    *following =
                        Some(Subscription { begun, destination, since, is_own, memory: None, lacking: vec![] });
                }
                (FeedCommand::Memory { begun, memory }, Some(following)) if following.begun == begun => {
                    let Memory { place, fingerprint, dimensions } = memory;
                    following.memory = Some(ModelCache::open(place.as_ref(), &fingerprint, dimensions));
                }
                (FeedCommand::Ended, Some(following)) => following.is_own = false,
                (FeedCommand::Memory { .. } | FeedCommand::Ended, _) => {}
            }
        }
    }

    /// Reads what changed in the session since the last look. `kept` steps of this app's decisions are in it.
    pub(super) fn look(&mut self, session: &Session, kept: u64) -> Result<(), StoreError> {
        let Some(following) = &mut self.following else { return Ok(()) };
        following.look_for_lacking(&self.scorer);
        // EmbedRequest before it is read: what changes meanwhile is read the next time.
        let revision = session.revision()?;
        if revision <= following.since {
            return Ok(());
        }
        let sorting = session.sorting()?;
        let set = sorting.as_ref().map(|(_, set)| set);
        let mut found: Vec<SessionPicture> = Vec::new();
        session.for_each_picture(set, Which::ChangedSince(following.since), |picture| found.push(picture))?;
        // Read last: every label that one of them was decided for is there.
        let texts = session.label_texts()?;
        following.since = revision;
        let begun = following.begun;
        let hashes: Vec<_> = found.iter().map(|picture| (picture.id, hash_of(picture))).collect();
        let seen: Vec<Seen> = found.into_iter().map(|picture| shown(picture, &texts)).collect();
        // Where the run has ended meanwhile, some of them may be another's.
        self.listen();
        let Some(following) = self.following.as_mut().filter(|following| following.begun == begun) else {
            return Ok(());
        };
        let mut pictures = Vec::with_capacity(seen.len());
        for (seen, (id, hash)) in seen.into_iter().zip(hashes) {
            let embedding = hash.filter(|_| !following.is_own).and_then(|hash| following.embedding(hash));
            if let (None, Some(hash), false) = (&embedding, hash, following.is_own) {
                following.lacking.push((id, hash, 0));
            }
            pictures.push(ChangedPicture { seen, embedding });
        }
        let is_own = following.is_own;
        let with = sorting.as_ref().map(|(sorting, _)| ScoredWith::of(sorting));
        let _ = self.scorer.send(ScorerCommand::SessionDelta(SessionDelta {
            begun,
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

/// The hash of a picture that the model can see: what has no pixels has no embedding.
pub(super) fn hash_of(picture: &SessionPicture) -> Option<ContentHash> {
    let has_pixels = matches!(picture.picture.state, PictureState::Ok | PictureState::Suspect);
    picture.picture.hash.filter(|_| has_pixels)
}
