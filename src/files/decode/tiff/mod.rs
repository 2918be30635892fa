//! TIFF: the first page, as libtiff and Pillow read it, row after row.
//!
//! Some forms Pillow does not read, or not right, and here they are: sixteen bits of grey keep their high byte and are
//! inverted where white is zero; real numbers of sixteen and sixty-four bits; red, green and blue in real numbers
//! from zero to one; uncompressed YCbCr whose pixels share colours; ICCLab; grey that was multiplied by its alpha;
//! compressed real numbers whose highest byte comes first. Where Pillow clips, at 255, numbers of thirty-two bits, so
//! is it here.

mod chunks;
mod directory;
mod fax;
mod fax_codes;
mod form;
mod jpeg;
mod lab;
mod pages;
mod paint;
mod rows;
mod samples;
mod ycbcr;

#[cfg(test)]
mod tests;

use image::RgbImage;

use super::decoded::{Decoded, MemoryGrant, claim_memory, is_turned, upright};
use super::need::Size;
use super::orientation;
use crate::files::defect::{PictureDefect, RareForm};
use chunks::{Chunk, Chunks};
use directory::{Directory, Missing, tag};
use form::{Colours, Compression, Form, damaged, rare};
use paint::Painter;
use rows::{Filled, Rows};

pub(super) fn decode(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let directory = Directory::first(bytes).map_err(|missing| match missing {
        Missing::BeyondTheEnd => PictureDefect::Truncated,
        Missing::None => damaged("no page"),
    })?;
    let form = Form::of(directory)?;
    let Form { width, height, .. } = form;
    let reversed;
    let mut page = Page::of(form)?;
    page.check_work()?;
    let number = directory.list(tag::ORIENTATION).and_then(|list| list.orientation());
    let orientation = orientation::of_tiff(number, directory.list(tag::XMP).map(|list| list.bytes()));
    let size = Size { width, height, bytes: 0, is_turned: is_turned(orientation) };
    claim_memory(size, page.need(size.is_turned), room)?;
    if page.wants_reversed_bytes() {
        reversed = bytes.iter().map(|byte| byte.reverse_bits()).collect::<Vec<u8>>();
        page.chunks = page.chunks.of_bytes(&reversed);
    }
    let mut canvas = Canvas::new(width, height);
    for row in 0..page.chunks.down {
        for column in 0..page.chunks.across {
            page.paint(row, column, &mut canvas)?;
        }
    }
    if canvas.rows == 0 {
        return Err(if page.is_cut { PictureDefect::Truncated } else { damaged("no row can be read") });
    }
    let is_whole = page.is_whole && pages::are_whole(&directory);
    let pixels = RgbImage::from_raw(width, height, canvas.rgb).ok_or_else(|| damaged("no pixels"))?;
    Ok(Decoded { pixels: upright(pixels, orientation), is_whole })
}

/// The pixels of the page, and how many rows of strips or tiles were painted.
struct Canvas {
    rgb: Vec<u8>,
    width: usize,
    rows: u64,
}

impl Canvas {
    fn new(width: u32, height: u32) -> Canvas {
        let (width, height) = (width as usize, height as usize);
        Canvas { rgb: vec![0; width * height * 3], width, rows: 0 }
    }

    /// Part of a row.
    fn part(&mut self, x: usize, y: usize, width: usize) -> &mut [u8] {
        let from = (y * self.width + x) * 3;
        &mut self.rgb[from..from + width * 3]
    }
}

/// The parts that paint the strips or tiles of a page.
struct Page<'b> {
    form: Form<'b>,
    chunks: Chunks<'b>,
    painter: Painter<'b>,
    /// Bytes of a row of a strip or tile, or of a row of groups of pixels.
    row_length: usize,
    /// Rows of pixels that share their colours, where some do.
    group: Option<usize>,
    /// The first strip or tile is a JPEG sent in passes; others may be so only then.
    has_passes: bool,
    /// Every row came from data.
    is_whole: bool,
    /// The file ends before some of the rows.
    is_cut: bool,
}

