//! CLIP: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", as Hugging
//! Face's `clip` checkpoints hold it.

use serde_json::Value as Json;

use super::{ConfigReader, Family, FamilyError};
use crate::domain::score::{Activation, ScoreRule};
use crate::engine::graph::transformer::{Gelu, Measures};
use crate::engine::graph::{GraphBuilder, Value, WrittenGraph, axis, integer_list};
use crate::engine::runtime::{Dim, InputSpec};
use crate::engine::weights::{WeightFile, WeightsError};

/// The end-of-text id that old configurations claim, wrongly: transformers then takes the highest id instead.
const LEGACY_END: u32 = 2;

/// Every trained CLIP checkpoint's logit scale ends at this bound (section 2.5 of the paper).
const TRAINED_SCALE: f32 = 100.0;

/// Added to the logits of words that come later: far below any logit, far above what overflows.
const MASKED: f32 = -1e9;

/// A CLIP checkpoint's measures.
#[derive(Debug)]
pub(super) struct Clip {
    text: Measures,
    vision: Measures,
    vocabulary: usize,
    positions: usize,
    end_of_text: u32,
    image_size: usize,
    patch_size: usize,
    channels: usize,
    projection: usize,
}

impl Clip {
    /// Reads the configuration; keys that are left out have the defaults of transformers' `CLIPConfig`.
    pub(super) fn from_config(config: &Json) -> Result<Clip, FamilyError> {
        let text = ConfigReader::tower(config, "text_config");
        let vision = ConfigReader::tower(config, "vision_config");
        let clip = Clip {
            text: measures(&text, [512, 2048, 12, 8])?,
            vision: measures(&vision, [768, 3072, 12, 12])?,
            vocabulary: text.count("vocab_size", 49408, 10_000_000)?,
            positions: text.count("max_position_embeddings", 77, 4096)?,
            end_of_text: text.count("eos_token_id", 49407, 10_000_000)? as u32,
            image_size: vision.count("image_size", 224, 4096)?,
            patch_size: vision.count("patch_size", 32, 4096)?,
            channels: vision.count("num_channels", 3, 3)?,
            projection: ConfigReader::root(config).count("projection_dim", 512, 65_536)?,
        };
        match clip.patch_size <= clip.image_size {
            true => Ok(clip),
            false => Err(vision.bad_value("patch_size", &Json::from(clip.patch_size))),
        }
    }

    fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }

    /// The picture as tokens: (rows, 1 + patches, width), the class token first.
    fn patch_tokens(&self, g: &mut GraphBuilder<'_>, pixels: &Value) -> Result<Value, WeightsError> {
        let (width, patch) = (self.vision.width, self.patch_size);
        let embeddings = "vision_model.embeddings";
        let kernel =
            g.weight(&format!("{embeddings}.patch_embedding.weight"), &[width, self.channels, patch, patch])?;
        let sides = integer_list("kernel_shape", &[patch as i64; 2]);
        let grid = g.op("Conv", &[pixels, &kernel], vec![sides, integer_list("strides", &[patch as i64; 2])]);
        let flat = g.integers(&[0, width as i64, self.patches() as i64], &[3]);
        let patches = g.op("Reshape", &[&grid, &flat], vec![]);
        let patches = g.op("Transpose", &[&patches], vec![integer_list("perm", &[0, 2, 1])]);

        let class = g.weight(&format!("{embeddings}.class_embedding"), &[width])?;
        let rows = g.size(pixels, 0);
        let rest = g.integers(&[1, width as i64], &[2]);
        let class_shape = g.op("Concat", &[&rows, &rest], vec![axis(0)]);
        let class = g.op("Expand", &[&class, &class_shape], vec![]);
        let tokens = g.op("Concat", &[&class, &patches], vec![axis(1)]);
        let positions = g.weight(&format!("{embeddings}.position_embedding.weight"), &[1 + self.patches(), width])?;
        Ok(g.op("Add", &[&tokens, &positions], vec![]))
    }

    /// What hides each word from those before it: (tokens, tokens), for as many tokens as there are.
    fn causal_mask(&self, g: &mut GraphBuilder<'_>, tokens: &Value) -> Value {
        let side = self.positions;
        let values: Vec<f32> = (0..side * side).map(|i| if i % side > i / side { MASKED } else { 0.0 }).collect();
        let mask = g.numbers(&values, &[side, side]);
        let mask = g.slice_to(&mask, 0, tokens, 0);
        g.slice_to(&mask, 0, tokens, 1)
    }
}

