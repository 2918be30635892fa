//! The app's knowledge of a session that changes by itself: because it is watched, or because others work in it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::backend::WatchStatus;
use crate::domain::picture::PictureId;
use crate::store::session::Sorting;

/// Arrivals that are remembered to be listed.
const FEED: usize = 20;

/// Pictures that came lately, and decisions that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// The number of the open session. Events with another number are dropped.
    pub(crate) begun: u64,
    /// The next run is ordered: events of the one before it are dropped until it begins.
    pub(crate) awaits_begin: bool,
    /// How many watches were asked for.
    pub(crate) watches: u64,
    /// A watch is given up for the start that is under way.
    pub(crate) is_given_up: bool,
    /// Arrivals that nobody looked at, by position.
    pub(crate) unseen: BTreeSet<usize>,
    /// Arrivals since the person last looked, by position.
    pub(crate) fresh: BTreeSet<usize>,
    /// The last arrivals by position, the newest first.
    pub(crate) feed: VecDeque<usize>,
    /// Steps of decisions that were sent to the session.
    pub(crate) sent: u64,
    /// Pictures with a decision that may not be in the session yet, with the step that it was last sent in.
    pub(crate) on_their_way: HashMap<PictureId, u64>,
}

impl Live {
    /// Another session begins. The counters go on, so that late answers can be told apart.
    pub(crate) fn clear(&mut self) {
        let Live { watches, is_given_up, sent, .. } = *self;
        *self = Live { watches, is_given_up, sent, ..Live::default() };
    }

    /// Pictures have arrived, from one position up to another.
    pub(crate) fn arrived(&mut self, positions: std::ops::Range<usize>) {
        for position in positions {
            self.unseen.insert(position);
            self.fresh.insert(position);
            self.feed.push_front(position);
        }
        self.feed.truncate(FEED);
    }

    /// The person looks at the pictures. Those that came while nobody did are the fresh ones.
    pub(crate) fn look(&mut self) {
        if !self.unseen.is_empty() {
            self.fresh = std::mem::take(&mut self.unseen);
        }
    }

    /// Decisions about pictures are sent.
    pub(crate) fn send(&mut self, pictures: impl IntoIterator<Item = PictureId>) {
        self.sent += 1;
        let sent = self.sent;
        self.on_their_way.extend(pictures.into_iter().map(|picture| (picture, sent)));
    }

    /// So many steps were in the session when it was read.
    pub(crate) fn kept(&mut self, steps: u64) {
        self.on_their_way.retain(|_, step| *step > steps);
    }
}

/// A watch that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WatchState {
    pub(crate) number: u64,
    /// The folder, as it was typed.
    pub(crate) source: String,
    /// How it was asked to sort.
    pub(crate) sorting: Sorting,
    pub(crate) sorts: Sorts,
    pub(crate) is_paused: bool,
    pub(crate) is_source_gone: bool,
    pub(crate) status: WatchStatus,
}

/// Does the watch sort arrivals by itself?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sorts {
    No,
    Yes,
    /// It did, until the settings on the screen changed.
    Held,
}
