//! Keys of other layouts. A letter that nothing is bound to does what the Latin one at its place does: as the terminal
//! tells the place, or as keyboards usually have it. Where text is typed, letters are letters; keys that the user has
//! bound come first.

use crossterm::event::{KeyCode, KeyEvent};

use super::digits;
use crate::domain::printable::printable_text;
use crate::tui::action::AppAction;
use crate::tui::key_positions::{at_place_of, french_digit, shifted};
use crate::tui::model::{Model, Pane};

/// The key that a pressed one stands for; none where it stands for nothing, which is said. `position` is what the
/// terminal tells of its place.
pub(super) fn meant(model: &mut Model, key: KeyEvent, position: Option<char>) -> Option<KeyEvent> {
    let KeyCode::Char(letter) = key.code else { return Some(key) };
    if model.is_typing() || model.popup.is_some() || model.keys.is_bound(key) {
        return Some(key);
    }
    let with = |letter: char| KeyEvent::new(KeyCode::Char(letter), key.modifiers);
    let told = position.map(|place| if letter.is_uppercase() { shifted(place) } else { place });
    // A sign that is a digit with the shift key elsewhere gives the label of that, where there is one.
    let is_shifted = digits::shifted(key).is_some_and(|label| label < model.labels.current.len());
    let in_review = model.pane == Pane::Review && model.question.is_none();
    let digit = || french_digit(letter).filter(|_| in_review && !is_shifted);
    if letter.is_ascii() {
        // Signs of a French keyboard; letters that nothing is bound to are the panes' own.
        return Some(digit().map_or(key, with));
    }
    match told.filter(char::is_ascii).or_else(|| at_place_of(letter)).or_else(digit) {
        Some(place) => Some(with(place)),
        None => {
            let (letter, help) = (printable_text(&letter.to_string()), model.keys.name(AppAction::Help));
            let text = model.language.say("app.unknown_key", &[("key", &letter), ("help", &help)]);
            model.say(text);
            None
        }
    }
}
