//! Holes in the data of a scan: noughts where a download had claimed its space, or where a disk was recovered. They are
//! codes like others, and may decode without an error.

use memchr::memchr_iter;

use super::markers::{Frame, HUFFMAN_TABLES, Process, SCAN, Scan, Segment};

/// Zero bytes in a row, from a multiple of this on, that make a hole: 256 bits. In a table whose shortest code is a number they
/// fill more than a whole block with the same coefficient.
const HOLE: usize = 32;

/// True where a scan has a run of zero bytes that no encoder writes. Zero bits are the first code of a Huffman table. Where that
/// code ends a block, a plain area may be coded in nothing else, and the scan is passed over; where it is a coefficient, each
/// block of the run would have the same one 63 times.
pub(super) fn has_hole(segments: &[Segment<'_>], frame: &Frame) -> bool {
    let mut shortest = [None; 4];
    segments.iter().any(|segment| match segment.marker {
        HUFFMAN_TABLES => {
            note_shortest(segment.content, &mut shortest);
            false
        }
        SCAN => Scan::in_segment(segment).is_some_and(|scan| {
            let is_number = |symbol: &u8| symbol & 15 != 0;
            let has_numbers = scan
                .components
                .iter()
                .any(|coded| shortest.get(coded.ac).copied().flatten().as_ref().is_some_and(is_number));
            has_numbers && tells_coefficients(&scan, frame) && has_noughts(segment)
        }),
        _ => false,
    })
}

/// True for a scan with codes from a table of coefficients: not for one that refines them bit by bit.
fn tells_coefficients(scan: &Scan, frame: &Frame) -> bool {
    match frame.process {
        Process::Sequential => true,
        Process::Progressive => scan.first > 0 && scan.told_before == 0,
        _ => false,
    }
}

/// The symbol of the first code in each table of coefficients.
fn note_shortest(mut content: &[u8], shortest: &mut [Option<u8>; 4]) {
    while let Some((&which, rest)) = content.split_first() {
        let Some((counts, rest)) = rest.split_at_checked(16) else { return };
        let count = counts.iter().map(|count| usize::from(*count)).sum();
        let Some((symbols, rest)) = rest.split_at_checked(count) else { return };
        if let (1, Some(kept)) = (which >> 4, shortest.get_mut(usize::from(which & 15))) {
            *kept = symbols.first().copied();
        }
        content = rest;
    }
}

fn has_noughts(scan: &Segment<'_>) -> bool {
    let is_end = |at: &usize| !matches!(scan.rest.get(at + 1), Some(0 | 0xd0..=0xd7 | 0xff));
    let length = memchr_iter(0xff, scan.rest).find(is_end).unwrap_or(scan.rest.len());
    scan.rest[..length].chunks_exact(HOLE).any(|bytes| bytes.iter().all(|byte| *byte == 0))
}
