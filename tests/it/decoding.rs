//! Decoded pixels against Pillow's.

use std::path::Path;

use crate::support::{fixtures, json, shared};
use sha2::{Digest, Sha256};
use smart_image_sorter::domain::picture::{ContentHash, PictureState};
use smart_image_sorter::files::decode::{Decoded, decode};
use smart_image_sorter::files::kind::Kind;
use smart_image_sorter::files::read::{Reading, read};
use smart_image_sorter::lang::{Language, Say};

/// Pillow clips 16-bit grey, which turns this picture nearly white; the program takes the high byte.
const OURS_ON_PURPOSE: &str = "sixteen-bit-grey.png";

#[test]
fn lossless_pictures_and_jpegs_have_pillows_very_pixels() {
    let golden = json(&fixtures().join("golden.json"));
    let mut checked = 0;
    for (name, expected) in golden["pictures"].as_object().unwrap() {
        let Reading::Content(content) = read(&fixtures().join("pictures").join(name)) else { panic!("{name}") };
        let decoded = decode(&content.bytes, content.kind).unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
        assert!(decoded.is_whole, "{name}");
        let (width, height) = decoded.pixels.dimensions();
        assert_eq!(
            (Some(width.into()), Some(height.into())),
            (expected["width"].as_u64(), expected["height"].as_u64())
        );
        if (expected["lossless"] == true || name.ends_with(".jpg")) && name != OURS_ON_PURPOSE {
            let hash = ContentHash(Sha256::digest(decoded.pixels.as_raw()).into()).to_string();
            let seen = expected.get("seen_sha256").unwrap_or(&expected["rgb_sha256"]);
            assert_eq!(hash, seen.as_str().unwrap(), "{name}");
            checked += 1;
        }
    }
    assert!(checked >= 30, "{checked}");
}

#[test]
fn real_pictures_are_whole() {
    for folder in ["telegram", "odd"] {
        let Some(folder) = shared(folder) else { return };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Reading::Content(content) = read(&path) else { panic!("{}", path.display()) };
            assert!(decode(&content.bytes, content.kind).unwrap().is_whole, "{}", path.display());
        }
    }
}

#[test]
fn tiffs_of_every_form_have_pillows_very_pixels() {
    let folder = fixtures().join("decode");
    let golden = json(&folder.join("tiff.json"));
    let mut wrong = Vec::new();
    for (name, expected) in golden.as_object().unwrap().iter().filter(|(_, expected)| expected.is_object()) {
        let Reading::Content(content) = read(&folder.join("tiff").join(name)) else { panic!("{name}") };
        match decode(&content.bytes, content.kind) {
            Ok(Decoded { is_whole: false, .. }) => wrong.push(format!("{name} is not whole")),
            Ok(Decoded { pixels, .. }) => {
                let hash = ContentHash(Sha256::digest(pixels.as_raw()).into()).to_string();
                let size = (pixels.width().into(), pixels.height().into());
                let wanted = (expected["width"].as_u64().unwrap(), expected["height"].as_u64().unwrap());
                if (size, hash.as_str()) != (wanted, expected["rgb_sha256"].as_str().unwrap()) {
                    wrong.push(format!("{name}: other pixels"));
                }
            }
            Err(trouble) => wrong.push(format!("{name}: {trouble}")),
        }
    }
    let checked = golden.as_object().unwrap().len() - 1;
    assert!(checked >= 150, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked}: {wrong:#?}", wrong.len());
}

#[test]
fn a_form_that_is_not_decoded_is_told_in_the_users_language() {
    let mut bytes = std::fs::read(fixtures().join("decode/tiff/rgb-old-deflate.tif")).unwrap();
    // The entry of the compression, 32946, becomes that of JPEG 2000.
    let entry = [0x03, 0x01, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0xb2, 0x80];
    let at = bytes.windows(entry.len()).position(|window| window == entry).unwrap();
    bytes[at + 8..at + 10].copy_from_slice(&34_712u16.to_le_bytes());
    let trouble = decode(&bytes, Kind::of(&bytes, Path::new("x.tif"))).unwrap_err();
    assert_eq!(trouble.state(), PictureState::Unsupported);
    let told: Vec<String> = Language::all().iter().map(|language| trouble.say(language)).collect();
    assert_eq!(
        told,
        [
            "it is a TIFF compressed as JPEG 2000, which is not decoded: open this file in a program that shows it, save it \
             there as a new JPEG or PNG, and sort the new file",
            "é um TIFF comprimido como JPEG 2000, e isso não é decodificado: abra este arquivo num programa que o mostre, \
             salve-o ali como um novo JPEG ou PNG, e classifique o arquivo novo"
        ]
    );
    // A raw file is exported by programs that know its camera.
    let raw = decode(b"FUJIFILMCCD-RAW", Kind::of(b"FUJIFILMCCD-RAW", Path::new("x.raf"))).unwrap_err();
    let told: Vec<String> = Language::all().iter().map(|language| raw.say(language)).collect();
    assert!(told[0].contains("the raw file of a camera") && told[0].contains("sort the exported file"), "{told:?}");
    assert!(told[1].contains("o arquivo bruto (RAW) de uma câmera") && told[1].contains("darktable"), "{told:?}");
}
