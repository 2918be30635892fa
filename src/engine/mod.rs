//! From a checkpoint on disk to embeddings: layouts, families, the graph writer, runtimes, preprocessing, tokens.

pub mod checkpoint;
pub mod encoder;
pub mod families;
pub mod fingerprint;
pub mod graph;
pub mod image_processor;
pub mod resample;
pub mod runtime;
pub mod tokenizer;
pub mod weights;

use checkpoint::CheckpointError;
use runtime::RuntimeError;
use tokenizer::TokenizerError;

use crate::domain::score::NoDirection;

/// Why there are no embeddings.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The runtime did not do what it was asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A sentence has no tokens.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model answered with something that is no direction.
    #[error("the model gave no usable embedding")]
    NoDirection(#[from] NoDirection),
    /// The two towers do not belong together.
    #[error("the image tower gives {image} dimensions, the text tower {text}")]
    TowersDiffer {
        /// Dimensions of an image embedding.
        image: usize,
        /// Dimensions of a label embedding.
        text: usize,
    },
}
