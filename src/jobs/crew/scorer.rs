//! Holds the embeddings of all pictures and the labels', and scores them.

use crossbeam_channel::{Receiver, Sender};
use half::f16;
use ndarray::{Array1, Array2, ArrayView2};

use super::Event;
use crate::domain::collection::Entry;
use crate::domain::score::{ScoreRule, activate, logits};

/// Pictures that are scored together.
const BLOCK: usize = 4096;

/// What the scorer is told.
pub(super) enum Told {
    /// Another session: nothing of the last one is of use.
    Begin,
    /// The embeddings of pictures that were shown before they came, in their order; none where one is not known.
    Remembered(Vec<Option<Array1<f16>>>),
    /// To be told after all pictures that came before.
    Pass(Box<Event>),
    /// Pictures came.
    Arrived(Vec<(Entry, Option<String>, Option<Array1<f16>>)>),
    /// The labels of a revision were embedded.
    Labels { revision: u64, labels: Array2<f32>, rule: ScoreRule },
}

#[derive(Default)]
struct Scorer {
    /// One row a picture, in the order in which they came.
    embeddings: Vec<f16>,
    dimensions: usize,
    /// Which row of the embeddings a picture has; none where it has no pixels.
    rows: Vec<Option<usize>>,
    labels: Option<(u64, Array2<f32>, ScoreRule)>,
}

pub(super) fn run(told: &Receiver<Told>, events: &Sender<Event>) {
    let mut scorer = Scorer::default();
    for told in told {
        let event = match told {
            Told::Begin => {
                scorer = Scorer { labels: scorer.labels.take(), ..Scorer::default() };
                continue;
            }
            Told::Remembered(embeddings) => {
                for embedding in embeddings {
                    let row = embedding.and_then(|embedding| scorer.keep(&embedding));
                    scorer.rows.push(row);
                }
                continue;
            }
            Told::Pass(event) => *event,
            Told::Arrived(pictures) => scorer.add(pictures),
            Told::Labels { revision, labels, rule } => {
                scorer.labels = Some((revision, labels, rule));
                Event::Rescored { revision, scores: scorer.scores(0) }
            }
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

impl Scorer {
    fn add(&mut self, pictures: Vec<(Entry, Option<String>, Option<Array1<f16>>)>) -> Event {
        let first = self.rows.len();
        let mut entries = Vec::with_capacity(pictures.len());
        for (entry, decided, embedding) in pictures {
            let row = embedding.and_then(|embedding| self.keep(&embedding));
            self.rows.push(row);
            entries.push((entry, decided));
        }
        let revision = self.labels.as_ref().map_or(0, |(revision, ..)| *revision);
        Event::Arrived { revision, entries, scores: self.scores(first) }
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
        let Some((_, labels, rule)) = &self.labels else { return vec![] };
        let width = labels.nrows();
        let mut scores = vec![f32::NAN; width * (self.rows.len() - first)];
        if labels.ncols() != self.dimensions {
            return scores;
        }
        let known: Vec<(usize, usize)> =
            self.rows[first..].iter().enumerate().filter_map(|(picture, row)| row.map(|row| (picture, row))).collect();
        for block in known.chunks(BLOCK) {
            // Rows are in the pictures' order: those of a block lie together.
            let (begin, end) = (block[0].1, block[block.len() - 1].1 + 1);
            let values = &self.embeddings[begin * self.dimensions..end * self.dimensions];
            let Ok(rows) = ArrayView2::from_shape((end - begin, self.dimensions), values) else { continue };
            let logits = logits(rows, labels.view(), *rule);
            for (picture, row) in block {
                let own = activate(logits.row(row - begin), rule.activation);
                scores[picture * width..(picture + 1) * width].copy_from_slice(&own);
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::collection::tests::entry;
    use crate::domain::score::Activation;
    use ndarray::array;

    const RULE: ScoreRule = ScoreRule { scale: 10.0, bias: 0.0, activation: Activation::Softmax };

    #[test]
    fn what_comes_is_scored_and_scored_again_with_other_labels() {
        let mut scorer = Scorer { labels: Some((3, array![[1.0, 0.0], [0.0, 1.0]], RULE)), ..Scorer::default() };
        let embedding = |x: f32, y: f32| Some(Array1::from(vec![f16::from_f32(x), f16::from_f32(y)]));
        let pictures =
            vec![(entry(1), None, embedding(1.0, 0.0)), (entry(2), None, None), (entry(3), None, embedding(0.0, 1.0))];
        let Event::Arrived { revision, entries, scores } = scorer.add(pictures) else { panic!("pictures came") };
        assert_eq!((revision, entries.len(), scores.len()), (3, 3, 6));
        assert!(scores[0] > 0.9 && scores[2].is_nan() && scores[5] > 0.9, "{scores:?}");
        scorer.labels = Some((4, array![[0.0, 1.0]], RULE));
        let again = scorer.scores(0);
        assert!(again.len() == 3 && again[0] == 1.0 && again[1].is_nan());
        scorer.labels = Some((5, array![[0.0, 1.0, 0.0]], RULE));
        assert!(scorer.scores(0).iter().all(|score| score.is_nan()), "labels of another model");
    }
}
