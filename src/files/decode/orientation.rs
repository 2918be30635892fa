//! Which way up a picture is, wherever Pillow finds it: `exif_transpose` asks the EXIF data first, and the XMP text
//! only where that says nothing.

use std::io::Read;

use flate2::read::ZlibDecoder;
use image::metadata::Orientation;

use super::super::png_chunks::{Chunk, chunks};
use super::super::webp_chunks;
use super::tags::{self, NO_ORIENTATION, Order, width_of};

/// The tag of the orientation (TIFF 6.0, section 8).
const ORIENTATION: u16 = 0x0112;

/// Begins EXIF and XMP data in a JPEG's segments.
pub(super) const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The longest text of a PNG that is unpacked, as in Pillow.
const LONGEST_TEXT: u64 = 1 << 20;

/// The places in a file that may tell.
#[derive(Debug, Default)]
struct Told {
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
}

impl Told {
    fn orientation(&self) -> Orientation {
        let in_exif = self.exif.as_deref().and_then(of_exif);
        let number = in_exif.or_else(|| self.xmp.as_deref().and_then(of_xmp)).unwrap_or(1);
        Orientation::from_exif(number).unwrap_or(Orientation::NoTransforms)
    }
}

/// Segments with EXIF data belong together; of those with XMP the last counts. `segments` gives the contents of a
/// JPEG's APP1.
pub(super) fn of_jpeg<'b>(segments: impl Iterator<Item = &'b [u8]>) -> Orientation {
    told_by_jpeg(segments).orientation()
}

/// The EXIF data of a JPEG, by the contents of its APP1.
pub(super) fn exif_of_jpeg<'b>(segments: impl Iterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
    told_by_jpeg(segments).exif
}

fn told_by_jpeg<'b>(segments: impl Iterator<Item = &'b [u8]>) -> Told {
    let mut told = Told::default();
    for content in segments {
        if let Some(exif) = content.strip_prefix(EXIF) {
            told.exif.get_or_insert_default().extend(exif);
        } else if let Some(xmp) = content.strip_prefix(XMP) {
            told.xmp = Some(xmp.to_vec());
        }
    }
    told
}

/// The number in a TIFF's directory, and its XMP text.
pub(super) fn of_tiff(number: Option<u8>, xmp: Option<&[u8]>) -> Orientation {
    let number = number.or_else(|| of_xmp(xmp?)).unwrap_or(1);
    Orientation::from_exif(number).unwrap_or(Orientation::NoTransforms)
}

/// The chunks of a WebP.
pub(super) fn of_webp(bytes: &[u8]) -> Orientation {
    told_by_webp(bytes).orientation()
}

/// The EXIF data of a WebP.
pub(super) fn exif_of_webp(bytes: &[u8]) -> Option<Vec<u8>> {
    told_by_webp(bytes).exif
}

fn told_by_webp(bytes: &[u8]) -> Told {
    let mut told = Told::default();
    let chunks = webp_chunks::chunks(bytes.get(12..).unwrap_or_default());
    for chunk in chunks.take_while(|chunk| chunk.is_whole) {
        match &chunk.kind {
            b"EXIF" => told.exif = Some(chunk.content.to_vec()),
            b"XMP " => told.xmp = Some(chunk.content.to_vec()),
            _ => {}
        }
    }
    told
}

/// The chunks of a PNG, before its data and after it; old ones have EXIF data as text.
pub(super) fn of_png(bytes: &[u8]) -> Orientation {
    told_by_png(bytes).orientation()
}

/// The EXIF data of a PNG.
pub(super) fn exif_of_png(bytes: &[u8]) -> Option<Vec<u8>> {
    told_by_png(bytes).exif
}

fn told_by_png(bytes: &[u8]) -> Told {
    let (mut told, mut as_text) = (Told::default(), None);
    for Chunk { kind, content, .. } in chunks(bytes).filter(Chunk::is_whole) {
        let text = match &kind {
            b"eXIf" => {
                told.exif = Some(content.to_vec());
                None
            }
            b"tEXt" => text(content),
            b"zTXt" => packed_text(content),
            b"iTXt" => international_text(content),
            _ => None,
        };
        match text {
            Some((b"Raw profile type exif", profile)) => as_text = Some(profile),
            Some((b"XML:com.adobe.xmp", xmp)) => told.xmp = Some(xmp),
            _ => {}
        }
    }
    told.exif = told.exif.or_else(|| raw_profile(&as_text?));
    told
}

