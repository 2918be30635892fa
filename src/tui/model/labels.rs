//! The state of the label editor.

use std::collections::{HashMap, HashSet};

use ratatui_textarea::TextArea;

use super::label_book::LabelBook;
use crate::domain::decision::LabelId;
use crate::domain::label::{self, Label, LabelError};
use crate::domain::label_tree::{key_path, label_key};
use crate::domain::review::QueueFilter;
use crate::store::session::Sorting;

#[derive(Default)]
pub(crate) struct Labels {
    pub(crate) editor: TextArea<'static>,
    pub(crate) is_editing: bool,
    /// A label keeps its number when its line is edited.
    pub(crate) book: LabelBook,
    /// The labels of now, and their numbers; an error of the text leaves the last ones.
    pub(crate) current: Vec<Label>,
    pub(crate) numbers: Vec<LabelId>,
    pub(crate) error: Option<LabelError>,
    /// Raised with every change of the labels. Scores of an older revision are stale.
    pub(crate) revision: u64,
    /// The revision that the scores are of.
    pub(crate) scored: u64,
    /// The label, by position, that is too long for the model, and the sentence about it.
    pub(crate) too_long: Option<(usize, String)>,
    /// Labels, by position, that mean nearly the same to the model.
    pub(crate) alike: Vec<(usize, usize)>,
    /// The model is not available, so that other labels cannot be scored. A sentence has said why.
    pub(crate) is_fixed: bool,
    /// The labels as they were when editing began.
    pub(crate) edit: Option<Edit>,
    /// The labels outside, where those of the editor are inside one: the root's first.
    pub(crate) outside: Vec<Outside>,
    /// How pictures are sorted inside labels that have a finer sort, by the label.
    pub(crate) inside: HashMap<LabelId, Sorting>,
    /// Texts that labels had before they were renamed: a run that began before still tells of them.
    pub(crate) former: HashMap<String, LabelId>,
}

/// The labels that were in the editor before those inside one of them.
pub(crate) struct Outside {
    /// The label inside which those of now are.
    pub(crate) label: LabelId,
    editor: TextArea<'static>,
    current: Vec<Label>,
    numbers: Vec<LabelId>,
    /// The filter that Review had.
    pub(crate) filter: QueueFilter,
}

/// Labels as they were when editing began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    /// The texts of all labels, unused ones too.
    book: LabelBook,
    /// Labels that were brought back by writing their text again. To go on writing makes another label.
    came_back: HashSet<LabelId>,
}

impl Labels {
    /// The key of a label of the editor, by its text.
    fn key(&self, text: &str) -> String {
        let above = self.outside.last().and_then(|outside| self.book.text(outside.label));
        let path: Vec<&str> = above.map(key_path).into_iter().flatten().chain([text]).collect();
        label_key(&path)
    }

    /// Puts the labels inside one into the editor, as far as there are any.
    pub(crate) fn go_inside(&mut self, label: LabelId, filter: QueueFilter) {
        let known = self.inside.get(&label).map(|sorting| sorting.labels.clone()).unwrap_or_default();
        let editor = TextArea::new(known.iter().map(Label::line).collect());
        let editor = std::mem::replace(&mut self.editor, editor);
        let (current, numbers) = (std::mem::take(&mut self.current), std::mem::take(&mut self.numbers));
        self.outside.push(Outside { label, editor, current, numbers, filter });
        self.changed_all();
    }

    /// Puts the labels outside back. Gives the label, and what was in Review there.
    pub(crate) fn come_out(&mut self) -> Option<(LabelId, QueueFilter)> {
        let Outside { label, editor, current, numbers, filter } = self.outside.pop()?;
        (self.editor, self.current, self.numbers) = (editor, current, numbers);
        self.changed_all();
        Some((label, filter))
    }

    fn changed_all(&mut self) {
        self.revision += 1;
        (self.error, self.too_long) = (None, None);
        self.alike.clear();
    }

    /// The lines of the labels of the root.
    pub(crate) fn root_lines(&self) -> &[String] {
        self.outside.first().map_or(&self.editor, |outside| &outside.editor).lines()
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
        let keys = renamed(&self.current, &now).map(|(from, to)| (self.key(&from), self.key(&to)));
        if let Some((from, to)) = keys
            && self.book.find(&to).is_none()
            && let Some(number) = self.book.find(&from)
            && self.edit.as_ref().is_none_or(|edit| !edit.came_back.contains(&number))
        {
            self.book.rename(number, &to);
        }
        let before = std::mem::take(&mut self.numbers);
        let keys: Vec<String> = now.iter().map(|label| self.key(&label.text)).collect();
        self.numbers = keys.iter().map(|key| self.book.find_or_add(key)).collect();
        if let Some(edit) = &mut self.edit {
            let came = self.numbers.iter().filter(|number| !before.contains(number));
            let known = came.filter(|number| edit.book.text(**number).is_some());
            edit.came_back.extend(known);
            for gone in before.iter().filter(|number| !self.numbers.contains(number)) {
                if let Some(was) = edit.book.text(*gone) {
                    self.book.rename(*gone, was);
                }
            }
        }
        self.current = now;
    }

    /// Ends editing. Returns the renamed labels: former and new text.
    pub(crate) fn end_edit(&mut self) -> Vec<(String, String)> {
        let Some(edit) = self.edit.take() else { return vec![] };
        let mut renamed = vec![];
        for (number, was) in edit.book.iter() {
            // The key of a label inside another one changes with that one, which is renamed by itself.
            let own = |key| key_path(key).last().copied();
            if let Some(is) = self.book.text(number).filter(|is| own(is) != own(was)) {
                renamed.push((was.to_owned(), is.to_owned()));
                self.former.insert(was.to_owned(), number);
            }
        }
        renamed
    }

    /// The number of a label that the session tells of by a text, which may be one that it had before.
    pub(crate) fn told_number(&mut self, text: &str) -> LabelId {
        if let Some(number) = self.book.find(text) {
            return number;
        }
        // A label whose line is being edited has its text of before in the session until that is over.
        let before_edit = || self.edit.as_ref().and_then(|edit| edit.book.find(text));
        match self.former.get(text).copied().or_else(before_edit) {
            Some(number) => number,
            None => self.book.find_or_add(text),
        }
    }

    /// A label as people read it.
    pub(crate) fn text_of(&self, number: LabelId) -> Option<&str> {
        self.book.shown(number)
    }

    /// The key of a label, by which the session knows it.
    pub(crate) fn key_of(&self, number: LabelId) -> Option<&str> {
        self.book.text(number)
    }

    /// The labels in the editor's text.
    pub(crate) fn parsed(&self) -> Result<Vec<Label>, LabelError> {
        label::from_lines(&self.editor.lines().join("\n"))
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
