//! Near-duplicates: how many planted copies are found and which different pictures are stacked, with the built-in
//! model; and how long the search takes among many pictures. `docs/performance.md` has the figures.
//!
//! `cargo bench --bench near_duplicates` takes minutes; `SIS_BENCH_FILES` is the number of pictures to search, 100,000,
//! `SIS_BENCH_DRAWN` of those that are drawn, 10,000.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and end"
)]

mod planted;

use std::time::Instant;

use half::f16;
use ndarray::Array1;
use planted::{COPIES, Chance, chat, copies, jpeg, page, scene};
use smart_image_sorter::built_in;
use smart_image_sorter::domain::near_duplicates::{MOST_COARSE, Nearness};
use smart_image_sorter::domain::perceptual_hash::PerceptualHash;
use smart_image_sorter::domain::picture::{ContentHash, PictureId};
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::ImageEncoder;
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::kind::{Format, Kind};
use smart_image_sorter::jobs::embedding_cache::{EmbeddingCacheConfig, ModelCache};
use smart_image_sorter::jobs::near_duplicates::{cosine, find};
use smart_image_sorter::store::cache::CachedEmbedding;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let count = |name: &str, usual: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(if is_test { 200 } else { usual })
    };
    // First, so that its memory is its own.
    measure_speed(count("SIS_BENCH_FILES", 100_000));
    measure_quality(count("SIS_BENCH_DRAWN", 10_000));
}

/// What a picture is: a number for each original, which its copies share, and the kind of copy.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Origin {
    original: usize,
    family: &'static str,
    copy: Option<usize>,
}

struct Known {
    origin: Origin,
    hash: PerceptualHash,
    embedding: Array1<f16>,
}

fn measure_quality(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let model = built_in::unpack_model(folder.path()).unwrap();
    let checkpoint = Checkpoint::open(&model).unwrap();
    let mut encoder = ImageEncoder::open(&checkpoint, &Runtime::Tract, 1, Workload::Many).unwrap().remove(0);
    let mut known: Vec<Known> = Vec::with_capacity(count);
    let mut see = |bytes: &[u8], kind: Format, origin: Origin| {
        let pixels = decode(bytes, Kind::Picture(kind)).unwrap().pixels;
        let hash = PerceptualHash::of(pixels.width() as usize, pixels.height() as usize, pixels.as_raw()).unwrap();
        let embedding = encoder.encode(&[&checkpoint.processor().prepare(&pixels)]).unwrap().row(0).to_owned();
        known.push(Known { origin, hash, embedding });
        known.len()
    };
    let mut chance = Chance(1);
    let mut original = 0;
    // A fifth of all are copies; of every kind of picture some are copied.
    let planted = count / 5 / COPIES.len();
    let mut sets = Vec::new();
    let chats = count / 200;
    (0..chats.max(1))
        .for_each(|_| sets.extend(chat(&mut chance, 50.min(count / 4)).into_iter().map(|shot| ("chat", shot))));
    (0..count / 5).for_each(|_| sets.push(("page", page(&mut chance))));
    while sets.len() + planted * COPIES.len() < count {
        sets.push(("scene", scene(&mut chance)));
    }
    let every = sets.len() / planted;
    for (place, (family, pixels)) in sets.iter().enumerate() {
        original += 1;
        see(&jpeg(pixels, 85), Format::Jpeg, Origin { original, family, copy: None });
        if place % every == 0 {
            for (kind, bytes) in copies(pixels).iter().enumerate() {
                let format = if COPIES[kind] == "as PNG" { Format::Png } else { Format::Jpeg };
                see(bytes, format, Origin { original, family, copy: Some(kind) });
            }
        }
    }
    println!(
        "{} pictures, {} of them copies",
        known.len(),
        known.iter().filter(|known| known.origin.copy.is_some()).count()
    );
    tell_distances(&known);
    let nearness = Nearness::default();
    let place = EmbeddingCacheConfig { folder: folder.path().join("cache"), limit: u64::MAX };
    let stacks = stacks_of(&known, &place, nearness);
    tell_found(&known, &stacks);
    tell_brute_force(&known, &stacks, nearness);
}

/// How far two pictures are apart: in shape, in light, the cosine of their embeddings, and coarsely.
type Distances = (f32, f32, f32, u32);

