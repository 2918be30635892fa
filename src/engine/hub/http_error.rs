//! Errors of a request, and which of them are transient.

use std::time::Duration;

/// Statuses of transient errors.
const PASSING: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// A request brought no answer that can be used.
#[derive(Debug)]
pub(super) enum HttpError {
    /// The connection failed.
    NoConnection { detail: String },
    /// The connection was cut, or fell silent.
    Cut { detail: String },
    /// The download stalled.
    TooSlow,
    /// The server refused.
    Refused(Refusal),
    /// The answer makes no sense.
    Nonsense { detail: String },
    /// The proxy that the environment names cannot be used.
    BadProxy(&'static str),
    /// The hub's address begins with no `https://` or the like.
    NoScheme,
    /// A stop was requested.
    Cancelled,
}

/// A status other than success, with the hub's error code.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `X-Error-Code`: `RepoNotFound`, `RevisionNotFound`, `GatedRepo`.
    pub(super) code: String,
    /// `Retry-After`.
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// True for a transient error: a retry may succeed.
    pub(super) fn is_passing(&self) -> bool {
        PASSING.contains(&self.status)
    }
}
