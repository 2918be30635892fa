//! Errors of fetching a model from the hub.

use std::path::PathBuf;

use crate::engine::checkpoint::CheckpointError;
use crate::engine::families::FamilyError;
use crate::engine::image_processor::ProcessorError;

/// A model could not be fetched from the hub. `id` is its name with the revision, as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The client is offline, and the model is not complete in the cache.
    #[error("{id} is not in the cache, and offline mode is on")]
    Offline {
        /// The model.
        id: String,
    },
    /// There is no home folder to keep a cache in.
    #[error("there is no folder for a cache")]
    NoCache,
    /// The environment names a proxy that cannot be used.
    #[error("the proxy in {variable} cannot be used")]
    BadProxy {
        /// The variable.
        variable: &'static str,
    },
    /// The hub's address begins with no `https://` or the like.
    #[error("{endpoint} has no scheme")]
    NoScheme {
        /// The hub's address.
        endpoint: String,
    },
    /// The hub cannot be reached.
    #[error("cannot reach {endpoint}: {detail}")]
    NoNetwork {
        /// The hub's address.
        endpoint: String,
        /// The system's error.
        detail: String,
    },
    /// The connection was cut more often than is tried again.
    #[error("the connection to {endpoint} is cut again and again: {detail}")]
    Cut {
        /// The hub's address.
        endpoint: String,
        /// The system's error.
        detail: String,
    },
    /// The download stalled again and again.
    #[error("{endpoint} sends less than 1 kB a second")]
    TooSlow {
        /// The hub's address.
        endpoint: String,
    },
    /// The hub is overloaded, or wants to be left in peace.
    #[error("{endpoint} is busy: status {status}")]
    Busy {
        /// The hub's address.
        endpoint: String,
        /// The HTTP status.
        status: u16,
    },
    /// The hub answered with an unexpected status.
    #[error("{endpoint} answered with status {status}")]
    Status {
        /// The hub's address.
        endpoint: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server that answered does not speak as the hub does.
    #[error("{endpoint} gave no usable answer: {detail}")]
    Answer {
        /// The hub's address.
        endpoint: String,
        /// The fault.
        detail: String,
    },
    /// The hub has no such model.
    #[error("{endpoint} has no model {id}")]
    NoSuchModel {
        /// The model.
        id: String,
        /// The hub's address.
        endpoint: String,
        /// No token was sent: a private model looks the same.
        is_anonymous: bool,
    },
    /// The model has no such revision.
    #[error("{id} has no revision {revision}")]
    NoSuchRevision {
        /// The model.
        id: String,
        /// The revision.
        revision: String,
    },
    /// The hub wants to know who asks, or does not know the token.
    #[error("{id} needs a token")]
    NeedsToken {
        /// The model.
        id: String,
        /// A token was sent and not accepted.
        was_refused: bool,
    },
    /// Access has to be asked for.
    #[error("{id} is gated")]
    Gated {
        /// The model.
        id: String,
        /// The page to ask at.
        page: String,
        /// No token was sent: access may have been granted.
        is_anonymous: bool,
    },
    /// A model, but none of a kind that the program knows.
    #[error("{id} is of type {found:?}, none of {known:?}")]
    NotSupported {
        /// The model.
        id: String,
        /// Its `model_type` or its library; empty where it tells neither.
        found: String,
        /// The kinds that are known.
        known: Vec<&'static str>,
    },
    /// The configuration of a known kind makes no sense.
    #[error("the configuration of {id} cannot be used")]
    Configuration {
        /// The model.
        id: String,
        /// The fault.
        source: FamilyError,
    },
    /// The settings for preparing pictures do not fit the model.
    #[error("{file} of {id} cannot be used")]
    Processor {
        /// The model.
        id: String,
        /// The file.
        file: String,
        /// The fault.
        source: ProcessorError,
    },
    /// The small files are as they were published, and do not fit each other.
    #[error("the small files of {id} cannot be used")]
    Unusable {
        /// The model.
        id: String,
        /// The fault.
        source: Box<CheckpointError>,
    },
    /// A known kind, but a file that is needed is not published, or not in a form that is read.
    #[error("{id} has no {missing}")]
    Incomplete {
        /// The model.
        id: String,
        /// The file or form that is missing.
        missing: Missing,
    },
    /// The hub's list of files is not credible.
    #[error("the listing of {id} is not credible: {found}")]
    NotCredible {
        /// The model.
        id: String,
        /// The trouble with it.
        found: String,
    },
    /// A downloaded file is not as it was published.
    #[error("{file} of {id} is not as it was published")]
    Damaged {
        /// The model.
        id: String,
        /// The file.
        file: String,
    },
    /// A file is as it was published, and makes no sense.
    #[error("{file} of {id} makes no sense as it was published")]
    Broken {
        /// The model.
        id: String,
        /// The file.
        file: String,
    },
    /// A file has another length than was said.
    #[error("{file} of {id} has another length than the {expected} bytes of the listing")]
    WrongLength {
        /// The model.
        id: String,
        /// The file.
        file: String,
        /// The size that the hub said, in bytes.
        expected: u64,
    },
    /// There is no room for it.
    #[error("{folder} has room for {free:?} of {needed} bytes")]
    NoRoom {
        /// Where it should go.
        folder: PathBuf,
        /// Free bytes; none where the file system does not tell.
        free: Option<u64>,
        /// Bytes that are needed.
        needed: u64,
    },
    /// The cache cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The path that could not be read or written.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A stop was requested.
    #[error("stopped")]
    Cancelled,
}

/// Parts that a checkpoint cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// `preprocessor_config.json`, or a `processor_config.json` that says the same.
    Processor,
    /// `tokenizer.json`, or what it can be made of.
    Tokenizer {
        /// The files that a tokenizer of the model's kind can be made of.
        parts: &'static [&'static str],
    },
    /// `tokenizer_config.json`, where it cannot be done without.
    TokenizerConfig,
    /// A file that holds the scale of the logits.
    Scale,
    /// Weights in a form that is read.
    Weights,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Missing::Processor => "image processor",
            Missing::Tokenizer { .. } => "tokenizer",
            Missing::TokenizerConfig => "tokenizer_config.json",
            Missing::Scale => "scale",
            Missing::Weights => "weights",
        })
    }
}
