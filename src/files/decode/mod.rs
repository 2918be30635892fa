//! From a file's bytes to upright RGB pixels, as Pillow's `exif_transpose` and `convert("RGB")` make them, within
//! limits that hostile files cannot get past.
//!
//! Alpha is dropped, not composited: the colours under it count. A single transparent colour becomes white instead,
//! because the reference pipeline does that (transformers, `image_transforms.convert_to_rgb`). One thing is not as in
//! Pillow: of 16-bit grey the high byte is taken, where Pillow clips, which turns nearly every such picture white.

mod bmp;
mod decoded;
mod exif;
mod gif;
mod inflated;
mod jpeg;
mod lzw;
mod need;
mod orientation;
mod png;
mod png_rows;
pub mod revision;
mod tags;
mod tiff;

use std::error::Error;
use std::io::{Cursor, ErrorKind};

use image::codecs::webp::WebPDecoder;
use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};

pub use decoded::{Decoded, MOST_MEMORY, MOST_PIXELS};
use decoded::{MemoryGrant, claim_memory, is_turned, upright};
pub use exif::{Exif, exif};
use need::Size;

use super::defect::{PictureDefect, RareForm};
use super::kind::{Format, Kind};
use super::whole::is_whole;
use crate::panics::caught;

/// Decodes a file's content.
pub fn decode(bytes: &[u8], kind: Kind) -> Result<Decoded, PictureDefect> {
    decode_within(bytes, kind, &mut |_| {})
}

/// The same; `room` is called once, before decoding, with the most bytes of memory that it may take, and may block
/// until they are free.
pub fn decode_within(bytes: &[u8], kind: Kind, room: &mut dyn FnMut(u64)) -> Result<Decoded, PictureDefect> {
    match kind {
        Kind::Picture(format) => {
            let decoded = caught(|| decode_format(bytes, format, room))
                .unwrap_or_else(|panicked| Err(PictureDefect::Damaged { detail: panicked.to_string() }));
            match (decoded, is_whole(bytes, format)) {
                (Ok(decoded), is_whole) => Ok(Decoded { is_whole: is_whole && decoded.is_whole, ..decoded }),
                // Some decoders fail on a truncated file: truncation is still its defect.
                (Err(PictureDefect::Damaged { .. }), false) => Err(PictureDefect::Truncated),
                (Err(defect), _) => Err(defect),
            }
        }
        Kind::OtherPicture(format) => Err(PictureDefect::OtherFormat { format }),
        Kind::OnlyNamedLikeOne | Kind::Other if bytes.is_empty() => Err(PictureDefect::Empty),
        Kind::OnlyNamedLikeOne | Kind::Other => Err(PictureDefect::NoPicture),
    }
}

/// Pixels for a small picture on the screen: upright, and at least `side` of them on the longer side where the picture
/// has as many. Within the same limits as [`decode_within`], and quicker where the format allows it; near the exact
/// pixels, not the same. Whether the file is whole is not told.
pub fn decode_small(bytes: &[u8], kind: Kind, side: u32, room: &mut dyn FnMut(u64)) -> Result<RgbImage, PictureDefect> {
    if kind == Kind::Picture(Format::Jpeg)
        && let Ok(Ok(Some(pixels))) = caught(|| jpeg::small::decode(bytes, side, room))
    {
        return Ok(pixels);
    }
    decode_within(bytes, kind, room).map(|decoded| decoded.pixels)
}

fn decode_format(bytes: &[u8], format: Format, room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let reader = Cursor::new(bytes);
    match format {
        Format::Jpeg => jpeg::decode(bytes, room),
        Format::Png => png::decode(bytes, room),
        Format::Gif => gif::decode(bytes, room),
        Format::WebP => {
            let decoder = WebPDecoder::new(reader);
            decode_with(decoder, orientation::of_webp(bytes), |size| need::of_webp(bytes, size), room)
        }
        Format::Bmp => bmp::decode(bytes, room),
        Format::Tiff => tiff::decode(bytes, room),
    }
}

fn decode_with<D: ImageDecoder>(
    decoder: ImageResult<D>,
    orientation: Orientation,
    need: impl FnOnce(Size) -> u64,
    room: MemoryGrant<'_>,
) -> Result<Decoded, PictureDefect> {
    let mut decoder = decoder.map_err(defect_of)?;
    let (width, height) = decoder.dimensions();
    let size = Size { width, height, bytes: decoder.total_bytes(), is_turned: is_turned(orientation) };
    claim_memory(size, need(size), room)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    decoder.set_limits(limits).map_err(defect_of)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(defect_of)?;
    Ok(Decoded::whole(upright(to_rgb(picture), orientation)))
}

/// Three channels of eight bits; of sixteen bits the high byte, as Pillow takes it.
fn to_rgb(picture: DynamicImage) -> RgbImage {
    let high = |value: &u16| (value >> 8) as u8;
    let (width, height) = (picture.width(), picture.height());
    let rgb = match &picture {
        DynamicImage::ImageLuma16(grey) => grey.as_raw().iter().flat_map(|v| [high(v); 3]).collect(),
        DynamicImage::ImageLumaA16(grey) => grey.as_raw().chunks_exact(2).flat_map(|v| [high(&v[0]); 3]).collect(),
        DynamicImage::ImageRgb16(colour) => colour.as_raw().iter().map(high).collect(),
        DynamicImage::ImageRgba16(colour) => {
            colour.as_raw().chunks_exact(4).flat_map(|v| [high(&v[0]), high(&v[1]), high(&v[2])]).collect()
        }
        _ => return picture.into_rgb8(),
    };
    RgbImage::from_raw(width, height, rgb).unwrap_or_default()
}

fn defect_of(error: ImageError) -> PictureDefect {
    let detail = error.to_string();
    match error {
        ImageError::Unsupported(_) => PictureDefect::UnusualForm { form: RareForm::Other { detail } },
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::Unsupported { .. } => PictureDefect::UnusualForm { form: RareForm::Other { detail } },
            _ => PictureDefect::UnusualForm { form: RareForm::TooMuchMemory { detail } },
        },
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => PictureDefect::Truncated,
        error if ends_early(&error) => PictureDefect::Truncated,
        _ => PictureDefect::Damaged { detail },
    }
}

/// True where the decoder wanted more bytes than there are.
fn ends_early(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::UnexpectedEof) || error.source().is_some_and(ends_early)
}
