//! The embedding cache as the jobs use it: a cache that fails costs time and nothing else.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use half::f16;
use half::slice::HalfFloatSliceExt;
use ndarray::Array1;

use crate::domain::file_identity::FileIdentity;
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::ContentHash;
use crate::store::StoreError;
use crate::store::cache::{CachedEmbedding, CachedModel, EmbeddingCache};

/// Embeddings that are kept before they are written together.
const TOGETHER: usize = 256;

/// Embeddings of a slow model are written after so long, however few they are.
const LONGEST: Duration = Duration::from_secs(2);

/// How far the square of a kept embedding's length may be from one. Rounding to half precision moves each of its values
/// by 2^-11 of itself at most.
const UNIT_TOLERANCE: f32 = 0.01;

/// Where the cache is, and how large it may grow.
#[derive(Debug, Clone)]
pub struct EmbeddingCacheConfig {
    /// Its folder.
    pub folder: PathBuf,
    /// Bytes.
    pub limit: u64,
}

impl EmbeddingCacheConfig {
    /// Opens the cache; nothing where it cannot be, which the log tells.
    pub fn open(&self) -> Option<EmbeddingCache> {
        logged(EmbeddingCache::open(&self.folder))
    }
}

fn logged<T>(result: Result<T, StoreError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::warn!("the embedding cache failed: {error}: {cause}");
            None
        }
    }
}

/// The cache for one model, as one thread uses it.
pub struct ModelCache {
    opened: Option<(EmbeddingCache, CachedModel)>,
    dimensions: usize,
    limit: u64,
    fresh: Vec<(ContentHash, CachedEmbedding)>,
    used: Vec<ContentHash>,
    hashed: Vec<(FileIdentity, ContentHash)>,
    seen: Vec<(ContentHash, PerceptualHash)>,
    written: Instant,
}

impl ModelCache {
    /// Opens the cache for a model whose embeddings have so many dimensions.
    pub fn open(place: Option<&EmbeddingCacheConfig>, fingerprint: &[u8; 32], dimensions: usize) -> ModelCache {
        let opened = place.and_then(EmbeddingCacheConfig::open).and_then(|mut cache| {
            let model = logged(cache.model(fingerprint))?;
            Some((cache, model))
        });
        let limit = place.map_or(0, |place| place.limit);
        let (fresh, used, hashed, seen) = (vec![], vec![], vec![], vec![]);
        ModelCache { opened, dimensions, limit, fresh, used, hashed, seen, written: Instant::now() }
    }

    /// Opens the cache for a model of which only the fingerprint is known: its embedding of one content tells how many
    /// dimensions there are. None where that one is not remembered.
    pub fn open_by_content(
        place: Option<&EmbeddingCacheConfig>,
        fingerprint: &[u8; 32],
        hash: ContentHash,
    ) -> Option<(ModelCache, Array1<f16>)> {
        let mut known = ModelCache::open(place, fingerprint, 0);
        let (cache, model) = known.opened.as_ref()?;
        let embedding = logged(cache.embedding(*model, hash)).flatten()?.embedding;
        known.dimensions = embedding.len();
        known.is_sound(&embedding).then_some((known, embedding))
    }

    /// The embedding of a content, where it is remembered.
    pub fn embedding(&self, hash: ContentHash) -> Option<CachedEmbedding> {
        let (cache, model) = self.opened.as_ref()?;
        let found = logged(cache.embedding(*model, hash)).flatten();
        // Embeddings of a damaged cache are made again.
        found.filter(|remembered| self.is_sound(&remembered.embedding))
    }

    /// The hash of a file that is as it was when it was hashed.
    pub fn hash_of(&self, identity: FileIdentity) -> Option<ContentHash> {
        let (cache, _) = self.opened.as_ref()?;
        logged(cache.hash_of(identity)).flatten()
    }

