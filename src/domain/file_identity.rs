//! Telling, without reading it, whether a file still is as it was when it was hashed.

use super::picture::FileStamp;

/// A change that comes so soon after another one may bear the same time: systems count in steps, some of them large
/// ones.
const DOUBT_NS: i128 = 2_000_000_000;

/// The traits of a file that are known without reading its content: its stamp, and the time that only the system sets.
/// A program that writes into a file and sets its modified time back cannot set that one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    /// The file.
    pub stamp: FileStamp,
    /// The identity of its file system, where that has one: another disk may get the same device number.
    pub file_system: u64,
    /// When anything about it last changed, content, name or permissions, in nanoseconds since 1970.
    pub changed_ns: i128,
}

impl FileIdentity {
    /// True where a later change cannot have the same times: the file had been left alone for a while when it began to
    /// be read. One whose time is yet to come, by a clock that went wrong, is in doubt as well.
    pub fn was_settled_at(self, began_ns: i128) -> bool {
        self.changed_ns.saturating_add(DOUBT_NS) < began_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_just_before_or_later_is_in_doubt() {
        let stamp = FileStamp { device: 1, inode: 2, size: 3, modified_ns: 0 };
        let was_settled =
            |changed_ns, began_ns| FileIdentity { stamp, file_system: 0, changed_ns }.was_settled_at(began_ns);
        assert!(was_settled(1_000, DOUBT_NS + 1_001) && was_settled(-5, DOUBT_NS));
        for changed_ns in [1_000, DOUBT_NS, DOUBT_NS + 1_000, i128::MAX] {
            assert!(!was_settled(changed_ns, DOUBT_NS + 1_000), "{changed_ns}");
        }
    }
}
