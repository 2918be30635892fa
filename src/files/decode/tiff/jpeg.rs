//! JPEG in the strips and tiles of a TIFF (Adobe's technical note 2), and the one JPEG that old TIFFs are.

use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, PixelFormat};

use super::directory::tag;
use super::form::{Form, damaged, rare};
use super::rows::{Nothing, Raster, Rows};
use super::ycbcr::YCbCr;
use crate::files::decode::jpeg::{MOST_SCANS, has_uneven_colours, is_whole};
use crate::files::defect::{PictureDefect, RareForm};

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

/// The form that one strip or tile is to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct JpegPart<'b> {
    /// Tables that every strip needs, and the file has once.
    pub(super) tables: &'b [u8],
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) samples: usize,
    /// Memory was asked for to decode one that is sent in passes.
    pub(super) may_have_passes: bool,
    /// Samples are brightness and colours, to be made red, green and blue.
    pub(super) is_ycbcr: bool,
}

/// The rows of a strip or tile.
pub(super) fn rows<'b>(bytes: &[u8], wanted: JpegPart<'_>) -> Result<Box<dyn Rows + 'b>, PictureDefect> {
    let stream = stream(bytes, wanted);
    let Ok(mut decoder) = Decoder::new_with_limits(&stream, limits()) else { return Ok(Box::new(Nothing)) };
    let frame = decoder.header();
    if frame.precision != 8 {
        return Err(rare(RareForm::TiffSamples { bits: frame.precision.into(), is_real: false }));
    }
    let fits = u32::from(frame.width) == wanted.width
        && u32::from(frame.height) <= wanted.height
        && frame.components.len() == wanted.samples
        && (wanted.may_have_passes || !frame.is_progressive);
    let format = match wanted.samples {
        1 => PixelFormat::Grayscale,
        3 => PixelFormat::Rgb,
        4 if !wanted.is_ycbcr => PixelFormat::Cmyk,
        count => return Err(rare(RareForm::TiffJpegColours { count })),
    };
    if !fits {
        return Ok(Box::new(Nothing));
    }
    if has_uneven_colours(&stream) {
        return Err(rare(RareForm::JpegUnevenColours));
    }
    decoder.set_output_format(format);
    decoder.set_lenient(true);
    decoder.set_block_smoothing(true);
    Ok(match decoder.decode_image() {
        Ok(image) => {
            let is_mended = image.warnings.iter().any(is_loss) || !bytes.starts_with(&START) || !is_whole(&stream);
            Box::new(Raster { samples: image.data, at: 0, is_mended })
        }
        Err(_) => Box::new(Nothing),
    })
}

fn limits() -> DecodeLimits {
    DecodeLimits { max_scans: MOST_SCANS, ..DecodeLimits::default() }
}

/// True where some of the pixels were made up. Bytes between segments are no loss.
fn is_loss(warning: &DecodeWarning) -> bool {
    !matches!(warning, DecodeWarning::ExtraneousData { .. })
}

/// A JPEG of its own: the tables come before the strip, and the directory, not the strip's markers, tells its colours.
fn stream(bytes: &[u8], wanted: JpegPart<'_>) -> Vec<u8> {
    let transform = u8::from(wanted.is_ycbcr);
    let mut stream = [&START[..], b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0", &[transform]].concat();
    // The tables end with an end marker of their own.
    let tables = wanted.tables.strip_suffix(&END).unwrap_or(wanted.tables);
    for part in [tables, bytes] {
        let mut rest = part.strip_prefix(&START).unwrap_or(part);
        while let [0xff, marker @ (0xc0..=0xcf | 0xdb..=0xfe), high, low, ..] = *rest {
            let length = 2 + usize::from(u16::from_be_bytes([high, low]));
            let (segment, after) = rest.split_at(length.min(rest.len()));
            if !(0xe0..=0xef).contains(&marker) {
                stream.extend_from_slice(segment);
            }
            rest = after;
        }
        // The scans.
        stream.extend_from_slice(rest);
    }
    stream
}

/// True where a JPEG begins like one that is sent in passes (ITU-T T.81, table B.1).
pub(super) fn has_passes(bytes: &[u8]) -> bool {
    const HEADER: usize = 1 << 16;
    bytes[..bytes.len().min(HEADER)].windows(2).any(|pair| matches!(pair, [0xff, 0xc2 | 0xca]))
}

/// The JPEG that an old TIFF keeps whole: where a tag tells, or as its only strip.
pub(super) fn old_stream<'b>(form: &Form<'b>) -> Option<&'b [u8]> {
    let directory = form.directory;
    let only_strip = || directory.list(tag::STRIP_OFFSETS).filter(|strips| strips.len() == 1)?.get(0);
    let offsets = [directory.number(tag::OLD_JPEG_OFFSET), only_strip()];
    let from = |offset: u64| usize::try_from(offset).ok().and_then(|offset| directory.bytes.get(offset..));
    offsets.into_iter().flatten().filter_map(from).find(|bytes| bytes.starts_with(&START))
}

/// The rows of the whole page, in red, green and blue, or in grey.
pub(super) fn old_rows<'b>(
    bytes: &[u8],
    form: &Form<'_>,
    colours: Option<YCbCr>,
) -> Result<Box<dyn Rows + 'b>, PictureDefect> {
    let (width, height) = (form.width as usize, form.height as usize);
    let Ok(mut decoder) = Decoder::new_with_limits(bytes, limits()) else { return Ok(Box::new(Nothing)) };
    let frame = decoder.header();
    if frame.precision != 8 {
        return Err(rare(RareForm::TiffSamples { bits: frame.precision.into(), is_real: false }));
    }
    if usize::from(frame.width) != width || !(height..height + 16).contains(&usize::from(frame.height)) {
        return Err(damaged("a JPEG of another size than its page"));
    }
    if decoder.header().is_progressive && !has_passes(bytes) {
        return Ok(Box::new(Nothing));
    }
    decoder.set_lenient(true);
    let Ok((raw, warnings)) = decoder.decode_raw_with_warnings() else { return Ok(Box::new(Nothing)) };
    let is_mended = warnings.iter().any(is_loss) || !is_whole(bytes);
    let samples = match (colours, &raw.planes[..]) {
        (Some(colours), [_, _, _]) => {
            let tables = colours.tables();
            let (most_across, most_down) = (raw.plane_widths.iter().max(), raw.plane_heights.iter().max());
            let (Some(most_across), Some(most_down)) = (most_across, most_down) else { return Ok(Box::new(Nothing)) };
            // Colours of fewer points are repeated.
            let at = |plane: usize, x: usize, y: usize| {
                let x = x * raw.plane_widths[plane] / most_across;
                let y = y * raw.plane_heights[plane] / most_down;
                raw.planes[plane].get(y * raw.plane_widths[plane] + x).copied().unwrap_or(0)
            };
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            pixels.flat_map(|(x, y)| tables.rgb(at(0, x, y), at(1, x, y), at(2, x, y))).collect()
        }
        (None, [grey]) => {
            let row = raw.plane_widths[0];
            grey.chunks_exact(row.max(1)).take(height).flat_map(|row| row[..width.min(row.len())].to_vec()).collect()
        }
        _ => return Err(rare(RareForm::TiffOldJpeg)),
    };
    Ok(Box::new(Raster { samples, at: 0, is_mended }))
}
