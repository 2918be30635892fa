//! Whether the marker segments of a JPEG are valid for libjpeg. It refuses a file with others, and our decoder may make
//! anything of one.

use super::markers::{Frame, HUFFMAN_TABLES, RESTART_INTERVAL, SCAN, Scan, Segment};

/// The lowest bit that a progressive scan may tell first, as in libjpeg.
const HIGHEST_BIT: u8 = 13;

/// True where libjpeg would read on after every segment.
pub(super) fn is_sound(segments: &[Segment<'_>], frame: &Frame) -> bool {
    segments.iter().all(|segment| {
        let content = segment.content;
        match segment.marker {
            HUFFMAN_TABLES => are_tables(content),
            // Tables of divisors, of one byte or two each.
            0xdb => are_divisors(content),
            RESTART_INTERVAL => content.len() == 2,
            SCAN => Scan::in_segment(segment).is_some_and(|scan| is_scan(&scan, content, frame)),
            0xc0..=0xc3 | 0xc9..=0xcb => {
                content.len() == 6 + 3 * usize::from(content.get(5).copied().unwrap_or_default())
            }
            // Conditioning of arithmetic codes.
            0xcc => content.chunks(2).all(is_conditioning),
            // A height, what applications and comments say.
            0xdc | 0xe0..=0xef | 0xfe => true,
            _ => false,
        }
    })
}

fn is_scan(scan: &Scan, content: &[u8], frame: &Frame) -> bool {
    let Scan { first, last, told_before, told, .. } = *scan;
    let is_progress = match (first, last) {
        (0, 0) => true,
        (0, _) => false,
        (first, last) => first <= last && last < 64 && scan.components.len() == 1,
    };
    let is_refined = told <= HIGHEST_BIT && (told_before == 0 || told + 1 == told_before);
    content.len() == 4 + 2 * scan.components.len() && (!frame.process.is_progressive() || is_progress && is_refined)
}

/// Codes that fit into their lengths (ITU-T T.81, annex C), and of differences no size above fifteen.
fn are_tables(mut content: &[u8]) -> bool {
    while let Some((&which, rest)) = content.split_first() {
        let Some((counts, rest)) = rest.split_at_checked(16) else { return false };
        let count: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let Some((symbols, rest)) = rest.split_at_checked(count) else { return false };
        let mut codes = 0u32;
        let fit = (1u32..).zip(counts).all(|(length, count)| {
            codes = codes * 2 + u32::from(*count);
            // No code is of ones alone.
            *count == 0 || codes < 1 << length
        });
        let are_sizes = which >> 4 != 0 || symbols.iter().all(|symbol| *symbol <= 15);
        if !fit || !are_sizes || which >> 4 > 1 || which & 15 > 3 || count > 256 {
            return false;
        }
        content = rest;
    }
    true
}

/// Of differences the lower bound is not above the upper one; of coefficients any number will do (F.1.4.4.1,
/// F.1.4.4.2).
fn is_conditioning(entry: &[u8]) -> bool {
    match *entry {
        [0..=15, bounds] => bounds & 15 <= bounds >> 4,
        [16..=31, _] => true,
        _ => false,
    }
}

fn are_divisors(mut content: &[u8]) -> bool {
    while let Some((&which, rest)) = content.split_first() {
        let Some(rest) = rest.get(if which >> 4 == 0 { 64 } else { 128 }..).filter(|_| which & 15 <= 3) else {
            return false;
        };
        content = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::markers::segments;
    use super::*;

    /// A frame of one colour, its table of divisors, two tables of codes, a scan.
    fn file(huffman: &[u8], scan: &[u8], between: &[u8]) -> Vec<u8> {
        let segment = |marker: u8, content: &[u8]| {
            [&[0xff, marker][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat()
        };
        let frame = [8, 0, 8, 0, 8, 1, 1, 0x11, 0];
        let divisors = [&[0][..], &[1; 64]].concat();
        let parts = [segment(0xdb, &divisors), segment(0xc0, &frame), segment(0xc4, huffman), between.to_vec()];
        [&[0xff, 0xd8][..], &parts.concat(), &segment(0xda, scan), &[0xff, 0xd9]].concat()
    }

    fn is_it_sound(bytes: &[u8]) -> bool {
        let segments = segments(bytes);
        is_sound(&segments, &Frame::first(&segments).unwrap())
    }

    #[test]
    fn segments_that_libjpeg_refuses_are_not_sound() {
        let table = |first: u8, counts: &[u8], symbols: &[u8]| {
            let counts = [counts, &vec![0; 16 - counts.len()]].concat();
            [&[first][..], &counts, symbols].concat()
        };
        let (sound, scan) = (table(0, &[1, 1], &[0, 5]), [1, 1, 0, 0, 63, 0]);
        assert!(is_it_sound(&file(&sound, &scan, &[])));
        assert!(is_it_sound(&file(&sound, &scan, b"\xff\xe1\0\x04hi\xff\xfe\0\x02")));
        // A code of ones alone, a size above fifteen, symbols that are not there, a scan that is too long, an unknown
        // marker.
        assert!(!is_it_sound(&file(&table(0, &[2], &[0, 5]), &scan, &[])));
        assert!(!is_it_sound(&file(&table(0, &[1], &[16]), &scan, &[])));
        assert!(is_it_sound(&file(&table(0x10, &[1], &[16]), &scan, &[])));
        assert!(!is_it_sound(&file(&sound[..18], &scan, &[])));
        assert!(!is_it_sound(&file(&sound, &[1, 1, 0, 0, 63, 0, 0], &[])));
        assert!(!is_it_sound(&file(&sound, &scan, b"\xff\xb8\0\x02")));
        // Conditioning of a table that there is not, and with bounds the wrong way round.
        assert!(is_it_sound(&file(&sound, &scan, b"\xff\xcc\0\x06\0\x10\x11\x05")));
        assert!(!is_it_sound(&file(&sound, &scan, b"\xff\xcc\0\x04\x20\x10")));
        assert!(!is_it_sound(&file(&sound, &scan, b"\xff\xcc\0\x04\0\x01")));
    }
}
