//! A JPEG decoded at a fraction of its size, for small pictures on the screen: each block of 8x8 gives 4x4, 2x2 or one
//! pixel, as libjpeg-turbo scales (`scale_num`). Nothing is told of data that are missing, and the pixels are near the
//! exact ones, not the same: they are looked at and never scored.

use image::RgbImage;
use libjpeg_turbo_rs::{DecodeLimits, Decoder, ScalingFactor};

use super::super::decoded::{MOST_PIXELS, MemoryGrant, claim_memory, is_turned, upright};
use super::super::need::{self, Size};
use super::super::orientation;
use super::markers::{APP1, Frame, Process, SCAN, Segment, segments};
use super::{MOST_SCANS, check_form, names, planes, scans, to_rgb};
use crate::files::defect::PictureDefect;

/// The parts of its size that a picture may be scaled to: an eighth, a quarter, a half.
const PARTS: [u32; 3] = [8, 4, 2];

/// The picture with at least `side` pixels on its longer side, where it has them. None for a form that takes the exact
/// way, or where that way has to say what is wrong.
pub(in crate::files::decode) fn decode(
    bytes: &[u8],
    side: u32,
    room: MemoryGrant<'_>,
) -> Result<Option<RgbImage>, PictureDefect> {
    let found = segments(bytes);
    let Some(frame) = Frame::first(&found).filter(|frame| is_usual(bytes, &found, frame)) else { return Ok(None) };
    let longest = frame.width.max(frame.height) as u32;
    let Some(part) = PARTS.into_iter().find(|part| longest >= side * part) else { return Ok(None) };
    let before_scans = found.iter().take_while(|segment| segment.marker != SCAN);
    let app1 = before_scans.filter(|segment| segment.marker == APP1).map(|segment| segment.content);
    let orientation = orientation::of_jpeg(app1);
    let size = Size { is_turned: is_turned(orientation), ..frame.size() };
    let has_scans = found.iter().filter(|segment| segment.marker == SCAN).nth(1).is_some();
    // As much as for the exact way, which may still have to be gone.
    claim_memory(size, need::of_jpeg(frame.samples(), has_scans, bytes.len() as u64, size), room)?;
    Ok(scaled(bytes, part).map(|pixels| upright(pixels, orientation)))
}

/// True for a form that the decoder knows by itself.
fn is_usual(bytes: &[u8], segments: &[Segment<'_>], frame: &Frame) -> bool {
    matches!(frame.process, Process::Sequential | Process::Progressive)
        && check_form(frame).is_ok()
        && matches!(names::unique(bytes, segments, frame), std::borrow::Cow::Borrowed(_))
        && !scans::must_be_split(segments, frame)
        && !planes::is_coarser_than_others(frame)
}

fn scaled(bytes: &[u8], part: u32) -> Option<RgbImage> {
    let limits = DecodeLimits { max_pixels: MOST_PIXELS, max_scans: MOST_SCANS, ..DecodeLimits::default() };
    let mut decoder = Decoder::new_with_limits(bytes, limits).ok()?;
    decoder.set_lenient(true);
    decoder.set_scale(ScalingFactor::try_new(1, part).ok()?);
    let image = decoder.decode_image().ok()?;
    let (width, height) = (u32::try_from(image.width).ok()?, u32::try_from(image.height).ok()?);
    RgbImage::from_raw(width, height, to_rgb(image)?)
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, imageops};

    use super::*;
    use crate::files::decode::decode as decode_exactly;
    use crate::files::kind::{Format, Kind};

    /// Soft shapes, as photographs have.
    fn drawn(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let wave = |at: u32, length: f32| ((at as f32 / length).sin() * 100.0 + 120.0) as u8;
            Rgb([wave(x, 40.0), wave(y, 60.0), wave(x + y, 90.0)])
        })
    }

    fn jpeg(pixels: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(pixels).unwrap();
        bytes
    }

    #[test]
    fn it_is_the_smallest_that_has_the_pixels_and_looks_the_same() {
        let bytes = jpeg(&drawn(1600, 1200));
        let exact = decode_exactly(&bytes, Kind::Picture(Format::Jpeg)).unwrap().pixels;
        for (side, width) in [(200, 200), (201, 400), (320, 400), (500, 800)] {
            let small = decode(&bytes, side, &mut |_| {}).unwrap().unwrap();
            assert_eq!((small.width(), small.height()), (width, width * 3 / 4), "{side}");
            let shrunk = imageops::thumbnail(&exact, small.width(), small.height());
            let off = small.iter().zip(shrunk.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
            let mean = off as f64 / small.len() as f64;
            assert!(mean < 3.0, "{side}: {mean} levels off");
        }
        assert!(decode(&bytes, 1000, &mut |_| {}).unwrap().is_none(), "there is none smaller");
    }

    #[test]
    fn memory_is_asked_for_first() {
        let bytes = jpeg(&drawn(1600, 1200));
        let mut asked = 0;
        decode(&bytes, 200, &mut |bytes| asked = bytes).unwrap();
        assert!(asked >= 1600 * 1200 * 3, "{asked}");
    }

    #[test]
    fn what_is_no_usual_jpeg_goes_the_exact_way() {
        assert!(decode(b"", 200, &mut |_| {}).unwrap().is_none());
        let bytes = jpeg(&drawn(1600, 1200));
        assert!(decode(&bytes[..200], 200, &mut |_| {}).unwrap().is_none_or(|small| small.width() == 200));
    }
}
