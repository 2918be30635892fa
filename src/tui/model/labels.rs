//! The state of the label editor.

use std::collections::{HashMap, HashSet};

use ratatui_textarea::TextArea;

use crate::domain::decision::LabelId;
use crate::domain::label::{self, Label, LabelError};

pub(crate) struct Labels {
    pub(crate) editor: TextArea<'static>,
    pub(crate) is_editing: bool,
    /// The text of every label that there was, by number: a label keeps its number when its line is edited.
    pub(crate) book: Vec<String>,
    /// The labels of now, and their numbers; an error of the text leaves the last ones.
    pub(crate) current: Vec<Label>,
    pub(crate) numbers: Vec<LabelId>,
    pub(crate) error: Option<LabelError>,
    /// Raised with every change of the labels. Scores of an older revision are stale.
    pub(crate) revision: u64,
    /// The revision that the scores are of.
    pub(crate) scored: u64,
    /// The label, by position, that the model cannot read, and what is said of it.
    pub(crate) too_long: Option<(usize, String)>,
    /// Labels, by position, that mean nearly the same to the model.
    pub(crate) alike: Vec<(usize, usize)>,
    /// The model is not at hand that could score other labels: what is said of it was told.
    pub(crate) is_fixed: bool,
    /// The labels as they were when editing began.
    pub(crate) edit: Option<Edit>,
    /// Texts that labels had before they were renamed: a run that began before still tells of them.
    pub(crate) former: HashMap<String, LabelId>,
}

/// Labels as they were when editing began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    /// The text of each label by number, those that were not in use with them.
    book: Vec<String>,
    /// Labels that were brought back by writing their text again. To go on writing makes another label.
    came_back: HashSet<LabelId>,
}

impl Labels {
    /// No labels yet.
    pub(crate) fn new() -> Labels {
        Labels {
            editor: TextArea::default(),
            is_editing: false,
            book: vec![],
            current: vec![],
            numbers: vec![],
            error: None,
            revision: 0,
            scored: 0,
            too_long: None,
            alike: vec![],
            is_fixed: false,
            edit: None,
            former: HashMap::new(),
        }
    }

    /// Editing begins.
    pub(crate) fn begin_edit(&mut self) {
        if self.edit.is_none() {
            self.edit = Some(Edit { book: self.book.clone(), came_back: HashSet::new() });
        }
    }

    /// Takes labels as they are after a key: the one whose line was changed stays the same label, under its new text. A
    /// label that goes has the text again that it had when editing began, so that writing it again brings it back.
    pub(crate) fn take(&mut self, now: Vec<Label>) {
        if let Some((from, to)) = renamed(&self.current, &now)
            && !self.book.contains(&to)
            && let Some(place) = self.book.iter().position(|known| *known == from)
            && self.edit.as_ref().is_none_or(|edit| !edit.came_back.contains(&LabelId(place as i64 + 1)))
        {
            self.book[place] = to;
        }
        let before = std::mem::take(&mut self.numbers);
        self.numbers = now.iter().map(|label| self.number(&label.text)).collect();
        if let Some(edit) = &mut self.edit {
            let came = self.numbers.iter().filter(|number| !before.contains(number));
            let known = came.filter(|number| edit.book.get(number.0 as usize - 1).is_some());
            edit.came_back.extend(known.copied());
            for gone in before.iter().filter(|number| !self.numbers.contains(number)) {
                let place = gone.0 as usize - 1;
                if let (Some(text), Some(was)) = (self.book.get_mut(place), edit.book.get(place)) {
                    text.clone_from(was);
                }
            }
        }
        self.current = now;
    }

    /// Editing is over. Gives the labels that have another text now: what they were, and what they are.
    pub(crate) fn end_edit(&mut self) -> Vec<(String, String)> {
        let Some(edit) = self.edit.take() else { return vec![] };
        let pairs = edit.book.into_iter().zip(&self.book).enumerate();
        let renamed: Vec<(usize, String, String)> =
            pairs.filter(|(_, (was, is))| was != *is).map(|(place, (was, is))| (place, was, is.clone())).collect();
        let former = renamed.iter().map(|(place, was, _)| (was.clone(), LabelId(*place as i64 + 1)));
        self.former.extend(former);
        renamed.into_iter().map(|(_, was, is)| (was, is)).collect()
    }

    /// The number of a label that the session tells of by a text, which may be one that it had before.
    pub(crate) fn told_number(&mut self, text: &str) -> LabelId {
        match self.former.get(text) {
            Some(number) if !self.book.iter().any(|known| known == text) => *number,
            // A label whose line is being edited has its text of before in the session until that is over.
            _ => match self.before_edit(text) {
                Some(number) => number,
                None => self.number(text),
            },
        }
    }
}

impl Labels {
    /// The label that had a text when editing began, and that no label has now.
    fn before_edit(&self, text: &str) -> Option<LabelId> {
        let edit = self.edit.as_ref().filter(|_| !self.book.iter().any(|known| known == text))?;
        edit.book.iter().position(|known| known == text).map(|place| LabelId(place as i64 + 1))
    }
}

/// The one label whose line was edited: as many as before, and all others the same.
fn renamed(before: &[Label], now: &[Label]) -> Option<(String, String)> {
    if before.len() != now.len() {
        return None;
    }
    let mut different = before.iter().zip(now).filter(|(before, now)| before.text != now.text);
    let (from, to) = different.next()?;
    different.next().is_none().then(|| (from.text.clone(), to.text.clone()))
}

impl Labels {
    /// The number of a label by its text, new where the text is.
    pub(crate) fn number(&mut self, text: &str) -> LabelId {
        let place = self.book.iter().position(|known| known == text).unwrap_or_else(|| {
            self.book.push(text.to_owned());
            self.book.len() - 1
        });
        LabelId(place as i64 + 1)
    }

    pub(crate) fn text_of(&self, number: LabelId) -> Option<&str> {
        let place = usize::try_from(number.0 - 1).ok()?;
        self.book.get(place).map(String::as_str)
    }

    /// The labels in the editor's text.
    pub(crate) fn parsed(&self) -> Result<Vec<Label>, LabelError> {
        label::from_lines(&self.editor.lines().join("\n"))
    }
}
