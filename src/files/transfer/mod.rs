//! Copying, moving and removing files so that nothing is lost on any path out.
//!
//! Files go in batches, so that what has to be brought to disk is brought there together:
//!
//! 1. Each copy is written under a temporary name in the target folder and hashed on the way; the source must be what
//!    was planned. Times, mode and attributes are set.
//! 2. The copies are brought to disk, read again and hashed again. The journal takes note.
//! 3. Each gets its name only if that name is free; the folders are brought to disk. The journal takes note.
//! 4. A move removes the source only now, and only if it is still that file; the journal takes note.
//!
//! A move within one file system is a rename that never replaces, after the file has been hashed. Removing a copy asks
//! for a witness: another file with the same content, hashed just before and brought to disk. Nothing is ever
//! overwritten, and a file is removed only under a name that nobody else can have put there: see `removal`. All work
//! goes through handles of folders.

mod batch;
mod copy;
mod metadata;
#[cfg(test)]
mod other_hands_tests;
mod recover;
mod removal;
mod rename;
mod target;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::picture::ContentHash;
use crate::domain::run::{Action, RunId, TransferId};
use crate::domain::unkept::Unkept;

pub use batch::transfer_batch;
pub use metadata::has_all_of;
pub use recover::{Reached, give_name_back, recover};

/// One file and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The journal's number for it.
    pub id: TransferId,
    /// The action.
    pub action: Action,
    /// The file that is copied, moved or removed.
    pub source: PathBuf,
    /// The folder that receives it; for a removal, the folder of the witness.
    pub folder: PathBuf,
    /// The names it may have there, in the order they are tried; for a removal, the witness's name.
    pub names: Vec<OsString>,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// The name of its copy until that is whole.
    pub temporary: OsString,
    /// The name of its source for the moment in which that is removed.
    pub leaving: OsString,
    /// The folder may be made with all the folders above it: a place that a file comes back to. Otherwise it is made
    /// only right under a folder that is there.
    pub makes_parents: bool,
    /// The file system that the source was on, where a missing folder has to be told from a missing disk.
    pub device: Option<u64>,
    /// The same of the target folder, where a picture goes back to where it was found.
    pub folder_device: Option<u64>,
    /// Metadata that an earlier transfer of the file lost: its copy gets that, and not what the file has.
    pub restores: Unkept,
}

/// A step of a transfer. What is not recorded did not happen, or happened and is found by [`recover()`].
#[derive(Debug)]
pub enum Step<'s> {
    /// The copy is on disk, whole and verified, under its temporary name.
    Copied {
        /// Its number on its file system.
        inode: u64,
        /// The metadata that it could not be given.
        unkept: Unkept,
    },
    /// The copy has its name, and the source of a move is still there.
    Published {
        /// The copy.
        target: &'s Path,
    },
    /// It is over.
    Ended(&'s Ended),
}

/// Who is told of every step. An error stops the batch where it is: what cannot be recorded is not done.
pub trait Journal {
    /// Steps that were taken together.
    fn record(&mut self, steps: &[(TransferId, Step<'_>)]) -> io::Result<()>;
}

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
        /// That file.
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

/// Why a file was not transferred, or not as it should be. Its content is whole in every case: in the source, or where
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
