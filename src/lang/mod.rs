//! Every sentence that people read, from a language file, and how each error becomes one.
//!
//! A sentence has places for values, `{name}`, and forms that follow a count, `{files?file|files}`.

mod engine_errors;
mod file_errors;
mod quantities;
mod store_errors;

use std::collections::HashMap;
use std::fmt::Display;

pub use quantities::{duration, size};

/// The language file for English.
const ENGLISH: &str = include_str!("../../config/languages/en.toml");

/// The sentences of one language, by key: `section.name` in the file.
#[derive(Debug, Clone)]
pub struct Language(HashMap<String, String>);

/// The values for a sentence's places.
pub type Values<'v> = &'v [(&'v str, &'v dyn Display)];

/// Something that can be said in one sentence, which names the thing, what is wrong with it and what to do.
pub trait Say {
    /// The sentence.
    fn say(&self, language: &Language) -> String;
}

impl Language {
    /// English.
    pub fn english() -> Language {
        Language::parse(ENGLISH)
    }

    /// A language file: tables of sentences.
    fn parse(text: &str) -> Language {
        let table: toml::Table = text.parse().unwrap_or_default();
        let mut sentences = HashMap::new();
        for (section, entries) in &table {
            for (name, sentence) in entries.as_table().into_iter().flatten() {
                let sentence = sentence.as_str().unwrap_or_default().trim().to_owned();
                sentences.insert(format!("{section}.{name}"), sentence);
            }
        }
        Language(sentences)
    }

    /// A sentence without values. One that is missing shows its key, so that it is seen and the program goes on.
    pub fn text(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A sentence with its values put in.
    pub fn say(&self, key: &str, values: Values<'_>) -> String {
        match self.0.get(key) {
            Some(sentence) => fill(sentence, values),
            None => format!("[{key}]"),
        }
    }

    /// The letter that people are told to answer a question with: the first of those that are taken.
    pub fn answer_letter(&self, key: &str) -> String {
        self.text(key).chars().take(1).collect()
    }

    /// True for a letter, small or capital, that is this answer to a question.
    pub fn is_answer(&self, key: &str, letter: char) -> bool {
        let letters = self.0.get(key).map(String::as_str).unwrap_or_default();
        letters.chars().any(|answer| letter.to_lowercase().eq([answer]))
    }

    /// True where the language has a sentence for the key.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Puts values into a sentence. A place without a value, as `{}` in a sentence about templates, stays as it is.
fn fill(sentence: &str, values: Values<'_>) -> String {
    let mut filled = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((place, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match value_at(place, values) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("{{{place}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn value_at(place: &str, values: Values<'_>) -> Option<String> {
    let (name, forms) = place.split_once('?').map_or((place, None), |(name, forms)| (name, Some(forms)));
    let (_, value) = values.iter().find(|(given, _)| *given == name)?;
    let value = value.to_string();
    Some(match forms.and_then(|forms| forms.split_once('|')) {
        Some((one, many)) => (if value == "1" { one } else { many }).to_owned(),
        None => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_forms_are_put_in() {
        let say =
            |count: usize| fill("{n} {n?file|files} in {place}, {} and {other}", &[("n", &count), ("place", &"x")]);
        assert_eq!(say(1), "1 file in x, {} and {other}");
        assert_eq!(say(2), "2 files in x, {} and {other}");
        assert_eq!(fill("an open { stays", &[]), "an open { stays");
        assert_eq!(fill("{n}", &[("n", &"{n}")]), "{n}");
    }

    #[test]
    fn no_place_stands_inside_another() {
        let language = Language::english();
        for key in language.keys() {
            let sentence = &language.0[key];
            let places = sentence.split('{').skip(1);
            assert!(places.clone().all(|place| place.contains('}')), "{key}: {sentence}");
        }
    }

    #[test]
    fn english_is_a_language_file() {
        assert!(Language::english().keys().count() > 50);
        assert_eq!(Language::english().text("no.such.key"), "[no.such.key]");
    }
}
