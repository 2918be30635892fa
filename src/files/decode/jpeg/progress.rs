//! Whether the scans of a progressive JPEG are complete. A file that was cut between two scans, and then got an end
//! marker, decodes without an error.

use super::markers::{Frame, Scan, Segment};

/// The coefficients of a block.
const COEFFICIENTS: usize = 64;

/// A bit that no scan has coded yet.
const UNTOLD: u8 = u8::MAX;

/// True where every colour is in a scan and, in a progressive picture, every coefficient that was begun has its last
/// bit. The brightness must have all coefficients; colours may lack fine ones.
pub(super) fn is_complete(segments: &[Segment<'_>], frame: &Frame) -> bool {
    let mut told = vec![[UNTOLD; COEFFICIENTS]; frame.components.len()];
    for scan in segments.iter().filter_map(Scan::in_segment) {
        for coded in &scan.components {
            let index = frame.components.iter().position(|component| component.id == coded.id);
            let Some(told) = index.and_then(|index| told.get_mut(index)) else { continue };
            let range = usize::from(scan.first)..=usize::from(scan.last).min(COEFFICIENTS - 1);
            match frame.process.is_progressive() {
                true => range.for_each(|coefficient| told[coefficient] = scan.told),
                false => told.fill(0),
            }
        }
    }
    let is_told = |(index, told): (usize, &[u8; COEFFICIENTS])| {
        let may_be_untold = |coefficient: usize| index > 0 && coefficient > 0;
        let is_told = |(coefficient, bit): (usize, &u8)| match *bit {
            0 => true,
            UNTOLD => may_be_untold(coefficient),
            _ => false,
        };
        told.iter().enumerate().all(is_told)
    };
    told.iter().enumerate().all(is_told)
}
