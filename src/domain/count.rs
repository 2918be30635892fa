//! How many pictures fall where. All rows add up to the pictures found.

use super::picture::{Picture, PictureState};
use super::score::SureRule;

/// Pictures by what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Sure predictions, one count a label, in the labels' order.
    pub by_label: Vec<usize>,
    /// Below threshold or margin.
    pub unsure: usize,
    /// Truncated: scored, but sorted by nobody but a person.
    pub suspect: usize,
    /// Of a kind or size that is not decoded.
    pub unsupported: usize,
    /// Not to be decoded.
    pub unreadable: usize,
    /// Not looked at before the run was interrupted.
    pub waiting: usize,
}

impl Counts {
    /// Counts of `pictures` for `labels` labels; `waiting` more were found and not looked at.
    pub fn of<'p>(
        pictures: impl IntoIterator<Item = &'p Picture>,
        labels: usize,
        sure: SureRule,
        waiting: usize,
    ) -> Counts {
        let mut counts = Counts { by_label: vec![0; labels], waiting, ..Counts::default() };
        for picture in pictures {
            *counts.row(picture, sure) += 1;
        }
        counts
    }

    fn row(&mut self, picture: &Picture, sure: SureRule) -> &mut usize {
        match (picture.state, &picture.prediction) {
            (PictureState::Suspect, _) => &mut self.suspect,
            (PictureState::Unsupported, _) => &mut self.unsupported,
            (PictureState::Unreadable, _) => &mut self.unreadable,
            (PictureState::Ok, Some(prediction)) if sure.is_sure(prediction) => &mut self.by_label[prediction.label],
            (PictureState::Ok, _) => &mut self.unsure,
        }
    }

    /// Pictures that could not be scored.
    pub fn failed(&self) -> usize {
        self.unsupported + self.unreadable
    }

    /// The sum of all rows.
    pub fn pictures(&self) -> usize {
        self.by_label.iter().sum::<usize>() + self.unsure + self.suspect + self.failed() + self.waiting
    }
}
