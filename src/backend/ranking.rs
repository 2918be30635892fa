//! Ranking all pictures by a sentence or by likeness to one of them: orders, answers, and the scorer's part.

use half::f16;
use ndarray::{Array1, ArrayView2};

use super::{BackendError, Event};
use crate::domain::picture::PictureId;
use crate::domain::ranking::Ranking;
use crate::engine::runtime::select::cores;
use crate::jobs::ranking::cosines_by_cores;

/// The wish of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RankBy {
    /// The pictures that show what this says.
    Sentence(String),
    /// The pictures that are like this one.
    Likeness(PictureId),
}

/// Pictures could not be ranked.
#[derive(Debug)]
pub enum NotRanked {
    /// The model is not open, so that no sentence can be read.
    NoModel,
    /// It is not known what the model saw of any picture.
    NothingKnown,
    /// It is not known of the picture that others are to be like.
    PictureUnknown,
    /// The sentence has more tokens than the model reads.
    TooLong {
        /// Its tokens.
        tokens: usize,
        /// The most the model reads.
        limit: usize,
    },
    /// The model failed.
    Failed(BackendError),
}

/// A direction to rank by, for the scorer.
pub(super) enum RankQuery {
    /// As many numbers as embeddings have, normalised.
    Direction(Array1<f32>),
    /// The embedding of a picture.
    Likeness(PictureId),
}

/// The embeddings that the scorer holds.
#[derive(Clone, Copy)]
pub(super) struct Embeddings<'e> {
    /// One row after the other.
    pub(super) values: &'e [f16],
    pub(super) dimensions: usize,
    /// Which row a picture has, by its position.
    pub(super) rows: &'e [Option<usize>],
}

/// The answer to an order to rank: `begun` is the session's epoch, `place` finds a picture's position.
pub(super) fn rank(
    (begun, number): (u64, u64),
    query: &RankQuery,
    known: Embeddings<'_>,
    place: impl Fn(PictureId) -> Option<usize>,
) -> Event {
    let answer = match query {
        RankQuery::Direction(direction) => Ok((direction.clone(), None)),
        RankQuery::Likeness(picture) => {
            let at = place(*picture);
            let own = at.and_then(|at| known.row_at(at)).map(|row| row.iter().map(|value| value.to_f32()).collect());
            own.map(|own| (own, at)).ok_or(NotRanked::PictureUnknown)
        }
    };
    let ranked = answer.and_then(|(direction, first)| {
        let ranking = Ranking::of(known.cosines(&direction), first);
        if ranking.known() > 0 { Ok(ranking) } else { Err(NotRanked::NothingKnown) }
    });
    match ranked {
        Ok(ranking) => Event::Ranked { begun, number, ranking },
        Err(reason) => Event::NotRanked { number, reason },
    }
}

impl Embeddings<'_> {
    fn row_at(&self, position: usize) -> Option<&[f16]> {
        let row = (*self.rows.get(position)?)?;
        self.values.get(row * self.dimensions..(row + 1) * self.dimensions)
    }

    /// The cosine of each picture, by its position; not a number where its embedding is not known, or where the
    /// direction is that of another model.
    fn cosines(&self, direction: &Array1<f32>) -> Vec<f32> {
        let mut cosines = vec![f32::NAN; self.rows.len()];
        if self.dimensions == 0 || direction.len() != self.dimensions {
            return cosines;
        }
        let count = self.values.len() / self.dimensions;
        let Ok(all) = ArrayView2::from_shape((count, self.dimensions), self.values) else { return cosines };
        let made = cosines_by_cores(all, direction.view(), cores());
        for (cosine, row) in cosines.iter_mut().zip(self.rows) {
            *cosine = row.and_then(|row| made.get(row).copied()).unwrap_or(f32::NAN);
        }
        cosines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const ROWS: [Option<usize>; 4] = [Some(1), None, Some(0), Some(2)];

    fn ranked(query: RankQuery) -> Event {
        let values = [0.6, 0.8, 1.0, 0.0, -1.0, 0.0].map(f16::from_f32);
        let known = Embeddings { values: &values, dimensions: 2, rows: &ROWS };
        rank((7, 3), &query, known, |picture| usize::try_from(picture.0).ok().filter(|place| *place < ROWS.len()))
    }

    #[test]
    fn every_picture_has_its_place_by_position() {
        let Event::Ranked { begun, number, ranking } = ranked(RankQuery::Direction(array![1.0, 0.0])) else { panic!() };
        assert_eq!((begun, number, ranking.order), (7, 3, vec![0, 2, 3, 1]));
        assert!((ranking.cosines[2] - 0.6).abs() < 1e-3 && ranking.cosines[1].is_nan());
        let Event::Ranked { ranking, .. } = ranked(RankQuery::Likeness(PictureId(2))) else { panic!() };
        assert_eq!(ranking.order, [2, 0, 3, 1]);
    }

    #[test]
    fn without_embeddings_nothing_is_ranked() {
        for (query, number) in [(RankQuery::Likeness(PictureId(1)), 3), (RankQuery::Likeness(PictureId(9)), 3)] {
            let Event::NotRanked { number: told, reason } = ranked(query) else { panic!() };
            assert!(matches!(reason, NotRanked::PictureUnknown) && told == number);
        }
        let other = ranked(RankQuery::Direction(array![1.0, 0.0, 0.0]));
        assert!(matches!(other, Event::NotRanked { reason: NotRanked::NothingKnown, .. }), "{other:?}");
    }
}
