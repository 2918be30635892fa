//! The review queue: its pictures and their order.

use std::collections::HashSet;

use super::collection::Collection;
use super::decision::Standing;
use super::picture::PictureState;
use super::score::SureRule;

/// The order of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueOrder {
    /// The smallest margin first.
    #[default]
    LeastSure,
    /// The largest margin first.
    MostSure,
    /// Label by label, the least sure first in each.
    ByLabel,
    /// The last found first.
    Newest,
    /// As dice fall, the same way each time: what a fair audit needs.
    Random,
}

impl QueueOrder {
    /// Every order, as one key steps through them.
    pub const ALL: [QueueOrder; 5] =
        [QueueOrder::LeastSure, QueueOrder::MostSure, QueueOrder::ByLabel, QueueOrder::Newest, QueueOrder::Random];

    /// The one after this.
    pub fn next(self) -> QueueOrder {
        let place = QueueOrder::ALL.iter().position(|order| *order == self).unwrap_or(0);
        QueueOrder::ALL[(place + 1) % QueueOrder::ALL.len()]
    }
}

/// Which pictures are in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueFilter {
    /// All of them.
    #[default]
    All,
    /// Pictures that the model is not sure of and nobody decided.
    Unsure,
    /// Pictures that count for a label, by its position.
    Label(usize),
    /// Pictures that a person decided.
    Decided,
    /// Pictures with something wrong.
    Troubled,
}

impl QueueFilter {
    /// The one after this, with `labels` labels.
    pub fn next(self, labels: usize) -> QueueFilter {
        match self {
            QueueFilter::All => QueueFilter::Unsure,
            QueueFilter::Unsure if labels > 0 => QueueFilter::Label(0),
            QueueFilter::Label(label) if label + 1 < labels => QueueFilter::Label(label + 1),
            QueueFilter::Unsure | QueueFilter::Label(_) => QueueFilter::Decided,
            QueueFilter::Decided => QueueFilter::Troubled,
            QueueFilter::Troubled => QueueFilter::All,
        }
    }

    fn takes(self, collection: &Collection, index: usize, sure: SureRule) -> bool {
        let Some(entry) = collection.entries().get(index).filter(|_| collection.is_here(index)) else {
            return false;
        };
        let standing = collection.standing(index, sure);
        match self {
            QueueFilter::All => true,
            QueueFilter::Unsure => standing == Some(Standing::Unsure) && collection.decision(index).is_none(),
            QueueFilter::Label(label) => standing == Some(Standing::Label(label)),
            QueueFilter::Decided => collection.decision(index).is_some(),
            QueueFilter::Troubled => entry.state != PictureState::Ok,
        }
    }
}

/// The pictures of a queue, by their positions in the collection: of those with one content the first, as what is
/// decided of it holds for all of them.
pub fn queue(collection: &Collection, filter: QueueFilter, order: QueueOrder, sure: SureRule) -> Vec<usize> {
    let taken = (0..collection.len()).filter(|index| filter.takes(collection, *index, sure));
    let mut contents = HashSet::new();
    let is_first = |index: &usize| {
        let hash = collection.entries()[*index].hash;
        collection.same_content(*index).nth(1).is_none() || contents.insert(hash)
    };
    let mut queue: Vec<usize> = taken.filter(is_first).collect();
    // A picture without scores comes last in every order.
    let margin = |index: usize| collection.best(index).map_or(f32::INFINITY, |best| best.margin);
    let label = |index: usize| match collection.standing(index, sure) {
        Some(Standing::Label(label)) => label,
        _ => collection.best(index).map_or(usize::MAX, |best| best.label),
    };
    match order {
        QueueOrder::LeastSure => queue.sort_by(|a, b| margin(*a).total_cmp(&margin(*b))),
        QueueOrder::MostSure => {
            let key = |index: usize| collection.best(index).map_or(f32::NEG_INFINITY, |best| best.margin);
            queue.sort_by(|a, b| key(*b).total_cmp(&key(*a)));
        }
        QueueOrder::ByLabel => queue.sort_by(|a, b| label(*a).cmp(&label(*b)).then(margin(*a).total_cmp(&margin(*b)))),
        QueueOrder::Newest => queue.reverse(),
        QueueOrder::Random => queue.sort_by_key(|index| scattered(*index as u64)),
    }
    queue
}

