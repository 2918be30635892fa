//! All pictures of a session as they stand under the labels of now: what the app shows, counts and reviews.

use std::collections::HashMap;
use std::path::PathBuf;

use super::count::Counts;
use super::decision::{Decision, LabelId, Standing};
use super::picture::{PictureId, PictureState};
use super::score::SureRule;

/// A picture as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number in the session.
    pub id: PictureId,
    /// Its path as it was given.
    pub path: PathBuf,
    /// What came of decoding it.
    pub state: PictureState,
    /// What is wrong with it, in words.
    pub trouble: Option<String>,
    /// What a person said.
    pub decision: Option<Decision>,
    /// The folder in the destination that it was put into.
    pub placed: Option<String>,
}

/// The best label of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// Its position.
    pub label: usize,
    /// Its score.
    pub score: f32,
    /// How far it is above the second.
    pub margin: f32,
}

impl Best {
    /// The best of a picture's scores, one a label; none where there is none or where they are not known.
    pub fn of(scores: &[f32]) -> Option<Best> {
        let (label, &score) =
            scores.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let others = scores.iter().enumerate().filter(|(other, _)| *other != label).map(|(_, score)| *score);
        let known = score.is_finite();
        known.then(|| Best { label, score, margin: score - others.fold(0.0, f32::max) })
    }
}

/// Pictures, their scores and the labels that these are for.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    entries: Vec<Entry>,
    places: HashMap<PictureId, usize>,
    labels: Vec<LabelId>,
    /// One row a picture, one score a label; not a number where a picture has none.
    scores: Vec<f32>,
    best: Vec<Option<Best>>,
}

impl Collection {
    /// Pictures found, in the order in which they were found.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The position of a picture.
    pub fn place_of(&self, picture: PictureId) -> Option<usize> {
        self.places.get(&picture).copied()
    }

    /// The labels that the scores are for, in order.
    pub fn labels(&self) -> &[LabelId] {
        &self.labels
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds pictures with their scores: rows of one score a label. Rows of another length are taken as not known.
    pub fn add(&mut self, entries: Vec<Entry>, scores: &[f32]) {
        let width = self.labels.len();
        let fits = scores.len() == entries.len() * width;
        for (number, entry) in entries.into_iter().enumerate() {
            let known = if fits { &scores[number * width..(number + 1) * width] } else { &[] };
            match known.is_empty() {
                true => self.scores.extend(std::iter::repeat_n(f32::NAN, width)),
                false => self.scores.extend(known),
            }
            self.best.push(Best::of(known));
            self.places.insert(entry.id, self.entries.len());
            self.entries.push(entry);
        }
    }

    /// Replaces labels and scores. Scores of pictures that came since they were made are not known yet.
    pub fn rescore(&mut self, labels: Vec<LabelId>, mut scores: Vec<f32>) {
        let width = labels.len();
        scores.truncate(width * self.entries.len());
        scores.resize(width * self.entries.len(), f32::NAN);
        self.best = match width {
            0 => vec![None; self.entries.len()],
            width => scores.chunks_exact(width).map(Best::of).collect(),
        };
        self.labels = labels;
        self.scores = scores;
    }

    /// Takes scores for the same labels again: a picture whose scores are not known keeps those that it has.
    pub fn complete(&mut self, mut scores: Vec<f32>) {
        for (new, old) in scores.iter_mut().zip(&self.scores).filter(|(new, _)| new.is_nan()) {
            *new = *old;
        }
        self.rescore(self.labels.clone(), scores);
    }

    /// A picture's scores, one a label; not a number where they are not known.
    pub fn scores(&self, index: usize) -> &[f32] {
        let width = self.labels.len();
        self.scores.get(index * width..(index + 1) * width).unwrap_or_default()
    }

    /// A picture's best label.
    pub fn best(&self, index: usize) -> Option<Best> {
        self.best.get(index).copied().flatten()
    }

    /// What a person says of a picture. Gives what was said before.
    pub fn decide(&mut self, index: usize, decision: Option<Decision>) -> Option<Decision> {
        let entry = self.entries.get_mut(index)?;
        std::mem::replace(&mut entry.decision, decision)
    }

    /// Takes note of where pictures are in the destination, by their order here.
    pub fn set_places(&mut self, places: Vec<Option<String>>) {
        for (entry, placed) in self.entries.iter_mut().zip(places) {
            entry.placed = placed;
        }
    }

    /// What a picture counts as.
    pub fn standing(&self, index: usize, sure: SureRule) -> Option<Standing> {
        let entry = self.entries.get(index)?;
        let decided = |label: LabelId| self.labels.iter().position(|known| *known == label);
        Some(match entry.decision {
            Some(Decision::Accepted(label) | Decision::Reassigned(label)) => {
                decided(label).map_or(Standing::LabelRemoved, Standing::Label)
            }
            Some(Decision::NoneOfThese) => Standing::NoneOfThese,
            Some(Decision::Skipped) | None => match (entry.state, self.best(index)) {
                (PictureState::Ok, Some(best)) if sure.accepts(best.score, best.margin) => Standing::Label(best.label),
                (PictureState::Ok, _) => Standing::Unsure,
                (state, _) => Standing::NotOk(state),
            },
        })
    }

    /// How many fall where; `waiting` more were found and not looked at.
    pub fn counts(&self, sure: SureRule, waiting: usize) -> Counts {
        let standings = (0..self.entries.len()).filter_map(|index| self.standing(index, sure));
        Counts::of(standings, self.labels.len(), waiting)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(number: i64) -> Entry {
        Entry {
            id: PictureId(number),
            path: format!("{number}.jpg").into(),
            state: PictureState::Ok,
            trouble: None,
            decision: None,
            placed: None,
        }
    }

    const SURE: SureRule = SureRule { threshold: 0.5, margin: 0.1 };

    #[test]
    fn counts_follow_scores_decisions_and_labels() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1), entry(2), entry(3)], &[0.9, 0.1, 0.2, 0.8, 0.5, 0.5]);
        let counts = collection.counts(SURE, 4);
        assert_eq!((counts.by_label.as_slice(), counts.unsure, counts.pictures()), (&[1, 1][..], 1, 7));
        assert_eq!(collection.decide(2, Some(Decision::Reassigned(LabelId(2)))), None);
        assert_eq!(collection.counts(SURE, 0).by_label, [1, 2]);
        collection.rescore(vec![LabelId(1)], vec![1.0, 0.4]);
        let counts = collection.counts(SURE, 0);
        assert_eq!((counts.by_label.as_slice(), counts.unsure, counts.label_removed), (&[1][..], 1, 1));
        collection.rescore(vec![], vec![]);
        assert_eq!(collection.counts(SURE, 0).pictures(), 3);
    }

    #[test]
    fn what_is_not_known_keeps_what_it_had_for_the_same_labels() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1), entry(2)], &[0.9, 0.1, f32::NAN, f32::NAN]);
        collection.complete(vec![f32::NAN, f32::NAN, 0.2, 0.8]);
        assert_eq!((collection.scores(0), collection.scores(1)), (&[0.9, 0.1][..], &[0.2, 0.8][..]));
        assert_eq!(collection.best(1).map(|best| best.label), Some(1));
    }

    #[test]
    fn scores_that_do_not_fit_are_not_known() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1)], &[0.9]);
        assert_eq!(collection.best(0), None);
        assert_eq!(collection.standing(0, SURE), Some(Standing::Unsure));
        assert_eq!(collection.scores(0).len(), 2);
        assert_eq!(collection.scores(9), &[] as &[f32]);
    }
}
