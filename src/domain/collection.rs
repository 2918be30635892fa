//! All pictures of a session with their scores for the present labels. The app shows, counts and reviews from it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::count::Counts;
use super::decision::{Decision, LabelId, Standing, rank};
use super::picture::{ContentHash, PictureId, PictureState};
use super::score::SureRule;

/// A picture as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number in the session.
    pub id: PictureId,
    /// Its path as it was given.
    pub path: PathBuf,
    /// Its content, where it could be read: the path may have another one by now.
    pub hash: Option<ContentHash>,
    /// The result of decoding it.
    pub state: PictureState,
    /// The trouble with it, in words.
    pub trouble: Option<String>,
    /// A person's decision.
    pub decision: Option<Decision>,
    /// The folder in the destination that it was put into.
    pub placed: Option<String>,
}

/// The best label of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestLabel {
    /// Its position.
    pub label: usize,
    /// Its score.
    pub score: f32,
    /// How far it is above the second.
    pub margin: f32,
}

impl BestLabel {
    /// The best of a picture's scores, one a label; none where there is none or where they are not known.
    pub fn of(scores: &[f32]) -> Option<BestLabel> {
        let (label, &score) =
            scores.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let others = scores.iter().enumerate().filter(|(other, _)| *other != label).map(|(_, score)| *score);
        let known = score.is_finite();
        known.then(|| BestLabel { label, score, margin: score - others.fold(0.0, f32::max) })
    }
}

/// The pictures that are looked at inside a label.
#[derive(Debug, Clone)]
struct Scope {
    within: LabelId,
    /// By position.
    pictures: HashSet<usize>,
}

