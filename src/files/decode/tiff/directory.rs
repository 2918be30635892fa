//! The directory of a TIFF's page: what stands behind each tag (TIFF 6.0, section 2; BigTIFF). Lists are read where
//! they lie, so that none takes memory.

use crate::files::decode::tags::{self, Order, width_of};

/// Tags that are asked for.
pub(super) mod tag {
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const COLOURS: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_LENGTHS: u16 = 279;
    pub(crate) const PLANES: u16 = 284;
    pub(crate) const FAX_OPTIONS: u16 = 292;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOUR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_LENGTHS: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const OLD_JPEG_OFFSET: u16 = 513;
    pub(crate) const LUMA: u16 = 529;
    pub(crate) const XMP: u16 = 700;
    pub(crate) const SUBSAMPLING: u16 = 530;
    pub(crate) const BLACK_AND_WHITE: u16 = 532;
    pub(crate) const RAW_VERSION: u16 = 50706;

    /// Tags with exactly one number for any page, as libtiff requires.
    pub(crate) const OF_ONE_NUMBER: [u16; 11] = [
        WIDTH,
        HEIGHT,
        COMPRESSION,
        COLOURS,
        FILL_ORDER,
        SAMPLES,
        ROWS_PER_STRIP,
        PLANES,
        PREDICTOR,
        TILE_WIDTH,
        TILE_HEIGHT,
    ];
}

/// The reason why there is no directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It lies, or would end, where the file has ended.
    BeyondTheEnd,
    /// There is none.
    None,
}

/// A directory, in the bytes of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) order: Order,
    is_big: bool,
    entries: &'b [u8],
    /// Where the next one lies; zero where it is the last, and beyond every end where the file ends in that number.
    pub(super) next: u64,
}

/// The values of a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'b> {
    bytes: &'b [u8],
    order: Order,
    kind: u16,
}

impl<'b> Directory<'b> {
    /// The directory of the first page.
    pub(super) fn first(bytes: &'b [u8]) -> Result<Directory<'b>, Missing> {
        let order = if bytes.first() == Some(&b'M') { Order::Big } else { Order::Little };
        let version = bytes.get(2..4).map(|version| order.number(version)).ok_or(Missing::BeyondTheEnd)?;
        let is_big = version == 43;
        let offset = if is_big { bytes.get(8..16) } else { bytes.get(4..8) };
        let offset = offset.map(|offset| order.number(offset)).ok_or(Missing::BeyondTheEnd)?;
        Directory { bytes, order, is_big, entries: &[], next: offset }.following()
    }

    /// The one after this.
    pub(super) fn following(&self) -> Result<Directory<'b>, Missing> {
        self.at(self.next)
    }

    /// The one that begins here.
    pub(super) fn at(&self, offset: u64) -> Result<Directory<'b>, Missing> {
        if offset == 0 {
            return Err(Missing::None);
        }
        let (count_bytes, entry_bytes) = self.widths();
        let bytes = self.bytes;
        let at = usize::try_from(offset).map_err(|_| Missing::BeyondTheEnd)?;
        let from = |at: usize, length: usize| {
            let end = at.checked_add(length).ok_or(Missing::BeyondTheEnd)?;
            bytes.get(at..end).ok_or(Missing::BeyondTheEnd)
        };
        let count = self.order.number(from(at, count_bytes)?);
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(entry_bytes));
        let length = length.ok_or(Missing::BeyondTheEnd)?;
        let entries = from(at + count_bytes, length)?;
        if entries.is_empty() {
            return Err(Missing::None);
        }
        let next_bytes = if self.is_big { 8 } else { 4 };
        let next = match bytes.get(at + count_bytes + length..).unwrap_or_default() {
            // Some programs leave out what follows the last directory.
            [] => 0,
            rest => rest.get(..next_bytes).map_or(u64::MAX, |next| self.order.number(next)),
        };
        Ok(Directory { entries, next, ..*self })
    }

    /// Bytes of the count of entries, and of an entry.
    fn widths(&self) -> (usize, usize) {
        if self.is_big { (8, 20) } else { (2, 12) }
    }

    /// The value of a tag, as far as it is in the file.
    pub(super) fn list(&self, tag: u16) -> Option<List<'b>> {
        let order = self.order;
        let mut entries = self.entries.chunks_exact(self.widths().1);
        let entry = entries.find(|entry| order.number(&entry[..2]) == u64::from(tag))?;
        let kind = order.number(&entry[2..4]) as u16;
        let (count, value) = entry[4..].split_at((entry.len() - 4) / 2);
        let length = usize::try_from(order.number(count)).ok()?.checked_mul(width_of(kind)?)?;
        let bytes = if length <= value.len() {
            &value[..length]
        } else {
            let rest = self.bytes.get(usize::try_from(order.number(value)).ok()?..)?;
            &rest[..length.min(rest.len())]
        };
        Some(List { bytes, order, kind })
    }

    /// True where none of these tags has anything but one whole number.
    pub(super) fn has_single_numbers(&self, tags: &[u16]) -> bool {
        let order = self.order;
        let is_one = |entry: &[u8]| {
            let kind = order.number(&entry[2..4]);
            let count = order.number(&entry[4..4 + (entry.len() - 4) / 2]);
            count == 1 && matches!(kind, 1 | 3 | 4 | 6 | 8 | 9 | 16 | 17)
        };
        let mut entries = self.entries.chunks_exact(self.widths().1);
        entries.all(|entry| !tags.contains(&(order.number(&entry[..2]) as u16)) || is_one(entry))
    }

    /// True where a tag is there, and its value is not.
    pub(super) fn has_lost(&self, tag: u16) -> bool {
        let mut entries = self.entries.chunks_exact(self.widths().1);
        let is_there = entries.any(|entry| self.order.number(&entry[..2]) == u64::from(tag));
        is_there && self.list(tag).is_none()
    }

    /// The first value of a tag.
    pub(super) fn number(&self, tag: u16) -> Option<u64> {
        self.list(tag)?.get(0)
    }
}

impl<'b> List<'b> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / width_of(self.kind).unwrap_or(1)
    }

    /// The orientation, if the directory has one.
    pub(super) fn orientation(&self) -> Option<u8> {
        tags::orientation(self.order, self.kind, self.bytes)
    }

    /// The bytes themselves.
    pub(super) fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// A whole number of the list.
    pub(super) fn get(&self, index: usize) -> Option<u64> {
        let is_whole = !matches!(self.kind, 5 | 10..=12);
        let width = width_of(self.kind).filter(|_| is_whole)?;
        let at = index.checked_mul(width)?;
        Some(self.order.number(self.bytes.get(at..at.checked_add(width)?)?))
    }

    /// A number of the list, whole or not.
    pub(super) fn real(&self, index: usize) -> Option<f32> {
        let width = width_of(self.kind)?;
        let at = index.checked_mul(width)?;
        let bytes = self.bytes.get(at..at.checked_add(width)?)?;
        let number = self.order.number(bytes);
        Some(match self.kind {
            5 | 10 => {
                let (above, below) = bytes.split_at(4);
                (self.order.number(above) as f64 / self.order.number(below) as f64) as f32
            }
            11 => f32::from_bits(number as u32),
            12 => f64::from_bits(number) as f32,
            _ => number as f32,
        })
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = u64> + 'b {
        (0..self.len()).map_while(move |index| self.get(index))
    }
}
