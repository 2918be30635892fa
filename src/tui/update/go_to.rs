//! Going to a picture, by its number in the queue or by itself.

use crossterm::event::{KeyCode, KeyEvent};

use super::preview::look;
use super::queue::{go_to_picture, remake};
use super::{find, sweep};
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

/// Goes to a picture, and says so where that took leaving the filter.
pub(super) fn picture(model: &mut Model, picture: PictureId) -> Vec<Effect> {
    let Some(index) = model.collection.place_of(picture) else { return vec![] };
    if bring(model, index) {
        model.show(model.language.text("app.filter_left"));
    } else if !go_to_picture(model, index) {
        model.say_error(model.language.text("app.replaced"));
    }
    look(model)
}

/// Goes to a picture. True where that took leaving the filter, or what was found.
pub(super) fn bring(model: &mut Model, index: usize) -> bool {
    if go_to_picture(model, index) || model.review.filter == QueueFilter::All && !model.find.is_active() {
        return false;
    }
    // A grid that goes label by label turns to the label of the picture.
    let is_by_label = model.review.grid.is_open && model.review.grid.former.is_some() && !model.find.is_active();
    if is_by_label && let Some(filter) = sweep::of_a_kind(model, index) {
        sweep::narrow(model, filter);
        if go_to_picture(model, index) {
            return false;
        }
    }
    find::forget(model);
    if model.review.filter != QueueFilter::All {
        model.review.filter_before = std::mem::take(&mut model.review.filter);
    }
    remake(model);
    go_to_picture(model, index)
}