impl<'b> Page<'b> {
    fn of(form: Form<'b>) -> Result<Page<'b>, PictureDefect> {
        let chunks = Chunks::of(&form)?;
        let is_jpeg = matches!(form.compression, Compression::Jpeg | Compression::OldJpeg);
        let (mut painted, mut group, mut row_length) = (form, None, None);
        match form.colours {
            // Decoded to these.
            Colours::YCbCr(_) if is_jpeg && !form.is_separate => {
                painted = Form { colours: Colours::Rgb, is_multiplied: false, ..form };
            }
            Colours::YCbCr(colours) if (colours.across, colours.down) != (1, 1) => {
                if form.is_separate || form.samples != 3 {
                    return Err(rare(RareForm::TiffColours { name: "YCbCr" }));
                }
                group = Some(colours.down);
                row_length = Some(colours.row_length(chunks.width as usize));
            }
            _ => {}
        }
        let bits = form.samples_together().checked_mul(form.bits.into());
        let plain = bits.and_then(|bits| bits.checked_mul(chunks.width as usize)).map(|bits| bits.div_ceil(8));
        let row_length = row_length.unwrap_or(plain).ok_or_else(|| damaged("rows that are too long"))?;
        let painter = Painter::new(painted);
        let is_whole = form.is_sound && chunks.have_lengths();
        let has_passes = is_jpeg && chunks.get(0, 0, 0).is_some_and(|first| jpeg::has_passes(first.bytes));
        Ok(Page { form, chunks, painter, row_length, group, has_passes, is_whole, is_cut: false })
    }

    /// Bytes that the rows being decoded take: as they are in the file, as samples of eight bits, and the two rows of
    /// changes that fax pictures have.
    fn row_memory(&self) -> u64 {
        let width = u64::from(self.chunks.width);
        let changes = if matches!(self.form.compression, Compression::Fax(_)) { 16 * width } else { 0 };
        let samples = width * self.painter.samples() as u64;
        (2 * self.row_length as u64).saturating_mul(self.form.planes() as u64).saturating_add(samples + changes)
    }

    /// Refuses tiles that are so much larger than the page that reading them would take for ever.
    fn check_work(&self) -> Result<(), PictureDefect> {
        const MOST_BEYOND_THE_PAGE: u128 = 64 << 20;
        let rows = u128::from(self.chunks.across) * u128::from(self.chunks.down) * u128::from(self.chunks.height);
        let page = u128::from(self.form.width) * u128::from(self.form.height) * self.painter.samples() as u128;
        match self.row_length as u128 * rows <= 16 * page + MOST_BEYOND_THE_PAGE {
            true => Ok(()),
            false => Err(damaged("tiles that are far larger than the page")),
        }
    }

    /// Where the lowest bit of a byte is its first, decoders other than those of fax pictures want it turned.
    fn wants_reversed_bytes(&self) -> bool {
        use Compression::{Fax, Jpeg, OldJpeg};
        self.form.is_reversed && !matches!(self.form.compression, Fax(_) | Jpeg | OldJpeg)
    }

    /// Bytes of memory that decoding takes at most.
    fn need(&self, is_turned: bool) -> u64 {
        /// Of a JPEG, for each pixel: four colours, and what is made of them; sent in passes, sixteen bits of each
        /// besides.
        const JPEG: u64 = 4 + 4;
        const IN_PASSES: u64 = 8;
        /// The most that a ZSTD decoder remembers.
        const WINDOW: u64 = 100 << 20;
        let pixels = u64::from(self.form.width) * u64::from(self.form.height);
        let chunk = u64::from(self.chunks.width) * u64::from(self.chunks.height.min(self.form.height));
        let decoder = match self.form.compression {
            Compression::Jpeg | Compression::OldJpeg => {
                let in_passes = if self.has_passes { IN_PASSES } else { 0 };
                chunk.saturating_mul(JPEG + in_passes).saturating_add(self.form.directory.bytes.len() as u64)
            }
            Compression::Zstd => {
                (self.row_length as u64).saturating_mul(u64::from(self.chunks.height)).min(WINDOW) + (1 << 20)
            }
            _ => 1 << 16,
        };
        let reversed = if self.wants_reversed_bytes() { self.form.directory.bytes.len() as u64 } else { 0 };
        let rgb = pixels.saturating_mul(3);
        let turned = if is_turned { rgb.saturating_mul(2) } else { 0 };
        [self.row_memory(), decoder, reversed].into_iter().fold(rgb, u64::saturating_add).max(turned)
    }

    /// Paints one strip or tile.
    fn paint(&mut self, row: u32, column: u32, canvas: &mut Canvas) -> Result<(), PictureDefect> {
        let mut planes = Vec::with_capacity(self.form.planes());
        for plane in 0..self.form.planes() {
            let chunk = self.chunks.get(plane, row, column);
            self.is_whole &= chunk.is_some_and(|chunk| !chunk.is_cut);
            self.is_cut |= chunk.is_some_and(|chunk| chunk.is_cut);
            match chunk {
                Some(chunk) => planes.push(self.rows(chunk)?),
                None => return Ok(()),
            }
        }
        let (x, top) = (column as usize * self.chunks.width as usize, row as usize * self.chunks.height as usize);
        let width = (canvas.width - x).min(self.chunks.width as usize);
        let height = (canvas.rgb.len() / 3 / canvas.width - top).min(self.chunks.height as usize);
        // A tile is read beyond the page too: damage there tells of damage.
        let rows = if self.chunks.is_tiled { self.chunks.height as usize } else { height };
        let mut raw = vec![0; self.row_length];
        let mut samples = vec![0; self.chunks.width as usize * self.painter.samples()];
        let mut scratch = Vec::new();
        for y in (0..rows).step_by(self.group.unwrap_or(1)) {
            let mut is_last = false;
            for (plane, rows) in planes.iter_mut().enumerate() {
                let filled = rows.fill(&mut raw);
                is_last |= self.note(filled, &mut raw);
                if is_last && matches!(filled, Filled::Cut(0) | Filled::Broken(0)) {
                    return Ok(());
                }
                if self.group.is_none() {
                    samples::undo(&self.form, &mut raw, &mut scratch);
                    self.narrow(&raw, plane, &mut samples);
                }
            }
            canvas.rows += u64::from(y < height);
            match self.group {
                None if y >= height => {}
                None => self.painter.row(&samples, canvas.part(x, top + y, width)),
                Some(_) => self.painter.groups(&raw, width, |column, row, rgb| {
                    if y + row < height {
                        canvas.part(x + column, top + y + row, 1).copy_from_slice(&rgb);
                    }
                }),
            }
            if is_last {
                return Ok(());
            }
        }
        // Some data say themselves where they end.
        let ends_are_known =
            self.chunks.know_ends() || !matches!(self.form.compression, Compression::Fax(_) | Compression::PackBits);
        self.is_whole &= !ends_are_known || planes.iter_mut().all(|rows| rows.ends_well(&mut raw));
        Ok(())
    }

    /// Makes eight bits of each sample of a row, side by side with those of the other planes.
    fn narrow(&self, raw: &[u8], plane: usize, samples: &mut [u8]) {
        match self.form.is_separate {
            true => samples::narrow(&self.form, raw, samples.iter_mut().skip(plane).step_by(self.form.planes())),
            false if self.form.has_bytes() => samples.copy_from_slice(&raw[..samples.len()]),
            false => samples::narrow(&self.form, raw, samples.iter_mut()),
        }
    }

    /// Notes what a row lacks; what was not filled is empty. True where no more rows can be read.
    fn note(&mut self, filled: Filled, row: &mut [u8]) -> bool {
        self.is_whole &= filled == Filled::Whole;
        match filled {
            Filled::Whole | Filled::RepairedPng => false,
            Filled::Cut(length) => {
                self.is_cut = true;
                row[length..].fill(0);
                true
            }
            Filled::Broken(length) => {
                row[length..].fill(0);
                true
            }
        }
    }

    /// The rows of a strip or tile of one plane.
    fn rows(&self, chunk: Chunk<'b>) -> Result<Box<dyn Rows + 'b>, PictureDefect> {
        let Form { compression, is_reversed, .. } = self.form;
        Ok(match compression {
            Compression::Fax(coding) => Box::new(fax::Fax::new(chunk.bytes, coding, self.chunks.width, is_reversed)),
            Compression::None => Box::new(rows::Stored(chunk.bytes)),
            Compression::Lzw => rows::lzw(chunk.bytes),
            Compression::Deflate => rows::deflated(chunk.bytes),
            Compression::Zstd => rows::zstd(chunk.bytes),
            Compression::PackBits => Box::new(rows::PackBits::new(chunk.bytes)),
            Compression::OldJpeg => {
                let colours = match self.form.colours {
                    Colours::YCbCr(colours) => Some(colours),
                    _ => None,
                };
                jpeg::old_rows(chunk.bytes, &self.form, colours)?
            }
            Compression::Jpeg => {
                let tables = self.form.directory.list(tag::JPEG_TABLES).map(|list| list.bytes());
                let wanted = jpeg::JpegPart {
                    tables: tables.unwrap_or_default(),
                    width: self.chunks.width,
                    height: self.chunks.height,
                    samples: self.form.samples_together(),
                    may_have_passes: self.has_passes,
                    is_ycbcr: matches!(self.form.colours, Colours::YCbCr(_)) && !self.form.is_separate,
                };
                jpeg::rows(chunk.bytes, wanted)?
            }
        })
    }
}
