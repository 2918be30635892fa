//! Repairs a PNG whose data are damaged or end early: every row that can be unpacked, and zeros for the rest, as
//! Pillow leaves them.

use std::io::{BufRead, Error, ErrorKind, Read, Result, Seek, SeekFrom};

use png::Info;

use super::super::png_chunks::{SIGNATURE, chunks};
use super::inflated::{Inflated, Stop};

/// The most bytes of a block that is not compressed (RFC 1951, section 3.2.4).
const LONGEST_BLOCK: usize = 0xffff;

/// The number of row filters. The first byte of a row is its filter.
const FILTERS: u8 = 5;

/// Where each pass of an interlaced picture begins, and its steps: across and down.
const PASSES: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// A reader of the repaired PNG, one row in memory at a time. All its checksums are zero.
pub(super) struct RepairedPng<'b> {
    /// Rows to come: how many, and how long each is.
    passes: Vec<(u32, usize)>,
    packed: Inflated<'b>,
    row: Vec<u8>,
    /// How much of the row was put into blocks.
    done: usize,
    /// Rows that came from data.
    pub(super) rows: u64,
    /// All of them did so far.
    is_whole: bool,
    /// The bytes made last, and how many of them have been read.
    made: Vec<u8>,
    at: usize,
    is_ended: bool,
}

impl<'b> RepairedPng<'b> {
    /// `info` holds the fields of the file's first chunk.
    pub(super) fn new(bytes: &'b [u8], info: &Info<'_>) -> RepairedPng<'b> {
        let before = || chunks(bytes).take_while(|chunk| chunk.kind != *b"IDAT");
        let last = |kind: &[u8; 4]| before().filter(|chunk| chunk.kind == *kind && chunk.is_whole()).last();
        let mut made = SIGNATURE.to_vec();
        for chunk in [before().next(), last(b"PLTE"), last(b"tRNS")].into_iter().flatten() {
            append(&mut made, &chunk.kind, chunk.whole_colours());
        }
        // What the rows are compressed with (RFC 1950, section 2.2).
        append(&mut made, b"IDAT", &[0x78, 0x01]);
        let data = chunks(bytes).skip_while(|chunk| chunk.kind != *b"IDAT").take_while(|chunk| chunk.kind == *b"IDAT");
        let packed = Inflated::new(data.map(|chunk| chunk.content).collect());
        let passes = passes(info);
        RepairedPng { passes, packed, row: Vec::new(), done: 0, rows: 0, is_whole: true, made, at: 0, is_ended: false }
    }

    /// True where every row came from data with a matching checksum.
    pub(super) fn is_whole(&mut self) -> bool {
        self.is_whole && self.packed.fill(&mut [0]) == (0, Some(Stop::End))
    }

    /// The next chunk: one block that is not compressed, or the end.
    fn make(&mut self) {
        self.at = 0;
        self.made.clear();
        if self.done == self.row.len() && !self.unpack_row() {
            self.is_ended = true;
            append(&mut self.made, b"IDAT", &[1, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
            return append(&mut self.made, b"IEND", &[]);
        }
        let block = &self.row[self.done..(self.done + LONGEST_BLOCK).min(self.row.len())];
        let length = block.len() as u16;
        let block = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat();
        self.done += usize::from(length);
        append(&mut self.made, b"IDAT", &block);
    }

    /// Unpacks the next row, or fills it with zeros. False after the last row.
    fn unpack_row(&mut self) -> bool {
        let Some((left, length)) = self.passes.last_mut() else { return false };
        self.row.resize(*length, 0);
        self.done = 0;
        *left -= 1;
        if *left == 0 {
            self.passes.pop();
        }
        self.is_whole = self.is_whole && self.packed.fill(&mut self.row).1.is_none() && self.row[0] < FILTERS;
        if self.is_whole {
            self.rows += 1;
        } else {
            self.row.fill(0);
        }
        true
    }
}

fn append(made: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    made.extend((content.len() as u32).to_be_bytes());
    made.extend(kind);
    made.extend(content);
    made.extend([0; 4]);
}

/// Of each pass, the last first, how many rows it has, and how long they are.
fn passes(info: &Info<'_>) -> Vec<(u32, usize)> {
    let (width, height) = info.size();
    let of_pass = |[x, y, across, down]: [u32; 4]| {
        let size = |side: u32, from: u32, step: u32| side.saturating_sub(from).div_ceil(step);
        (size(height, y, down), size(width, x, across))
    };
    let sizes = if info.interlaced { PASSES.map(of_pass).to_vec() } else { vec![(height, width)] };
    let with_pixels = sizes.into_iter().rev().filter(|(rows, columns)| *rows > 0 && *columns > 0);
    with_pixels.map(|(rows, columns)| (rows, info.raw_row_length_from_width(columns))).collect()
}

impl Read for RepairedPng<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let mut made = self.fill_buf()?;
        let read = made.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for RepairedPng<'_> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.at == self.made.len() && !self.is_ended {
            self.make();
        }
        Ok(&self.made[self.at..])
    }

    fn consume(&mut self, read: usize) {
        self.at += read;
    }
}

/// The decoder asks for it, and does without.
impl Seek for RepairedPng<'_> {
    fn seek(&mut self, _: SeekFrom) -> Result<u64> {
        Err(Error::from(ErrorKind::Unsupported))
    }
}
