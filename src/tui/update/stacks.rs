//! Stacks of near-duplicates: looked for in the background, shown one by one, decided together.
//!
//! The pictures of a stack are near each other for the eye and for the model, and still not the same: one decision
//! holds for all of them only once they were shown beside each other.

use std::collections::HashSet;

use super::preview::look;
use crate::backend::Order;
use crate::domain::collection::Entry;
use crate::domain::picture::{ContentHash, PictureId, PictureState};
use crate::tui::effect::Effect;
use crate::tui::model::{Look, Model, OpenStack};

/// Has stacks looked for among the pictures of the session.
pub(super) fn search(model: &mut Model) -> Vec<Effect> {
    let mut contents = HashSet::new();
    let collection = &model.collection;
    let of = |(index, entry): (usize, &Entry)| -> Option<(PictureId, ContentHash)> {
        let hash = entry.hash.filter(|_| !collection.is_replaced(index) && entry.state == PictureState::Ok)?;
        contents.insert(hash).then_some((entry.id, hash))
    };
    let pictures: Vec<_> = collection.entries().iter().enumerate().filter_map(of).collect();
    if pictures.len() < 2 {
        return vec![];
    }
    let stacks = &mut model.review.stacks;
    stacks.number += 1;
    stacks.percent = Some(0);
    vec![Effect::Order(Order::FindDuplicates { number: stacks.number, pictures })]
}

/// So much of the search is done.
pub(super) fn looking(model: &mut Model, number: u64, percent: usize) {
    if number == model.review.stacks.number {
        model.review.stacks.percent = Some(percent);
    }
}

/// Stacks were found. The queue stays as it is until it is made anew, so that nothing moves under the person.
pub(super) fn found(model: &mut Model, number: u64, stacks: &[Vec<PictureId>], unknown: usize) {
    if number != model.review.stacks.number {
        return;
    }
    let places = |stack: &Vec<PictureId>| -> Vec<usize> {
        stack.iter().filter_map(|picture| model.collection.place_of(*picture)).collect()
    };
    let members: Vec<Vec<usize>> = stacks.iter().map(places).filter(|members: &Vec<usize>| members.len() > 1).collect();
    let stacks = &mut model.review.stacks;
    stacks.percent = None;
    stacks.unknown = unknown;
    stacks.take(members);
}

/// Shows the pictures of the stack of the picture in hand, beside each other.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.review.grid.stack.is_some() {
        return close(model);
    }
    let Some(index) = model.review.current() else { return vec![] };
    let members = model.review.stacks.members(index).to_vec();
    if members.len() < 2 {
        let text = match model.review.stacks.percent {
            Some(percent) => model.language.say("app.stack_looking", &[("percent", &percent)]),
            None if model.review.stacks.unknown > 0 => {
                model.language.say("app.stack_unknown", &[("count", &model.review.stacks.unknown)])
            }
            None => model.language.text("app.stack_none"),
        };
        model.show(text);
        return vec![];
    }
    let at = members.iter().position(|member| *member == index).unwrap_or(0);
    let former = std::mem::replace(&mut model.review.queue, members);
    let grid = &mut model.review.grid;
    grid.stack = Some(OpenStack { queue: former, at: model.review.at, was_grid: grid.is_open });
    grid.has_letters = false;
    grid.is_open = true;
    model.review.look = Look::One;
    model.review.at = at;
    look(model)
}

/// Goes back from a stack to where it was opened.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    let Some(OpenStack { queue, at, was_grid }) = model.review.grid.stack.take() else { return vec![] };
    (model.review.queue, model.review.at) = (queue, at);
    model.review.grid.is_open = was_grid;
    model.review.grid.tiles.clear();
    model.review.asked = None;
    look(model)
}

/// Takes the picture in hand out of the stack, or puts it back.
pub(super) fn take_out(model: &mut Model) -> Vec<Effect> {
    if let Some(index) = model.review.current() {
        model.review.stacks.toggle(index);
        let key = if model.review.stacks.is_taken_out(index) { "app.stack_taken_out" } else { "app.stack_put_back" };
        let text = model.language.text(key);
        model.show(text);
    }
    let last = model.review.queue.len().saturating_sub(1);
    model.review.at = (model.review.at + 1).min(last);
    look(model)
}
