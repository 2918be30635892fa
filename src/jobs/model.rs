//! A model made ready for one run: the labels embedded, the image tower opened only when a picture needs it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::Array2;

use super::cancel_token::CancelToken;
use super::embedding_cache::EmbeddingCacheConfig;
use super::file_hashes::{FileHashes, HashedCheckpoint};
use super::threads::beside;
use super::watchdog::{NoAnswer, Watchdog, answer_of};
use crate::domain::hex::hex;
use crate::domain::hub_model::HubModel;
use crate::domain::score::ScoreRule;
use crate::domain::settings::{ModelName, Settings};
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::checkpoint::Checkpoint;
use crate::engine::encoder::{ImageEncoder, TextEncoder};
use crate::engine::fingerprint::Sources;
use crate::engine::image_processor::ImageProcessor;
use crate::engine::runtime::{Runtime, Workload};
use crate::engine::tower_kind::TowerKind;

/// A model that cannot be used.
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
        /// The fault.
        source: Box<EngineError>,
    },
    /// It did not answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl ModelError {
    /// The error of a model that was named so: its files in the cache may be damaged, and then it can be mended.
    pub fn of(model: &ModelName, error: EngineError) -> ModelError {
        match model {
            ModelName::Hub(model) if error.may_be_damage() => {
                ModelError::Cached { model: model.clone(), source: error.into() }
            }
            _ => ModelError::Engine(error),
        }
    }
}

/// A model made ready: the embeddings of the labels, the rule for scores, and the image tower.
pub struct Model {
    name: ModelName,
    tower: ImageTower,
    /// Label embeddings: (labels, dimensions), normalised.
    pub labels: Array2<f32>,
    /// How embeddings become scores.
    pub rule: ScoreRule,
    /// Pictures that go through the tower together.
    pub batch_size: usize,
    /// The fingerprint of everything that its answers depend on.
    pub fingerprint: [u8; 32],
}

/// The image tower, to be opened when it is needed, on whatever thread.
#[derive(Clone)]
pub(super) struct ImageTower {
    checkpoint: Arc<Checkpoint>,
    runtime: Runtime,
    cores: usize,
    uses: Workload,
    /// Where it was opened with the model, until somebody asks for it.
    opened_ahead: Arc<Mutex<Vec<ImageEncoder>>>,
    hashed: Arc<HashedCheckpoint>,
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

/// The options that a model is opened with.
#[derive(Clone, Copy)]
pub struct ModelToOpen<'o> {
    /// The checkpoint's folder.
    pub folder: &'o Path,
    /// The settings, with the labels.
    pub settings: &'o Settings,
    /// Where it computes.
    pub runtime: &'o Runtime,
    /// On how many cores.
    pub cores: usize,
    /// Where embeddings and the hashes of large files are remembered.
    pub cache: Option<&'o EmbeddingCacheConfig>,
    /// For how many pictures the image tower is.
    pub uses: Workload,
    /// Whether pictures come at once: where none of them can be known, the image tower is opened with the model.
    pub ahead: bool,
}

