//! The parts that image and text transformers are made of.
//!
//! Shapes below: `rows` pictures or sentences, `tokens` patches or words, `width` components.

use super::builder::{axis, integer_list, number};
use super::{GraphBuilder, Value};
use crate::engine::weights::WeightsError;

/// The activation between the two layers of a block's perceptron.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gelu {
    /// `x * sigmoid(1.702 x)`, as OpenAI's checkpoints were trained with.
    Quick,
    /// `x * (1 + erf(x / sqrt 2)) / 2`, exact.
    Erf,
}

/// The measures of a transformer, as the checkpoint's configuration gives them.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
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

impl GraphBuilder<'_> {
    /// Layer normalisation over the last axis, with the weights `prefix.weight` and `prefix.bias`.
    pub fn layer_norm(&mut self, x: &Value, prefix: &str, measures: &Measures) -> Result<Value, WeightsError> {
        let scale = self.weight(&format!("{prefix}.weight"), &[measures.width])?;
        let bias = self.weight(&format!("{prefix}.bias"), &[measures.width])?;
        let attributes = vec![axis(-1), number("epsilon", measures.epsilon)];
        Ok(self.op("LayerNormalization", &[x, &scale, &bias], attributes))
    }

    /// `x` times the transpose of `weight`, of shape (out, in), as PyTorch keeps linear layers.
    pub fn project(&mut self, x: &Value, weight: &str, out: usize, inner: usize) -> Result<Value, WeightsError> {
        let weight = self.weight(weight, &[out, inner])?;
        let weight = self.op("Transpose", &[&weight], vec![integer_list("perm", &[1, 0])]);
        Ok(self.op("MatMul", &[x, &weight], vec![]))
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
        measures: &Measures,
        mask: Option<&Value>,
    ) -> Result<Value, WeightsError> {
        for layer in 0..measures.layers {
            let block = format!("{prefix}.{layer}");
            let normed = self.layer_norm(&x, &format!("{block}.layer_norm1"), measures)?;
            let attended = self.attention(&normed, &format!("{block}.self_attn"), measures, mask)?;
            x = self.op("Add", &[&x, &attended], vec![]);
            let normed = self.layer_norm(&x, &format!("{block}.layer_norm2"), measures)?;
            let inner = self.perceptron(&normed, &format!("{block}.mlp"), measures)?;
            x = self.op("Add", &[&x, &inner], vec![]);
        }
        Ok(x)
    }

    /// Multi-head self-attention, `softmax(q k^T / sqrt(d) + mask) v` for each head, then the output projection.
    fn attention(
        &mut self,
        x: &Value,
        prefix: &str,
        measures: &Measures,
        mask: Option<&Value>,
    ) -> Result<Value, WeightsError> {
        let head_width = measures.width / measures.heads;
        let query = self.heads(x, &format!("{prefix}.q_proj"), measures, [0, 2, 1, 3])?;
        let key = self.heads(x, &format!("{prefix}.k_proj"), measures, [0, 2, 3, 1])?;
        let value = self.heads(x, &format!("{prefix}.v_proj"), measures, [0, 2, 1, 3])?;
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
        let joined = self.op("Reshape", &[&mixed, &shape], vec![]);
        self.linear(&joined, &format!("{prefix}.out_proj"), measures.width, measures.width)
    }

    /// A linear layer whose result is split into heads: (rows, tokens, heads, head width), permuted.
    fn heads(
        &mut self,
        x: &Value,
        prefix: &str,
        measures: &Measures,
        permutation: [i64; 4],
    ) -> Result<Value, WeightsError> {
        let projected = self.linear(x, prefix, measures.width, measures.width)?;
        let shape = self.integers(&[0, 0, measures.heads as i64, (measures.width / measures.heads) as i64], &[4]);
        let split = self.op("Reshape", &[&projected, &shape], vec![]);
        Ok(self.op("Transpose", &[&split], vec![integer_list("perm", &permutation)]))
    }

    fn perceptron(&mut self, x: &Value, prefix: &str, measures: &Measures) -> Result<Value, WeightsError> {
        let inner = self.linear(x, &format!("{prefix}.fc1"), measures.inner_width, measures.width)?;
        let inner = self.gelu(&inner, measures.activation);
        self.linear(&inner, &format!("{prefix}.fc2"), measures.width, measures.inner_width)
    }

    fn gelu(&mut self, x: &Value, form: Gelu) -> Value {
        match form {
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
