//! Model families, one a file: how to read a configuration and build the graphs of its towers.

mod chinese_clip;
mod clip;
mod config;
mod error;
mod family;
mod siglip;

pub use error::FamilyError;
pub use family::{Family, Scoring};
use serde_json::Value as Json;

/// The families that the program knows, by `model_type`.
pub const KNOWN: [&str; 3] = ["clip", "siglip", "chinese_clip"];

/// The family that a checkpoint's `config.json` describes.
pub fn from_config(config: &Json) -> Result<Box<dyn Family>, FamilyError> {
    match config.get("model_type").and_then(Json::as_str) {
        Some("clip") => Ok(Box::new(clip::Clip::from_config(config)?)),
        Some("siglip") => Ok(Box::new(siglip::Siglip::from_config(config)?)),
        Some("chinese_clip") => Ok(Box::new(chinese_clip::ChineseClip::from_config(config)?)),
        None if config.get("auto_map").is_some() => Err(FamilyError::OwnCode { known: KNOWN.to_vec() }),
        other => Err(FamilyError::Unknown { found: other.unwrap_or_default().to_owned(), known: KNOWN.to_vec() }),
    }
}
