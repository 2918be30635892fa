//! Digits, each of which gives a label by its position.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The label of a digit: those of 1 to 9, and the tenth of 0; with the shift key, where the terminal tells of it, those
/// from the eleventh on.
pub(super) fn label(key: KeyEvent) -> Option<usize> {
    let KeyCode::Char(digit) = key.code else { return None };
    let place = (digit.to_digit(10)? as usize + 9) % 10;
    match key.modifiers {
        KeyModifiers::NONE => Some(place),
        KeyModifiers::SHIFT => Some(place + 10),
        _ => None,
    }
}

/// The label of a digit with the shift key, where the terminal sends the character that a keyboard of the United States
/// has there.
pub(super) fn shifted(key: KeyEvent) -> Option<usize> {
    let KeyCode::Char(shifted) = key.code else { return None };
    let is_held = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let place = "!@#$%^&*()".chars().position(|known| known == shifted).filter(|_| !is_held)?;
    Some(place + 10)
}
