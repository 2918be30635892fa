//! CLIP: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", as Hugging
//! Face's `clip` checkpoints hold it.

use serde_json::Value as Json;
use tract_onnx::pb::tensor_proto::DataType;

use super::config::{ConfigReader, TowerDefaults};
use super::error::FamilyError;
use super::family::{Family, Scoring};
use crate::domain::score::Activation;
use crate::engine::canonical::record;
use crate::engine::graph::pictures::Patches;
use crate::engine::graph::transformer::{MASKED, TransformerConfig};
use crate::engine::graph::{GraphBuilder, Operators, TowerGraph, Value, axis, integer};
use crate::engine::runtime::{Dim, InputSpec};
use crate::engine::tokenizer::{Kind, Padding, TextForm};
use crate::engine::weights::{Weights, WeightsError};

/// The end-of-text id that old configurations claim, wrongly: transformers then takes the highest id instead.
const LEGACY_END: usize = 2;

/// Every trained CLIP checkpoint's logit scale ends at this bound (section 2.5 of the paper).
pub(super) const TRAINED_SCALE: f32 = 100.0;

/// The defaults of transformers' `CLIPTextConfig`.
const TEXT: TowerDefaults =
    TowerDefaults { width: 512, inner_width: 2048, layers: 12, heads: 8, epsilon: 1e-5, activation: "quick_gelu" };

/// The defaults of transformers' `CLIPVisionConfig`.
const VISION: TowerDefaults =
    TowerDefaults { width: 768, inner_width: 3072, layers: 12, heads: 12, epsilon: 1e-5, activation: "quick_gelu" };

/// The projection that both towers end with (`projection_dim`), of transformers' `CLIPConfig`.
pub(super) const PROJECTION: usize = 512;

/// A CLIP checkpoint's measures.
#[derive(Debug)]
pub(super) struct Clip {
    text: TransformerConfig,
    vision: VisionTower,
    vocabulary: usize,
    positions: usize,
    end_of_text: usize,
    projection: usize,
}

impl Clip {
    /// Reads the configuration; keys that are left out have transformers' defaults.
    pub(super) fn from_config(config: &Json) -> Result<Clip, FamilyError> {
        let text = ConfigReader::tower(config, "text_config");
        Ok(Clip {
            text: text.measures(&TEXT)?,
            vision: VisionTower::from_config(config)?,
            vocabulary: text.count("vocab_size", 49408, 10_000_000)?,
            positions: text.count("max_position_embeddings", 77, 4096)?,
            end_of_text: text.count("eos_token_id", 49407, 10_000_000)?,
            projection: ConfigReader::root(config).count("projection_dim", PROJECTION, 65_536)?,
        })
    }

    /// The mask that hides later words from each word: (tokens, tokens), for as many tokens as there are.
    fn causal_mask(&self, g: &mut GraphBuilder<'_>, tokens: &Value) -> Value {
        let side = self.positions;
        let values: Vec<f32> = (0..side * side).map(|i| if i % side > i / side { MASKED } else { 0.0 }).collect();
        let mask = g.numbers(&values, &[side, side]);
        let mask = g.slice_to(&mask, 0, tokens, 0);
        g.slice_to(&mask, 0, tokens, 1)
    }

    /// The state of the token that stands for the sentence, the first end of text: (rows, tokens, width) to (rows,
    /// width).
    fn at_the_end(&self, g: &mut GraphBuilder<'_>, ids: &Value, tokens: &Value, x: &Value) -> Value {
        let to_number = || vec![integer("to", DataType::Float as i64)];
        let marks = match self.end_of_text {
            LEGACY_END => g.op("Cast", &[ids], to_number()),
            end => {
                let end = g.integers(&[end as i64], &[]);
                let is_end = g.op("Equal", &[ids, &end], vec![]);
                g.op("Cast", &[&is_end], to_number())
            }
        };
        // ArgMax takes the first of several that are highest.
        let end = g.op("ArgMax", &[&marks], vec![axis(1), integer("keepdims", 1)]);
        let places: Vec<i64> = (0..self.positions as i64).collect();
        let places = g.integers(&places, &[self.positions]);
        let places = g.slice_to(&places, 0, tokens, 0);
        let is_there = g.op("Equal", &[&places, &end], vec![]);
        let picked = g.op("Cast", &[&is_there], to_number());
        let middle = g.integers(&[1], &[1]);
        let picked = g.op("Unsqueeze", &[&picked, &middle], vec![]);
        let sentence = g.op("MatMul", &[&picked, x], vec![]);
        g.op("Squeeze", &[&sentence, &middle], vec![])
    }
}

