//! Reads the codes of every scan without making pixels of them: whether each block had its codes, whether data were
//! left over, and where codes are that are none.
//!
//! A decoder alone does not tell all of that. Zeros in place of data, or a bit that was turned over, are codes like
//! others, and shift every block behind them; in the end data are left that no block takes.

use std::ops::Range;

use super::bands::{Band, FirstBits, NextBits};
use super::blocks::{Blocks, Differences, LastBits, Several, Unit};
use super::holes::has_hole;
use super::huffman::{Bits, Tables};
use super::markers::{Frame, HUFFMAN_TABLES, Process, RESTART_INTERVAL, SCAN, Scan, Segment};

/// Bytes, besides zeros and ones, that may be left over at the end of a scan's data: cameras leave old content in the
/// last word.
const LEFT_OVER: usize = 3;

/// Zeros that may pad data which end in zeros themselves.
const MOST_FILLING: usize = 32;

/// The result of reading the codes of a file.
pub(super) struct Codes {
    /// Every block of every scan had its codes, of real data, and none were left over.
    pub(super) is_whole: bool,
    /// In a progressive file: data from a code that is none to the next marker.
    pub(super) spoiled: Vec<Range<usize>>,
}

/// Reads the codes of the first `most` scans that use Huffman tables.
pub(super) fn read(bytes: &[u8], segments: &[Segment<'_>], frame: &Frame, most: usize) -> Codes {
    let mut reader = Reader { frame, tables: Tables::default(), known: vec![vec![]; frame.components.len()] };
    let mut codes = Codes { is_whole: true, spoiled: vec![] };
    let mut scans = 0;
    for segment in segments {
        // An invalid segment is reported elsewhere.
        match (segment.marker, Scan::in_segment(segment)) {
            (HUFFMAN_TABLES, _) => drop(reader.tables.read(segment.content)),
            (RESTART_INTERVAL, _) => drop(reader.tables.read_interval(segment.content)),
            (SCAN, Some(scan)) if scans < most => {
                scans += 1;
                let data = segment.rest;
                let read = reader.read_scan(&scan, data).unwrap_or_else(|| ScanRead::unknown(data));
                codes.is_whole &= read.is_whole && !has_hole(&scan, frame, &reader.tables, &data[..read.length]);
                if frame.process == Process::Progressive {
                    let from = bytes.len() - data.len();
                    codes.spoiled.extend(read.spoiled.into_iter().map(|range| from + range.start..from + range.end));
                }
            }
            _ => {}
        }
    }
    codes
}

/// The result of reading the codes of one scan, with places from the beginning of its data.
struct ScanRead {
    is_whole: bool,
    length: usize,
    spoiled: Vec<Range<usize>>,
}

impl ScanRead {
    /// The result for a scan that cannot be read here: it counts as complete.
    fn unknown(data: &[u8]) -> ScanRead {
        ScanRead { is_whole: true, length: Bits::new(data).pass_to_marker().len(), spoiled: vec![] }
    }
}

/// The end of the units between two restarts.
#[derive(PartialEq, Eq)]
enum End {
    All,
    /// The data ended before.
    Short,
    /// There was a code that is none.
    Spoiled,
}

/// Reads scan after scan, with the tables in force and the coefficients of the scans before.
struct Reader<'f> {
    frame: &'f Frame,
    tables: Tables,
    /// Of each colour the coefficients of every block that are not 0, a bit each: their last bits are told one by one.
    known: Vec<Vec<u64>>,
}

