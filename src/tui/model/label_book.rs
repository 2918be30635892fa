//! The text of every label that there was, by its number: nobody else makes numbers, or reckons with them.

use std::collections::BTreeMap;

use crate::domain::decision::LabelId;
use crate::domain::label_tree::{key_path, key_text, label_key};

/// Labels that are and that were, by number. A number is never given twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelBook {
    texts: BTreeMap<LabelId, String>,
    /// Labels inside others as people read them; what stands in `texts` for those are their keys.
    paths: BTreeMap<LabelId, String>,
}

impl LabelBook {
    /// The label that has a text; the first of several.
    pub(crate) fn find(&self, text: &str) -> Option<LabelId> {
        self.iter().find(|(_, known)| *known == text).map(|(number, _)| number)
    }

    /// The label that has a text, a new one where there is none.
    pub(crate) fn find_or_add(&mut self, text: &str) -> LabelId {
        self.find(text).unwrap_or_else(|| {
            let number = self.texts.last_key_value().map_or(LabelId(1), |(last, _)| LabelId(last.0 + 1));
            self.texts.insert(number, text.to_owned());
            self.show_paths();
            number
        })
    }

    /// The text of a label.
    pub(crate) fn text(&self, number: LabelId) -> Option<&str> {
        self.texts.get(&number).map(String::as_str)
    }

    /// A label as people read it.
    pub(crate) fn shown(&self, number: LabelId) -> Option<&str> {
        self.paths.get(&number).map(String::as_str).or_else(|| self.text(number))
    }

    fn show_paths(&mut self) {
        let inside = self.texts.iter().filter(|(_, key)| key_path(key).len() > 1);
        self.paths = inside.map(|(number, key)| (*number, key_text(key))).collect();
    }

    /// Gives a label another text, and those inside it, whose keys begin with it. One that is not in the book stays out
    /// of it.
    pub(crate) fn rename(&mut self, number: LabelId, text: &str) {
        let Some(known) = self.texts.get_mut(&number) else { return };
        let before = std::mem::replace(known, text.to_owned());
        let before = key_path(&before);
        for key in self.texts.values_mut() {
            if let Some(inside) = key_path(key).strip_prefix(before.as_slice()).filter(|inside| !inside.is_empty()) {
                *key = label_key(&[&[text], inside].concat());
            }
        }
        self.show_paths();
    }

    /// Every label.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LabelId, &str)> {
        self.texts.iter().map(|(number, text)| (*number, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_which_a_rename_keeps() {
        let mut book = LabelBook::default();
        let (gun, face) = (book.find_or_add("gun"), book.find_or_add("face"));
        assert_ne!(gun, face);
        assert_eq!((book.find_or_add("gun"), book.find("face"), book.find("map")), (gun, Some(face), None));
        book.rename(gun, "rifle");
        assert_eq!((book.text(gun), book.find("gun"), book.find("rifle")), (Some("rifle"), None, Some(gun)));
        assert_ne!(book.find_or_add("gun"), gun);
        let inside = book.find_or_add("face\nsmiling");
        book.rename(face, "a face");
        assert_eq!((book.text(inside), book.shown(inside)), (Some("a face\nsmiling"), Some("a face/smiling")));
        book.rename(LabelId(99), "nobody");
        assert_eq!((book.text(LabelId(99)), book.iter().count()), (None, 4));
    }
}