/// The values that the thresholds lie between: for copies the worst of each hundred, for others the nearest.
fn tell_distances(known: &[Known]) {
    for (kind, name) in COPIES.iter().enumerate() {
        let mut far: Vec<Distances> = Vec::new();
        let mut original = &known[0];
        for one in known {
            match one.origin.copy {
                None => original = one,
                Some(copy) if copy == kind => far.push(apart(original, one)),
                Some(_) => {}
            }
        }
        let worst = |of: &dyn Fn(&Distances) -> f32| {
            let mut values: Vec<f32> = far.iter().map(of).collect();
            values.sort_by(f32::total_cmp);
            (values[values.len() / 2], values[values.len() * 99 / 100])
        };
        let (shape, light) = (worst(&|far| far.0), worst(&|far| far.1));
        let (model, coarse) = (worst(&|far| 1.0 - far.2), worst(&|far| far.3 as f32));
        println!(
            "  {name:28} shape {:.3} {:.3}, light {:.1} {:.1}, cosine {:.4} {:.4}, coarse {} {}",
            shape.0,
            shape.1,
            light.0,
            light.1,
            1.0 - model.0,
            1.0 - model.1,
            coarse.0,
            coarse.1
        );
    }
    for family in ["chat", "page", "scene"] {
        let own: Vec<&Known> =
            known.iter().filter(|one| one.origin.family == family && one.origin.copy.is_none()).take(1500).collect();
        let mut nearest: Vec<(f32, f32, f32, u32)> = Vec::new();
        for (place, one) in own.iter().enumerate() {
            nearest.extend(own[..place].iter().map(|other| apart(one, other)));
        }
        nearest.sort_by(|one, other| one.0.total_cmp(&other.0));
        println!("  different {family}s, the nearest of {}: {:?}", nearest.len(), &nearest[..4.min(nearest.len())]);
    }
}

fn apart(one: &Known, other: &Known) -> Distances {
    let cosine = cosine(&one.embedding, &other.embedding);
    let light = one.hash.brightness_distance(&other.hash);
    (one.hash.distance(&other.hash), light, cosine, one.hash.coarse_distance(&other.hash))
}

/// Stacks by the places of their members.
fn stacks_of(known: &[Known], place: &EmbeddingCacheConfig, nearness: Nearness) -> Vec<Vec<usize>> {
    let dimensions = known[0].embedding.len();
    let mut cache = ModelCache::open(Some(place), &[1; 32], dimensions);
    for (number, one) in known.iter().enumerate() {
        let embedding = one.embedding.clone();
        cache.put(content(number), CachedEmbedding { embedding, is_whole: true, decoder: String::new() });
        cache.note_perceptual_hash(content(number), one.hash);
    }
    cache.finish();
    let cache = ModelCache::open(Some(place), &[1; 32], dimensions);
    let pictures: Vec<_> = (0..known.len()).map(|number| (PictureId(number as i64), content(number))).collect();
    let found = find(&cache, &pictures, nearness, &mut |_, _| true).unwrap();
    assert_eq!(found.unknown, 0);
    found.stacks.into_iter().map(|stack| stack.into_iter().map(|id| id.0 as usize).collect()).collect()
}

fn tell_found(known: &[Known], stacks: &[Vec<usize>]) {
    let mut stack_of = vec![None; known.len()];
    for (number, stack) in stacks.iter().enumerate() {
        stack.iter().for_each(|member| stack_of[*member] = Some(number));
    }
    let mut original = 0;
    let mut found = vec![(0, 0); COPIES.len()];
    for (place, one) in known.iter().enumerate() {
        match one.origin.copy {
            None => original = place,
            Some(kind) => {
                found[kind].1 += 1;
                found[kind].0 += usize::from(stack_of[place].is_some() && stack_of[place] == stack_of[original]);
            }
        }
    }
    for (name, (found, all)) in COPIES.iter().zip(&found) {
        println!("  {name:28} {found} of {all} with their originals");
    }
    let (sum, all) = found.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("  all copies: {sum} of {all}, {:.2} %", 100.0 * sum as f64 / all as f64);
    for family in ["chat", "page", "scene"] {
        let is_mixed = |stack: &&Vec<usize>| {
            let own = stack.iter().filter(|member| known[**member].origin.family == family);
            own.map(|member| known[*member].origin.original).collect::<std::collections::BTreeSet<_>>().len() > 1
        };
        println!("  stacks with different {family}s: {}", stacks.iter().filter(is_mixed).count());
    }
}

