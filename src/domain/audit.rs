//! How often the model is right, label by label, from pictures that people looked at in random order.

use super::collection::Collection;
use super::decision::Decision;
use super::picture::PictureState;
use super::score::SureRule;

/// How the decisions on pictures with one predicted label turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRow {
    /// The predicted label, by position; `None` for pictures that the model was unsure of.
    pub label: Option<usize>,
    /// Pictures whose best label is the decided one.
    pub right: usize,
    /// All pictures with this prediction.
    pub all: usize,
}

/// Judges the model by the head of a queue in random order, up to the first picture without a decision. These pictures
/// are a fair sample, whatever was decided in other orders; those further down do not count. Skipped pictures and those
/// that are not ok are passed over. Rows without pictures are left out.
pub fn audit(collection: &Collection, random_queue: &[usize], sure: SureRule) -> Vec<AuditRow> {
    let row = |label| AuditRow { label, right: 0, all: 0 };
    let mut rows: Vec<AuditRow> = (0..collection.labels().len()).map(|label| row(Some(label))).collect();
    rows.push(row(None));
    for index in random_queue {
        let Some(entry) = collection.entries().get(*index) else { break };
        let Some(decision) = collection.decision(*index) else { break };
        let Some(best) = collection.best(*index) else { continue };
        if decision == Decision::Skipped || entry.state != PictureState::Ok {
            continue;
        }
        let place = if sure.accepts(best.score, best.margin) { best.label } else { rows.len() - 1 };
        rows[place].all += 1;
        rows[place].right += usize::from(decision.label() == Some(collection.labels()[best.label]));
    }
    rows.retain(|row| row.all > 0);
    rows
}

#[cfg(test)]
mod tests {
    use super::super::collection::tests::entry;
    use super::super::decision::LabelId;
    use super::*;

    const SURE: SureRule = SureRule { threshold: 0.5, margin: 0.1 };

    #[test]
    fn audit_counts_only_the_head_of_the_queue() {
        let mut collection = Collection::default();
        let (one, two) = (LabelId(1), LabelId(2));
        collection.rescore(vec![one, two], vec![]);
        let scores = [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.52, 0.48, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1];
        collection.add((0..7).map(entry).collect(), &scores);
        for (index, decision) in [
            (0, Decision::Accepted(one)),
            (1, Decision::NoneOfThese),
            (2, Decision::Reassigned(one)),
            (3, Decision::Accepted(one)),
            (4, Decision::Skipped),
            (6, Decision::Accepted(one)),
        ] {
            collection.decide(index, Some(decision));
        }
        let rows = audit(&collection, &[0, 1, 2, 3, 4, 5, 6], SURE);
        let row = |label, right, all| AuditRow { label, right, all };
        assert_eq!(rows, [row(Some(0), 1, 2), row(Some(1), 0, 1), row(None, 1, 1)]);
        assert!(audit(&collection, &[5, 0, 1], SURE).is_empty());
    }
}
