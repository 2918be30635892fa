//! Ending what a session computes from another thread.

use std::sync::Arc;

use ort::session::RunOptions;

/// By which a run can be told to end, from another thread.
pub(super) struct Options(pub(super) RunOptions);

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Options")
    }
}

/// Tells a session from another thread to end what it computes. ONNX Runtime heeds it between two operators, tract does
/// not.
#[derive(Debug, Clone)]
pub struct Halt(Option<Arc<Options>>);

impl Halt {
    pub(super) fn of(options: Arc<Options>) -> Halt {
        Halt(Some(options))
    }

    pub(super) fn none() -> Halt {
        Halt(None)
    }

    /// Tells it.
    pub fn halt(&self) {
        if let Some(Err(error)) = self.0.as_ref().map(|options| options.0.terminate()) {
            tracing::warn!("the model cannot be told to end: {error}");
        }
    }
}
