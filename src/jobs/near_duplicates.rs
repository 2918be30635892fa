//! Stacks of near-duplicates among the pictures of a session, from what the cache knows of them: nothing is decoded.

use std::collections::HashMap;

use half::f16;
use half::slice::HalfFloatSliceExt;
use ndarray::Array1;

use super::embedding_cache::ModelCache;
use crate::domain::near_duplicates::{HashIndex, Nearness};
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::{ContentHash, PictureId};

/// Pictures between two looks whether the search goes on.
const LOOK: usize = 256;

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NearDuplicates {
    /// The pictures of each stack in the order in which they were given; all are near the first.
    pub stacks: Vec<Vec<PictureId>>,
    /// Pictures of which it is not known how they look, or what the model saw: they are in no stack.
    pub unknown: usize,
}

/// Finds the stacks of pictures, one a content. `progress` is told how many of how many steps are done, and says
/// whether the search goes on; without a result where it does not.
pub fn find(
    cache: &ModelCache,
    pictures: &[(PictureId, ContentHash)],
    nearness: Nearness,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<NearDuplicates> {
    let contents: Vec<ContentHash> = pictures.iter().map(|(_, content)| *content).collect();
    let known = cache.perceptual_hashes(&contents);
    let (places, hashes): (Vec<usize>, Vec<PerceptualHash>) =
        known.into_iter().enumerate().filter_map(|(place, hash)| Some((place, hash?))).unzip();
    let steps = 2 * hashes.len();
    let index = HashIndex::of(&hashes, nearness);
    let mut wanted = Vec::new();
    for at in 0..hashes.len() {
        if at.is_multiple_of(LOOK) && !progress(at, steps) {
            return None;
        }
        if index.has_alike(at) {
            wanted.push((at, contents[places[at]]));
        }
    }
    // Of the others no embedding is needed, whatever their number.
    let embeddings: HashMap<usize, Array1<f16>> = cache.embeddings(&wanted).into_iter().collect();
    let cosine = |one: usize, other: usize| Some(cosine(embeddings.get(&one)?, embeddings.get(&other)?));
    let among: Vec<usize> = wanted.iter().map(|(at, _)| *at).collect();
    let go_on = |step: usize| !step.is_multiple_of(LOOK) || progress(hashes.len() + step, steps);
    let stacks = index.stacks(&among, cosine, go_on)?;
    let stacks = stacks.into_iter().map(|stack| stack.into_iter().map(|at| pictures[places[at]].0).collect());
    let unknown = pictures.len() - hashes.len() + wanted.len() - embeddings.len();
    Some(NearDuplicates { stacks: stacks.collect(), unknown })
}

/// The cosine of two normalised embeddings.
pub fn cosine(one: &Array1<f16>, other: &Array1<f16>) -> f32 {
    let (Some(one), Some(other)) = (one.as_slice(), other.as_slice()) else { return 0.0 };
    let (mut wide, mut broad) = ([0.0; 256], [0.0; 256]);
    let parts = one.chunks(wide.len()).zip(other.chunks(broad.len()));
    let products = parts.map(|(one, other)| {
        let length = one.len().min(other.len());
        one[..length].convert_to_f32_slice(&mut wide[..length]);
        other[..length].convert_to_f32_slice(&mut broad[..length]);
        wide[..length].iter().zip(&broad[..length]).map(|(a, b)| a * b).sum::<f32>()
    });
    products.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::embedding_cache::EmbeddingCacheConfig;
    use crate::store::cache::CachedEmbedding;

    fn content(number: usize) -> ContentHash {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        ContentHash(bytes)
    }

    fn embedding(x: f32, y: f32) -> CachedEmbedding {
        let embedding = Array1::from(vec![f16::from_f32(x), f16::from_f32(y)]);
        CachedEmbedding { embedding, is_whole: true, decoder: "png 1".to_owned() }
    }

    /// A picture of one wave.
    fn look(length: f32) -> PerceptualHash {
        let pixels: Vec<u8> =
            (0..64 * 64).flat_map(|at| [((at % 64) as f32 / length).sin().mul_add(100.0, 120.0) as u8; 3]).collect();
        PerceptualHash::of(64, 64, &pixels).unwrap()
    }

    #[test]
    fn stacks_are_found_where_both_agree_and_what_is_unknown_is_in_none() {
        let folder = tempfile::tempdir().unwrap();
        let place = EmbeddingCacheConfig { folder: folder.path().to_owned(), limit: u64::MAX };
        let mut cache = ModelCache::open(Some(&place), &[1; 32], 2);
        // The first two are alike in both, the third to the eye alone, the fourth to the model alone.
        for (number, wave, (x, y)) in
            [(0, 5.0, (1.0, 0.0)), (1, 5.0, (1.0, 0.0)), (2, 5.0, (0.0, 1.0)), (3, 21.0, (1.0, 0.0))]
        {
            cache.put(content(number), embedding(x, y));
            cache.note_perceptual_hash(content(number), look(wave));
        }
        // Of the fifth nobody knows how it looks, of the sixth what the model saw.
        cache.put(content(4), embedding(1.0, 0.0));
        cache.note_perceptual_hash(content(5), look(5.0));
        cache.finish();
        let cache = ModelCache::open(Some(&place), &[1; 32], 2);
        let pictures: Vec<_> = (0..6).map(|number| (PictureId(10 + number as i64), content(number))).collect();
        let found = find(&cache, &pictures, Nearness::default(), &mut |_, _| true).unwrap();
        assert_eq!(found, NearDuplicates { stacks: vec![vec![PictureId(10), PictureId(11)]], unknown: 2 });
        assert_eq!(find(&cache, &pictures, Nearness::default(), &mut |_, _| false), None, "it was stopped");
        let none = ModelCache::open(None, &[1; 32], 2);
        let found = find(&none, &pictures, Nearness::default(), &mut |_, _| true).unwrap();
        assert_eq!((found.stacks.len(), found.unknown), (0, 6), "without a cache nothing is known");
    }
}