fn measures(tower: &ConfigReader<'_>, defaults: [usize; 4]) -> Result<Measures, FamilyError> {
    let [width, inner_width, layers, heads] = defaults;
    let activation = match tower.text("hidden_act", "quick_gelu")? {
        "quick_gelu" => Gelu::Quick,
        "gelu" => Gelu::Erf,
        other => return Err(tower.bad_value("hidden_act", &Json::from(other))),
    };
    let measures = Measures {
        width: tower.count("hidden_size", width, 65_536)?,
        inner_width: tower.count("intermediate_size", inner_width, 262_144)?,
        layers: tower.count("num_hidden_layers", layers, 1000)?,
        heads: tower.count("num_attention_heads", heads, 1000)?,
        epsilon: tower.number("layer_norm_eps", 1e-5)?,
        activation,
    };
    match measures.width.is_multiple_of(measures.heads) {
        true => Ok(measures),
        false => Err(tower.bad_value("num_attention_heads", &Json::from(measures.heads))),
    }
}

impl Family for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn image_size(&self) -> usize {
        self.image_size
    }

    fn token_limit(&self) -> usize {
        self.positions
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn sentence_position(&self, tokens: &[u32]) -> usize {
        let end = match self.end_of_text {
            LEGACY_END => tokens.iter().max().copied().unwrap_or_default(),
            end => end,
        };
        tokens.iter().position(|token| *token == end).unwrap_or_default()
    }

    fn score_rule(&self, weights: &WeightFile) -> Result<ScoreRule, WeightsError> {
        let scale = weights.scalar("logit_scale")?.exp();
        match scale.is_normal() {
            true => Ok(ScoreRule { scale, ..self.assumed_score_rule() }),
            false => Err(WeightsError::BadScale { path: weights.path.clone(), scale }),
        }
    }

    fn assumed_score_rule(&self) -> ScoreRule {
        ScoreRule { scale: TRAINED_SCALE, bias: 0.0, activation: Activation::Softmax }
    }

    fn image_graph(&self, weights: &WeightFile) -> Result<WrittenGraph, WeightsError> {
        let mut g = GraphBuilder::new("image_tower", weights);
        let pixels = g.input(&InputSpec::pixels(self.image_size));
        let tokens = self.patch_tokens(&mut g, &pixels)?;
        let tokens = g.layer_norm(&tokens, "vision_model.pre_layrnorm", &self.vision)?;
        let tokens = g.blocks(tokens, "vision_model.encoder.layers", &self.vision, None)?;
        let first = g.integers(&[0], &[]);
        let class = g.op("Gather", &[&tokens, &first], vec![axis(1)]);
        let class = g.layer_norm(&class, "vision_model.post_layernorm", &self.vision)?;
        let embeddings = g.project(&class, "visual_projection.weight", self.projection, self.vision.width)?;
        g.output(&embeddings, "image_embeds", &[Dim::Rows, Dim::Fixed(self.projection)]);
        Ok(g.finish())
    }

    fn text_graph(&self, weights: &WeightFile) -> Result<WrittenGraph, WeightsError> {
        let width = self.text.width;
        let mut g = GraphBuilder::new("text_tower", weights);
        let ids = g.input(&InputSpec::token_ids("input_ids", self.positions));
        let position = g.input(&InputSpec::sentence_position(self.positions));
        let tokens = g.size(&ids, 1);
        let words = g.weight("text_model.embeddings.token_embedding.weight", &[self.vocabulary, width])?;
        let words = g.op("Gather", &[&words, &ids], vec![axis(0)]);
        let places = g.weight("text_model.embeddings.position_embedding.weight", &[self.positions, width])?;
        let places = g.slice_to(&places, 0, &tokens, 0);
        let x = g.op("Add", &[&words, &places], vec![]);
        let mask = self.causal_mask(&mut g, &tokens);
        let x = g.blocks(x, "text_model.encoder.layers", &self.text, Some(&mask))?;
        let x = g.layer_norm(&x, "text_model.final_layer_norm", &self.text)?;
        let picked = g.op("MatMul", &[&position, &x], vec![]);
        let middle = g.integers(&[1], &[1]);
        let sentence = g.op("Squeeze", &[&picked, &middle], vec![]);
        let embeddings = g.project(&sentence, "text_projection.weight", self.projection, width)?;
        g.output(&embeddings, "text_embeds", &[Dim::Rows, Dim::Fixed(self.projection)]);
        Ok(g.finish())
    }
}
