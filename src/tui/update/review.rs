//! The review pane: the queue, and decisions with one key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::order;
use crate::domain::decision::Decision;
use crate::domain::review::{Order as QueueOrder, queue};
use crate::jobs::crew::{Order, Said};
use crate::tui::effect::Effect;
use crate::tui::line::Line;
use crate::tui::model::{Before, Model};

/// Opens the pane: the queue is made anew, and the first picture that nobody decided is looked at.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    remake(model);
    look(model)
}

fn remake(model: &mut Model) {
    // Before anything was looked at, the first that nobody decided is.
    let current = model.review.viewed.and_then(|_| model.review.current());
    model.review.queue = queue(&model.collection, model.review.filter, model.review.order, model.sure());
    model.review.marked.clear();
    model.review.anchor = None;
    let same = current.and_then(|current| model.review.queue.iter().position(|index| *index == current));
    model.review.at = same.or_else(|| open_from(model, 0, 1)).unwrap_or(0);
}

/// Adds pictures that came since at the end, so that nothing moves under the person.
pub(super) fn extend(model: &mut Model, first: usize) {
    let known = model.review.queue.len();
    let whole = queue(&model.collection, model.review.filter, QueueOrder::Newest, model.sure());
    let fresh: Vec<usize> = whole.into_iter().filter(|index| *index >= first).rev().collect();
    model.review.queue.extend(fresh);
    if known == 0 {
        model.review.at = 0;
    }
}

pub(super) fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.review.finding.is_some() {
        return find(model, key);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && key.modifiers.is_empty()
    {
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        return reassign(model, if number == 0 { 9 } else { number - 1 });
    }
    let Some(action) = model.keys.action(key, &["review"]).map(str::to_owned) else { return vec![] };
    match action.as_str() {
        "review.next" => go(model, 1),
        "review.previous" => go(model, -1),
        "review.ten_on" => go(model, 10),
        "review.ten_back" => go(model, -10),
        "review.next_open" => go_to_open(model, 1),
        "review.previous_open" => go_to_open(model, -1),
        "review.accept" => accept(model),
        "review.none_of_these" => decide(model, |_, _| Some(Decision::NoneOfThese)),
        "review.skip" => decide(model, |_, _| Some(Decision::Skipped)),
        "review.mark" => mark(model),
        "review.mark_range" => mark_range(model),
        "review.undo" => undo(model),
        "review.redo" => redo(model),
        "review.find_label" => {
            model.review.finding = Some(Line::default());
            vec![]
        }
        "review.details" => {
            model.review.details = !model.review.details;
            vec![]
        }
        "review.hide" => {
            model.review.hidden = !model.review.hidden;
            vec![]
        }
        "review.order" => {
            model.review.order = model.review.order.next();
            again(model)
        }
        "review.filter" => {
            model.review.filter = model.review.filter.next(model.labels.current.len());
            again(model)
        }
        _ => vec![],
    }
}

/// From the top, after another order or filter.
fn again(model: &mut Model) -> Vec<Effect> {
    model.review.at = usize::MAX;
    remake(model);
    look(model)
}

fn go(model: &mut Model, by: isize) -> Vec<Effect> {
    let last = model.review.queue.len().saturating_sub(1);
    model.review.at = model.review.at.saturating_add_signed(by).min(last);
    look(model)
}

/// The next picture from a place on that nobody decided.
fn open_from(model: &Model, from: usize, by: isize) -> Option<usize> {
    let is_open = |at: &usize| {
        let index = model.review.queue.get(*at);
        index.is_some_and(|index| model.collection.entries().get(*index).is_some_and(|entry| entry.decision.is_none()))
    };
    match by > 0 {
        true => (from..model.review.queue.len()).find(is_open),
        false => (0..(from + 1).min(model.review.queue.len())).rev().find(is_open),
    }
}

fn go_to_open(model: &mut Model, by: isize) -> Vec<Effect> {
    let from = model.review.at.saturating_add_signed(by);
    match open_from(model, from, by) {
        Some(at) if !(by < 0 && model.review.at == 0) => model.review.at = at,
        _ => {
            let text = model.language.text("app.none_open");
            model.say(text);
        }
    }
    look(model)
}

/// Asks for the picture that is looked at, if it is another one.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let Some(index) = model.review.current() else {
        model.review.viewed = None;
        model.review.pixels = None;
        return vec![];
    };
    if model.review.viewed == Some(index) {
        return vec![];
    }
    let Some(entry) = model.collection.entries().get(index) else { return vec![] };
    let name = entry.path.file_name().unwrap_or_default();
    let other = entry.placed.as_ref().map(|folder| model.session().join(folder).join(name));
    let path = entry.path.clone();
    model.review.view += 1;
    model.review.viewed = Some(index);
    model.review.pixels = None;
    vec![Effect::view(model.review.view, path, other)]
}

fn mark(model: &mut Model) -> Vec<Effect> {
    if let Some(index) = model.review.current()
        && !model.review.marked.remove(&index)
    {
        model.review.marked.insert(index);
    }
    go(model, 1)
}

