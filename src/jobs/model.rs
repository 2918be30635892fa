//! A model made ready for one run: its towers opened, the labels embedded.

use std::path::Path;

use ndarray::Array2;

use crate::domain::score::ScoreRule;
use crate::domain::settings::Settings;
use crate::engine::EngineError;
use crate::engine::checkpoint::Checkpoint;
use crate::engine::encoder::{ImageEncoder, TextEncoder};
use crate::engine::image_processor::ImageProcessor;
use crate::engine::runtime::Runtime;

/// What the pictures are scored against, and with what.
pub struct Model {
    /// The image tower, one encoder a worker.
    pub encoders: Vec<ImageEncoder>,
    /// The image tower's preprocessing.
    pub processor: ImageProcessor,
    /// Label embeddings: (labels, dimensions), normalised.
    pub labels: Array2<f32>,
    /// How embeddings become scores.
    pub rule: ScoreRule,
    /// Pictures that go through the tower together.
    pub batch_size: usize,
}

impl Model {
    /// Opens the checkpoint in `folder` for `cores` cores and embeds the settings' labels. The flag says that the scale
    /// had to be assumed.
    pub fn open(
        folder: &Path,
        settings: &Settings,
        runtime: &Runtime,
        cores: usize,
    ) -> Result<(Model, bool), EngineError> {
        let checkpoint = Checkpoint::open(folder)?;
        let labels = TextEncoder::open(&checkpoint, runtime)?.encode_labels(&settings.labels, &settings.template)?;
        let encoders = ImageEncoder::open(&checkpoint, runtime, cores)?;
        let (rule, scale_is_assumed) = checkpoint.score_rule()?;
        let batch_size = settings.batch_size.unwrap_or(runtime.best_batch_size());
        let processor = checkpoint.processor().clone();
        Ok((Model { encoders, processor, labels, rule, batch_size }, scale_is_assumed))
    }
}
