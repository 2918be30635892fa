//! The state of the label editor.

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

    /// What the editor's text says.
    pub(crate) fn parsed(&self) -> Result<Vec<Label>, LabelError> {
        label::from_lines(&self.editor.lines().join("\n"))
    }
}
