//! Which key does what: one table, which the hint line and the help read too.

use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::plain_file;

/// The table that is built in.
const BUILT_IN: &str = include_str!("../../config/keys.toml");

/// The user's own table, in the program's configuration folder.
const USER_FILE: &str = "keys.toml";

/// The largest table of keys that is read.
const LARGEST_FILE: u64 = 1_000_000;

/// Keys by what they do, `section.action`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keys {
    /// In the table's order.
    bound: Vec<(String, Vec<Key>)>,
}

/// A key with what is held with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Keys {
    /// The built-in table, with the user's file in `folder` over it. A line that makes no sense is left out and logged.
    pub(super) fn load(folder: Option<&Path>) -> Keys {
        let mut keys = Keys { bound: vec![] };
        keys.read(BUILT_IN);
        if let Some(text) = folder.and_then(|folder| plain_file::read_text(&folder.join(USER_FILE), LARGEST_FILE).ok())
        {
            keys.read(&text);
        }
        keys
    }

    fn read(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                tracing::warn!("the table of keys cannot be used: {error}");
                return;
            }
        };
        for (section, actions) in &table {
            for (action, names) in actions.as_table().into_iter().flatten() {
                let names = names.as_array().into_iter().flatten().filter_map(|name| name.as_str());
                let keys: Vec<Key> = names.filter_map(Key::named).collect();
                self.bind(format!("{section}.{action}"), keys);
            }
        }
    }

    fn bind(&mut self, action: String, keys: Vec<Key>) {
        match self.bound.iter_mut().find(|(known, _)| *known == action) {
            Some((_, bound)) => *bound = keys,
            None => self.bound.push((action, keys)),
        }
    }

    /// The keys of an action.
    fn keys(&self, action: &str) -> &[Key] {
        self.bound.iter().find(|(known, _)| known == action).map(|(_, keys)| keys.as_slice()).unwrap_or_default()
    }

    /// The action of a key in the first of these sections that knows it.
    pub(super) fn action(&self, event: KeyEvent, sections: &[&str]) -> Option<&str> {
        let key = Key::of(event);
        sections.iter().find_map(|section| {
            let own = self.bound.iter().filter(|(action, _)| action.split('.').next() == Some(section));
            own.filter(|(_, keys)| keys.contains(&key)).map(|(action, _)| action.as_str()).next()
        })
    }

    /// The first key of an action, as people write it.
    pub(super) fn name(&self, action: &str) -> String {
        self.keys(action).first().map(|key| key.name()).unwrap_or_default()
    }

    /// The last key of an action: for panes the one that every terminal hands on.
    pub(super) fn last_name(&self, action: &str) -> String {
        self.keys(action).last().map(|key| key.name()).unwrap_or_default()
    }

    /// All keys of an action.
    pub(super) fn names(&self, action: &str) -> String {
        self.keys(action).iter().map(|key| key.name()).collect::<Vec<_>>().join(" ")
    }

    /// Every action of a section.
    pub(super) fn actions(&self, section: &str) -> impl Iterator<Item = &str> {
        let section = section.to_owned();
        self.bound
            .iter()
            .map(|(action, _)| action.as_str())
            .filter(move |action| action.split('.').next() == Some(&section))
    }
}

impl Key {
    fn of(event: KeyEvent) -> Key {
        // A capital letter is one whether or not the terminal tells of the shift key.
        let modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        Key { code: event.code, modifiers }
    }

    fn named(name: &str) -> Option<Key> {
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

    fn name(self) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_built_in_table_makes_sense() {
        let keys = Keys::load(None);
        let table: toml::Table = BUILT_IN.parse().unwrap();
        for (section, actions) in &table {
            for (action, names) in actions.as_table().unwrap() {
                let action = format!("{section}.{action}");
                assert_eq!(keys.keys(&action).len(), names.as_array().unwrap().len(), "{action}");
                assert!(!keys.name(&action).is_empty());
            }
        }
    }

    #[test]
    fn a_key_does_one_thing_where_it_is_pressed() {
        let keys = Keys::load(None);
        for section in ["list", "review", "files"] {
            let mut seen: Vec<Key> = Vec::new();
            for action in keys.actions(section).chain(keys.actions("everywhere")) {
                for key in keys.keys(action) {
                    assert!(!seen.contains(key), "{} does two things in {section}", key.name());
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn the_users_file_overrides_entry_by_entry() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(USER_FILE), "[review]\naccept = [\"y\"]\n").unwrap();
        let keys = Keys::load(Some(folder.path()));
        let press = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        assert_eq!(keys.action(press('y'), &["review"]), Some("review.accept"));
        assert_eq!(keys.action(press('a'), &["review"]), None);
        assert_eq!(keys.action(press('x'), &["review"]), Some("review.none_of_these"));
    }
}
