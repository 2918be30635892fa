//! The rows of a strip or tile, one after the other, whatever they are compressed with.

use std::io::Read;

use crate::files::decode::inflated::{Inflated, Stop};
use crate::files::decode::lzw::Lzw;

/// How much of a row came from data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// All of it.
    Whole,
    /// All of it, some of it made up by the decoder.
    RepairedPng,
    /// This many bytes, then the end of the data.
    Cut(usize),
    /// This many bytes, then invalid data.
    Broken(usize),
}

/// The rows of a strip or tile.
pub(super) trait Rows {
    /// Fills the next row.
    fn fill(&mut self, row: &mut [u8]) -> Filled;

    /// False where the data after the last row show damage. `row` is a buffer for a row.
    fn ends_well(&mut self, _row: &mut [u8]) -> bool {
        true
    }
}

/// Rows that a strip may have behind the last one of its page: writers fill up the last strip.
const MOST_ROWS_BEHIND: usize = 1 << 16;

/// True where only whole rows follow, and then the end: lost or invented bytes in compressed data shift the rest.
fn ends_with_a_row(rows: &mut impl Rows, row: &mut [u8]) -> bool {
    let behind = (0..MOST_ROWS_BEHIND).map(|_| rows.fill(row));
    behind.into_iter().find(|filled| *filled != Filled::Whole) == Some(Filled::Cut(0))
}

/// Rows that lie in the file as they are.
pub(super) struct Stored<'b>(pub(super) &'b [u8]);

impl Rows for Stored<'_> {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        let (begin, rest) = self.0.split_at(row.len().min(self.0.len()));
        row[..begin.len()].copy_from_slice(begin);
        self.0 = rest;
        if begin.len() == row.len() { Filled::Whole } else { Filled::Cut(begin.len()) }
    }
}

/// Rows of a picture that is decoded as a whole.
pub(super) struct Raster {
    pub(super) samples: Vec<u8>,
    pub(super) at: usize,
    /// The decoder had to make some of it up.
    pub(super) is_mended: bool,
}

impl Rows for Raster {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        let mut rest = Stored(self.samples.get(self.at..).unwrap_or_default());
        let filled = rest.fill(row);
        self.at += row.len();
        if filled == Filled::Whole && self.is_mended { Filled::RepairedPng } else { filled }
    }
}

/// Rows that another decoder gives.
struct Stream<R>(R);

impl<R: Read> Rows for Stream<R> {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        let mut at = 0;
        while at < row.len() {
            match self.0.read(&mut row[at..]) {
                Ok(0) => return Filled::Cut(at),
                Ok(read) => at += read,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Filled::Cut(at),
                Err(_) => return Filled::Broken(at),
            }
        }
        Filled::Whole
    }

    fn ends_well(&mut self, row: &mut [u8]) -> bool {
        ends_with_a_row(self, row)
    }
}

/// Rows that are deflated, with a sum of them all at the end.
pub(super) fn deflated(bytes: &[u8]) -> Box<dyn Rows + '_> {
    Box::new(Inflated::new(vec![bytes]))
}

impl Rows for Inflated<'_> {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        match self.fill(row) {
            (_, None) => Filled::Whole,
            (filled, Some(Stop::Broken)) => Filled::Broken(filled),
            (filled, Some(Stop::End | Stop::Cut)) => Filled::Cut(filled),
        }
    }

    fn ends_well(&mut self, row: &mut [u8]) -> bool {
        ends_with_a_row(self, row) && !self.is_broken()
    }
}

pub(super) fn zstd(bytes: &[u8]) -> Box<dyn Rows + '_> {
    match ruzstd::decoding::StreamingDecoder::new(bytes) {
        Ok(decoder) => Box::new(Stream(decoder)),
        Err(_) => Box::new(Nothing),
    }
}

/// Data that are invalid from the beginning.
pub(super) struct Nothing;

impl Rows for Nothing {
    fn fill(&mut self, _: &mut [u8]) -> Filled {
        Filled::Broken(0)
    }
}