fn mark_range(model: &mut Model) -> Vec<Effect> {
    let at = model.review.at;
    match model.review.anchor.take() {
        None => model.review.anchor = Some(at),
        Some(anchor) => {
            let range = anchor.min(at)..=anchor.max(at);
            let indices: Vec<usize> = range.filter_map(|at| model.review.queue.get(at).copied()).collect();
            model.review.marked.extend(indices);
        }
    }
    vec![]
}

fn accept(model: &mut Model) -> Vec<Effect> {
    decide(model, |model, index| {
        let best = model.collection.best(index)?;
        let label = model.collection.labels().get(best.label)?;
        Some(Decision::Accepted(*label))
    })
}

fn reassign(model: &mut Model, label: usize) -> Vec<Effect> {
    let Some(number) = model.labels.numbers.get(label).copied() else {
        let values: crate::lang::Values<'_> = &[("count", &model.labels.numbers.len())];
        let text = model.language.say("app.no_such_label", values);
        model.say_error(text);
        return vec![];
    };
    decide(model, |model, index| {
        let predicted = model.collection.best(index).and_then(|best| model.collection.labels().get(best.label));
        Some(if predicted == Some(&number) { Decision::Accepted(number) } else { Decision::Reassigned(number) })
    })
}

/// Decides for the picture that is looked at, or for all that are marked; then goes on.
fn decide(model: &mut Model, decision: impl Fn(&Model, usize) -> Option<Decision>) -> Vec<Effect> {
    let wanted: Vec<usize> = match model.review.marked.is_empty() {
        true => model.review.current().into_iter().collect(),
        false => std::mem::take(&mut model.review.marked).into_iter().collect(),
    };
    let decided: Vec<(usize, Decision)> =
        wanted.iter().filter_map(|index| Some((*index, decision(model, *index)?))).collect();
    if decided.is_empty() {
        let text = model.language.text("app.nothing_to_accept");
        model.say_error(text);
        return vec![];
    }
    let before: Before =
        decided.iter().map(|(index, decision)| (*index, model.collection.decide(*index, Some(*decision)))).collect();
    model.review.done.push(before);
    model.review.undone.clear();
    after_decisions(model);
    let mut effects = vec![keep(model, decided.iter().map(|(index, _)| *index))];
    effects.extend(go(model, 1));
    effects
}

fn after_decisions(model: &mut Model) {
    model.files.plan = None;
    model.recount();
}

/// Has decisions written into the session.
fn keep(model: &Model, indices: impl IntoIterator<Item = usize>) -> Effect {
    let said = |index: usize| {
        let entry = model.collection.entries().get(index)?;
        let text = |label| model.labels.text_of(label).unwrap_or_default().to_owned();
        let said = entry.decision.map(|decision| match decision {
            Decision::Accepted(label) => Said::Accepted(text(label)),
            Decision::Reassigned(label) => Said::Reassigned(text(label)),
            Decision::NoneOfThese => Said::NoneOfThese,
            Decision::Skipped => Said::Skipped,
        });
        Some((entry.id, said))
    };
    let decisions = indices.into_iter().filter_map(said).collect();
    order(Order::Decide { destination: model.session(), decisions })
}

fn undo(model: &mut Model) -> Vec<Effect> {
    let Some(before) = model.review.done.pop() else { return vec![] };
    let (inverse, effects) = put_back(model, &before);
    model.review.undone.push(inverse);
    effects
}

fn redo(model: &mut Model) -> Vec<Effect> {
    let Some(before) = model.review.undone.pop() else { return vec![] };
    let (inverse, effects) = put_back(model, &before);
    model.review.done.push(inverse);
    effects
}

fn put_back(model: &mut Model, before: &Before) -> (Before, Vec<Effect>) {
    let inverse = before.iter().map(|(index, said)| (*index, model.collection.decide(*index, *said))).collect();
    after_decisions(model);
    let mut effects = vec![keep(model, before.iter().map(|(index, _)| *index))];
    // The first of them is looked at, where it is in the queue.
    let first = before.first().and_then(|(index, _)| model.review.queue.iter().position(|queued| queued == index));
    if let Some(at) = first {
        model.review.at = at;
    }
    effects.extend(look(model));
    (inverse, effects)
}

/// Types a part of a label's name; Enter takes the first that has it.
fn find(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => model.review.finding = None,
        KeyCode::Enter => {
            let wanted = model.review.finding.take().unwrap_or_default().text().to_lowercase();
            let found = model.labels.current.iter().position(|label| label.text.to_lowercase().contains(&wanted));
            return match found {
                Some(label) => reassign(model, label),
                None => vec![],
            };
        }
        _ => {
            if let Some(line) = model.review.finding.as_mut() {
                line.press(KeyEvent::new(key.code, key.modifiers & KeyModifiers::CONTROL));
            }
        }
    }
    vec![]
}
