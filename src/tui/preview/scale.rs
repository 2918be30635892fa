//! A picture made as large as its room.

use image::{Rgb, RgbImage};

/// The cells that a picture of this size fills in a room of so many columns and rows, where a cell has this width and
/// height. Its proportions are kept up to half a cell, and it fills whole cells: nothing of its last row is blank. None
/// for a picture or a room without any.
pub(super) fn fitted(
    (width, height): (u32, u32),
    (columns, rows): (u16, u16),
    (cell_width, cell_height): (u16, u16),
) -> Option<(u16, u16)> {
    if [width, height].contains(&0) || [columns, rows, cell_width, cell_height].contains(&0) {
        return None;
    }
    // Columns that the picture has for each row.
    let share = f64::from(width) / f64::from(height) * f64::from(cell_height) / f64::from(cell_width);
    let (wide, high) = (f64::from(columns), f64::from(rows));
    let (fit_wide, fit_high) = if share * high > wide { (wide, wide / share) } else { (high * share, high) };
    Some(((fit_wide.round() as u16).clamp(1, columns), (fit_high.round() as u16).clamp(1, rows)))
}

/// The picture in another size: each pixel is the mean of those that lie where it does, or the nearest one where the
/// picture becomes larger.
pub(super) fn scaled(pixels: &RgbImage, width: u32, height: u32) -> RgbImage {
    let columns = spans(pixels.width(), width);
    let rows = spans(pixels.height(), height);
    let stride = pixels.width() as usize * 3;
    let raw = pixels.as_raw();
    let mut made = RgbImage::new(width, height);
    let mut sums = vec![[0u64; 3]; width as usize];
    for (y, (top, bottom)) in rows.iter().enumerate() {
        sums.fill([0; 3]);
        for row in raw.chunks_exact(stride.max(1)).take(*bottom).skip(*top) {
            for (sum, (left, right)) in sums.iter_mut().zip(&columns) {
                // No row of 2^32 pixels overflows this.
                for pixel in row[left * 3..right * 3].chunks_exact(3) {
                    (0..3).for_each(|channel| sum[channel] += u64::from(pixel[channel]));
                }
            }
        }
        for (x, (sum, (left, right))) in sums.iter().zip(&columns).enumerate() {
            let count = ((right - left) * (bottom - top)).max(1) as u64;
            made.put_pixel(x as u32, y as u32, Rgb(sum.map(|sum| ((sum + count / 2) / count) as u8)));
        }
    }
    made
}

/// The pixels, first and one past the last, that each of `count` parts of a length has. Each has one at least.
fn spans(length: u32, count: u32) -> Vec<(usize, usize)> {
    let edge = |place: u32| (u64::from(place) * u64::from(length) / u64::from(count.max(1))) as usize;
    (0..count).map(|place| (edge(place), edge(place + 1).max(edge(place) + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_proportions_and_fills_whole_cells() {
        // Cells of 10x20 pixels: a square has twice as many columns as rows.
        assert_eq!(fitted((100, 100), (60, 20), (10, 20)), Some((40, 20)));
        assert_eq!(fitted((400, 100), (60, 20), (10, 20)), Some((60, 8)));
        assert_eq!(fitted((1, 5000), (60, 20), (10, 20)), Some((1, 20)));
        assert_eq!(fitted((5000, 1), (60, 20), (10, 20)), Some((60, 1)));
        for nothing in [fitted((0, 5), (6, 6), (1, 2)), fitted((5, 5), (0, 6), (1, 2)), fitted((5, 5), (6, 6), (0, 2))]
        {
            assert_eq!(nothing, None);
        }
        for (width, height) in [(640, 480), (1080, 1920), (333, 777)] {
            let (columns, rows) = fitted((width, height), (80, 40), (9, 19)).unwrap();
            let share = f64::from(columns) * 9.0 / (f64::from(rows) * 19.0);
            let wanted = f64::from(width) / f64::from(height);
            assert!((share / wanted - 1.0).abs() < 0.5 / f64::from(columns.min(rows)), "{width}x{height}");
        }
    }

    #[test]
    fn each_pixel_is_the_mean_of_those_that_lie_there() {
        let pixels = RgbImage::from_fn(4, 2, |x, y| Rgb([(x * 10) as u8, (y * 100) as u8, 7]));
        assert_eq!(scaled(&pixels, 2, 1).as_raw(), &[5, 50, 7, 25, 50, 7]);
        let larger = scaled(&pixels, 8, 2);
        assert!((0..8).all(|x| larger.get_pixel(x, 1) == pixels.get_pixel(x / 2, 1)));
        assert_eq!(scaled(&pixels, 4, 2), pixels);
        // The parts have between them all pixels, each once.
        assert_eq!(spans(7, 3), [(0, 2), (2, 4), (4, 7)]);
    }
}
