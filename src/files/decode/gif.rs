//! GIF: the first frame, as Pillow sees it.

use std::io::Read;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Frame, MemoryLimit};
use image::RgbImage;

use super::super::gif_blocks::{Block, Kind, blocks, header};
use super::decoded::{Decoded, MOST_MEMORY, MemoryGrant, claim_memory, whiten};
use super::lzw::Lzw;
use super::need::{self, Size};
use crate::files::defect::{PictureDefect, RareForm};

/// Decodes the first frame. Pixels that cannot be unpacked get the background colour. Bytes outside of blocks before
/// the frame are skipped; the picture then is not whole.
pub(super) fn decode(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let before = || blocks(bytes).take_while(|block| block.kind != Kind::Frame);
    if before().all(|block| block.kind != Kind::Noise) {
        return decode_blocks(bytes, room);
    }
    let mut sound = header(bytes).to_vec();
    let frame = sound.len() + before().map(|block| block.bytes.len()).sum::<usize>();
    before().filter(|block| block.kind != Kind::Noise).for_each(|block| sound.extend(block.bytes));
    sound.extend(&bytes[frame..]);
    Ok(Decoded { is_whole: false, ..decode_blocks(&sound, room)? })
}

fn decode_blocks(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(NonZeroU64::new(MOST_MEMORY).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut decoder = options.read_info(bytes).map_err(defect_of)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let frame = decoder.next_frame_info().map_err(defect_of)?.cloned();
    let frame = frame.ok_or_else(|| PictureDefect::Damaged { detail: "no frame".to_owned() })?;
    let indices = u64::from(frame.width) * u64::from(frame.height);
    if indices > MOST_MEMORY {
        return Err(defect_of(DecodingError::MemoryLimit));
    }
    // A canvas that is too small grows to the first frame.
    let width = width.max(u32::from(frame.left) + u32::from(frame.width));
    let height = height.max(u32::from(frame.top) + u32::from(frame.height));
    let size = Size { width, height, bytes: indices, is_turned: false };
    claim_memory(size, need::of_gif(size), room)?;
    let background = frame.transparent.unwrap_or(0);
    let mut buffer = vec![background; decoder.buffer_size()];
    let line = usize::from(frame.width).max(1);
    let is_filled = |row: &usize| matches!(decoder.fill_buffer(&mut buffer[row * line..][..line]), Ok(true));
    let filled = rows(&frame).take_while(is_filled).count();
    if filled == 0 {
        return Err(PictureDefect::Damaged { detail: "no row can be unpacked".to_owned() });
    }
    let colours = colours(&decoder);
    let colour = |index: u8| colours.get(usize::from(index)).copied().unwrap_or_default();
    let mut pixels = RgbImage::from_pixel(width, height, image::Rgb(colour(background)));
    for (y, indices) in (u32::from(frame.top)..).zip(buffer.chunks_exact(line)) {
        for (x, index) in (u32::from(frame.left)..).zip(indices) {
            pixels.put_pixel(x, y, image::Rgb(colour(*index)));
        }
    }
    if let Some(index) = frame.transparent {
        whiten(&mut pixels, colour(index));
    }
    Ok(Decoded { pixels, is_whole: filled == usize::from(frame.height) && codes_end_with(indices, bytes) })
}

/// True where the codes of the first frame end after exactly this many pixels: lost or invented bytes shift the rest.
fn codes_end_with(pixels: u64, bytes: &[u8]) -> bool {
    let Some((size, data)) = blocks(bytes).find(|block| block.kind == Kind::Frame).and_then(Block::codes) else {
        return false;
    };
    let (mut codes, mut scratch, mut made) = (Lzw::of_gif(&data, size), [0; 1 << 12], 0);
    while made <= pixels {
        match codes.read(&mut scratch) {
            Ok(0) => break,
            Ok(count) => made += count as u64,
            Err(_) => return false,
        }
    }
    made == pixels
}

/// The rows of a frame as they follow each other in the file: in four passes, where they are interlaced.
fn rows(frame: &Frame<'_>) -> impl Iterator<Item = usize> + use<> {
    let passes: &[(usize, usize)] = if frame.interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)] } else { &[(0, 1)] };
    let height = usize::from(frame.height);
    passes.iter().flat_map(move |(from, step)| (*from..height).step_by(*step))
}

/// The colours of the frame that was read last; shades of grey where the file has none, as Pillow has it.
fn colours(decoder: &Decoder<&[u8]>) -> Vec<[u8; 3]> {
    match decoder.palette() {
        Ok(palette) => palette.chunks_exact(3).map(|colour| [colour[0], colour[1], colour[2]]).collect(),
        Err(_) => (0..=255).map(|grey| [grey; 3]).collect(),
    }
}

fn defect_of(error: DecodingError) -> PictureDefect {
    match error {
        error @ DecodingError::MemoryLimit => {
            PictureDefect::UnusualForm { form: RareForm::TooMuchMemory { detail: error.to_string() } }
        }
        error => PictureDefect::Damaged { detail: error.to_string() },
    }
}
