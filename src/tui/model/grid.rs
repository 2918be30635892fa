//! The state of the grid: a page of the queue as small pictures.

use std::collections::HashMap;

use crate::backend::{PreviewSize, RenderedPreview};
use crate::domain::decision::LabelId;
use crate::domain::review::QueueFilter;

/// Letters of tiles. Digits give labels, and the one capital that is left out accepts the page.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ,.;:-_+=!";

#[derive(Default)]
pub(crate) struct Grid {
    /// The pane shows the grid.
    pub(crate) is_open: bool,
    /// A picture of the page is looked at by itself, and the way back leads to the page.
    pub(crate) is_behind: bool,
    /// The filter of before, where the grid was opened for one label of it.
    pub(crate) former: Option<QueueFilter>,
    /// Letters mark the tiles that they stand on.
    pub(crate) has_letters: bool,
    /// The number of the page that was asked for last, and its room.
    pub(crate) number: u64,
    pub(crate) room: PreviewSize,
    /// The pictures of the page, by position in the collection, as far as they are there.
    pub(crate) tiles: Vec<(usize, Tile)>,
    /// Pictures of the page that the screen showed when it was drawn last, and the label that was predicted for each.
    pub(crate) seen: HashMap<usize, Option<LabelId>>,
    /// Near-duplicates that are with a picture of the queue and not in it themselves.
    pub(crate) with: HashMap<usize, Vec<usize>>,
    /// The grid shows the pictures of one stack.
    pub(crate) stack: Option<OpenStack>,
}

/// The stack that is shown, with the queue of before.
#[derive(Debug)]
pub(crate) struct OpenStack {
    pub(crate) queue: Vec<usize>,
    pub(crate) at: usize,
    pub(crate) was_grid: bool,
}

/// A tile's picture.
#[derive(Debug, Clone)]
pub(crate) enum Tile {
    /// It was asked for.
    Waits,
    /// It can be drawn.
    Painted(RenderedPreview),
    /// Its file is not there any more.
    Gone,
    /// It has no pixels that can be shown.
    Broken,
}

impl Grid {
    /// The letter of a place on the page; none where there are more tiles than letters.
    pub(crate) fn letter(place: usize) -> Option<char> {
        LETTERS.chars().nth(place)
    }

    /// The place that a letter stands for.
    pub(crate) fn place_of(letter: char) -> Option<usize> {
        LETTERS.chars().position(|known| known == letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tile_of_the_usual_screens_has_a_letter_of_its_own() {
        for place in 0..60 {
            assert_eq!(Grid::letter(place).and_then(Grid::place_of), Some(place));
        }
        assert_eq!((Grid::place_of('A'), Grid::place_of('1'), Grid::letter(60)), (None, None, None));
    }
}
