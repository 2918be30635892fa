//! PNG, with the transparent colour that the `image` crate does not tell.

use std::io::Cursor;

use image::RgbImage;
use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Info, Limits, Transformations};

use super::need::{self, Size};
use super::{MOST_MEMORY, RareForm, Room, Trouble, check_size, upright, whiten};

pub(super) fn decode(bytes: &[u8], room: Room<'_>) -> Result<RgbImage, Trouble> {
    let mut options = DecodeOptions::default();
    // Pixels that do not add up to their checksum are damaged pixels.
    options.set_ignore_adler32(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(Limits { bytes: MOST_MEMORY as usize });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = decoder.read_header_info().map_err(trouble_of)?.size();
    check_size(width, height, u64::from(width) * u64::from(height) * 4)?;
    let mut reader = decoder.read_info().map_err(trouble_of)?;
    let size = reader.output_buffer_size().ok_or(Trouble::TooManyPixels { width, height })?;
    // Which way up it is may be told only after the pixels.
    room(need::of_png(Size { width, height, bytes: size as u64, is_turned: true }));
    let mut raw = vec![0; size];
    let frame = reader.next_frame(&mut raw).map_err(trouble_of)?;
    let rgb = to_rgb(raw, frame.color_type);
    let mut pixels = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| Trouble::Damaged { detail: "the first frame does not fill the picture".to_owned() })?;
    if let Some(key) = colour_key(reader.info()) {
        whiten(&mut pixels, key);
    }
    let exif = reader.info().exif_metadata.as_deref();
    Ok(upright(pixels, exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)))
}

fn to_rgb(raw: Vec<u8>, colour: ColorType) -> Vec<u8> {
    match colour {
        ColorType::Grayscale => raw.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::GrayscaleAlpha => raw.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3]).collect(),
        ColorType::Rgba => raw.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        // Palettes have been expanded.
        ColorType::Rgb | ColorType::Indexed => raw,
    }
}

/// The one colour that is wholly transparent, where there is just one and nothing is partly so. Pillow keeps it beside
/// the pixels only then, and not for one-bit and sixteen-bit pictures.
fn colour_key(info: &Info<'_>) -> Option<[u8; 3]> {
    let transparency = info.trns.as_deref()?;
    if matches!(info.bit_depth, BitDepth::One | BitDepth::Sixteen) && info.color_type != ColorType::Indexed {
        return None;
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
