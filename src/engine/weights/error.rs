//! Errors of weights.

use std::path::{Path, PathBuf};

/// Weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is shorter than its header says, as after an interrupted download.
    #[error("{path} has {length} bytes, its header speaks of {expected}")]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The length it should have at least.
        expected: u64,
    },
    /// The header is not what the format says.
    #[error("the header of {path} is damaged: {detail}")]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// The fault, in English, for the log.
        detail: String,
    },
    /// An index names a file that is not there.
    #[error("{index} names {shard}, which is not there")]
    NoShard {
        /// The index.
        index: PathBuf,
        /// The file that it names.
        shard: String,
    },
    /// An index names a file outside its folder.
    #[error("{index} names {shard}, which is not in its folder")]
    ShardOutside {
        /// The index.
        index: PathBuf,
        /// The file that it names.
        shard: String,
    },
    /// The file is a pickle that calls something other than what makes tensors.
    #[error("{path} calls {called}")]
    Calls {
        /// The file.
        path: PathBuf,
        /// The function that it calls.
        called: String,
    },
    /// The file was written by PyTorch before 1.6, in a form that keeps tensors where nothing can point at them.
    #[error("{path} is of the form that PyTorch wrote before 1.6")]
    OldTorch {
        /// The file.
        path: PathBuf,
    },
    /// A tensor is a view with gaps or repetitions, which no runtime can be pointed at.
    #[error("{tensor} in {path} does not lie in one piece")]
    Scattered {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// The file lies in a folder whose name is not text, which runtimes cannot be told.
    #[error("{path:?} is not UTF-8")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A tensor that the family needs is not there.
    #[error("{path} has no tensor {tensor}")]
    NoTensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor has another shape than the checkpoint's configuration says.
    #[error("{tensor} in {path} has shape {found:?}, the configuration says {expected:?}")]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// The scale or bias of the logits is no usable number.
    #[error("the scale in {path} is {scale}")]
    BadScale {
        /// The file.
        path: PathBuf,
        /// The scale.
        scale: f32,
    },
    /// A tensor has an element type that is no floating point number.
    #[error("{tensor} in {path} is not in F32, F16 or BF16")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
}

impl WeightsError {
    pub(super) fn bad_header(path: &Path, detail: impl Into<String>) -> WeightsError {
        WeightsError::BadHeader { path: path.to_owned(), detail: detail.into() }
    }
}
