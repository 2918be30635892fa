//! Whether a picture's file is complete. Decoders accept files that were cut off in the middle, and half a picture must
//! not be sorted as if it were one.
//!
//! Only the structure is walked, not the pixels: markers, chunks and blocks up to the end that the format prescribes.
//! Bytes after that end are allowed: cameras and phones add previews and videos there.

use super::kind::Format;
use super::{gif_blocks, jpeg_segments, png_chunks, webp_chunks};

/// More zeros in a row than the end of compressed data has, but where a picture ends in one colour.
const UNLIKELY_NOUGHTS: usize = 64;

/// True where the file reaches the end that its format prescribes. TIFF and BMP have none: their decoders miss what is
/// missing.
pub fn is_whole(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Jpeg => jpeg_segments::reach_the_end(bytes),
        Format::Png => png_chunks::reach_the_end(bytes),
        Format::Gif => gif_blocks::reach_the_end(bytes),
        Format::WebP => webp_ends(bytes).is_some(),
        Format::Bmp | Format::Tiff => true,
    }
}

/// A WebP says its length at the start, and that of each of its chunks. Compressed data does not end in zeros: a
/// download that began by claiming its space does.
fn webp_ends(bytes: &[u8]) -> Option<()> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    let content =
        bytes.get(..length.checked_add(8)?).filter(|content| content.get(12..).is_some_and(webp_chunks::fit))?;
    let end = &content[content.len().saturating_sub(unlikely_noughts(bytes))..];
    end.iter().any(|byte| *byte != 0).then_some(())
}

/// Zeros that a WebP cannot end in, by its size: one for each block. In screenshots with nothing below, a zero
/// stands for 25 blocks and more, but where they were made at quality 100 in haste: there for one and a half.
fn unlikely_noughts(bytes: &[u8]) -> usize {
    let number = |at: usize, width: usize| {
        let bytes = bytes.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (width, height) = match bytes.get(12..16) {
        Some(b"VP8 ") => (number(26, 2) & 0x3fff, number(28, 2) & 0x3fff),
        Some(b"VP8X") => (number(24, 3) + 1, number(27, 3) + 1),
        _ => (0, 0),
    };
    (width.div_ceil(16) * height.div_ceil(16)).max(UNLIKELY_NOUGHTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, RgbImage};
    use proptest::prelude::*;
    use std::io::Cursor;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, (x ^ y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    const FORMATS: [(ImageFormat, Format); 4] = [
        (ImageFormat::Jpeg, Format::Jpeg),
        (ImageFormat::Png, Format::Png),
        (ImageFormat::Gif, Format::Gif),
        (ImageFormat::WebP, Format::WebP),
    ];

    #[test]
    fn file_cut_anywhere_is_incomplete_and_trailing_bytes_are_allowed() {
        for (encoder, format) in FORMATS {
            let mut bytes = encoded(encoder);
            assert!(is_whole(&bytes, format), "{format:?}");
            for length in 0..bytes.len() {
                assert!(!is_whole(&bytes[..length], format), "{format:?} cut to {length} of {}", bytes.len());
            }
            bytes.extend(b"\xff\xd8 a video of the phone's");
            assert!(is_whole(&bytes, format), "{format:?} with something after it");
        }
    }

    #[test]
    fn webp_of_reserved_space_is_incomplete() {
        let mut bytes = encoded(ImageFormat::WebP);
        let end = bytes.len();
        bytes[end / 10..].fill(0);
        assert!(!is_whole(&bytes, Format::WebP));
    }

    #[test]
    fn webp_may_end_in_zeros_as_its_size_allows() {
        let lossy = |width: u16, height: u16, noughts: usize| {
            let data = [&[1; 6][..], &width.to_le_bytes(), &height.to_le_bytes(), &[9; 40], &vec![0; noughts]].concat();
            let chunk = [&b"VP8 "[..], &(data.len() as u32).to_le_bytes(), &data].concat();
            [&b"RIFF"[..], &(chunk.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunk].concat()
        };
        // 68 by 120 blocks, and 20 by 15.
        assert!(is_whole(&lossy(1080, 1920, 8000), Format::WebP) && !is_whole(&lossy(1080, 1920, 8200), Format::WebP));
        assert!(is_whole(&lossy(320, 240, 290), Format::WebP) && !is_whole(&lossy(320, 240, 310), Format::WebP));
    }

    #[test]
    fn end_of_an_exif_preview_is_not_the_end() {
        let jpeg = encoded(ImageFormat::Jpeg);
        let preview = &jpeg[..];
        let length = (preview.len() + 2) as u16;
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1];
        bytes.extend(length.to_be_bytes());
        bytes.extend(preview);
        bytes.extend(&jpeg[2..]);
        assert!(is_whole(&bytes, Format::Jpeg));
        assert!(!is_whole(&bytes[..bytes.len() - 1], Format::Jpeg));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for (_, format) in FORMATS {
                is_whole(&bytes, format);
            }
        }
    }
}
