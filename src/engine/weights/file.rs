//! One file of weights, and reading parts of it.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::WeightsError;
use crate::plain_file;

/// One file of weights.
#[derive(Debug, Clone)]
pub(super) struct WeightFile {
    /// As the checkpoint names it, for what people read.
    pub(super) name: PathBuf,
    /// The file itself, links resolved: runtimes refuse to follow them, and in a hub's cache every file is one.
    pub(super) path: PathBuf,
    /// Its length in bytes.
    pub(super) length: u64,
}

impl WeightFile {
    pub(super) fn find(name: &Path) -> Result<WeightFile, WeightsError> {
        let unreadable = |source| WeightsError::Unreadable { path: name.to_owned(), source };
        let path = name.canonicalize().map_err(unreadable)?;
        let length = plain_file::open(&path).and_then(|file| file.metadata()).map_err(unreadable)?.len();
        Ok(WeightFile { name: name.to_owned(), path, length })
    }

    /// Reads `length` bytes from `offset` on. The range must have been checked against the file's length, so that a
    /// damaged file cannot ask for more memory than it has bytes.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>, WeightsError> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(self.cut_short(end.unwrap_or(u64::MAX)));
        }
        let mut bytes = vec![0; length];
        let unreadable = |source| WeightsError::Unreadable { path: self.name.clone(), source };
        let file = plain_file::open(&self.path).map_err(unreadable)?;
        file.read_exact_at(&mut bytes, offset).map_err(unreadable)?;
        Ok(bytes)
    }

    pub(super) fn cut_short(&self, expected: u64) -> WeightsError {
        WeightsError::CutShort { path: self.name.clone(), length: self.length, expected }
    }

    pub(super) fn bad_header(&self, detail: impl Into<String>) -> WeightsError {
        WeightsError::bad_header(&self.name, detail)
    }
}
