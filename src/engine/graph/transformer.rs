//! The parts that image and text transformers are made of.
//!
//! Shapes below: `rows` pictures or sentences, `tokens` patches or words, `width` components.

use tract_onnx::pb::tensor_proto::DataType;

use super::builder::{axis, integer, integer_list, number};
use super::{GraphBuilder, Operators, Value};
use crate::engine::canonical::{float, record};
use crate::engine::weights::WeightsError;

/// Added to the logits of tokens that are not to be looked at: far below any logit, far above what overflows.
pub const MASKED: f32 = -1e9;

/// The activation between the two layers of a block's perceptron.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gelu {
    /// `x * sigmoid(1.702 x)`, as OpenAI's checkpoints were trained with.
    Quick,
    /// `x * (1 + erf(x / sqrt 2)) / 2`, exact.
    Erf,
    /// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2`, the approximation that SigLIP was trained with
    /// (`gelu_pytorch_tanh`).
    Tanh,
}

impl Gelu {
    /// The form that a configuration's `hidden_act` names, as transformers' `ACT2FN` has them.
    pub fn named(name: &str) -> Option<Gelu> {
        match name {
            "quick_gelu" => Some(Gelu::Quick),
            "gelu" => Some(Gelu::Erf),
            "gelu_pytorch_tanh" | "gelu_new" => Some(Gelu::Tanh),
            _ => None,
        }
    }

    /// Its name in the text that the fingerprint hashes.
    fn canonical(self) -> &'static str {
        match self {
            Gelu::Quick => "Quick",
            Gelu::Erf => "Erf",
            Gelu::Tanh => "Tanh",
        }
    }
}

/// The names of an attention's four linear layers.
#[derive(Debug, Clone, Copy)]
struct AttentionNames {
    query: &'static str,
    key: &'static str,
    value: &'static str,
    output: &'static str,
}

