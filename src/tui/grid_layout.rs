//! Where the tiles of the grid are, by the size of the screen alone: for drawing, and for asking for pictures that fit.

use ratatui::layout::{Constraint, Layout, Rect};

use super::layout::{parts, screen};
use crate::backend::PreviewSize;

/// Columns of the screen for each tile: 4 tiles beside each other on 80 columns, 10 on 200.
const TILE_COLUMNS: u16 = 20;

/// Rows of the screen for each tile: 2 tiles one above the other on 24 rows, 6 on 60.
const TILE_ROWS: u16 = 10;

/// The parts of the pane when it shows the grid.
pub(super) struct GridAreas {
    pub(super) head: Rect,
    pub(super) tiles: Rect,
    /// About the picture in hand.
    pub(super) foot: Rect,
    /// The labels with their digits.
    pub(super) labels: Rect,
}

pub(super) fn grid_areas(pane: Rect) -> GridAreas {
    let rows = [Constraint::Length(1), Constraint::Min(1), Constraint::Length(1), Constraint::Length(1)];
    let [head, tiles, foot, labels] = Layout::vertical(rows).areas(pane);
    GridAreas { head, tiles, foot, labels }
}

/// Tiles beside each other and one above the other, on a screen of so many columns and rows.
pub(super) fn grid_shape((columns, rows): (u16, u16)) -> (u16, u16) {
    ((columns / TILE_COLUMNS).max(1), (rows / TILE_ROWS).max(1))
}

/// How many tiles a page has.
pub(super) fn page_length(size: (u16, u16)) -> usize {
    let (across, down) = grid_shape(size);
    usize::from(across) * usize::from(down)
}

/// The tile of a place on the page: its picture, and the line under it.
pub(super) fn tile(area: Rect, size: (u16, u16), place: usize) -> (Rect, Rect) {
    let (across, down) = grid_shape(size);
    let (width, height) = (area.width / across, area.height / down);
    let place = place as u16;
    let x = area.x + place % across * width;
    let y = area.y + place / across * height;
    let inside = Rect { x, y, width: width.saturating_sub(1), height }.intersection(area);
    let picture = Rect { height: inside.height.saturating_sub(1), ..inside };
    let line = Rect { y: inside.y + picture.height, height: inside.height - picture.height, ..inside };
    (picture, line)
}

/// The room for the picture of a tile.
pub(super) fn tile_room(size: (u16, u16)) -> PreviewSize {
    let (picture, _) = tile(grid_areas(parts(screen(size), 1).pane).tiles, size, 0);
    PreviewSize { columns: picture.width, rows: picture.height, generation: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_has_as_many_tiles_as_the_screen_has_room_for() {
        for (size, shape) in [
            ((80, 24), (4, 2)),
            ((120, 40), (6, 4)),
            ((200, 60), (10, 6)),
            ((60, 15), (3, 1)),
            ((19, 9), (1, 1)),
            ((0, 0), (1, 1)),
        ] {
            assert_eq!(grid_shape(size), shape, "{size:?}");
            assert_eq!(page_length(size), usize::from(shape.0) * usize::from(shape.1));
        }
    }

    #[test]
    fn tiles_are_inside_the_pane_and_beside_each_other() {
        for size in [(60, 15), (80, 24), (120, 40), (200, 60), (211, 67)] {
            let areas = grid_areas(parts(screen(size), 1).pane);
            let tiles: Vec<Rect> = (0..page_length(size))
                .map(|place| {
                    let (picture, line) = tile(areas.tiles, size, place);
                    assert!(picture.height >= 5 && line.height == 1, "{size:?}: {picture:?}");
                    assert_eq!(tile_room(size).columns, picture.width);
                    assert_eq!(tile_room(size).rows, picture.height);
                    picture.union(line)
                })
                .collect();
            assert!(tiles.iter().all(|tile| areas.tiles.union(*tile) == areas.tiles), "{size:?}");
            for (place, tile) in tiles.iter().enumerate() {
                assert!(tiles[..place].iter().all(|other| !other.intersects(*tile)), "{size:?}: {place}");
            }
        }
    }
}
