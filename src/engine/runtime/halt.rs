//! Cancels the computation of a session from another thread.

use std::sync::Arc;

use ort::session::RunOptions;

/// The options of a run, through which another thread can cancel it.
pub(super) struct Options(pub(super) RunOptions);

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Options")
    }
}

/// Cancels the computation of a session. ONNX Runtime stops between two operators; tract cannot be stopped.
#[derive(Debug, Clone)]
pub struct Halt(Option<Arc<Options>>);

impl Halt {
    pub(super) fn of(options: Arc<Options>) -> Halt {
        Halt(Some(options))
    }

    pub(super) fn none() -> Halt {
        Halt(None)
    }

    /// Requests the cancellation.
    pub fn halt(&self) {
        if let Some(Err(error)) = self.0.as_ref().map(|options| options.0.terminate()) {
            tracing::warn!("the model cannot be told to end: {error}");
        }
    }
}
