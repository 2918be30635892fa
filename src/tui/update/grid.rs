//! The grid: a page of the queue as small pictures. Here it is opened, gone through and left; `sweep` decides.

use crossterm::event::{KeyCode, KeyEvent};

use super::preview::{look as look_at_one, sight};
use super::{queue, review, sweep};
use crate::backend::{Order, PictureLocation, PreviewSize, RenderedPreview, TileFault};
use crate::config::Preview;
use crate::domain::review::QueueFilter;
use crate::tui::action::{GridAction, ReviewAction};
use crate::tui::effect::Effect;
use crate::tui::grid_layout::{grid_shape, page_length, tile_room};
use crate::tui::model::{Grid, Model, Tile};

/// Opens the grid. Where all pictures are in the queue it is of one label, that of the picture in hand: one that does
/// not belong is seen at a glance only among others of a kind.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let label = model.review.current().and_then(|index| model.collection.best(index)).map(|best| best.label);
    if model.review.filter == QueueFilter::All
        && let Some(label) = label.filter(|_| model.is_scored())
    {
        model.review.grid.former = Some(model.review.filter);
        narrow(model, label);
    }
    model.review.grid.is_open = true;
    model.review.grid.is_behind = false;
    look(model)
}

/// Has the queue hold the pictures of one label.
pub(super) fn narrow(model: &mut Model, label: usize) {
    let marked = std::mem::take(&mut model.review.marked);
    model.review.filter = QueueFilter::Label(label);
    queue::remake(model);
    model.review.marked = marked;
}

/// Leaves the grid for the picture in hand, by itself.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    model.review.grid.has_letters = false;
    model.review.grid.is_open = false;
    model.review.grid.is_behind = false;
    if let Some(filter) = model.review.grid.former.take()
        && model.review.filter != filter
    {
        let marked = std::mem::take(&mut model.review.marked);
        model.review.filter = filter;
        queue::remake(model);
        model.review.marked = marked;
    }
    let mut effects = vec![rest(model)];
    model.review.viewed = None;
    effects.extend(look_at_one(model));
    effects
}

/// Looks at the picture in hand by itself, with a way back to the page.
fn look_closer(model: &mut Model) -> Vec<Effect> {
    model.review.grid.is_open = false;
    model.review.grid.is_behind = true;
    model.review.grid.has_letters = false;
    let mut effects = vec![rest(model)];
    model.review.viewed = None;
    effects.extend(look_at_one(model));
    effects
}

/// Goes back to the page from a picture that was looked at by itself.
pub(super) fn come_back(model: &mut Model) -> Vec<Effect> {
    model.review.grid.is_open = true;
    model.review.grid.is_behind = false;
    look(model)
}

/// Nothing more is to be decoded for the grid.
fn rest(model: &mut Model) -> Effect {
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
    let is_drawn = !model.review.hidden && model.review.preview != Preview::None;
    let grid = &mut model.review.grid;
    let known = grid.room == room && grid.tiles.iter().map(|(index, _)| index).eq(&pictures);
    if known && is_drawn && grid.number > 0 {
        return vec![];
    }
    grid.number += 1;
    grid.room = room;
    grid.tiles = pictures.iter().map(|index| (*index, Tile::Waits)).collect();
    let number = grid.number;
    // Pictures that are not to be seen are not decoded either.
    if !is_drawn {
        model.review.grid.number = 0;
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

/// A picture of the page that was asked for, by its number, came.
pub(super) fn painted(model: &mut Model, number: u64, place: usize, tile: Result<RenderedPreview, TileFault>) {
    let grid = &mut model.review.grid;
    if number == grid.number
        && let Some((_, known)) = grid.tiles.get_mut(place)
    {
        *known = match tile {
            Ok(painted) => Tile::Painted(painted),
            Err(TileFault::Gone) => Tile::Gone,
            Err(TileFault::Broken) => Tile::Broken,
        };
    }
}

/// A key in the grid.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return sweep::give_label(model, if number == 0 { 9 } else { number - 1 });
    }
    if model.review.grid.has_letters
        && let KeyCode::Char(letter) = key.code
        && let Some(place) = Grid::place_of(letter)
    {
        return mark_letter(model, place);
    }
    if let Some(action) = model.keys.action::<GridAction>(key) {
        return act(model, action);
    }
    match model.keys.action(key) {
        Some(ReviewAction::Accept) => sweep::accept_in_hand(model),
        Some(ReviewAction::NoneOfThese) => sweep::none_of_these(model),
        Some(ReviewAction::Skip) => sweep::skip(model),
        Some(action) if is_known_here(action) => review::act(model, action),
        Some(_) => {
            let text = model.with_keys("app.not_in_grid", &[("key", GridAction::Leave.into())]);
            model.say(text);
            vec![]
        }
        None => vec![],
    }
}

/// True for what a key of the review does in the grid as well: it is about the queue, and not about one picture.
fn is_known_here(action: ReviewAction) -> bool {
    use ReviewAction as Known;
    matches!(
        action,
        Known::MarkRange
            | Known::Undo
            | Known::Redo
            | Known::NextOpen
            | Known::PreviousOpen
            | Known::TenOn
            | Known::TenBack
            | Known::Order
            | Known::Filter
            | Known::Hide
            | Known::Preview
    )
}

fn act(model: &mut Model, action: GridAction) -> Vec<Effect> {
    let across = grid_shape(model.size).0 as isize;
    match action {
        GridAction::Left => queue::go(model, -1),
        GridAction::Right => queue::go(model, 1),
        GridAction::Up => {
            // From the first row to the page before, and no further than there is one.
            let by = if model.review.at >= across as usize { -across } else { 0 };
            queue::go(model, by)
        }
        GridAction::Down => queue::go(model, across),
        GridAction::PageOn => turn(model, 1),
        GridAction::PageBack => turn(model, -1),
        GridAction::Mark => mark(model),
        GridAction::Letters => {
            model.review.grid.has_letters = !model.review.grid.has_letters;
            vec![]
        }
        GridAction::AcceptPage => sweep::accept_page(model),
        GridAction::Look => look_closer(model),
        GridAction::Leave if model.review.grid.has_letters => {
            model.review.grid.has_letters = false;
            vec![]
        }
        GridAction::Leave => leave(model),
    }
}

/// Turns to the first picture of another page.
pub(super) fn turn(model: &mut Model, by: isize) -> Vec<Effect> {
    let length = page_length(model.size);
    let page = (model.review.at / length).saturating_add_signed(by);
    if page * length < model.review.queue.len() {
        model.review.at = page * length;
    }
    look(model)
}

fn mark(model: &mut Model) -> Vec<Effect> {
    if let Some(index) = model.review.current() {
        toggle(model, index);
    }
    // The page is not left by marking.
    let is_last = (model.review.at + 1).is_multiple_of(page_length(model.size));
    queue::go(model, if is_last { 0 } else { 1 })
}

fn mark_letter(model: &mut Model, place: usize) -> Vec<Effect> {
    let at = first(model) + place;
    if let Some(index) = model.review.grid.tiles.get(place).map(|(index, _)| *index) {
        toggle(model, index);
        model.review.at = at;
    }
    look(model)
}

fn toggle(model: &mut Model, index: usize) {
    if !model.review.marked.remove(&index) {
        model.review.marked.insert(index);
    }
}
