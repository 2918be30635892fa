//! The page of the grid: its pictures are asked for, and come.

use std::collections::HashMap;

use super::sights::sight;
use crate::backend::{NotShown, Order, PictureLocation, PreviewSize, RenderedPreview};
use crate::domain::decision::LabelId;
use crate::tui::effect::Effect;
use crate::tui::grid_layout::{page_length, tile_room};
use crate::tui::layout::is_too_small;
use crate::tui::model::{Model, Pane, Tile};

/// Nothing more is to be decoded for the grid.
pub(super) fn rest(model: &mut Model) -> Effect {
    let grid = &mut model.review.grid;
    grid.number += 1;
    grid.tiles.clear();
    Effect::Order(Order::Tiles { number: grid.number, tiles: vec![], ahead: vec![], room: grid.room })
}

/// The place in the queue of the first tile of the page.
pub(super) fn first(model: &Model) -> usize {
    let length = page_length(model.size);
    model.review.at / length * length
}

/// Asks for the pictures of the page, if they are others or have another room.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let length = page_length(model.size);
    model.review.at = model.review.at.min(model.review.queue.len().saturating_sub(1));
    let first = first(model);
    let pictures: Vec<usize> = model.review.queue.iter().skip(first).take(length).copied().collect();
    for index in &pictures {
        model.live.unseen.remove(index);
    }
    let room = PreviewSize { generation: model.review.generation, ..tile_room(model.size) };
    let is_drawn = model.draws_tiles();
    let grid = &mut model.review.grid;
    let known = grid.room == room && grid.tiles.iter().map(|(index, _)| index).eq(&pictures);
    if known && is_drawn {
        return vec![];
    }
    grid.number += 1;
    // Once they are drawn again, they are asked for again, under a number that no page had.
    grid.room = if is_drawn { room } else { PreviewSize::default() };
    grid.tiles = pictures.iter().map(|index| (*index, Tile::Waits)).collect();
    let number = grid.number;
    // Pictures that are not to be seen are not decoded either.
    if !is_drawn {
        return vec![];
    }
    let sights = |model: &Model, pictures: &mut dyn Iterator<Item = usize>| -> Vec<PictureLocation> {
        pictures.filter_map(|index| sight(model, index)).collect()
    };
    let tiles = sights(model, &mut pictures.into_iter());
    let ahead = sights(model, &mut model.review.queue.iter().skip(first + length).take(length).copied());
    vec![Effect::Order(Order::Tiles { number, tiles, ahead, room })]
}

/// Asks for the page again, where a picture of it was gone and may be somewhere now.
pub(super) fn look_for_gone(model: &mut Model) {
    if model.review.grid.tiles.iter().any(|(_, tile)| matches!(tile, Tile::Gone)) {
        model.review.grid.tiles.clear();
    }
}

/// The page is on the screen as it is now: its pictures can be decided, and accepted as they were predicted there.
pub(super) fn drawn(model: &mut Model) {
    let is_free = model.pane == Pane::Review && model.popup.is_none() && model.welcome.is_none();
    if !(is_free && model.review.grid.is_open && model.draws_tiles()) || is_too_small(model.size) {
        return;
    }
    let tiles = model.review.grid.tiles.iter().filter(|(_, tile)| matches!(tile, Tile::Painted(_)));
    let seen: HashMap<usize, Option<LabelId>> = tiles.map(|(index, _)| (*index, model.predicted(*index))).collect();
    if model.review.grid.stack.is_some() {
        seen.keys().for_each(|index| model.review.stacks.note_shown(*index));
    }
    model.review.grid.seen = seen;
}

/// A picture of the page that was asked for, by its number, came.
pub(super) fn painted(model: &mut Model, number: u64, place: usize, tile: Result<RenderedPreview, NotShown>) {
    let grid = &mut model.review.grid;
    if number == grid.number
        && let Some((index, known)) = grid.tiles.get_mut(place)
    {
        match &tile {
            Err(why) if why.is_lost() => model.review.lost.insert(*index),
            _ => model.review.lost.remove(index),
        };
        *known = match tile {
            Ok(painted) => Tile::Painted(painted),
            Err(why) if why.is_lost() => Tile::Gone,
            Err(_) => Tile::Broken,
        };
    }
}
