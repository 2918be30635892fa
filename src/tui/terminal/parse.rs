//! Pieces of a terminal's input as keys, clicks and answers.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::input::Input;
use super::pieces::ESCAPE;

/// The numbers of keys that have no character, in the protocol of kitty, from the first on:
/// <https://sw.kovidgoyal.net/kitty/keyboard-protocol/#functional-key-definitions>.
const KEYPAD_DIGITS: u32 = 57399;
const KEYPAD_OTHERS: u32 = 57409;

/// The meaning of a piece of input; none for keys that the program does not know.
pub(super) fn parsed(piece: &[u8]) -> Option<Input> {
    match piece {
        [ESCAPE, b'[', b'<', numbers @ .., end @ (b'M' | b'm')] => mouse(numbers, *end),
        [ESCAPE, b'[', b'?', .., b'u'] => Some(Input::Answer(piece.to_vec())),
        [ESCAPE, b'[', numbers @ .., b'u'] => described(numbers),
        // Strings of the terminal, and reports: of its kind, its size, a mode.
        [ESCAPE, b'_' | b']' | b'P', _, ..] | [ESCAPE, b'[', .., b'c' | b't' | b'n' | b'y' | b'x'] => {
            Some(Input::Answer(piece.to_vec()))
        }
        // The cursor's place is never asked for, and its report looks like F3 with a key held.
        [ESCAPE, b'[', b'I' | b'O'] => None,
        _ => key(piece).map(Input::key),
    }
}

/// A mouse's button, column and row, in the form that counts from 1.
fn mouse(numbers: &[u8], end: u8) -> Option<Input> {
    let mut numbers = std::str::from_utf8(numbers).ok()?.split(';').map(|number| number.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    match (button, end) {
        (0, b'M') => Some(Input::Click { column: column.checked_sub(1)?, row: row.checked_sub(1)? }),
        (64, b'M') => Some(Input::Wheel(-1)),
        (65, b'M') => Some(Input::Wheel(1)),
        _ => None,
    }
}

/// A key that the protocol of kitty describes:
/// `CSI code:shifted:position ; modifiers:kind ; text u`, where all but the first may be missing.
fn described(numbers: &[u8]) -> Option<Input> {
    let mut fields = std::str::from_utf8(numbers).ok()?.split(';');
    let codes: Vec<Option<u32>> = fields.next()?.split(':').map(|code| code.parse().ok()).collect();
    let mut state = fields.next().unwrap_or_default().split(':').map(|number| number.parse::<u32>().ok());
    let held = modifiers(state.next().flatten().unwrap_or(1));
    // 1 is pressed, 2 is held, 3 is let go.
    if state.next().flatten() == Some(3) {
        return None;
    }
    let text = fields.next().and_then(|codes| char::from_u32(codes.split(':').next()?.parse().ok()?));
    let at = |place: usize| codes.get(place).copied().flatten().and_then(char::from_u32);
    let code = codes.first().copied().flatten()?;
    let commands = held & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    let named = match code {
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        9 if held.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        127 | 8 => KeyCode::Backspace,
        KEYPAD_DIGITS..KEYPAD_OTHERS => KeyCode::Char(char::from_digit(code - KEYPAD_DIGITS, 10)?),
        KEYPAD_OTHERS..=57416 => KeyCode::Char("./*-+\n=,".chars().nth((code - KEYPAD_OTHERS) as usize)?),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        // Others of this kind: Caps Lock, volume, a modifier by itself.
        57344..=63743 => return None,
        _ => {
            let shifted = held.contains(KeyModifiers::SHIFT).then(|| at(1)).flatten();
            let character = text.filter(|_| commands.is_empty()).or(shifted).or_else(|| char::from_u32(code))?;
            if character.is_control() {
                return None;
            }
            let key = KeyEvent::new(KeyCode::Char(character), commands);
            return Some(Input::Key { key, position: at(2) });
        }
    };
    Some(Input::key(KeyEvent::new(named, commands)))
}

/// Keys that are held, by the number that terminals write for them: one more than their bits.
fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let held = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    held.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, modifier)| modifier).collect()
}

fn key(piece: &[u8]) -> Option<KeyEvent> {
    let plain = |code| Some(KeyEvent::new(code, KeyModifiers::NONE));
    match piece {
        [b'\r' | b'\n'] => plain(KeyCode::Enter),
        [b'\t'] => plain(KeyCode::Tab),
        [0x7f | 8] => plain(KeyCode::Backspace),
        [ESCAPE] => plain(KeyCode::Esc),
        [0] => Some(KeyEvent::new(KeyCode::Char(' '), KeyModifiers::CONTROL)),
        [control @ 1..=26] => Some(KeyEvent::new(KeyCode::Char(char::from(control - 1 + b'a')), KeyModifiers::CONTROL)),
        [control @ 28..=31] => {
            Some(KeyEvent::new(KeyCode::Char(char::from(control - 28 + b'4')), KeyModifiers::CONTROL))
        }
        [ESCAPE, b'[', b'Z'] => plain(KeyCode::BackTab),
        [ESCAPE, b'O', last] => plain(lettered(*last)?),
        [ESCAPE, b'[', numbers @ .., last] => {
            let mut numbers = std::str::from_utf8(numbers).ok()?.split(';');
            let first = numbers.next().unwrap_or_default();
            let mut state = numbers.next().unwrap_or("1").split(':');
            let held = modifiers(state.next().unwrap_or("1").parse().ok()?);
            let is_let_go = state.next() == Some("3");
            let code = if *last == b'~' { numbered(first.parse().ok()?)? } else { lettered(*last)? };
            (!is_let_go).then(|| KeyEvent::new(code, held))
        }
        [ESCAPE, rest @ ..] => {
            let inner = key(rest)?;
            Some(KeyEvent::new(inner.code, inner.modifiers | KeyModifiers::ALT))
        }
        _ => plain(KeyCode::Char(single(piece)?)),
    }
}

/// Keys that end in a letter.
fn lettered(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// Keys that have a number and a tilde.
fn numbered(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

fn single(bytes: &[u8]) -> Option<char> {
    let mut characters = std::str::from_utf8(bytes).ok()?.chars();
    characters.next().filter(|c| !c.is_control() && characters.next().is_none())
}
