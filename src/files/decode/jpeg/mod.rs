//! JPEG, to the last bit as libjpeg-turbo decodes it, which is what Pillow uses: the same transform, the same enlarging
//! of colours, the same belief about which colours they are.
//!
//! The decoder is libjpeg-turbo in Rust. Two forms that are legal and rare it does not know: scans of several colours
//! but not of all ([`scans`]), and colours that are finer than the brightness ([`planes`]).

mod bands;
mod blocks;
mod entropy;
mod holes;
mod huffman;
mod markers;
mod names;
mod planes;
mod progress;
mod scans;
pub(super) mod small;
mod syntax;

use std::borrow::Cow;
use std::ops::Range;

use image::RgbImage;
use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, Image, JpegError, PixelFormat};

use super::decoded::{Decoded, MOST_PIXELS, MemoryGrant, claim_memory, is_turned, upright};
use super::need::{self, Size};
use super::orientation;
use crate::files::defect::{PictureDefect, RareForm};
use markers::{APP1, Frame, JPEG_LS, Process, SCAN, Segment, segments};

/// The most scans that are decoded: encoders make a dozen, and each may take as long as the whole picture.
pub(super) const MOST_SCANS: usize = 500;

/// How often data are left out behind codes that are none: a scan that ends early spoils those that refine it, and
/// encoders refine three times at most.
const MOST_SPOILED: usize = 8;

pub(super) fn decode(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let found = segments(bytes);
    let frame = Frame::first(&found).ok_or_else(|| match found.iter().any(|segment| segment.marker == JPEG_LS) {
        true => PictureDefect::OtherFormat { format: "JPEG-LS" },
        false => damaged("no frame"),
    })?;
    match names::unique(bytes, &found, &frame) {
        Cow::Borrowed(_) => decode_frame(bytes, &found, frame, room),
        Cow::Owned(named) => {
            let found = segments(&named);
            let frame = Frame::first(&found).ok_or_else(|| damaged("no frame"))?;
            decode_frame(&named, &found, frame, room)
        }
    }
}

fn decode_frame(
    bytes: &[u8],
    segments: &[Segment<'_>],
    frame: Frame,
    room: MemoryGrant<'_>,
) -> Result<Decoded, PictureDefect> {
    check_form(&frame)?;
    let before_scans = segments.iter().take_while(|segment| segment.marker != SCAN);
    let app1 = before_scans.filter(|segment| segment.marker == APP1).map(|segment| segment.content);
    let orientation = orientation::of_jpeg(app1);
    let size = Size { is_turned: is_turned(orientation), ..frame.size() };
    let has_scans = segments.iter().filter(|segment| segment.marker == SCAN).nth(1).is_some();
    claim_memory(size, need::of_jpeg(frame.samples(), has_scans, bytes.len() as u64, size), room)?;
    let must_be_split = scans::must_be_split(segments, &frame);
    let split = must_be_split.then(|| scans::split(segments, &frame).ok_or_else(|| damaged("a scan"))).transpose()?;
    let (readable, has_codes) = readable(bytes, segments, &frame);
    let is_whole = has_codes && is_complete(segments, &frame) && split.as_ref().is_none_or(|split| split.is_whole);
    let decoded = decode_known(split.as_ref().map_or(&readable, |split| &split.bytes), &frame)?;
    Ok(Decoded { pixels: upright(decoded.pixels, orientation), is_whole: is_whole && decoded.is_whole })
}

/// True where every block of a JPEG inside another file has its codes, and its segments make sense.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let segments = segments(bytes);
    Frame::first(&segments).is_some_and(|frame| {
        is_complete(&segments, &frame) && entropy::read(bytes, &segments, &frame, MOST_SCANS).is_whole
    })
}

/// True for a JPEG inside another file whose colours are finer than its brightness, or do not fit into each other.
pub(super) fn has_uneven_colours(bytes: &[u8]) -> bool {
    Frame::first(&segments(bytes)).is_some_and(|frame| planes::is_coarser_than_others(&frame) || !planes::fit(&frame))
}

