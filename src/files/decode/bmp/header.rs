//! The header of a Windows or OS/2 bitmap: its size, the form of its pixels, where its colours and its data lie.

use crate::files::decode::tags::Order;
use crate::files::defect::{PictureDefect, RareForm};

/// The header of the file, before that of the picture.
const FILE_HEADER: usize = 14;

/// The form of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Numbers of colours in the table, of one to eight bits.
    Indices,
    /// The same, in runs of equal ones. Of each byte of four bits twice.
    Runs { is_half: bool },
    /// Red, green and blue by bit masks, in pixels of two to four bytes.
    Masked([u32; 3]),
}

/// The header of a bitmap, as far as its pixels need it.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The first row is the highest.
    pub(super) is_top_down: bool,
    /// Of a pixel.
    pub(super) bits: usize,
    pub(super) form: Form,
    /// The table of colours.
    pub(super) palette: Vec<[u8; 3]>,
    /// Where the pixels begin.
    pub(super) start: usize,
}

impl Header {
    pub(super) fn of(bytes: &[u8]) -> Result<Header, PictureDefect> {
        let number = |at: usize, width: usize| {
            let bytes = at.checked_add(width).and_then(|end| bytes.get(at..end));
            bytes.map(|bytes| Order::Little.number(bytes) as u32).ok_or(PictureDefect::Truncated)
        };
        let size = number(FILE_HEADER, 4)? as usize;
        let is_core = size == 12;
        // A short header lacks some fields, which are zero then.
        let field = |at: usize| if at + 4 <= size { number(FILE_HEADER + at, 4) } else { Ok(0) };
        let (width, height, bits) = match is_core {
            true => (number(18, 2)?, number(20, 2)?, number(24, 2)?),
            false => (field(4)?, field(8)?, number(28, 2)?),
        };
        let compression = field(16)?;
        let after = FILE_HEADER + size;
        // Masks lie in long headers, and behind short ones.
        let (masks_at, after) = match compression {
            3 if size == 40 => (after, after + 12),
            6 if size == 40 => (after, after + 16),
            _ => (FILE_HEADER + 40, after),
        };
        let form = match (compression, bits) {
            (0, 1 | 2 | 4 | 8) => Form::Indices,
            (1, 8) => Form::Runs { is_half: false },
            (2, 4) => Form::Runs { is_half: true },
            (0, 16) => Form::Masked([0x7c00, 0x3e0, 0x1f]),
            (0, 24 | 32) => Form::Masked([0xff_0000, 0xff00, 0xff]),
            // OS/2 means something else by these numbers.
            (3 | 6, 16 | 24 | 32) if size != 64 => {
                match [number(masks_at, 4)?, number(masks_at + 4, 4)?, number(masks_at + 8, 4)?] {
                    [0, 0, 0] if bits == 32 => Form::Masked([0xff_0000, 0xff00, 0xff]),
                    masks => Form::Masked(masks),
                }
            }
            (0, _) => return Err(PictureDefect::UnusualForm { form: RareForm::BmpBits { bits } }),
            _ => return Err(PictureDefect::UnusualForm { form: RareForm::BmpCompression { number: compression } }),
        };
        let (entry, told) = if is_core { (3, 0) } else { (4, field(32)?) };
        let has_palette = bits <= 8;
        let colours = if told == 0 && has_palette { 1 << bits } else { told as usize };
        let table = if has_palette { entry * colours } else { 0 };
        let palette = bytes.get(after..).unwrap_or_default().chunks_exact(entry).take(colours.min(256));
        let start = match number(10, 4)? as usize {
            0 => after.saturating_add(table),
            // Where the table of colours would be.
            start if start == FILE_HEADER + size => start.saturating_add(table),
            start => start,
        };
        Ok(Header {
            width: i32::try_from(width).map_or(0, i32::unsigned_abs),
            height: if is_core { height } else { height.cast_signed().unsigned_abs() },
            is_top_down: !is_core && height.cast_signed() < 0,
            bits: bits as usize,
            form,
            palette: if has_palette { palette.map(|entry| [entry[2], entry[1], entry[0]]).collect() } else { vec![] },
            start,
        })
    }
}
