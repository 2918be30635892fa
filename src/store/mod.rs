//! The program's memory: the session of a destination with its ledger, and the cache of embeddings. SQLite underneath.

pub mod cache;
mod database;
pub mod known;
pub mod ledger;
mod locks;
mod regular;
mod schema;
mod secret;
pub mod session;

use std::path::{Path, PathBuf};

pub use secret::NoSecret;
pub use session::Session;

/// A session, ledger or cache that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no session there.
    #[error("{destination} has no session")]
    NoSession {
        /// The destination.
        destination: PathBuf,
    },
    /// There is a ledger, and the session that wrote it is gone.
    #[error("the session of {destination} is lost")]
    SessionLost {
        /// The destination.
        destination: PathBuf,
    },
    /// The ledger's file is gone, or a part of it.
    #[error("the ledger of {destination} is lost")]
    LedgerLost {
        /// The destination.
        destination: PathBuf,
    },
    /// The session's database is damaged.
    #[error("the session of {destination} is damaged")]
    Damaged {
        /// The destination.
        destination: PathBuf,
        /// The database's error.
        source: rusqlite::Error,
    },
    /// Another process classifies or applies there.
    #[error("{destination} is in use by another process")]
    Busy {
        /// The destination.
        destination: PathBuf,
    },
    /// Whether another process is at work cannot be told: the lock could not be taken.
    #[error("{path} cannot be locked")]
    NotLocked {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A transfer has ended already, by another process: what was to be recorded of it is not.
    #[error("a transfer in {destination} has ended already")]
    EndedAlready {
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
        /// Its error.
        source: rusqlite::Error,
    },
    /// The session's folder was taken away while it was open.
    #[error("the session of {destination} was taken away")]
    Gone {
        /// The destination.
        destination: PathBuf,
    },
    /// There is something else in the place of a file of the program's own.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The thing that is there.
        path: PathBuf,
    },
    /// Nothing shows that the session is the user's own.
    #[error("nothing shows that the session of {destination} is this user's own")]
    NotOwn {
        /// The destination.
        destination: PathBuf,
    },
    /// Whose the session is cannot be found out.
    #[error("whose the session of {destination} is cannot be found out")]
    OwnerUnknown {
        /// The destination.
        destination: PathBuf,
        /// The reason.
        source: NoSecret,
    },
    /// The database has other tables than this program makes.
    #[error("the tables of the session of {destination} were altered")]
    Altered {
        /// The destination.
        destination: PathBuf,
    },
    /// The ledger is not the one that the session wrote.
    #[error("the ledger of {destination} does not go on at line {line}")]
    LedgerBroken {
        /// The destination.
        destination: PathBuf,
        /// The first line that is not as it was written.
        line: u64,
    },
    /// The part that a repair would rely on would have to be taken as it is, and nothing shows that it is as it was
    /// written.
    #[error("nothing shows that what is left of the session of {destination} is as it was written")]
    RepairUnproved {
        /// The destination.
        destination: PathBuf,
    },
    /// Neither session nor ledger says anything.
    #[error("neither the session nor the ledger of {destination} says anything")]
    NothingLeft {
        /// The destination.
        destination: PathBuf,
    },
    /// Session and ledger do not tell the same of a transfer.
    #[error("the session of {destination} and its ledger do not tell the same of {path}")]
    Disputed {
        /// The destination.
        destination: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// The session names a model that its ledger does not tell of.
    #[error("the session of {destination} names the model {model}, and its ledger does not")]
    ModelDisputed {
        /// The destination.
        destination: PathBuf,
        /// The model, as a run was given it.
        model: String,
    },
    /// A file beside the database failed.
    #[error("{path} cannot be used")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl StoreError {
    /// True where the session is not obeyed before the user says that it is to be trusted.
    pub fn asks_for_trust(&self) -> bool {
        use StoreError::{Disputed, NotOwn, OwnerUnknown, RepairUnproved};
        matches!(self, NotOwn { .. } | OwnerUnknown { .. } | Disputed { .. } | RepairUnproved { .. })
    }

    /// The same error of the database of a destination's session: one that is damaged is told from one that fails.
    fn in_session_of(self, destination: &Path) -> StoreError {
        match self {
            StoreError::Database { source, .. } if database::is_damaged(&source) => {
                StoreError::Damaged { destination: destination.to_owned(), source }
            }
            other => other,
        }
    }

    /// True where another process, or a lock that was never given back, kept a database from being written.
    pub fn is_busy(&self) -> bool {
        let busy = Some(rusqlite::ErrorCode::DatabaseBusy);
        matches!(self, StoreError::Database { source, .. } if source.sqlite_error_code() == busy)
    }
}

impl From<StoreError> for std::io::Error {
    fn from(error: StoreError) -> std::io::Error {
        std::io::Error::other(error)
    }
}
