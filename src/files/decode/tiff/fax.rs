//! Fax pictures, row after row: modified Huffman, group 3 and group 4 (ITU-T T.4 and T.6; TIFF 6.0, sections 10 and
//! 11). White pixels become zeros.

use super::fax_codes::{LONGEST, OF_BLACK, OF_WHITE, Run};
use super::rows::{Filled, Rows};

/// How the rows of a fax picture are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Modified Huffman, each row from the beginning of a byte or of two.
    Huffman {
        /// Bytes that a row's beginning is a multiple of.
        align: u8,
    },
    /// Group 3, every row by itself or some by the row above.
    Group3 {
        /// A bit after the end of each row says which kind the next is.
        is_two_dimensional: bool,
    },
    /// Group 4.
    Group4,
}

/// Most bits of an end-of-line code are zeros.
const END_OF_LINE_NOUGHTS: u8 = 11;

/// Runs without pixels that a row may have beside the others.
const MOST_EMPTY_RUNS: usize = 64;

/// Bytes behind the last row: the six ends of lines that close a picture of group 3 are ten, and some writers fill up a
/// word.
const MOST_BEHIND: usize = 16;

/// The rows of a fax picture.
pub(super) struct Fax<'b> {
    bits: Bits<'b>,
    coding: Coding,
    width: u32,
    /// Where colours change in the row above and in this one; the first is from white to black.
    above: Vec<u32>,
    changes: Vec<u32>,
    /// The first row of group 3 begins after an end of line: then so do all others.
    has_ends: bool,
    /// A row did not fit between the ends of its lines, or into the width.
    is_odd: bool,
}

impl<'b> Fax<'b> {
    pub(super) fn new(bytes: &'b [u8], coding: Coding, width: u32, is_reversed: bool) -> Fax<'b> {
        let bits = Bits { bytes, at: 0, is_reversed };
        let has_ends = matches!(coding, Coding::Group3 { .. }) && bits.peek(END_OF_LINE_NOUGHTS) == 0;
        Fax { bits, coding, width, above: Vec::new(), changes: Vec::new(), has_ends, is_odd: false }
    }

    /// How the next row is coded; `None` at the end of the picture.
    fn begin_row(&mut self) -> Option<bool> {
        match self.coding {
            Coding::Huffman { align } => self.bits.align(u64::from(align) * 8),
            Coding::Group3 { is_two_dimensional } => return self.begin_group_3_row(is_two_dimensional),
            Coding::Group4 => {}
        }
        (!self.bits.is_at_end()).then_some(self.coding != Coding::Group4)
    }

    /// Skips the end of the previous row. True if the next row is coded by itself; `None` at the end of the picture.
    fn begin_group_3_row(&mut self, is_two_dimensional: bool) -> Option<bool> {
        let mut ends = 0;
        let mut is_by_itself = true;
        if self.has_ends && self.bits.peek(END_OF_LINE_NOUGHTS) != 0 {
            self.is_odd = true;
            self.bits.find_end_of_line();
        }
        while self.bits.skip_end_of_line() {
            ends += 1;
            if is_two_dimensional {
                is_by_itself = self.bits.take(1) == 1;
            }
        }
        // Several in a row end the picture.
        (ends < 2 && !self.bits.is_at_end()).then_some(is_by_itself)
    }

    /// Runs of white and black in turn, up to the width.
    fn row_by_itself(&mut self) -> bool {
        let (mut at, mut is_black) = (0, false);
        while at < self.width {
            let Some(run) = self.run(is_black) else { return false };
            at = self.bounded(at + run);
            if !self.change_at(at) {
                return false;
            }
            is_black = !is_black;
        }
        true
    }

    /// Reads a row coded relative to the row above.
    fn row_by_the_one_above(&mut self) -> bool {
        let (mut at, mut is_black, mut index) = (0, false, 0);
        let mut is_begin = true;
        while at < self.width {
            // The first change above that is right of here and to the other colour.
            while index > 0 && self.above_at(index - 1) > at {
                index -= 1;
            }
            while self.above_at(index) < self.width
                && (self.above_at(index) < at
                    || self.above_at(index) == at && !is_begin
                    || index % 2 != usize::from(is_black))
            {
                index += 1;
            }
            let change = self.above_at(index);
            match self.bits.mode() {
                Some(Mode::Pass) => at = self.above_at(index + 1),
                Some(Mode::Horizontal) => {
                    for colour in [is_black, !is_black] {
                        let Some(run) = self.run(colour) else { return false };
                        at = self.bounded(at + run);
                        if !self.change_at(at) {
                            return false;
                        }
                    }
                }
                Some(Mode::Vertical(by)) => {
                    let Some(next) = change.checked_add_signed(by.into()).filter(|next| *next >= at) else {
                        return false;
                    };
                    at = self.bounded(next);
                    if !self.change_at(at) {
                        return false;
                    }
                    is_black = !is_black;
                }
                None => return false,
            }
            is_begin = false;
        }
        true
    }

    fn above_at(&self, index: usize) -> u32 {
        self.above.get(index).copied().unwrap_or(self.width)
    }

    /// Codes of 64 and more are followed by another.
    fn run(&mut self, is_black: bool) -> Option<u32> {
        let runs: &[Run] = if is_black { &OF_BLACK } else { &OF_WHITE };
        let mut pixels = 0u32;
        loop {
            let run = runs[self.bits.peek(LONGEST) as usize];
            if run.bits == 0 || pixels > self.width {
                return None;
            }
            self.bits.skip(run.bits.into());
            pixels += u32::from(run.pixels);
            if run.pixels < 64 {
                return Some(pixels);
            }
        }
    }

    fn bounded(&mut self, at: u32) -> u32 {
        self.is_odd |= at > self.width;
        at.min(self.width)
    }

    /// False where there are more changes than pixels, which no picture has.
    fn change_at(&mut self, at: u32) -> bool {
        self.changes.push(at);
        self.changes.len() <= self.width as usize + MOST_EMPTY_RUNS
    }

    /// Sets the bits of the black pixels.
    fn paint(&self, row: &mut [u8]) {
        row.fill(0);
        for run in self.changes.chunks(2) {
            let (from, to) = (run[0] as usize, run.get(1).map_or(self.width, |to| *to) as usize);
            if from >= to {
                continue;
            }
            let (first, last) = (from / 8, (to - 1) / 8);
            let (head, tail) = (0xff >> (from % 8), 0xffu8 << (7 - (to - 1) % 8));
            if first == last {
                row[first] |= head & tail;
            } else {
                row[first] |= head;
                row[first + 1..last].fill(0xff);
                row[last] |= tail;
            }
        }
    }

    /// True where the row after a broken one can be found: in group 3 each begins after an end-of-line code. The pixels
    /// read of the broken row stay.
    fn recover(&mut self) -> bool {
        self.changes.truncate(self.changes.len() & !1);
        matches!(self.coding, Coding::Group3 { .. }) && self.bits.find_end_of_line()
    }
}

impl Rows for Fax<'_> {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        std::mem::swap(&mut self.above, &mut self.changes);
        self.changes.clear();
        self.is_odd = false;
        let Some(is_by_itself) = self.begin_row() else { return Filled::Cut(0) };
        let is_whole = if is_by_itself { self.row_by_itself() } else { self.row_by_the_one_above() };
        match is_whole {
            true => {
                self.paint(row);
                if self.is_odd { Filled::RepairedPng } else { Filled::Whole }
            }
            // The code that ends a group 4 picture.
            false if self.changes.is_empty() && self.bits.peek(12) == 1 => Filled::Cut(0),
            false if self.recover() => {
                self.paint(row);
                Filled::RepairedPng
            }
            false => Filled::Broken(0),
        }
    }

    fn ends_well(&mut self, _row: &mut [u8]) -> bool {
        let from = usize::try_from(self.bits.at.div_ceil(8)).unwrap_or(usize::MAX);
        let left = self.bits.bytes.get(from..).unwrap_or_default();
        left.len() - left.iter().rev().take_while(|byte| **byte == 0).count() <= MOST_BEHIND
    }
}

