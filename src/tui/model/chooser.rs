//! A list that a person chooses from. It is filtered while typing.

use unicode_width::UnicodeWidthStr;

use crate::domain::decision::LabelId;
use crate::domain::fuzzy::{self, Wanted};
use crate::domain::picture::PictureId;
use crate::domain::printable::printable_text;
use crate::domain::review::QueueFilter;
use crate::tui::action::Action;
use crate::tui::input_line::InputLine;

/// A frame over the pane that takes all keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Popup {
    /// Something is chosen from a list.
    Chooser(Chooser),
    /// The number of a picture is typed, to go there.
    Number(InputLine),
}

/// The effect of a choice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pick {
    /// Shows the pictures of a filter alone.
    Filter(QueueFilter),
    /// Gives a label to the picture in hand, or to those that are marked.
    Label(LabelId),
    /// Makes a new label of this line and gives it.
    NewLabel(String),
    /// Goes to a picture.
    Picture(PictureId),
    /// Does what the keys of this action do.
    Press(Action),
    /// Opens the list of labels.
    Labels,
    /// Writes the labels of a pack into the editor, by its place.
    Pack(usize),
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// The letter that chooses it at once while nothing is typed.
    pub(crate) letter: Option<char>,
    /// The keys for it, at the left.
    pub(crate) keys: String,
    /// Its words, which are searched.
    pub(crate) text: String,
    /// Other words for it, which are searched where the text does not match.
    pub(crate) also: String,
    /// Its numbers, at the right.
    pub(crate) detail: String,
    /// The heading that it is under, while nothing is typed.
    pub(crate) group: String,
    pub(crate) pick: Pick,
}

impl Choice {
    /// A choice with these words. Characters that would disturb a terminal are written as escapes.
    pub(crate) fn new(text: &str, pick: Pick) -> Choice {
        let none = String::new;
        let text = printable_text(text);
        Choice { letter: None, keys: none(), text, also: none(), detail: none(), group: none(), pick }
    }

    /// The same, chosen by a letter at once.
    pub(crate) fn by_letter(self, letter: Option<char>) -> Choice {
        Choice { keys: letter.map(String::from).unwrap_or_default(), letter, ..self }
    }
}

/// A choice that matches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    /// Its place in the list.
    pub(crate) place: usize,
    /// The matching characters of its text.
    pub(crate) letters: Vec<usize>,
}

/// A line as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown<'c> {
    Heading(&'c str),
    /// A choice, with its row: its place among those that match.
    Choice {
        row: usize,
        choice: &'c Choice,
        letters: &'c [usize],
    },
    /// The typed text as a new label, with its row.
    New {
        row: usize,
        typed: &'c str,
    },
}

/// A list, what was typed to filter it, and the row that is marked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chooser {
    /// The sentence in the frame.
    pub(crate) title: String,
    pub(crate) typed: InputLine,
    /// Letters are typed now, and do not choose at once.
    pub(crate) is_searching: bool,
    choices: Vec<Choice>,
    matches: Vec<Match>,
    /// The marked row.
    pub(crate) at: usize,
    /// A text that is no choice can be added to the list.
    takes_new: bool,
    /// The picture that the choice is for. The list closes when another one is looked at.
    pub(crate) about: Option<PictureId>,
    /// Columns of the longest line, and of the keys in it.
    width: usize,
    keys_width: usize,
}

impl Chooser {
    pub(crate) fn new(title: String, choices: Vec<Choice>) -> Chooser {
        let widest = |of: fn(&Choice) -> usize| choices.iter().map(of).max().unwrap_or(0);
        let keys_width = widest(|choice| choice.keys.width());
        let width = widest(|choice| choice.text.width() + 2 + choice.detail.width()).max(title.width());
        let mut chooser = Chooser {
            title,
            typed: InputLine::default(),
            is_searching: false,
            choices,
            matches: vec![],
            at: 0,
            takes_new: false,
            about: None,
            width: width + keys_width + MARK_AND_BLANK,
            keys_width,
        };
        chooser.search();
        chooser
    }

