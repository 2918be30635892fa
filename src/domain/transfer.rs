//! A transfer from plan to ledger: the words that all who plan it, carry it out, record it and tell of it have in
//! common.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::decision::Decision;
use super::picture::{ContentHash, PictureId};
use super::plan::{PlannedTransfer, name_candidates};
use super::portable_name::portable_file_name;
use super::run::{Action, TransferId};
use super::unkept::Unkept;

/// One file, and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The picture.
    pub picture: PictureId,
    /// The action.
    pub action: Action,
    /// The file.
    pub source: PathBuf,
    /// The folder that receives it; for a removal, the folder of the witness.
    pub folder: PathBuf,
    /// The names it may have there, in the order they are tried; for a removal, the witness's name.
    pub names: Vec<OsString>,
    /// Its content.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// The transfer that it takes back.
    pub reverses: Option<TransferId>,
    /// Metadata that the transfer which it takes back has lost, and that it restores.
    pub restores: Unkept,
    /// The condition that must still hold when it begins.
    pub relies_on: ReliesOn,
}

/// The condition that a transfer was planned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReliesOn {
    /// On nothing that could change.
    Nothing,
    /// On this being what a person said of the picture.
    Decision(Option<Decision>),
}

/// A step of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Its copy is whole, with this number on its file system.
    Copied {
        /// The number.
        inode: u64,
        /// The metadata that it could not be given.
        unkept: Unkept,
    },
    /// Its copy has its name.
    Published {
        /// The copy.
        target: PathBuf,
    },
    /// It is over.
    Ended(Ending),
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The file is there now: copied or moved. For a removal: its content is in the witness.
    Done {
        /// Where the content is.
        target: PathBuf,
    },
    /// There was nothing left to do: the file is gone, and its content is whole in the source. It has the effects of
    /// [`Ending::Done`].
    Gone {
        /// Where the file would be; for a removal, the witness.
        target: PathBuf,
    },
    /// The same content was there before.
    Present {
        /// Where.
        target: PathBuf,
    },
    /// It was to be moved, and the source could not be removed: it is a copy.
    Kept {
        /// The copy.
        target: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// It is done as by [`Ending::Done`], but the disk has not taken it: a later run brings it there.
    Unsynced {
        /// Where the content is.
        target: PathBuf,
        /// The fault, in words.
        reason: String,
    },
    /// Nothing was done.
    Failed {
        /// Why, in words.
        reason: String,
    },
    /// It was not begun, or what was begun is cleaned up.
    Abandoned,
}

impl Ending {
    /// The result that the session and the ledger have a word for; none where nothing is told.
    pub fn result(&self) -> Option<TransferResult> {
        match self {
            Ending::Done { .. } | Ending::Gone { .. } => Some(TransferResult::Done),
            Ending::Present { .. } => Some(TransferResult::Present),
            Ending::Kept { .. } => Some(TransferResult::Kept),
            Ending::Unsynced { .. } => Some(TransferResult::Unsynced),
            Ending::Failed { .. } => Some(TransferResult::Failed),
            Ending::Abandoned => None,
        }
    }

    /// Where the content is.
    pub fn target(&self) -> Option<&Path> {
        match self {
            Ending::Done { target }
            | Ending::Gone { target }
            | Ending::Present { target }
            | Ending::Kept { target, .. }
            | Ending::Unsynced { target, .. } => Some(target),
            Ending::Failed { .. } | Ending::Abandoned => None,
        }
    }

    /// The reason for which it is not done, or not wholly.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Ending::Kept { reason, .. } | Ending::Unsynced { reason, .. } | Ending::Failed { reason } => Some(reason),
            _ => None,
        }
    }
}

/// How far the journal knows a transfer to have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// It was planned, and may have been begun.
    Planned,
    /// The same, and a later transfer of the picture was done meanwhile: what can be found is what that one did.
    Superseded,
    /// Its copy was whole under the temporary name, with this number on its file system.
    Copied {
        /// The number.
        inode: u64,
    },
    /// Its copy has its name.
    Published {
        /// The copy.
        target: PathBuf,
    },
    /// It was done, but its folders could not be brought to disk.
    NotOnDisk {
        /// Where the content is.
        target: PathBuf,
    },
}

impl Reached {
    /// Where the content was put, as far as it is known.
    pub fn target(&self) -> Option<&Path> {
        match self {
            Reached::Published { target } | Reached::NotOnDisk { target } => Some(target),
            Reached::Planned | Reached::Superseded | Reached::Copied { .. } => None,
        }
    }
}

/// How a transfer ended, as the session and the ledger have a word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferResult {
    /// The file is there now; or it was removed, and its content is whole in the witness.
    Done,
    /// The same content was there before.
    Present,
    /// It was to be moved, and the source could not be removed.
    Kept,
    /// It is done, and the disk has not taken it.
    Unsynced,
    /// Nothing was done.
    Failed,
}

impl TransferResult {
    const ALL: [TransferResult; 5] = [
        TransferResult::Done,
        TransferResult::Present,
        TransferResult::Kept,
        TransferResult::Unsynced,
        TransferResult::Failed,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            TransferResult::Done => "done",
            TransferResult::Present => "present",
            TransferResult::Kept => "kept",
            TransferResult::Unsynced => "unsynced",
            TransferResult::Failed => "failed",
        }
    }

    /// The result that a word stands for.
    pub fn from_word(word: &str) -> Option<TransferResult> {
        TransferResult::ALL.into_iter().find(|result| result.word() == word)
    }
}

impl Transfer {
    /// The transfer of a plan. Where its name is taken it gets one that the picture's own name would get, then such as
    /// every disk takes; the witness of a removal has one name.
    pub fn of_plan(planned: &PlannedTransfer, destination: &Path) -> Transfer {
        let mut names = vec![planned.file_name.clone()];
        if planned.action != Action::Remove {
            let portable = portable_file_name(&planned.own_name);
            let suffixed = name_candidates(&planned.own_name, planned.hash).skip(1);
            for name in suffixed.chain(name_candidates(&portable, planned.hash)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Transfer {
            picture: planned.picture,
            action: planned.action,
            source: planned.source.clone(),
            folder: destination.join(&planned.folder),
            names,
            hash: planned.hash,
            size: planned.size,
            reverses: None,
            restores: Unkept::default(),
            relies_on: ReliesOn::Decision(planned.decision),
        }
    }
}
