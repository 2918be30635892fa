//! Every sentence that people read, from a language file, and how each error becomes one.
//!
//! A sentence has places for values, `{name}`, and forms that follow a count, `{files?file|files}`.

mod backend_errors;
mod choice;
mod engine_errors;
mod file_errors;
mod find_errors;
mod hub_errors;
mod left_out;
mod limits;
mod quantities;
mod runs;
mod store_errors;
mod watch_errors;

use std::collections::HashMap;
use std::fmt::Display;

pub use left_out::{ChosenIn, left_out};
pub use limits::limit;
pub use quantities::{duration, size};

/// The language file for English.
const ENGLISH: &str = include_str!("../../config/languages/en.toml");

/// The language file for Portuguese.
const PORTUGUESE: &str = include_str!("../../config/languages/pt.toml");

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

    /// Portuguese.
    pub fn portuguese() -> Language {
        Language::parse(PORTUGUESE)
    }

    /// Every language that the program speaks.
    pub fn all() -> [Language; 2] {
        [Language::english(), Language::portuguese()]
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
        // A number may have blanks before it, in a column.
        Some((one, many)) => (if value.trim_start() == "1" { one } else { many }).to_owned(),
        None => value,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        for language in Language::all() {
            for key in language.keys() {
                let sentence = &language.0[key];
                let mut places = sentence.split('{').skip(1);
                assert!(places.all(|place| place.contains('}')), "{key}: {sentence}");
            }
        }
    }

    /// The values in the places of a sentence, without the forms, as languages have them for different words.
    fn places(sentence: &str) -> BTreeSet<&str> {
        let places = sentence.split('{').skip(1).filter_map(|place| place.split('}').next());
        places.map(|place| place.split('?').next().unwrap()).collect()
    }

    #[test]
    fn every_language_says_the_same_sentences_with_the_same_values() {
        let english = Language::english();
        for language in Language::all() {
            let (own, all): (BTreeSet<&str>, BTreeSet<&str>) = (language.keys().collect(), english.keys().collect());
            assert_eq!(own.symmetric_difference(&all).collect::<Vec<_>>(), Vec::<&&str>::new());
            for key in english.keys() {
                let (sentence, model) = (&language.0[key], &english.0[key]);
                assert!(!sentence.is_empty(), "{key}");
                assert_eq!(places(sentence), places(model), "{key}: {sentence}");
                let forms = sentence.split('{').skip(1).filter(|place| place.contains('?'));
                assert!(forms.clone().all(|place| place.contains('|')), "{key}: {sentence}");
            }
        }
    }

    #[test]
    fn the_files_of_all_languages_have_the_same_order() {
        let order = |text: &str| {
            let table: toml::Table = text.parse().unwrap();
            let keys = table.iter().flat_map(|(section, entries)| {
                entries.as_table().unwrap().keys().map(move |name| format!("{section}.{name}"))
            });
            keys.collect::<Vec<_>>()
        };
        let different = order(PORTUGUESE).into_iter().zip(order(ENGLISH)).find(|(own, english)| own != english);
        assert_eq!(different, None);
    }

    #[test]
    fn answers_are_letters_that_tell_them_apart() {
        for language in Language::all() {
            for key in ["app.answer_yes", "app.answer_take", "app.answer_begin", "app.answer_instead"] {
                let letters = language.text(key);
                assert!(!letters.is_empty() && letters.chars().all(|c| c.is_ascii_lowercase()), "{letters}");
                assert_eq!(language.answer_letter(key), letters[..1]);
                assert!(letters.chars().all(|c| language.is_answer(key, c)), "{letters}");
                assert!(letters.chars().all(|c| language.is_answer(key, c.to_ascii_uppercase())), "{letters}");
                assert!(!language.is_answer(key, '?') && !language.is_answer(key, '['));
            }
            let take = language.text("app.answer_take");
            assert!(!take.chars().any(|letter| language.is_answer("app.answer_begin", letter)));
            let instead = language.text("app.answer_instead");
            assert!(!instead.chars().any(|letter| language.is_answer("app.answer_yes", letter)));
        }
        let portuguese = Language::portuguese();
        assert_eq!(portuguese.answer_letter("app.answer_yes"), "s");
        assert!(portuguese.is_answer("app.answer_yes", 'y') && portuguese.is_answer("app.answer_yes", 'S'));
        assert!(!Language::english().is_answer("app.answer_yes", 's'));
    }

    #[test]
    fn languages_are_language_files() {
        assert!(Language::all().iter().all(|language| language.keys().count() > 50));
        assert_eq!(Language::english().text("no.such.key"), "[no.such.key]");
    }
}
