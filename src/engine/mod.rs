//! From a checkpoint on disk to embeddings: layouts, families, the graph writer, runtimes, preprocessing, tokens.

mod canonical;
pub mod checkpoint;
mod damage;
pub mod encoder;
mod error;
pub mod exports;
pub mod families;
pub mod fingerprint;
pub mod graph;
pub mod hub;
pub mod image_processor;
mod layouts;
pub mod quantised;
pub mod resample;
pub mod runtime;
pub mod tokenizer;
pub mod tower_kind;
pub mod weights;
mod wire;

pub use error::EngineError;
