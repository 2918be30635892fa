//! Errors of the engine as a whole.

use super::checkpoint::CheckpointError;
use super::runtime::RuntimeError;
use super::tokenizer::TokenizerError;
use crate::domain::label::Label;
use crate::domain::score::NoDirection;
use crate::domain::template::Templates;
use crate::domain::variant::Variant;

/// A model gave no embeddings.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A sentence has no tokens.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A label has more tokens than the model reads. It is not cut.
    #[error("{label:?} has {tokens} tokens, {limit} at most")]
    LabelTooLong {
        /// The label, as written.
        label: String,
        /// Tokens of its longest sentence.
        tokens: usize,
        /// The most the model reads.
        limit: usize,
    },
    /// The model answered with something that is no direction.
    #[error("the model gave no usable embedding")]
    NoDirection(#[from] NoDirection),
    /// The model answers no picture at all with something that is a direction.
    #[error("the model gave no usable embedding of any picture in {variant}")]
    NoPictures {
        /// The numbers that it computes with.
        variant: Variant,
    },
    /// The two towers do not belong together.
    #[error("the image tower gives {image} dimensions, the text tower {text}")]
    TowersDiffer {
        /// Dimensions of an image embedding.
        image: usize,
        /// Dimensions of a label embedding.
        text: usize,
    },
}

impl EngineError {
    /// The same error with the label's text in place of a sentence made of it.
    pub fn about(self, labels: &[Label], templates: &Templates) -> EngineError {
        match self {
            EngineError::Tokenizer(TokenizerError::TooLong { text, tokens, limit }) => {
                let is_its =
                    |label: &&Label| label.prompts.iter().any(|prompt| templates.fill(prompt).any(|s| s == text));
                let label = labels.iter().find(is_its).map_or(text.clone(), |label| label.text.clone());
                EngineError::LabelTooLong { label, tokens, limit }
            }
            other => other,
        }
    }
}
