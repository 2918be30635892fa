//! Advice on labels, as far as their words tell. The guide of the Python tool that this program follows teaches the
//! same by hand.

use super::label::Label;

/// Advice on one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// A caption has fewer words.
    Long,
    /// One word says little: models were trained on captions.
    BareWord,
}

/// A caption that a model was trained on is seldom longer.
const MOST_CHARACTERS: usize = 80;
const MOST_WORDS: usize = 10;

/// Words of catch-all labels, in the languages of the program.
const REST: [&str; 14] = [
    "other",
    "others",
    "else",
    "rest",
    "none",
    "misc",
    "miscellaneous",
    "anything",
    "outro",
    "outra",
    "outros",
    "outras",
    "resto",
    "nenhum",
];

/// Advice on a label.
pub fn advice(label: &Label) -> Option<Advice> {
    let words = |prompt: &String| prompt.split_whitespace().count();
    let is_long = |prompt: &String| prompt.chars().count() > MOST_CHARACTERS || words(prompt) > MOST_WORDS;
    match () {
        () if label.prompts.iter().any(is_long) => Some(Advice::Long),
        () if label.prompts.iter().all(|prompt| words(prompt) == 1) => Some(Advice::BareWord),
        () => None,
    }
}

/// Makes a caption of a bare word; the label keeps its name.
pub fn as_caption(word: &str) -> Label {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    Label { text: word.to_owned(), prompts: vec![format!("a photo of {article} {word}")] }
}

/// True where a label is a catch-all. Without one, every picture gets some other label.
pub fn catches_the_rest(labels: &[Label]) -> bool {
    let is_of_rest = |word: &str| REST.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    labels.iter().any(|label| label.text.to_lowercase().split_whitespace().any(is_of_rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_on_each_label_follows_its_words() {
        let of = |text: &str| advice(&Label::named(text));
        assert_eq!(of("a map of a city"), None);
        assert_eq!(of("gun"), Some(Advice::BareWord));
        assert_eq!(of("one two three four five six seven eight nine ten eleven"), Some(Advice::Long));
        assert_eq!(of(&"x".repeat(81)), Some(Advice::Long));
        let prompts = |prompts: &[&str]| Label {
            text: "gun".to_owned(),
            prompts: prompts.iter().map(|prompt| (*prompt).to_owned()).collect(),
        };
        assert_eq!(advice(&prompts(&["a photo of a gun", "rifle"])), None);
        assert_eq!(as_caption("gun").line(), "gun = a photo of a gun");
        assert_eq!(as_caption("apple").line(), "apple = a photo of an apple");
    }

    #[test]
    fn catch_all_label_is_recognised() {
        let labels = |texts: &[&str]| texts.iter().map(|text| Label::named(*text)).collect::<Vec<_>>();
        assert!(catches_the_rest(&labels(&["a gun", "something else"])));
        assert!(catches_the_rest(&labels(&["a gun", "Other (anything)"])));
        assert!(catches_the_rest(&labels(&["uma arma", "outra coisa"])));
        assert!(!catches_the_rest(&labels(&["a gun", "a restaurant"])));
    }
}
