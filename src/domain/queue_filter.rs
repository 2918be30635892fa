//! Filters of the review queue, and how many pictures each would show.

use std::collections::{BTreeSet, HashSet};

use super::collection::Collection;
use super::decision::{Decision, Standing};
use super::picture::{ContentHash, PictureState};
use super::score::SureRule;

/// Which pictures are in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QueueFilter {
    /// All of them.
    #[default]
    All,
    /// Pictures of which nobody said anything.
    Undecided,
    /// Pictures that the model is not sure of and nobody decided.
    Unsure,
    /// Pictures that a person decided, in whichever way.
    Decided,
    /// Pictures for which a person chose another label than the predicted one.
    Corrected,
    /// Pictures whose prediction a person accepted.
    Accepted,
    /// Pictures for which no label is right.
    NoneOfThese,
    /// Pictures that were looked at and left for later.
    Skipped,
    /// Pictures that are marked to be decided together.
    Marked,
    /// Pictures that were put into a folder of the destination.
    Filed,
    /// Pictures with something wrong.
    Troubled,
    /// Pictures that have arrived since the person last looked.
    Arrived,
    /// Pictures that count for a label, by its position.
    Label(usize),
}

/// Pictures that only the app tells apart, by position in the collection.
#[derive(Debug, Clone, Copy)]
pub struct Apart<'a> {
    /// Marked to be decided together.
    pub marked: &'a BTreeSet<usize>,
    /// Arrived since the person last looked.
    pub arrived: &'a BTreeSet<usize>,
}

/// No pictures.
static NONE: BTreeSet<usize> = BTreeSet::new();

impl Default for Apart<'_> {
    fn default() -> Self {
        Apart { marked: &NONE, arrived: &NONE }
    }
}

/// All that filters ask of a picture.
pub(super) struct Facts {
    decision: Option<Decision>,
    standing: Option<Standing>,
    is_filed: bool,
    is_troubled: bool,
    is_marked: bool,
    is_arrival: bool,
}

impl Facts {
    /// The facts about a picture; none about one that was replaced, which no filter takes.
    pub(super) fn of(collection: &Collection, index: usize, sure: SureRule, apart: Apart<'_>) -> Option<Facts> {
        let entry = collection.entries().get(index).filter(|_| collection.is_here(index))?;
        Some(Facts {
            decision: collection.decision(index),
            standing: collection.standing(index, sure),
            is_filed: entry.placed.is_some(),
            is_troubled: entry.state != PictureState::Ok,
            is_marked: apart.marked.contains(&index),
            is_arrival: apart.arrived.contains(&index),
        })
    }
}

impl QueueFilter {
    /// Every filter but those of labels, as people are offered them.
    pub const PLAIN: [QueueFilter; 12] = [
        QueueFilter::All,
        QueueFilter::Undecided,
        QueueFilter::Unsure,
        QueueFilter::Decided,
        QueueFilter::Corrected,
        QueueFilter::Accepted,
        QueueFilter::NoneOfThese,
        QueueFilter::Skipped,
        QueueFilter::Marked,
        QueueFilter::Filed,
        QueueFilter::Troubled,
        QueueFilter::Arrived,
    ];

    pub(super) fn takes(self, facts: &Facts) -> bool {
        match self {
            QueueFilter::All => true,
            QueueFilter::Undecided => facts.decision.is_none(),
            QueueFilter::Unsure => facts.standing == Some(Standing::Unsure) && facts.decision.is_none(),
            QueueFilter::Decided => facts.decision.is_some(),
            QueueFilter::Corrected => matches!(facts.decision, Some(Decision::Reassigned(_))),
            QueueFilter::Accepted => matches!(facts.decision, Some(Decision::Accepted(_))),
            QueueFilter::NoneOfThese => facts.decision == Some(Decision::NoneOfThese),
            QueueFilter::Skipped => facts.decision == Some(Decision::Skipped),
            QueueFilter::Marked => facts.is_marked,
            QueueFilter::Filed => facts.is_filed,
            QueueFilter::Troubled => facts.is_troubled,
            QueueFilter::Arrived => facts.is_arrival,
            QueueFilter::Label(label) => facts.standing == Some(Standing::Label(label)),
        }
    }
}

/// How many pictures the queue of each filter has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterCounts {
    /// In the order of [`QueueFilter::PLAIN`].
    plain: [usize; QueueFilter::PLAIN.len()],
    by_label: Vec<usize>,
}

