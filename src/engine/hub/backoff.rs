//! How often and after what pause something is tried again.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::control::{DownloadControl, DownloadEvent};
use super::http_error::HttpError;

/// How often something is tried again without any progress.
const TRIES: u32 = 5;

/// The first pause; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The longest that a server's wish to be left in peace is granted; a longer one is told to the person.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How often a stop is looked for while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The tries and the pause that are left.
pub(super) struct Backoff {
    tries: u32,
    pause: Duration,
}

impl Backoff {
    pub(super) fn new() -> Backoff {
        Backoff { tries: TRIES, pause: FIRST_PAUSE }
    }

    /// Waits after an error that may pass; gives back one that will not, or that came too often. Where nothing was
    /// heard of the hub yet, a connection that does not come about is not tried again: there is no network.
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
        // A pause of none at all would spend every try at once.
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

/// Waits, but no longer than until somebody asks to stop.
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
