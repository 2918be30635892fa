//! Looking for pictures by their names while somebody types: words in any order, case and accents ignored.

use memchr::memmem::Finder;

use super::fuzzy::folded;

/// Words that somebody typed.
#[derive(Debug, Clone, Default)]
pub struct NameWords(Vec<Finder<'static>>);

impl NameWords {
    /// The words of a text.
    pub fn of(typed: &str) -> NameWords {
        NameWords(folded(typed).split_whitespace().map(|word| Finder::new(word).into_owned()).collect())
    }

    /// True where nothing was typed: every name has no word of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The names of many pictures, made ready to be looked through at every key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameIndex {
    /// All of them, one after the other.
    folded: String,
    /// Where each ends, by the picture's position.
    ends: Vec<usize>,
}

impl NameIndex {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds the name of the next picture.
    pub fn push(&mut self, name: &str) {
        self.folded.push_str(&folded(name));
        self.ends.push(self.folded.len());
    }

    /// True where the name of the picture at a position has every word.
    pub fn has(&self, position: usize, words: &NameWords) -> bool {
        let Some(end) = self.ends.get(position) else { return false };
        let begin = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        let name = &self.folded.as_bytes()[begin..*end];
        words.0.iter().all(|word| word.find(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str, names: &[&str]) -> Vec<usize> {
        let (mut index, words) = (NameIndex::default(), NameWords::of(typed));
        names.iter().for_each(|name| index.push(name));
        (0..index.len()).filter(|position| index.has(*position, &words)).collect()
    }

    #[test]
    fn words_are_found_in_any_order_without_case_and_accents() {
        let names = ["chat 03/IMG_0412.JPG", "école/Été.png", "e\u{301}cole/2.png", "chat/straße.jpg", ""];
        assert_eq!(found("img chat", &names), [0]);
        assert_eq!(found("ECOLE", &names), [1, 2]);
        assert_eq!(found("ete école", &names), [1]);
        assert_eq!(found("STRASSE", &names), [3]);
        assert_eq!(found("  ", &names), [0, 1, 2, 3, 4]);
        assert_eq!(found("ας", &["ΑΣΧΗΜΟ.jpg"]), [0]);
        assert_eq!(found("chat03", &names), [] as [usize; 0]);
        // A word does not reach from one name into the next.
        assert_eq!(found("jpgecole", &names), [] as [usize; 0]);
        assert!(!NameIndex::default().has(3, &NameWords::default()), "there is no such picture");
    }
}
