//! How image towers begin and end: pictures cut into patches, and patches pooled by a probe.
//!
//! Shapes below: `rows` pictures, `width` components.

use super::transformer::TransformerConfig;
use super::{GraphBuilder, Value, axis, integer_list};
use crate::engine::canonical::record;
use crate::engine::weights::WeightsError;

/// The patches that a picture is cut into.
#[derive(Debug, Clone, Copy)]
pub struct Patches {
    /// Pixels on a side of the picture (`image_size`).
    pub side: usize,
    /// Pixels on a side of a patch (`patch_size`); what is left over at the right and below is not looked at.
    pub size: usize,
    /// Colour channels (`num_channels`).
    pub channels: usize,
}

impl Patches {
    /// The text that the fingerprint hashes.
    pub(in crate::engine) fn canonical(&self) -> String {
        let numbers = [("side", self.side), ("size", self.size), ("channels", self.channels)];
        record("Patches", &numbers.map(|(name, number)| (name, number.to_string())))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        (self.side / self.size).pow(2)
    }
}

impl GraphBuilder<'_> {
    /// Pictures as one token a patch: (rows, channels, side, side) to (rows, patches, width). The convolution's weights
    /// are `prefix.weight` and, where `biased`, `prefix.bias`.
    pub fn patches(
        &mut self,
        pixels: &Value,
        prefix: &str,
        patches: &Patches,
        width: usize,
        biased: bool,
    ) -> Result<Value, WeightsError> {
        let kernel =
            self.weight(&format!("{prefix}.weight"), &[width, patches.channels, patches.size, patches.size])?;
        let bias = biased.then(|| self.weight(&format!("{prefix}.bias"), &[width])).transpose()?;
        let sides = [patches.size as i64; 2];
        let attributes = vec![integer_list("kernel_shape", &sides), integer_list("strides", &sides)];
        let inputs: Vec<&Value> = [pixels, &kernel].into_iter().chain(&bias).collect();
        let grid = self.op("Conv", &inputs, attributes);
        let flat = self.integers(&[0, width as i64, patches.count() as i64], &[3]);
        let flat = self.op("Reshape", &[&grid, &flat], vec![]);
        Ok(self.op("Transpose", &[&flat], vec![integer_list("perm", &[0, 2, 1])]))
    }

    /// Attention of one learnt query, the probe, over all tokens, and a perceptron: (rows, tokens, width) to (rows,
    /// width). What SigLIP pools pictures with (Zhai et al. 2022, "Scaling Vision Transformers"); the weights
    /// are named as `SiglipMultiheadAttentionPoolingHead` has them.
    pub fn pool_by_probe(
        &mut self,
        x: &Value,
        prefix: &str,
        measures: &TransformerConfig,
    ) -> Result<Value, WeightsError> {
        let width = measures.width;
        let weights = self.weight(&format!("{prefix}.attention.in_proj_weight"), &[3 * width, width])?;
        let biases = self.weight(&format!("{prefix}.attention.in_proj_bias"), &[3 * width])?;
        let probe = self.weight(&format!("{prefix}.probe"), &[1, 1, width])?;
        let rows = self.size(x, 0);
        let rest = self.integers(&[1, width as i64], &[2]);
        let shape = self.op("Concat", &[&rows, &rest], vec![axis(0)]);
        let probe = self.op("Expand", &[&probe, &shape], vec![]);
        let mut projected = Vec::new();
        for (third, input) in [&probe, x, x].into_iter().enumerate() {
            let (start, end) = ((third * width) as i64, ((third + 1) * width) as i64);
            let weight = self.slice(&weights, start, end, 0);
            let weight = self.op("Transpose", &[&weight], vec![integer_list("perm", &[1, 0])]);
            let bias = self.slice(&biases, start, end, 0);
            let product = self.op("MatMul", &[input, &weight], vec![]);
            projected.push(self.op("Add", &[&product, &bias], vec![]));
        }
        let mixed = self.mix_heads([&projected[0], &projected[1], &projected[2]], measures, None);
        let attended = self.linear(&mixed, &format!("{prefix}.attention.out_proj"), width, width)?;
        let normed = self.layer_norm(&attended, &format!("{prefix}.layernorm"), measures)?;
        let inner = self.perceptron(&normed, &format!("{prefix}.mlp"), measures)?;
        let pooled = self.op("Add", &[&attended, &inner], vec![]);
        Ok(self.token(&pooled, 0))
    }
}