impl FilterCounts {
    /// Counts all filters in one pass: as in queues, pictures of one content count as one.
    pub fn of(collection: &Collection, sure: SureRule, apart: Apart<'_>) -> FilterCounts {
        let mut counts = FilterCounts { by_label: vec![0; collection.labels().len()], ..FilterCounts::default() };
        let mut seen: HashSet<(QueueFilter, ContentHash)> = HashSet::new();
        for index in 0..collection.len() {
            let Some(facts) = Facts::of(collection, index, sure, apart) else { continue };
            let hash = collection.entries()[index].hash;
            let shared = hash.filter(|_| collection.same_content(index).nth(1).is_some());
            let mut is_first = |filter| shared.is_none_or(|hash| seen.insert((filter, hash)));
            for (count, filter) in counts.plain.iter_mut().zip(QueueFilter::PLAIN) {
                *count += usize::from(filter.takes(&facts) && is_first(filter));
            }
            if let Some(Standing::Label(label)) = facts.standing
                && let Some(count) = counts.by_label.get_mut(label)
            {
                *count += usize::from(is_first(QueueFilter::Label(label)));
            }
        }
        counts
    }

    /// The count of one filter.
    pub fn count(&self, filter: QueueFilter) -> usize {
        match filter {
            QueueFilter::Label(label) => self.by_label.get(label).copied().unwrap_or(0),
            plain => QueueFilter::PLAIN.iter().position(|known| *known == plain).map_or(0, |place| self.plain[place]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::collection::Entry;
    use super::super::collection::tests::entry;
    use super::super::decision::LabelId;
    use super::super::review::{QueueOrder, queue_of};
    use super::*;

    const SURE: SureRule = SureRule { threshold: 0.5, margin: 0.1 };

    /// A picture for each byte: what was decided, its content, its state, its place.
    fn collection(bytes: &[u8]) -> Collection {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        for (number, byte) in bytes.iter().enumerate() {
            let decision = match byte % 6 {
                0 => Some(Decision::Accepted(LabelId(1))),
                1 => Some(Decision::Reassigned(LabelId(2))),
                2 => Some(Decision::NoneOfThese),
                3 => Some(Decision::Skipped),
                _ => None,
            };
            let hash = (byte % 7 > 0).then_some(ContentHash([byte % 7; 32]));
            let state = if byte % 5 == 0 { PictureState::Suspect } else { PictureState::Ok };
            let placed = (byte % 4 == 0).then(|| "a".to_owned());
            let scores = [f32::from(*byte) / 255.0, 0.5];
            collection.add(vec![Entry { decision, hash, state, placed, ..entry(number as i64) }], &scores);
        }
        collection.set_replaced(3, true);
        collection
    }

    proptest! {
        #[test]
        fn count_of_each_filter_is_the_length_of_its_queue(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let collection = collection(&bytes);
            let (marked, arrived) = ([1, 2, 3, 9].into(), (5..20).collect());
            let apart = Apart { marked: &marked, arrived: &arrived };
            let counts = FilterCounts::of(&collection, SURE, apart);
            let labels = (0..3).map(QueueFilter::Label);
            for filter in QueueFilter::PLAIN.into_iter().chain(labels) {
                let queue = queue_of(&collection, filter, QueueOrder::Newest, SURE, apart);
                prop_assert_eq!(counts.count(filter), queue.len(), "{:?}", filter);
            }
        }
    }

    #[test]
    fn each_filter_takes_its_pictures() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add((0..7).map(entry).collect(), &[0.9, 0.1].repeat(7));
        let said = [Decision::Accepted(LabelId(1)), Decision::Reassigned(LabelId(2)), Decision::NoneOfThese];
        for (index, decision) in said.into_iter().chain([Decision::Skipped]).enumerate() {
            collection.decide(index, Some(decision));
        }
        collection.set_places([None, None, None, None, Some("a".to_owned())].to_vec());
        collection.change(5, Entry { state: PictureState::Unreadable, ..entry(5) });
        let (marked, arrived) = ([0, 6].into(), [6].into());
        let apart = Apart { marked: &marked, arrived: &arrived };
        let of = |filter| queue_of(&collection, filter, QueueOrder::Newest, SURE, apart);
        assert_eq!(of(QueueFilter::All), [6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(of(QueueFilter::Undecided), [6, 5, 4]);
        assert_eq!(of(QueueFilter::Unsure), [0; 0]);
        assert_eq!(of(QueueFilter::Decided), [3, 2, 1, 0]);
        assert_eq!((of(QueueFilter::Accepted), of(QueueFilter::Corrected)), (vec![0], vec![1]));
        assert_eq!((of(QueueFilter::NoneOfThese), of(QueueFilter::Skipped)), (vec![2], vec![3]));
        assert_eq!((of(QueueFilter::Marked), of(QueueFilter::Arrived)), (vec![6, 0], vec![6]));
        assert_eq!((of(QueueFilter::Filed), of(QueueFilter::Troubled)), (vec![4], vec![5]));
        assert_eq!((of(QueueFilter::Label(0)), of(QueueFilter::Label(1))), (vec![6, 4, 3, 0], vec![1]));
    }
}
