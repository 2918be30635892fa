//! Finds stacks of near-duplicates in what the cache knows, and keeps there how pictures look that were decoded small.
//! The newest request wins.

use std::collections::VecDeque;

use crossbeam_channel::Receiver;

use super::Event;
use super::channels::{DuplicateRequest, Memory};
use super::events::EventSender;
use crate::domain::near_duplicates::Nearness;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::embedding_cache::ModelCache;
use crate::jobs::near_duplicates::{NearDuplicates, find};

pub(super) fn run(requests: &Receiver<DuplicateRequest>, ending: &CancelToken, events: &EventSender) {
    let mut memory = None;
    let mut waiting = VecDeque::new();
    while let Some(request) = waiting.pop_front().or_else(|| requests.recv().ok()) {
        match request {
            DuplicateRequest::Model(known) => memory = Some(known),
            DuplicateRequest::Seen(seen) => {
                if let Some(mut cache) = memory.as_ref().map(open) {
                    seen.into_iter().for_each(|(content, hash)| cache.note_perceptual_hash(content, hash));
                    cache.finish();
                }
            }
            DuplicateRequest::Find { number, pictures } => {
                let Some(cache) = memory.as_ref().map(open) else { continue };
                let mut told = 0;
                let mut progress = |done: usize, steps: usize| {
                    waiting.extend(requests.try_iter());
                    let is_newest = !waiting.iter().any(|request| matches!(request, DuplicateRequest::Find { .. }));
                    // A hundred events at most.
                    let percent = done * 100 / steps.max(1);
                    if percent > told {
                        told = percent;
                        let _ = events.send(Event::LookingForDuplicates { number, percent });
                    }
                    is_newest && !ending.is_requested()
                };
                let Some(found) = find(&cache, &pictures, Nearness::default(), &mut progress) else { continue };
                let NearDuplicates { stacks, unknown } = found;
                if events.send(Event::NearDuplicates { number, stacks, unknown }).is_err() {
                    return;
                }
            }
        }
    }
}

fn open(memory: &Memory) -> ModelCache {
    ModelCache::open(memory.place.as_ref(), &memory.fingerprint, memory.dimensions)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use half::f16;
    use ndarray::Array1;

    use super::*;
    use crate::domain::perceptual_hash::PerceptualHash;
    use crate::domain::picture::{ContentHash, PictureId};
    use crate::jobs::embedding_cache::EmbeddingCacheConfig;
    use crate::store::cache::CachedEmbedding;

    fn memory(folder: &std::path::Path) -> Memory {
        let place = Some(EmbeddingCacheConfig { folder: folder.to_owned(), limit: u64::MAX });
        Memory { place, fingerprint: [1; 32], dimensions: 1 }
    }

    /// Answers requests that wait already, all of them.
    fn told(requests: Vec<DuplicateRequest>) -> Vec<Event> {
        let (send, received) = crossbeam_channel::unbounded();
        requests.into_iter().for_each(|request| send.send(request).unwrap());
        drop(send);
        let (events, told) = crossbeam_channel::unbounded();
        run(&received, &CancelToken::default(), &EventSender::new(events, Arc::new(())));
        told.try_iter().collect()
    }

    #[test]
    fn pictures_that_were_decoded_small_are_found_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let contents = [ContentHash([1; 32]), ContentHash([2; 32])];
        let mut cache = open(&memory(folder.path()));
        for content in contents {
            let embedding = Array1::from_elem(1, f16::ONE);
            cache.put(content, CachedEmbedding { embedding, is_whole: true, decoder: String::new() });
        }
        cache.finish();
        let pictures = vec![(PictureId(1), contents[0]), (PictureId(2), contents[1])];
        let search = |number| DuplicateRequest::Find { number, pictures: pictures.clone() };
        let stacks = |events: Vec<Event>| -> Vec<(u64, Vec<Vec<PictureId>>, usize)> {
            let found = events.into_iter().filter_map(|event| match event {
                Event::NearDuplicates { number, stacks, unknown } => Some((number, stacks, unknown)),
                _ => None,
            });
            found.collect()
        };
        let found = told(vec![DuplicateRequest::Model(memory(folder.path())), search(1)]);
        assert_eq!(stacks(found), [(1, vec![], 2)], "how they look is not known");
        let look = PerceptualHash::of(2, 1, &[0, 0, 0, 255, 255, 255]).unwrap();
        let seen = contents.map(|content| (content, look)).to_vec();
        let found = told(vec![DuplicateRequest::Model(memory(folder.path())), DuplicateRequest::Seen(seen), search(2)]);
        assert_eq!(stacks(found), [(2, vec![vec![PictureId(1), PictureId(2)]], 0)]);
        // Of two requests the newer one is answered.
        let found = told(vec![DuplicateRequest::Model(memory(folder.path())), search(3), search(4)]);
        assert_eq!(stacks(found).len(), 1);
        assert!(stacks(told(vec![search(5)])).is_empty(), "no model is known");
    }
}
