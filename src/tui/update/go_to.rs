//! Going to a picture, by its number in the queue or by itself.

use crossterm::event::{KeyCode, KeyEvent};

use super::preview::look;
use super::queue::remake;
use crate::domain::picture::PictureId;
use crate::domain::review::QueueFilter;
use crate::tui::effect::Effect;
use crate::tui::input_line::InputLine;
use crate::tui::model::{Model, Popup};

/// Asks for a number.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Number(InputLine::default()));
    vec![]
}

/// A key while a number is typed. The popup is closed already, and opened again where it stays.
pub(super) fn press(model: &mut Model, mut line: InputLine, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return vec![],
        KeyCode::Backspace if line.text().is_empty() => return vec![],
        KeyCode::Enter => return number(model, line.text().trim()),
        _ if line.press(key) => {}
        _ => {
            if let Some(effects) = super::everywhere(model, key) {
                return effects;
            }
        }
    }
    model.popup = Some(Popup::Number(line));
    vec![]
}

/// Goes to the picture of a number that was typed, counted from one.
fn number(model: &mut Model, typed: &str) -> Vec<Effect> {
    let last = model.review.queue.len();
    match typed.parse::<usize>() {
        Ok(number) if (1..=last).contains(&number) => {
            model.review.at = number - 1;
            look(model)
        }
        _ => {
            let text = model.language.say("app.no_such_number", &[("typed", &typed), ("last", &last)]);
            model.say_error(text);
            vec![]
        }
    }
}

/// Goes to a picture. The filter is left where it does not show it.
pub(super) fn picture(model: &mut Model, picture: PictureId) -> Vec<Effect> {
    let Some(index) = model.collection.place_of(picture) else { return vec![] };
    let mut place = place(model, index);
    if place.is_none() && model.review.filter != QueueFilter::All {
        model.review.filter_before = std::mem::take(&mut model.review.filter);
        remake(model);
        place = self::place(model, index);
    }
    match place {
        Some(place) => model.review.at = place,
        None => {
            let text = model.language.text("app.replaced");
            model.say_error(text);
        }
    }
    look(model)
}

/// The place in the queue of a picture, or of the one that stands there for its content.
fn place(model: &Model, index: usize) -> Option<usize> {
    let is_same = |queued: &usize| *queued == index || model.collection.same_content(index).any(|same| same == *queued);
    let queue = &model.review.queue;
    queue.iter().position(|queued| *queued == index).or_else(|| queue.iter().position(is_same))
}
