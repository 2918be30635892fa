//! From embeddings to scores and predictions.
//!
//! An embedding matrix has one row a picture or label and one column a dimension. Image embeddings are normalised and
//! rounded to half precision before they are first scored, so that a remembered score and a fresh one are the same.

use half::f16;
use half::slice::HalfFloatSliceExt;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// How many pictures are brought back to single precision at a time: the block stays in the processor's cache.
const BLOCK: usize = 256;

/// How logits become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The labels compete, the scores of a picture add up to one (CLIP).
    Softmax,
    /// Each label is judged by itself (SigLIP).
    Sigmoid,
}

/// How a checkpoint turns the cosine of an image and a label embedding into a score:
/// `activation(scale * cosine + bias)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRule {
    /// `exp(logit_scale)` of the checkpoint.
    pub scale: f32,
    /// `logit_bias`, zero where the checkpoint has none.
    pub bias: f32,
    /// The family's activation.
    pub activation: Activation,
}

/// An embedding has a component that is not a finite number, or no length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row {row} is no direction: not finite, or of length nought")]
pub struct NoDirection {
    /// Which row.
    pub row: usize,
}

/// Each row brought to length one. Shape: unchanged.
pub fn normalise(mut rows: Array2<f32>) -> Result<Array2<f32>, NoDirection> {
    for (row, mut values) in rows.axis_iter_mut(Axis(0)).enumerate() {
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length == 0.0 {
            return Err(NoDirection { row });
        }
        values /= length;
    }
    Ok(rows)
}

/// Image embeddings as they are kept: normalised, half precision. Shape: unchanged.
pub fn normalise_to_f16(rows: Array2<f32>) -> Result<Array2<f16>, NoDirection> {
    Ok(normalise(rows)?.mapv(f16::from_f32))
}

/// One embedding a label from one a prompt: the mean of the label's normalised prompt embeddings, normalised again
/// (the ensemble of the CLIP paper, section 3.1.4). `prompts_of_label[i]` rows belong to label `i`, in order.
pub fn label_embeddings(prompts: ArrayView2<'_, f32>, prompts_of_label: &[usize]) -> Result<Array2<f32>, NoDirection> {
    let prompts = normalise(prompts.to_owned())?;
    let mut labels = Array2::zeros((prompts_of_label.len(), prompts.ncols()));
    let mut first = 0;
    for (mut label, &count) in labels.axis_iter_mut(Axis(0)).zip(prompts_of_label) {
        let own = prompts.slice(ndarray::s![first..first + count, ..]);
        label.assign(&own.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(prompts.ncols())));
        first += count;
    }
    normalise(labels)
}

/// Logits of every picture for every label. `images` is pictures x dimensions, `labels` is labels x dimensions, both
/// normalised; the result is pictures x labels.
pub fn logits(images: ArrayView2<'_, f16>, labels: ArrayView2<'_, f32>, rule: ScoreRule) -> Array2<f32> {
    let mut logits = Array2::zeros((images.nrows(), labels.nrows()));
    let weights = labels.t().mapv(|v| v * rule.scale);
    let mut block = Vec::new();
    for (images, mut out) in images.axis_chunks_iter(Axis(0), BLOCK).zip(logits.axis_chunks_iter_mut(Axis(0), BLOCK)) {
        let shape = images.raw_dim();
        to_single(images, &mut block);
        // The buffer holds rows x columns values: it has that shape.
        if let Ok(wide) = ArrayView2::from_shape(shape, &block) {
            ndarray::linalg::general_mat_mul(1.0, &wide, &weights, 0.0, &mut out);
        }
        out += rule.bias;
    }
    logits
}

/// Fills `buffer` with half-precision rows in single precision.
pub(super) fn to_single(rows: ArrayView2<'_, f16>, buffer: &mut Vec<f32>) {
    buffer.clear();
    match rows.as_slice() {
        Some(slice) => {
            buffer.resize(slice.len(), 0.0);
            slice.convert_to_f32_slice(buffer);
        }
        None => buffer.extend(rows.iter().map(|v| v.to_f32())),
    }
}

/// The model's prediction for one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Position of the best label.
    pub label: usize,
    /// The best label's score, from 0 to 1.
    pub score: f32,
    /// The best score minus the second best.
    pub margin: f32,
    /// All scores, in the labels' order.
    pub scores: Box<[f32]>,
}

impl Prediction {
    /// The prediction for one picture from its logits, one a label. `None` where there are no labels.
    pub fn from_logits(logits: ArrayView1<'_, f32>, activation: Activation) -> Option<Prediction> {
        let scores = activate(logits, activation);
        let (label, &score) =
            scores.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let others = scores.iter().enumerate().filter(|(i, _)| *i != label);
        let second = others.map(|(_, s)| *s).fold(0.0, f32::max);
        Some(Prediction { label, score, margin: score - second, scores })
    }
}

