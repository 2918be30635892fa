//! A key: its name in the table, and its name on the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// The key that was pressed.
    pub(super) fn of(event: KeyEvent) -> Key {
        // A capital letter is one whether or not the terminal tells of the shift key.
        let modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        Key { code: event.code, modifiers }
    }

    /// The key of a name in the table: none where there is no such key.
    pub(super) fn named(name: &str) -> Option<Key> {
        let (modifiers, name) = match name.split_once('-') {
            Some(("ctrl", name)) => (KeyModifiers::CONTROL, name),
            Some(("alt", name)) => (KeyModifiers::ALT, name),
            _ => (KeyModifiers::NONE, name),
        };
        let mut characters = name.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(only), None) => KeyCode::Char(only),
            _ => match name {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "backtab" => KeyCode::BackTab,
                "space" => KeyCode::Char(' '),
                "backspace" => KeyCode::Backspace,
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "pageup" => KeyCode::PageUp,
                "pagedown" => KeyCode::PageDown,
                "home" => KeyCode::Home,
                "end" => KeyCode::End,
                _ => KeyCode::F(name.strip_prefix('f')?.parse().ok()?),
            },
        };
        Some(Key { code, modifiers })
    }

    /// The event of pressing it.
    pub(super) fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// True for a key that is a letter where text is edited.
    pub(super) fn is_letter(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty()
    }

    /// As people write it.
    pub(super) fn name(self) -> String {
        let code = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.modifiers.is_empty() => c.to_string(),
            KeyCode::Char(c) => c.to_uppercase().to_string(),
            KeyCode::F(number) => format!("F{number}"),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            code => format!("{code:?}"),
        };
        match self.modifiers {
            KeyModifiers::CONTROL => format!("Ctrl-{code}"),
            KeyModifiers::ALT => format!("Alt-{code}"),
            _ => code,
        }
    }
}
