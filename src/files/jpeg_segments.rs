//! The segments of a JPEG, one after the other (ITU-T T.81, annex B).

use memchr::memchr;

/// Start of image, and its end.
pub(super) const START: u8 = 0xd8;
pub(super) const END: u8 = 0xd9;

/// A marker segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'b> {
    pub(super) marker: u8,
    /// The bytes after its length.
    pub(super) content: &'b [u8],
    /// The bytes after it: behind a scan's header, its data.
    pub(super) rest: &'b [u8],
}

/// The next thing in a file.
enum Found<'b> {
    Segment(Segment<'b>),
    End,
}

/// The segments of a file, as far as they can be followed. Markers that stand alone are left out, and zeros that say
/// that a byte of data is no marker.
pub(super) fn segments(bytes: &[u8]) -> Vec<Segment<'_>> {
    let mut rest = bytes;
    let next = std::iter::from_fn(|| match next(&mut rest)? {
        Found::Segment(segment) => Some(segment),
        Found::End => None,
    });
    next.collect()
}

/// True where the segments go on to the end of the picture. A search for its two bytes would find that of the preview
/// inside the EXIF segment.
pub(super) fn reach_the_end(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    std::iter::from_fn(|| next(&mut rest)).any(|found| matches!(found, Found::End))
}

fn next<'b>(rest: &mut &'b [u8]) -> Option<Found<'b>> {
    loop {
        let at = memchr(0xff, rest)?;
        let marker = *rest.get(at + 1)?;
        // Any number of them may come before a marker.
        *rest = &rest[at + if marker == 0xff { 1 } else { 2 }..];
        match marker {
            END => return Some(Found::End),
            0x00 | 0x01 | 0xd0..=START | 0xff => {}
            _ => {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let content = rest.get(2..length)?;
                *rest = &rest[length..];
                return Some(Found::Segment(Segment { marker, content, rest }));
            }
        }
    }
}
