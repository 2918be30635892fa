//! The runner's context: the machine, the requests to stop, and the ways to the other threads.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::change_feed::ChangeFeedHandle;
use super::channels::{DuplicateRequest, EmbedRequest, Memory, ScorerCommand};
use super::events::EventSender;
use super::own_work::OwnWork;
use super::watch_control::WatchControl;
use super::{BackendError, Event};
use crate::jobs::cancel_token::CancelToken;
use crate::store::session::Session;
use crate::use_cases::{Localizer, Machine};

/// The runner's context.
pub(super) struct RunnerContext {
    pub(super) machine: Machine,
    /// Destinations whose sessions were trusted in this start, or made and could not be noted as the user's own: as
    /// long as the app is open, it knows itself what it made or was told to trust.
    pub(super) vouched: RefCell<HashSet<PathBuf>>,
    pub(super) localizer: Arc<dyn Localizer>,
    pub(super) stop: CancelToken,
    pub(super) control: WatchControl,
    pub(super) own_work: OwnWork,
    pub(super) feed: ChangeFeedHandle,
    pub(super) events: EventSender,
    pub(super) scorer: Sender<ScorerCommand>,
    pub(super) embedder: Sender<EmbedRequest>,
    pub(super) duplicates: Sender<DuplicateRequest>,
}

impl RunnerContext {
    pub(super) fn tell(&self, event: Event) {
        // The app is gone only when it is closed.
        let _ = self.events.send(event);
    }

    /// Tells where the embeddings of the pictures on the screen are remembered.
    pub(super) fn remembers(&self, fingerprint: [u8; 32], dimensions: usize) {
        let place = self.machine.cache.as_ref();
        self.feed.memory(place, fingerprint, dimensions);
        let memory = Memory { place: place.cloned(), fingerprint, dimensions };
        let _ = self.duplicates.send(DuplicateRequest::Model(memory));
    }

    /// Tells after all pictures that were handed to the scorer before.
    pub(super) fn tell_in_order(&self, event: Event) {
        let _ = self.scorer.send(ScorerCommand::Pass(Box::new(event)));
    }

    pub(super) fn is_vouched_for(&self, destination: &Path) -> bool {
        self.vouched.borrow().contains(destination)
    }

    /// An error for a session of which nothing shows that it is the user's own.
    pub(super) fn check_own(&self, session: &mut Session, destination: &Path) -> Result<(), BackendError> {
        match self.is_vouched_for(destination) {
            true => Ok(()),
            false => Ok(session.check_own(&self.machine.known_sessions())?),
        }
    }
}
