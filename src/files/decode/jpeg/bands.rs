//! Passing over the codes of scans that tell a band of coefficients of a progressive file (ITU-T T.81, annex G).

use super::blocks::{Unit, pass_bits};
use super::huffman::{Bits, Table};

/// The coefficients that a scan of a progressive file codes (annex G).
pub(super) struct Band<'t> {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) table: &'t Table,
    /// Of each block the coefficients that are not 0.
    pub(super) known: &'t mut Vec<u64>,
    /// Blocks that come without a code.
    pub(super) run: u32,
}

/// The first scan of coefficients.
pub(super) struct FirstBits<'t>(pub(super) Band<'t>);

impl Unit for FirstBits<'_> {
    #[inline(always)]
    fn pass(&mut self, bits: &mut Bits<'_>, unit: usize) -> Option<()> {
        let band = &mut self.0;
        if band.run > 0 {
            band.run -= 1;
            return Some(());
        }
        let mut at = band.first;
        let mut known = *band.known.get(unit)?;
        let passed = loop {
            if at > band.last {
                break Some(());
            }
            bits.fill();
            let Some(symbol) = band.table.symbol(bits) else { break None };
            match (symbol >> 4, symbol & 15) {
                (15, 0) => at += 16,
                (size, 0) => {
                    band.run = (1 << size) - 1 + bits.number(size);
                    break Some(());
                }
                (noughts, size) => {
                    at += u32::from(noughts);
                    bits.skip(size);
                    known |= 1 << at.min(63);
                    at += 1;
                }
            }
        };
        band.known[unit] = known;
        passed
    }

    fn restart(&mut self) {
        self.0.run = 0;
    }
}

/// A refinement scan: one more bit for each coefficient that is not 0, between the codes of new ones.
pub(super) struct NextBits<'t>(pub(super) Band<'t>);

impl Unit for NextBits<'_> {
    #[inline(always)]
    fn pass(&mut self, bits: &mut Bits<'_>, unit: usize) -> Option<()> {
        let band = &mut self.0;
        let mut known = *band.known.get(unit)?;
        let mut at = band.first;
        // Those that are not passed yet.
        let mut left = known & (u64::MAX >> (63 - band.last)) & (u64::MAX << band.first);
        while band.run == 0 && at <= band.last {
            bits.fill();
            let Some(symbol) = band.table.symbol(bits) else {
                band.known[unit] = known;
                return None;
            };
            let (noughts, size) = (u32::from(symbol >> 4), symbol & 15);
            if size == 0 && noughts < 15 {
                band.run = (1 << noughts) + bits.number(noughts as u8);
                break;
            }
            let sign = u32::from(size > 0);
            let mut passed = 0;
            // The place behind so many zeros.
            at += noughts;
            while left != 0 && left.trailing_zeros() <= at {
                left &= left - 1;
                (at, passed) = (at + 1, passed + 1);
            }
            at = at.min(band.last + 1);
            if sign > 0 {
                known |= 1 << at.min(63);
            }
            at += 1;
            pass_bits(bits, sign + passed);
        }
        if band.run > 0 {
            band.run -= 1;
            if left != 0 {
                pass_bits(bits, left.count_ones());
            }
        }
        band.known[unit] = known;
        Some(())
    }

    fn restart(&mut self) {
        self.0.run = 0;
    }
}
