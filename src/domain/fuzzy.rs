//! Finding texts by a few typed letters: words in any order, letters left out, case and accents ignored.

use unicode_normalization::UnicodeNormalization;

/// Words that a person typed to find a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    words: Vec<Vec<char>>,
}

/// A text that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How well it fits: the higher, the better. Comparable for one `Wanted` alone.
    pub fit: i64,
    /// The characters that match, by position in the text, in order and each once.
    pub letters: Vec<usize>,
}

/// The worth of one typed word, by where its letters lie in the text.
const WHOLE_WORD: i64 = 1000;
const WORD_BEGINS: i64 = 800;
const INSIDE: i64 = 500;
const SCATTERED: i64 = 200;

/// A text of so many characters more is worth one less: of two that fit alike the shorter one comes first.
const CHARACTERS_A_POINT: i64 = 4;

/// The folded characters of a text, each with the position of the one that it was made of.
struct Folded {
    letters: Vec<char>,
    origins: Vec<usize>,
    /// A word begins at this letter.
    begins: Vec<bool>,
}

/// The jumps that the letters so far took to a place in the text, and a place: none where they do not end there.
type Reached = Option<(i64, usize)>;

impl Wanted {
    /// The typed words.
    pub fn new(typed: &str) -> Wanted {
        Wanted { words: typed.split_whitespace().map(|word| Folded::of(word).letters).collect() }
    }

    /// True where nothing was typed: any text is found then.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The place of every word in a text; none where one of them is not in it.
    pub fn find(&self, text: &str) -> Option<Found> {
        if self.is_empty() {
            return Some(Found::default());
        }
        let folded = Folded::of(text);
        let mut found = Found { fit: -(folded.letters.len() as i64) / CHARACTERS_A_POINT, letters: vec![] };
        for word in &self.words {
            let (fit, letters) = folded.find(word)?;
            found.fit += fit;
            found.letters.extend(letters.into_iter().map(|letter| folded.origins[letter]));
        }
        found.letters.sort_unstable();
        found.letters.dedup();
        Some(found)
    }
}

/// The form of a text in which it is looked for: without case and accents.
pub fn folded(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.chars().flat_map(letters_of).collect(),
    }
}

/// True where two texts differ in case and accents at most.
pub fn is_same(one: &str, other: &str) -> bool {
    Folded::of(one.trim()).letters == Folded::of(other.trim()).letters
}

impl Folded {
    fn of(text: &str) -> Folded {
        let room = text.len();
        let (letters, origins, begins) = (Vec::with_capacity(room), Vec::with_capacity(room), Vec::with_capacity(room));
        let mut folded = Folded { letters, origins, begins };
        let mut is_inside = false;
        for (origin, c) in text.chars().enumerate() {
            let is_word = c.is_alphanumeric();
            let mut begins = is_word && !is_inside;
            // A mark above or below a letter belongs to its word.
            is_inside = is_word || (is_inside && is_accent(c));
            let mut push = |letter| {
                folded.letters.push(letter);
                folded.origins.push(origin);
                folded.begins.push(std::mem::take(&mut begins));
            };
            // ASCII, nearly all that there is, needs no tables.
            match c.is_ascii() {
                true => push(c.to_ascii_lowercase()),
                false => letters_of(c).for_each(push),
            }
        }
        folded
    }

    /// The best place of a word: in one piece, else letter by letter.
    fn find(&self, word: &[char]) -> Option<(i64, Vec<usize>)> {
        if word.is_empty() {
            return Some((0, vec![]));
        }
        let pieces = self.letters.windows(word.len()).enumerate();
        let pieces = pieces.filter(|(_, piece)| piece[0] == word[0] && *piece == word).map(|(first, _)| first);
        let best = pieces
            .map(|first| (self.worth(first, word.len()), first))
            .max_by_key(|(fit, first)| (*fit, -(*first as i64)));
        match best {
            Some((fit, first)) => Some((fit, (first..first + word.len()).collect())),
            None => self.scattered(word),
        }
    }

    /// The worth of a piece of so many letters.
    fn worth(&self, first: usize, count: usize) -> i64 {
        let ends = self.begins.get(first + count).is_none_or(|begins| *begins)
            || !self.letters[first + count].is_alphanumeric();
        match (self.begins[first], ends) {
            (true, true) => WHOLE_WORD,
            (true, false) => WORD_BEGINS,
            (false, _) => INSIDE,
        }
    }