/// Compares with every pair, without the coarse part that the index needs.
fn tell_brute_force(known: &[Known], stacks: &[Vec<usize>], nearness: Nearness) {
    let began = Instant::now();
    let is_near = |one: &Known, other: &Known| {
        one.hash.distance(&other.hash) <= nearness.distance
            && one.hash.brightness_distance(&other.hash) <= nearness.brightness
            && cosine(&one.embedding, &other.embedding) >= nearness.cosine
    };
    let (mut pairs, mut within) = (0, 0);
    let mut paired = vec![false; known.len()];
    for (place, one) in known.iter().enumerate() {
        for (other, near) in known[..place].iter().enumerate().filter(|(_, other)| is_near(one, other)) {
            pairs += 1;
            within += usize::from(one.hash.coarse_distance(&near.hash) <= MOST_COARSE);
            (paired[place], paired[other]) = (true, true);
        }
    }
    let stacked: usize = stacks.iter().map(Vec::len).sum();
    let all = paired.iter().filter(|is_any| **is_any).count();
    println!(
        "  every pair: {pairs} near ones, {within} of them within the index, {:.2} %; {stacked} pictures stacked of {all} in a pair; {:.0} s",
        100.0 * within as f64 / pairs.max(1) as f64,
        began.elapsed().as_secs_f64()
    );
}

/// Many pictures of which one in ten is a copy of the one before, with embeddings as long as those of usual models.
fn measure_speed(count: usize) {
    const DIMENSIONS: usize = 512;
    let folder = tempfile::tempdir().unwrap();
    let place = EmbeddingCacheConfig { folder: folder.path().to_owned(), limit: u64::MAX };
    let mut cache = ModelCache::open(Some(&place), &[1; 32], DIMENSIONS);
    let mut chance = Chance(7);
    let mut last: Option<(PerceptualHash, Array1<f16>)> = None;
    for number in 0..count {
        let (hash, embedding) = match last.take() {
            Some(same) if number % 10 == 0 => same,
            _ => (drawn_hash(&mut chance), drawn_embedding(&mut chance, DIMENSIONS)),
        };
        cache.put(
            content(number),
            CachedEmbedding { embedding: embedding.clone(), is_whole: true, decoder: String::new() },
        );
        cache.note_perceptual_hash(content(number), hash);
        last = Some((hash, embedding));
    }
    cache.finish();
    let before = peak_memory();
    let cache = ModelCache::open(Some(&place), &[1; 32], DIMENSIONS);
    let pictures: Vec<_> = (0..count).map(|number| (PictureId(number as i64), content(number))).collect();
    let began = Instant::now();
    let found = find(&cache, &pictures, Nearness::default(), &mut |_, _| true).unwrap();
    let stacked: usize = found.stacks.iter().map(Vec::len).sum();
    println!(
        "{count} pictures: {} stacks with {stacked} pictures in {:.2} s; peak memory {before:?} MB before, {:?} MB after",
        found.stacks.len(),
        began.elapsed().as_secs_f64(),
        peak_memory()
    );
}

/// Hashes of small drawings, so that they are spread as those of pictures are.
fn drawn_hash(chance: &mut Chance) -> PerceptualHash {
    let (mut waves, mut pixels) = ([0.0f32; 12], Vec::with_capacity(32 * 32 * 3));
    waves.iter_mut().for_each(|wave| *wave = unit(chance));
    for place in 0..32 * 32 {
        let (x, y) = ((place % 32) as f32 / 5.0, (place / 32) as f32 / 5.0);
        let light: f32 =
            waves.chunks_exact(3).map(|wave| (x * wave[0] * 3.0 + y * wave[1] * 3.0 + wave[2] * 6.0).sin()).sum();
        pixels.extend([(light * 30.0 + 128.0) as u8; 3]);
    }
    PerceptualHash::of(32, 32, &pixels).unwrap()
}

fn drawn_embedding(chance: &mut Chance, dimensions: usize) -> Array1<f16> {
    let values: Vec<f32> = (0..dimensions).map(|_| unit(chance)).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| f16::from_f32(value / length)).collect()
}

/// A number from -1 to 1.
fn unit(chance: &mut Chance) -> f32 {
    (chance.number() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

fn content(number: usize) -> ContentHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ContentHash(bytes)
}

/// The most memory that this process had, in megabytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1000)
}