    /// A list in which a text that is no choice can be added.
    pub(crate) fn taking_new(self) -> Chooser {
        Chooser { takes_new: true, ..self }
    }

    /// A list for a picture.
    pub(crate) fn about(self, picture: Option<PictureId>) -> Chooser {
        Chooser { about: picture, ..self }
    }

    /// The row of the first choice that fits is marked.
    pub(crate) fn marking(mut self, is_marked: impl Fn(&Pick) -> bool) -> Chooser {
        let row = self.matches.iter().position(|found| is_marked(&self.choices[found.place].pick));
        self.at = row.unwrap_or(0);
        self
    }

    /// Matches anew, the best first; as they were given where nothing is typed.
    pub(crate) fn search(&mut self) {
        let wanted = Wanted::new(self.typed.text());
        let mut found: Vec<(i64, Match)> = self
            .choices
            .iter()
            .enumerate()
            .filter_map(|(place, choice)| {
                let (fit, letters) = match wanted.find(&choice.text) {
                    Some(found) => (found.fit, found.letters),
                    None if choice.keys.is_empty() && choice.also.is_empty() => return None,
                    None => {
                        let found = wanted.find(&format!("{} {} {}", choice.text, choice.keys, choice.also))?;
                        let count = choice.text.chars().count();
                        let letters = found.letters.into_iter().filter(|letter| *letter < count).collect();
                        (found.fit - OTHER_WORDS, letters)
                    }
                };
                Some((fit, Match { place, letters }))
            })
            .collect();
        found.sort_by_key(|(fit, found)| (-fit, found.place));
        self.matches = found.into_iter().map(|(_, found)| found).collect();
        self.at = 0;
    }

    /// The typed text, where it can be added as a new choice.
    fn offered(&self) -> Option<&str> {
        let typed = self.typed.text().trim();
        let is_known = || self.choices.iter().any(|choice| fuzzy::is_same(&choice.text, typed));
        (self.takes_new && !typed.is_empty() && !is_known()).then_some(typed)
    }

    /// Rows that can be marked.
    pub(crate) fn rows(&self) -> usize {
        self.matches.len() + usize::from(self.offered().is_some())
    }

    /// How many choices match, and how many there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.matches.len(), self.choices.len())
    }

    /// Marks the row so many rows on.
    pub(crate) fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.rows().saturating_sub(1));
    }

    /// The effect of choosing a row.
    pub(crate) fn pick(&self, row: usize) -> Option<Pick> {
        match self.matches.get(row) {
            Some(found) => Some(self.choices[found.place].pick.clone()),
            None if row == self.matches.len() => Some(Pick::NewLabel(self.offered()?.to_owned())),
            None => None,
        }
    }

    /// The effect of a letter that chooses at once; none once something is typed.
    pub(crate) fn pick_by_letter(&self, letter: char) -> Option<Pick> {
        if self.is_searching || !self.typed.text().is_empty() {
            return None;
        }
        self.choices.iter().find(|choice| choice.letter == Some(letter)).map(|choice| choice.pick.clone())
    }

    /// True where letters choose at once.
    pub(crate) fn has_letters(&self) -> bool {
        self.choices.iter().any(|choice| choice.letter.is_some())
    }

    /// Every line of the list, headings too.
    pub(crate) fn shown(&self) -> Vec<Shown<'_>> {
        let mut shown = Vec::with_capacity(self.matches.len() + 1);
        let mut group = "";
        for (row, found) in self.matches.iter().enumerate() {
            let choice = &self.choices[found.place];
            if self.typed.text().trim().is_empty() && choice.group != group {
                group = &choice.group;
                shown.push(Shown::Heading(group));
            }
            shown.push(Shown::Choice { row, choice, letters: &found.letters });
        }
        shown.extend(self.offered().map(|typed| Shown::New { row: self.matches.len(), typed }));
        shown
    }

    /// Columns of the longest line, with its mark.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Columns of the keys.
    pub(crate) fn keys_width(&self) -> usize {
        self.keys_width
    }
}

/// Columns of the mark before a line, and of the blank after its keys.
const MARK_AND_BLANK: usize = 3;

