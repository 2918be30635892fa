//! PNG, with the transparent colour that the `image` crate does not tell.

use std::io::{BufRead, Cursor, Seek};
use std::mem;

use image::RgbImage;
use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Info, Limits, Transformations};

use super::super::png_chunks::{Chunk, chunks, reach_the_end};
use super::decoded::{Decoded, MOST_MEMORY, MemoryGrant, claim_memory, is_turned, upright, whiten};
use super::need::{self, Size};
use super::orientation;
use super::png_rows::RepairedPng;
use crate::files::defect::{PictureDefect, RareForm};

/// Decodes a PNG. Rows that cannot be unpacked are black.
pub(super) fn decode(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let orientation = orientation::of_png(bytes);
    let mut is_asked = false;
    let mut room = |need| {
        if !mem::replace(&mut is_asked, true) {
            room(need);
        }
    };
    // Of bytes that do not add up to their sum, nobody knows which are wrong. On parts of colours the decoder panics.
    let is_sound = |chunk: Chunk<'_>| chunk.adds_up() && chunk.whole_colours().len() == chunk.content.len();
    // Unpacked data have a checksum of their own, and no pixel depends on the chunks after them.
    let is_known = reach_the_end(bytes) && chunks(bytes).take_while(|chunk| chunk.kind != *b"IDAT").all(is_sound);
    if is_known && chunks(bytes).all(is_sound) {
        match pixels(Cursor::new(bytes), ChecksumCheck::Matter, orientation, &mut room) {
            Err(PictureDefect::Damaged { .. }) => {}
            decoded => return decoded.map(Decoded::whole),
        }
    }
    let mut header = Decoder::new(Cursor::new(bytes));
    let mut mended = RepairedPng::new(bytes, header.read_header_info().map_err(defect_of)?);
    let pixels = pixels(&mut mended, ChecksumCheck::DoNot, orientation, &mut room)?;
    match mended.rows {
        0 => Err(PictureDefect::Damaged { detail: "no row can be unpacked".to_owned() }),
        _ => Ok(Decoded { pixels, is_whole: is_known && mended.is_whole() }),
    }
}

/// Whether bytes have to add up to their sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChecksumCheck {
    Matter,
    DoNot,
}

fn pixels(
    reader: impl BufRead + Seek,
    sums: ChecksumCheck,
    orientation: Orientation,
    room: MemoryGrant<'_>,
) -> Result<RgbImage, PictureDefect> {
    let mut options = DecodeOptions::default();
    options.set_ignore_checksums(sums == ChecksumCheck::DoNot);
    let mut decoder = Decoder::new_with_options(reader, options);
    decoder.set_limits(Limits { bytes: MOST_MEMORY as usize });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = decoder.read_header_info().map_err(defect_of)?.size();
    let mut reader = decoder.read_info().map_err(defect_of)?;
    let length = reader.output_buffer_size().ok_or(PictureDefect::TooManyPixels { width, height })?;
    let size = Size { width, height, bytes: length as u64, is_turned: is_turned(orientation) };
    // Rows as they are in the file: one, and that before it.
    let rows = 2 * reader.info().raw_row_length_from_width(width) as u64;
    claim_memory(size, need::of_png(size) + rows, room)?;
    let mut raw = vec![0; length];
    let frame = reader.next_frame(&mut raw).map_err(defect_of)?;
    let rgb = to_rgb(raw, frame.color_type);
    let mut pixels = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| PictureDefect::Damaged { detail: "the first frame does not fill the picture".to_owned() })?;
    if let Some(key) = colour_key(reader.info()) {
        whiten(&mut pixels, key);
    }
    Ok(upright(pixels, orientation))
}

fn to_rgb(mut raw: Vec<u8>, colour: ColorType) -> Vec<u8> {
    match colour {
        ColorType::Grayscale => raw.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::GrayscaleAlpha => raw.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3]).collect(),
        // In its own place: it may be very large.
        ColorType::Rgba => {
            let pixels = raw.len() / 4;
            (1..pixels).for_each(|pixel| raw.copy_within(4 * pixel..4 * pixel + 3, 3 * pixel));
            raw.truncate(3 * pixels);
            raw
        }
        // Palettes have been expanded.
        ColorType::Rgb | ColorType::Indexed => raw,
    }
}

