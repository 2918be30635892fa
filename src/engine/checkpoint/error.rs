//! Errors of opening a checkpoint.

use std::path::PathBuf;

use crate::domain::variant::Variant;
use crate::engine::exports::ExportError;
use crate::engine::families::FamilyError;
use crate::engine::image_processor::ProcessorError;
use crate::engine::quantised::QuantisingError;
use crate::engine::tokenizer::TokenizerError;
use crate::engine::weights::WeightsError;

/// A folder cannot be used as a checkpoint.
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
    /// The model is in the form of open_clip.
    #[error("{folder} holds a model of open_clip")]
    OpenClip {
        /// The folder.
        folder: PathBuf,
    },
    /// The model is in a folder inside.
    #[error("the model is in {inside}")]
    Inside {
        /// The folder.
        folder: PathBuf,
        /// The folder in it.
        inside: PathBuf,
    },
    /// A file is a pointer of git-lfs that stands for it.
    #[error("{path} is a pointer of git-lfs")]
    Pointer {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file is another one than when the model was opened.
    #[error("{path} was changed since it was hashed")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file is not JSON.
    #[error("{path} is not JSON")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: serde_json::Error,
    },
    /// The configuration names no known family or makes no sense.
    #[error("{folder} holds no usable configuration")]
    Family {
        /// The folder.
        folder: PathBuf,
        /// The fault.
        source: FamilyError,
    },
    /// The image processor's file makes no sense.
    #[error("{path} cannot be used")]
    Processor {
        /// The file.
        path: PathBuf,
        /// The fault.
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
    /// An ONNX export cannot be used.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// There is only an export, which has lost a scale that nothing else tells.
    #[error("{folder} holds no scale")]
    NoScale {
        /// The folder.
        folder: PathBuf,
    },
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// There is only an export, whose numbers cannot be changed, and none in the variant that was asked for.
    #[error("{folder} holds an export and no weights, and cannot be used in {variant}")]
    OnlyExport {
        /// The folder.
        folder: PathBuf,
        /// The variant that was asked for.
        variant: Variant,
    },
    /// The weights could not be quantised.
    #[error(transparent)]
    Quantising(#[from] QuantisingError),
    /// There is no folder for quantised weights.
    #[error("there is no folder for quantised weights")]
    NowhereToQuantise,
}
