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
mod outcome;
mod recover;
mod removal;
mod rename;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod unmoved;

use std::ffi::OsString;
use std::io;

use crate::domain::run::TransferId;
use crate::domain::transfer::{Step, Transfer};

pub use batch::transfer_batch;
pub use metadata::has_all_of;
pub use outcome::{Ended, Outcome, TransferError, ending};
pub use recover::{give_name_back, recover};

/// A transfer with everything that carrying it out needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedTransfer {
    /// The journal's number for it.
    pub id: TransferId,
    /// The transfer as it was planned.
    pub planned: Transfer,
    /// The name of its copy until that is whole.
    pub temporary: OsString,
    /// The name of its source for the moment in which that is removed.
    pub leaving: OsString,
    /// The file system that the source was on, where a missing folder has to be told from a missing disk.
    pub device: Option<u64>,
    /// The same of the target folder, where a picture goes back to where it was found.
    pub folder_device: Option<u64>,
}

impl PreparedTransfer {
    /// True where the folder may be made with all the folders above it: a place that a file comes back to. Otherwise it
    /// is made only below a destination that is there.
    fn makes_parents(&self) -> bool {
        self.planned.reverses.is_some()
    }
}

/// Records every step. An error stops the batch where it is: what cannot be recorded is not done. What is not
/// recorded did not happen, or happened and is found by [`recover()`].
pub trait Journal {
    /// Steps that were taken together: copies are whole, verified and on disk; they have their names, and sources of
    /// moves are still there; transfers are over.
    fn record(&mut self, steps: Vec<(TransferId, Step)>) -> io::Result<()>;

    /// The sentence for an error, which the journal keeps.
    fn say(&self, error: &TransferError) -> String;
}
