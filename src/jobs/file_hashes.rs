//! Hashes of the large files of a checkpoint. Files that are as they were when they were hashed last are not read
//! again.

use std::path::{Path, PathBuf};

use super::cancel_token::CancelToken;
use super::embedding_cache::EmbeddingCacheConfig;
use crate::domain::file_identity::FileIdentity;
use crate::engine::checkpoint::CheckpointError;
use crate::engine::fingerprint::{self, Sources};
use crate::files::read::stat_identity;
use crate::store::cache::EmbeddingCache;

/// The files that a checkpoint's answers depend on, with the hashes that are remembered.
pub(super) struct FileHashes {
    sources: Sources,
    cache: Option<EmbeddingCache>,
    /// One a file.
    found: Vec<Found>,
}

struct Found {
    identity: FileIdentity,
    /// A later change would show.
    is_settled: bool,
    hash: Option<[u8; 32]>,
}

/// A checkpoint's fingerprint, and the files that it was made of as they were.
#[derive(Debug)]
pub(super) struct HashedCheckpoint {
    pub(super) fingerprint: [u8; 32],
    files: Vec<(PathBuf, FileIdentity, [u8; 32])>,
}

impl FileHashes {
    pub(super) fn remembered(
        sources: Sources,
        cache: Option<&EmbeddingCacheConfig>,
    ) -> Result<FileHashes, CheckpointError> {
        let cache = cache.and_then(EmbeddingCacheConfig::open);
        let found = sources.files.iter().map(|path| {
            let (identity, is_settled) = identity_of(path)?;
            Ok(Found { identity, is_settled, hash: remembered(path, identity, cache.as_ref()) })
        });
        let found = found.collect::<Result<_, CheckpointError>>()?;
        Ok(FileHashes { sources, cache, found })
    }

    /// True where no file has to be read.
    pub(super) fn are_known(&self) -> bool {
        self.found.iter().all(|found| found.hash.is_some())
    }

    /// Hashes what has to be, which is remembered. Somebody who asks it to stop gets an error.
    pub(super) fn hashed(mut self, stop: &CancelToken) -> Result<HashedCheckpoint, CheckpointError> {
        let mut files = Vec::new();
        for (path, Found { identity, is_settled, hash }) in self.sources.files.iter().zip(self.found) {
            let hash = match hash {
                Some(hash) => hash,
                None => {
                    let hash = hash_of(path, stop)?;
                    // A file that is written to meanwhile, or was just before, is hashed again the next time.
                    if is_settled && identity_of(path)?.0 == identity {
                        keep(path, identity, hash, self.cache.as_mut());
                    }
                    hash
                }
            };
            files.push((path.clone(), identity, hash));
        }
        let hashes: Vec<_> = files.iter().map(|(_, _, hash)| *hash).collect();
        Ok(HashedCheckpoint { fingerprint: self.sources.fingerprint(&hashes), files })
    }
}

impl HashedCheckpoint {
    /// An error where a file is not the one that was hashed any more: what was opened since may be another model. One
    /// that was only touched is the same.
    pub(super) fn check_unchanged(&self) -> Result<(), CheckpointError> {
        for (path, identity, hash) in &self.files {
            if identity_of(path)?.0 != *identity && hash_of(path, &CancelToken::default())? != *hash {
                return Err(CheckpointError::Changed { path: path.clone() });
            }
        }
        Ok(())
    }
}

fn identity_of(path: &Path) -> Result<(FileIdentity, bool), CheckpointError> {
    stat_identity(path).map_err(|source| CheckpointError::Unreadable { path: path.to_owned(), source })
}

fn hash_of(path: &Path, stop: &CancelToken) -> Result<[u8; 32], CheckpointError> {
    let hash = fingerprint::hash(path, &|| !stop.is_requested());
    hash.map_err(|source| CheckpointError::Unreadable { path: path.to_owned(), source })
}

fn remembered(path: &Path, identity: FileIdentity, cache: Option<&EmbeddingCache>) -> Option<[u8; 32]> {
    cache?.file_hash(path, identity).unwrap_or_else(|error| {
        tracing::warn!("the cache failed: {error}");
        None
    })
}

fn keep(path: &Path, identity: FileIdentity, hash: [u8; 32], cache: Option<&mut EmbeddingCache>) {
    if let Some(Err(error)) = cache.map(|cache| cache.put_file_hash(path, identity, hash)) {
        tracing::warn!("the cache failed: {error}");
    }
}