/// A match in a choice's other words is worth so much less.
const OTHER_WORDS: i64 = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Chooser {
        let choices = texts.iter().enumerate().map(|(place, text)| Choice::new(text, Pick::Pack(place)));
        Chooser::new("Title".to_owned(), choices.collect())
    }

    fn typed(chooser: &mut Chooser, text: &str) {
        chooser.typed = InputLine::new(text);
        chooser.search();
    }

    #[test]
    fn the_best_match_is_marked_and_the_order_comes_back() {
        let mut chooser = list(&["remap", "école", "a map"]);
        chooser.step(2);
        typed(&mut chooser, "map");
        assert_eq!((chooser.at, chooser.counts(), chooser.pick(0)), (0, (2, 3), Some(Pick::Pack(2))));
        typed(&mut chooser, "ECOLE");
        assert_eq!((chooser.counts(), chooser.pick(0), chooser.pick(1)), ((1, 3), Some(Pick::Pack(1)), None));
        typed(&mut chooser, "zebra");
        assert_eq!((chooser.rows(), chooser.pick(0)), (0, None));
        chooser.step(5);
        assert_eq!(chooser.at, 0);
        typed(&mut chooser, "");
        assert_eq!((chooser.rows(), chooser.pick(0)), (3, Some(Pick::Pack(0))));
        chooser.step(9);
        assert_eq!(chooser.at, 2);
    }

    #[test]
    fn a_new_text_is_offered_unless_it_is_there() {
        let mut chooser = list(&["a map", "école"]).taking_new();
        assert_eq!(chooser.rows(), 2, "nothing is nothing new");
        typed(&mut chooser, " a ma ");
        assert_eq!((chooser.pick(0), chooser.pick(1)), (Some(Pick::Pack(0)), Some(Pick::NewLabel("a ma".to_owned()))));
        typed(&mut chooser, "ECOLE");
        assert_eq!(chooser.rows(), 1);
        typed(&mut chooser, "zebra");
        assert_eq!((chooser.rows(), chooser.pick(0)), (1, Some(Pick::NewLabel("zebra".to_owned()))));
        assert_eq!(chooser.shown(), [Shown::New { row: 0, typed: "zebra" }]);
    }

    #[test]
    fn letters_choose_until_something_is_typed() {
        let choices = [("all", Some('a')), ("marked", Some('m')), ("a map", None)];
        let choices = choices.into_iter().enumerate();
        let choices = choices.map(|(place, (text, letter))| Choice::new(text, Pick::Pack(place)).by_letter(letter));
        let mut chooser = Chooser::new(String::new(), choices.collect());
        assert_eq!((chooser.pick_by_letter('m'), chooser.pick_by_letter('z')), (Some(Pick::Pack(1)), None));
        typed(&mut chooser, "a");
        assert_eq!(chooser.pick_by_letter('m'), None);
        typed(&mut chooser, "");
        chooser.is_searching = true;
        assert_eq!(chooser.pick_by_letter('m'), None);
    }

    #[test]
    fn other_words_match_after_the_text_and_mark_no_letter() {
        let mut chooser = list(&["goes back", "undo of all"]);
        chooser.choices[0].also = "undo".to_owned();
        typed(&mut chooser, "undo");
        assert_eq!((chooser.pick(0), chooser.pick(1)), (Some(Pick::Pack(1)), Some(Pick::Pack(0))));
        assert!(chooser.matches[1].letters.is_empty());
    }

    #[test]
    fn headings_stand_while_nothing_is_typed() {
        let mut chooser = list(&["one", "two", "three"]);
        for (place, group) in ["A", "A", "B"].into_iter().enumerate() {
            chooser.choices[place].group = group.to_owned();
        }
        let headings =
            |chooser: &Chooser| chooser.shown().iter().filter(|line| matches!(line, Shown::Heading(_))).count();
        assert_eq!((headings(&chooser), chooser.shown().len()), (2, 5));
        typed(&mut chooser, "o");
        assert_eq!(headings(&chooser), 0);
    }
}
