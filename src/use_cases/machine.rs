//! The machine that runs are made on, and the user's folders.

use std::path::PathBuf;

use crate::built_in::Unpacker;
use crate::engine::runtime::find::LibrarySearchPath;
use crate::engine::runtime::select::RuntimeRequest;
use crate::jobs::embedding_cache::EmbeddingCacheConfig;
use crate::store::known::KnownSessions;

/// Everything that a run has to know of the machine and of the user.
#[derive(Debug)]
pub struct Machine {
    /// Where libraries of ONNX Runtime are looked for.
    pub places: LibrarySearchPath,
    /// Which runtime is wanted, where it computes, and in which numbers.
    pub runtime: RuntimeRequest,
    /// This program, to be started again for trying libraries.
    pub program: PathBuf,
    /// Where embeddings are remembered; nowhere without a home folder.
    pub cache: Option<EmbeddingCacheConfig>,
    /// Unpacks the built-in model.
    pub built_in: Unpacker,
    /// Where the program keeps what it installs, and which sessions are the user's own; none without a home folder.
    pub data_folder: Option<PathBuf>,
}

impl Machine {
    /// The sessions that are the user's own, by the data folder.
    pub fn known_sessions(&self) -> KnownSessions {
        KnownSessions::in_folder(self.data_folder.as_deref())
    }
}
