//! Where the strips or tiles of a page lie.

use super::directory::{List, tag};
use super::form::{Compression, Form, damaged, rare};
use super::jpeg;
use crate::files::defect::{PictureDefect, RareForm};

/// The strips or tiles of a page; strips are as wide as the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks<'b> {
    bytes: &'b [u8],
    /// Of one.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) across: u32,
    pub(super) down: u32,
    /// Tiles are whole at the edges of the page; the last strip ends with it.
    pub(super) is_tiled: bool,
    places: Places<'b>,
}

#[derive(Debug, Clone, Copy)]
enum Places<'b> {
    /// The page is one stream.
    Page,
    Listed {
        offsets: List<'b>,
        lengths: Option<List<'b>>,
        /// How long rows are tells more than the lengths, which some programs get wrong.
        is_stored: bool,
    },
}

/// The bytes of a strip or tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'b> {
    pub(super) bytes: &'b [u8],
    /// The file ends before it does.
    pub(super) is_cut: bool,
}

impl<'b> Chunks<'b> {
    pub(super) fn of(form: &Form<'b>) -> Result<Chunks<'b>, PictureDefect> {
        let (directory, width, height) = (form.directory, form.width, form.height);
        if form.compression == Compression::OldJpeg {
            let bytes = jpeg::old_stream(form);
            let bytes = bytes.ok_or_else(|| rare(RareForm::TiffOldJpeg))?;
            return Ok(Chunks { bytes, width, height, across: 1, down: 1, is_tiled: false, places: Places::Page });
        }
        let size = |tag, most: u32| directory.number(tag).map_or(most, |size| size.min(most.into()) as u32);
        let is_tiled = directory.list(tag::TILE_WIDTH).is_some();
        let (width, height) = match is_tiled {
            true => (size(tag::TILE_WIDTH, u32::MAX), size(tag::TILE_HEIGHT, u32::MAX)),
            false => (width, size(tag::ROWS_PER_STRIP, height)),
        };
        // Some programs list tiles as if they were strips.
        let (offsets, lengths) = match directory.list(tag::TILE_OFFSETS).is_some() {
            true => (tag::TILE_OFFSETS, tag::TILE_LENGTHS),
            false => (tag::STRIP_OFFSETS, tag::STRIP_LENGTHS),
        };
        let offsets = directory.list(offsets).ok_or_else(|| damaged("neither strips nor tiles"))?;
        if width == 0 || height == 0 {
            return Err(damaged("strips or tiles of no size"));
        }
        Ok(Chunks {
            bytes: directory.bytes,
            width,
            height,
            across: form.width.div_ceil(width),
            down: form.height.div_ceil(height),
            is_tiled,
            places: Places::Listed {
                offsets,
                lengths: directory.list(lengths),
                is_stored: form.compression == Compression::None,
            },
        })
    }

    /// True where every strip or tile has its length. What lies as it is needs none, and what is alone ends with the
    /// file.
    pub(super) fn have_lengths(&self) -> bool {
        match self.places {
            Places::Listed { offsets, lengths: Some(lengths), is_stored: false } => {
                lengths.len() >= offsets.len() && lengths.get(0).is_some()
            }
            Places::Listed { offsets, lengths: None, is_stored: false } => offsets.len() == 1,
            Places::Page | Places::Listed { is_stored: true, .. } => true,
        }
    }

    /// True where the strips or tiles have lengths of their own. One that is alone may end with the file, and what lies
    /// behind its data is something else then.
    pub(super) fn know_ends(&self) -> bool {
        matches!(self.places, Places::Listed { lengths: Some(_), .. })
    }

    /// The same strips or tiles of other bytes.
    pub(super) fn of_bytes(self, bytes: &'b [u8]) -> Chunks<'b> {
        Chunks { bytes, ..self }
    }

    /// One strip or tile of a plane; nothing where the file has none there.
    pub(super) fn get(&self, plane: usize, row: u32, column: u32) -> Option<Chunk<'b>> {
        let Places::Listed { offsets, lengths, is_stored } = self.places else {
            return Some(Chunk { bytes: self.bytes, is_cut: false });
        };
        let in_plane = u64::from(row) * u64::from(self.across) + u64::from(column);
        let index = plane as u64 * u64::from(self.across) * u64::from(self.down) + in_plane;
        let index = usize::try_from(index).ok()?;
        let offset = offsets.get(index)?;
        let length = lengths.and_then(|lengths| lengths.get(index));
        // Nothing was written there.
        if offset == 0 || length == Some(0) && (self.across > 1 || self.down > 1) {
            return None;
        }
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        let length = length.filter(|length| *length > 0 && !is_stored);
        let wanted = length.map_or(rest.len(), |length| usize::try_from(length).unwrap_or(usize::MAX));
        Some(Chunk { bytes: &rest[..wanted.min(rest.len())], is_cut: wanted > rest.len() || rest.is_empty() })
    }
}
