//! Metadata that a file's copy could not be given.

/// Metadata of a file that its copy could not be given, because the copy's file system has no such thing or does not
/// let us: as it was, where it can be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unkept {
    /// When the file was last changed, in nanoseconds since 1970.
    pub modified_ns: Option<i128>,
    /// The mode: who may read and write.
    pub mode: Option<u32>,
    /// Extended attributes, such as where a file was downloaded from.
    pub attributes: bool,
}

impl Unkept {
    /// True where something was lost.
    pub fn any(self) -> bool {
        self.modified_ns.is_some() || self.mode.is_some() || self.attributes
    }

    /// The words for the lost metadata, in JSON.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let lost = [
            ("times", self.modified_ns.is_some()),
            ("permissions", self.mode.is_some()),
            ("attributes", self.attributes),
        ];
        lost.into_iter().filter(|(_, is_lost)| *is_lost).map(|(word, _)| word)
    }
}
