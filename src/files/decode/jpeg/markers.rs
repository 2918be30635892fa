//! The headers of a JPEG: of its frame, and of its scans (ITU-T T.81, annex B).

use super::super::need::Size;
pub(super) use crate::files::jpeg_segments::{END, START, Segment, segments};

/// Start of scan, and tables.
pub(super) const SCAN: u8 = 0xda;
pub(super) const HUFFMAN_TABLES: u8 = 0xc4;
pub(super) const RESTART_INTERVAL: u8 = 0xdd;
/// EXIF and XMP data.
pub(super) const APP1: u8 = 0xe1;
/// The frame of another format, which has JPEG's other markers (ITU-T T.87).
pub(super) const JPEG_LS: u8 = 0xf7;

/// How a frame is coded, by its marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    Sequential,
    Progressive,
    Lossless,
    /// The same with arithmetic coding.
    ArithmeticSequential,
    ArithmeticProgressive,
    ArithmeticLossless,
    /// Frames that refine others.
    Hierarchical,
}

impl Process {
    fn of(marker: u8) -> Option<Process> {
        Some(match marker {
            0xc0 | 0xc1 => Process::Sequential,
            0xc2 => Process::Progressive,
            0xc3 => Process::Lossless,
            0xc9 => Process::ArithmeticSequential,
            0xca => Process::ArithmeticProgressive,
            0xcb => Process::ArithmeticLossless,
            0xc5..=0xc7 | 0xcd..=0xcf => Process::Hierarchical,
            _ => return None,
        })
    }

    pub(super) fn is_progressive(self) -> bool {
        matches!(self, Process::Progressive | Process::ArithmeticProgressive)
    }
}

/// A colour of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// How many blocks wide and high it is in each unit.
    pub(super) across: usize,
    pub(super) down: usize,
}

/// The header of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) process: Process,
    /// Bits a sample.
    pub(super) precision: u8,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
}

impl Frame {
    /// The first frame of a file.
    pub(super) fn first(segments: &[Segment<'_>]) -> Option<Frame> {
        segments.iter().find_map(Frame::in_segment)
    }

    /// True for a marker that a frame begins with.
    pub(super) fn is_marked_by(marker: u8) -> bool {
        Process::of(marker).is_some()
    }

    fn in_segment(segment: &Segment<'_>) -> Option<Frame> {
        let process = Process::of(segment.marker)?;
        let &[precision, high, low, wide, narrow, count, ref rest @ ..] = segment.content else { return None };
        let component = |entry: &[u8]| Component {
            id: entry[0],
            across: usize::from(entry[1] >> 4),
            down: usize::from(entry[1] & 15),
        };
        let components: Vec<Component> = rest.chunks_exact(3).take(usize::from(count)).map(component).collect();
        let is_sound = |component: &Component| (1..=4).contains(&component.across) && (1..=4).contains(&component.down);
        (components.len() == usize::from(count) && !components.is_empty() && components.iter().all(is_sound)).then(
            || Frame {
                process,
                precision,
                width: usize::from(u16::from_be_bytes([wide, narrow])),
                height: usize::from(u16::from_be_bytes([high, low])),
                components,
            },
        )
    }

    /// The most blocks of a colour in a unit, across and down.
    pub(super) fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|component| component.across), most(|component| component.down))
    }

    /// Units across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.most();
        (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down))
    }

    /// Blocks of a colour across and down, without padding blocks.
    pub(super) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.most();
        let blocks = |points: usize, own: usize, most: usize| (points * own).div_ceil(most).div_ceil(8);
        (blocks(self.width, component.across, across), blocks(self.height, component.down, down))
    }

    /// Samples of all colours, in whole units.
    pub(super) fn samples(&self) -> u64 {
        let (across, down) = self.units();
        let units = across as u64 * down as u64;
        let blocks: usize = self.components.iter().map(|component| component.across * component.down).sum();
        units * blocks as u64 * 64
    }

    /// Its pixels in three colours.
    pub(super) fn size(&self) -> Size {
        let (width, height) = (self.width as u32, self.height as u32);
        let bytes = self.components.len().max(1) as u64 * u64::from(width) * u64::from(height);
        Size { width, height, bytes, is_turned: true }
    }
}

/// The header of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) components: Vec<Coded>,
    /// The first and the last coefficient that it has.
    pub(super) first: u8,
    pub(super) last: u8,
    /// The bit down to which they were told before, 0 where they were not, and are now.
    pub(super) told_before: u8,
    pub(super) told: u8,
}

/// A colour in a scan, with the numbers of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coded {
    pub(super) id: u8,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

impl Scan {
    pub(super) fn in_segment(segment: &Segment<'_>) -> Option<Scan> {
        let (&count, rest) = segment.content.split_first().filter(|_| segment.marker == SCAN)?;
        let (entries, rest) = rest.split_at_checked(2 * usize::from(count))?;
        let &[first, last, told, ..] = rest else { return None };
        let coded =
            |entry: &[u8]| Coded { id: entry[0], dc: usize::from(entry[1] >> 4), ac: usize::from(entry[1] & 15) };
        let components = entries.chunks_exact(2).map(coded).collect();
        Some(Scan { components, first, last, told_before: told >> 4, told: told & 15 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_and_scans_are_found_between_other_markers() {
        let frame = [0xff, 0xc2, 0, 17, 8, 0, 20, 0, 30, 3, 1, 0x21, 0, 2, 0x11, 1, 3, 0x11, 1];
        let scan = [0xff, 0xda, 0, 10, 2, 1, 0x01, 3, 0x10, 0, 5, 0x21];
        let comment = [0xff, 0xff, 0xfe, 0, 4, 0xff, 0xc0];
        let bytes =
            [&[0xff, 0xd8][..], &comment, &frame, &scan, &[1, 0xff, 0, 2, 0xff, 0xd0, 3], &[0xff, 0xd9]].concat();
        let segments = segments(&bytes);
        let found: Vec<u8> = segments.iter().map(|segment| segment.marker).collect();
        assert_eq!(found, [0xfe, 0xc2, 0xda]);
        let frame = Frame::first(&segments).unwrap();
        assert_eq!((frame.process, frame.width, frame.height, frame.most()), (Process::Progressive, 30, 20, (2, 1)));
        // Two units of 16 across, three of 8 down; four blocks in each.
        assert_eq!(frame.samples(), 2 * 3 * 4 * 64);
        let scan = segments.iter().find_map(Scan::in_segment).unwrap();
        assert_eq!((scan.first, scan.last, scan.told_before, scan.told), (0, 5, 2, 1));
        assert_eq!(scan.components, [Coded { id: 1, dc: 0, ac: 1 }, Coded { id: 3, dc: 1, ac: 0 }]);
    }
}
