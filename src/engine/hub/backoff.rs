//! Retries: how often, and after what pause.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::control::{DownloadControl, DownloadEvent};
use super::http_error::HttpError;

/// Retries without any progress.
const TRIES: u32 = 5;

/// The first pause; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The longest `Retry-After` that is honoured. A longer one becomes an error.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How often a waiting thread checks for a stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The remaining tries and the next pause.
pub(super) struct Backoff {
    tries: u32,
    pause: Duration,
}

impl Backoff {
    pub(super) fn new() -> Backoff {
        Backoff { tries: TRIES, pause: FIRST_PAUSE }
    }

    /// Waits after a transient error; returns a permanent one, or one that came too often. As long as the hub has never
    /// answered, a failed connection is not retried: there is no network.
    pub(super) fn after(
        &mut self,
        error: HttpError,
        has_heard: bool,
        control: &mut DownloadControl<'_>,
    ) -> Result<(), HttpError> {
        let wish = match &error {
            HttpError::NoConnection { .. } if has_heard => None,
            HttpError::Cut { .. } | HttpError::TooSlow => None,
            HttpError::Refused(refusal) if refusal.is_passing() => refusal.retry_after,
            _ => return Err(error),
        };
        if self.tries == 0 || wish.is_some_and(|wish| wish > LONGEST_RETRY_AFTER) {
            return Err(error);
        }
        tracing::info!("trying again: {error:?}");
        self.tries -= 1;
        // Without a pause all tries would be spent at once.
        let pause = wish.filter(|wish| !wish.is_zero()).unwrap_or(self.pause);
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        if matches!(error, HttpError::TooSlow) {
            (control.tell)(DownloadEvent::TooSlow);
        }
        if pause >= Duration::from_secs(1) {
            (control.tell)(DownloadEvent::Waiting { pause });
        }
        wait(pause, control)
    }
}

/// Waits until the pause is over or a stop is requested.
pub(super) fn wait(pause: Duration, control: &DownloadControl<'_>) -> Result<(), HttpError> {
    let begun = Instant::now();
    while !control.stop.load(Ordering::Relaxed) {
        let left = pause.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK_EVERY));
    }
    Err(HttpError::Cancelled)
}
