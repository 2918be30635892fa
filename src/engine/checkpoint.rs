//! A checkpoint in a local folder: what is in it, and whether it can be used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::families::{self, Family, FamilyError};
use super::image_processor::{ImageProcessor, ProcessorError};
use super::runtime::{Runtime, Tower};
use super::tokenizer::{Tokenizer, TokenizerError};
use super::weights::{WeightFile, WeightsError};
use crate::domain::score::ScoreRule;

/// The largest configuration file that is read. The largest seen are a few kilobytes.
const LARGEST_CONFIG: u64 = 10_000_000;

/// Why a folder cannot be used as a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// There is no such folder.
    #[error("{folder} is no folder")]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A file that every checkpoint has is not there.
    #[error("{folder} has no {file}")]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{path} is not JSON")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The configuration names no known family or makes no sense.
    #[error("{folder} holds no usable configuration")]
    Family {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        source: FamilyError,
    },
    /// The image processor's file makes no sense.
    #[error("{path} cannot be used")]
    Processor {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ProcessorError,
    },
    /// There are neither weights nor ONNX towers.
    #[error("{folder} has no weights")]
    NoWeights {
        /// The folder.
        folder: PathBuf,
        /// Files of weights in forms that the program does not read.
        found: Vec<String>,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

/// Which of a checkpoint's two towers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TowerKind {
    /// For pictures.
    Image,
    /// For sentences.
    Text,
}

/// A pair of ONNX files.
#[derive(Debug, Clone)]
struct Exports {
    image: PathBuf,
    text: PathBuf,
}

/// A checkpoint, its small files read and its large ones found.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    folder: PathBuf,
    family: Arc<dyn Family>,
    processor: ImageProcessor,
    tokenizer: Tokenizer,
    weights: Option<WeightFile>,
    exports: Option<Exports>,
}

impl Checkpoint {
    /// Opens the checkpoint in `folder`, in Hugging Face layout.
    pub fn open(folder: &Path) -> Result<Checkpoint, CheckpointError> {
        if !folder.is_dir() {
            return Err(CheckpointError::NoFolder { folder: folder.to_owned() });
        }
        let config = read_json(folder, "config.json")?;
        let family = families::from_config(&config)
            .map_err(|source| CheckpointError::Family { folder: folder.to_owned(), source })?;
        let processor = read_processor(folder, family.image_size())?;
        let safetensors = folder.join("model.safetensors");
        let weights = safetensors.exists().then(|| WeightFile::open(&safetensors)).transpose()?;
        let exports = Exports::in_folder(folder);
        if weights.is_none() && exports.is_none() {
            return Err(CheckpointError::NoWeights { folder: folder.to_owned(), found: other_weights(folder) });
        }
        let tokenizer = Tokenizer::open(folder, family.token_limit(), family.vocabulary())?;
        Ok(Checkpoint { folder: folder.to_owned(), family: family.into(), processor, tokenizer, weights, exports })
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

    /// A tower in the form that suits the runtime: an ONNX export first in ONNX Runtime, a graph of ours first in tract,
    /// which cannot read every export.
    pub fn tower(&self, kind: TowerKind, runtime: &Runtime) -> Result<Tower, CheckpointError> {
        match (self.written_from(runtime), &self.exports) {
            (Some(weights), _) => {
                let graph = match kind {
                    TowerKind::Image => self.family.image_graph(weights)?,
                    TowerKind::Text => self.family.text_graph(weights)?,
                };
                Ok(Tower::Written(Box::new(graph)))
            }
            (None, Some(exports)) => Ok(Tower::Export(match kind {
                TowerKind::Image => exports.image.clone(),
                TowerKind::Text => exports.text.clone(),
            })),
            (None, None) => Err(CheckpointError::NoWeights { folder: self.folder.clone(), found: vec![] }),
        }
    }

    /// The weights, where the runtime is given a graph of ours.
    fn written_from(&self, runtime: &Runtime) -> Option<&WeightFile> {
        let prefers_export = matches!(runtime, Runtime::OnnxRuntime(_));
        self.weights.as_ref().filter(|_| self.exports.is_none() || !prefers_export)
    }

    /// The large files that the image tower is read from: weights, or an export with what lies beside it.
    pub fn image_files(&self, runtime: &Runtime) -> Vec<PathBuf> {
        match (self.written_from(runtime), &self.exports) {
            (Some(weights), _) => vec![weights.path.clone()],
            (None, Some(exports)) => exports.image_files(),
            (None, None) => vec![],
        }
    }

    /// How embeddings become scores, and whether the scale had to be assumed because the export has lost it.
    pub fn score_rule(&self) -> Result<(ScoreRule, bool), CheckpointError> {
        match &self.weights {
            Some(weights) => Ok((self.family.score_rule(weights)?, false)),
            None => Ok((self.family.assumed_score_rule(), true)),
        }
    }
}

impl Exports {
    /// The split towers under `onnx/`, if both are there.
    fn in_folder(folder: &Path) -> Option<Exports> {
        let file = |name: &str| Some(folder.join("onnx").join(name)).filter(|path| path.exists());
        Some(Exports { image: file("vision_model.onnx")?, text: file("text_model.onnx")? })
    }

    /// The image tower's export and the files that hold its weights, which by custom begin with its name.
    fn image_files(&self) -> Vec<PathBuf> {
        let stem = self.image.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let entries = self.image.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        let is_its = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&stem));
        let mut files: Vec<PathBuf> = paths.filter(is_its).collect();
        files.sort_unstable();
        files
    }
}

fn read_json(folder: &Path, file: &'static str) -> Result<Json, CheckpointError> {
    let path = folder.join(file);
    if !path.exists() {
        return Err(CheckpointError::NoFile { folder: folder.to_owned(), file });
    }
    let read = |path: &Path| {
        use std::io::Read;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LARGEST_CONFIG).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = read(&path).map_err(|source| CheckpointError::Unreadable { path: path.clone(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| CheckpointError::NotJson { path, source })
}

/// The image processor: what `processor_config.json` says of it comes before `preprocessor_config.json`.
fn read_processor(folder: &Path, side: usize) -> Result<ImageProcessor, CheckpointError> {
    let newer = match folder.join("processor_config.json").exists() {
        true => read_json(folder, "processor_config.json")?.get("image_processor").cloned(),
        false => None,
    };
    let (file, config) = match newer {
        Some(config) => ("processor_config.json", config),
        None => ("preprocessor_config.json", read_json(folder, "preprocessor_config.json")?),
    };
    ImageProcessor::from_config(&config, side)
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
