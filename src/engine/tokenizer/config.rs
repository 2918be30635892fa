//! `tokenizer_config.json`: what a tokenizer's own file does not say.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::TokenizerError;
use super::form::{LARGEST_FILE, TOKENIZER_CONFIG};
use crate::plain_file;

/// The content of the file; every key may be left out, and so may the file.
#[derive(Debug, Default)]
pub(super) struct TokenizerConfig {
    file: Option<PathBuf>,
    json: Json,
}

impl TokenizerConfig {
    pub(super) fn in_folder(folder: &Path) -> Result<TokenizerConfig, TokenizerError> {
        let path = folder.join(TOKENIZER_CONFIG);
        if !path.exists() {
            return Ok(TokenizerConfig::default());
        }
        let damaged = |source| TokenizerError::Damaged { path: path.clone(), source };
        let bytes = plain_file::read(&path, LARGEST_FILE).map_err(|error| damaged(error.into()))?;
        let json = serde_json::from_slice(plain_file::without_mark(&bytes)).map_err(|error| damaged(error.into()))?;
        Ok(TokenizerConfig { file: Some(path), json })
    }

    /// The file itself, if there is one.
    pub(super) fn file(&self) -> Vec<PathBuf> {
        self.file.iter().cloned().collect()
    }

    /// The class that read the tokenizer where it was trained, such as `SiglipTokenizer`; without the `Fast` at the
    /// end.
    pub(super) fn class(&self) -> &str {
        let class = self.json.get("tokenizer_class").and_then(Json::as_str).unwrap_or_default();
        class.strip_suffix("Fast").unwrap_or(class)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.json.get(key).and_then(Json::as_bool)
    }

    /// A special token, which is a text or an object with one.
    pub(super) fn token(&self, key: &str) -> Option<&str> {
        let token = self.json.get(key)?;
        token.as_str().or_else(|| token.get("content")?.as_str())
    }

    pub(super) fn pads_on_the_left(&self) -> bool {
        self.json.get("padding_side").and_then(Json::as_str) == Some("left")
    }

    /// Whether the tower is told which tokens only fill up. The tokenizers of transformers tell it where their file
    /// does not say what the model is given; the published SigLIP files say `["input_ids"]`.
    pub(super) fn tells_what_fills_up(&self) -> bool {
        let names = self.json.get("model_input_names").and_then(Json::as_array);
        names.is_none_or(|names| names.iter().any(|name| name == "attention_mask"))
    }
}