fn is_complete(segments: &[Segment<'_>], frame: &Frame) -> bool {
    progress::is_complete(segments, frame) && syntax::is_sound(segments, frame)
}

/// The file without data behind codes that are none, which the decoder takes for scans that end early: of a progressive
/// picture with such it would give nothing. And whether each block had its codes.
fn readable<'b>(bytes: &'b [u8], segments: &[Segment<'b>], frame: &Frame) -> (Cow<'b, [u8]>, bool) {
    let mut codes = entropy::read(bytes, segments, frame, MOST_SCANS);
    let is_whole = codes.is_whole;
    let mut readable = Cow::Borrowed(bytes);
    // Scans that refine one that ends early have other codes than they were made for.
    for _ in 0..MOST_SPOILED {
        if codes.spoiled.is_empty() {
            break;
        }
        readable = Cow::Owned(without(&readable, &codes.spoiled));
        codes = entropy::read(&readable, &markers::segments(&readable), frame, MOST_SCANS);
    }
    (readable, is_whole)
}

fn without(bytes: &[u8], left_out: &[Range<usize>]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for range in left_out {
        kept.extend_from_slice(&bytes[from..range.start]);
        from = range.end;
    }
    kept.extend_from_slice(&bytes[from..]);
    kept
}

/// Refuses forms that Pillow does not decode either.
fn check_form(frame: &Frame) -> Result<(), PictureDefect> {
    let unusual = |form| Err(PictureDefect::UnusualForm { form });
    match (frame.process, frame.precision, frame.components.len()) {
        (Process::Hierarchical, ..) => unusual(RareForm::JpegHierarchical),
        (Process::ArithmeticLossless, ..) => unusual(RareForm::JpegArithmeticLossless),
        (_, 12 | 16, _) | (Process::Lossless, 2..=7 | 9..=16, _) => {
            unusual(RareForm::JpegSamples { bits: frame.precision.into() })
        }
        (_, _, 2 | 5..) => unusual(RareForm::JpegColours { count: frame.components.len() }),
        _ if frame.height == 0 => unusual(RareForm::JpegLateHeight),
        _ if frame.process != Process::Lossless && !planes::fit(frame) => unusual(RareForm::JpegUnevenColours),
        _ => Ok(()),
    }
}

fn decode_known(bytes: &[u8], frame: &Frame) -> Result<Decoded, PictureDefect> {
    let limits = DecodeLimits { max_pixels: MOST_PIXELS, max_scans: MOST_SCANS, ..DecodeLimits::default() };
    let mut decoder = Decoder::new_with_limits(bytes, limits).map_err(defect_of)?;
    decoder.set_lenient(true);
    decoder.set_block_smoothing(true);
    let (width, height) = (frame.width as u32, frame.height as u32);
    let (rgb, is_whole) = match planes::is_coarser_than_others(frame) {
        true => {
            let space = decoder.jpeg_color_space();
            let (raw, warnings) = decoder.decode_raw_with_warnings().map_err(defect_of)?;
            (planes::to_rgb(frame, &raw, space), !warnings.iter().any(leaves_pixels_out))
        }
        false => {
            let image = decoder.decode_image().map_err(defect_of)?;
            let is_whole = !image.warnings.iter().any(leaves_pixels_out);
            (to_rgb(image), is_whole)
        }
    };
    let pixels = rgb.and_then(|rgb| RgbImage::from_raw(width, height, rgb));
    Ok(Decoded { pixels: pixels.ok_or_else(|| damaged("too few pixels"))?, is_whole })
}

/// True for a warning that pixels did not come from data. Bytes between segments are none: they belong to no pixel.
fn leaves_pixels_out(warning: &DecodeWarning) -> bool {
    !matches!(warning, DecodeWarning::ExtraneousData { .. })
}

fn to_rgb(image: Image) -> Option<Vec<u8>> {
    match image.pixel_format {
        PixelFormat::Rgb => Some(image.data),
        PixelFormat::Grayscale => Some(image.data.iter().flat_map(|grey| [*grey; 3]).collect()),
        PixelFormat::Cmyk => {
            Some(image.data.chunks_exact(4).flat_map(|ink| ink_to_rgb([ink[0], ink[1], ink[2], ink[3]])).collect())
        }
        _ => None,
    }
}

/// Inks are kept as what they leave of the light, as Adobe does, whether or not that is told: Pillow takes it so. From
/// there to red, green and blue as in its `cmyk2rgb`.
fn ink_to_rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let left = |ink: u8| {
        let product = u32::from(255 - ink) * u32::from(black) + 128;
        black - ((((product >> 8) + product) >> 8) as u8).min(black)
    };
    [left(cyan), left(magenta), left(yellow)]
}

fn damaged(detail: &str) -> PictureDefect {
    PictureDefect::Damaged { detail: detail.to_owned() }
}

fn defect_of(error: JpegError) -> PictureDefect {
    let detail = error.to_string();
    match error {
        JpegError::UnexpectedEof => PictureDefect::Truncated,
        JpegError::Unsupported(_) | JpegError::LimitExceeded { .. } | JpegError::AllocationFailed { .. } => {
            PictureDefect::UnusualForm { form: RareForm::Other { detail } }
        }
        _ => PictureDefect::Damaged { detail },
    }
}
