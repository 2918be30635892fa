//! Messages between the app's threads. None of these channels is bounded: a thread that waited for room in another's
//! could hold the session's lock, or the screen, while the other waits for it. Pictures are what fills them, and all
//! pictures are kept in memory in any case.

use std::path::PathBuf;

use crossbeam_channel::Sender;
use half::f16;
use ndarray::{Array1, Array2};

use super::ranking::RankQuery;
use super::session_rows::{ScoredWith, SessionRow};
use super::watch_control::WatchControl;
use super::{Event, Order};
use crate::domain::collection::Entry;
use crate::domain::label::Label;
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::{ContentHash, PictureId};
use crate::domain::score::ScoreRule;
use crate::domain::template::Templates;
use crate::engine::encoder::TextEncoder;
use crate::jobs::embedding_cache::EmbeddingCacheConfig;
use crate::store::session::Revision;

/// A picture that came, the label that was decided for by its text, and its embedding.
pub(super) type Arrival = (Entry, Option<String>, Option<Array1<f16>>);

/// Messages to the scorer.
pub(super) enum ScorerCommand {
    /// Another session, by its epoch: nothing of the last one is of use.
    Begin(u64),
    /// Pictures of an earlier session, with its scores for its labels, one row a picture.
    Shown { entries: Vec<(Entry, Option<String>)>, scores: Vec<f32> },
    /// Embeddings of pictures that were shown before their embeddings were known.
    Remembered(Vec<(PictureId, Array1<f16>)>),
    /// To be told after all pictures that came before.
    Pass(Box<Event>),
    /// Pictures came.
    Arrived(Vec<Arrival>),
    /// Pictures came or changed in the session.
    Changed(SessionDelta),
    /// The labels of a revision were embedded.
    Labels { revision: u64, labels: Array2<f32>, rule: ScoreRule },
    /// All pictures are to be ranked. The number comes back with the ranking.
    Rank { number: u64, query: RankQuery },
}

/// Messages to the label embedder.
pub(super) enum EmbedRequest {
    /// The text tower of a model, and how its embeddings become scores.
    Model(Box<TextEncoder>, ScoreRule),
    /// Labels to embed.
    Labels { revision: u64, labels: Vec<Label>, template: Templates },
    /// A sentence to rank pictures by.
    Sentence { number: u64, sentence: String },
}

/// Messages from the runner to the change feed, with the session's epoch.
pub(super) enum FeedCommand {
    /// The app shows what a session had at a revision. With `is_own` a run of the app itself goes on there.
    Shown { epoch: u64, destination: PathBuf, since: Revision, is_own: bool },
    /// Embeddings of its pictures can be looked up.
    Memory { epoch: u64, memory: Memory },
    /// The app's own run is over. It is told while others are still kept from working there.
    Ended,
}

/// Messages to the duplicate finder.
pub(super) enum DuplicateRequest {
    /// The model of the pictures on the screen, and where its embeddings are remembered.
    Model(Memory),
    /// Stacks are to be found among these, one a content.
    Find { number: u64, pictures: Vec<(PictureId, ContentHash)> },
    /// How pictures look that were decoded.
    Seen(Vec<(ContentHash, PerceptualHash)>),
}

/// The cache of a model's embeddings.
pub(super) struct Memory {
    pub(super) place: Option<EmbeddingCacheConfig>,
    pub(super) fingerprint: [u8; 32],
    pub(super) dimensions: usize,
}

/// Pictures that came to a session or changed there, on their way to the scorer.
pub(super) struct SessionDelta {
    /// The session's epoch.
    pub(super) epoch: u64,
    /// How many steps of this app's own decisions the session had when it was read.
    pub(super) kept: u64,
    /// The app's own run tells of new pictures itself.
    pub(super) is_own: bool,
    /// New ones have arrived just now, and were not there before.
    pub(super) are_arrivals: bool,
    pub(super) with: Option<ScoredWith>,
    pub(super) pictures: Vec<ChangedPicture>,
}

/// A picture, and its embedding where that is known.
pub(super) struct ChangedPicture {
    pub(super) seen: SessionRow,
    pub(super) embedding: Option<Array1<f16>>,
}

/// The way to the runner.
pub(super) struct RunnerQueue {
    pub(super) orders: Sender<Order>,
    pub(super) control: WatchControl,
}

impl RunnerQueue {
    pub(super) fn send(&self, order: Order) {
        // The runner is gone only when the app is closed.
        let _ = self.orders.send(order);
        // Sorting by a watch makes room for the orders of people.
        self.control.give_way();
    }
}
