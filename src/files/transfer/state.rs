//! How far a transfer of a batch is.

use std::rc::Rc;

use super::copy::Copy;
use super::removal::Removal;
use super::{Ended, Outcome};
use crate::domain::unkept::Unkept;
use crate::files::folder::{FileStat, Folder};
use crate::files::folders::Entry;

/// The state of a transfer between two phases of its batch.
pub(super) enum State {
    /// Copied under a temporary name.
    Copied(Copy),
    /// The same, verified and on disk, as it was then.
    Verified(Copy, FileStat),
    /// The copy has its name, and was what was verified when it got it; the source of a move is still to be removed.
    Published { target: Entry, seen: FileStat, copied_from: FileStat, unkept: Unkept },
    /// The file was renamed; its folders are not on disk yet.
    Renamed { target: Entry, left: Rc<Folder> },
    /// A file is to be removed; its content is whole elsewhere.
    Leaving { removal: Removal, outcome: Outcome },
    /// It is done, but for bringing the folder to disk that a file has left.
    Left { outcome: Outcome, folder: Rc<Folder> },
    /// Over.
    Ended(Ended),
}
