//! Resizing 8-bit pixels exactly as Pillow does, bit for bit: an antialiasing filter, across and down, in fixed-point
//! numbers of 22 bits (Pillow 13, src/libImaging/Resample.c). Levels are rounded and held in bounds between the two, so
//! that their order shows.
//!
//! Libraries that resize "like Pillow" keep coefficients in 16 bits and are a level off in some pixels; that alone
//! moves logits by a tenth, which is why this is our own.

use std::ops::Range;

use image::RgbImage;

/// Bits after the point: 32 less 8 for the result and 2 for sums above one and below zero.
const PRECISION: u32 = 32 - 8 - 2;

/// A resampling filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Mean of the pixels covered.
    Box,
    /// Triangle.
    Bilinear,
    /// Raised cosine.
    Hamming,
    /// Keys' cubic with a = -0.5.
    Bicubic,
    /// Sinc windowed by sinc, three lobes.
    Lanczos,
}

impl Filter {
    /// Its name in the text that the fingerprint hashes.
    pub(super) fn canonical(self) -> &'static str {
        match self {
            Filter::Box => "Box",
            Filter::Bilinear => "Bilinear",
            Filter::Hamming => "Hamming",
            Filter::Bicubic => "Bicubic",
            Filter::Lanczos => "Lanczos",
        }
    }

    /// How far the filter reaches, in pixels of the smaller picture.
    fn support(self) -> f64 {
        match self {
            Filter::Box => 0.5,
            Filter::Bilinear | Filter::Hamming => 1.0,
            Filter::Bicubic => 2.0,
            Filter::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let distance = x.abs();
        match self {
            Filter::Box if x > -0.5 && x <= 0.5 => 1.0,
            Filter::Bilinear if distance < 1.0 => 1.0 - distance,
            Filter::Hamming if distance == 0.0 => 1.0,
            Filter::Hamming if distance < 1.0 => {
                let angle = distance * std::f64::consts::PI;
                angle.sin() / angle * (0.54 + 0.46 * angle.cos())
            }
            Filter::Bicubic if distance < 1.0 => ((A + 2.0) * distance - (A + 3.0)) * distance * distance + 1.0,
            Filter::Bicubic if distance < 2.0 => (((distance - 5.0) * distance + 8.0) * distance - 4.0) * A,
            Filter::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            _ => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    let angle = x * std::f64::consts::PI;
    if angle == 0.0 { 1.0 } else { angle.sin() / angle }
}

/// One axis of a resize: from how many pixels to how many, and which of them are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// Pixels there are.
    pub from: u32,
    /// Pixels the whole resized picture would have.
    pub to: u32,
    /// The first that is wanted.
    pub start: u32,
    /// How many are wanted.
    pub length: u32,
}

/// The source pixels, with their weights, that make each wanted pixel.
struct Taps {
    /// The first source pixel of each.
    first: Vec<usize>,
    /// The coefficients of each, as many as `stride`, filled up with zeros.
    coefficients: Vec<i32>,
    stride: usize,
}

impl Taps {
    fn of(axis: Axis, filter: Filter) -> Taps {
        let scale = f64::from(axis.from) / f64::from(axis.to);
        let filter_scale = scale.max(1.0);
        let support = filter.support() * filter_scale;
        let from = axis.from as usize;
        let stride = (support.ceil() as usize * 2 + 1).min(from);
        let mut taps = Taps { first: Vec::new(), coefficients: vec![0; axis.length as usize * stride], stride };
        let mut weights = Vec::with_capacity(stride);
        for (pixel, out) in (axis.start..).zip(taps.coefficients.chunks_exact_mut(stride)) {
            let centre = (f64::from(pixel) + 0.5) * scale;
            // Pillow truncates towards zero here, after adding a half.
            let first = ((centre - support + 0.5) as i64).max(0) as usize;
            let end = ((centre + support + 0.5) as usize).min(from);
            weights.clear();
            weights.extend((first..end).map(|x| filter.weight((x as f64 - centre + 0.5) * (1.0 / filter_scale))));
            let sum: f64 = weights.iter().sum();
            // Near the end the taps are moved back so that reading `stride` of them stays inside the picture.
            let moved = first.min(from - stride);
            for (slot, weight) in out[first - moved..].iter_mut().zip(&weights) {
                *slot = fixed(if sum == 0.0 { *weight } else { *weight / sum });
            }
            taps.first.push(moved);
        }
        taps
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.first.iter().copied().zip(self.coefficients.chunks_exact(self.stride))
    }

    /// The source pixels that any of them needs: the first, and the one after the last.
    fn range(&self) -> (usize, usize) {
        let first = self.first.iter().min().copied().unwrap_or_default();
        (first, self.first.iter().max().copied().unwrap_or_default() + self.stride)
    }
}

/// A coefficient in fixed point, rounded away from zero at the half.
fn fixed(coefficient: f64) -> i32 {
    let scaled = coefficient * f64::from(1 << PRECISION);
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

/// A sum of fixed-point products as a level, rounded, held within 0 and 255.
fn level(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// Whether Pillow goes down before it goes across: where height shrinks by more than twice the pixels that width does
/// (Pillow 13, python-pillow/Pillow#9549; older ones always go across first).
fn goes_down_first(rows: Axis, columns: Axis) -> bool {
    let shrinks = |axis: Axis| i64::from(axis.from) - i64::from(axis.to);
    shrinks(rows) > 0 && shrinks(rows) > 2 * shrinks(columns)
}

/// Resizes `picture` and returns the wanted part of the result, three bytes a pixel, row by row. Nothing but that part,
/// and the source pixels it is made of, is computed.
pub fn resize(picture: &RgbImage, rows: Axis, columns: Axis, filter: Filter) -> Vec<u8> {
    let across = Taps::of(columns, filter);
    let down = Taps::of(rows, filter);
    let source = Levels { line: picture.width() as usize * 3, levels: picture.as_raw() };
    let ((first_row, end_row), (first_column, end_column)) = (down.range(), across.range());
    if goes_down_first(rows, columns) {
        let (line, levels) = resize_down(source, 0, first_column * 3..end_column * 3, &down);
        resize_across(Levels { line, levels: &levels }, first_column, &across)
    } else {
        let source = Levels { levels: &source.levels[first_row * source.line..end_row * source.line], ..source };
        let levels = resize_across(source, 0, &across);
        let line = columns.length as usize * 3;
        resize_down(Levels { line, levels: &levels }, first_row, 0..line, &down).1
    }
}

/// Rows of pixels, three bytes each, and the length of a row in bytes.
#[derive(Clone, Copy)]
struct Levels<'l> {
    line: usize,
    levels: &'l [u8],
}

/// Resizes every row. The first pixel of each is that of column `first_column`.
fn resize_across(source: Levels<'_>, first_column: usize, taps: &Taps) -> Vec<u8> {
    let line = taps.first.len() * 3;
    let mut resized = vec![0; source.levels.len() / source.line.max(1) * line];
    let rows = source.levels.chunks_exact(source.line.max(1));
    for (source, out) in rows.zip(resized.chunks_exact_mut(line.max(1))) {
        for ((first, coefficients), pixel) in taps.iter().zip(out.chunks_exact_mut(3)) {
            let mut sums = [1i32 << (PRECISION - 1); 3];
            let pixels = source[(first - first_column) * 3..].chunks_exact(3);
            for (coefficient, value) in coefficients.iter().zip(pixels) {
                for channel in 0..3 {
                    sums[channel] += coefficient * i32::from(value[channel]);
                }
            }
            pixel.copy_from_slice(&sums.map(level));
        }
    }
    resized
}

/// Resizes what lies at `part` of every row, in bytes, and returns the length of that part too. The first row is that
/// of number `first_row`.
fn resize_down(source: Levels<'_>, first_row: usize, part: Range<usize>, taps: &Taps) -> (usize, Vec<u8>) {
    let line = part.len();
    let mut resized = vec![0; taps.first.len() * line];
    let mut sums = vec![0i32; line];
    for ((first, coefficients), out) in taps.iter().zip(resized.chunks_exact_mut(line.max(1))) {
        sums.fill(1 << (PRECISION - 1));
        let rows = source.levels[(first - first_row) * source.line..].chunks_exact(source.line.max(1));
        for (coefficient, row) in coefficients.iter().zip(rows).filter(|(coefficient, _)| **coefficient != 0) {
            sums.iter_mut().zip(&row[part.clone()]).for_each(|(sum, value)| *sum += coefficient * i32::from(*value));
        }
        out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = level(*sum));
    }
    (line, resized)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use proptest::prelude::*;

    const FILTERS: [Filter; 5] = [Filter::Box, Filter::Bilinear, Filter::Hamming, Filter::Bicubic, Filter::Lanczos];

    fn whole(from: u32, to: u32) -> Axis {
        Axis { from, to, start: 0, length: to }
    }

    proptest! {
        #[test]
        fn resize_of_one_colour_keeps_it(w in 1u32..40, h in 1u32..40, to_w in 1u32..40, to_h in 1u32..40, filter in 0usize..5) {
            let picture = RgbImage::from_pixel(w, h, Rgb([3, 200, 255]));
            let resized = resize(&picture, whole(h, to_h), whole(w, to_w), FILTERS[filter]);
            prop_assert!(resized.chunks_exact(3).all(|pixel| pixel == [3, 200, 255]));
        }

        #[test]
        fn resize_of_a_part_equals_that_part_of_the_whole(w in 1u32..60, h in 1u32..60, to in 2u32..50, filter in 0usize..5) {
            let picture = RgbImage::from_fn(w, h, |x, y| Rgb([(x * 7) as u8, (y * 11) as u8, (x * y) as u8]));
            let all = resize(&picture, whole(h, to), whole(w, to), FILTERS[filter]);
            let (start, length) = (to / 3, to - to / 3);
            let axis = |from| Axis { from, to, start, length };
            let part = resize(&picture, axis(h), axis(w), FILTERS[filter]);
            for row in 0..length as usize {
                let from = ((row + start as usize) * to as usize + start as usize) * 3;
                let width = length as usize * 3;
                prop_assert_eq!(&part[row * width..][..width], &all[from..][..width]);
            }
        }
    }

    #[test]
    fn resize_to_the_same_size_changes_nothing() {
        let picture = RgbImage::from_fn(9, 7, |x, y| Rgb([(x * 20) as u8, (y * 30) as u8, 77]));
        for filter in FILTERS {
            assert_eq!(&resize(&picture, whole(7, 7), whole(9, 9), filter), picture.as_raw());
        }
    }

    /// Worked out by Pillow 13: `Image.frombytes("L", (5, 1), bytes([0, 255, 10, 100, 30])).resize((3, 1), …)`.
    #[test]
    fn resize_with_each_filter_gives_the_levels_of_pillow() {
        let levels = [0, 255, 10, 100, 30];
        let picture = RgbImage::from_fn(5, 1, |x, _| Rgb([levels[x as usize]; 3]));
        for (filter, expected) in PILLOW_FIVE_TO_THREE {
            let resized = resize(&picture, whole(1, 1), whole(5, 3), filter);
            assert_eq!([resized[0], resized[3], resized[6]], expected, "{filter:?}");
        }
    }

    /// Worked out by Pillow 13: `Image.frombytes("L", (3, 9), bytes((x * 90 + y * 31) * (1 + x * y) % 256
    /// …)).resize(size, BICUBIC)`, row by row. To 2x2 it goes down first, to 2x8 across.
    #[test]
    fn resize_passes_run_in_the_order_of_pillow() {
        let level = |x: u32, y: u32| ((x * 90 + y * 31) * (1 + x * y) % 256) as u8;
        let picture = RgbImage::from_fn(3, 9, |x, y| Rgb([level(x, y); 3]));
        for (height, down_first, expected) in PILLOW_THREE_BY_NINE {
            let (rows, columns) = (whole(9, height), whole(3, 2));
            assert_eq!(goes_down_first(rows, columns), down_first);
            let resized = resize(&picture, rows, columns, Filter::Bicubic);
            let found: Vec<u8> = resized.iter().step_by(3).copied().collect();
            assert_eq!(found, expected, "to 2x{height}");
        }
    }

    const PILLOW_THREE_BY_NINE: [(u32, bool, &[u8]); 2] = [
        (2, true, &[101, 164, 179, 130]),
        (8, false, &[36, 153, 111, 179, 123, 188, 116, 142, 133, 128, 173, 145, 192, 103, 241, 142]),
    ];

    const PILLOW_FIVE_TO_THREE: [(Filter, [u8; 3]); 5] = [
        (Filter::Box, [128, 10, 65]),
        (Filter::Bilinear, [109, 84, 60]),
        (Filter::Hamming, [96, 58, 56]),
        (Filter::Bicubic, [111, 92, 54]),
        (Filter::Lanczos, [112, 102, 46]),
    ];
}
