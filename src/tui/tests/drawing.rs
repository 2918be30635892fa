//! What each way of drawing costs and loses: the figures and the sheet of docs/performance.md.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use image::RgbImage;
use ratatui::layout::Rect;

use crate::backend::{PreviewRenderer, PreviewSize};
use crate::config::Preview;
use crate::tui::layout::picture_room;
use crate::tui::model::Look;
use crate::tui::preview::{self, Dots, ScreenPainter, mean_error, seen};
use crate::tui::terminal::{Encoder, Palette};

use super::*;

/// The ways of drawing in cells, and their dots.
const IN_CELLS: [(Preview, Dots); 3] =
    [(Preview::Blocks, Dots::Halves), (Preview::Quadrants, Dots::Quadrants), (Preview::Sextants, Dots::Sextants)];

/// Pictures beside each other on the sheet, and how large a cell is there.
const ACROSS: usize = 8;
const CELL: (u32, u32) = (6, 12);

/// Pixels of a sheet's picture.
fn blank_sheet(count: usize, room: PreviewSize) -> RgbImage {
    let rows = count.div_ceil(ACROSS) as u32;
    let (width, height) = (u32::from(room.columns) * CELL.0, u32::from(room.rows) * CELL.1);
    RgbImage::from_pixel(ACROSS as u32 * (width + 4), rows * (height + 4), image::Rgb([255; 3]))
}

/// Prints bytes, times and errors of each way for the pictures of `SIS_MEASURE_PICTURES`, or the samples, in the room
/// of a screen of 80x24; and writes a sheet of them a way of drawing in cells into the folder `SIS_MEASURE_SHEETS`.
#[test]
#[ignore = "measures"]
fn measure_ways_of_drawing() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo");
    let folder = std::env::var_os("SIS_MEASURE_PICTURES").map_or(PathBuf::from(samples), PathBuf::from);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let pictures = paths.iter().filter_map(|path| image::open(path).ok()).map(|picture| picture.to_rgb8());
    let pictures: Vec<RgbImage> = pictures.step_by((paths.len() / 32).max(1)).take(32).collect();
    let room = picture_room((80, 24), Look::One, false);
    println!("{} pictures in {}x{} cells", pictures.len(), room.columns, room.rows);
    for way in [Preview::Blocks, Preview::Quadrants, Preview::Sextants, Preview::Sixel, Preview::Iterm2, Preview::Kitty]
    {
        let painter = ScreenPainter::new();
        painter.choose(way);
        let (mut bytes, mut few, mut took) = (vec![], vec![], vec![]);
        for picture in &pictures {
            let began = Instant::now();
            let painted = painter.paint(picture.clone(), room).unwrap();
            took.push(began.elapsed());
            let mut terminal = Terminal::new(TestBackend::new(room.columns, room.rows)).unwrap();
            let drawn = terminal.draw(|frame| preview::draw(frame, frame.area(), &painted)).unwrap();
            let length = |palette| {
                let mut encoder = Encoder::new(palette);
                for (place, cell) in drawn.buffer.content().iter().enumerate() {
                    let (x, y) = drawn.buffer.pos_of(place);
                    if *cell != ratatui::buffer::Cell::default() && !skips(cell) {
                        encoder.cell(x, y, cell);
                    }
                }
                encoder.finish().len()
            };
            bytes.push(length(Palette::True));
            few.push(length(Palette::Indexed));
        }
        let kilobytes = |mut lengths: Vec<usize>| {
            lengths.sort();
            format!(
                "{:.1} / {:.1} kB",
                lengths[lengths.len() / 2] as f64 / 1e3,
                lengths[lengths.len() - 1] as f64 / 1e3
            )
        };
        took.sort();
        let time = took[took.len() / 2].max(Duration::from_micros(1));
        println!("{way:?}: {}, in 256 colours {}; {time:.1?} to paint", kilobytes(bytes), kilobytes(few));
    }
    for (way, dots) in IN_CELLS {
        let fitted = |picture: &RgbImage| preview::cells_of(picture.dimensions(), room).unwrap();
        let errors: Vec<f64> = pictures
            .iter()
            .map(|picture| {
                let (columns, rows) = fitted(picture);
                mean_error(picture, dots, columns, rows)
            })
            .collect();
        println!("{way:?}: mean error {:.2} of 255", errors.iter().sum::<f64>() / errors.len() as f64);
        let Some(sheets) = std::env::var_os("SIS_MEASURE_SHEETS").map(PathBuf::from) else { continue };
        let mut sheet = blank_sheet(pictures.len(), room);
        for (place, picture) in pictures.iter().enumerate() {
            let (columns, rows) = fitted(picture);
            let shown = seen(picture, dots, columns, rows);
            let (width, height) = (u32::from(columns) * CELL.0, u32::from(rows) * CELL.1);
            let shown = image::imageops::resize(&shown, width, height, image::imageops::FilterType::Nearest);
            let x = (place % ACROSS) as i64 * i64::from(u32::from(room.columns) * CELL.0 + 4);
            let y = (place / ACROSS) as i64 * i64::from(u32::from(room.rows) * CELL.1 + 4);
            image::imageops::replace(&mut sheet, &shown, x, y);
        }
        sheet.save(sheets.join(format!("{way:?}.png").to_lowercase())).unwrap();
    }
}

/// Whether a cell is under graphics that another cell carries.
fn skips(cell: &ratatui::buffer::Cell) -> bool {
    cell.diff_option == ratatui::buffer::CellDiffOption::Skip
}

#[test]
fn a_picture_is_in_the_middle_of_its_room() {
    let painter = ScreenPainter::new();
    let painted = painter
        .paint(RgbImage::from_pixel(10, 10, image::Rgb([200; 3])), PreviewSize { columns: 20, rows: 4, generation: 0 });
    let mut terminal = Terminal::new(TestBackend::new(30, 8)).unwrap();
    let painted = painted.unwrap();
    let drawn = terminal.draw(|frame| preview::draw(frame, Rect::new(5, 2, 20, 4), &painted)).unwrap();
    let ground = |x, y| drawn.buffer[(x, y)].bg;
    let grey = ratatui::style::Color::Rgb(200, 200, 200);
    assert_eq!((ground(11, 2), ground(18, 5)), (grey, grey));
    assert!([(10, 2), (19, 2), (11, 1), (11, 6)].iter().all(|(x, y)| ground(*x, *y) != grey));
}