type Text<'b> = (&'b [u8], Vec<u8>);

/// The bytes before and after the next zero byte.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn text(content: &[u8]) -> Option<Text<'_>> {
    split(content).map(|(key, text)| (key, text.to_vec()))
}

fn packed_text(content: &[u8]) -> Option<Text<'_>> {
    let (key, packed) = split(content)?;
    Some((key, unpacked(packed.strip_prefix(&[0])?)?))
}

fn international_text(content: &[u8]) -> Option<Text<'_>> {
    let (key, rest) = split(content)?;
    let (&[is_packed, method], rest) = rest.split_first_chunk()?;
    let text = split(split(rest)?.1)?.1;
    match (is_packed, method) {
        (0, _) => Some((key, text.to_vec())),
        (_, 0) => Some((key, unpacked(text)?)),
        _ => None,
    }
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    ZlibDecoder::new(packed).take(LONGEST_TEXT + 1).read_to_end(&mut text).ok()?;
    (text.len() as u64 <= LONGEST_TEXT).then_some(text)
}

/// ImageMagick's way: an empty line, the profile's name, its length, and then its bytes in digits.
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').skip(3);
    let digits: Vec<u8> = lines.flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

/// The orientation in EXIF data; the first of several counts. Data with a wrong beginning mean "no orientation",
/// because Pillow stops there.
fn of_exif(data: &[u8]) -> Option<u8> {
    let mut data = data;
    for _ in 0..2 {
        data = data.strip_prefix(EXIF).unwrap_or(data);
    }
    let (order, at) = match *data {
        [] => return None,
        [b'I', b'I', 42, 0, ref at @ ..] | [b'I', b'I', 0, 42, ref at @ ..] => (Order::Little, at),
        // Not as in files, 43 tells no longer numbers here.
        [b'M', b'M', 0, 42 | 43, ref at @ ..] | [b'M', b'M', 42, 0, ref at @ ..] => (Order::Big, at),
        _ => return Some(NO_ORIENTATION),
    };
    let Some(at) = at.get(..4) else { return Some(NO_ORIENTATION) };
    let at = order.number(at) as usize;
    let count = order.number(data.get(at..at.checked_add(2)?)?) as usize;
    (0..count).find_map(|index| {
        let entry = data.get(at + 2 + 12 * index..at + 14 + 12 * index)?;
        (order.number(&entry[..2]) == u64::from(ORIENTATION)).then(|| of_entry(order, entry, data))?
    })
}

fn of_entry(order: Order, entry: &[u8], data: &[u8]) -> Option<u8> {
    let kind = order.number(&entry[2..4]) as u16;
    let length = width_of(kind)?.checked_mul(order.number(&entry[4..8]) as usize)?;
    let values = match length {
        ..=4 => &entry[8..8 + length],
        _ => data.get(order.number(&entry[8..12]) as usize..)?.get(..length)?,
    };
    tags::orientation(order, kind, values)
}