    /// Letters one after the other with others between them. Each is beside the one before it, in the same word, or
    /// begins a word, and the first begins one: so `pgtxt` and `apot` find `a page of text`, and few letters do not
    /// find every long text.
    fn scattered(&self, word: &[char]) -> Option<(i64, Vec<usize>)> {
        let count = self.letters.len();
        // The fewest jumps with which the letters so far end at a place, and the place of the letter before.
        let mut reached: Vec<Reached> =
            (0..count).map(|at| (self.begins[at] && self.letters[at] == word[0]).then_some((0, at))).collect();
        let mut ways = vec![reached.clone()];
        for letter in &word[1..] {
            let mut next = vec![None; count];
            // The best place so far in this text, and in the word of the place that is looked at.
            let (mut anywhere, mut in_word): (Reached, Reached) = (None, None);
            for at in 0..count {
                if self.begins[at] {
                    in_word = None;
                }
                if self.letters[at] == *letter {
                    let beside = at.checked_sub(1).and_then(|before| Some((reached[before]?.0, before)));
                    let jumps = if self.begins[at] { anywhere } else { in_word };
                    let jumped = jumps.map(|(cost, before)| (cost + 1, before));
                    next[at] = beside.into_iter().chain(jumped).min();
                }
                if let Some((cost, _)) = reached[at] {
                    let better = |best: Reached| best.is_none_or(|(least, _)| cost <= least);
                    anywhere = if better(anywhere) { Some((cost, at)) } else { anywhere };
                    in_word = if better(in_word) { Some((cost, at)) } else { in_word };
                }
            }
            reached = next.clone();
            ways.push(next);
        }
        let (jumps, last) = (0..count).filter_map(|at| Some((reached[at]?.0, at))).min()?;
        let mut letters = vec![last];
        for way in ways[1..].iter().rev() {
            let at = letters[letters.len() - 1];
            letters.push(way[at]?.1);
        }
        letters.reverse();
        Some((SCATTERED - jumps * 10, letters))
    }
}

/// A mark that is written above or below a letter: of Latin, Greek and Cyrillic, of Hebrew, of Arabic. Vowel signs of
/// other scripts are letters.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}')
}

/// A character without case and accents: none for an accent, several for a letter that is written as several.
fn letters_of(c: char) -> impl Iterator<Item = char> {
    let parts = std::iter::once(c).nfkd().flat_map(char::to_lowercase).filter(|c| !is_accent(*c));
    parts.flat_map(|c| {
        let written = undecomposed(c);
        written.chars().chain(written.is_empty().then_some(c))
    })
}

/// Letters that Unicode takes for letters of their own, and a keyboard without them writes otherwise.
fn undecomposed(c: char) -> &'static str {
    match c {
        'ß' => "ss",
        // At the end of a word it is one inside of it as soon as a letter more is typed.
        'ς' => "σ",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts that are found, the best first.
    fn found<'t>(typed: &str, texts: &[&'t str]) -> Vec<&'t str> {
        let wanted = Wanted::new(typed);
        let mut found: Vec<(i64, usize)> =
            texts.iter().enumerate().filter_map(|(place, text)| Some((-wanted.find(text)?.fit, place))).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, place)| texts[place]).collect()
    }

    /// The text with its matching letters in brackets.
    fn marked(typed: &str, text: &str) -> String {
        let letters = Wanted::new(typed).find(text).unwrap().letters;
        let mark = |(place, c)| if letters.contains(&place) { format!("[{c}]") } else { format!("{c}") };
        text.chars().enumerate().map(mark).collect()
    }

    #[test]
    fn case_and_accents_are_the_same_letter() {
        for (typed, text) in [
            ("ecole", "une école"),
            ("ÉCOLE", "une ecole"),
            ("acao", "uma AÇÃO"),
            ("e\u{301}cole", "école"),
            ("strasse", "Straße"),
            ("lodz", "Łódź"),
            ("oeuvre", "œuvre"),
            ("fire", "ﬁre"),
            ("ελληνικα", "Ελληνικά"),
            ("istanbul", "İstanbul"),
        ] {
            assert!(Wanted::new(typed).find(text).is_some(), "{typed} in {text}");
            assert!(is_same("École ", "ecole") && !is_same("école", "écoles"));
        }
        assert_eq!(marked("ecole", "une e\u{301}cole"), "une [e]\u{301}[c][o][l][e]");
        assert_eq!(marked("ss", "Straße"), "Stra[ß]e");
    }

    #[test]
    fn words_are_found_in_any_order_and_all_of_them() {
        assert_eq!(found("text page", &["a page of text", "a page", "some text"]), ["a page of text"]);
        assert_eq!(found("  ", &["a", "b"]), ["a", "b"]);
        assert_eq!(found("gun zebra", &["a gun"]), [""; 0]);
        assert_eq!(marked("te pa", "a page of text"), "a [p][a]ge of [t][e]xt");
    }

    #[test]
    fn the_best_match_comes_first() {
        let numbers = ["label number 19", "label number 11", "label number 1"];
        assert_eq!(found("label number 1", &numbers)[0], "label number 1");
        let texts = ["remap", "a roadmap to peace", "mapping", "a map", "m a p"];
        assert_eq!(found("map", &texts), ["a map", "mapping", "remap", "a roadmap to peace", "m a p"]);
        assert_eq!(found("a", &["a long text about nothing", "a text"])[0], "a text");
    }

    #[test]
    fn letters_may_be_left_out_within_words() {
        let texts = ["a weapon", "a page of text", "wide open"];
        assert_eq!(found("wepn", &texts), ["a weapon"]);
        assert_eq!(found("pgtxt", &texts), ["a page of text"]);
        assert_eq!(found("apot", &texts), ["a page of text"]);
        assert_eq!(marked("apot", "a page of text"), "[a] [p]age [o]f [t]ext");
        assert_eq!(found("eapn", &texts), [""; 0], "the first letter begins a word");
        assert_eq!(found("wpnx", &texts), [""; 0]);
        // Where letters could lie in several ways, one that goes on is found.
        assert_eq!(marked("abd", "ab cab bad"), "[a]b cab [b]a[d]");
    }
}