/// Scores of every picture for every label, one row a picture. The scores of one picture do not depend on the others.
pub fn scores(images: ArrayView2<'_, f16>, labels: ArrayView2<'_, f32>, rule: ScoreRule) -> Vec<f32> {
    let mut scores = logits(images, labels, rule).into_raw_vec_and_offset().0;
    scores.chunks_mut(labels.nrows().max(1)).for_each(|row| activate_in_place(row, rule.activation));
    scores
}

/// Scores from the logits of one picture, one a label.
pub fn activate(logits: ArrayView1<'_, f32>, activation: Activation) -> Box<[f32]> {
    let mut scores: Box<[f32]> = logits.iter().copied().collect();
    activate_in_place(&mut scores, activation);
    scores
}

fn activate_in_place(logits: &mut [f32], activation: Activation) {
    match activation {
        Activation::Sigmoid => logits.iter_mut().for_each(|v| *v = 1.0 / (1.0 + (-*v).exp())),
        Activation::Softmax => {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            logits.iter_mut().for_each(|v| *v = (*v - largest).exp());
            let sum: f32 = logits.iter().sum();
            logits.iter_mut().for_each(|v| *v /= sum);
        }
    }
}

/// When a prediction is sure enough to act on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SureRule {
    /// The lowest score of the best label, from 0 to 1.
    pub threshold: f32,
    /// The lowest distance to the second, from 0 to 1.
    pub margin: f32,
}

impl SureRule {
    /// True where the prediction reaches both.
    pub fn is_sure(self, prediction: &Prediction) -> bool {
        self.accepts(prediction.score, prediction.margin)
    }

    /// True where score and margin reach both.
    pub fn accepts(self, score: f32, margin: f32) -> bool {
        score >= self.threshold && margin >= self.margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    const CLIP: ScoreRule = ScoreRule { scale: 100.0, bias: 0.0, activation: Activation::Softmax };

    #[test]
    fn prediction_is_the_nearest_label() {
        let images = normalise_to_f16(array![[3.0, 0.0], [0.1, 5.0]]).unwrap();
        let labels = label_embeddings(array![[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]].view(), &[1, 2]).unwrap();
        let logits = logits(images.view(), labels.view(), CLIP);
        assert!((logits[[0, 0]] - 100.0).abs() < 0.05);
        let first = Prediction::from_logits(logits.row(0), Activation::Softmax).unwrap();
        assert_eq!((first.label, first.score, first.margin), (0, 1.0, 1.0));
        assert_eq!(Prediction::from_logits(logits.row(1), Activation::Softmax).unwrap().label, 1);
    }

    #[test]
    fn embedding_without_direction_is_refused() {
        assert_eq!(normalise(array![[1.0, 0.0], [0.0, 0.0]]), Err(NoDirection { row: 1 }));
        assert_eq!(normalise(array![[f32::NAN, 0.0]]), Err(NoDirection { row: 0 }));
        assert_eq!(normalise(array![[f32::INFINITY, 0.0]]), Err(NoDirection { row: 0 }));
    }

    #[test]
    fn sigmoid_scores_stand_alone() {
        let prediction = Prediction::from_logits(array![0.0, -100.0, 2.0].view(), Activation::Sigmoid).unwrap();
        assert_eq!(prediction.label, 2);
        assert!((prediction.scores[0] - 0.5).abs() < 1e-6 && prediction.scores[1] < 1e-30);
        assert!((prediction.margin - (prediction.score - 0.5)).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn softmax_scores_add_up_to_one(values in proptest::collection::vec(-1000.0f32..1000.0, 1..12)) {
            let prediction = Prediction::from_logits(ArrayView1::from(&values), Activation::Softmax).unwrap();
            prop_assert!((prediction.scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(prediction.scores.iter().all(|s| *s <= prediction.score));
            prop_assert!(prediction.margin >= 0.0);
        }

        #[test]
        fn the_scores_of_a_picture_do_not_depend_on_others(
            rows in 1usize..600, width in 1usize..600, count in 1usize..20, seed in 0usize..1000
        ) {
            let value = |r: usize, c: usize| ((r * 31 + c * 7 + seed) % 17) as f32 - 7.6;
            let kept = normalise_to_f16(Array2::from_shape_fn((rows, width), |(r, c)| value(r, c))).unwrap();
            let labels = normalise(Array2::from_shape_fn((count, width), |(r, c)| value(r + 5, c))).unwrap();
            let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            let all = scores(kept.view(), labels.view(), CLIP);
            for row in [0, rows / 2, rows - 1] {
                let own = bits(&all[row * count..(row + 1) * count]);
                for alone in [ndarray::s![row..=row, ..], ndarray::s![row.., ..], ndarray::s![..=row, ..]] {
                    let with_few = scores(kept.slice(alone), labels.view(), CLIP);
                    let at = if alone[0] == ndarray::SliceInfoElem::from(..=row) { row } else { 0 };
                    prop_assert_eq!(&own, &bits(&with_few[at * count..(at + 1) * count]));
                }
                let one = logits(kept.slice(ndarray::s![row..=row, ..]), labels.view(), CLIP);
                prop_assert_eq!(&own, &bits(&activate(one.row(0), CLIP.activation)));
            }
        }
    }
}
