//! A line of text that is being edited.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A line and the place in it where the next character goes, counted in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InputLine {
    text: String,
    cursor: usize,
}

impl InputLine {
    pub(super) fn new(text: impl Into<String>) -> InputLine {
        let text = text.into();
        InputLine { cursor: text.chars().count(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn insert(&mut self, text: &str) {
        // Pasted text may have ends of lines: a line has none.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.text.insert_str(self.byte(self.cursor), &text);
        self.cursor += text.chars().count();
    }

    /// Changes the line as a key says; false for a key that says nothing to it.
    pub(super) fn press(&mut self, key: KeyEvent) -> bool {
        let count = self.text.chars().count();
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('u'), true) => *self = InputLine::default(),
            (KeyCode::Char('a'), true) | (KeyCode::Home, _) => self.cursor = 0,
            (KeyCode::Char('e'), true) | (KeyCode::End, _) => self.cursor = count,
            (KeyCode::Char(c), false) if !key.modifiers.contains(KeyModifiers::ALT) => self.insert(&c.to_string()),
            (KeyCode::Backspace, _) if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.byte(self.cursor));
            }
            (KeyCode::Delete, _) if self.cursor < count => {
                self.text.remove(self.byte(self.cursor));
            }
            (KeyCode::Left, _) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Right, _) => self.cursor = (self.cursor + 1).min(count),
            (KeyCode::Backspace | KeyCode::Delete, _) => {}
            _ => return false,
        }
        true
    }

    fn byte(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(byte, _)| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_it() {
        let mut line = InputLine::new("añb");
        let press = |line: &mut InputLine, code| line.press(KeyEvent::new(code, KeyModifiers::NONE));
        for code in [KeyCode::Left, KeyCode::Backspace, KeyCode::Char('x'), KeyCode::Home, KeyCode::Delete] {
            assert!(press(&mut line, code));
        }
        assert_eq!((line.text(), line.cursor()), ("xb", 0));
        line.insert("1\n2");
        assert_eq!((line.text(), line.cursor()), ("12xb", 2));
        assert!(!press(&mut line, KeyCode::Esc));
        line.press(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(line, InputLine::default());
    }
}
