//! A decoded picture, the memory that it may take, and the last steps that every decoder shares.

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use super::need::Size;
use crate::files::defect::PictureDefect;

/// The most pixels of a picture: twice those at which Pillow begins to warn, above which it refuses
/// (`Image.MAX_IMAGE_PIXELS`).
pub const MOST_PIXELS: u64 = 178_956_970;

/// The most bytes that a picture may take while it is decoded.
pub const MOST_MEMORY: u64 = 1300 << 20;

/// A decoded picture: its pixels, and whether the file is whole. A picture that is not is suspect.
#[derive(Debug)]
pub struct Decoded {
    /// Upright, three bytes a pixel.
    pub pixels: RgbImage,
    /// The file reaches its end, and every pixel came from data.
    pub is_whole: bool,
}

impl Decoded {
    /// For decoders that fail on a file which lacks data.
    pub(super) fn whole(pixels: RgbImage) -> Decoded {
        Decoded { pixels, is_whole: true }
    }
}

/// Called once, before decoding, with the most bytes of memory that it may take. It may block until they are free.
pub(in crate::files) type MemoryGrant<'r> = &'r mut dyn FnMut(u64);

/// Claims the memory that a picture needs. Refuses a picture that needs too much before any is allocated.
pub(super) fn claim_memory(size: Size, need: u64, room: MemoryGrant<'_>) -> Result<(), PictureDefect> {
    let Size { width, height, .. } = size;
    match u64::from(width) * u64::from(height) {
        0 => Err(PictureDefect::Damaged { detail: format!("{width}x{height} pixels") }),
        1..=MOST_PIXELS if need <= MOST_MEMORY => {
            room(need);
            Ok(())
        }
        _ => Err(PictureDefect::TooManyPixels { width, height }),
    }
}

pub(super) fn is_turned(orientation: Orientation) -> bool {
    orientation != Orientation::NoTransforms
}

/// Turns and mirrors a picture as its file says.
pub(super) fn upright(pixels: RgbImage, orientation: Orientation) -> RgbImage {
    if orientation == Orientation::NoTransforms {
        return pixels;
    }
    let mut picture = DynamicImage::ImageRgb8(pixels);
    picture.apply_orientation(orientation);
    picture.into_rgb8()
}

/// Turns every pixel of one colour white.
pub(super) fn whiten(pixels: &mut RgbImage, key: [u8; 3]) {
    pixels.pixels_mut().filter(|pixel| pixel.0 == key).for_each(|pixel| pixel.0 = [255; 3]);
}
