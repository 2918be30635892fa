//! A model made ready for one run: the labels embedded, the image tower opened only when a picture needs it.

use std::path::Path;

use ndarray::Array2;

use super::embeddings::CachePlace;
use crate::domain::hub_model::HubModel;
use crate::domain::score::ScoreRule;
use crate::domain::settings::{ModelName, Settings};
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::checkpoint::{Checkpoint, CheckpointError, TowerKind};
use crate::engine::encoder::{ImageEncoder, TextEncoder};
use crate::engine::fingerprint::{self, Sources};
use crate::engine::image_processor::ImageProcessor;
use crate::engine::runtime::Runtime;
use crate::files::read::stamp_of;
use crate::store::cache::EmbeddingCache;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not in the cache of published models, or nothing is wrong with its files.
    #[error(transparent)]
    Engine(EngineError),
    /// Files of a published model may be damaged in the cache, which can be mended.
    #[error("{model} cannot be used as it is in the cache")]
    Cached {
        /// The model.
        model: HubModel,
        /// What is wrong.
        source: Box<EngineError>,
    },
}

impl ModelError {
    /// What an error comes to when a model is used that was named so.
    pub fn of(model: &ModelName, error: EngineError) -> ModelError {
        match model {
            ModelName::Hub(model) if error.may_be_damage() => {
                ModelError::Cached { model: model.clone(), source: error.into() }
            }
            _ => ModelError::Engine(error),
        }
    }
}

/// What the pictures are scored against, and with what.
pub struct Model {
    name: ModelName,
    checkpoint: Checkpoint,
    runtime: Runtime,
    cores: usize,
    /// Label embeddings: (labels, dimensions), normalised.
    pub labels: Array2<f32>,
    /// How embeddings become scores.
    pub rule: ScoreRule,
    /// Pictures that go through the tower together.
    pub batch_size: usize,
    /// What its answers depend on.
    pub fingerprint: [u8; 32],
}

/// A model, and what was opened on the way.
pub struct OpenedModel {
    /// The model.
    pub model: Model,
    /// The text tower, for other labels.
    pub text: TextEncoder,
    /// The scale had to be assumed.
    pub scale_is_assumed: bool,
}

impl Model {
    /// Opens the checkpoint in `folder` for `cores` cores and embeds the settings' labels. The flag says that the scale
    /// had to be assumed. The hashes of its large files are remembered in the cache. `quantising` is told
    /// where its weights will have to be quantised before the first picture.
    pub fn open(
        folder: &Path,
        settings: &Settings,
        runtime: &Runtime,
        cores: usize,
        cache: Option<&CachePlace>,
        quantising: &mut dyn FnMut(),
    ) -> Result<OpenedModel, ModelError> {
        let opened = Model::open_checkpoint(folder, settings, runtime, cores, cache);
        if let Ok(OpenedModel { model, .. }) = &opened
            && model.checkpoint.must_be_quantised(runtime)
        {
            quantising();
        }
        opened.map_err(|error| ModelError::of(&settings.model, error))
    }

    fn open_checkpoint(
        folder: &Path,
        settings: &Settings,
        runtime: &Runtime,
        cores: usize,
        cache: Option<&CachePlace>,
    ) -> Result<OpenedModel, EngineError> {
        let checkpoint = Checkpoint::open(folder)?;
        // Hashing a large checkpoint for the first time takes as long as opening its text tower.
        let (fingerprint, encoded) = std::thread::scope(|scope| {
            let fingerprint = scope.spawn(|| fingerprint(&checkpoint, runtime, cache));
            let encoded = encode_labels(&checkpoint, settings, runtime);
            (fingerprint.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), encoded)
        });
        let (text, labels) = encoded?;
        let (rule, scale_is_assumed) = checkpoint.score_rule()?;
        let batch_size = settings.batch_size.unwrap_or(runtime.best_batch_size());
        let fingerprint = fingerprint?;
        let (name, runtime) = (settings.model.clone(), runtime.clone());
        let model = Model { name, checkpoint, runtime, cores, labels, rule, batch_size, fingerprint };
        Ok(OpenedModel { model, text, scale_is_assumed })
    }

    /// What an error comes to that this model gave.
    pub fn failed(&self, error: EngineError) -> ModelError {
        ModelError::of(&self.name, error)
    }

    /// The image tower's preprocessing.
    pub fn processor(&self) -> &ImageProcessor {
        self.checkpoint.processor()
    }

    /// The numbers that the image tower computes with.
    pub fn variant(&self) -> Variant {
        self.checkpoint.variant(&self.runtime)
    }

    /// Its fingerprint as sessions keep it.
    pub fn name_of_fingerprint(&self) -> String {
        self.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many encoders [`Model::open_encoders`] opens.
    pub fn workers(&self) -> usize {
        self.runtime.workers(self.cores)
    }

    /// Opens the image tower: one encoder a worker.
    pub fn open_encoders(&self) -> Result<Vec<ImageEncoder>, EngineError> {
        ImageEncoder::open(&self.checkpoint, &self.runtime, self.cores)
    }
}

/// Opens the text tower and embeds the settings' labels: (labels, dimensions), normalised.
fn encode_labels(
    checkpoint: &Checkpoint,
    settings: &Settings,
    runtime: &Runtime,
) -> Result<(TextEncoder, Array2<f32>), EngineError> {
    let mut text = TextEncoder::open(checkpoint, runtime)?;
    let labels = text.encode_labels(&settings.labels, &settings.template)?;
    // What is wrong with the image tower is said before anything is begun, though it is opened only when needed.
    checkpoint.check(TowerKind::Image, runtime)?;
    Ok((text, labels))
}

/// The checkpoint's fingerprint. Files that are as they were when they were hashed last are not read again.
fn fingerprint(
    checkpoint: &Checkpoint,
    runtime: &Runtime,
    cache: Option<&CachePlace>,
) -> Result<[u8; 32], EngineError> {
    let sources = Sources::of(checkpoint, runtime)?;
    let mut cache = cache.and_then(CachePlace::open);
    let mut hashes = Vec::new();
    for path in &sources.files {
        let hash = remembered_hash(path, cache.as_mut());
        hashes.push(hash.map_err(|source| CheckpointError::Unreadable { path: path.clone(), source })?);
    }
    Ok(sources.fingerprint(&hashes))
}

fn remembered_hash(path: &Path, cache: Option<&mut EmbeddingCache>) -> std::io::Result<[u8; 32]> {
    let Some(cache) = cache else { return fingerprint::hash(path) };
    let stamp = stamp_of(&std::fs::metadata(path)?);
    match cache.file_hash(path, stamp) {
        Ok(Some(hash)) => return Ok(hash),
        Ok(None) => {}
        Err(error) => tracing::warn!("the cache failed: {error}"),
    }
    let hash = fingerprint::hash(path)?;
    if let Err(error) = cache.put_file_hash(path, stamp, hash) {
        tracing::warn!("the cache failed: {error}");
    }
    Ok(hash)
}