    /// The embeddings of many pictures, as far as they are known; in the order of the pictures.
    pub fn embeddings<T: Copy>(&self, pictures: &[(T, ContentHash)]) -> Vec<(T, Array1<f16>)> {
        let Some((cache, model)) = self.opened.as_ref() else { return vec![] };
        let hashes: Vec<ContentHash> = pictures.iter().map(|(_, hash)| *hash).collect();
        let mut found = Vec::with_capacity(pictures.len());
        let keep = |position: usize, remembered: CachedEmbedding| {
            if self.is_sound(&remembered.embedding) {
                found.push((position, remembered.embedding));
            }
        };
        logged(cache.embeddings(*model, &hashes, keep));
        found.sort_unstable_by_key(|(position, _)| *position);
        found.into_iter().map(|(position, embedding)| (pictures[position].0, embedding)).collect()
    }

    fn is_sound(&self, embedding: &Array1<f16>) -> bool {
        if embedding.len() != self.dimensions {
            return false;
        }
        let mut wide = [0.0; 256];
        let square = embedding.as_slice().unwrap_or_default().chunks(wide.len()).map(|values| {
            values.convert_to_f32_slice(&mut wide[..values.len()]);
            wide[..values.len()].iter().map(|value| value * value).sum::<f32>()
        });
        (square.sum::<f32>() - 1.0).abs() < UNIT_TOLERANCE
    }

    /// Keeps an embedding that was made now.
    pub fn put(&mut self, hash: ContentHash, remembered: CachedEmbedding) {
        self.fresh.push((hash, remembered));
        self.write_if_due();
    }

    /// Takes note that an embedding was of use.
    pub fn note_use(&mut self, hash: ContentHash) {
        self.used.push(hash);
        self.write_if_due();
    }

    /// Keeps by what a file that was hashed is known again.
    pub fn note_hash(&mut self, identity: FileIdentity, hash: ContentHash) {
        self.hashed.push((identity, hash));
    }

    /// Keeps how a picture looks.
    pub fn note_perceptual_hash(&mut self, content: ContentHash, hash: PerceptualHash) {
        self.seen.push((content, hash));
    }

    /// How pictures look, in their order; none where it is not known.
    pub fn perceptual_hashes(&self, contents: &[ContentHash]) -> Vec<Option<PerceptualHash>> {
        let found = self.opened.as_ref().and_then(|(cache, _)| logged(cache.perceptual_hashes(contents)));
        found.unwrap_or_else(|| vec![None; contents.len()])
    }

    fn write_if_due(&mut self) {
        let is_late = !self.fresh.is_empty() && self.written.elapsed() >= LONGEST;
        if is_late || self.fresh.len() + self.used.len() >= TOGETHER {
            self.write();
        }
    }

    fn write(&mut self) {
        if let Some((cache, model)) = self.opened.as_mut() {
            let written = cache
                .put(*model, &self.fresh, &self.used)
                .and_then(|()| cache.put_hashes(&self.hashed))
                .and_then(|()| cache.put_perceptual_hashes(&self.seen));
            // Waited for once, and not again by every batch.
            let is_busy = written.as_ref().is_err_and(StoreError::is_busy);
            logged(written);
            if is_busy {
                self.opened = None;
            }
        }
        self.written = Instant::now();
        self.hashed.clear();
        self.seen.clear();
        self.fresh.clear();
        self.used.clear();
    }

    /// Writes what is left, and keeps the cache within its limit.
    pub fn finish(mut self) {
        self.write();
        if let Some((cache, _)) = self.opened.as_mut()
            && let Some(removed @ 1..) = logged(cache.tidy(self.limit))
        {
            tracing::info!(removed, "embeddings removed from the cache");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_another_process_keeps_is_waited_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = EmbeddingCacheConfig { folder: folder.path().to_owned(), limit: 1 << 20 };
        let mut cache = ModelCache::open(Some(&place), &[1; 32], 1);
        cache.opened.as_ref().unwrap().0.set_patience(Duration::ZERO);
        let mut other = ModelCache::open(Some(&place), &[1; 32], 1);
        let remembered =
            CachedEmbedding { embedding: Array1::from_elem(1, f16::ONE), is_whole: true, decoder: String::new() };
        other.opened.as_mut().unwrap().0.while_writing(|| {
            cache.put(ContentHash([1; 32]), remembered.clone());
            cache.write();
        });
        assert!(cache.opened.is_none());
        other.put(ContentHash([1; 32]), remembered);
        other.write();
        assert!(other.embedding(ContentHash([1; 32])).is_some());
    }
}
