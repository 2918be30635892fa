//! The small pictures of the queue beside the picture that is looked at. Those of the grid take their place while it is
//! open.

use super::grid_page::rest;
use super::sights::sight;
use crate::backend::{Order, PictureLocation, PreviewSize};
use crate::tui::effect::Effect;
use crate::tui::layout::{listed_room, listed_rows};
use crate::tui::model::{Model, Tile};

/// Asks for the small pictures, if they are others or have another room.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let count = listed_rows(model.size, review.look, review.details);
    let listed = if model.draws_tiles() { review.listed(count) } else { 0..0 };
    let pictures: Vec<usize> = review.queue[listed.clone()].to_vec();
    if pictures.is_empty() {
        return if review.grid.tiles.is_empty() { vec![] } else { vec![rest(model)] };
    }
    let room = listed_room(model.size, review.look, review.details);
    let room = PreviewSize { generation: review.generation, ..room };
    let grid = &review.grid;
    if grid.room == room && grid.tiles.iter().map(|(index, _)| index).eq(&pictures) {
        return vec![];
    }
    let sights = |places: &mut dyn Iterator<Item = usize>| -> Vec<PictureLocation> {
        places.filter_map(|index| sight(model, index)).collect()
    };
    let tiles = sights(&mut pictures.iter().copied());
    let ahead = sights(&mut review.queue.iter().skip(listed.end).take(count).copied());
    let grid = &mut model.review.grid;
    grid.number += 1;
    grid.room = room;
    grid.tiles = pictures.into_iter().map(|index| (index, Tile::Waits)).collect();
    vec![Effect::Order(Order::Tiles { number: grid.number, tiles, ahead, room })]
}
