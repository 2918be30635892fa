//! The state of the review pane.

use std::collections::BTreeSet;

use crate::backend::{PreviewSize, RenderedPreview};
use crate::config::Preview;
use crate::domain::history::History;
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
    pub(crate) details: bool,
    pub(crate) hidden: bool,
    /// How pictures are drawn.
    pub(crate) preview: Preview,
    /// Raised when pictures have to be painted anew, for example in another form.
    pub(crate) generation: u32,
    /// The number of the last picture that was asked for; which it is, and the room that it was asked for.
    pub(crate) view: u64,
    pub(crate) viewed: Option<(usize, PreviewSize)>,
    /// The painted picture once it is there; `Some(None)` where it cannot be shown.
    pub(crate) painted: Option<Option<RenderedPreview>>,
}

impl Review {
    /// The picture that is looked at, by its position in the collection.
    pub(crate) fn current(&self) -> Option<usize> {
        self.queue.get(self.at).copied()
    }
}
