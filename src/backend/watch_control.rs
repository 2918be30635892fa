//! Requests to a watch while it is at work: to stop, to pause, to make room, and whether it may sort.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::jobs::cancel_token::CancelToken;

/// Requests of others to a watch while it is at work.
#[derive(Debug, Clone, Default)]
pub(super) struct WatchControl {
    pub(super) stop: CancelToken,
    /// Asks what is being sorted to stop, to begin again later.
    pub(super) sorting: CancelToken,
    /// The number of the watch that may sort.
    may_sort: Arc<AtomicU64>,
}

impl WatchControl {
    /// Takes requests back, for the next watch.
    pub(super) fn reset(&self) {
        self.stop.reset();
    }

    pub(super) fn stop(&self) {
        self.stop.request();
        self.sorting.request();
    }

    pub(super) fn pause(&self, wanted: bool) {
        self.stop.pause(wanted);
        if wanted {
            self.sorting.request();
        }
    }

    /// Asks sorting to make room for an order.
    pub(super) fn give_way(&self) {
        self.sorting.request();
    }

    pub(super) fn let_sort(&self, watch: Option<u64>) {
        self.may_sort.store(watch.unwrap_or(0), Ordering::SeqCst);
        if watch.is_none() {
            self.sorting.request();
        }
    }

    /// Before a turn of this watch. Requests from now on are heeded while the turn lasts.
    pub(super) fn ready(&self, number: u64) {
        self.sorting.reset();
        if self.may_sort.load(Ordering::SeqCst) != number || self.stop.is_requested() || self.stop.is_paused() {
            self.sorting.request();
        }
    }
}
