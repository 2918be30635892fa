//! Near-duplicates end to end, on a few drawn pictures: planted copies are found, and pages that only have one style
//! are not stacked. `benches/near_duplicates.rs` measures the same on 10,000.

use smart_image_sorter::built_in;
use smart_image_sorter::domain::near_duplicates::{HashIndex, Nearness};
use smart_image_sorter::domain::perceptual_hash::PerceptualHash;
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::ImageEncoder;
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::{decode, decode_small};
use smart_image_sorter::files::kind::{Format, Kind};
use smart_image_sorter::files::read::{Reading, read};
use smart_image_sorter::jobs::near_duplicates::cosine;

use crate::planted::{COPIES, Chance, chat, copies, jpeg, page, scene};
use crate::support::shared;

fn hash(pixels: &image::RgbImage) -> PerceptualHash {
    PerceptualHash::of(pixels.width() as usize, pixels.height() as usize, pixels.as_raw()).unwrap()
}

#[test]
fn planted_copies_are_stacked_and_different_pages_of_one_style_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&built_in::unpack_model(folder.path()).unwrap()).unwrap();
    let mut encoder = ImageEncoder::open(&checkpoint, &Runtime::Tract, 1, Workload::Many).unwrap().remove(0);
    let mut chance = Chance(11);
    let mut originals = chat(&mut chance, 16);
    originals.extend((0..16).map(|_| page(&mut chance)));
    originals.extend((0..8).map(|_| scene(&mut chance)));
    let (mut hashes, mut embeddings, mut original_of) = (vec![], vec![], vec![]);
    for (number, pixels) in originals.iter().enumerate() {
        let mut files = vec![(jpeg(pixels, 85), Format::Jpeg)];
        // Of every eighth there are copies.
        if number % 8 == 0 {
            let format = |kind: usize| if COPIES[kind] == "as PNG" { Format::Png } else { Format::Jpeg };
            files.extend(copies(pixels).into_iter().enumerate().map(|(kind, file)| (file, format(kind))));
        }
        for (file, format) in files {
            let pixels = decode(&file, Kind::Picture(format)).unwrap().pixels;
            hashes.push(hash(&pixels));
            embeddings.push(encoder.encode(&[&checkpoint.processor().prepare(&pixels)]).unwrap().row(0).to_owned());
            original_of.push(number);
        }
    }
    let index = HashIndex::of(&hashes, Nearness::default());
    let all: Vec<usize> = (0..hashes.len()).collect();
    let stacks = index.stacks(&all, |one, other| Some(cosine(&embeddings[one], &embeddings[other])), |_| true).unwrap();
    for stack in &stacks {
        assert!(stack.iter().all(|member| original_of[*member] == original_of[stack[0]]), "different ones: {stack:?}");
    }
    // Each original is the first of its stack; at most one copy of all may be missed.
    let found: usize = stacks.iter().map(|stack| stack.len() - 1).sum();
    let planted = hashes.len() - originals.len();
    assert_eq!(planted, 5 * COPIES.len());
    assert!(found + 1 >= planted, "{found} of {planted}");
}

/// The hash of a picture that is decoded small stands for the one of all of its pixels.
#[test]
fn a_picture_that_is_decoded_small_looks_the_same() {
    let mut chance = Chance(5);
    let large = image::imageops::resize(&scene(&mut chance), 1600, 1200, image::imageops::FilterType::Triangle);
    let file = jpeg(&large, 85);
    let kind = Kind::Picture(Format::Jpeg);
    let (whole, small) = (decode(&file, kind).unwrap().pixels, decode_small(&file, kind, 320, &mut |_| {}).unwrap());
    assert_eq!((whole.width(), small.width()), (1600, 400));
    assert!(Nearness::default().looks_alike(&hash(&whole), &hash(&small)));
    assert!(hash(&whole).distance(&hash(&small)) < 0.05);
}

/// Pictures from channels, where they are at hand: none of the thirty-two is another one.
#[test]
fn pictures_of_channels_are_not_taken_for_each_other() {
    let Some(folder) = shared("telegram") else { return };
    let hashes: Vec<PerceptualHash> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| match read(&file.unwrap().path()) {
            Reading::Content(content) => Some(hash(&decode(&content.bytes, content.kind).unwrap().pixels)),
            _ => None,
        })
        .collect();
    let all: Vec<usize> = (0..hashes.len()).collect();
    let stacks = HashIndex::of(&hashes, Nearness::default()).stacks(&all, |_, _| Some(1.0), |_| true).unwrap();
    assert!(!hashes.is_empty() && stacks.is_empty(), "{stacks:?}");
}
