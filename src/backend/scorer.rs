//! Holds the embeddings of all pictures and the labels', and scores them.

use std::collections::HashMap;

use crossbeam_channel::Receiver;
use half::f16;
use ndarray::{Array1, Array2, ArrayView2};

use super::Event;
use super::channels::{Arrival, ChangedPicture, ScorerCommand, SessionDelta};
use super::events::EventSender;
use super::ranking::{Embeddings, rank};
use crate::domain::picture::PictureId;
use crate::domain::score::ScoreRule;
use crate::engine::runtime::select::cores;
use crate::jobs::scoring::scores_by_cores;

/// Pictures that are scored together.
const BLOCK: usize = 1 << 16;

#[derive(Default)]
struct Scorer {
    /// The session's epoch.
    epoch: u64,
    embeddings: Vec<f16>,
    dimensions: usize,
    /// Which row of the embeddings a picture has, in the order in which pictures came; none where it has no pixels.
    rows: Vec<Option<usize>>,
    /// The positions of pictures in that order.
    places: HashMap<PictureId, usize>,
    /// News of pictures of the app's own run that was told before the pictures came.
    early: HashMap<PictureId, SessionDelta>,
    labels: Option<(u64, Array2<f32>, ScoreRule)>,
}

pub(super) fn run(told: &Receiver<ScorerCommand>, events: &EventSender) {
    let mut scorer = Scorer::default();
    for told in told {
        for event in scorer.take(told) {
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

impl Scorer {
    fn take(&mut self, told: ScorerCommand) -> Vec<Event> {
        match told {
            ScorerCommand::Begin(epoch) => {
                *self = Scorer { epoch, labels: self.labels.take(), ..Scorer::default() };
                vec![Event::Begun { begun: epoch }]
            }
            ScorerCommand::Shown { entries, scores } => {
                entries.iter().for_each(|(entry, _)| self.place(entry.id, None));
                vec![Event::Arrived { revision: 0, entries, scores }]
            }
            ScorerCommand::Remembered(embeddings) => {
                let late = embeddings.into_iter().filter_map(|(id, embedding)| self.complete(id, &embedding));
                let late: Vec<PictureId> = late.collect();
                self.scored_late(late).into_iter().collect()
            }
            ScorerCommand::Pass(event) => vec![*event],
            ScorerCommand::Arrived(pictures) => self.add(pictures),
            ScorerCommand::Changed(followed) => self.follow(followed),
            ScorerCommand::Labels { revision, labels, rule } => {
                self.labels = Some((revision, labels, rule));
                vec![Event::Rescored { revision, scores: self.scores(0) }]
            }
            ScorerCommand::Rank { number, query } => {
                let Scorer { embeddings: values, dimensions, rows, places, .. } = &*self;
                let known = Embeddings { values, dimensions: *dimensions, rows };
                vec![rank((self.epoch, number), &query, known, |picture| places.get(&picture).copied())]
            }
        }
    }

    /// Adds pictures that came. Pictures that the app knows already, as the session told of them, get their embeddings.
    fn add(&mut self, pictures: Vec<Arrival>) -> Vec<Event> {
        let first = self.rows.len();
        let (mut entries, mut late, mut early) = (Vec::with_capacity(pictures.len()), Vec::new(), Vec::new());
        for (entry, decided, embedding) in pictures {
            if self.places.contains_key(&entry.id) {
                late.extend(embedding.and_then(|embedding| self.complete(entry.id, &embedding)));
                continue;
            }
            self.place(entry.id, embedding.as_ref());
            early.extend(self.early.remove(&entry.id));
            entries.push((entry, decided));
        }
        let mut events = Vec::new();
        if !entries.is_empty() {
            let scores = self.scores(first);
            events.push(Event::Arrived { revision: self.revision(), entries, scores });
        }
        events.extend(self.scored_late(late));
        events.extend(early.into_iter().flat_map(|followed| self.follow(followed)));
        events
    }

    /// Tells apart what came to the session and what changed in it.
    fn follow(&mut self, followed: SessionDelta) -> Vec<Event> {
        if followed.epoch != self.epoch {
            return vec![];
        }
        let SessionDelta { epoch, kept, is_own, are_arrivals, with, pictures } = followed;
        let first = self.rows.len();
        let (mut joined, mut changed, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for ChangedPicture { seen, embedding } in pictures {
            let id = seen.entry.id;
            match (self.places.contains_key(&id), is_own) {
                (true, _) => {
                    late.extend(embedding.and_then(|embedding| self.complete(id, &embedding)));
                    changed.push(seen);
                }
                // The run itself tells of it, with what the model saw.
                (false, true) => {
                    let pictures = vec![ChangedPicture { seen, embedding: None }];
                    self.early
                        .insert(id, SessionDelta { epoch, kept, is_own, are_arrivals, with: with.clone(), pictures });
                }
                (false, false) if seen.is_replaced => {}
                (false, false) => {
                    self.place(id, embedding.as_ref());
                    joined.push(seen);
                }
            }
        }
        let late = self.scored_late(late);
        if joined.is_empty() && changed.is_empty() {
            return late.into_iter().collect();
        }
        let (revision, scores) = (self.revision(), self.scores(first));
        let event = Event::Followed { begun: epoch, kept, with, revision, joined, scores, changed, are_arrivals };
        std::iter::once(event).chain(late).collect()
    }

    fn revision(&self) -> u64 {
        self.labels.as_ref().map_or(0, |(revision, ..)| *revision)
    }

    /// Gives a picture the next position.
    fn place(&mut self, id: PictureId, embedding: Option<&Array1<f16>>) {
        let row = embedding.and_then(|embedding| self.keep(embedding));
        self.places.insert(id, self.rows.len());
        self.rows.push(row);
    }

    /// Keeps what the model saw of a picture that has a position. Gives the picture where that was not known before.
    fn complete(&mut self, id: PictureId, embedding: &Array1<f16>) -> Option<PictureId> {
        let place = *self.places.get(&id)?;
        if self.rows[place].is_none() {
            self.rows[place] = self.keep(embedding);
            return self.rows[place].map(|_| id);
        }
        None
    }

    /// The scores of pictures that were told of before they could be scored.
    fn scored_late(&self, pictures: Vec<PictureId>) -> Option<Event> {
        let revision = self.labels.as_ref().map(|(revision, ..)| *revision)?;
        let rows: Vec<Option<usize>> =
            pictures.iter().map(|id| self.places.get(id).and_then(|place| self.rows[*place])).collect();
        (!pictures.is_empty()).then(|| Event::ScoredLate { revision, pictures, scores: self.scores_of(&rows) })
    }

    /// Keeps an embedding; one of another length belongs to another model.
    fn keep(&mut self, embedding: &Array1<f16>) -> Option<usize> {
        if self.dimensions == 0 {
            self.dimensions = embedding.len();
        }
        (embedding.len() == self.dimensions && self.dimensions > 0).then(|| {
            let row = self.embeddings.len() / self.dimensions;
            self.embeddings.extend(embedding.iter());
            row
        })
    }

    /// The scores of the pictures from the `first` on, one row a picture; not a number where a picture has none.
    fn scores(&self, first: usize) -> Vec<f32> {
        self.scores_of(&self.rows[first..])
    }

    fn scores_of(&self, rows: &[Option<usize>]) -> Vec<f32> {
        let Some((_, labels, rule)) = &self.labels else { return vec![] };
        let width = labels.nrows();
        let mut scores = vec![f32::NAN; width * rows.len()];
        if labels.ncols() != self.dimensions {
            return scores;
        }
        let mut known: Vec<(usize, usize)> =
            rows.iter().enumerate().filter_map(|(picture, row)| row.map(|row| (picture, row))).collect();
        // Some rows came later than their pictures: those of a block are to lie together.
        known.sort_unstable_by_key(|(_, row)| *row);
        for block in known.chunks(BLOCK) {
            let (begin, end) = (block[0].1, block[block.len() - 1].1 + 1);
            let values = &self.embeddings[begin * self.dimensions..end * self.dimensions];
            let Ok(rows) = ArrayView2::from_shape((end - begin, self.dimensions), values) else { continue };
            let made = scores_by_cores(rows, labels.view(), *rule, cores());
            for (picture, row) in block {
                let own = &made[(row - begin) * width..(row - begin + 1) * width];
                scores[picture * width..(picture + 1) * width].copy_from_slice(own);
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::super::session_rows::SessionRow;
    use super::*;
    use crate::domain::collection::tests::entry;
    use crate::domain::score::Activation;
    use ndarray::array;

    const RULE: ScoreRule = ScoreRule { scale: 10.0, bias: 0.0, activation: Activation::Softmax };

    #[test]
    fn what_comes_is_scored_and_scored_again_with_other_labels() {
        let mut scorer = Scorer { labels: Some((3, array![[1.0, 0.0], [0.0, 1.0]], RULE)), ..Scorer::default() };
        let pictures =
            vec![(entry(1), None, embedding(1.0, 0.0)), (entry(2), None, None), (entry(3), None, embedding(0.0, 1.0))];
        let events = scorer.take(ScorerCommand::Arrived(pictures));
        let [Event::Arrived { revision, entries, scores }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((*revision, entries.len(), scores.len()), (3, 3, 6));
        assert!(scores[0] > 0.9 && scores[2].is_nan() && scores[5] > 0.9, "{scores:?}");
        scorer.labels = Some((4, array![[0.0, 1.0]], RULE));
        let again = scorer.scores(0);
        assert!(again.len() == 3 && again[0] == 1.0 && again[1].is_nan());
        scorer.labels = Some((5, array![[0.0, 1.0, 0.0]], RULE));
        assert!(scorer.scores(0).iter().all(|score| score.is_nan()), "labels of another model");
    }

    fn embedding(x: f32, y: f32) -> Option<Array1<f16>> {
        Some(Array1::from(vec![f16::from_f32(x), f16::from_f32(y)]))
    }

    fn followed(epoch: u64, is_own: bool, pictures: Vec<(i64, Option<Array1<f16>>)>) -> ScorerCommand {
        let pictures = pictures.into_iter().map(|(number, embedding)| ChangedPicture {
            seen: SessionRow { entry: entry(number), decided: None, scores: vec![], is_replaced: false },
            embedding,
        });
        let pictures = pictures.collect();
        ScorerCommand::Changed(SessionDelta { epoch, kept: 0, is_own, are_arrivals: true, with: None, pictures })
    }

    fn ids(seen: &[SessionRow]) -> Vec<i64> {
        seen.iter().map(|seen| seen.entry.id.0).collect()
    }

    #[test]
    fn a_picture_is_told_once_whichever_way_it_comes_first() {
        let mut scorer = Scorer { labels: Some((3, array![[1.0, 0.0], [0.0, 1.0]], RULE)), ..Scorer::default() };
        scorer.take(ScorerCommand::Begin(7));
        assert!(scorer.take(followed(6, false, vec![(9, None)])).is_empty(), "that is of the session before");
        let events = scorer.take(followed(7, false, vec![(1, None), (2, embedding(0.0, 1.0))]));
        let [Event::Followed { joined, changed, scores, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((ids(joined), changed.len(), scores.len()), (vec![1, 2], 0, 4));
        // The embedding of the first comes later, in the middle of new pictures.
        let events = scorer.take(ScorerCommand::Arrived(vec![
            (entry(1), None, embedding(1.0, 0.0)),
            (entry(3), None, embedding(1.0, 0.0)),
        ]));
        let [Event::Arrived { entries, .. }, Event::ScoredLate { pictures, scores, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((entries.len(), entries[0].0.id, pictures.as_slice()), (1, PictureId(3), &[PictureId(1)][..]));
        assert!(scores[0] > 0.9, "{scores:?}");
        // All of them are scored in the order in which they came.
        let events =
            scorer.take(ScorerCommand::Labels { revision: 4, labels: array![[1.0, 0.0], [0.0, 1.0]], rule: RULE });
        let [Event::Rescored { scores, .. }] = &events[..] else { panic!("{events:?}") };
        assert!(scores[0] > 0.9 && scores[3] > 0.9 && scores[4] > 0.9, "{scores:?}");
        assert_eq!(ids_changed(&scorer.take(followed(7, false, vec![(3, None)]))), [3]);
    }

    fn ids_changed(events: &[Event]) -> Vec<i64> {
        let [Event::Followed { joined, changed, .. }] = events else { panic!("{events:?}") };
        assert!(joined.is_empty());
        ids(changed)
    }

    #[test]
    fn what_is_told_of_a_picture_of_the_own_run_before_it_comes_is_kept() {
        let mut scorer = Scorer::default();
        scorer.take(ScorerCommand::Begin(1));
        assert!(scorer.take(followed(1, true, vec![(1, None)])).is_empty());
        let events = scorer.take(ScorerCommand::Arrived(vec![(entry(1), None, None), (entry(2), None, None)]));
        let [Event::Arrived { entries, .. }, Event::Followed { changed, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((entries.len(), ids(changed)), (2, vec![1]));
    }
}
