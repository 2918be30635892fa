//! Whether a file that was to be renamed has its name still.

use crate::files::folder::FileStat;
use crate::files::folders::Entry;

/// True where a file is seen to have its name still.
pub(super) fn is_unmoved(entry: &Entry, seen: &FileStat) -> bool {
    entry.find().is_ok_and(|there| there.stamp == seen.stamp || !entry.folder.keeps_numbers())
}
