//! Huffman tables and the bits that they code (ITU-T T.81, annexes C and F).

use std::io;

/// The bits that a table is looked up by. A longer code is looked for length by length.
pub(super) const LOOKED_UP: u8 = 12;

/// A lookup table with an entry for every value of the next bits.
pub(super) type LookUp<T> = [T; 1 << LOOKED_UP];

/// The longest code.
const LONGEST: u8 = 16;

/// The tables and the restart interval in force, as a file's segments have set them.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// Units between two restarts; 0 where there are none.
    pub(super) interval: usize,
}

impl Tables {
    /// Takes the tables of a segment. None where it makes no sense.
    pub(super) fn read(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&which, rest)) = content.split_first() {
            let counts: [u8; 16] = rest.get(..16)?.try_into().ok()?;
            let count = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let symbols = rest.get(16..16 + count)?;
            let tables = if which >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(which & 15))? = Some(Table::new(counts, symbols.to_vec()));
            content = &rest[16 + count..];
        }
        Some(())
    }

    pub(super) fn read_interval(&mut self, content: &[u8]) -> Option<()> {
        self.interval = usize::from(u16::from_be_bytes([*content.first()?, *content.get(1)?]));
        Some(())
    }
}

/// A Huffman table.
pub(super) struct Table {
    /// How many codes there are of each length.
    pub(super) counts: [u8; 16],
    /// In the order of their codes.
    pub(super) symbols: Vec<u8>,
    /// For each beginning of data the symbol of its code and that code's length; 0 where the code is longer.
    looked_up: Box<LookUp<(u8, u8)>>,
}

impl Table {
    pub(super) fn new(counts: [u8; 16], symbols: Vec<u8>) -> Table {
        let mut looked_up = Box::new([(0, 0); 1 << LOOKED_UP]);
        let (mut code, mut at) = (0usize, 0);
        for (length, count) in (1..=LOOKED_UP).zip(counts) {
            for symbol in symbols.iter().skip(at).take(usize::from(count)) {
                let beyond = LOOKED_UP - length;
                if let Some(entries) = looked_up.get_mut(code << beyond..(code + 1) << beyond) {
                    entries.fill((*symbol, length));
                }
                code += 1;
            }
            at += usize::from(count);
            code <<= 1;
        }
        Table { counts, symbols, looked_up }
    }

    /// Reads a symbol. None for bits that are no code.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        match self.looked_up[bits.peek(LOOKED_UP)] {
            (_, 0) => {
                let (symbol, length) = self.longer(bits.peek(LONGEST))?;
                bits.skip(length);
                Some(symbol)
            }
            (symbol, length) => {
                bits.skip(length);
                Some(symbol)
            }
        }
    }

    /// The symbol and the length of the code that begins after this many of the lookup bits.
    pub(super) fn symbol_within(&self, data: usize, after: u8) -> Option<(u8, u8)> {
        let left = LOOKED_UP.checked_sub(after)?;
        let (symbol, length) = self.looked_up[data << after & ((1 << LOOKED_UP) - 1)];
        (1..=left).contains(&length).then_some((symbol, length))
    }

    #[cold]
    fn longer(&self, coded: usize) -> Option<(u8, u8)> {
        let (mut first, mut at) = (0, 0);
        for (length, count) in (1..=LONGEST).zip(self.counts.map(usize::from)) {
            let code = coded >> (LONGEST - length);
            if code < first + count {
                return Some((*self.symbols.get(at + code.checked_sub(first)?)?, length));
            }
            at += count;
            first = (first + count) << 1;
        }
        None
    }
}

/// The bits of a scan's data, up to the next marker and then zeros, as in libjpeg.
#[derive(Clone, Copy)]
pub(super) struct Bits<'d> {
    data: &'d [u8],
    /// The next byte that is not held.
    at: usize,
    /// The first `count` bits of it, from the highest on.
    held: u64,
    count: u32,
    /// Zero bits that were supplied after the end of the data.
    stuffed: u32,
}

