//! Chooses the runtime and the device at start, and notes which were rejected.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::find::{self, LibrarySearchPath};
use super::gpu;
use super::library::{FoundLibrary, RejectedLibrary};
use super::{Device, OnnxRuntime, Runtime, RuntimeError};
use crate::domain::variant::{Variant, VariantChoice};

/// Which runtime is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimeChoice {
    /// ONNX Runtime where a library is found, else tract.
    #[default]
    Auto,
    /// ONNX Runtime; an error if there is none.
    OnnxRuntime,
    /// tract.
    Tract,
}

/// Which device is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// Every GPU that answers, where the runtime can use them.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// Every GPU that answers; where none does, the processor, aloud.
    EveryGpu,
    /// This GPU; where it does not answer, the processor, aloud.
    Gpu(u32),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        match (text, text.split_once(':')) {
            ("auto", _) => Ok(DeviceChoice::Auto),
            ("cpu", _) => Ok(DeviceChoice::Cpu),
            ("cuda", _) => Ok(DeviceChoice::EveryGpu),
            (_, Some(("cuda", number))) => {
                number.parse().map(DeviceChoice::Gpu).map_err(|_| format!("{number:?} is no number"))
            }
            _ => Err(format!("{text:?} is none of auto, cpu, cuda and cuda:N")),
        }
    }
}

/// A note about the choice, for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeNote {
    /// CUDA was requested or possible, and did not work: the processor computes.
    FellBackToCpu {
        /// The error of CUDA.
        detail: String,
    },
    /// One of several GPUs did not answer: the others compute.
    GpuLeftOut {
        /// Its number.
        number: u32,
        /// The error of CUDA.
        detail: String,
    },
    /// A GPU was asked for, and tract has no use for one.
    TractHasNoGpu,
    /// The machine has a GPU that is not used.
    GpuUnused,
}

/// The runtime that a user asks for.
#[derive(Debug, Clone, Default)]
pub struct RuntimeRequest {
    /// Which runtime.
    pub runtime: RuntimeChoice,
    /// Where it computes.
    pub device: DeviceChoice,
    /// In which numbers.
    pub variant: VariantChoice,
    /// The folder that quantised weights are kept in; without one there are none.
    pub quantised: Option<PathBuf>,
}

/// The runtime that was chosen, and how.
#[derive(Debug)]
pub struct Selection {
    /// The runtime, ready.
    pub runtime: Runtime,
    /// The library, where there is one.
    pub library: Option<FoundLibrary>,
    /// Libraries that were found and could not be used.
    pub passed_over: Vec<RejectedLibrary>,
    /// Notes that people should know.
    pub notes: Vec<RuntimeNote>,
}

/// Chooses a runtime, to compute with `threads` threads. `program` is this program, which tries libraries in a process
/// of its own.
pub fn select(
    request: &RuntimeRequest,
    places: &LibrarySearchPath,
    program: &Path,
    threads: usize,
) -> Result<Selection, RuntimeError> {
    if request.runtime == RuntimeChoice::Tract {
        return tract(request, vec![]);
    }
    match find::find(places, program) {
        (Some(library), passed_over) => onnx_runtime(library, request, passed_over, threads),
        (None, passed_over) if request.runtime == RuntimeChoice::OnnxRuntime => {
            Err(RuntimeError::NoneFound { passed_over })
        }
        (None, passed_over) => tract(request, passed_over),
    }
}

fn tract(request: &RuntimeRequest, passed_over: Vec<RejectedLibrary>) -> Result<Selection, RuntimeError> {
    if let VariantChoice::Only(variant @ (Variant::Fp16 | Variant::Int8)) = request.variant {
        return Err(RuntimeError::VariantNotInTract { variant });
    }
    let note = match request.device {
        DeviceChoice::EveryGpu | DeviceChoice::Gpu(_) => Some(RuntimeNote::TractHasNoGpu),
        DeviceChoice::Auto if gpu::nvidia_gpu_present() => Some(RuntimeNote::GpuUnused),
        _ => None,
    };
    Ok(Selection { runtime: Runtime::Tract, library: None, passed_over, notes: note.into_iter().collect() })
}

fn onnx_runtime(
    library: FoundLibrary,
    request: &RuntimeRequest,
    passed_over: Vec<RejectedLibrary>,
    threads: usize,
) -> Result<Selection, RuntimeError> {
    let on_cpu = OnnxRuntime::start(&library.path, &library.version, threads)?;
    let gpus = match request.device {
        DeviceChoice::Gpu(number) => Some(vec![number]),
        // If they cannot be counted, try the first: CUDA then reports what is wrong.
        DeviceChoice::EveryGpu => Some(Some(gpu::numbers()).filter(|numbers| !numbers.is_empty()).unwrap_or(vec![0])),
        // None if `CUDA_VISIBLE_DEVICES` hides them all: the user wants it so.
        DeviceChoice::Auto if library.cuda => Some(gpu::numbers()).filter(|numbers| !numbers.is_empty()),
        DeviceChoice::Auto | DeviceChoice::Cpu => None,
    };
    let mut notes = Vec::new();
    let runtime = match gpus.map(|numbers| on_cpu.on_cuda(&numbers)) {
        Some(Ok((on_gpus, silent))) => {
            let left_out =
                silent.into_iter().map(|(number, error)| RuntimeNote::GpuLeftOut { number, detail: error.to_string() });
            notes.extend(left_out);
            on_gpus
        }
        Some(Err(error)) => {
            notes.push(RuntimeNote::FellBackToCpu { detail: error.to_string() });
            on_cpu
        }
        None => {
            if request.device == DeviceChoice::Auto && !library.cuda && gpu::nvidia_gpu_present() {
                notes.push(RuntimeNote::GpuUnused);
            }
            on_cpu
        }
    };
    if let (Device::Cuda(_), VariantChoice::Only(variant @ Variant::Int8)) = (runtime.device(), request.variant) {
        return Err(RuntimeError::VariantNotOnGpu { variant });
    }
    let runtime = runtime.in_variant(request.variant, request.quantised.as_deref());
    Ok(Selection { runtime: Runtime::OnnxRuntime(runtime), library: Some(library), passed_over, notes })
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_choice_is_parsed_from_its_names() {
        for (text, expected) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda", DeviceChoice::EveryGpu),
            ("cuda:3", DeviceChoice::Gpu(3)),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0"] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }
}
