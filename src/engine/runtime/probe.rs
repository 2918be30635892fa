//! Tries a library of ONNX Runtime in a child process. A broken library may end the process that loads it (a truncated
//! file does, with a bus error), so the program starts itself again as `sis runtime-probe PATH`; that process loads the
//! library, runs the smallest graph there is, and reports the result.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::child;
use super::library::RejectReason;
use super::library_version::version_of;
use super::onnx_runtime::{OLDEST_VERSION, OnnxRuntime};
use crate::engine::graph;

/// The hidden command under which the program tries a library.
pub const COMMAND: &str = "runtime-probe";

/// How long a library may take to load and run the smallest graph. A CUDA build on a cold disk takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The tried library's report of itself: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It works.
    Works {
        /// Its version.
        version: String,
        /// Built with CUDA.
        cuda: bool,
    },
    /// It is older than the program can use.
    TooOld {
        /// Its version.
        version: String,
    },
    /// It cannot be loaded.
    NotLoadable {
        /// The loader's error.
        detail: String,
    },
}

/// Loads the library at `path` into this process and tries it. For the process that was started for this.
pub fn answer(path: &Path) -> Answer {
    let not_loadable = |error: &dyn std::fmt::Display| Answer::NotLoadable { detail: error.to_string() };
    match ort::init_from(path) {
        Err(ort::LoadDynamicError::BadVersion { version_str, .. }) => return Answer::TooOld { version: version_str },
        // The loader's own words are in the cause.
        Err(ort::LoadDynamicError::Dlopen { error, .. }) => {
            return error.source().map_or_else(|| not_loadable(&error), |cause| not_loadable(&cause));
        }
        Err(error) => return not_loadable(&error),
        Ok(_) => {}
    }
    let version = version_of(path).unwrap_or_default();
    let tried = OnnxRuntime::start(path, &version, 1).map_err(|error| not_loadable(&error));
    match tried.and_then(|runtime| try_graph(&runtime).map_err(|error| not_loadable(&error)).map(|()| runtime)) {
        Ok(runtime) => Answer::Works { version, cuda: runtime.is_built_with_cuda() },
        Err(answer) => answer,
    }
}

fn try_graph(runtime: &OnnxRuntime) -> Result<(), ort::Error> {
    runtime.builder(None)?.commit_from_memory(&graph::trivial()).map(|_| ())
}

/// Lets `program` try the library at `path`.
pub fn ask(program: &Path, path: &Path) -> Result<(String, bool), RejectReason> {
    let cannot_ask = |error: std::io::Error| RejectReason::NotLoadable { detail: error.to_string() };
    let mut command = Command::new(program);
    command.arg(COMMAND).arg(path);
    let output = child::answer_of(&mut command, PATIENCE).map_err(cannot_ask)?.ok_or(RejectReason::TooSlow)?;
    // A library may print as well: the answer is the last line.
    let last_line = output.stdout.trim_ascii().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    match serde_json::from_slice(last_line) {
        Ok(Answer::Works { version, cuda }) => Ok((version, cuda)),
        Ok(Answer::TooOld { version }) => Err(RejectReason::TooOld { version, oldest: OLDEST_VERSION }),
        Ok(Answer::NotLoadable { detail }) => Err(RejectReason::NotLoadable { detail }),
        Err(_) => Err(RejectReason::Crashed { status: output.status.to_string() }),
    }
}
