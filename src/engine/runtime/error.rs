//! Errors of opening and running towers.

use std::path::PathBuf;

use super::library::RejectedLibrary;
use crate::domain::variant::Variant;
use crate::panics::Panicked;

/// A runtime failed.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// ONNX Runtime was asked for, and no library of it can be used.
    #[error("no usable ONNX Runtime library")]
    NoneFound {
        /// Libraries that were found and cannot be used.
        passed_over: Vec<RejectedLibrary>,
    },
    /// tract computes in single precision only.
    #[error("tract has no {variant}")]
    VariantNotInTract {
        /// The variant that was asked for.
        variant: Variant,
    },
    /// A GPU does not compute in these numbers.
    #[error("a GPU has no {variant}")]
    VariantNotOnGpu {
        /// The variant that was asked for.
        variant: Variant,
    },
    /// The library worked when it was tried, and then refused to start.
    #[error("{library} could not be started")]
    NotStarted {
        /// The library.
        library: PathBuf,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tower could not be opened.
    #[error("{tower} could not be opened")]
    Graph {
        /// The tower.
        tower: String,
        /// The runtime's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// tract cannot read an ONNX file that ONNX Runtime may well read.
    #[error("tract cannot read {file}")]
    ExportNotReadable {
        /// The file.
        file: PathBuf,
        /// The error of tract.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tower has none of the outputs that hold an embedding.
    #[error("{tower} has none of the outputs {wanted:?}, only {found:?}")]
    NoOutput {
        /// The tower.
        tower: String,
        /// Names that would do.
        wanted: Vec<String>,
        /// Names that are there.
        found: Vec<String>,
    },
    /// A tower wants an input that the program does not have.
    #[error("{tower} wants the input {input:?}")]
    UnknownInput {
        /// The tower.
        tower: String,
        /// The input's name.
        input: String,
    },
    /// The name of the weights' folder is not UTF-8, which ONNX Runtime requires.
    #[error("{folder:?} is not UTF-8")]
    FolderNotText {
        /// The folder.
        folder: PathBuf,
    },
    /// A tower failed on its input.
    #[error("the model failed")]
    Run(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A tower's output is no matrix with one row a picture or sentence.
    #[error("the model answered with shape {found:?} for {rows} rows")]
    OutputShape {
        /// The shape.
        found: Vec<usize>,
        /// How many rows were asked for.
        rows: usize,
    },
}

impl From<Panicked> for RuntimeError {
    fn from(panicked: Panicked) -> RuntimeError {
        RuntimeError::Run(Box::new(panicked))
    }
}
