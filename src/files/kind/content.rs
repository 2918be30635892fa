//! Formats by their first bytes.

use super::boxes;
use super::format::{Format, RAW};

/// First bytes of other picture formats, long enough to be no chance.
const MAGIC: [(&[u8], &str); 24] = [
    (b"8BPS\0\x01\0\0\0\0\0\0", "Photoshop"),
    (b"8BPS\0\x02\0\0\0\0\0\0", "Photoshop"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE\n", "Radiance HDR"),
    (b"#?RGBE\n", "Radiance HDR"),
    (b"DDS \x7c\0\0\0", "DDS"),
    (b"gimp xcf", "GIMP"),
    // Canon before and after its CR3, Fujifilm, Minolta, Olympus, Panasonic and Leica, Phase One, Sigma, ARRI.
    (b"II\x1a\0\0\0HEAPCCDR", RAW),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"\0MRM", RAW),
    (b"\0MRI", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),
    (b"IIIITwaR", RAW),
    (b"IIIIwaR", RAW),
    (b"MMMMRaw", RAW),
    (b"FOVb", RAW),
    (b"ARRI\x12\x34\x56\x78", RAW),
];

/// Where the header of a TIFF by Canon or Phase One says that it is a raw picture.
const RAW_TIFF: [&[u8]; 4] = [b"CR\x02", b"IIII", b"MMMM", b"\xba\xb0\xac\xbb"];

/// The decoded format that begins like this.
pub(super) fn decoded(start: &[u8]) -> Option<Format> {
    match start {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] if !is_cgbi(start) => Some(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] if !is_raw_tiff(start) => Some(Format::Tiff),
        // Some programs write a number of two bytes the wrong way round, here alone.
        [b'I', b'I', 0, 42, ..] | [b'M', b'M', 42, 0, ..] => Some(Format::Tiff),
        // Two letters are little to go by: the size of the header that follows, in four bytes, is one of a few.
        [b'B', b'M', ..] if matches!(start.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) => {
            Some(Format::Bmp)
        }
        _ => None,
    }
}

/// The other format that begins like this, told by enough of it.
pub(super) fn other_format(start: &[u8]) -> Option<&'static str> {
    if is_cgbi(start) {
        return Some("CgBI PNG");
    }
    if is_raw_tiff(start) {
        return Some(RAW);
    }
    let magic = || MAGIC.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name);
    boxes::format(start).or_else(magic).or_else(|| icon(start)).or_else(|| is_qoi(start).then_some("QOI"))
}

/// A format that begins like this, as other files may too.
pub(super) struct Hint {
    pub(super) format: &'static str,
    /// Files without an extension are counted as pictures by it.
    pub(super) is_enough_without_a_name: bool,
}

/// The format that a file with the name of a picture has, by bytes that alone would say too little.
pub(super) fn hinted(start: &[u8]) -> Option<Hint> {
    let weak = |format| Some(Hint { format, is_enough_without_a_name: false });
    match start {
        [0xff, 0x0a, ..] => Some(Hint { format: "JPEG XL", is_enough_without_a_name: true }),
        [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', b'#' | b'0'..=b'9' | b'W', ..] => weak("PNM"),
        [b'%', b'P', b'D', b'F', b'-', ..] => weak("PDF"),
        [b'%', b'!', b'P', b'S', ..] | [0xc5, 0xd0, 0xd3, 0xc6, ..] => weak("EPS"),
        [b'i', b'c', b'n', b's', ..] => weak("ICNS"),
        _ if start.windows(4).any(|letters| letters == b"<svg") && is_markup(start) => weak("SVG"),
        _ if is_tga(start) => weak("TGA"),
        _ => None,
    }
}

/// Apple's own kind of PNG, made for the programs of its telephones: its pixels are not as the standard has them.
fn is_cgbi(start: &[u8]) -> bool {
    start.starts_with(b"\x89PNG\r\n\x1a\n") && start.get(12..16) == Some(b"CgBI")
}

fn is_raw_tiff(start: &[u8]) -> bool {
    matches!(start, [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..])
        && start.get(8..).is_some_and(|rest| RAW_TIFF.iter().any(|raw| rest.starts_with(raw)))
}

fn is_markup(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    [&b"<?xml"[..], b"<svg", b"<!--", b"<!DOCTYPE svg"].iter().any(|begin| text.starts_with(begin))
}

/// Icons and cursors begin with bytes that many files begin with: what their first entry says must make sense.
fn icon(start: &[u8]) -> Option<&'static str> {
    let short = |at: usize| start.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let long = |at: usize| Some(u64::from(short(at)?) | u64::from(short(at + 2)?) << 16);
    let (reserved, kind, count) = (short(0)?, short(2)?, short(4)?);
    let (width, height, entry_reserved) = (*start.get(6)?, *start.get(7)?, *start.get(9)?);
    let (length, offset) = (long(14)?, long(18)?);
    let side = |size: u8| if size == 0 { 256 } else { u16::from(size) };
    let is_directory = reserved == 0 && (1..=512).contains(&count);
    // Some programs fill up the byte of an entry that is to be zero.
    let is_entry = matches!(entry_reserved, 0 | 255) && length >= 16 && offset >= 6 + 16 * u64::from(count);
    let depths = [0, 1, 2, 4, 8, 16, 24, 32];
    match kind {
        1 if is_directory && is_entry && short(10)? <= 1 && depths.contains(&short(12)?) => Some("ICO"),
        2 if is_directory && is_entry && short(10)? < side(width) && short(12)? < side(height) => Some("CUR"),
        _ => None,
    }
}

/// A width, a height, the channels and the colour space.
fn is_qoi(start: &[u8]) -> bool {
    start.starts_with(b"qoif") && matches!(start.get(12..14), Some([3 | 4, 0 | 1]))
}

/// A TGA has no first bytes of its own, only a header of which each number is one of a few.
fn is_tga(start: &[u8]) -> bool {
    let Some(&[_, colour_map, kind, _, _, map_low, map_high, map_depth, _, _, _, _, w0, w1, h0, h1, depth, flags]) =
        start.first_chunk::<18>()
    else {
        return false;
    };
    let has_size = (w0 | w1) != 0 && (h0 | h1) != 0;
    let has_map = colour_map == 1 && matches!(map_depth, 15 | 16 | 24 | 32) && (map_low | map_high) != 0;
    let has_none = colour_map == 0 && map_depth == 0 && (map_low | map_high) == 0;
    let fits = match kind {
        1 | 9 => has_map && matches!(depth, 8 | 16),
        2 | 10 => (has_map || has_none) && matches!(depth, 15 | 16 | 24 | 32),
        3 | 11 => has_none && matches!(depth, 8 | 16),
        _ => false,
    };
    has_size && fits && flags & 0xc0 == 0
}
