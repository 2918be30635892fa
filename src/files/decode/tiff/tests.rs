use super::*;
use crate::files::decode::tags::Order;
use crate::files::kind::RAW;
use proptest::prelude::*;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/decode/tiff")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn decoded(bytes: &[u8]) -> Result<Decoded, PictureDefect> {
    decode(bytes, &mut |_| {})
}

/// Where the entry of a tag lies in a file whose lowest bytes come first.
fn entry(bytes: &[u8], tag: u16) -> usize {
    let number = |at: usize, length: usize| Order::Little.number(&bytes[at..at + length]) as usize;
    let at = number(4, 4);
    let mut entries = (0..number(at, 2)).map(|i| at + 2 + 12 * i);
    entries.find(|entry| number(*entry, 2) == usize::from(tag)).unwrap()
}

/// The file with another value behind a tag.
fn with(mut bytes: Vec<u8>, tag: u16, value: u32) -> Vec<u8> {
    let at = entry(&bytes, tag);
    let is_long = bytes[at + 2] == 4;
    bytes[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    assert!(is_long || value <= u16::MAX.into());
    bytes
}

/// The file with another number for a tag.
fn renamed(mut bytes: Vec<u8>, from: u16, to: u16) -> Vec<u8> {
    let at = entry(&bytes, from);
    bytes[at..at + 2].copy_from_slice(&to.to_le_bytes());
    bytes
}

/// The file whose only strip ends so many bytes early, where the file ends too.
fn cut(bytes: &[u8], missing: usize) -> Vec<u8> {
    let value = |tag| Order::Little.number(&bytes[entry(bytes, tag) + 8..][..4]) as usize;
    let (offset, length) = (value(tag::STRIP_OFFSETS), value(tag::STRIP_LENGTHS));
    let mut moved = bytes.to_vec();
    // A directory begins at an even place.
    moved.resize(bytes.len() + bytes.len() % 2, 0);
    let at = moved.len() as u32;
    moved.extend_from_slice(&bytes[offset..offset + length - missing]);
    with(moved, tag::STRIP_OFFSETS, at)
}

const ONE_STRIP: [&str; 8] = [
    "1-bit-black-is-zero-fill-1.tif",
    "1-bit-white-is-zero-packbits-fill-1.tif",
    "g4-fill-1.tif",
    "g3-2d-fill-2.tif",
    "16-bit-little-lzw-differences.tif",
    "rgb-old-deflate.tif",
    "cmyk.tif",
    "jpeg-ycbcr-own-tables.tif",
];

#[test]
fn cut_strip_is_incomplete_and_shown_as_far_as_it_goes() {
    for name in ONE_STRIP {
        let bytes = fixture(name);
        let whole = decoded(&cut(&bytes, 0)).unwrap();
        assert!(whole.is_whole, "{name}");
        let length = Order::Little.number(&bytes[entry(&bytes, tag::STRIP_LENGTHS) + 8..][..4]) as usize;
        let most = decoded(&cut(&bytes, length / 8)).unwrap();
        assert!(!most.is_whole, "{name}");
        let (rows, same) = (whole.pixels.rows(), |(a, b): (_, _)| Iterator::eq(a, b));
        assert!(rows.zip(most.pixels.rows()).take(4).all(same), "{name}");
        assert!(matches!(decoded(&cut(&bytes, length)), Err(PictureDefect::Truncated)), "{name}");
        for missing in 1..length {
            match decoded(&cut(&bytes, missing)) {
                Ok(decoded) => assert!(!decoded.is_whole || decoded.pixels == whole.pixels, "{name} {missing}"),
                Err(defect) => assert!(matches!(defect, PictureDefect::Truncated), "{name} {missing} {defect}"),
            }
        }
    }
}

#[test]
fn file_without_its_directory_is_truncated() {
    let bytes = fixture("rgb-lzw-strips.tif");
    for length in [4, 7, 8, 100, bytes.len() / 2, bytes.len() - 20] {
        assert!(matches!(decoded(&bytes[..length]), Err(PictureDefect::Truncated)), "{length}");
    }
}

#[test]
fn missing_page_makes_the_file_incomplete() {
    let bytes = fixture("two-pages.tif");
    let whole = decoded(&bytes).unwrap();
    assert!(whole.is_whole);
    // The second page's strips and directory come after the first page.
    let first = decoded(&bytes[..bytes.len() - 300]).unwrap();
    assert!(!first.is_whole && first.pixels == whole.pixels);
}

#[test]
fn file_without_its_last_byte_is_incomplete() {
    for name in ["g4-fill-1.tif", "rgb-lzw-tiles.tif", "bigtiff-little.tif", "jpeg-ycbcr-420.tif"] {
        let bytes = fixture(name);
        let whole = decoded(&bytes).unwrap();
        let short = decoded(&bytes[..bytes.len() - 1]).unwrap();
        assert!(whole.is_whole && !short.is_whole && whole.pixels == short.pixels, "{name}");
    }
}

#[test]
fn strip_never_written_makes_the_file_incomplete() {
    let decoded = decoded(&with(fixture("g4-fill-1.tif"), tag::ROWS_PER_STRIP, 10)).unwrap();
    assert!(!decoded.is_whole);
}

#[test]
fn damage_is_noticed_by_each_compression_that_can() {
    let with_noughts = ["rgb-old-deflate.tif", "g4-fill-1.tif", "g3-fill-1.tif"].map(|name| (name, 0));
    let with_ones = ["rgb-lzw-fill-2.tif", "jpeg-ycbcr-own-tables.tif"].map(|name| (name, 0xff));
    for (name, wrong) in with_noughts.into_iter().chain(with_ones) {
        let mut bytes = fixture(name);
        let at = Order::Little.number(&bytes[entry(&bytes, tag::STRIP_OFFSETS) + 8..][..4]) as usize;
        let length = Order::Little.number(&bytes[entry(&bytes, tag::STRIP_LENGTHS) + 8..][..4]) as usize;
        bytes[at + length * 3 / 4..at + length * 3 / 4 + 8].fill(wrong);
        assert!(!decoded(&bytes).is_ok_and(|decoded| decoded.is_whole), "{name}");
    }
    let mut bytes = fixture("rgb-old-deflate.tif");
    let at = Order::Little.number(&bytes[entry(&bytes, tag::STRIP_OFFSETS) + 8..][..4]) as usize;
    bytes[at] = 0xff;
    assert!(matches!(decoded(&bytes), Err(PictureDefect::Damaged { .. })));
}

#[test]
fn unreadable_lengths_make_the_file_incomplete() {
    for name in ["g4-fill-1.tif", "1-bit-white-is-zero-packbits-fill-1.tif"] {
        let mut bytes = fixture(name);
        assert!(decoded(&renamed(bytes.clone(), tag::STRIP_LENGTHS, 65_000)).unwrap().is_whole, "{name}");
        let at = entry(&bytes, tag::STRIP_LENGTHS);
        bytes[at + 2] = 99;
        assert!(!decoded(&bytes).unwrap().is_whole, "{name}");
    }
}

#[test]
fn bad_lzw_code_ends_reading() {
    let mut bytes = fixture("rgb-lzw-planes.tif");
    // The code is 511, where the table has some 300.
    (bytes[34], bytes[61]) = (128, 255);
    assert!(!decoded(&bytes).unwrap().is_whole);
}

#[test]
fn broken_group_3_row_spoils_no_other() {
    let bytes = fixture("g3-fill-1.tif");
    let whole = decoded(&bytes).unwrap().pixels;
    let at = Order::Little.number(&bytes[entry(&bytes, tag::STRIP_OFFSETS) + 8..][..4]) as usize;
    let spoilt = |byte: usize| {
        let mut broken = bytes.clone();
        broken[at + byte] = 0b0101_0101;
        let broken = decoded(&broken).ok().filter(|broken| !broken.is_whole)?;
        Some(whole.rows().zip(broken.pixels.rows()).filter(|(a, b)| !Iterator::eq(a.clone(), b.clone())).count())
    };
    let spoilt: Vec<usize> = (20..120).filter_map(spoilt).collect();
    // Where the end of a row is what broke, two rows become one, and those after it move up.
    assert!(spoilt.iter().filter(|rows| **rows <= 1).count() * 2 > spoilt.len(), "{spoilt:?}");
}

#[test]
fn unsupported_form_is_refused_by_name() {
    let named = |name: &'static str| RareForm::TiffCompression { name };
    let rgb = || fixture("rgb-deflate-strips.tif");
    let cases = [
        (with(rgb(), tag::COMPRESSION, 34_712), named("JPEG 2000")),
        (with(rgb(), tag::COMPRESSION, 34_925), named("LZMA")),
        (with(rgb(), tag::COMPRESSION, 50_001), named("WebP")),
        (with(rgb(), tag::COMPRESSION, 32_809), named("ThunderScan")),
        (with(rgb(), tag::COMPRESSION, 34_661), named("JBIG")),
        (with(rgb(), tag::COMPRESSION, 47_111), RareForm::TiffCompressionNumber { number: 47_111 }),
        (with(rgb(), tag::COMPRESSION, 6), RareForm::TiffOldJpeg),
        (with(rgb(), tag::COLOURS, 4), RareForm::TiffMask),
        (with(fixture("8-bit-signed.tif"), tag::SAMPLE_FORMAT, 5), RareForm::TiffComplexNumbers),
        (with(rgb(), tag::COLOURS, 32_845), RareForm::TiffColours { name: "LogLuv" }),
        (with(rgb(), tag::COLOURS, 4_711), RareForm::TiffColoursNumber { number: 4_711 }),
        (
            with(fixture("rgb-lzw-differences-tiles.tif"), tag::PREDICTOR, 9),
            RareForm::TiffPredictorNumber { number: 9 },
        ),
        (with(fixture("32-bit.tif"), tag::BITS, 24), RareForm::TiffSamples { bits: 24, is_real: false }),
        (with(fixture("float-little.tif"), tag::BITS, 24), RareForm::TiffSamples { bits: 24, is_real: true }),
    ];
    for (bytes, expected) in cases {
        match decoded(&bytes) {
            Err(PictureDefect::UnusualForm { form }) => assert_eq!(form, expected),
            other => panic!("{expected:?}: {other:?}"),
        }
    }
}

#[test]
fn raw_picture_is_not_decoded_by_its_thumbnail() {
    let rgb = || fixture("rgb-deflate-strips.tif");
    // The numbers of a sensor, the mark of a DNG, the compression of Nikon.
    let raws = [
        with(rgb(), tag::COLOURS, 32_803),
        renamed(rgb(), tag::PLANES, tag::RAW_VERSION),
        with(rgb(), tag::COMPRESSION, 34_713),
    ];
    for bytes in raws {
        assert!(matches!(decoded(&bytes), Err(PictureDefect::OtherFormat { format: RAW })));
    }
}

#[test]
fn refused_size_allocates_nothing() {
    let refuse = |bytes: Vec<u8>| {
        let mut asked = None;
        (decode(&bytes, &mut |bytes| asked = Some(bytes)).map(|_| ()), asked)
    };
    for (tag, size) in [(tag::WIDTH, u32::MAX), (tag::HEIGHT, u32::MAX), (tag::WIDTH, 1 << 30)] {
        let (result, asked) = refuse(with(fixture("rgb-lzw-fill-2.tif"), tag, size));
        assert!(matches!(result, Err(PictureDefect::TooManyPixels { .. })), "{result:?}");
        assert_eq!(asked, None);
    }
    let tiles = fixture("rgb-deflate-tiles.tif");
    for (tag, size) in [(tag::TILE_WIDTH, u32::MAX), (tag::TILE_WIDTH, 50_000_000)] {
        let (result, asked) = refuse(with(tiles.clone(), tag, size));
        assert!(result.is_err() && asked.is_none(), "{result:?}");
    }
    let (result, asked) = refuse(with(fixture("rgb-lzw-fill-2.tif"), tag::HEIGHT, 0));
    assert!(matches!(result, Err(PictureDefect::Damaged { .. })) && asked.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_never_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        length in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut names: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let mut bytes = std::fs::read(which.get(&names)).unwrap();
        if let Some(length) = length {
            bytes.truncate(8 + length.index(bytes.len() - 8));
        }
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        // Directories are where most can go wrong.
        if let Ok(decoded) = decoded(&bytes) {
            let (width, height) = decoded.pixels.dimensions();
            prop_assert!(u64::from(width) * u64::from(height) * 3 <= super::super::MOST_MEMORY);
        }
    }

    #[test]
    fn any_directory_never_panics(
        tags in proptest::collection::vec((256u16..340, 1u16..18, 0u32..9, any::<u32>()), 1..20),
        is_small in any::<bool>(),
    ) {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((tags.len() as u16 + 2).to_le_bytes());
        let size = if is_small { 50 } else { 5_000u32 };
        for (tag, kind, count, value) in [(256, 4, 1, size), (257, 4, 1, 40)].into_iter().chain(tags) {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend((if is_small { value % 300 } else { value }).to_le_bytes());
        }
        bytes.extend([0; 64]);
        let _ = decoded(&bytes);
    }
}
