//! A checkpoint in a local folder: what is in it, and whether it can be used.

pub(super) mod error;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::CheckpointError;
use serde_json::Value as Json;

use super::exports::{ExportError, Exports};
use super::families::{self, Family};
use super::graph::half::in_half_precision;
use super::graph::{Operators, TowerGraph};
use super::image_processor::{self, ImageProcessor};
use super::layouts::{self, CONFIG};
use super::quantised;
use super::runtime::{Runtime, Tower};
use super::tokenizer::Tokenizer;
use super::tower_kind::TowerKind;
use super::weights::{Weights, WeightsError};
use crate::domain::score::ScoreRule;
use crate::domain::variant::{Variant, VariantChoice};
use crate::plain_file;

/// The largest configuration file that is read. The largest seen are a few kilobytes.
const LARGEST_CONFIG: u64 = 10_000_000;

/// A checkpoint, its small files read and its large ones found.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    folder: PathBuf,
    family: Arc<dyn Family>,
    processor: ImageProcessor,
    tokenizer: Tokenizer,
    weights: Option<Weights>,
    exports: Option<Exports>,
}

impl Checkpoint {
    /// Opens the checkpoint in `folder`, in Hugging Face layout; in a model's folder of a cache of the hub, that of the
    /// main branch.
    pub fn open(folder: &Path) -> Result<Checkpoint, CheckpointError> {
        if !folder.is_dir() {
            return Err(CheckpointError::NoFolder { folder: folder.to_owned() });
        }
        let folder = layouts::checkpoint_in(folder)?;
        Checkpoint::open_files(&folder).map_err(|error| layouts::pointer_behind(&folder, error))
    }

    fn open_files(folder: &Path) -> Result<Checkpoint, CheckpointError> {
        let (family, processor) = read_small(folder)?;
        let weights = Weights::in_folder(folder)?;
        let exports = Exports::in_folder(folder);
        if weights.is_none() && exports.is_none() {
            return Err(CheckpointError::NoWeights { folder: folder.to_owned(), found: other_weights(folder) });
        }
        let tokenizer = Tokenizer::open(folder, family.text())?;
        Ok(Checkpoint { folder: folder.to_owned(), family: family.into(), processor, tokenizer, weights, exports })
    }

    /// Whether all but the weights of the checkpoint in `folder` can be used: what is worth to know before they are
    /// downloaded.
    pub fn check_without_weights(folder: &Path) -> Result<(), CheckpointError> {
        let (family, _) = read_small(folder)?;
        Tokenizer::open(folder, family.text())?;
        Ok(())
    }

    /// The family.
    pub fn family(&self) -> &Arc<dyn Family> {
        &self.family
    }

