//! Errors of a request, and which of them may pass.

use std::time::Duration;

/// Statuses of a server that may answer otherwise in a moment.
const PASSING: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// A request brought no answer that can be used.
#[derive(Debug)]
pub(super) enum HttpError {
    /// No connection came about.
    NoConnection { detail: String },
    /// A connection was cut, or nothing came through it any more.
    Cut { detail: String },
    /// It brought next to nothing for a while.
    TooSlow,
    /// The server refused.
    Refused(Refusal),
    /// The answer makes no sense.
    Nonsense { detail: String },
    /// The environment names a proxy that cannot be used.
    BadProxy(&'static str),
    /// The hub's address begins with no `https://` or the like.
    NoScheme,
    /// Somebody asked to stop.
    Cancelled,
}

/// A status that is no success, and what the hub says with it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `X-Error-Code`: `RepoNotFound`, `RevisionNotFound`, `GatedRepo`.
    pub(super) code: String,
    /// How long to leave the server in peace.
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// True where the server may answer otherwise in a moment.
    pub(super) fn is_passing(&self) -> bool {
        PASSING.contains(&self.status)
    }
}
