//! Pictures: whether a file is whole, and its pixels within the memory that was asked for.

use std::cell::Cell;

use smart_image_sorter::files::decode::decode_within;
use smart_image_sorter::files::defect::PictureDefect;
use smart_image_sorter::files::kind::{Format, Kind};
use smart_image_sorter::files::whole::is_whole;

use super::{Answer, Fuzz};
use crate::mutated::pictures;

/// Formats that have an end.
const FORMATS: [Format; 4] = [Format::Jpeg, Format::Png, Format::Gif, Format::WebP];

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
        let is_padded = |format, count: usize| is_whole(&[input, &vec![0xa5; count]].concat(), format);
        let whole: Vec<Format> = FORMATS.into_iter().filter(|format| is_whole(input, *format)).collect();
        for format in &whole {
            assert!(is_padded(*format, 1) && is_padded(*format, 1000), "{format:?}");
        }
        Answer::of(!whole.is_empty(), input, 8, 1)
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
        let answer = Answer::of(decoded.is_ok(), input, 8, 1);
        Answer { right: answer.right + asked.get(), ..answer }
    });
}
