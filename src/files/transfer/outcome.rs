//! The outcome of a transfer, and its error.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::run::RunId;
use crate::domain::transfer::Ending;
use crate::domain::unkept::Unkept;

/// The outcome of one transfer.
pub type Ended = Result<Outcome, TransferError>;

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The copy has its name; the source stays.
    Copied {
        /// The copy.
        target: PathBuf,
        /// The metadata that it could not be given.
        unkept: Unkept,
    },
    /// The file has its new place; the source is gone.
    Moved {
        /// The file.
        target: PathBuf,
        /// The metadata that it could not be given.
        unkept: Unkept,
    },
    /// A file with the same content has the name already; the source stays.
    AlreadyPresent {
        /// The file.
        target: PathBuf,
    },
    /// The file is gone; its content is whole in the witness.
    Removed {
        /// The witness.
        witness: PathBuf,
    },
}

impl Outcome {
    /// Where the content is now.
    pub fn target(&self) -> &Path {
        match self {
            Outcome::Copied { target, .. } | Outcome::Moved { target, .. } | Outcome::AlreadyPresent { target } => {
                target
            }
            Outcome::Removed { witness } => witness,
        }
    }

    /// The word for it in `output.csv`, in JSON and in the ledger.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Copied { .. } => "copied",
            Outcome::Moved { .. } => "moved",
            Outcome::AlreadyPresent { .. } => "already present",
            Outcome::Removed { .. } => "removed",
        }
    }

    /// The metadata that a copy could not be given.
    pub fn unkept(&self) -> Unkept {
        match self {
            Outcome::Copied { unkept, .. } | Outcome::Moved { unkept, .. } => *unkept,
            _ => Unkept::default(),
        }
    }
}

/// How a transfer ended, for the journal. `say` has the sentences for errors.
pub fn ending(ended: &Ended, say: impl Fn(&TransferError) -> String) -> Ending {
    match ended {
        Ok(Outcome::Copied { target, .. } | Outcome::Moved { target, .. } | Outcome::Removed { witness: target }) => {
            Ending::Done { target: target.clone() }
        }
        Ok(Outcome::AlreadyPresent { target }) => Ending::Present { target: target.clone() },
        Err(TransferError::SourceKept { target, reason }) => {
            Ending::Kept { target: target.clone(), reason: say(reason) }
        }
        Err(error @ TransferError::NotOnDisk { target, .. }) => {
            Ending::Unsynced { target: target.clone(), reason: say(error) }
        }
        Err(TransferError::Abandoned) => Ending::Abandoned,
        Err(error) => Ending::Failed { reason: say(error) },
    }
}

