//! Looking for pictures: the box for words, and the queue that shows what was found.

use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::failure;
use super::preview::look;
use super::queue::remake;
use crate::backend::{NotRanked, Order, RankBy};
use crate::domain::name_search::NameWords;
use crate::domain::printable::{printable, printable_text};
use crate::domain::ranking::Ranking;
use crate::domain::review::QueueFilter;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Before, Likening, Look, Model, Names, Pane, Ranked};

/// Opens the box. What is found by name already is in it.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.collection.is_empty() {
        let text = model.language.text("app.find_nothing");
        model.say(text);
        return vec![];
    }
    begin(model);
    if model.review.grid.stack.is_some() {
        // Not the stack that is open is looked through, but the queue behind it.
        remake(model);
    }
    index_names(model);
    // The box is under the pane.
    model.review.look = Look::One;
    let text = model.find.names.as_ref().map(|names| names.text.clone()).unwrap_or_default();
    // Made before the first letter is typed.
    model.find.base = model.find.names.is_none().then(|| model.review.queue.clone());
    model.find.line = Some(InputLine::new(text));
    look(model)
}

/// Makes the names of pictures that came since ready to be looked through.
fn index_names(model: &mut Model) {
    let Model { find, collection, setup, .. } = model;
    find.index_names(collection.entries(), Path::new(setup.source.text().trim()));
}

/// Notes the queue to come back to, before the first search.
fn begin(model: &mut Model) {
    if model.find.before.is_none() {
        let (filter, order, picture) = (model.review.filter, model.review.order, model.review.current());
        model.find.before = Some(Before { filter, order, picture });
    }
}

/// A key while the box is open.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => leave(model),
        KeyCode::Enter => search(model),
        KeyCode::Tab | KeyCode::PageDown => keep_names(model),
        KeyCode::Up | KeyCode::Down => {
            if let Some(text) = model.find.recall(key.code == KeyCode::Up) {
                model.find.line = Some(InputLine::new(text));
            }
            narrow(model)
        }
        _ => {
            let pressed = KeyEvent::new(key.code, key.modifiers & KeyModifiers::CONTROL);
            model.find.line.as_mut().map(|line| line.press(pressed));
            model.find.typed();
            narrow(model)
        }
    }
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(line) = model.find.line.as_mut() else { return vec![] };
    line.insert(text);
    model.find.typed();
    narrow(model)
}

/// Shows the pictures whose names have the words in the box.
fn narrow(model: &mut Model) -> Vec<Effect> {
    let text = model.find.line.as_ref().map(|line| line.text().to_owned()).unwrap_or_default();
    if model.find.base.is_none() {
        model.find.names = None;
        let current = model.review.current();
        remake(model);
        model.find.base = Some(model.review.queue.clone());
        go_to(model, current);
    }
    index_names(model);
    let words = NameWords::of(&text);
    let is_longer = model.find.names.as_ref().is_some_and(|names| text.starts_with(&names.text));
    model.find.names = (!words.is_empty()).then_some(Names { text, words });
    let current = model.review.current();
    match model.review.grid.with.is_empty() {
        true => {
            // Names with more of the letters are among those that were found with fewer.
            let base = model.find.base.as_deref().unwrap_or_default();
            let among = if is_longer { &model.review.queue } else { base };
            model.review.queue = among.iter().copied().filter(|position| model.find.takes(*position)).collect();
        }
        // Pictures that are with others are gathered anew, as not all of them are found.
        false => remake(model),
    }
    go_to(model, current);
    look(model)
}

/// Goes to a picture, or to the first where it is not in the queue.
fn go_to(model: &mut Model, picture: Option<usize>) {
    let place = picture.and_then(|picture| model.review.queue.iter().position(|queued| *queued == picture));
    model.review.at = place.unwrap_or(0);
}

/// Closes the box; the queue stays narrowed to the names in it.
pub(super) fn keep_names(model: &mut Model) -> Vec<Effect> {
    let Some(line) = model.find.line.take() else { return vec![] };
    model.find.base = None;
    let text = line.text().trim();
    if text.is_empty() {
        return if model.find.ranked.is_some() { vec![] } else { leave(model) };
    }
    model.find.remember(text);
    look_if_seen(model)
}

/// Has all pictures ranked by the sentence in the box. Until that is done, those with these words in their names are
/// shown.
fn search(model: &mut Model) -> Vec<Effect> {
    let sentence = model.find.line.as_ref().map(|line| line.text().trim().to_owned()).unwrap_or_default();
    let mut effects = keep_names(model);
    if !sentence.is_empty() {
        let to = Likening { name: printable_text(&sentence), by: RankBy::Sentence(sentence) };
        effects.push(order(model, to));
    }
    effects
}

