//! Windows and OS/2 bitmaps, as Pillow decodes them. Beside its forms there are pixels of two bits, and any masks.

mod header;
mod runs;

use image::RgbImage;

use super::decoded::{Decoded, MemoryGrant, claim_memory};
use super::need::{self, Size};
use super::tags::Order;
use crate::files::defect::PictureDefect;
use header::{Form, Header};

/// Decodes a bitmap. Missing rows get the first colour, or are black.
pub(super) fn decode(bytes: &[u8], room: MemoryGrant<'_>) -> Result<Decoded, PictureDefect> {
    let header = Header::of(bytes)?;
    let (width, height) = (header.width, header.height);
    let pixels = u64::from(width) * u64::from(height);
    let has_runs = matches!(header.form, Form::Runs { .. });
    let size = Size { width, height, bytes: if has_runs { 2 * pixels } else { 3 * pixels }, is_turned: false };
    claim_memory(size, need::of_bmp(size), room)?;
    let mut rgb = vec![0; 3 * pixels as usize];
    let (filled, of) = match header.form {
        Form::Runs { is_half } => {
            let unpacked = runs::unpack(bytes, header.start, is_half, width as usize, height as usize);
            let rows = unpacked.indices.chunks_exact(width as usize);
            lines(&header, &mut rgb).zip(rows).for_each(|(line, row)| by_number(&header, line, row.iter().copied()));
            (unpacked.filled, unpacked.indices.len())
        }
        Form::Indices | Form::Masked(_) => (stored(&header, bytes, &mut rgb), height as usize),
    };
    if filled == 0 {
        return Err(PictureDefect::Truncated);
    }
    let pixels = RgbImage::from_raw(width, height, rgb);
    let pixels = pixels.ok_or_else(|| PictureDefect::Damaged { detail: "too few pixels".to_owned() })?;
    Ok(Decoded { pixels, is_whole: filled == of })
}

/// Lines of pixels, in the order in which the file has them.
fn lines<'p>(header: &Header, rgb: &'p mut [u8]) -> Box<dyn Iterator<Item = &'p mut [u8]> + 'p> {
    let lines = rgb.chunks_exact_mut(3 * header.width as usize);
    if header.is_top_down { Box::new(lines) } else { Box::new(lines.rev()) }
}

/// Paints uncompressed rows and returns how many there are.
fn stored(header: &Header, bytes: &[u8], rgb: &mut [u8]) -> usize {
    let bits = header.width as usize * header.bits;
    // Each row begins at a multiple of four bytes; what fills the last one up may lack.
    let (length, step) = (bits.div_ceil(8), bits.div_ceil(32) * 4);
    let mut data = bytes.get(header.start..).unwrap_or_default();
    let mut filled = 0;
    for line in lines(header, rgb) {
        match data.get(..length) {
            Some(row) => {
                row_of(header, line, row);
                filled += 1;
            }
            None if header.form == Form::Indices => by_number(header, line, std::iter::repeat(0)),
            None => break,
        }
        data = data.get(step..).unwrap_or_default();
    }
    filled
}

fn row_of(header: &Header, line: &mut [u8], row: &[u8]) {
    match (header.form, header.bits) {
        (Form::Masked([0xff_0000, 0xff00, 0xff]), bits @ (24 | 32)) => {
            let pixels = row.chunks_exact(bits / 8).zip(line.chunks_exact_mut(3));
            pixels.for_each(|(pixel, rgb)| rgb.copy_from_slice(&[pixel[2], pixel[1], pixel[0]]));
        }
        (Form::Masked(masks), bits) => {
            let parts = masks.map(Part::of);
            for (pixel, rgb) in row.chunks_exact(bits / 8).zip(line.chunks_exact_mut(3)) {
                let number = Order::Little.number(pixel) as u32;
                rgb.copy_from_slice(&parts.map(|part| part.byte(number)));
            }
        }
        (_, bits) => {
            let mask = (1u16 << bits) - 1;
            let in_byte = |byte: u8| (0..8 / bits).rev().map(move |i| (u16::from(byte) >> (i * bits) & mask) as u8);
            by_number(header, line, row.iter().flat_map(|byte| in_byte(*byte)));
        }
    }
}

/// Paints a line with colours of the table. Colours missing there are black.
fn by_number(header: &Header, line: &mut [u8], numbers: impl Iterator<Item = u8>) {
    for (rgb, number) in line.chunks_exact_mut(3).zip(numbers) {
        rgb.copy_from_slice(&header.palette.get(usize::from(number)).copied().unwrap_or_default());
    }
}

/// A part of a number, behind a mask.
#[derive(Debug, Clone, Copy)]
struct Part {
    mask: u32,
    shift: u32,
    bits: u32,
}

impl Part {
    fn of(mask: u32) -> Part {
        let shift = mask.trailing_zeros() % 32;
        Part { mask, shift, bits: 32 - (mask >> shift).leading_zeros() }
    }

    /// The part in eight bits.
    fn byte(self, number: u32) -> u8 {
        let part = (number & self.mask) >> self.shift;
        match self.bits {
            0 => 0,
            bits @ 1..8 => (part * 255 / ((1 << bits) - 1)) as u8,
            bits => (part >> (bits - 8)) as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Four pixels by two, in runs.
    fn packed(runs: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 54];
        for (at, value) in [(10, 62), (14, 40), (18, 4), (22, 2), (28, 8), (30, 1), (46, 2)] {
            bytes[at] = value;
        }
        [bytes, vec![9, 9, 9, 0, 200, 200, 200, 0], runs.to_vec()].concat()
    }

    fn decoded(bytes: &[u8]) -> Result<Decoded, PictureDefect> {
        decode(bytes, &mut |_| {})
    }

    #[test]
    fn packed_bmp_is_whole_if_its_runs_fill_it() {
        let cases: [(&[u8], bool); 9] = [
            (&[4, 1, 0, 0, 4, 1, 0, 1], true),
            (&[4, 1, 0, 0, 0, 4, 1, 1, 0, 0, 0, 1], true),
            (&[4, 1, 0, 2, 4, 0, 0, 1], true),
            // The rest of a line may be left out, and of a run what does not fit; the end of a line too.
            (&[1, 1, 0, 0, 1, 1, 0, 0], true),
            (&[9, 1, 9, 1], true),
            (&[4, 1, 4, 1, 0, 0, 0, 1], true),
            (&[4, 1, 2, 1, 0, 0, 2, 1, 0, 1], false),
            (&[4, 1, 0, 0, 0, 1], false),
            (&[4, 1, 0, 0, 2, 1], false),
        ];
        for (runs, is_whole) in cases {
            assert_eq!(decoded(&packed(runs)).unwrap().is_whole, is_whole, "{runs:?}");
        }
        assert!(matches!(decoded(&packed(&[0, 1])), Err(PictureDefect::Truncated)));
    }

    #[test]
    fn missing_bmp_rows_have_the_first_colour() {
        let picture = decoded(&packed(&[4, 1, 0, 0, 0, 1])).unwrap().pixels;
        assert_eq!([picture.get_pixel(3, 1).0, picture.get_pixel(0, 0).0], [[200; 3], [9; 3]]);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            size in proptest::sample::select(vec![12u8, 16, 40, 52, 56, 64, 108, 124]),
            bits in proptest::sample::select(vec![1u8, 2, 4, 8, 16, 24, 32]),
            compression in 0u8..7,
        ) {
            let _ = decoded(&packed(&bytes));
            let mut head = packed(&[]);
            (head[14], head[28], head[30]) = (size, bits, compression);
            let _ = decoded(&[&head[..54], &bytes].concat());
        }
    }
}