/// A file that was not transferred, or not as it should be. Its content is whole in every case: in the source, or where
/// the error says.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The source is not what was planned.
    #[error("{path} is not what it was")]
    SourceChanged {
        /// The source.
        path: PathBuf,
    },
    /// The source cannot be read.
    #[error("{path} cannot be read")]
    Source {
        /// The source.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The copy cannot be written.
    #[error("{path} cannot be written")]
    Target {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The content that was read back is not the one that was written.
    #[error("the copy in {folder} does not read back as it was written")]
    NotAsWritten {
        /// The folder.
        folder: PathBuf,
    },
    /// The label's folder is a link or a file, or leads out of the destination.
    #[error("{path} is not a folder of the destination")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder that a file is to go back to is a link or a file now.
    #[error("{path} is no folder to go back to")]
    NoWayBack {
        /// The path.
        path: PathBuf,
    },
    /// Every name that the file could have is taken by another content.
    #[error("{path} is taken by another file")]
    NoFreeName {
        /// The first of the names.
        path: PathBuf,
    },
    /// A file with the same content is where it is to go back to, with other times, rights or attributes.
    #[error("{path} stays: {twin} has its content, and not its times, rights and attributes")]
    OtherTwin {
        /// The file that stays.
        path: PathBuf,
        /// The file that is there.
        twin: PathBuf,
    },
    /// A later run has put the picture elsewhere.
    #[error("{path} was put elsewhere by a later run: {run:?}")]
    PutElsewhere {
        /// Where it was.
        path: PathBuf,
        /// The run, where it is known.
        run: Option<RunId>,
    },
    /// The folder that a file is to go back to is gone, and so is the disk that it was on.
    #[error("the disk of {folder} is not there")]
    OtherDisk {
        /// The folder.
        folder: PathBuf,
    },
    /// A file that is to be taken back is gone, and the one that should have its content has it not.
    #[error("{path} is gone, and its content is not in {content}")]
    Lost {
        /// The file.
        path: PathBuf,
        /// Where its content should be.
        content: PathBuf,
    },
    /// A run that was cut short was to move it, and it is neither where it was nor where it was to be.
    #[error("{path} is neither there nor in {folder}")]
    Missing {
        /// Where it was.
        path: PathBuf,
        /// Where it was to be.
        folder: PathBuf,
    },
    /// Somebody has changed the copy, or put another file in its place, as soon as it had its name.
    #[error("{path} was changed as soon as it was there")]
    TargetChanged {
        /// The copy's place.
        path: PathBuf,
    },
    /// A transfer of a killed run could not be put right: a later run tries again.
    #[error("what was begun with {path} cannot be finished")]
    NotRecovered {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Somebody has the source open for writing.
    #[error("{path} is open for writing")]
    InUse {
        /// The source.
        path: PathBuf,
    },
    /// Somebody has put another file in the place of one that was being looked at: that one has another name now.
    #[error("{path} is another file now, the one that was there is {beside}")]
    PutBeside {
        /// The place.
        path: PathBuf,
        /// The file that was there.
        beside: PathBuf,
    },
    /// It is done, but the disk has not taken it: after loss of power it may be undone in part.
    #[error("what was done to {target} is not on disk")]
    NotOnDisk {
        /// Where the content is.
        target: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The other file that has the content could not be brought to disk: this one stays.
    #[error("{path} stays: {witness} is not on disk")]
    WitnessNotOnDisk {
        /// The file that stays.
        path: PathBuf,
        /// The file that has the content too.
        witness: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A folder was removed, but the disk has not taken that: after loss of power it may be there again.
    #[error("that {folder} was removed is not on disk")]
    FolderNotOnDisk {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file was not removed after all, and could not get its name back: the next run gives it that.
    #[error("{path} is {aside} for now")]
    Aside {
        /// Where it belongs.
        path: PathBuf,
        /// Where it is.
        aside: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The source of a move cannot be removed.
    #[error("{path} cannot be removed")]
    NotRemoved {
        /// The source.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The only other file that should have the content has not: this one stays.
    #[error("{path} is the only whole copy: {witness} is gone or another file")]
    NoWitness {
        /// The file that stays.
        path: PathBuf,
        /// The file that should have the content too.
        witness: PathBuf,
    },
    /// The copy has its name, whole and verified, but what was to follow was not done: the source is there as well.
    #[error("the copy is {target}, and the source was kept")]
    SourceKept {
        /// The copy.
        target: PathBuf,
        /// Why.
        #[source]
        reason: Box<TransferError>,
    },
    /// It was begun and not finished when the program was stopped. It can be begun again.
    #[error("the program was stopped before it was done")]
    Abandoned,
    /// It would lead out of the destination and of every folder that pictures came from. It was not begun.
    #[error("{path} is outside of the destination and of the sources")]
    Outside {
        /// The path.
        path: PathBuf,
    },
    /// Session and ledger do not tell the same of it. It was not taken back.
    #[error("session and ledger do not tell the same of {path}")]
    Disputed {
        /// The file as the session tells of it.
        path: PathBuf,
    },
    /// A person has decided otherwise since this was planned. It was not begun.
    #[error("somebody has decided otherwise meanwhile")]
    Overtaken,
    /// The journal did not take a step.
    #[error("the step could not be recorded")]
    Journal(#[source] io::Error),
}

impl TransferError {
    /// Where the copy is, if there is one all the same.
    pub fn target(&self) -> Option<&Path> {
        match self {
            TransferError::SourceKept { target, .. } | TransferError::NotOnDisk { target, .. } => Some(target),
            _ => None,
        }
    }

    /// True where the transfer is not over: a later run has to find out what became of it, and put that right.
    pub fn is_unfinished(&self) -> bool {
        match self {
            TransferError::NotRecovered { .. } | TransferError::Aside { .. } => true,
            TransferError::SourceKept { reason, .. } => reason.is_unfinished(),
            _ => false,
        }
    }

    /// True where every later transfer would fail as this one did: the disk is full, or cannot be written any more.
    pub fn concerns_all(&self) -> bool {
        let full = |error: &io::Error| {
            use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
            matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
        };
        match self {
            TransferError::Target { source, .. } => full(source),
            TransferError::Journal(_) => true,
            _ => false,
        }
    }
}
