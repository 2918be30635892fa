//! Asking a job to stop or to pause.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a job that pauses sleeps before it looks for a request to stop: a signal handler can set a flag and wake
/// nobody.
const LOOK: Duration = Duration::from_millis(100);

/// A request to stop or to pause, shared between its maker and the jobs that heed it: they finish what they have in
/// hand.
#[derive(Debug, Clone, Default)]
pub struct CancelToken {
    requested: Arc<AtomicBool>,
    pause: Arc<(Mutex<Pause>, Condvar)>,
}

/// Whether a pause is wanted, since when, and how long all that are over have taken.
#[derive(Debug, Default)]
struct Pause {
    since: Option<Instant>,
    over: Duration,
}

impl CancelToken {
    /// Asks for a stop.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
        self.pause.1.notify_all();
    }

    /// Takes all requests back, for the next job.
    pub fn reset(&self) {
        self.requested.store(false, Ordering::Relaxed);
        self.pause(false);
    }

    /// True once a stop was asked for.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Asks for a pause, or ends it.
    pub fn pause(&self, wanted: bool) {
        let mut pause = self.pause.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (wanted, pause.since) {
            (true, None) => pause.since = Some(Instant::now()),
            (false, Some(since)) => {
                pause.over += since.elapsed();
                pause.since = None;
            }
            _ => {}
        }
        drop(pause);
        self.pause.1.notify_all();
    }

    /// True while a pause is asked for.
    pub fn is_paused(&self) -> bool {
        self.pause.0.lock().unwrap_or_else(PoisonError::into_inner).since.is_some()
    }

    /// The same request to stop, for a job that knows no pause.
    pub fn without_pause(&self) -> CancelToken {
        CancelToken { requested: Arc::clone(&self.requested), pause: Arc::default() }
    }

    /// How long all pauses were that are over.
    pub fn paused(&self) -> Duration {
        self.pause.0.lock().unwrap_or_else(PoisonError::into_inner).over
    }

    /// Returns at once, or after a pause, whether to go on: not after a request to stop, nor once `ends` says so.
    pub fn wait_while_paused(&self, ends: impl Fn() -> bool) -> bool {
        let mut paused = self.pause.0.lock().unwrap_or_else(PoisonError::into_inner);
        while paused.since.is_some() && !self.is_requested() && !ends() {
            paused = self.pause.1.wait_timeout(paused, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        !self.is_requested() && !ends()
    }

    /// Waits for so long, or until a stop is requested.
    pub fn wait(&self, how_long: Duration) {
        let until = Instant::now() + how_long;
        let mut pause = self.pause.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.is_requested() || left.is_zero() {
                return;
            }
            pause = self.pause.1.wait_timeout(pause, left.min(LOOK)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The flag of a stop itself, for a signal handler, which can do nothing but set one.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_until_it_is_ended_or_all_is() {
        for end in [|stop: &CancelToken| stop.pause(false), |stop: &CancelToken| stop.request()] {
            let stop = CancelToken::default();
            assert!(stop.wait_while_paused(|| false));
            stop.pause(true);
            let (told, heard) = crossbeam_channel::bounded(1);
            std::thread::scope(|scope| {
                scope.spawn(|| told.send(stop.wait_while_paused(|| false)));
                // It is not over by itself: nothing comes for longer than one look takes.
                assert!(heard.recv_timeout(2 * LOOK).is_err());
                end(&stop);
                assert_eq!(heard.recv(), Ok(!stop.is_requested()));
            });
        }
    }

    #[test]
    fn a_job_that_knows_no_pause_is_stopped_all_the_same() {
        let stop = CancelToken::default();
        let other = stop.without_pause();
        stop.pause(true);
        assert!(stop.is_paused() && !other.is_paused() && other.wait_while_paused(|| false));
        stop.request();
        assert!(other.is_requested());
    }

    #[test]
    fn a_pause_ends_with_the_run() {
        let stop = CancelToken::default();
        stop.pause(true);
        assert!(!stop.wait_while_paused(|| true));
        stop.reset();
        assert!(stop.wait_while_paused(|| false));
    }
}
