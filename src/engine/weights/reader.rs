//! The tensors of a file of weights, by the form that it is in.

use super::error::WeightsError;
use super::file::WeightFile;
use super::tensor::Tensors;
use super::{safetensors, torch};

/// Where the tensors of a file lie.
pub(super) fn tensors(file: &WeightFile) -> Result<Tensors, WeightsError> {
    match file.name.extension().is_some_and(|extension| extension == "safetensors") {
        true => safetensors::tensors(file),
        false => torch::tensors(file),
    }
}