/// The digit after the first `tiff:Orientation="` or `tiff:Orientation>`.
fn of_xmp(text: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    text.windows(NAME.len()).enumerate().filter(|(_, found)| *found == NAME).find_map(|(at, _)| {
        let rest = &text[at + NAME.len()..];
        let digit = rest.strip_prefix(b"=\"").or_else(|| rest.strip_prefix(b">"))?.first()?;
        digit.is_ascii_digit().then(|| digit - b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EXIF data with one entry.
    fn exif(kind: u16, count: u32, value: &[u8], order: Order) -> Vec<u8> {
        let number = |value: u64, width: usize| match order {
            Order::Little => value.to_le_bytes()[..width].to_vec(),
            Order::Big => value.to_be_bytes()[8 - width..].to_vec(),
        };
        let head: &[u8] = if order == Order::Little { b"II*\0" } else { b"MM\0*" };
        let mut data = [head, &number(8, 4), &number(1, 2), &number(u64::from(ORIENTATION), 2)].concat();
        data.extend([number(u64::from(kind), 2), number(u64::from(count), 4)].concat());
        match value.len() {
            ..=4 => data.extend([value, &vec![0; 4 - value.len()]].concat()),
            _ => data.extend([&number(26, 4)[..], &[0; 4], value].concat()),
        }
        data
    }

    #[test]
    fn exif_orientation_is_that_of_the_first_readable_entry() {
        let six = || exif(3, 1, &[6, 0], Order::Little);
        let with_head = |head: &[u8]| [head, &six()[4..]].concat();
        assert_eq!(of_exif(&six()), Some(6));
        assert_eq!(of_exif(&exif(3, 2, &[6, 0, 1, 0], Order::Little)), Some(6));
        assert_eq!(of_exif(&exif(5, 1, &[12, 0, 0, 0, 2, 0, 0, 0], Order::Little)), Some(6));
        assert_eq!(of_exif(&exif(3, 0, &[], Order::Little)), None);
        // The value should be behind the directory, where the data end before.
        assert_eq!(of_exif(&exif(5, 1, &[12, 0, 0, 0, 2], Order::Little)), None);
        assert_eq!(of_exif(&with_head(b"II\0*")), Some(6));
        assert_eq!(of_exif(&with_head(b"II+\0")), Some(0));
        assert_eq!((of_exif(b"II*\0\x08"), of_exif(b"garbage"), of_exif(b"")), (Some(0), Some(0), None));
        let eight = exif(3, 1, &[0, 8], Order::Big);
        for head in [b"MM\0*", b"MM*\0", b"MM\0+"] {
            assert_eq!(of_exif(&[&head[..], &eight[4..]].concat()), Some(8), "{head:?}");
        }
    }

    #[test]
    fn xmp_orientation_counts_without_one_in_exif() {
        let xmp = |text: &[u8]| [XMP, text].concat();
        let segment = |data: Vec<u8>| [EXIF, &data].concat();
        let says_six = xmp(b"<rdf tiff:Orientation=\"6\"/>");
        let of = |segments: &[&[u8]]| of_jpeg(segments.iter().copied());
        assert_eq!(of(&[&says_six]), Orientation::Rotate90);
        assert_eq!(of(&[&xmp(b"<tiff:Orientation>3</tiff:Orientation>")]), Orientation::Rotate180);
        assert_eq!(of(&[&says_six, &segment(exif(3, 1, &[1, 0], Order::Little))]), Orientation::NoTransforms);
        assert_eq!(of(&[&says_six, &segment(exif(99, 1, &[1, 0], Order::Little))]), Orientation::Rotate90);
        // Of two segments the second goes on where the first ends.
        let (six, one) = (exif(3, 1, &[6, 0], Order::Little), exif(3, 1, &[1, 0], Order::Little));
        assert_eq!(of(&[&segment(six), &segment(one)]), Orientation::Rotate90);
    }

    #[test]
    fn png_orientation_is_found_in_each_place() {
        let chunk =
            |kind: &[u8], content: &[u8]| [&(content.len() as u32).to_be_bytes()[..], kind, content, &[0; 4]].concat();
        let png = |chunks: &[Vec<u8>]| of_png(&[&[0; 8][..], &chunks.concat()].concat());
        let six = exif(3, 1, &[6, 0], Order::Little);
        let digits: String = six.iter().map(|byte| format!("{byte:02x}\n")).collect();
        let profile = [b"Raw profile type exif\0\nexif\n      26\n", digits.as_bytes()].concat();
        let data = chunk(b"IDAT", &[1, 2, 3]);
        assert_eq!(png(&[data.clone(), chunk(b"eXIf", &six)]), Orientation::Rotate90);
        assert_eq!(png(&[chunk(b"tEXt", &profile), data.clone()]), Orientation::Rotate90);
        let xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"8\">";
        assert_eq!(png(&[chunk(b"iTXt", xmp), data]), Orientation::Rotate270);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), little in any::<bool>()) {
            of_png(&bytes);
            of_webp(&bytes);
            of_xmp(&bytes);
            of_exif(&[if little { b"II*\0\x08\0\0\0\x01\0" } else { b"MM\0*\0\0\0\x08\0\x01" }, &bytes[..]].concat());
        }
    }
}
