//! Holes in the data of a scan: zeros where a download had claimed its space, or where a disk was recovered. They are
//! codes like others, and may decode without an error.

use super::huffman::Tables;
use super::markers::{Frame, Process, Scan};

/// Zero bytes in a row, from a multiple of this on, that make a hole: 256 bits. In a table whose shortest code is a
/// number they fill more than a whole block with the same coefficient.
const HOLE: usize = 32;

/// Codes of the same coefficient that no block has in a row. Of a narrow band of a progressive file a slope of
/// brightness may fill every block with two.
const UNLIKELY: usize = 16;

/// True where the data that a scan's blocks were read from have a run of zero bytes that no encoder writes. Zero bits
/// are the first code of a Huffman table. Where that code ends a block, a plain area may be coded in nothing else, and
/// the scan is passed over; where it is a coefficient, each block of the run would be filled with the same one.
/// Arithmetic codes look like chance, and have no such run at all.
pub(super) fn has_hole(scan: &Scan, frame: &Frame, tables: &Tables, data: &[u8]) -> bool {
    let tells_numbers = match frame.process {
        Process::ArithmeticSequential | Process::ArithmeticProgressive => true,
        Process::Sequential => has_numbers(scan, tables, 63),
        // Not one that refines coefficients bit by bit.
        Process::Progressive if scan.first > 0 && scan.told_before == 0 => {
            has_numbers(scan, tables, usize::from(scan.last.saturating_sub(scan.first)) + 1)
        }
        _ => false,
    };
    tells_numbers && data.chunks_exact(HOLE).any(|bytes| bytes.iter().all(|byte| *byte == 0))
}

/// True where the first code of a table is a coefficient, and it takes many to fill a block's `band`.
fn has_numbers(scan: &Scan, tables: &Tables, band: usize) -> bool {
    let first = |which: usize| tables.ac.get(which)?.as_ref()?.symbols.first();
    let fills = |symbol: u8| band.div_ceil(usize::from(symbol >> 4) + 1);
    scan.components
        .iter()
        .filter_map(|coded| first(coded.ac))
        .any(|symbol| symbol & 15 != 0 && fills(*symbol) >= UNLIKELY)
}
