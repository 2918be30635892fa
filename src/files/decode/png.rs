//! PNG, with the transparent colour that the `image` crate does not tell.

use std::io::Cursor;

use image::RgbImage;
use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Info, Limits, Transformations};

use super::super::kind::Format;
use super::super::whole::is_whole;
use super::need::{self, Size};
use super::{MOST_MEMORY, RareForm, Room, Trouble, claim, is_turned, orientation, upright, whiten};

/// The chunk at the end of every PNG.
const END: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

pub(super) fn decode(bytes: &[u8], room: Room<'_>) -> Result<RgbImage, Trouble> {
    match is_whole(bytes, Format::Png) {
        true => decode_whole(bytes, room),
        // All of the data may be there, and only the end missing.
        false => decode_whole(&[bytes, &END].concat(), room),
    }
}

fn decode_whole(bytes: &[u8], room: Room<'_>) -> Result<RgbImage, Trouble> {
    let mut options = DecodeOptions::default();
    // Pixels that do not add up to their checksum are damaged pixels.
    options.set_ignore_adler32(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(Limits { bytes: MOST_MEMORY as usize });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = decoder.read_header_info().map_err(trouble_of)?.size();
    let orientation = orientation::of_png(bytes);
    let mut reader = decoder.read_info().map_err(trouble_of)?;
    let length = reader.output_buffer_size().ok_or(Trouble::TooManyPixels { width, height })?;
    let size = Size { width, height, bytes: length as u64, is_turned: is_turned(orientation) };
    claim(size, need::of_png(size), room)?;
    let mut raw = vec![0; length];
    let frame = reader.next_frame(&mut raw).map_err(trouble_of)?;
    let rgb = to_rgb(raw, frame.color_type);
    let mut pixels = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| Trouble::Damaged { detail: "the first frame does not fill the picture".to_owned() })?;
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
/// the pixels only then, and not for grey ones of one bit and of sixteen. Of a key of sixteen bits it takes the low bytes, and of
/// the pixels the high ones.
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

fn trouble_of(error: DecodingError) -> Trouble {
    match error {
        error @ DecodingError::LimitsExceeded => {
            Trouble::UnusualForm { form: RareForm::TooMuchMemory { detail: error.to_string() } }
        }
        error => Trouble::Damaged { detail: error.to_string() },
    }
}
