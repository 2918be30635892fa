//! Telling, without reading it, whether a file still is as it was when it was hashed.

use super::picture::FileStamp;

/// Two changes within this time may have the same timestamp: some file systems count in large steps.
const DOUBT_NS: i128 = 2_000_000_000;

/// The identity of a file without reading it: its stamp and its ctime. A program that writes to a file can set its
/// modified time back, but not its ctime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    /// The file.
    pub stamp: FileStamp,
    /// The identity of its file system, where that has one: another disk may get the same device number.
    pub file_system: u64,
    /// Its ctime: when content, name or permissions last changed, in nanoseconds since 1970.
    pub changed_ns: i128,
}

impl FileIdentity {
    /// True where a later change must show in the times: the file had not changed for a while when reading began. False
    /// for a time in the future, from a wrong clock.
    pub fn was_settled_at(self, began_ns: i128) -> bool {
        self.changed_ns.saturating_add(DOUBT_NS) < began_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_changed_just_before_or_later_is_not_settled() {
        let stamp = FileStamp { device: 1, inode: 2, size: 3, modified_ns: 0 };
        let was_settled =
            |changed_ns, began_ns| FileIdentity { stamp, file_system: 0, changed_ns }.was_settled_at(began_ns);
        assert!(was_settled(1_000, DOUBT_NS + 1_001) && was_settled(-5, DOUBT_NS));
        for changed_ns in [1_000, DOUBT_NS, DOUBT_NS + 1_000, i128::MAX] {
            assert!(!was_settled(changed_ns, DOUBT_NS + 1_000), "{changed_ns}");
        }
    }
}
