//! SigLIP: Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training", and those SigLIP 2 checkpoints that take
//! pictures of one size, which carry the same `model_type`.

use serde_json::Value as Json;

use super::config::{ConfigReader, TowerDefaults};
use super::error::FamilyError;
use super::family::{Family, Scoring};
use crate::domain::score::Activation;
use crate::engine::canonical::record;
use crate::engine::graph::pictures::Patches;
use crate::engine::graph::transformer::TransformerConfig;
use crate::engine::graph::{GraphBuilder, Operators, TowerGraph, axis};
use crate::engine::runtime::{Dim, InputSpec};
use crate::engine::tokenizer::{Kind, Padding, TextForm};
use crate::engine::weights::{Weights, WeightsError};

/// The defaults of transformers' `SiglipTextConfig` and `SiglipVisionConfig`.
const TOWER: TowerDefaults = TowerDefaults {
    width: 768,
    inner_width: 3072,
    layers: 12,
    heads: 12,
    epsilon: 1e-6,
    activation: "gelu_pytorch_tanh",
};

/// Tokens of every sentence that SigLIP was trained with. A checkpoint with fewer positions takes as many as it has.
const LENGTH: usize = 64;

/// A SigLIP checkpoint's measures.
#[derive(Debug)]
pub(super) struct Siglip {
    text: TransformerConfig,
    vision: TransformerConfig,
    vocabulary: usize,
    positions: usize,
    padding: usize,
    projection: usize,
    patches: Patches,
}

impl Siglip {
    /// Reads the configuration; keys that are left out have transformers' defaults.
    pub(super) fn from_config(config: &Json) -> Result<Siglip, FamilyError> {
        let text = ConfigReader::tower(config, "text_config");
        let vision = ConfigReader::tower(config, "vision_config");
        // Without its head a picture has no embedding.
        vision.must_be("vision_use_head", true)?;
        let measures = text.measures(&TOWER)?;
        Ok(Siglip {
            text: measures,
            vision: vision.measures(&TOWER)?,
            vocabulary: text.count("vocab_size", 32000, 10_000_000)?,
            positions: text.count("max_position_embeddings", LENGTH, 4096)?,
            padding: text.whole("pad_token_id", 1, 10_000_000)?,
            projection: text.count("projection_size", measures.width, 65_536)?,
            patches: vision.patches(16)?,
        })
    }

    fn length(&self) -> usize {
        LENGTH.min(self.positions)
    }
}

impl Family for Siglip {
    fn name(&self) -> &'static str {
        "siglip"
    }

    fn canonical(&self) -> String {
        let fields = [
            ("text", self.text.canonical()),
            ("vision", self.vision.canonical()),
            ("vocabulary", self.vocabulary.to_string()),
            ("positions", self.positions.to_string()),
            ("padding", self.padding.to_string()),
            ("projection", self.projection.to_string()),
            ("patches", self.patches.canonical()),
        ];
        record("Siglip", &fields)
    }

    fn image_size(&self) -> usize {
        self.patches.side
    }

    fn text(&self) -> TextForm {
        let padding = Padding::Always { padding: self.padding as u32 };
        TextForm { longest: self.length(), vocabulary: self.vocabulary, kind: Kind::Siglip, padding }
    }

    fn scoring(&self) -> Scoring {
        // Scale and bias differ from one checkpoint to the next, and scores mean nothing without them.
        Scoring { activation: Activation::Sigmoid, biased: true, usual_scale: None }
    }

    fn image_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        let width = self.vision.width;
        let mut g = GraphBuilder::new("image_tower", weights, operators);
        let pixels = g.input(&InputSpec::pixels(self.patches.side));
        let embeddings = "vision_model.embeddings";
        let x = g.patches(&pixels, &format!("{embeddings}.patch_embedding"), &self.patches, width, true)?;
        let places = g.weight(&format!("{embeddings}.position_embedding.weight"), &[self.patches.count(), width])?;
        let x = g.op("Add", &[&x, &places], vec![]);
        let x = g.blocks(x, "vision_model.encoder.layers", &self.vision, None)?;
        let x = g.layer_norm(&x, "vision_model.post_layernorm", &self.vision)?;
        let embeddings = g.pool_by_probe(&x, "vision_model.head", &self.vision)?;
        g.output(&embeddings, "image_embeds", &[Dim::Rows, Dim::Fixed(width)]);
        Ok(g.finish())
    }

    /// The last token's state stands for the sentence, padding or not: every sentence has the same length.
    fn text_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        let (width, length) = (self.text.width, self.length());
        let mut g = GraphBuilder::new("text_tower", weights, operators);
        let ids = g.input(&InputSpec::token_ids("input_ids", length));
        let seen = g.input(&InputSpec::token_ids("attention_mask", length));
        let words = g.weight("text_model.embeddings.token_embedding.weight", &[self.vocabulary, width])?;
        let words = g.op("Gather", &[&words, &ids], vec![axis(0)]);
        let places = g.weight("text_model.embeddings.position_embedding.weight", &[self.positions, width])?;
        let places = g.slice(&places, 0, length as i64, 0);
        let x = g.op("Add", &[&words, &places], vec![]);
        let mask = g.padding_mask(&seen);
        let x = g.blocks(x, "text_model.encoder.layers", &self.text, Some(&mask))?;
        let x = g.layer_norm(&x, "text_model.final_layer_norm", &self.text)?;
        let last = g.token(&x, length - 1);
        let embeddings = g.linear(&last, "text_model.head", self.projection, width)?;
        g.output(&embeddings, "text_embeds", &[Dim::Rows, Dim::Fixed(self.projection)]);
        Ok(g.finish())
    }
}
