//! The words for filters of the review queue.

use super::Model;
use crate::domain::printable::printable_text;
use crate::domain::queue_filter::{Apart, FilterCounts};
use crate::domain::review::QueueFilter;

impl Model {
    /// The name of a filter, as the heading and the menu have it.
    pub(crate) fn filter_name(&self, filter: QueueFilter) -> String {
        match filter {
            QueueFilter::Label(label) => {
                self.labels.current.get(label).map(|label| printable_text(&label.text)).unwrap_or_default()
            }
            plain => self.language.text(&format!("app.filter_{}", word(plain))),
        }
    }

    /// The letter that chooses a filter in the menu; none for one of a label.
    pub(crate) fn filter_letter(&self, filter: QueueFilter) -> Option<char> {
        match filter {
            QueueFilter::Label(_) => None,
            plain => self.language.text(&format!("app.letter_{}", word(plain))).chars().next(),
        }
    }

    /// How many pictures the queue of each filter has.
    pub(crate) fn filter_counts(&self) -> FilterCounts {
        FilterCounts::of(&self.collection, self.sure(), self.apart())
    }

    /// Pictures that only the app tells apart.
    pub(crate) fn apart(&self) -> Apart<'_> {
        Apart { marked: &self.review.marked, arrived: &self.live.fresh }
    }
}

/// The word for a filter in the keys of the language files.
fn word(filter: QueueFilter) -> &'static str {
    match filter {
        QueueFilter::All => "all",
        QueueFilter::Undecided => "undecided",
        QueueFilter::Unsure => "unsure",
        QueueFilter::Decided => "decided",
        QueueFilter::Corrected => "corrected",
        QueueFilter::Accepted => "accepted",
        QueueFilter::NoneOfThese => "none",
        QueueFilter::Skipped => "skipped",
        QueueFilter::Marked => "marked",
        QueueFilter::Filed => "filed",
        QueueFilter::Troubled => "troubled",
        QueueFilter::Arrived => "arrived",
        QueueFilter::Label(_) => "label",
    }
}