impl Family for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn canonical(&self) -> String {
        let fields = [
            ("text", self.text.canonical()),
            ("vision", self.vision.canonical()),
            ("vocabulary", self.vocabulary.to_string()),
            ("positions", self.positions.to_string()),
            ("end_of_text", self.end_of_text.to_string()),
            ("projection", self.projection.to_string()),
        ];
        record("Clip", &fields)
    }

    fn image_size(&self) -> usize {
        self.vision.patches.side
    }

    fn text(&self) -> TextForm {
        TextForm { longest: self.positions, vocabulary: self.vocabulary, kind: Kind::Clip, padding: Padding::ToLongest }
    }

    fn scoring(&self) -> Scoring {
        Scoring { activation: Activation::Softmax, biased: false, usual_scale: Some(TRAINED_SCALE) }
    }

    fn image_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        self.vision.graph(weights, operators, self.projection)
    }

    fn text_graph(&self, weights: &Weights, operators: Operators) -> Result<TowerGraph, WeightsError> {
        let width = self.text.width;
        let mut g = GraphBuilder::new("text_tower", weights, operators);
        let ids = g.input(&InputSpec::token_ids("input_ids", self.positions));
        let tokens = g.size(&ids, 1);
        let words = g.weight("text_model.embeddings.token_embedding.weight", &[self.vocabulary, width])?;
        let words = g.op("Gather", &[&words, &ids], vec![axis(0)]);
        let places = g.weight("text_model.embeddings.position_embedding.weight", &[self.positions, width])?;
        let places = g.slice_to(&places, 0, &tokens, 0);
        let x = g.op("Add", &[&words, &places], vec![]);
        let mask = self.causal_mask(&mut g, &tokens);
        let x = g.blocks(x, "text_model.encoder.layers", &self.text, Some(&mask))?;
        let x = g.layer_norm(&x, "text_model.final_layer_norm", &self.text)?;
        let sentence = self.at_the_end(&mut g, &ids, &tokens, &x);
        let embeddings = g.project(&sentence, "text_projection.weight", self.projection, width)?;
        g.output(&embeddings, "text_embeds", &[Dim::Rows, Dim::Fixed(self.projection)]);
        Ok(g.finish())
    }
}

/// CLIP's image tower, a vision transformer with a class token, which Chinese-CLIP has as well.
#[derive(Debug)]
pub(super) struct VisionTower {
    measures: TransformerConfig,
    pub(super) patches: Patches,
}

impl VisionTower {
    /// Reads `vision_config`; keys that are left out have transformers' defaults.
    pub(super) fn from_config(config: &Json) -> Result<VisionTower, FamilyError> {
        let vision = ConfigReader::tower(config, "vision_config");
        Ok(VisionTower { measures: vision.measures(&VISION)?, patches: vision.patches(32)? })
    }

    /// The text that the fingerprint hashes.
    pub(super) fn canonical(&self) -> String {
        let fields = [("measures", self.measures.canonical()), ("patches", self.patches.canonical())];
        record("VisionTower", &fields)
    }

    /// The tower: `pixel_values` to `image_embeds` of `projection` dimensions.
    pub(super) fn graph(
        &self,
        weights: &Weights,
        operators: Operators,
        projection: usize,
    ) -> Result<TowerGraph, WeightsError> {
        let mut g = GraphBuilder::new("image_tower", weights, operators);
        let pixels = g.input(&InputSpec::pixels(self.patches.side));
        let tokens = self.tokens(&mut g, &pixels)?;
        let tokens = g.layer_norm(&tokens, "vision_model.pre_layrnorm", &self.measures)?;
        let tokens = g.blocks(tokens, "vision_model.encoder.layers", &self.measures, None)?;
        let class = g.token(&tokens, 0);
        let class = g.layer_norm(&class, "vision_model.post_layernorm", &self.measures)?;
        let embeddings = g.project(&class, "visual_projection.weight", projection, self.measures.width)?;
        g.output(&embeddings, "image_embeds", &[Dim::Rows, Dim::Fixed(projection)]);
        Ok(g.finish())
    }

    /// The picture as tokens: (rows, 1 + patches, width), the class token first.
    fn tokens(&self, g: &mut GraphBuilder<'_>, pixels: &Value) -> Result<Value, WeightsError> {
        let width = self.measures.width;
        let embeddings = "vision_model.embeddings";
        let patches = g.patches(pixels, &format!("{embeddings}.patch_embedding"), &self.patches, width, false)?;
        let class = g.weight(&format!("{embeddings}.class_embedding"), &[width])?;
        let rows = g.size(pixels, 0);
        let rest = g.integers(&[1, width as i64], &[2]);
        let class_shape = g.op("Concat", &[&rows, &rest], vec![axis(0)]);
        let class = g.op("Expand", &[&class, &class_shape], vec![]);
        let tokens = g.op("Concat", &[&class, &patches], vec![axis(1)]);
        let places = [1 + self.patches.count(), width];
        let positions = g.weight(&format!("{embeddings}.position_embedding.weight"), &places)?;
        Ok(g.op("Add", &[&tokens, &positions], vec![]))
    }
}