impl Reader<'_> {
    /// None for a scan of another coding, or whose tables are not there.
    fn read_scan(&mut self, scan: &Scan, data: &[u8]) -> Option<ScanRead> {
        let frame = self.frame;
        let component = |id| frame.components.iter().position(|component| component.id == id);
        let colours = scan.components.iter().map(|coded| component(coded.id)).collect::<Option<Vec<usize>>>()?;
        let (wide, high) = match colours[..] {
            [] => return None,
            [colour] => frame.blocks(&frame.components[colour]),
            _ => frame.units(),
        };
        let units = Units { count: wide * high, interval: self.tables.interval };
        // Each block of a unit, by its colour's place in the scan.
        let blocks = colours.iter().enumerate().flat_map(|(index, colour)| {
            let component = &frame.components[*colour];
            std::iter::repeat_n(index, if colours.len() == 1 { 1 } else { component.across * component.down })
        });
        match frame.process {
            Process::Sequential => self.read_blocks(scan, blocks, &units, data),
            Process::Progressive if scan.first == 0 && scan.told_before == 0 => {
                let table = |index: usize| self.tables.dc.get(scan.components[index].dc)?.as_ref();
                let differences = Differences(blocks.map(table).collect::<Option<_>>()?);
                Some(units.read(data, differences))
            }
            Process::Progressive if scan.first == 0 => Some(units.read(data, LastBits(blocks.count() as u32))),
            Process::Progressive => {
                let [colour] = colours[..] else { return None };
                self.read_band(scan, colour, &units, data)
            }
            _ => None,
        }
    }

    fn read_blocks(
        &self,
        scan: &Scan,
        blocks: impl Iterator<Item = usize>,
        units: &Units,
        data: &[u8],
    ) -> Option<ScanRead> {
        let Tables { dc, ac, .. } = &self.tables;
        let several = [0, 1, 2, 3].map(|which| {
            let is_used = scan.components.iter().any(|coded| coded.ac == which);
            ac[which].as_ref().filter(|_| is_used).map(Several::of)
        });
        let tables = |index: usize| {
            let coded = scan.components[index];
            dc.get(coded.dc)?.as_ref().zip(several.get(coded.ac)?.as_ref())
        };
        let blocks = Blocks(blocks.map(tables).collect::<Option<_>>()?);
        Some(units.read(data, blocks))
    }

    fn read_band(&mut self, scan: &Scan, colour: usize, units: &Units, data: &[u8]) -> Option<ScanRead> {
        let (first, last) = (u32::from(scan.first), u32::from(scan.last));
        let known = &mut self.known[colour];
        let table = self.tables.ac.get(scan.components[0].ac)?.as_ref()?;
        if first > last || last > 63 {
            return None;
        }
        known.resize(units.count, 0);
        let band = Band { first, last, table, known, run: 0 };
        Some(match scan.told_before {
            0 => units.read(data, FirstBits(band)),
            _ => units.read(data, NextBits(band)),
        })
    }
}

/// The units of a scan.
struct Units {
    count: usize,
    /// Units between two restarts; 0 where there are none.
    interval: usize,
}

impl Units {
    fn read(&self, data: &[u8], mut unit: impl Unit) -> ScanRead {
        let mut read = ScanRead { is_whole: true, length: 0, spoiled: vec![] };
        let mut bits = Bits::new(data);
        let interval = if self.interval == 0 { self.count.max(1) } else { self.interval };
        for (number, from) in (0..self.count).step_by(interval).enumerate() {
            if number > 0 && bits.restart(number - 1).is_err() {
                let from = bits.position();
                read.is_whole = false;
                read.spoiled.push(from..from + bits.pass_to_end().len());
                break;
            }
            unit.restart();
            let end = pass_units(&mut bits, from..self.count.min(from + interval), &mut unit);
            read.length = bits.position();
            let is_zero = data[..read.length].ends_with(&[0, 0]);
            let left = bits.pass_to_marker();
            read.is_whole &= end == End::All && !is_left_over(left, is_zero);
            if end == End::Spoiled {
                read.spoiled.push(read.length..read.length + left.len());
            }
        }
        read
    }
}

fn pass_units(bits: &mut Bits<'_>, units: Range<usize>, unit: &mut impl Unit) -> End {
    // Not behind a reference, so that it can stay in registers.
    let mut held = *bits;
    let mut end = End::All;
    for place in units {
        let passed = unit.pass(&mut held, place);
        // A code that needs bits which are not there is none for want of them.
        if held.is_short() {
            end = End::Short;
            break;
        }
        if passed.is_none() {
            end = End::Spoiled;
            break;
        }
    }
    *bits = held;
    end
}

/// True for data that blocks should have used. Many zeros after other zeros count as data.
fn is_left_over(left: &[u8], is_behind_noughts: bool) -> bool {
    let are_noughts_data = is_behind_noughts && left.len() > MOST_FILLING;
    let is_filling = |byte: &&u8| **byte == 0 && !are_noughts_data || **byte == 0xff;
    left.len() - left.iter().rev().take_while(is_filling).count() > LEFT_OVER
}
