//! Model families: what tells one kind of checkpoint from another. A family is one file.

mod clip;

use std::fmt::Debug;

use serde_json::Value as Json;

use super::graph::WrittenGraph;
use super::weights::{WeightFile, WeightsError};
use crate::domain::score::ScoreRule;

/// What the program must know of a family to use a checkpoint of it.
pub trait Family: Debug + Send + Sync {
    /// `model_type` in `config.json`.
    fn name(&self) -> &'static str;

    /// Pixels on a side of the square picture that the image tower takes.
    fn image_size(&self) -> usize;

    /// The most tokens that the text tower takes.
    fn token_limit(&self) -> usize;

    /// How many different tokens the text tower knows.
    fn vocabulary(&self) -> usize;

    /// Which token's state stands for the whole sentence. `tokens` is not empty.
    fn sentence_position(&self, tokens: &[u32]) -> usize;

    /// The scale and bias that the checkpoint was trained to, from its weights.
    fn score_rule(&self, weights: &WeightFile) -> Result<ScoreRule, WeightsError>;

    /// The rule to assume for an export that has lost the scale.
    fn assumed_score_rule(&self) -> ScoreRule;

    /// The image tower: `pixel_values` of shape (rows, 3, side, side) to `image_embeds` (rows, dimensions).
    fn image_graph(&self, weights: &WeightFile) -> Result<WrittenGraph, WeightsError>;

    /// The text tower: `input_ids` (rows, tokens) and `sentence_position` (rows, 1, tokens), one at the token that
    /// stands for the sentence and nought elsewhere, to `text_embeds` (rows, dimensions).
    fn text_graph(&self, weights: &WeightFile) -> Result<WrittenGraph, WeightsError>;
}

/// Why a configuration names no family that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// `model_type` is none that the program knows.
    #[error("model type {found:?} is not one of {known:?}")]
    Unknown {
        /// `model_type`; empty where there is none.
        found: String,
        /// What is known.
        known: Vec<&'static str>,
    },
    /// The configuration of a known family does not make sense.
    #[error("{key} in config.json is {found}")]
    BadValue {
        /// The key.
        key: String,
        /// What it holds.
        found: String,
    },
}

/// The families that the program knows, by `model_type`.
pub const KNOWN: [&str; 1] = ["clip"];

/// The family that a checkpoint's `config.json` describes.
pub fn from_config(config: &Json) -> Result<Box<dyn Family>, FamilyError> {
    match config.get("model_type").and_then(Json::as_str) {
        Some("clip") => Ok(Box::new(clip::Clip::from_config(config)?)),
        other => Err(FamilyError::Unknown { found: other.unwrap_or_default().to_owned(), known: KNOWN.to_vec() }),
    }
}

/// Reads one level of a configuration, where absent keys have the family's defaults.
pub(super) struct ConfigReader<'c> {
    layers: Vec<&'c Json>,
    place: &'static str,
}

impl<'c> ConfigReader<'c> {
    /// The root of a configuration.
    fn root(config: &'c Json) -> ConfigReader<'c> {
        ConfigReader { layers: vec![config], place: "" }
    }

    /// A tower's part. transformers lets `text_config_dict` and `vision_config_dict` override `…_config`.
    fn tower(config: &'c Json, key: &'static str) -> ConfigReader<'c> {
        let overriding = format!("{key}_dict");
        let layers = [overriding.as_str(), key].iter().filter_map(|key| config.get(key)).collect();
        ConfigReader { layers, place: key }
    }

    fn get(&self, key: &str) -> Option<&'c Json> {
        self.layers.iter().find_map(|layer| layer.get(key)).filter(|value| !value.is_null())
    }

    /// A count of at least one and at most `most`.
    fn count(&self, key: &str, default: usize, most: usize) -> Result<usize, FamilyError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| (1..=most).contains(count))
                .ok_or_else(|| self.bad_value(key, value)),
        }
    }

    fn number(&self, key: &str, default: f32) -> Result<f32, FamilyError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().map(|number| number as f32).ok_or_else(|| self.bad_value(key, value)),
        }
    }

    fn text(&self, key: &str, default: &'static str) -> Result<&'c str, FamilyError>
    where
        'static: 'c,
    {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_str().ok_or_else(|| self.bad_value(key, value)),
        }
    }

    fn bad_value(&self, key: &str, found: &Json) -> FamilyError {
        let key = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        FamilyError::BadValue { key, found: found.to_string() }
    }
}
