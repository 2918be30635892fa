//! A rough form of the pictures on the screen: large areas of one colour each, in few bytes.

use std::collections::{HashMap, VecDeque};

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::Color;

use super::encode::{Encoder, Palette, indexed};
use crate::tui::preview::share_of_ink;

/// Columns and rows of the areas that are tried, the smallest first.
const AREAS: [(u16, u16); 8] = [(2, 1), (4, 2), (6, 3), (8, 4), (12, 6), (16, 8), (24, 12), (48, 24)];

/// The pictures' cells as areas, as small as fits into so many bytes; row by row, each in bytes of its own. Where even
/// the largest areas do not fit, they are taken.
pub(super) fn rough(cells: &[Option<Cell>], size: Size, most_bytes: usize, erases: bool) -> VecDeque<Vec<u8>> {
    let mut rows = VecDeque::new();
    for area in AREAS {
        rows = in_areas(cells, size, area, erases);
        if rows.iter().map(Vec::len).sum::<usize>() <= most_bytes {
            break;
        }
    }
    rows
}

fn in_areas(cells: &[Option<Cell>], size: Size, (wide, high): (u16, u16), erases: bool) -> VecDeque<Vec<u8>> {
    let width = usize::from(size.width).max(1);
    let area_of = |place: usize| (place % width / usize::from(wide), place / width / usize::from(high));
    let mut sums: HashMap<(usize, usize), ([u32; 3], u32)> = HashMap::new();
    for (place, cell) in cells.iter().enumerate() {
        let Some(cell) = cell else { continue };
        let (sum, count) = sums.entry(area_of(place)).or_default();
        let mean = mean_colour(cell);
        (0..3).for_each(|channel| sum[channel] += u32::from(mean[channel]));
        *count += 1;
    }
    let colours: HashMap<(usize, usize), Color> = sums
        .into_iter()
        .map(|(area, (sum, count))| {
            let [r, g, b] = sum.map(|sum| (sum / count.max(1)) as u8);
            (area, indexed(Color::Rgb(r, g, b)))
        })
        .collect();
    let colour_at = |place: usize| cells[place].is_some().then(|| colours.get(&area_of(place)).copied()).flatten();
    let row = |y: usize| {
        let mut encoder = Encoder::new(Palette::Indexed);
        let (mut x, end) = (0, width.min(cells.len() - y * width));
        while x < end {
            let colour = colour_at(y * width + x);
            let length = (x..end).take_while(|x| colour_at(y * width + x) == colour).count();
            if let Some(colour) = colour {
                encoder.blank(x as u16, y as u16, length as u16, colour, erases);
            }
            x += length;
        }
        encoder.finish()
    };
    (0..cells.len().div_ceil(width)).map(row).filter(|bytes| !bytes.is_empty()).collect()
}

/// The mean colour of a cell, by how much of it its sign covers.
fn mean_colour(cell: &Cell) -> [u8; 3] {
    let channels = |colour| match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        _ => [0; 3],
    };
    let share = cell.symbol().chars().next().map_or(0.0, share_of_ink);
    let (ink, ground) = (channels(cell.fg), channels(cell.bg));
    std::array::from_fn(|channel| (f64::from(ink[channel]) * share + f64::from(ground[channel]) * (1.0 - share)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(size: Size, colour: impl Fn(u16, u16) -> Color) -> Vec<Option<Cell>> {
        let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let cell = |(x, y)| {
            let mut cell = Cell::default();
            cell.set_symbol("▀").set_fg(colour(x, y)).set_bg(colour(x, y));
            Some(cell)
        };
        places.map(cell).collect()
    }

    #[test]
    fn any_picture_on_any_screen_is_rough_in_few_bytes() {
        // As hard to pack as can be: no two cells are alike.
        let noise = |x: u16, y: u16| {
            let state = (u32::from(x) * 7919 + u32::from(y) * 104_729).wrapping_mul(2_654_435_761);
            Color::Rgb((state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8)
        };
        for (width, height) in [(56, 19), (80, 35), (140, 55), (200, 58), (400, 100)] {
            let size = Size { width, height };
            let rows = rough(&cells(size, noise), size, 10 << 10, true);
            let bytes: usize = rows.iter().map(Vec::len).sum();
            assert!(bytes <= 10 << 10, "{width}x{height}: {bytes}");
            assert_eq!(rows.len(), usize::from(height));
        }
    }

    #[test]
    fn only_the_pictures_cells_are_painted() {
        let size = Size { width: 20, height: 2 };
        let mut all = cells(size, |_, _| Color::Rgb(255, 0, 0));
        all[..25].fill(None);
        let rows = rough(&all, size, 1000, false);
        assert_eq!(rows, [format!("\x1b[2;6H\x1b[48;5;196m{}\x1b[m", " ".repeat(15)).into_bytes()]);
    }
}
