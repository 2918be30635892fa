//! A picture in cells of the terminal: in each a sign and two colours.

use image::RgbImage;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::dots::Dots;
use super::scale::scaled;
use super::two_colours::{Colour, divide};

/// A picture in cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellPicture {
    pub(super) columns: u16,
    pub(super) rows: u16,
    /// Row by row.
    cells: Vec<PaintedCell>,
}

/// A cell: a sign in one colour on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PaintedCell {
    sign: char,
    sign_colour: Colour,
    ground: Colour,
}

impl CellPicture {
    /// The picture in so many cells.
    pub(super) fn paint(pixels: &RgbImage, dots: Dots, columns: u16, rows: u16) -> CellPicture {
        let (across, down) = dots.grid();
        let points = scaled(pixels, u32::from(columns) * across as u32, u32::from(rows) * down as u32);
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let cells = places.map(|(column, row)| {
            let corner = (usize::from(column) * across, usize::from(row) * down);
            let point = |place: usize| {
                let (x, y) = (corner.0 + place % across, corner.1 + place / across);
                points.get_pixel(x as u32, y as u32).0
            };
            let colours: Vec<Colour> = (0..dots.count()).map(point).collect();
            let division = divide(&colours);
            PaintedCell { sign: dots.sign(division.mask), sign_colour: division.set, ground: division.clear }
        });
        CellPicture { columns, rows, cells: cells.collect() }
    }

    /// Draws it from the area's first cell on, as far as the area goes.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let rows = self.cells.chunks_exact(usize::from(self.columns).max(1));
        for (y, row) in (area.top()..area.bottom()).zip(rows) {
            for (x, cell) in (area.left()..area.right()).zip(row) {
                let colour = |[r, g, b]: Colour| Color::Rgb(r, g, b);
                if let Some(drawn) = buffer.cell_mut((x, y)) {
                    drawn.reset();
                    drawn.set_char(cell.sign).set_fg(colour(cell.sign_colour)).set_bg(colour(cell.ground));
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use image::Rgb;

    use super::*;

    /// Points of a cell that every way of dividing it comes out even in.
    const FINE: (u32, u32) = (2, 6);

    /// The picture as cells show it, in so many points each.
    pub(in crate::tui) fn seen(pixels: &RgbImage, dots: Dots, columns: u16, rows: u16) -> RgbImage {
        let picture = CellPicture::paint(pixels, dots, columns, rows);
        let (across, down) = dots.grid();
        let mask_of = |sign: char| (0..1u8 << dots.count()).find(|mask| dots.sign(*mask) == sign).unwrap();
        RgbImage::from_fn(u32::from(picture.columns) * FINE.0, u32::from(picture.rows) * FINE.1, |x, y| {
            let cell = picture.cells[((y / FINE.1) * u32::from(picture.columns) + x / FINE.0) as usize];
            let (column, row) = (x % FINE.0 * across as u32 / FINE.0, y % FINE.1 * down as u32 / FINE.1);
            let place = row * across as u32 + column;
            Rgb(if mask_of(cell.sign) >> place & 1 == 1 { cell.sign_colour } else { cell.ground })
        })
    }

    /// The mean error of a way of drawing, in levels of a channel, against the picture scaled to fine points.
    pub(in crate::tui) fn mean_error(pixels: &RgbImage, dots: Dots, columns: u16, rows: u16) -> f64 {
        let wanted = scaled(pixels, u32::from(columns) * FINE.0, u32::from(rows) * FINE.1);
        let drawn = seen(pixels, dots, columns, rows);
        let errors = wanted.as_raw().iter().zip(drawn.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b)));
        errors.sum::<f64>() / wanted.as_raw().len() as f64
    }

    /// Drawn pictures: letters' strokes, a disc on a slope, and bars at a slant.
    fn drawings() -> Vec<RgbImage> {
        let strokes = |x: u32, y: u32| {
            if (x / 7 + y / 11).is_multiple_of(3) || x % 13 < 3 { [20, 20, 20] } else { [240, 240, 235] }
        };
        let disc = |x: u32, y: u32| match (x as i64 - 200).pow(2) + (y as i64 - 150).pow(2) < 90 * 90 {
            true => [220, 60, 40],
            false => [(x / 2) as u8, (y / 2) as u8, 120],
        };
        let bars = |x: u32, y: u32| if ((x + 2 * y) / 17).is_multiple_of(2) { [30, 90, 160] } else { [200, 190, 80] };
        let drawn = |paint: &dyn Fn(u32, u32) -> Colour| RgbImage::from_fn(400, 300, |x, y| Rgb(paint(x, y)));
        vec![drawn(&strokes), drawn(&disc), drawn(&bars)]
    }

    #[test]
    fn more_dots_lose_less() {
        for (number, pixels) in drawings().iter().enumerate() {
            let [halves, quadrants, sextants] =
                [Dots::Halves, Dots::Quadrants, Dots::Sextants].map(|dots| mean_error(pixels, dots, 53, 20));
            println!("drawing {number}: halves {halves:.2}, quadrants {quadrants:.2}, sextants {sextants:.2}");
            assert!(sextants < quadrants && quadrants < halves, "{number}: {halves} {quadrants} {sextants}");
        }
    }

    #[test]
    fn the_last_row_of_a_picture_is_its_own() {
        let white = RgbImage::from_pixel(301, 199, Rgb([255; 3]));
        for dots in [Dots::Halves, Dots::Quadrants, Dots::Sextants] {
            let picture = CellPicture::paint(&white, dots, 31, 7);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 10));
            picture.draw(Rect::new(2, 1, 38, 9), &mut buffer);
            for (x, y) in [(2, 1), (32, 7), (2, 7)] {
                assert_eq!(buffer[(x, y)].bg, Color::Rgb(255, 255, 255), "{dots:?} {x} {y}");
            }
            assert_eq!((buffer[(33, 7)].bg, buffer[(2, 8)].bg), (Color::Reset, Color::Reset));
        }
    }
}
