//! The state of looking for pictures: by their names while somebody types, by a sentence, or by likeness to one.

use std::path::Path;

use crate::backend::RankBy;
use crate::domain::collection::Entry;
use crate::domain::name_search::{NameIndex, NameWords};
use crate::domain::printable::{printable, printable_text};
use crate::domain::ranking::Ranking;
use crate::domain::review::{QueueFilter, QueueOrder};
use crate::lang::Language;
use crate::tui::input_line::InputLine;

/// Searches that are remembered.
const REMEMBERED: usize = 50;

/// The state of looking for pictures.
#[derive(Debug, Default)]
pub(crate) struct Find {
    /// The box, while it is open.
    pub(crate) line: Option<InputLine>,
    /// The words that narrow the queue.
    pub(crate) names: Option<Names>,
    /// The ranking that the queue is in the order of.
    pub(crate) ranked: Option<Ranked>,
    /// The ranking that was ordered, with the order's number.
    pub(crate) awaited: Option<(u64, Likening)>,
    /// The picture that was looked at when that was ordered, by its position.
    pub(crate) ordered_at: Option<usize>,
    /// The queue that the first search was begun in.
    pub(crate) before: Option<Before>,
    /// The queue that the words in the box narrow, while it is open.
    pub(crate) base: Option<Vec<usize>>,
    /// Searches, the last last.
    history: Vec<String>,
    /// Which of them is in the box, and what was typed there.
    recalled: Option<(usize, String)>,
    /// The pictures' names, as far as they were needed.
    index: NameIndex,
    /// How often it was asked for.
    asked: u64,
}

/// Words that the names of the pictures in the queue have.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// As they were typed.
    pub(crate) text: String,
    pub(crate) words: NameWords,
}

/// A sentence or a picture that pictures are compared with, and its name on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Likening {
    pub(crate) by: RankBy,
    /// The sentence, or the name of the picture.
    pub(crate) name: String,
}

/// The pictures by how near they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) to: Likening,
    pub(crate) ranking: Ranking,
}

/// A queue as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) filter: QueueFilter,
    pub(crate) order: QueueOrder,
    /// The picture that was looked at.
    pub(crate) picture: Option<usize>,
}

impl Find {
    /// True where the queue is another one because something was looked for, or soon will be.
    pub(crate) fn is_active(&self) -> bool {
        self.before.is_some()
    }

    /// Other pictures come: what was found is found no longer. Searches are remembered.
    pub(crate) fn clear(&mut self) {
        let (history, asked) = (std::mem::take(&mut self.history), self.asked);
        *self = Find { history, asked, ..Find::default() };
    }

    /// The number of the next order.
    pub(crate) fn ask(&mut self, to: Likening) -> u64 {
        self.asked += 1;
        self.awaited = Some((self.asked, to));
        self.asked
    }

    /// Remembers a search.
    pub(crate) fn remember(&mut self, text: &str) {
        self.history.retain(|known| known != text);
        self.history.push(text.to_owned());
        let more = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..more);
        self.recalled = None;
    }

    /// The search before or after the one in the box; nothing where there is none. After the last is what was typed.
    pub(crate) fn recall(&mut self, is_back: bool) -> Option<String> {
        let typed = self.line.as_ref().map(|line| line.text().to_owned()).unwrap_or_default();
        let (at, typed) = self.recalled.clone().unwrap_or((self.history.len(), typed));
        let at = if is_back { at.checked_sub(1)? } else { at + 1 };
        match self.history.get(at) {
            Some(text) => {
                self.recalled = Some((at, typed));
                Some(text.clone())
            }
            None => self.recalled.take().map(|(_, typed)| typed),
        }
    }

    /// The text in the box was changed by typing.
    pub(crate) fn typed(&mut self) {
        self.recalled = None;
    }

    /// True where the name of a picture has the words that the queue is narrowed to.
    pub(crate) fn takes(&self, position: usize) -> bool {
        self.names.as_ref().is_none_or(|names| self.index.has(position, &names.words))
    }

    /// The search in words, where there is one; `pictures` are there now.
    pub(crate) fn name(&self, language: &Language, pictures: usize) -> Option<String> {
        let ranked = self.ranked.as_ref().map(|ranked| {
            let key = match ranked.to.by {
                RankBy::Sentence(_) => "app.found_sentence",
                RankBy::Likeness(_) => "app.found_like",
            };
            let found = language.say(key, &[("name", &ranked.to.name)]);
            match pictures.saturating_sub(ranked.ranking.cosines.len()) {
                0 => found,
                since => format!("{found} {}", language.say("app.found_since", &[("count", &since)])),
            }
        });
        let names = self.names.as_ref();
        let names = names.map(|names| language.say("app.found_name", &[("name", &printable_text(names.text.trim()))]));
        let awaited = self.awaited.as_ref().map(|(_, to)| language.say("app.finding", &[("name", &to.name)]));
        let parts: Vec<String> = ranked.into_iter().chain(names).chain(awaited).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    /// Makes the names of pictures that came since ready to be looked through. The folders above the source are the
    /// same for all of them, and left out.
    pub(crate) fn index_names(&mut self, entries: &[Entry], source: &Path) {
        for entry in entries.iter().skip(self.index.len()) {
            self.index.push(&printable(entry.path.strip_prefix(source).unwrap_or(&entry.path)));
        }
    }
}
