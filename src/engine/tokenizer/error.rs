//! Errors of the tokenizer.

use std::path::PathBuf;

/// A tokenizer cannot be opened, or gave no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The folder has neither `tokenizer.json` nor the parts that one can be made of.
    #[error("{folder} has no tokenizer")]
    Missing {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// Which parts.
        parts: String,
    },
    /// The folder lacks the file that says how sentences are filled up, which this kind of model cannot do without.
    #[error("{folder} has no tokenizer_config.json")]
    NoConfig {
        /// The checkpoint's folder.
        folder: PathBuf,
    },
    /// A tokenizer's file is damaged.
    #[error("{path} is no tokenizer")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tokenizer's file makes texts far longer than any honest one does.
    #[error("{path} makes texts grow without bounds")]
    Grows {
        /// The file.
        path: PathBuf,
    },
    /// A sentence has more tokens than the model reads.
    #[error("{text:?} has {tokens} tokens, {limit} at most")]
    TooLong {
        /// The sentence.
        text: String,
        /// Its tokens.
        tokens: usize,
        /// The most the model reads.
        limit: usize,
    },
    /// The tokenizer has words that the model has not: it belongs to another model.
    #[error("token {token} is beyond the model's {vocabulary}")]
    OtherVocabulary {
        /// The token.
        token: u32,
        /// How many the model has.
        vocabulary: usize,
    },
    /// The tokenizer failed on a sentence.
    #[error("{text:?} cannot be split into tokens")]
    Failed {
        /// The sentence.
        text: String,
        /// The fault.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
