//! Chinese-CLIP: Yang et al. 2022, "Chinese CLIP: Contrastive Vision-Language Pretraining in Chinese". CLIP's image
//! tower, and BERT, the state of whose first token stands for the sentence.

use serde_json::Value as Json;

use super::clip::{PROJECTION, TRAINED_SCALE, VisionTower};
use super::config::{ConfigReader, TowerDefaults};
use super::error::FamilyError;
use super::family::{Family, Scoring};
use crate::domain::score::Activation;
use crate::engine::canonical::record;
use crate::engine::graph::transformer::TransformerConfig;
use crate::engine::graph::{GraphBuilder, Operators, TowerGraph, axis};
use crate::engine::runtime::{Dim, InputSpec};
use crate::engine::tokenizer::{Kind, Padding, TextForm};
use crate::engine::weights::{Weights, WeightsError};

/// The defaults of transformers' `ChineseCLIPTextConfig`.
const TEXT: TowerDefaults =
    TowerDefaults { width: 768, inner_width: 3072, layers: 12, heads: 12, epsilon: 1e-12, activation: "gelu" };

/// A Chinese-CLIP checkpoint's measures.
#[derive(Debug)]
pub(super) struct ChineseClip {
    text: TransformerConfig,
    vision: VisionTower,
    vocabulary: usize,
    positions: usize,
    token_types: usize,
    projection: usize,
}

impl ChineseClip {
    /// Reads the configuration; keys that are left out have transformers' defaults.
    pub(super) fn from_config(config: &Json) -> Result<ChineseClip, FamilyError> {
        let text = ConfigReader::tower(config, "text_config");
        Ok(ChineseClip {
            text: text.measures(&TEXT)?,
            vision: VisionTower::from_config(config)?,
            vocabulary: text.count("vocab_size", 30522, 10_000_000)?,
            positions: text.count("max_position_embeddings", 512, 4096)?,
            token_types: text.count("type_vocab_size", 2, 1000)?,
            projection: ConfigReader::root(config).count("projection_dim", PROJECTION, 65_536)?,
        })
    }
}

impl Family for ChineseClip {
    fn name(&self) -> &'static str {
        "chinese_clip"
    }

    fn canonical(&self) -> String {
        let fields = [
            ("text", self.text.canonical()),
            ("vision", self.vision.canonical()),
            ("vocabulary", self.vocabulary.to_string()),
            ("positions", self.positions.to_string()),
            ("token_types", self.token_types.to_string()),
            ("projection", self.projection.to_string()),
        ];
        record("ChineseClip", &fields)
    }

    fn image_size(&self) -> usize {
        self.vision.patches.side
    }

    fn text(&self) -> TextForm {
        TextForm { longest: self.positions, vocabulary: self.vocabulary, kind: Kind::Bert, padding: Padding::ToLongest }
    }

    fn scoring(&self) -> Scoring {
        // Trained on from OpenAI's towers, whose scale is at its bound.
        Scoring { activation: Activation::Softmax, biased: false, usual_scale: Some(TRAINED_SCALE) }
    }

    fn image_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        self.vision.graph(weights, operators, self.projection)
    }

    fn text_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        let width = self.text.width;
        let mut g = GraphBuilder::new("text_tower", weights, operators);
        let ids = g.input(&InputSpec::token_ids("input_ids", self.positions));
        let seen = g.input(&InputSpec::token_ids("attention_mask", self.positions));
        let tokens = g.size(&ids, 1);
        let embeddings = "text_model.embeddings";
        let words = g.weight(&format!("{embeddings}.word_embeddings.weight"), &[self.vocabulary, width])?;
        let words = g.op("Gather", &[&words, &ids], vec![axis(0)]);
        // A sentence by itself is of type zero throughout.
        let types = g.weight(&format!("{embeddings}.token_type_embeddings.weight"), &[self.token_types, width])?;
        let kind = g.slice(&types, 0, 1, 0);
        let x = g.op("Add", &[&words, &kind], vec![]);
        let places = g.weight(&format!("{embeddings}.position_embeddings.weight"), &[self.positions, width])?;
        let places = g.slice_to(&places, 0, &tokens, 0);
        let x = g.op("Add", &[&x, &places], vec![]);
        let x = g.layer_norm(&x, &format!("{embeddings}.LayerNorm"), &self.text)?;
        let mask = g.padding_mask(&seen);
        let x = g.post_norm_blocks(x, "text_model.encoder.layer", &self.text, &mask)?;
        let first = g.token(&x, 0);
        let embeddings = g.project(&first, "text_projection.weight", self.projection, width)?;
        g.output(&embeddings, "text_embeds", &[Dim::Rows, Dim::Fixed(self.projection)]);
        Ok(g.finish())
    }
}
