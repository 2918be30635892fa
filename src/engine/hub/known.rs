//! A built-in table of models and their strengths, so that a person can choose one without a network.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::popular::is_supported;

/// The table.
const TABLE: &str = include_str!("../../../config/models.toml");

/// A strength of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Photographs in general.
    Photographs,
    /// Where a picture was taken.
    Places,
    /// Labels in Chinese.
    Chinese,
    /// Labels in many languages.
    Languages,
    /// Machines with little memory and no GPU.
    Small,
}

/// How long its image tower takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speed {
    /// About as long as ViT-B/32.
    Fast,
    /// Some four times as long.
    Medium,
    /// Some fifteen times as long, and more.
    Slow,
}

impl Speed {
    /// How many times as long as ViT-B/32 a picture takes, about: the measure by which the table tells them apart.
    pub fn times(self) -> f64 {
        match self {
            Speed::Fast => 1.0,
            Speed::Medium => 4.0,
            Speed::Slow => 15.0,
        }
    }
}

/// A model of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownModel {
    /// Owner and name on the hub.
    pub id: String,
    /// `model_type` in its `config.json`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its strength.
    pub good_at: Vec<Strength>,
    /// Millions of bytes that are downloaded.
    pub download_mb: u64,
    /// How long it takes.
    pub speed: Speed,
}

impl KnownModel {
    /// Bytes that are downloaded, about.
    pub fn download_bytes(&self) -> u64 {
        self.download_mb.saturating_mul(1_000_000)
    }

    /// True where the program can use it.
    pub fn is_supported(&self) -> bool {
        is_supported(&self.kind)
    }
}

#[derive(Deserialize)]
struct Table {
    model: Vec<KnownModel>,
}

/// The table, in its order. A test reads it, so that it cannot be empty because of a slip.
pub fn known_models() -> &'static [KnownModel] {
    static MODELS: LazyLock<Vec<KnownModel>> =
        LazyLock::new(|| toml::from_str(TABLE).map_or_else(|_| vec![], |table: Table| table.model));
    &MODELS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hub_model::HubModel;

    #[test]
    fn known_models_table_parses_and_names_hub_models() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert_eq!(table.model, known_models());
        for model in known_models() {
            assert!(HubModel::parse(&model.id).is_some(), "{}", model.id);
            assert!(!model.good_at.is_empty() && model.download_mb > 0, "{}", model.id);
        }
        let wanted = [Strength::Photographs, Strength::Places, Strength::Chinese, Strength::Languages, Strength::Small];
        for strength in wanted {
            assert!(known_models().iter().any(|model| model.good_at.contains(&strength)), "{strength:?}");
        }
    }
}
