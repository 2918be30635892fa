//! The fingerprint tells whether two checkpoints give the same answers: the same weights, the same graphs, the same
//! preprocessing, the same tokens. Embeddings of pictures are remembered under it, and scores in a session; that the
//! words count for the pictures as well costs little, as nobody changes one half of a model often.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::quantised;
use super::runtime::Runtime;
use crate::domain::variant::Variant;
use crate::panics::caught;
use crate::plain_file;

/// To be raised whenever the graphs that we write, the resampling, the spelling of sentences or the kept form of an
/// embedding change.
const VERSION: u32 = 4;

/// Everything that a checkpoint's answers depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The files that hold weights, or whole graphs of an export, and those of the tokenizer.
    pub files: Vec<PathBuf>,
    description: String,
}

impl Sources {
    /// The sources of a checkpoint in the form that suits the runtime.
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
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.description.as_bytes());
        for hash in hashes {
            hasher.update(hash);
        }
        hasher.finalize().into()
    }
}

/// Bytes that are hashed at a time, on all cores.
const PIECE: usize = 8 << 20;

/// BLAKE3 of a file of a checkpoint, which takes a fraction of the time of SHA-256. An error of kind `Interrupted` once
/// it may not go on.
pub fn hash(path: &Path, goes_on: &dyn Fn() -> bool) -> io::Result<[u8; 32]> {
    let by_all_cores = caught(|| hash_with(path, goes_on, |hasher, piece| _ = hasher.update_rayon(piece)));
    // Its threads are started at first use, and it panics where there are none to be had.
    by_all_cores.unwrap_or_else(|_| hash_with(path, goes_on, |hasher, piece| _ = hasher.update(piece)))
}

fn hash_with(path: &Path, goes_on: &dyn Fn() -> bool, update: fn(&mut blake3::Hasher, &[u8])) -> io::Result<[u8; 32]> {
    let (mut file, mut hasher) = (plain_file::open(path)?, blake3::Hasher::new());
    let mut piece = vec![0; PIECE];
    while goes_on() {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(length) => update(&mut hasher, &piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
    }
    Err(io::ErrorKind::Interrupted.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (path, content) = (folder.path().join("weights"), vec![7; PIECE + 1]);
        std::fs::write(&path, &content).unwrap();
        assert_eq!(hash(&path, &|| true).unwrap(), *blake3::hash(&content).as_bytes());
        let asked = std::cell::Cell::new(0);
        let once = || asked.replace(asked.get() + 1) == 0;
        assert_eq!(hash(&path, &once).unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(hash(&folder.path().join("none"), &|| true).is_err());
    }
}