    /// The preprocessing.
    pub fn processor(&self) -> &ImageProcessor {
        &self.processor
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// A tower in the form that suits the runtime: an ONNX export first in ONNX Runtime, a graph of ours first in
    /// tract, which cannot read every export.
    pub fn tower(&self, kind: TowerKind, runtime: &Runtime) -> Result<Tower, CheckpointError> {
        let tower = self.tower_in_single_precision(kind, runtime)?;
        match (kind, tower, self.written_from(runtime)) {
            (TowerKind::Image, Tower::Graph(graph), Some(weights)) => {
                Ok(Tower::Graph(Box::new(self.in_variant(*graph, weights, runtime)?)))
            }
            (_, tower, _) => Ok(tower),
        }
    }

    /// Whether there is a tower that the runtime can be given, without making anything for it.
    pub fn check(&self, kind: TowerKind, runtime: &Runtime) -> Result<(), CheckpointError> {
        self.tower_in_single_precision(kind, runtime).map(|_| ())
    }

    fn tower_in_single_precision(&self, kind: TowerKind, runtime: &Runtime) -> Result<Tower, CheckpointError> {
        match (self.written_from(runtime), &self.exports) {
            (Some(weights), _) => {
                let operators = match runtime {
                    Runtime::OnnxRuntime(_) => Operators::Fused,
                    Runtime::Tract => Operators::Standard,
                };
                let graph = match kind {
                    TowerKind::Image => self.family.image_graph(weights, operators)?,
                    TowerKind::Text => self.family.text_graph(weights, operators)?,
                };
                Ok(Tower::Graph(Box::new(graph)))
            }
            (None, Some(exports)) => match exports.with_image_in(self.variant(runtime)) {
                Some(exports) if !self.lacks_wanted(runtime) => self.told(exports.tower(kind)),
                _ => {
                    let variant = runtime.variant();
                    Err(CheckpointError::OnlyExport { folder: self.folder.clone(), variant })
                }
            },
            (None, None) => Err(CheckpointError::NoWeights { folder: self.folder.clone(), found: vec![] }),
        }
    }

    /// The export, or what is wrong with it.
    fn told<T>(&self, export: Result<T, ExportError>) -> Result<T, CheckpointError> {
        export.map_err(|error| layouts::pointer_behind(&self.folder, error.into()))
    }

    /// The image tower in the numbers that the runtime computes with.
    fn in_variant(
        &self,
        graph: TowerGraph,
        weights: &Weights,
        runtime: &Runtime,
    ) -> Result<TowerGraph, CheckpointError> {
        match (runtime.variant(), runtime.quantised_folder()) {
            (Variant::Fp32, _) => Ok(graph),
            (Variant::Fp16, _) => Ok(in_half_precision(graph)),
            (Variant::Int8, Some(folder)) => Ok(quantised::quantised(&graph, &weights.paths(), folder)?),
            (Variant::Int8, None) => Err(CheckpointError::NowhereToQuantise),
        }
    }

    /// The numbers that the image tower computes with: those of an export that lies there.
    pub fn variant(&self, runtime: &Runtime) -> Variant {
        let wanted = runtime.variant();
        let is_there = |exports: &Exports| exports.with_image_in(wanted).is_some();
        match (self.written_from(runtime), &self.exports) {
            (None, Some(exports)) if !is_there(exports) => Variant::Fp32,
            _ => wanted,
        }
    }

    /// True where a variant was asked for, and not left to the program, that is not there.
    fn lacks_wanted(&self, runtime: &Runtime) -> bool {
        matches!(runtime.variant_choice(), VariantChoice::Only(wanted) if wanted != self.variant(runtime))
    }

    /// True where the weights have to be quantised first, which takes some seconds.
    pub fn must_be_quantised(&self, runtime: &Runtime) -> bool {
        match (self.variant(runtime), self.written_from(runtime), runtime.quantised_folder()) {
            (Variant::Int8, Some(weights), Some(folder)) => !quantised::is_kept(&weights.paths(), folder),
            _ => false,
        }
    }

    /// True where pictures have to go through the image tower one by one, because what becomes of one would depend on
    /// those beside it: an export in 8-bit integers scales what is multiplied by the largest number of the whole batch.
    pub fn is_one_by_one(&self, runtime: &Runtime) -> bool {
        self.variant(runtime) == Variant::Int8 && self.written_from(runtime).is_none()
    }

    /// The weights, where the runtime is given a graph of ours: an export cannot be rewritten.
    fn written_from(&self, runtime: &Runtime) -> Option<&Weights> {
        let prefers_export = matches!(runtime, Runtime::OnnxRuntime(_)) && runtime.variant() == Variant::Fp32;
        self.weights.as_ref().filter(|_| self.exports.is_none() || !prefers_export)
    }

    /// Every file that what this checkpoint answers depends on, but for the small ones whose meaning is in
    /// [`Checkpoint::family`] and [`Checkpoint::processor`]: weights or exports, and the tokenizer's files.
    pub fn files(&self, runtime: &Runtime) -> Result<Vec<PathBuf>, CheckpointError> {
        let mut files = match (self.written_from(runtime), &self.exports) {
            (Some(weights), _) => weights.paths(),
            (None, Some(exports)) => {
                let files = exports.with_image_in(self.variant(runtime)).map_or(Ok(vec![]), |exports| exports.files());
                self.told(files)?
            }
            (None, None) => vec![],
        };
        files.extend(self.tokenizer.files().iter().cloned());
        Ok(files)
    }

    /// How embeddings become scores, and whether the scale had to be assumed because the export has lost it.
    pub fn score_rule(&self) -> Result<(ScoreRule, bool), CheckpointError> {
        let scoring = self.family.scoring();
        let rule = |scale, bias| ScoreRule { scale, bias, activation: scoring.activation };
        if let Some(weights) = &self.weights {
            let scale = weights.scalar("logit_scale")?.exp();
            let bias = if scoring.biased { weights.scalar("logit_bias")? } else { 0.0 };
            return match (scale.is_normal(), bias.is_finite()) {
                (true, true) => Ok((rule(scale, bias), false)),
                (false, _) => Err(WeightsError::BadScale { path: weights.name(), scale }.into()),
                (true, false) => Err(WeightsError::BadScale { path: weights.name(), scale: bias }.into()),
            };
        }
        let told = self.told(self.exports.as_ref().map(Exports::scale_and_bias).transpose())?.flatten();
        match (told, scoring.usual_scale) {
            (Some((scale, bias)), _) if scale.is_normal() && bias.is_finite() => Ok((rule(scale, bias), false)),
            (_, Some(usual)) => Ok((rule(usual, 0.0), true)),
            (_, None) => Err(CheckpointError::NoScale { folder: self.folder.clone() }),
        }
    }
}

fn read_json(folder: &Path, file: &'static str) -> Result<Json, CheckpointError> {
    let path = folder.join(file);
    if !path.exists() {
        return Err(CheckpointError::NoFile { folder: folder.to_owned(), file });
    }
    let read = plain_file::read(&path, LARGEST_CONFIG);
    let bytes = read.map_err(|source| CheckpointError::Unreadable { path: path.clone(), source })?;
    serde_json::from_slice(plain_file::without_mark(&bytes)).map_err(|source| CheckpointError::NotJson { path, source })
}

/// The family, and how pictures are prepared for it.
fn read_small(folder: &Path) -> Result<(Box<dyn Family>, ImageProcessor), CheckpointError> {
    let config = read_json(folder, CONFIG)?;
    let family = families::from_config(&config)
        .map_err(|source| CheckpointError::Family { folder: folder.to_owned(), source })?;
    let processor = read_processor(folder, &*family)?;
    Ok((family, processor))
}

/// The image processor: what `processor_config.json` says of it comes before `preprocessor_config.json`.
fn read_processor(folder: &Path, family: &dyn Family) -> Result<ImageProcessor, CheckpointError> {
    let outer = match folder.join(image_processor::OUTER_FILE).exists() {
        true => read_json(folder, image_processor::OUTER_FILE)?,
        false => Json::Null,
    };
    let (file, config) = match image_processor::nested(&outer) {
        Some(config) => (image_processor::OUTER_FILE, config.clone()),
        None => (image_processor::FILE, read_json(folder, image_processor::FILE)?),
    };
    ImageProcessor::from_config(&config, family.name(), family.image_size())
        .map_err(|source| CheckpointError::Processor { path: folder.join(file), source })
}

/// Files that look like weights in another form.
fn other_weights(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let known = [".bin", ".safetensors", ".onnx", ".pt", ".msgpack", ".h5", ".index.json"];
    let mut found: Vec<String> = names.filter(|name| known.iter().any(|ending| name.ends_with(ending))).collect();
    found.sort_unstable();
    found
}
