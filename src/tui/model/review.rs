//! The state of the review pane.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::Model;
use super::grid::Grid;
use super::stacks::Stacks;
use crate::backend::{NotShown, Part, PictureFacts, PreviewSize, Viewed};
use crate::config::Preview;
use crate::domain::decision::{Decision, LabelId};
use crate::domain::history::History;
use crate::domain::printable::{printable, printable_text};
use crate::domain::review::{QueueFilter, QueueOrder};

#[derive(Default)]
pub(crate) struct Review {
    /// Pictures by position in the collection, in the order in which they are looked at.
    pub(crate) queue: Vec<usize>,
    /// Pictures that came since the queue was made are at its end, whatever its order.
    pub(crate) is_extended: bool,
    /// Position in the queue.
    pub(crate) at: usize,
    /// The queue was looked at.
    pub(crate) is_begun: bool,
    pub(crate) order: QueueOrder,
    pub(crate) filter: QueueFilter,
    /// The filter before this one.
    pub(crate) filter_before: QueueFilter,
    pub(crate) marked: BTreeSet<usize>,
    /// Where a range of marks begins.
    pub(crate) anchor: Option<usize>,
    pub(crate) history: History,
    /// How the pictures are looked at.
    pub(crate) look: Look,
    /// All that is known of the file is beside the picture.
    pub(crate) details: bool,
    pub(crate) hidden: bool,
    /// How pictures are drawn.
    pub(crate) preview: Preview,
    /// The ways of drawing pixels that the terminal says it has.
    pub(crate) takes_pixels: Vec<Preview>,
    /// Raised when pictures have to be painted anew, for example in another form.
    pub(crate) generation: u32,
    /// The number of the last picture that was asked for, and all that was asked.
    pub(crate) view: u64,
    pub(crate) asked: Option<Asked>,
    /// The picture once it is there, or why it is not shown.
    pub(crate) viewed: Option<Result<Viewed, NotShown>>,
    /// Facts about its file, where it was read.
    pub(crate) facts: Option<Arc<PictureFacts>>,
    /// Pictures by position whose content was nowhere when they were looked at last.
    pub(crate) lost: HashSet<usize>,
    pub(crate) grid: Grid,
    pub(crate) stacks: Stacks,
}

impl Model {
    /// The search and the filter of the queue, in words.
    pub(crate) fn filter_name(&self) -> String {
        let filter = self.name_of_filter(self.review.filter);
        match (self.find.name(&self.language, self.collection.len()), self.review.filter) {
            (None, _) => filter,
            (Some(found), QueueFilter::All) => found,
            (Some(found), _) => format!("{found} · {filter}"),
        }
    }

    /// The decision that a key means where pictures are looked at inside a label.
    pub(crate) fn said_inside(&self, decision: Decision, index: usize) -> Decision {
        let Some(within) = self.collection.within() else { return decision };
        let now = self.collection.entries().get(index).and_then(|entry| entry.decision);
        match (decision, now) {
            (Decision::NoneOfThese, _) => Decision::NoneInside(within),
            // A person has said that it is this label: passing on does not take that back.
            (Decision::Skipped, Some(now)) if now.label() == Some(within) => now,
            _ => decision,
        }
    }

    /// The label that is predicted for a picture; none while the labels on the screen are not scored.
    pub(crate) fn predicted(&self, index: usize) -> Option<LabelId> {
        let best = self.collection.best(index).filter(|_| self.is_scored())?;
        self.collection.labels().get(best.label).copied()
    }

    /// A decision in a few words.
    pub(crate) fn decision_name(&self, decision: Option<Decision>) -> String {
        let label = decision.and_then(Decision::label).and_then(|label| self.labels.text_of(label));
        let label = label.map(printable_text).unwrap_or_default();
        match decision {
            None => self.language.text("app.undecided"),
            Some(Decision::Accepted(_)) => label,
            Some(Decision::Reassigned(_)) => self.language.say("app.changed_to", &[("label", &label)]),
            Some(Decision::NoneInside(_)) => self.language.say("app.none_inside", &[("label", &label)]),
            Some(Decision::NoneOfThese) => self.language.text("app.row_none"),
            Some(Decision::Skipped) => self.language.text("app.skipped"),
        }
    }

    /// The name of a picture's file, fit to be shown.
    pub(crate) fn file_name(&self, index: usize) -> String {
        let name = self.collection.entries().get(index).and_then(|entry| entry.path.file_name());
        name.map(printable).unwrap_or_default()
    }

    /// The order of the queue, in words.
    pub(crate) fn order_name(&self) -> String {
        self.language.text(match self.review.order {
            _ if self.find.ranked.is_some() => "app.order_nearest",
            QueueOrder::LeastSure => "app.order_least_sure",
            QueueOrder::MostSure => "app.order_most_sure",
            QueueOrder::ByLabel => "app.order_by_label",
            QueueOrder::Newest => "app.order_newest",
            QueueOrder::Random => "app.order_random",
        })
    }
}

/// How a picture is opened outside of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outside {
    /// A program is given its file, after these words.
    Viewer(Vec<String>),
    /// Its path goes to the clipboard: a program here would show it where nobody sees it.
    Clipboard,
}

/// A picture that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its position in the collection.
    pub(crate) index: usize,
    pub(crate) part: Part,
    pub(crate) room: PreviewSize,
}

/// How the pictures are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Look {
    /// One beside what is known of it.
    #[default]
    One,
    /// One on the whole screen.
    Whole,
    /// A part of one on the whole screen, each of its pixels as one dot; so many half screens to the right of its
    /// middle, and below that.
    Exact { across: i16, down: i16 },
}

/// A decision that a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The predicted label is right.
    Accept,
    /// This label is right.
    Label(LabelId),
    /// No label is right.
    NoneOfThese,
    /// They are left for later.
    Skip,
}

impl Review {
    /// The picture that is looked at, by its position in the collection.
    pub(crate) fn current(&self) -> Option<usize> {
        self.queue.get(self.at).copied()
    }

    /// The places in the queue that are listed, so many at once, with the picture that is looked at among them. They
    /// stay until it leaves them: a list that moved with each key would have to be drawn anew with each.
    pub(crate) fn listed(&self, count: usize) -> Range<usize> {
        let first = self.at - self.at % count.max(1);
        let first = first.min(self.queue.len());
        first..(first + count).min(self.queue.len())
    }
}