/// A number that looks like chance: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::collection::Entry;
    use super::super::collection::tests::entry;
    use super::super::decision::{Decision, LabelId};
    use super::super::picture::ContentHash;
    use super::*;

    const SURE: SureRule = SureRule { threshold: 0.5, margin: 0.1 };

    fn collection() -> Collection {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        let scores = [0.9, 0.1, 0.45, 0.55, 0.3, 0.7, 0.52, 0.48];
        collection.add((0..4).map(entry).collect(), &scores);
        collection
    }

    #[test]
    fn queue_in_each_order_is_sorted_by_it() {
        let collection = collection();
        let ordered = |order| queue(&collection, QueueFilter::All, order, SURE);
        assert_eq!(ordered(QueueOrder::LeastSure), [3, 1, 2, 0]);
        assert_eq!(ordered(QueueOrder::MostSure), [0, 2, 1, 3]);
        assert_eq!(ordered(QueueOrder::ByLabel), [3, 0, 1, 2]);
        assert_eq!(ordered(QueueOrder::Newest), [3, 2, 1, 0]);
        let mut random = ordered(QueueOrder::Random);
        random.sort_unstable();
        assert_eq!(random, [0, 1, 2, 3]);
    }

    #[test]
    fn replaced_picture_is_in_no_queue() {
        let mut collection = collection();
        collection.set_replaced(1, true);
        assert_eq!(queue(&collection, QueueFilter::All, QueueOrder::Newest, SURE), [3, 2, 0]);
    }

    #[test]
    fn queue_has_the_first_picture_of_each_content() {
        let mut collection = collection();
        let twin = |number| Entry { hash: Some(ContentHash([7; 32])), ..entry(number) };
        collection.add(vec![twin(5), twin(6), twin(7)], &[]);
        assert_eq!(queue(&collection, QueueFilter::All, QueueOrder::Newest, SURE), [4, 3, 2, 1, 0]);
        // An earlier version decided of one of them alone.
        collection.decide(4, Some(Decision::NoneOfThese));
        assert_eq!(queue(&collection, QueueFilter::Decided, QueueOrder::Newest, SURE), [4]);
        assert_eq!(queue(&collection, QueueFilter::Unsure, QueueOrder::Newest, SURE), [5, 3]);
        collection.set_replaced(4, true);
        assert_eq!(queue(&collection, QueueFilter::All, QueueOrder::Newest, SURE), [5, 3, 2, 1, 0]);
    }

    #[test]
    fn queue_with_each_filter_has_its_pictures() {
        let mut collection = collection();
        collection.decide(2, Some(Decision::NoneOfThese));
        let filtered = |filter| queue(&collection, filter, QueueOrder::Newest, SURE);
        assert_eq!(filtered(QueueFilter::Unsure), [3]);
        assert_eq!(filtered(QueueFilter::Label(0)), [0]);
        assert_eq!(filtered(QueueFilter::Decided), [2]);
        assert!(filtered(QueueFilter::Troubled).is_empty());
        let mut filter = QueueFilter::All;
        for expected in [
            QueueFilter::Unsure,
            QueueFilter::Label(0),
            QueueFilter::Label(1),
            QueueFilter::Decided,
            QueueFilter::Troubled,
            QueueFilter::All,
        ] {
            filter = filter.next(2);
            assert_eq!(filter, expected);
        }
        assert_eq!(QueueFilter::Unsure.next(0), QueueFilter::Decided);
    }
}
