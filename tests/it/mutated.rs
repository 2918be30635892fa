//! Pictures that are damaged by chance: each is answered without a panic, and one that was cut off is only called whole
//! where no pixel of it is missing.

use std::path::{Path, PathBuf};

use smart_image_sorter::files::decode::{Decoded, decode};
use smart_image_sorter::files::defect::PictureDefect;
use smart_image_sorter::files::kind::Kind;

use crate::chance::{Chance, amount, how_to_repeat};

/// How many damaged files are decoded.
const AMOUNT: &str = "SIS_TEST_MUTATED";

/// The pictures that are made by tests/data/make_forms.py and make_pictures.py, in an order that does not change.
pub(crate) fn pictures() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/decode");
    let mut found: Vec<PathBuf> = ["jpeg", "turned", "whole", "tiff"]
        .iter()
        .flat_map(|kind| std::fs::read_dir(folder.join(kind)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

fn decoded(path: &Path, bytes: &[u8]) -> Result<Decoded, PictureDefect> {
    let decoded = decode(bytes, Kind::of(bytes, path));
    if let Err(PictureDefect::Damaged { detail }) = &decoded {
        assert!(!detail.contains("it panicked"), "{}: {detail}", path.display());
    }
    decoded
}

fn spoil(bytes: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len().max(1));
        match (chance.below(5), bytes.get_mut(at)) {
            (0, Some(byte)) => *byte = chance.number() as u8,
            (1, Some(byte)) => *byte ^= 1 << chance.below(8),
            // Numbers that are likely to be sizes and offsets.
            (2, Some(byte)) => *byte = [0, 1, 0x7f, 0x80, 0xfe, 0xff][chance.below(6)],
            (3, Some(_)) => drop(bytes.drain(at..bytes.len().min(at + 1 + chance.below(40)))),
            (_, Some(_)) => {
                let more: Vec<u8> = (0..chance.below(40)).map(|_| chance.number() as u8).collect();
                drop(bytes.splice(at..at, more));
            }
            _ => {}
        }
    }
}

#[test]
fn a_damaged_picture_is_answered() {
    let pictures = pictures();
    let mut chance = Chance::for_test("a_damaged_picture_is_answered");
    let (mut whole, mut suspect, mut refused) = (0, 0, 0);
    for _ in 0..amount(AMOUNT, 20_000) {
        let (path, bytes) = &pictures[chance.below(pictures.len())];
        let mut bytes = bytes.clone();
        spoil(&mut bytes, &mut chance);
        match decoded(path, &bytes) {
            Ok(decoded) if decoded.is_whole => whole += 1,
            Ok(_) => suspect += 1,
            Err(_) => refused += 1,
        }
    }
    println!("{whole} whole, {suspect} suspect, {refused} refused");
    assert!(suspect > 0 && refused > 0, "{}", how_to_repeat(AMOUNT, "mutated::"));
}

#[test]
fn picture_cut_off_is_whole_only_with_all_pixels() {
    let mut chance = Chance::for_test("a_picture_that_was_cut_off");
    let mut wrong = Vec::new();
    for (path, bytes) in pictures() {
        let Ok(before) = decoded(&path, &bytes) else { continue };
        if !before.is_whole {
            continue;
        }
        let places = (0..amount(AMOUNT, 20_000) / 1000).map(|_| chance.below(bytes.len())).collect::<Vec<_>>();
        for length in places.into_iter().chain([bytes.len() - 1, bytes.len() - 2]) {
            let cut = decoded(&path, &bytes[..length]);
            if cut.is_ok_and(|cut| cut.is_whole && cut.pixels != before.pixels) {
                wrong.push(format!("{} cut to {length} of {} bytes", path.display(), bytes.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), how_to_repeat(AMOUNT, "mutated::"));
}
