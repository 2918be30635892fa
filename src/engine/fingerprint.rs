//! What makes two checkpoints give the same answers: the same weights, the same graphs, the same preprocessing, the same
//! tokens. Embeddings of pictures are remembered under it, and scores in a session; that the words count for the pictures
//! as well costs little, as nobody changes one half of a model often.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::quantised;
use super::runtime::Runtime;
use crate::domain::variant::Variant;

/// To be raised whenever the graphs that we write, the resampling, the spelling of sentences or the kept form of an embedding change.
const VERSION: u32 = 3;

/// What a checkpoint's answers depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The files that hold weights, or whole graphs of an export, and those of the tokenizer.
    pub files: Vec<PathBuf>,
    description: String,
}

impl Sources {
    /// Those of a checkpoint in the form that suits the runtime.
    pub fn of(checkpoint: &Checkpoint, runtime: &Runtime) -> Result<Sources, CheckpointError> {
        let files = checkpoint.files(runtime)?;
        let numbers = match checkpoint.variant(runtime) {
            Variant::Fp32 => String::new(),
            Variant::Fp16 => " fp16".to_owned(),
            Variant::Int8 => format!(" {}", quantised::form()),
        };
        let description = format!("{VERSION} {:?} {:?}{}", checkpoint.family(), checkpoint.processor(), numbers);
        Ok(Sources { files, description })
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