/// Has all pictures ranked by likeness to the one that is looked at.
pub(super) fn like_this(model: &mut Model) -> Vec<Effect> {
    let entry = model.review.current().and_then(|index| model.collection.entries().get(index));
    let Some(entry) = entry else {
        let text = model.language.text("app.find_nothing");
        model.say(text);
        return vec![];
    };
    let name = entry.path.file_name().map(printable).unwrap_or_default();
    let to = Likening { by: RankBy::Likeness(entry.id), name };
    begin(model);
    vec![order(model, to)]
}

fn order(model: &mut Model, to: Likening) -> Effect {
    let by = to.by.clone();
    model.find.ordered_at = model.review.current();
    Effect::Order(Order::Rank { number: model.find.ask(to), by })
}

/// All pictures were ranked: the queue becomes them, the nearest first.
pub(super) fn ranked(model: &mut Model, begun: u64, number: u64, ranking: Ranking) -> Vec<Effect> {
    if begun != model.live.begun || model.live.awaits_begin {
        return vec![];
    }
    let Some((_, to)) = model.find.awaited.take_if(|(awaited, _)| *awaited == number) else { return vec![] };
    // A key that is pressed for the picture in hand is none for another that comes in its place.
    let stays = model.review.current() != model.find.ordered_at;
    model.find.names = None;
    model.find.base = None;
    model.find.ranked = Some(Ranked { to, ranking });
    model.review.filter = QueueFilter::All;
    remake(model);
    if !stays {
        model.review.at = 0;
    }
    look_if_seen(model)
}

fn look_if_seen(model: &mut Model) -> Vec<Effect> {
    match model.pane {
        Pane::Review => look(model),
        _ => vec![],
    }
}

/// They could not be ranked. What was found by name stays.
pub(super) fn not_ranked(model: &mut Model, number: u64, reason: NotRanked) {
    if model.find.awaited.take_if(|(awaited, _)| *awaited == number).is_none() {
        return;
    }
    let text = match reason {
        NotRanked::NoModel => model.language.text("app.find_no_model"),
        NotRanked::NothingKnown => model.language.text("app.find_nothing_known"),
        NotRanked::PictureUnknown => model.language.text("app.find_picture_unknown"),
        NotRanked::TooLong { tokens, limit } => {
            model.language.say("find.too_long", &[("tokens", &tokens), ("limit", &limit)])
        }
        NotRanked::Failed(error) => failure::sentence(model, &error, model.session()),
    };
    model.say_error(text);
    // The queue is still that of before, where the person may have gone on.
    if model.find.names.is_none() && model.find.ranked.is_none() && model.find.line.is_none() {
        forget(model);
    }
}

/// Goes back to the queue of before, at the picture of before.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let Some(before) = model.find.before.take() else { return vec![] };
    forget(model);
    (model.review.filter, model.review.order) = (before.filter, before.order);
    remake(model);
    go_to(model, before.picture);
    look_if_seen(model)
}

/// Ends the search: the queue is made anew, and nobody comes back to the one of before.
pub(super) fn forget(model: &mut Model) {
    model.find.line = None;
    (model.find.names, model.find.ranked) = (None, None);
    (model.find.awaited, model.find.base) = (None, None);
    model.find.before = None;
}

/// The part of a queue that was found, in the order in which it was.
pub(super) fn found_in(model: &mut Model, queue: Vec<usize>) -> Vec<usize> {
    model.find.base = None;
    if model.find.names.is_some() {
        index_names(model);
    }
    let found: Vec<usize> = queue.into_iter().filter(|position| model.find.takes(*position)).collect();
    if let Some(ranked) = &model.find.ranked {
        let mut is_found = vec![false; model.collection.len()];
        found.iter().for_each(|position| is_found[*position] = true);
        // Pictures that came since were not compared.
        let order = ranked.ranking.order.iter().copied();
        return order.filter(|position| is_found.get(*position).is_some_and(|is_found| *is_found)).collect();
    }
    found
}

/// The pictures of those that came which belong to what was found. Those that came after all were ranked do not.
pub(super) fn joins(model: &mut Model, mut fresh: Vec<usize>) -> Vec<usize> {
    if model.find.ranked.is_some() {
        return vec![];
    }
    if let Some(base) = &mut model.find.base {
        base.extend(&fresh);
    }
    if model.find.names.is_some() {
        index_names(model);
        fresh.retain(|position| model.find.takes(*position));
    }
    fresh
}