/// How a change of colour is coded relative to the row above.
enum Mode {
    Pass,
    Horizontal,
    Vertical(i8),
}

/// Bits, the highest of a byte first; after the last come zeros.
struct Bits<'b> {
    bytes: &'b [u8],
    /// Of bits.
    at: u64,
    /// The lowest of a byte first.
    is_reversed: bool,
}

impl Bits<'_> {
    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len() as u64 * 8
    }

    fn byte(&self, at: u64) -> u32 {
        let byte = usize::try_from(at).ok().and_then(|at| self.bytes.get(at)).copied().unwrap_or(0);
        u32::from(if self.is_reversed { byte.reverse_bits() } else { byte })
    }

    /// The next bits, at most sixteen.
    fn peek(&self, count: u8) -> u32 {
        let first = self.at / 8;
        let three = self.byte(first) << 16 | self.byte(first + 1) << 8 | self.byte(first + 2);
        (three << (8 + self.at % 8)) >> (32 - u32::from(count))
    }

    fn skip(&mut self, count: u64) {
        self.at += count;
    }

    fn take(&mut self, count: u8) -> u32 {
        let bits = self.peek(count);
        self.skip(count.into());
        bits
    }

    fn align(&mut self, to: u64) {
        self.at = self.at.next_multiple_of(to);
    }

    /// Zeros, at least eleven, and a one.
    fn skip_end_of_line(&mut self) -> bool {
        if self.peek(END_OF_LINE_NOUGHTS) != 0 {
            return false;
        }
        let mut end = Bits { at: self.at + u64::from(END_OF_LINE_NOUGHTS), ..*self };
        while end.peek(1) == 0 {
            if end.is_at_end() {
                return false;
            }
            end.skip(1);
        }
        self.at = end.at + 1;
        true
    }

    /// Goes on to the next end of line, and not past it.
    fn find_end_of_line(&mut self) -> bool {
        while !self.is_at_end() {
            if self.peek(END_OF_LINE_NOUGHTS) == 0 {
                return true;
            }
            self.skip(1);
        }
        false
    }

    fn mode(&mut self) -> Option<Mode> {
        let next = self.peek(7);
        let (mode, bits) = match next {
            0b100_0000.. => (Mode::Vertical(0), 1),
            0b011_0000.. => (Mode::Vertical(1), 3),
            0b010_0000.. => (Mode::Vertical(-1), 3),
            0b001_0000.. => (Mode::Horizontal, 3),
            0b000_1000.. => (Mode::Pass, 4),
            0b000_0110.. => (Mode::Vertical(2), 6),
            0b000_0100.. => (Mode::Vertical(-2), 6),
            0b000_0011 => (Mode::Vertical(3), 7),
            0b000_0010 => (Mode::Vertical(-3), 7),
            _ => return None,
        };
        self.skip(bits);
        Some(mode)
    }
}
