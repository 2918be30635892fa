//! Model families: what tells one kind of checkpoint from another. A family is one file.

mod chinese_clip;
mod clip;
mod config;
mod siglip;

use std::fmt::Debug;

use serde_json::Value as Json;

use super::graph::{Operators, TowerGraph};
use super::tokenizer::TextForm;
use super::weights::{Weights, WeightsError};
use crate::domain::score::Activation;
use config::{ConfigReader, TowerDefaults};

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

    /// The text tower: `input_ids` (rows, tokens) and, where it looks at them, `attention_mask` (rows, tokens), nought
    /// at tokens that only fill up, to `text_embeds` (rows, dimensions).
    fn text_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError>;
}

/// Why a configuration names no family that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// `model_type` is none that the program knows.
    #[error("model type {found:?} is not one of {known:?}")]
    Unknown {
        /// `model_type`; empty where there is none.
        found: String,
        /// The kinds that are known.
        known: Vec<&'static str>,
    },
    /// There is no `model_type`, but code that came with the model and is never run.
    #[error("the configuration names code of its own and none of {known:?}")]
    OwnCode {
        /// The kinds that are known.
        known: Vec<&'static str>,
    },
    /// The configuration of a known family does not make sense.
    #[error("{key} in config.json is {found}")]
    BadValue {
        /// The key.
        key: String,
        /// Its content.
        found: String,
    },
}

/// The families that the program knows, by `model_type`.
pub const KNOWN: [&str; 3] = ["clip", "siglip", "chinese_clip"];

/// The family that a checkpoint's `config.json` describes.
pub fn from_config(config: &Json) -> Result<Box<dyn Family>, FamilyError> {
    match config.get("model_type").and_then(Json::as_str) {
        Some("clip") => Ok(Box::new(clip::Clip::from_config(config)?)),
        Some("siglip") => Ok(Box::new(siglip::Siglip::from_config(config)?)),
        Some("chinese_clip") => Ok(Box::new(chinese_clip::ChineseClip::from_config(config)?)),
        None if config.get("auto_map").is_some() => Err(FamilyError::OwnCode { known: KNOWN.to_vec() }),
        other => Err(FamilyError::Unknown { found: other.unwrap_or_default().to_owned(), known: KNOWN.to_vec() }),
    }
}