impl ModelToOpen<'_> {
    /// Opens the checkpoint and embeds the settings' labels. `quantising` is told where its weights will have to be
    /// quantised before the first picture.
    pub fn open(self, quantising: &mut dyn FnMut()) -> Result<OpenedModel, ModelError> {
        self.open_checkpoint(quantising).map_err(|error| ModelError::of(&self.settings.model, error))
    }

    /// The same, but given up once somebody asks to stop.
    pub fn open_or_stop(
        self,
        quantising: &mut dyn FnMut(),
        patience: &mut Watchdog<'_>,
    ) -> Result<OpenedModel, ModelError> {
        let ModelToOpen { folder, settings, runtime, cores, cache, uses, ahead } = self;
        let (folder, settings, runtime, cache) = (folder.to_owned(), settings.clone(), runtime.clone(), cache.cloned());
        let open = move |tell: &dyn Fn(())| {
            let cache = cache.as_ref();
            let model =
                ModelToOpen { folder: &folder, settings: &settings, runtime: &runtime, cores, cache, uses, ahead };
            model.open(&mut || tell(()))
        };
        answer_of(open, patience, &mut |()| quantising())?
    }

    fn open_checkpoint(self, quantising: &mut dyn FnMut()) -> Result<OpenedModel, EngineError> {
        let ModelToOpen { folder, settings, runtime, cores, cache, uses, ahead } = self;
        let checkpoint = Checkpoint::open(folder)?;
        let hashes = FileHashes::remembered(Sources::of(&checkpoint, runtime)?, cache)?;
        // A checkpoint that was never hashed has no embeddings in the cache: its image tower will be needed. Hashing it
        // takes about as long as opening both towers.
        let is_needed = ahead && !hashes.are_known() && runtime.opens_side_by_side();
        let stop = CancelToken::default();
        let open_towers = || {
            let opened = encode_labels(&checkpoint, settings, runtime).and_then(|(text, labels)| {
                if checkpoint.must_be_quantised(runtime) {
                    quantising();
                }
                let open = || ImageEncoder::open(&checkpoint, runtime, cores, uses);
                let encoders = if is_needed { open()? } else { vec![] };
                Ok((text, labels, encoders))
            });
            if opened.is_err() {
                stop.request();
            }
            opened
        };
        let (hashed, opened) = beside(|| hashes.hashed(&stop), open_towers);
        let (text, labels, encoders) = opened?;
        let hashed = hashed?;
        hashed.check_unchanged()?;
        let (rule, scale_is_assumed) = checkpoint.score_rule()?;
        let model = Model {
            name: settings.model.clone(),
            labels,
            rule,
            batch_size: settings.batch_size.unwrap_or(runtime.best_batch_size()),
            fingerprint: hashed.fingerprint,
            tower: ImageTower {
                checkpoint: Arc::new(checkpoint),
                runtime: runtime.clone(),
                cores,
                uses,
                opened_ahead: Arc::new(Mutex::new(encoders)),
                hashed: Arc::new(hashed),
            },
        };
        Ok(OpenedModel { model, text, scale_is_assumed })
    }
}

impl Model {
    /// The error for one that this model gave: see [`ModelError::of`].
    pub fn failed(&self, error: EngineError) -> ModelError {
        ModelError::of(&self.name, error)
    }

    /// The image tower's preprocessing.
    pub fn processor(&self) -> &ImageProcessor {
        self.tower.checkpoint.processor()
    }

    /// The numbers that the image tower computes with.
    pub fn variant(&self) -> Variant {
        self.tower.checkpoint.variant(&self.tower.runtime)
    }

    /// Its fingerprint as sessions keep it.
    pub fn name_of_fingerprint(&self) -> String {
        hex(&self.fingerprint)
    }

    /// How many encoders [`Model::open_encoders`] opens.
    pub fn workers(&self) -> usize {
        self.tower.runtime.workers(self.tower.cores)
    }

    /// The image tower, one encoder a worker: opened now, unless it was opened with the model.
    pub fn open_encoders(&self) -> Result<Vec<ImageEncoder>, EngineError> {
        self.tower.open()
    }

    /// The image tower itself.
    pub(super) fn tower(&self) -> &ImageTower {
        &self.tower
    }
}

impl ImageTower {
    /// The tower, one encoder a worker.
    pub(super) fn open(&self) -> Result<Vec<ImageEncoder>, EngineError> {
        let ahead = std::mem::take(&mut *self.opened_ahead.lock().unwrap_or_else(PoisonError::into_inner));
        if !ahead.is_empty() {
            return Ok(ahead);
        }
        let encoders = ImageEncoder::open(&self.checkpoint, &self.runtime, self.cores, self.uses)?;
        // Pictures may come hours after the labels were embedded.
        self.hashed.check_unchanged()?;
        Ok(encoders)
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
    // A fault of the image tower is said before anything is begun, though the tower is opened only when needed.
    checkpoint.check(TowerKind::Image, runtime)?;
    Ok((text, labels))
}
