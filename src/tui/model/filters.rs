//! The words for filters of the review queue.

use super::Model;
use crate::domain::printable::printable_text;
use crate::domain::queue_filter::{Apart, FilterCounts};
use crate::domain::review::QueueFilter;

impl Model {
    /// The name of a filter, as the heading and the menu have it.
    pub(crate) fn name_of_filter(&self, filter: QueueFilter) -> String {
        let outside = self.labels.outside.last().filter(|_| filter == QueueFilter::All);
        if let Some(label) = outside.and_then(|outside| self.labels.text_of(outside.label)) {
            return self.language.say("app.filter_inside", &[("label", &printable_text(label))]);
        }
        match (words(filter), filter) {
            (Some((name, _)), _) => self.language.text(name),
            (None, QueueFilter::Label(label)) => {
                self.labels.current.get(label).map(|label| printable_text(&label.text)).unwrap_or_default()
            }
            (None, _) => String::new(),
        }
    }

    /// The letter that chooses a filter in the menu; none for one of a label.
    pub(crate) fn filter_letter(&self, filter: QueueFilter) -> Option<char> {
        self.language.text(words(filter)?.1).chars().next()
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

/// The keys of a filter's name and of its letter in the language files; none for one of a label.
fn words(filter: QueueFilter) -> Option<(&'static str, &'static str)> {
    Some(match filter {
        QueueFilter::All => ("app.filter_all", "app.letter_all"),
        QueueFilter::Undecided => ("app.filter_undecided", "app.letter_undecided"),
        QueueFilter::Unsure => ("app.filter_unsure", "app.letter_unsure"),
        QueueFilter::Decided => ("app.filter_decided", "app.letter_decided"),
        QueueFilter::Corrected => ("app.filter_corrected", "app.letter_corrected"),
        QueueFilter::Accepted => ("app.filter_accepted", "app.letter_accepted"),
        QueueFilter::NoneOfThese => ("app.filter_none", "app.letter_none"),
        QueueFilter::Skipped => ("app.filter_skipped", "app.letter_skipped"),
        QueueFilter::Marked => ("app.filter_marked", "app.letter_marked"),
        QueueFilter::Filed => ("app.filter_filed", "app.letter_filed"),
        QueueFilter::Troubled => ("app.filter_troubled", "app.letter_troubled"),
        QueueFilter::Arrived => ("app.filter_arrived", "app.letter_arrived"),
        QueueFilter::Label(_) => return None,
    })
}