/// LZW, with the highest bit of a code first, or, as the first programs wrote it, the lowest.
pub(super) fn lzw(bytes: &[u8]) -> Box<dyn Rows + '_> {
    Box::new(Stream(Lzw::of_tiff(bytes)))
}

/// Runs of equal bytes (TIFF 6.0, section 9).
pub(super) struct PackBits<'b> {
    bytes: &'b [u8],
    /// Bytes that are still to be copied, or times that the next one is to be repeated.
    copies: usize,
    repeats: usize,
}

impl<'b> PackBits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> PackBits<'b> {
        PackBits { bytes, copies: 0, repeats: 0 }
    }

    fn next(&mut self, room: usize) -> Option<(bool, usize)> {
        while self.copies == 0 && self.repeats == 0 {
            let (&header, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            match header.cast_signed() {
                0.. => self.copies = usize::from(header) + 1,
                -128 => {}
                _ => self.repeats = 257 - usize::from(header),
            }
        }
        let is_repeated = self.repeats > 0;
        let left = if is_repeated { self.repeats } else { self.copies.min(self.bytes.len()) };
        (left > 0 && !self.bytes.is_empty()).then_some((is_repeated, left.min(room)))
    }
}

impl Rows for PackBits<'_> {
    fn fill(&mut self, row: &mut [u8]) -> Filled {
        let mut at = 0;
        while at < row.len() {
            let Some((is_repeated, count)) = self.next(row.len() - at) else { return Filled::Cut(at) };
            if is_repeated {
                row[at..at + count].fill(self.bytes[0]);
                self.repeats -= count;
                self.bytes = if self.repeats == 0 { &self.bytes[1..] } else { self.bytes };
            } else {
                let (begin, rest) = self.bytes.split_at(count);
                row[at..at + count].copy_from_slice(begin);
                self.copies -= count;
                self.bytes = rest;
            }
            at += count;
        }
        Filled::Whole
    }

    fn ends_well(&mut self, row: &mut [u8]) -> bool {
        ends_with_a_row(self, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lzw_of(bytes: &[u8]) -> Vec<u8> {
        weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(bytes).unwrap()
    }

    fn deflated_of(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// So many rows, and whether they end well.
    fn read(mut rows: Box<dyn Rows + '_>, count: usize, length: usize) -> (Vec<u8>, bool) {
        let mut row = vec![0; length];
        let mut read = Vec::new();
        for _ in 0..count {
            if rows.fill(&mut row) != Filled::Whole {
                return (read, false);
            }
            read.extend_from_slice(&row);
        }
        (read, rows.ends_well(&mut row))
    }

    #[test]
    fn lzw_row_may_end_with_a_code() {
        for length in [1, 3, 16, 32, 48] {
            for count in 1..80 {
                for step in [0, 1, 7] {
                    let bytes: Vec<u8> = (0..length * count).map(|at| (at / length * step) as u8).collect();
                    assert_eq!(read(lzw(&lzw_of(&bytes)), count, length), (bytes, true), "{length} {count} {step}");
                }
            }
        }
    }

    #[test]
    fn after_the_last_row_only_whole_rows_are_allowed() {
        let bytes: Vec<u8> = (0..1000u32).map(|at| ((at * at) >> 5) as u8).collect();
        for (behind, ends_well) in [(0, true), (1, false), (19, false), (20, true), (50, false), (60, true)] {
            let bytes = &bytes[..400 + behind];
            assert_eq!(read(lzw(&lzw_of(bytes)), 20, 20).1, ends_well, "LZW, {behind}");
            assert_eq!(read(deflated(&deflated_of(bytes)), 20, 20).1, ends_well, "deflated, {behind}");
            let packed =
                bytes.chunks(100).flat_map(|part| [&[part.len() as u8 - 1], part].concat()).collect::<Vec<_>>();
            assert_eq!(read(Box::new(PackBits::new(&packed)), 20, 20).1, ends_well, "PackBits, {behind}");
        }
        // A sum that is wrong.
        let mut packed = deflated_of(&bytes[..400]);
        *packed.last_mut().unwrap() ^= 1;
        assert!(!read(deflated(&packed), 20, 20).1);
    }
}
