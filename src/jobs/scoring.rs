//! Scoring many pictures at once, with every core.

use half::f16;
use ndarray::{ArrayView2, Axis};

use super::threads::side_by_side;
use crate::domain::score::{ScoreRule, scores};

/// Pictures for which it is worth while to start a thread.
pub(super) const WORTH_A_THREAD: usize = 4096;

/// Applies `compare` to embeddings, one row a picture, in a share for each core, and puts what it gives one after the
/// other.
pub(super) fn by_cores(
    images: ArrayView2<'_, f16>,
    cores: usize,
    compare: impl Fn(ArrayView2<'_, f16>) -> Vec<f32> + Sync,
) -> Vec<f32> {
    let shares = (images.nrows() / WORTH_A_THREAD).clamp(1, cores.max(1));
    if shares == 1 {
        return compare(images);
    }
    let (share, compare) = (images.nrows().div_ceil(shares), &compare);
    let works = images.axis_chunks_iter(Axis(0), share).map(|images| move || compare(images));
    side_by_side(works.collect()).concat()
}

/// Scores of every picture for every label, one row a picture: those that [`scores`] gives, to the last bit, whatever
/// the number of cores.
pub fn scores_by_cores(
    images: ArrayView2<'_, f16>,
    labels: ArrayView2<'_, f32>,
    rule: ScoreRule,
    cores: usize,
) -> Vec<f32> {
    by_cores(images, cores, |images| scores(images, labels, rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::score::{Activation, normalise, normalise_to_f16};
    use ndarray::Array2;

    #[test]
    fn cores_change_nothing() {
        let value = |r: usize, c: usize| ((r * 31 + c * 7) % 101) as f32 - 50.3;
        let images =
            normalise_to_f16(Array2::from_shape_fn((3 * WORTH_A_THREAD + 5, 40), |(r, c)| value(r, c))).unwrap();
        let labels = normalise(Array2::from_shape_fn((10, 40), |(r, c)| value(r + 7, c))).unwrap();
        let rule = ScoreRule { scale: 100.0, bias: -1.0, activation: Activation::Softmax };
        let bits = |cores| scores_by_cores(images.view(), labels.view(), rule, cores).into_iter().map(f32::to_bits);
        let one: Vec<u32> = bits(1).collect();
        assert_eq!(one.len(), images.nrows() * 10);
        for cores in [0, 2, 3, 16] {
            assert!(bits(cores).eq(one.iter().copied()), "{cores}");
        }
    }
}
