//! Reading `config.json`, where every key may be left out.

use std::ops::RangeInclusive;

use serde_json::Value as Json;

use super::error::FamilyError;
use crate::engine::graph::pictures::Patches;
use crate::engine::graph::transformer::{Gelu, TransformerConfig};

/// The defaults of a tower's configuration.
pub(super) struct TowerDefaults {
    pub(super) width: usize,
    pub(super) inner_width: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) epsilon: f32,
    pub(super) activation: &'static str,
}

/// Reads one level of a configuration, where absent keys have the family's defaults.
pub(super) struct ConfigReader<'c> {
    layers: Vec<&'c Json>,
    place: &'static str,
}

impl<'c> ConfigReader<'c> {
    /// The root of a configuration.
    pub(super) fn root(config: &'c Json) -> ConfigReader<'c> {
        ConfigReader { layers: vec![config], place: "" }
    }

    /// A tower's part. transformers lets `text_config_dict` and `vision_config_dict` override `…_config`.
    pub(super) fn tower(config: &'c Json, key: &'static str) -> ConfigReader<'c> {
        let overriding = format!("{key}_dict");
        let layers = [overriding.as_str(), key].iter().filter_map(|key| config.get(key)).collect();
        ConfigReader { layers, place: key }
    }

    fn get(&self, key: &str) -> Option<&'c Json> {
        self.layers.iter().find_map(|layer| layer.get(key)).filter(|value| !value.is_null())
    }

    /// A count of at least one and at most `most`.
    pub(super) fn count(&self, key: &str, default: usize, most: usize) -> Result<usize, FamilyError> {
        self.within(key, default, 1..=most)
    }

    /// A whole number of at least zero and at most `most`.
    pub(super) fn whole(&self, key: &str, default: usize, most: usize) -> Result<usize, FamilyError> {
        self.within(key, default, 0..=most)
    }

    fn within(&self, key: &str, default: usize, range: RangeInclusive<usize>) -> Result<usize, FamilyError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| range.contains(count))
                .ok_or_else(|| self.bad_value(key, value)),
        }
    }

    /// A switch that has to stand as it does where it is left out.
    pub(super) fn must_be(&self, key: &str, wanted: bool) -> Result<(), FamilyError> {
        match self.get(key) {
            Some(value) if value.as_bool() != Some(wanted) => Err(self.bad_value(key, value)),
            _ => Ok(()),
        }
    }

    /// The measures of a tower's transformer.
    pub(super) fn measures(&self, defaults: &TowerDefaults) -> Result<TransformerConfig, FamilyError> {
        let activation = self.text("hidden_act", defaults.activation)?;
        let measures = TransformerConfig {
            width: self.count("hidden_size", defaults.width, 65_536)?,
            inner_width: self.count("intermediate_size", defaults.inner_width, 262_144)?,
            layers: self.count("num_hidden_layers", defaults.layers, 1000)?,
            heads: self.count("num_attention_heads", defaults.heads, 1000)?,
            epsilon: self.number("layer_norm_eps", defaults.epsilon)?,
            activation: Gelu::named(activation).ok_or_else(|| self.bad_value("hidden_act", &Json::from(activation)))?,
        };
        match measures.width.is_multiple_of(measures.heads) {
            true => Ok(measures),
            false => Err(self.bad_value("num_attention_heads", &Json::from(measures.heads))),
        }
    }

    /// The patches that an image tower cuts pictures of 224 pixels, if nothing else is said, into.
    pub(super) fn patches(&self, default_size: usize) -> Result<Patches, FamilyError> {
        let side = self.count("image_size", 224, 4096)?;
        let patches = Patches {
            side,
            size: self.count("patch_size", default_size, 4096)?,
            channels: self.count("num_channels", 3, 3)?,
        };
        match patches.size <= side {
            true => Ok(patches),
            false => Err(self.bad_value("patch_size", &Json::from(patches.size))),
        }
    }

    pub(super) fn number(&self, key: &str, default: f32) -> Result<f32, FamilyError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().map(|number| number as f32).ok_or_else(|| self.bad_value(key, value)),
        }
    }

    pub(super) fn text(&self, key: &str, default: &'static str) -> Result<&'c str, FamilyError>
    where
        'static: 'c,
    {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_str().ok_or_else(|| self.bad_value(key, value)),
        }
    }

    pub(super) fn bad_value(&self, key: &str, found: &Json) -> FamilyError {
        let key = if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) };
        FamilyError::BadValue { key, found: found.to_string() }
    }
}
