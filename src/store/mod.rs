//! What is remembered: the session of a destination with its ledger, and the cache of embeddings. SQLite underneath.

pub mod cache;
mod database;
pub mod known;
pub mod ledger;
mod schema;
pub mod session;

use std::path::PathBuf;

pub use session::Session;

/// Why something could not be remembered or recalled.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no session there.
    #[error("{destination} has no session")]
    NoSession {
        /// The destination.
        destination: PathBuf,
    },
    /// Another process classifies or applies there.
    #[error("{destination} is in use by another process")]
    Busy {
        /// The destination.
        destination: PathBuf,
    },
    /// A newer version of the program wrote it.
    #[error("{path} is of version {found}, this program knows {known}")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// It is a database, and not one of this kind.
    #[error("{path} is not a database of this program")]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// The database failed.
    #[error("the database {path} failed")]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The session's folder was taken away while it was open.
    #[error("the session of {destination} was taken away")]
    Gone {
        /// The destination.
        destination: PathBuf,
    },
    /// A file beside the database failed.
    #[error("{path} cannot be used")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl From<StoreError> for std::io::Error {
    fn from(error: StoreError) -> std::io::Error {
        std::io::Error::other(error)
    }
}