impl<'d> Bits<'d> {
    pub(super) fn new(data: &'d [u8]) -> Bits<'d> {
        Bits { data, at: 0, held: 0, count: 0, stuffed: 0 }
    }

    /// Holds more than 32 bits.
    #[inline(always)]
    pub(super) fn fill(&mut self) {
        if self.count > 32 {
            return;
        }
        if let Some(&[one, two, three, four]) = self.data.get(self.at..self.at + 4) {
            let word = u32::from_be_bytes([one, two, three, four]);
            // No byte of it is 255: none overflows when one is added.
            if word & !word.wrapping_add(0x0101_0101) & 0x8080_8080 == 0 {
                self.held |= u64::from(word) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        *self = self.filled_by_bytes();
    }

    /// By value, so that the fields can stay in registers elsewhere.
    #[cold]
    fn filled_by_bytes(mut self) -> Bits<'d> {
        while self.count <= 32 {
            let byte = match self.data.get(self.at..).unwrap_or_default() {
                [0xff, 0, ..] => {
                    self.at += 2;
                    0xff
                }
                [0xff, ..] | [] => {
                    self.count += 32;
                    self.stuffed += 32;
                    return self;
                }
                [byte, ..] => {
                    self.at += 1;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next bits. At least this many must be held.
    #[inline(always)]
    pub(super) fn peek(&self, count: u8) -> usize {
        (self.held >> (64 - u32::from(count))) as usize
    }

    /// Passes over bits that are held: 16 at most.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u8) {
        self.held <<= count;
        self.count -= u32::from(count);
    }

    /// A number of this many bits, at most 16.
    #[inline(always)]
    pub(super) fn number(&mut self, count: u8) -> u32 {
        // A shift by all of the bits is none.
        let number = (self.held >> 1) >> (63 - u32::from(count));
        self.skip(count);
        number as u32
    }

    /// A signed number of this many bits, the first one the sign (F.2.2.1, EXTEND).
    pub(super) fn value(&mut self, size: u8) -> i32 {
        let value = self.number(size) as i32;
        let is_negative = size > 0 && value >> (size - 1) == 0;
        if is_negative { value - (1 << size) + 1 } else { value }
    }

    /// True where more bits were read than there were.
    pub(super) fn is_short(&self) -> bool {
        self.stuffed > self.count
    }

    /// Where the data go on that were not read, not counting bits of a byte that was begun.
    pub(super) fn position(&self) -> usize {
        let mut at = self.at;
        for _ in 0..self.count.saturating_sub(self.stuffed) / 8 {
            at -= if at > 1 && self.data[at - 2..at] == [0xff, 0] { 2 } else { 1 };
        }
        at
    }

    /// Goes on behind the next restart marker, which must be the one of that number.
    pub(super) fn restart(&mut self, number: usize) -> io::Result<()> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let marker = rest.iter().position(|byte| *byte != 0xff);
        match marker.map(|at| (at, rest[at])) {
            Some((at, byte)) if at > 0 && byte == 0xd0 + (number % 8) as u8 => {
                *self = Bits { at: self.at + at + 1, ..Bits::new(self.data) };
                Ok(())
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Passes over all that comes before the next marker. Gives it.
    pub(super) fn pass_to_marker(&mut self) -> &'d [u8] {
        self.pass_to(|after| after != 0)
    }

    /// Passes over the rest of the scan, restarts and all. Gives it.
    pub(super) fn pass_to_end(&mut self) -> &'d [u8] {
        self.pass_to(|after| !matches!(after, 0 | 0xd0..=0xd7 | 0xff))
    }

    /// Passes over all that comes before a byte of ones and one that is asked for.
    fn pass_to(&mut self, is_asked_for: impl Fn(u8) -> bool) -> &'d [u8] {
        let from = self.position();
        let left = &self.data[from..];
        let is_marker = |at: &usize| left.get(at + 1).is_none_or(|after| is_asked_for(*after));
        let length = memchr::memchr_iter(0xff, left).find(is_marker).unwrap_or(left.len());
        *self = Bits { at: from + length, ..Bits::new(self.data) };
        &left[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of two, three and fourteen bits.
    fn table() -> Table {
        let mut counts = [0; 16];
        (counts[1], counts[2], counts[13]) = (1, 1, 2);
        Table::new(counts, vec![7, 8, 9, 10])
    }

    #[test]
    fn symbols_are_read_by_their_codes_and_others_refused() {
        // 00, 010, 01100000000000, 01100000000001, 0111…, which is none.
        let data = [0b0001_0011, 0b0000_0000, 0b0000_1100, 0b0000_0000, 0b1011_1011, 0b1000_0000];
        let mut bits = Bits::new(&data);
        let mut read = || {
            bits.fill();
            table().symbol(&mut bits)
        };
        assert_eq!([read(), read(), read(), read(), read()], [Some(7), Some(8), Some(9), Some(10), None]);
        assert_eq!(bits.position(), 5);
    }

    #[test]
    fn bits_after_a_marker_are_zero() {
        let data = [0xff, 0, 0xa0, 0xff, 0xd0, 0x40, 0xff, 0xff, 0xd1, 0x80, 0xff, 0xd9];
        let mut bits = Bits::new(&data);
        bits.fill();
        assert_eq!((bits.number(12), bits.number(3), bits.is_short()), (0xffa, 0, false));
        assert_eq!((bits.number(1), bits.is_short(), bits.number(1), bits.is_short()), (0, false, 0, true));
        assert!(bits.restart(1).is_err());
        assert!(bits.restart(0).is_ok());
        bits.fill();
        assert_eq!((bits.value(2), bits.position()), (-2, 6));
        assert!(bits.restart(1).is_ok());
        assert_eq!(bits.pass_to_marker(), [0x80]);
        bits.fill();
        assert_eq!((bits.number(0), bits.is_short()), (0, false));
    }
}