/// As CLIP and SigLIP name them.
const PROJECTIONS: AttentionNames =
    AttentionNames { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" };

/// As BERT names them.
const SELF_AND_OUTPUT: AttentionNames =
    AttentionNames { query: "self.query", key: "self.key", value: "self.value", output: "output.dense" };

/// The measures of a transformer, as the checkpoint's configuration gives them.
#[derive(Debug, Clone, Copy)]
pub struct TransformerConfig {
    /// Components of a token (`hidden_size`).
    pub width: usize,
    /// Components between the two layers of the perceptron (`intermediate_size`).
    pub inner_width: usize,
    /// Blocks (`num_hidden_layers`).
    pub layers: usize,
    /// Attention heads (`num_attention_heads`).
    pub heads: usize,
    /// Added to the variance in layer normalisation (`layer_norm_eps`).
    pub epsilon: f32,
    /// The perceptron's activation (`hidden_act`).
    pub activation: Gelu,
}

impl TransformerConfig {
    /// The text that the fingerprint hashes.
    pub(in crate::engine) fn canonical(&self) -> String {
        let fields = [
            ("width", self.width.to_string()),
            ("inner_width", self.inner_width.to_string()),
            ("layers", self.layers.to_string()),
            ("heads", self.heads.to_string()),
            ("epsilon", float(self.epsilon)),
            ("activation", self.activation.canonical().to_owned()),
        ];
        record("Measures", &fields)
    }
}

impl GraphBuilder<'_> {
    /// Layer normalisation over the last axis, with the weights `prefix.weight` and `prefix.bias`.
    pub fn layer_norm(&mut self, x: &Value, prefix: &str, measures: &TransformerConfig) -> Result<Value, WeightsError> {
        let scale = self.weight(&format!("{prefix}.weight"), &[measures.width])?;
        let bias = self.weight(&format!("{prefix}.bias"), &[measures.width])?;
        let attributes = vec![axis(-1), number("epsilon", measures.epsilon)];
        Ok(self.op("LayerNormalization", &[x, &scale, &bias], attributes))
    }

    /// `x` times the transpose of `weight`, of shape (out, in), as PyTorch keeps linear layers.
    pub fn project(&mut self, x: &Value, weight: &str, out: usize, inner: usize) -> Result<Value, WeightsError> {
        let weight = self.weight(weight, &[out, inner])?;
        Ok(match self.operators {
            // The weight is taken as it lies in its file: transposing it first costs its size again, in time and
            // memory.
            Operators::Fused => self.fused("FusedMatMul", &[x, &weight], vec![integer("transB", 1)]),
            Operators::Standard => {
                let weight = self.op("Transpose", &[&weight], vec![integer_list("perm", &[1, 0])]);
                self.op("MatMul", &[x, &weight], vec![])
            }
        })
    }

    /// A linear layer with the weights `prefix.weight`, of shape (out, in), and `prefix.bias`.
    pub fn linear(&mut self, x: &Value, prefix: &str, out: usize, inner: usize) -> Result<Value, WeightsError> {
        let product = self.project(x, &format!("{prefix}.weight"), out, inner)?;
        let bias = self.weight(&format!("{prefix}.bias"), &[out])?;
        Ok(self.op("Add", &[&product, &bias], vec![]))
    }

    /// All blocks of a pre-norm transformer: `x + attention(norm(x))`, then `x + perceptron(norm(x))`. The weights are
    /// named `prefix.N.…` as transformers names them. `mask` is added to the attention's logits.
    pub fn blocks(
        &mut self,
        mut x: Value,
        prefix: &str,
        measures: &TransformerConfig,
        mask: Option<&Value>,
    ) -> Result<Value, WeightsError> {
        for layer in 0..measures.layers {
            let block = format!("{prefix}.{layer}");
            let normed = self.layer_norm(&x, &format!("{block}.layer_norm1"), measures)?;
            let attended = self.attention(&normed, &format!("{block}.self_attn"), PROJECTIONS, measures, mask)?;
            x = self.op("Add", &[&x, &attended], vec![]);
            let normed = self.layer_norm(&x, &format!("{block}.layer_norm2"), measures)?;
            let inner = self.perceptron(&normed, &format!("{block}.mlp"), measures)?;
            x = self.op("Add", &[&x, &inner], vec![]);
        }
        Ok(x)
    }

    /// All blocks of a post-norm transformer, as BERT is: `norm(x + attention(x))`, then `norm(x + perceptron(x))`. The
    /// weights are named `prefix.N.…` as transformers names BERT's. `mask` is added to the attention's logits.
    pub fn post_norm_blocks(
        &mut self,
        mut x: Value,
        prefix: &str,
        measures: &TransformerConfig,
        mask: &Value,
    ) -> Result<Value, WeightsError> {
        for layer in 0..measures.layers {
            let block = format!("{prefix}.{layer}");
            let attended = self.attention(&x, &format!("{block}.attention"), SELF_AND_OUTPUT, measures, Some(mask))?;
            x = self.op("Add", &[&x, &attended], vec![]);
            x = self.layer_norm(&x, &format!("{block}.attention.output.LayerNorm"), measures)?;
            let inner =
                self.linear(&x, &format!("{block}.intermediate.dense"), measures.inner_width, measures.width)?;
            let inner = self.gelu(&inner, measures.activation);
            let inner = self.linear(&inner, &format!("{block}.output.dense"), measures.width, measures.inner_width)?;
            x = self.op("Add", &[&x, &inner], vec![]);
            x = self.layer_norm(&x, &format!("{block}.output.LayerNorm"), measures)?;
        }
        Ok(x)
    }

    /// Multi-head self-attention, then the output projection.
    fn attention(
        &mut self,
        x: &Value,
        prefix: &str,
        names: AttentionNames,
        measures: &TransformerConfig,
        mask: Option<&Value>,
    ) -> Result<Value, WeightsError> {
        let width = measures.width;
        let query = self.linear(x, &format!("{prefix}.{}", names.query), width, width)?;
        let key = self.linear(x, &format!("{prefix}.{}", names.key), width, width)?;
        let value = self.linear(x, &format!("{prefix}.{}", names.value), width, width)?;
        let mixed = self.mix_heads([&query, &key, &value], measures, mask);
        self.linear(&mixed, &format!("{prefix}.{}", names.output), width, width)
    }

    /// `softmax(q k^T / sqrt(d) + mask) v` for each head of width `d`, the heads put together again. Query, key and
    /// value are (rows, tokens, width); the query may have other tokens than key and value.
    pub(super) fn mix_heads(
        &mut self,
        [query, key, value]: [&Value; 3],
        measures: &TransformerConfig,
        mask: Option<&Value>,
    ) -> Value {
        if let (Operators::Fused, None) = (self.operators, mask) {
            let heads = vec![integer("num_heads", measures.heads as i64)];
            return self.fused("MultiHeadAttention", &[query, key, value], heads);
        }
        let head_width = measures.width / measures.heads;
        let query = self.heads(query, measures, [0, 2, 1, 3]);
        let key = self.heads(key, measures, [0, 2, 3, 1]);
        let value = self.heads(value, measures, [0, 2, 1, 3]);
        let scale = self.numbers(&[1.0 / (head_width as f32).sqrt()], &[]);
        let query = self.op("Mul", &[&query, &scale], vec![]);
        let mut logits = self.op("MatMul", &[&query, &key], vec![]);
        if let Some(mask) = mask {
            logits = self.op("Add", &[&logits, mask], vec![]);
        }
        let attention = self.op("Softmax", &[&logits], vec![axis(-1)]);
        let mixed = self.op("MatMul", &[&attention, &value], vec![]);
        let mixed = self.op("Transpose", &[&mixed], vec![integer_list("perm", &[0, 2, 1, 3])]);
        let shape = self.integers(&[0, 0, measures.width as i64], &[3]);
        self.op("Reshape", &[&mixed, &shape], vec![])
    }

    /// One token of each row: (rows, tokens, width) to (rows, width).
    pub fn token(&mut self, x: &Value, place: usize) -> Value {
        let place = self.integers(&[place as i64], &[]);
        self.op("Gather", &[x, &place], vec![axis(1)])
    }

    /// The mask that is added to the attention's logits so that tokens with a zero in `attention_mask`, (rows,
    /// tokens), are not looked at: (rows, 1, 1, tokens).
    pub fn padding_mask(&mut self, attention_mask: &Value) -> Value {
        let seen = self.op("Cast", &[attention_mask], vec![integer("to", DataType::Float as i64)]);
        let one = self.numbers(&[1.0], &[]);
        let hidden = self.op("Sub", &[&one, &seen], vec![]);
        let masked = self.numbers(&[MASKED], &[]);
        let mask = self.op("Mul", &[&hidden, &masked], vec![]);
        let axes = self.integers(&[1, 2], &[2]);
        self.op("Unsqueeze", &[&mask, &axes], vec![])
    }

    /// (rows, tokens, width) split into heads, (rows, tokens, heads, head width), and permuted.
    fn heads(&mut self, x: &Value, measures: &TransformerConfig, permutation: [i64; 4]) -> Value {
        let shape = self.integers(&[0, 0, measures.heads as i64, (measures.width / measures.heads) as i64], &[4]);
        let split = self.op("Reshape", &[x, &shape], vec![]);
        self.op("Transpose", &[&split], vec![integer_list("perm", &permutation)])
    }

    pub(super) fn perceptron(
        &mut self,
        x: &Value,
        prefix: &str,
        measures: &TransformerConfig,
    ) -> Result<Value, WeightsError> {
        let inner = self.linear(x, &format!("{prefix}.fc1"), measures.inner_width, measures.width)?;
        let inner = self.gelu(&inner, measures.activation);
        self.linear(&inner, &format!("{prefix}.fc2"), measures.width, measures.inner_width)
    }

    fn gelu(&mut self, x: &Value, form: Gelu) -> Value {
        match form {
            Gelu::Quick if self.operators == Operators::Fused => {
                self.fused("QuickGelu", &[x], vec![number("alpha", 1.702)])
            }
            Gelu::Quick => {
                let slope = self.numbers(&[1.702], &[]);
                let steep = self.op("Mul", &[x, &slope], vec![]);
                let gate = self.op("Sigmoid", &[&steep], vec![]);
                self.op("Mul", &[x, &gate], vec![])
            }
            Gelu::Erf => {
                let root = self.numbers(&[std::f32::consts::SQRT_2], &[]);
                let one = self.numbers(&[1.0], &[]);
                let half = self.numbers(&[0.5], &[]);
                let scaled = self.op("Div", &[x, &root], vec![]);
                let erf = self.op("Erf", &[&scaled], vec![]);
                let gate = self.op("Add", &[&erf, &one], vec![]);
                let product = self.op("Mul", &[x, &gate], vec![]);
                self.op("Mul", &[&product, &half], vec![])
            }
            Gelu::Tanh => {
                let root = self.numbers(&[std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2], &[]);
                let cubic = self.numbers(&[0.044_715], &[]);
                let one = self.numbers(&[1.0], &[]);
                let half = self.numbers(&[0.5], &[]);
                let square = self.op("Mul", &[x, x], vec![]);
                let bend = self.op("Mul", &[&square, &cubic], vec![]);
                let bend = self.op("Add", &[&bend, &one], vec![]);
                let slope = self.op("Mul", &[x, &root], vec![]);
                let inner = self.op("Mul", &[&slope, &bend], vec![]);
                let tanh = self.op("Tanh", &[&inner], vec![]);
                let gate = self.op("Add", &[&tanh, &one], vec![]);
                let product = self.op("Mul", &[x, &gate], vec![]);
                self.op("Mul", &[&product, &half], vec![])
            }
        }
    }

    /// The sizes along one axis of `x`, as a list of one.
    pub fn size(&mut self, x: &Value, axis: i64) -> Value {
        let shape = self.op("Shape", &[x], vec![]);
        self.slice(&shape, axis, axis + 1, 0)
    }

    /// `x` from `start` to before `end` along an axis.
    pub fn slice(&mut self, x: &Value, start: i64, end: i64, axis: i64) -> Value {
        let end = self.integers(&[end], &[1]);
        self.slice_to(x, start, &end, axis)
    }

    /// `x` from `start` to before `end`, a value of shape (1), along an axis.
    pub fn slice_to(&mut self, x: &Value, start: i64, end: &Value, axis: i64) -> Value {
        let start = self.integers(&[start], &[1]);
        let axis = self.integers(&[axis], &[1]);
        self.op("Slice", &[x, &start, end, &axis], vec![])
    }
}
