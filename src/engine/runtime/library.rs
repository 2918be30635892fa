//! Libraries of ONNX Runtime that were found, accepted or rejected.

use std::path::PathBuf;

/// The place where a library was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user's settings.
    Setting,
    /// `ORT_DYLIB_PATH`.
    Variable,
    /// Beside the program.
    Program,
    /// Installed by `sis runtime install`.
    Installed,
    /// The system's loader.
    Loader,
    /// A Python package.
    Python,
}

/// A library that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLibrary {
    /// Where it is.
    pub path: PathBuf,
    /// How it was come by.
    pub origin: Origin,
    /// Its version.
    pub version: String,
    /// Built with CUDA.
    pub cuda: bool,
}

/// A library that was found and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedLibrary {
    /// Where it is.
    pub path: PathBuf,
    /// How it was come by.
    pub origin: Origin,
    /// The reason.
    pub reason: RejectReason,
}

/// The reason why a library cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectReason {
    /// The file that was named is not there.
    Missing,
    /// Too old.
    TooOld {
        /// Its version.
        version: String,
        /// The oldest that will do.
        oldest: &'static str,
    },
    /// The loader refused it: broken, or for another machine.
    NotLoadable {
        /// The loader's error.
        detail: String,
    },
    /// The process that tried it ended.
    Crashed {
        /// How it ended.
        status: String,
    },
    /// The process that tried it had to be ended.
    TooSlow,
}
