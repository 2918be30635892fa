//! What makes two image towers give the same embeddings: the same weights, the same graph, the same preprocessing.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::checkpoint::Checkpoint;
use super::runtime::Runtime;

/// To be raised whenever the graphs that we write, the resampling or the kept form of an embedding change.
const VERSION: u32 = 1;

/// What an image tower's embeddings depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTower {
    /// The files that hold the weights, or the whole graph of an export.
    pub files: Vec<PathBuf>,
    description: String,
}

impl ImageTower {
    /// The image tower of a checkpoint in the form that suits the runtime.
    pub fn of(checkpoint: &Checkpoint, runtime: &Runtime) -> ImageTower {
        let files = checkpoint.image_files(runtime);
        let description = format!("{VERSION} {:?} {:?}", checkpoint.family(), checkpoint.processor());
        ImageTower { files, description }
    }

    /// The fingerprint, from the hashes of the files, in order.
    pub fn fingerprint(&self, hashes: &[[u8; 32]]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.description.as_bytes());
        hashes.iter().for_each(|hash| hasher.update(hash));
        hasher.finalize().into()
    }
}

/// SHA-256 of a file of a checkpoint.
pub fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut hasher = HashWriter(Sha256::new());
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.0.finalize().into())
}

struct HashWriter(Sha256);

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
