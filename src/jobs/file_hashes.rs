//! Hashes of the large files of a checkpoint. Those that are as they were when they were hashed last are not read again.

use std::path::Path;

use super::embeddings::CachePlace;
use super::stop::Stop;
use crate::domain::picture::FileStamp;
use crate::engine::checkpoint::CheckpointError;
use crate::engine::fingerprint::{self, Sources};
use crate::files::read::stamp_of;
use crate::store::cache::EmbeddingCache;

/// The files that a checkpoint's answers depend on, with the hashes that are remembered.
pub(super) struct FileHashes {
    sources: Sources,
    cache: Option<EmbeddingCache>,
    /// One a file.
    known: Vec<Option<[u8; 32]>>,
}

impl FileHashes {
    pub(super) fn remembered(sources: Sources, cache: Option<&CachePlace>) -> FileHashes {
        let cache = cache.and_then(CachePlace::open);
        let known = sources.files.iter().map(|path| remembered(path, cache.as_ref())).collect();
        FileHashes { sources, cache, known }
    }

    /// True where no file has to be read.
    pub(super) fn are_known(&self) -> bool {
        self.known.iter().all(Option::is_some)
    }

    /// The checkpoint's fingerprint; what had to be hashed for it is remembered. Somebody who asks it to stop gets none that
    /// means anything.
    pub(super) fn fingerprint(&mut self, stop: &Stop) -> Result<[u8; 32], CheckpointError> {
        let mut hashes = Vec::new();
        for (path, known) in self.sources.files.iter().zip(&self.known) {
            let unreadable = |source| CheckpointError::Unreadable { path: path.clone(), source };
            hashes.push(match known {
                Some(hash) => *hash,
                None => {
                    let stamp = || std::fs::metadata(path).map(|metadata| stamp_of(&metadata)).map_err(unreadable);
                    let before = stamp()?;
                    let hash = fingerprint::hash(path, &|| !stop.is_requested()).map_err(unreadable)?;
                    // What was written to meanwhile is hashed again the next time.
                    if stamp()? == before {
                        keep(path, before, hash, self.cache.as_mut());
                    }
                    hash
                }
            });
        }
        Ok(self.sources.fingerprint(&hashes))
    }
}

fn remembered(path: &Path, cache: Option<&EmbeddingCache>) -> Option<[u8; 32]> {
    let stamp = stamp_of(&std::fs::metadata(path).ok()?);
    cache?.file_hash(path, stamp).unwrap_or_else(|error| {
        tracing::warn!("the cache failed: {error}");
        None
    })
}

fn keep(path: &Path, stamp: FileStamp, hash: [u8; 32], cache: Option<&mut EmbeddingCache>) {
    if let Some(Err(error)) = cache.map(|cache| cache.put_file_hash(path, stamp, hash)) {
        tracing::warn!("the cache failed: {error}");
    }
}
