//! Passing over the codes of blocks: of whole ones, and of their first coefficients alone (ITU-T T.81, annexes F and
//! G).

use super::huffman::{Bits, LOOKED_UP, LookUp, Table};

/// The codes of one unit after another.
pub(super) trait Unit {
    /// Passes over the codes of a unit. None for a code that is none.
    fn pass(&mut self, bits: &mut Bits<'_>, unit: usize) -> Option<()>;

    /// Forgets the units before.
    fn restart(&mut self) {}
}

/// The differences of the first coefficients of blocks to those before.
pub(super) struct Differences<'t>(pub(super) Vec<&'t Table>);

impl Unit for Differences<'_> {
    #[inline(always)]
    fn pass(&mut self, bits: &mut Bits<'_>, _: usize) -> Option<()> {
        self.0.iter().try_for_each(|table| pass_difference(bits, table))
    }
}

#[inline(always)]
fn pass_difference(bits: &mut Bits<'_>, table: &Table) -> Option<()> {
    bits.fill();
    let size = table.symbol(bits)?;
    bits.skip(size.min(16));
    Some(())
}

/// One more bit of the first coefficients of this many blocks.
pub(super) struct LastBits(pub(super) u32);

impl Unit for LastBits {
    #[inline(always)]
    fn pass(&mut self, bits: &mut Bits<'_>, _: usize) -> Option<()> {
        pass_bits(bits, self.0);
        Some(())
    }
}

#[inline(always)]
pub(super) fn pass_bits(bits: &mut Bits<'_>, mut count: u32) {
    while count > 0 {
        bits.fill();
        let some = count.min(32);
        bits.skip(some as u8);
        count -= some;
    }
}

/// All coefficients of blocks.
pub(super) struct Blocks<'t>(pub(super) Vec<(&'t Table, &'t Several<'t>)>);

impl Unit for Blocks<'_> {
    #[inline(always)]
    fn pass(&mut self, bits: &mut Bits<'_>, _: usize) -> Option<()> {
        self.0.iter().try_for_each(|(dc, ac)| {
            pass_difference(bits, dc)?;
            ac.pass_block(bits)
        })
    }
}

/// A table of coefficients, with which the codes of several can be passed over at once.
pub(super) struct Several<'t> {
    table: &'t Table,
    /// For each start of data: how many bits its complete codes take and how many coefficients they cover, zeros
    /// included. No bits where the first code does not fit.
    passed: Box<LookUp<Passed>>,
}

/// Codes that are passed over at once.
#[derive(Clone, Copy, Default)]
struct Passed {
    bits: u8,
    coefficients: u8,
    is_end: bool,
}

impl<'t> Several<'t> {
    pub(super) fn of(table: &'t Table) -> Several<'t> {
        let mut passed = Box::new([Passed::default(); 1 << LOOKED_UP]);
        for (data, passed) in passed.iter_mut().enumerate() {
            while let Some((symbol, length)) = table.symbol_within(data, passed.bits) {
                let (run, size) = (symbol >> 4, symbol & 15);
                passed.bits += length + size;
                match size {
                    0 if run < 15 => {
                        passed.is_end = true;
                        break;
                    }
                    0 => passed.coefficients += 16,
                    _ => passed.coefficients += run + 1,
                }
            }
        }
        Several { table, passed }
    }

    /// Passes over the coefficients of a block but the first. None for a code that is none.
    #[inline(always)]
    fn pass_block(&self, bits: &mut Bits<'_>) -> Option<()> {
        let mut at = 1;
        while at < 64 {
            bits.fill();
            let passed = self.passed[bits.peek(LOOKED_UP)];
            if passed.bits > 0 && at + u32::from(passed.coefficients) < 64 {
                bits.skip(passed.bits);
                at += u32::from(passed.coefficients);
                if passed.is_end {
                    break;
                }
                continue;
            }
            // One by one, where the block may end among them.
            let symbol = self.table.symbol(bits)?;
            match (u32::from(symbol >> 4), symbol & 15) {
                (15, 0) => at += 16,
                (_, 0) => break,
                (run, size) => {
                    bits.skip(size);
                    at += run + 1;
                }
            }
        }
        Some(())
    }
}
