//! Scans of several colours, but not of all, made into scans of one colour each: legal in a sequential JPEG, rare, and
//! not known to the decoder. The coefficients stay as they are, so no pixel changes.

use std::io;

use super::huffman::{Bits, Table, Tables};
use super::markers::{Component, END, Frame, HUFFMAN_TABLES, Process, RESTART_INTERVAL, SCAN, START, Scan, Segment};

/// A block's coefficients, in the order in which they are coded.
type Block = [i16; 64];

/// The sizes that differences of neighbouring blocks are coded by: more than eight bits a sample take.
const SIZES: u8 = 16;

/// True where a file has such scans.
pub(super) fn must_be_split(segments: &[Segment<'_>], frame: &Frame) -> bool {
    let is_partial = |scan: Scan| scan.components.len() > 1 && scan.components.len() < frame.components.len();
    frame.process == Process::Sequential && segments.iter().filter_map(Scan::in_segment).any(is_partial)
}

/// A file with one colour a scan, and whether all of the data was there.
pub(super) struct Split {
    pub(super) bytes: Vec<u8>,
    pub(super) is_whole: bool,
}

/// Makes every scan one of a single colour. None where the file makes no sense.
pub(super) fn split(segments: &[Segment<'_>], frame: &Frame) -> Option<Split> {
    let mut split = Split { bytes: vec![0xff, START], is_whole: true };
    let mut tables = Tables::default();
    for segment in segments {
        match segment.marker {
            HUFFMAN_TABLES => tables.read(segment.content)?,
            RESTART_INTERVAL => tables.read_interval(segment.content)?,
            SCAN => split.scan(&Scan::in_segment(segment)?, segment.rest, frame, &tables)?,
            _ => put_segment(&mut split.bytes, segment.marker, segment.content),
        }
    }
    split.bytes.extend([0xff, END]);
    Some(split)
}

fn put_segment(out: &mut Vec<u8>, marker: u8, content: &[u8]) {
    out.extend([0xff, marker]);
    out.extend((content.len() as u16 + 2).to_be_bytes());
    out.extend(content);
}

impl Split {
    fn scan(&mut self, scan: &Scan, data: &[u8], frame: &Frame, tables: &Tables) -> Option<()> {
        let coded: Vec<(&Component, &Table, &Table)> = scan
            .components
            .iter()
            .map(|coded| {
                let component = frame.components.iter().find(|component| component.id == coded.id)?;
                Some((component, tables.dc.get(coded.dc)?.as_ref()?, tables.ac.get(coded.ac)?.as_ref()?))
            })
            .collect::<Option<_>>()?;
        let mut planes: Vec<Plane> = coded.iter().map(|(component, ..)| Plane::new(frame, component)).collect();
        self.is_whole &= read_planes(&coded, &mut planes, data, frame, tables.interval).is_ok();
        for ((component, _, ac), plane) in coded.iter().zip(&planes) {
            put_segment(&mut self.bytes, HUFFMAN_TABLES, &[&[0][..], &told(&table_of_sizes())].concat());
            put_segment(&mut self.bytes, HUFFMAN_TABLES, &[&[0x10][..], &told(ac)].concat());
            put_segment(&mut self.bytes, SCAN, &[1, component.id, 0, 0, 63, 0]);
            plane.write(ac, &mut self.bytes);
        }
        Some(())
    }
}

/// Reads the units of a scan. An error leaves the rest of the blocks empty.
fn read_planes(
    coded: &[(&Component, &Table, &Table)],
    planes: &mut [Plane],
    data: &[u8],
    frame: &Frame,
    interval: usize,
) -> io::Result<()> {
    let mut bits = Bits::new(data);
    let is_single = coded.len() == 1;
    let (wide, high) = match planes {
        [plane] => (plane.wide, plane.high),
        _ => frame.units(),
    };
    for unit in 0..wide * high {
        if interval > 0 && unit > 0 && unit % interval == 0 {
            bits.restart(unit / interval - 1)?;
            planes.iter_mut().for_each(|plane| plane.before = 0);
        }
        let (x, y) = (unit % wide, unit / wide);
        for ((component, dc, ac), plane) in coded.iter().zip(planes.iter_mut()) {
            let (blocks_across, blocks_down) = if is_single { (1, 1) } else { (component.across, component.down) };
            for block in 0..blocks_across * blocks_down {
                let (column, row) =
                    (x * blocks_across + block % blocks_across, y * blocks_down + block / blocks_across);
                let read = read_block(&mut bits, dc, ac, &mut plane.before)?;
                // Blocks that only fill up a unit are in no scan of one colour.
                if column < plane.wide && row < plane.high {
                    plane.blocks[row * plane.wide + column] = read;
                }
            }
        }
    }
    Ok(())
}

fn read_block(bits: &mut Bits<'_>, dc: &Table, ac: &Table, before: &mut i32) -> io::Result<Block> {
    let mut block = [0; 64];
    bits.fill();
    let size = dc.symbol(bits).filter(|size| *size < SIZES).ok_or(io::ErrorKind::InvalidData)?;
    *before = before.wrapping_add(bits.value(size));
    block[0] = *before as i16;
    let mut at = 1;
    while at < 64 {
        bits.fill();
        let symbol = ac.symbol(bits).ok_or(io::ErrorKind::InvalidData)?;
        match (usize::from(symbol >> 4), symbol & 15) {
            (15, 0) => at += 16,
            (_, 0) => break,
            (noughts, size) => {
                at += noughts;
                let value = bits.value(size) as i16;
                *block.get_mut(at).ok_or(io::ErrorKind::InvalidData)? = value;
                at += 1;
            }
        }
    }
    if bits.is_short() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(block) }
}

/// The blocks of a colour.
struct Plane {
    wide: usize,
    high: usize,
    blocks: Vec<Block>,
    /// The first coefficient of the block before.
    before: i32,
}

impl Plane {
    fn new(frame: &Frame, component: &Component) -> Plane {
        let (wide, high) = frame.blocks(component);
        Plane { wide, high, blocks: vec![[0; 64]; wide * high], before: 0 }
    }

    fn write(&self, ac: &Table, out: &mut Vec<u8>) {
        let (sizes, ac) = (Codes::of(&table_of_sizes()), Codes::of(ac));
        let mut writer = Writer { out, held: 0, count: 0 };
        let mut before = 0;
        for block in &self.blocks {
            writer.coded(&sizes, 0, i32::from(block[0]) - before);
            before = i32::from(block[0]);
            let mut noughts = 0;
            for &value in &block[1..] {
                if value == 0 {
                    noughts += 1;
                    continue;
                }
                while noughts > 15 {
                    writer.put(&ac, 0xf0);
                    noughts -= 16;
                }
                writer.coded(&ac, noughts << 4, i32::from(value));
                noughts = 0;
            }
            if noughts > 0 {
                writer.put(&ac, 0);
            }
        }
        writer.end();
    }
}

/// Of each symbol of a table its code and that one's length; a length of 0 where it has none.
struct Codes(Vec<(u16, u8)>);

impl Codes {
    fn of(table: &Table) -> Codes {
        let mut codes = vec![(0, 0); 256];
        let mut symbols = table.symbols.iter();
        let mut code = 0u32;
        for (length, count) in (1u8..).zip(table.counts) {
            for symbol in symbols.by_ref().take(usize::from(count)) {
                codes[usize::from(*symbol)] = (code as u16, length);
                code += 1;
            }
            code <<= 1;
        }
        Codes(codes)
    }
}

/// A table with a code for every size: differences are others in another order of the blocks.
fn table_of_sizes() -> Table {
    let mut counts = [0; 16];
    counts[4] = SIZES;
    Table::new(counts, (0..SIZES).collect())
}

fn told(table: &Table) -> Vec<u8> {
    [&table.counts[..], &table.symbols].concat()
}

/// Bits that are written.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    held: u64,
    count: u8,
}

impl Writer<'_> {
    fn bits(&mut self, value: u32, count: u8) {
        self.held = self.held << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
        self.held &= (1 << self.count) - 1;
    }

    fn put(&mut self, codes: &Codes, symbol: u8) {
        let (code, length) = codes.0[usize::from(symbol)];
        self.bits(u32::from(code), length);
    }

    /// A number with the symbol of its size.
    fn coded(&mut self, codes: &Codes, above: u8, value: i32) {
        let size = (32 - value.unsigned_abs().leading_zeros()) as u8;
        self.put(codes, above | size.min(SIZES - 1));
        let bits = if value < 0 { value - 1 } else { value } as u32;
        self.bits(bits & ((1 << size.min(SIZES - 1)) - 1), size.min(SIZES - 1));
    }

    fn end(&mut self) {
        if self.count > 0 {
            self.bits((1 << (8 - self.count)) - 1, 8 - self.count);
        }
    }
}