/// Pictures, their scores and the labels that these are for.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    entries: Vec<Entry>,
    places: HashMap<PictureId, usize>,
    /// Positions of pictures with one content, in order.
    by_content: HashMap<ContentHash, Vec<usize>>,
    labels: Vec<LabelId>,
    /// Labels that are inside others, with the one that each is in.
    above: HashMap<LabelId, LabelId>,
    /// The labels inside which the scores are, the outermost first; none at the root.
    scopes: Vec<Scope>,
    /// One row a picture, one score a label; not a number where a picture has none.
    scores: Vec<f32>,
    best: Vec<Option<BestLabel>>,
    /// Pictures whose path has another content now, by position. They keep their position and count for nothing.
    replaced: HashSet<usize>,
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

    /// The positions of the pictures that have the content of one, in order and itself among them, but for those whose
    /// path has another content now. None where its content is not known.
    pub fn same_content(&self, index: usize) -> impl Iterator<Item = usize> {
        let hash = self.entries.get(index).and_then(|entry| entry.hash);
        let same = hash.and_then(|hash| self.by_content.get(&hash)).map(Vec::as_slice).unwrap_or_default();
        same.iter().copied().filter(|index| !self.is_replaced(*index))
    }

    /// How many pictures have the content of one besides itself.
    pub fn others_alike(&self, index: usize) -> usize {
        self.same_content(index).filter(|other| *other != index).count()
    }

    /// The labels that the scores are for, in order.
    pub fn labels(&self) -> &[LabelId] {
        &self.labels
    }

    /// How many positions there are, those of replaced pictures too.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many pictures there are that count.
    pub fn pictures(&self) -> usize {
        self.entries.len() - self.replaced.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds pictures with their scores: rows of one score a label. A row of another length counts as unknown.
    pub fn add(&mut self, entries: Vec<Entry>, scores: &[f32]) {
        let width = self.labels.len();
        let fits = scores.len() == entries.len() * width;
        for (number, entry) in entries.into_iter().enumerate() {
            let known = if fits { &scores[number * width..(number + 1) * width] } else { &[] };
            match known.is_empty() {
                true => self.scores.extend(std::iter::repeat_n(f32::NAN, width)),
                false => self.scores.extend(known),
            }
            self.best.push(BestLabel::of(known));
            self.places.insert(entry.id, self.entries.len());
            if let Some(hash) = entry.hash {
                self.by_content.entry(hash).or_default().push(self.entries.len());
            }
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
            width => scores.chunks_exact(width).map(BestLabel::of).collect(),
        };
        self.labels = labels;
        self.scores = scores;
    }

    /// Merges scores for the same labels: a picture without new scores keeps its own.
    pub fn complete(&mut self, mut scores: Vec<f32>) {
        for (new, old) in scores.iter_mut().zip(&self.scores).filter(|(new, _)| new.is_nan()) {
            *new = *old;
        }
        self.rescore(self.labels.clone(), scores);
    }

    /// Sets the scores of one picture, for the same labels. Scores of another length are ignored.
    pub fn set_scores(&mut self, index: usize, scores: &[f32]) {
        let width = self.labels.len();
        if scores.len() == width
            && let Some(kept) = self.scores.get_mut(index * width..(index + 1) * width)
        {
            kept.copy_from_slice(scores);
            self.best[index] = BestLabel::of(scores);
        }
    }

    /// A picture's scores, one a label; not a number where they are not known.
    pub fn scores(&self, index: usize) -> &[f32] {
        let width = self.labels.len();
        self.scores.get(index * width..(index + 1) * width).unwrap_or_default()
    }

    /// A picture's best label.
    pub fn best(&self, index: usize) -> Option<BestLabel> {
        self.best.get(index).copied().flatten()
    }

    /// Sets the decision of a person on a picture. Gives the decision before it.
    pub fn decide(&mut self, index: usize, decision: Option<Decision>) -> Option<Decision> {
        let entry = self.entries.get_mut(index)?;
        std::mem::replace(&mut entry.decision, decision)
    }

    /// Notes that a label is right inside another one, which a decision for it says too.
    pub fn know_inside(&mut self, label: LabelId, above: LabelId) {
        self.above.insert(label, above);
    }

    /// From now on only the pictures that stand for a label now are looked at, by labels inside it.
    pub fn go_inside(&mut self, within: LabelId, sure: SureRule) {
        let position = self.labels.iter().position(|label| *label == within);
        let stands =
            |index: &usize| position.is_some() && self.standing(*index, sure).and_then(Standing::label) == position;
        let pictures = (0..self.len()).filter(stands).collect();
        self.scopes.push(Scope { within, pictures });
    }

    /// Back to the pictures of the label outside.
    pub fn come_out(&mut self) {
        self.scopes.pop();
    }

    /// The label inside which pictures are looked at.
    pub fn within(&self) -> Option<LabelId> {
        self.scopes.last().map(|scope| scope.within)
    }

    /// The decision of a person on a picture, as one for the labels of now: a label further inside says the one that it
    /// is in.
    pub fn decision(&self, index: usize) -> Option<Decision> {
        let decision = self.entries.get(index)?.decision?;
        let Some(label) = decision.label() else { return Some(decision) };
        match (self.within(), decision) {
            // A decision for this label leaves open which label inside it.
            (Some(within), Decision::NoneInside(_)) if within == label => Some(Decision::NoneOfThese),
            (Some(within), _) if within == label => None,
            (within, _) => {
                let mut above = std::iter::successors(Some(label), |label| self.above.get(label).copied());
                let own = above.find(|label| self.above.get(label).copied() == within);
                Some(own.map_or(decision, |own| decision.with_label(own)))
            }
        }
    }

    /// True for a picture that is looked at: its path has its content, and inside a label it is one of that label's.
    pub fn is_here(&self, index: usize) -> bool {
        let is_of_label = |scope: &Scope| {
            let decision = self.entries.get(index).and_then(|entry| entry.decision);
            let is_inside = |label| {
                std::iter::successors(Some(label), |label| self.above.get(label).copied())
                    .take(self.above.len() + 1)
                    .any(|label| label == scope.within)
            };
            let is_decided_so = match decision {
                None | Some(Decision::Skipped) => true,
                Some(decision) => decision.label().is_some_and(is_inside),
            };
            scope.pictures.contains(&index) && is_decided_so
        };
        !self.is_replaced(index) && self.scopes.last().is_none_or(is_of_label)
    }

    /// Replaces a picture's entry by another process's, keeping number and path.
    pub fn change(&mut self, index: usize, changed: Entry) {
        if let Some(entry) = self.entries.get_mut(index) {
            let (id, path) = (entry.id, std::mem::take(&mut entry.path));
            *entry = Entry { id, path, ..changed };
        }
    }

    /// Notes that a picture's path has another content now, or its own again.
    pub fn set_replaced(&mut self, index: usize, is_replaced: bool) {
        match is_replaced && index < self.entries.len() {
            true => self.replaced.insert(index),
            false => self.replaced.remove(&index),
        };
    }

    /// True where the path of a picture has another content now, and nothing was done with this one.
    pub fn is_replaced(&self, index: usize) -> bool {
        self.replaced.contains(&index)
    }

    /// Sets the folder of each picture in the destination, in the order of the collection.
    pub fn set_places(&mut self, places: Vec<Option<String>>) {
        for (entry, placed) in self.entries.iter_mut().zip(places) {
            entry.placed = placed;
        }
    }

    /// How a picture counts; none for one that was replaced.
    pub fn standing(&self, index: usize, sure: SureRule) -> Option<Standing> {
        let entry = self.entries.get(index).filter(|_| self.is_here(index))?;
        let predicted = self.best(index).filter(|best| sure.accepts(best.score, best.margin));
        Some(rank(self.decision(index), entry.state, predicted.map(|best| best.label), &self.labels))
    }

    /// The counts of the summary; `waiting` more pictures were found and not classified yet.
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
            hash: None,
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
    fn complete_keeps_scores_where_new_ones_are_missing() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1), entry(2)], &[0.9, 0.1, f32::NAN, f32::NAN]);
        collection.complete(vec![f32::NAN, f32::NAN, 0.2, 0.8]);
        assert_eq!((collection.scores(0), collection.scores(1)), (&[0.9, 0.1][..], &[0.2, 0.8][..]));
        assert_eq!(collection.best(1).map(|best| best.label), Some(1));
    }

    #[test]
    fn replaced_picture_keeps_its_position_and_is_not_counted() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1), entry(2)], &[0.9, 0.1, 0.2, 0.8]);
        collection.set_replaced(0, true);
        collection.add(vec![entry(3)], &[0.9, 0.1]);
        assert_eq!((collection.len(), collection.pictures(), collection.standing(0, SURE)), (3, 2, None));
        assert_eq!(collection.counts(SURE, 0).pictures(), 2);
        assert_eq!(collection.place_of(PictureId(3)), Some(2));
        // The file has its first content again.
        collection.set_replaced(0, false);
        assert_eq!(collection.counts(SURE, 0).by_label, [2, 1]);
    }

    #[test]
    fn pictures_with_one_content_are_found_and_counted_singly() {
        let content = |number, content: u8| Entry { hash: Some(ContentHash([content; 32])), ..entry(number) };
        let mut collection = Collection::default();
        collection.add(vec![content(1, 1), content(2, 2), entry(3)], &[]);
        collection.add(vec![content(4, 1), content(5, 1), entry(6)], &[]);
        assert_eq!(collection.same_content(3).collect::<Vec<_>>(), [0, 3, 4]);
        assert_eq!(collection.pictures(), 6);
        collection.set_replaced(0, true);
        assert_eq!((collection.others_alike(4), collection.others_alike(0)), (1, 2));
        assert_eq!((collection.others_alike(1), collection.others_alike(2)), (0, 0), "what is not known is not alike");
    }

    #[test]
    fn changed_picture_is_scored_again() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1), entry(2)], &[f32::NAN; 4]);
        collection.set_scores(1, &[0.2, 0.8]);
        collection.set_scores(0, &[0.5]);
        assert_eq!((collection.best(0), collection.best(1).map(|best| best.label)), (None, Some(1)));
        let changed = Entry { state: PictureState::Suspect, placed: Some("a".to_owned()), ..entry(9) };
        collection.change(0, changed);
        assert_eq!(
            collection.entries()[0],
            Entry { placed: Some("a".to_owned()), ..Entry { state: PictureState::Suspect, ..entry(1) } }
        );
    }

    #[test]
    fn scores_of_another_length_are_unknown() {
        let mut collection = Collection::default();
        collection.rescore(vec![LabelId(1), LabelId(2)], vec![]);
        collection.add(vec![entry(1)], &[0.9]);
        assert_eq!(collection.best(0), None);
        assert_eq!(collection.standing(0, SURE), Some(Standing::Unsure));
        assert_eq!(collection.scores(0).len(), 2);
        assert_eq!(collection.scores(9), &[] as &[f32]);
    }
}
