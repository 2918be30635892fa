//! The interface of a model family.

use std::fmt::Debug;

use crate::domain::score::Activation;
use crate::engine::graph::{Operators, TowerGraph};
use crate::engine::tokenizer::TextForm;
use crate::engine::weights::{Weights, WeightsError};

/// How a family's embeddings become scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    /// The activation that turns logits into scores.
    pub activation: Activation,
    /// True where checkpoints have a `logit_bias` beside the `logit_scale`.
    pub biased: bool,
    /// The scale (`exp(logit_scale)`) that the family's checkpoints end up with, for exports that have lost theirs.
    /// `None` where every checkpoint has another.
    pub usual_scale: Option<f32>,
}

/// A model family: everything that the program must know to use a checkpoint of it.
pub trait Family: Debug + Send + Sync {
    /// `model_type` in `config.json`.
    fn name(&self) -> &'static str;

    /// Its settings as canonical text, which the fingerprint hashes: a change voids users' caches.
    fn canonical(&self) -> String;

    /// Pixels on a side of the square picture that the image tower takes.
    fn image_size(&self) -> usize;

    /// How sentences are made ready for the text tower.
    fn text(&self) -> TextForm;

    /// How embeddings become scores.
    fn scoring(&self) -> Scoring;

    /// The image tower: `pixel_values` of shape (rows, 3, side, side) to `image_embeds` (rows, dimensions).
    fn image_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError>;

    /// The text tower: `input_ids` (rows, tokens) and, where it looks at them, `attention_mask` (rows, tokens), zero
    /// at tokens that only fill up, to `text_embeds` (rows, dimensions).
    fn text_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError>;
}
