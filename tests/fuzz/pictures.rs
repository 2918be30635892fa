//! Pictures: whether a file is whole, and its pixels within the memory that was asked for.

use std::cell::Cell;

use smart_image_sorter::files::decode::decode_within;
use smart_image_sorter::files::defect::PictureDefect;
use smart_image_sorter::files::kind::{Format, Kind};
use smart_image_sorter::files::whole::is_whole;

use super::Fuzz;
use crate::mutated::pictures;

const FORMATS: [Format; 6] = [Format::Jpeg, Format::Png, Format::Gif, Format::WebP, Format::Bmp, Format::Tiff];

/// Marks, chunks and blocks of all formats.
const WORDS: [&[u8]; 18] = [
    b"\xff\xd8",
    b"\xff\xd9",
    b"\xff\xda",
    b"\xff\xc0",
    b"\xff\xc2",
    b"\xff\xc4",
    b"\xff\xdd",
    b"\xff\xd0",
    b"IDAT",
    b"IEND",
    b"PLTE",
    b"tRNS",
    b"\x2c\0\0\0\0",
    b"\x21\xf9\x04",
    b"VP8X",
    b"ALPH",
    b"II*\0",
    b"MM\0*",
];

fn small() -> Vec<Vec<u8>> {
    pictures().into_iter().map(|(_, bytes)| bytes).filter(|bytes| bytes.len() < 4000).collect()
}

/// After its end a picture may have anything: a file that is whole stays so.
#[test]
fn fuzz_whole() {
    Fuzz { name: "fuzz_whole", corpus: small(), words: &WORDS, inputs: 4000 }.run(|input| {
        for format in FORMATS {
            let is_padded = |count: usize| is_whole(&[input, &vec![0xa5; count]].concat(), format);
            // A WebP says its own length, so that it has nothing after its end.
            assert!(!is_whole(input, format) || is_padded(1) && is_padded(1000), "{format:?}");
        }
        (64 << 10) + 8 * input.len() as u64
    });
}

#[test]
fn fuzz_decoders() {
    Fuzz { name: "fuzz_decoders", corpus: small(), words: &WORDS, inputs: 3000 }.run(|input| {
        let asked = Cell::new(0);
        let kind = Kind::of(input, "x.jpg".as_ref());
        let decoded = decode_within(input, kind, &mut |bytes| asked.set(bytes));
        if let Err(PictureDefect::Damaged { detail }) = &decoded {
            assert!(!detail.contains("it panicked"), "{detail}");
        }
        (1 << 20) + 8 * input.len() as u64 + asked.get()
    });
}
