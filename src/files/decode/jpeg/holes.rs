//! Holes in the data of a scan: noughts where a download had claimed its space, or where a disk was recovered. They are
//! codes like others, and may decode without an error.

use super::markers::{Frame, HUFFMAN_TABLES, Process, SCAN, Scan, Segment, segments};

/// Noughts in a row that make a hole, counted from a multiple of as many: more bits than the longest block has that they can
/// stand for in a picture.
const HOLE: usize = 32;

/// True where a scan has noughts that no picture is coded in. They stand for the shortest code of a table. Where that ends a block,
/// a scan of one colour may be full of them; where it is a number, each block would have the same one 63 times.
pub(super) fn has_hole(bytes: &[u8], frame: &Frame) -> bool {
    let mut shortest = [None; 4];
    segments(bytes).any(|segment| match segment.marker {
        HUFFMAN_TABLES => {
            note_shortest(segment.content, &mut shortest);
            false
        }
        SCAN => Scan::in_segment(&segment).is_some_and(|scan| {
            let is_number = |symbol: &u8| symbol & 15 != 0;
            let has_numbers = scan
                .components
                .iter()
                .any(|coded| shortest.get(coded.ac).copied().flatten().as_ref().is_some_and(is_number));
            has_numbers && tells_coefficients(&scan, frame) && has_noughts(&segment)
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
    let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
    let length = scan.rest.windows(2).position(is_end).unwrap_or(scan.rest.len());
    scan.rest[..length].chunks_exact(HOLE).any(|bytes| bytes.iter().all(|byte| *byte == 0))
}
