//! How many pictures each row of the summary has. The rows add up to the number of pictures found.

use super::decision::Standing;
use super::picture::PictureState;

/// The number of pictures in each row of the summary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Decided for a label, or predicted and sure: one count a label, in the labels' order.
    pub by_label: Vec<usize>,
    /// Of those, the pictures of a label with labels inside of which none is sure: one count a label.
    pub unsure_inside: Vec<usize>,
    /// Below threshold or margin.
    pub unsure: usize,
    /// A person said that no label is right.
    pub none_of_these: usize,
    /// Decided for a label that is not there any more.
    pub label_removed: usize,
    /// Truncated: scored, but only a person sorts it.
    pub suspect: usize,
    /// The kind or size is not decoded.
    pub unsupported: usize,
    /// Not to be decoded.
    pub unreadable: usize,
    /// Not looked at before the run was interrupted.
    pub waiting: usize,
}

impl Counts {
    /// Counts for `labels` labels; `waiting` pictures were found and not looked at.
    pub fn of(standings: impl IntoIterator<Item = Standing>, labels: usize, waiting: usize) -> Counts {
        let none = vec![0; labels];
        let mut counts = Counts { by_label: none.clone(), unsure_inside: none, waiting, ..Counts::default() };
        for standing in standings {
            if let Standing::UnsureInside(label) = standing
                && let Some(count) = counts.unsure_inside.get_mut(label)
            {
                *count += 1;
            }
            if let Some(row) = counts.row(standing) {
                *row += 1;
            }
        }
        counts
    }

    fn row(&mut self, standing: Standing) -> Option<&mut usize> {
        Some(match standing {
            Standing::Label(label) | Standing::UnsureInside(label) => self.by_label.get_mut(label)?,
            Standing::Unsure | Standing::NotOk(PictureState::Ok) => &mut self.unsure,
            Standing::NoneOfThese => &mut self.none_of_these,
            Standing::LabelRemoved => &mut self.label_removed,
            Standing::NotOk(PictureState::Suspect) => &mut self.suspect,
            Standing::NotOk(PictureState::Unsupported) => &mut self.unsupported,
            Standing::NotOk(PictureState::Unreadable) => &mut self.unreadable,
        })
    }

    /// Pictures of labels with labels inside of which none is sure.
    pub fn all_unsure_inside(&self) -> usize {
        self.unsure_inside.iter().sum()
    }

    /// Pictures that could not be scored.
    pub fn failed(&self) -> usize {
        self.unsupported + self.unreadable
    }

    /// The sum of all rows.
    pub fn pictures(&self) -> usize {
        let decided = self.none_of_these + self.label_removed;
        self.by_label.iter().sum::<usize>() + self.unsure + decided + self.suspect + self.failed() + self.waiting
    }
}