/// The one colour that is wholly transparent, where there is just one and nothing is partly so. Pillow keeps it beside
/// the pixels only then, and not for grey ones of one bit and of sixteen. Of a key of sixteen bits it takes the low
/// bytes, and of the pixels the high ones.
fn colour_key(info: &Info<'_>) -> Option<[u8; 3]> {
    let transparency = info.trns.as_deref()?;
    match (info.bit_depth, info.color_type) {
        (BitDepth::Sixteen, ColorType::Rgb) => {
            let &[_, red, _, green, _, blue] = transparency else { return None };
            return Some([red, green, blue]);
        }
        (BitDepth::One | BitDepth::Sixteen, colour) if colour != ColorType::Indexed => return None,
        _ => {}
    }
    match info.color_type {
        ColorType::Indexed => {
            let index = transparency.iter().position(|alpha| *alpha == 0)?;
            let others_opaque = transparency.iter().enumerate().all(|(i, alpha)| i == index || *alpha == 255);
            let colour = info.palette.as_deref()?.get(index * 3..index * 3 + 3)?;
            others_opaque.then_some([colour[0], colour[1], colour[2]])
        }
        // Below sixteen bits the decoder keeps one byte a channel.
        ColorType::Grayscale => transparency.first().map(|grey| [*grey; 3]),
        ColorType::Rgb => transparency.try_into().ok(),
        _ => None,
    }
}

fn defect_of(error: DecodingError) -> PictureDefect {
    match error {
        error @ DecodingError::LimitsExceeded => {
            PictureDefect::UnusualForm { form: RareForm::TooMuchMemory { detail: error.to_string() } }
        }
        error => PictureDefect::Damaged { detail: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::decode::MOST_PIXELS;
    use crate::files::png_chunks::SIGNATURE;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/data/decode/whole/{name}.png", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn decoded(bytes: &[u8]) -> Result<Decoded, PictureDefect> {
        decode(bytes, &mut |_| {})
    }

    #[test]
    fn png_with_a_wrong_checksum_loses_no_row() {
        let whole = decoded(&fixture("plain-rgb")).unwrap();
        let suspect = decoded(&fixture("suspect-adler")).unwrap();
        assert!(whole.is_whole && !suspect.is_whole && whole.pixels == suspect.pixels);
    }

    #[test]
    fn png_claims_memory_once_before_the_first_row() {
        // A picture of one row, a pixel too wide, of which nothing more is there.
        let mut bytes = fixture("plain-rgb")[..SIGNATURE.len() + 25].to_vec();
        bytes[16..20].copy_from_slice(&(MOST_PIXELS as u32 + 1).to_be_bytes());
        bytes[20..24].copy_from_slice(&1u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(matches!(decoded(&bytes[..33]), Err(PictureDefect::TooManyPixels { .. })));
        for name in ["plain-rgb", "suspect-adler", "suspect-cut-rgb"] {
            let mut asked = 0;
            decode(&fixture(name), &mut |_| asked += 1).unwrap();
            assert_eq!(asked, 1, "{name}");
        }
    }

    #[test]
    fn partial_palette_entry_is_left_out() {
        let bytes = fixture("plain-palette-4");
        let at = bytes.windows(4).position(|kind| kind == b"PLTE").unwrap() - 4;
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        for more in [1, 2, 3 * 256] {
            let content = [&bytes[at + 4..at + 8 + length], &vec![9; more]].concat();
            let mut crc = flate2::Crc::new();
            crc.update(&content);
            let chunk = [&((length + more) as u32).to_be_bytes()[..], &content, &crc.sum().to_be_bytes()].concat();
            let decoded = decoded(&[&bytes[..at], &chunk, &bytes[at + 12 + length..]].concat()).unwrap();
            assert!(
                !decoded.is_whole && decoded.pixels == super::decode(&bytes, &mut |_| {}).unwrap().pixels,
                "{more}"
            );
        }
    }

    #[test]
    fn png_cut_anywhere_keeps_the_rows_before() {
        let bytes = fixture("plain-rgb");
        let whole = decoded(&bytes).unwrap().pixels;
        for length in (SIGNATURE.len()..bytes.len()).step_by(7) {
            let Ok(part) = decoded(&bytes[..length]) else { continue };
            let same = whole.rows().zip(part.pixels.rows()).take_while(|(a, b)| Iterator::eq(a.clone(), b.clone()));
            let black = part.pixels.rows().rev().take_while(|row| row.clone().all(|pixel| pixel.0 == [0; 3]));
            assert!(!part.is_whole && same.count() + black.count() >= whole.height() as usize, "{length}");
        }
    }
}
