//! Asks for painted pictures: the one that is looked at, and its neighbours.

use std::sync::Arc;

use super::sights::sight;
use super::{grid_page, strip};
use crate::backend::{NotShown, Order, Part, PictureFacts, PictureLocation, PreviewSize, Viewed};
use crate::config::Preview;
use crate::tui::action::ReviewAction;
use crate::tui::effect::Effect;
use crate::tui::layout::picture_room;
use crate::tui::model::{Asked, Look, Model, Pane};

/// Pictures, by their distance in the queue, that are made ready before they are looked at.
const AHEAD: [isize; 3] = [1, 2, -1];

/// Asks for the picture that is looked at, if it is another one, another part of it, or has another room.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    if model.review.grid.is_open {
        return grid_page::look(model);
    }
    let mut effects = look_at_one(model);
    effects.extend(strip::look(model));
    effects
}

fn look_at_one(model: &mut Model) -> Vec<Effect> {
    let Some(index) = model.review.current() else {
        model.review.asked = None;
        model.review.viewed = None;
        model.review.facts = None;
        return vec![];
    };
    model.live.unseen.remove(&index);
    let room = picture_room(model.size, model.review.look, model.review.details);
    let asked = Asked { index, part: part(model), room: PreviewSize { generation: model.review.generation, ..room } };
    if model.review.asked == Some(asked) {
        return vec![];
    }
    let Some(sight) = sight(model, index) else { return vec![] };
    if model.review.asked.map(|former| former.index) != Some(index) {
        model.review.viewed = None;
        model.review.facts = None;
    }
    model.review.view += 1;
    model.review.asked = Some(asked);
    let at = model.review.at;
    let ahead: &[isize] = if asked.part == Part::Nothing { &[] } else { &AHEAD };
    let places = ahead.iter().map(|by| at.wrapping_add_signed(*by));
    let next = places.filter_map(|place| sight_at(model, place)).collect();
    vec![Effect::Order(Order::View { number: model.review.view, sight, part: asked.part, next, room: asked.room })]
}

/// The part of a picture that is drawn.
fn part(model: &Model) -> Part {
    match model.review.look {
        _ if model.review.hidden || model.review.preview == Preview::None => Part::Nothing,
        Look::One | Look::Whole => Part::Whole,
        Look::Exact { across, down } => Part::Exact { across, down },
    }
}

fn sight_at(model: &Model, place: usize) -> Option<PictureLocation> {
    sight(model, *model.review.queue.get(place)?)
}

/// The picture that was asked for, by its number, came, or why it is not shown.
pub(super) fn viewed(
    model: &mut Model,
    number: u64,
    viewed: Result<Viewed, NotShown>,
    facts: Option<Arc<PictureFacts>>,
) {
    let Some(asked) = model.review.asked.filter(|_| number == model.review.view) else { return };
    match &viewed {
        Err(why) if why.is_lost() => model.review.lost.insert(asked.index),
        _ => model.review.lost.remove(&asked.index),
    };
    // No way leads beyond the edge of the picture.
    if let (Ok(Viewed { part, .. }), Look::Exact { .. }) = (&viewed, model.review.look)
        && let Part::Exact { across, down } = *part
    {
        if model.review.look != (Look::Exact { across, down }) {
            model.show(model.language.text("app.at_the_edge"));
        }
        model.review.look = Look::Exact { across, down };
        model.review.asked = Some(Asked { part: *part, ..asked });
    }
    model.review.viewed = Some(viewed);
    model.review.facts = facts;
}

/// Asks once more for the picture that is looked at: it may be there again.
pub(super) fn look_again(model: &mut Model) -> Vec<Effect> {
    // The screen stays as it is until the answer comes.
    let before = (model.review.viewed.take(), model.review.facts.take());
    let Some(asked) = model.review.asked.take() else { return look(model) };
    let effects = look(model);
    if model.review.current() == Some(asked.index) {
        (model.review.viewed, model.review.facts) = before;
    }
    effects
}

/// Has pictures painted anew: in another way, or for a terminal that has forgotten them.
pub(super) fn draw_anew(model: &mut Model) -> Vec<Effect> {
    model.review.generation += 1;
    model.review.viewed = None;
    let mut effects = vec![Effect::Paint(model.review.preview)];
    if model.pane == Pane::Review {
        effects.extend(look(model));
    }
    effects
}

/// Pictures take long to get to the terminal: they are drawn in cells from now on.
pub(super) fn draw_less(model: &mut Model, cells: Preview) -> Vec<Effect> {
    // A generation of drawing that a person has chosen stays.
    if model.review.preview != Preview::Auto {
        return vec![];
    }
    model.review.preview = cells;
    let text = model.with_keys("app.slow_line", &[("key", ReviewAction::Preview.into())]);
    model.say(text);
    draw_anew(model)
}

/// Pictures are drawn in the next way from now on.
pub(super) fn choose_preview(model: &mut Model) -> Vec<Effect> {
    model.review.preview = next(model.review.preview, &model.review.takes_pixels);
    let text = model.language.text(key(model.review.preview));
    model.say(text);
    draw_anew(model)
}

/// The way of drawing after this one. A terminal that does not take pixels in a way would print them as text.
fn next(preview: Preview, takes_pixels: &[Preview]) -> Preview {
    const ALL: [Preview; 8] = [
        Preview::Auto,
        Preview::Sextants,
        Preview::Quadrants,
        Preview::Blocks,
        Preview::Sixel,
        Preview::Kitty,
        Preview::Iterm2,
        Preview::None,
    ];
    let place = ALL.iter().position(|known| *known == preview).unwrap_or(0);
    let is_drawable = |way: &Preview| match way {
        Preview::Sixel | Preview::Kitty | Preview::Iterm2 => takes_pixels.contains(way),
        _ => true,
    };
    ALL.into_iter().cycle().skip(place + 1).find(is_drawable).unwrap_or_default()
}

fn key(preview: Preview) -> &'static str {
    match preview {
        Preview::Auto => "app.preview_auto",
        Preview::Kitty => "app.preview_kitty",
        Preview::Iterm2 => "app.preview_iterm2",
        Preview::Sixel => "app.preview_sixel",
        Preview::Sextants => "app.preview_sextants",
        Preview::Quadrants => "app.preview_quadrants",
        Preview::Blocks => "app.preview_blocks",
        Preview::None => "app.preview_none",
    }
}
