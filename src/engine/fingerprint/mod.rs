//! The fingerprint of a model: equal for two checkpoints that give the same answers, with the same weights, graphs,
//! preprocessing and tokens. It is the key of cached embeddings and of a session's scores.
//!
//! It covers the text tower too, though embeddings of pictures do not depend on it: people rarely change half of a
//! model.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::families::Family;
use super::image_processor::ImageProcessor;
use super::quantised;
use super::runtime::Runtime;
use crate::domain::variant::Variant;
use crate::panics::caught;
use crate::plain_file;

/// Raise it whenever a change of the written graphs, the resampling, the normalising of sentences or the stored
/// embeddings changes answers. That voids all cached embeddings.
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
        let variant = checkpoint.variant(runtime);
        let description = description(&**checkpoint.family(), checkpoint.processor(), variant);
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

/// Everything but the contents of files that a checkpoint's answers depend on, as canonical text. Users' caches and
/// sessions are found by its hash, so it may not change for a model that gives the same answers.
fn description(family: &dyn Family, processor: &ImageProcessor, variant: Variant) -> String {
    let numbers = match variant {
        Variant::Fp32 => String::new(),
        Variant::Fp16 => " fp16".to_owned(),
        Variant::Int8 => format!(" {}", quantised::form()),
    };
    format!("{VERSION} {} {}{numbers}", family.canonical(), processor.canonical())
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
mod tests;
