//! Choosing the runtime and the device at start, and saying what was passed over.

use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;

use super::find::{self, Places};
use super::gpu;
use super::library::{Found, PassedOver};
use super::{OnnxRuntime, Runtime, RuntimeError};

/// Which runtime is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimeChoice {
    /// ONNX Runtime where a library is found, else tract.
    #[default]
    Auto,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// tract.
    Tract,
}

/// Which device is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// A GPU where the runtime can use one and one answers.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// This GPU; where it does not answer, the processor, aloud.
    Cuda(u32),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        match text.split_once(':').unwrap_or((text, "0")) {
            ("cuda", number) => number.parse().map(DeviceChoice::Cuda).map_err(|_| format!("{number:?} is no number")),
            _ if text == "auto" => Ok(DeviceChoice::Auto),
            _ if text == "cpu" => Ok(DeviceChoice::Cpu),
            _ => Err(format!("{text:?} is none of auto, cpu, cuda and cuda:N")),
        }
    }
}

/// Something about the choice that people should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeNote {
    /// CUDA was wanted or possible, and did not answer: the processor computes.
    FellBackToCpu {
        /// What CUDA said.
        detail: String,
    },
    /// A GPU was asked for, and tract has no use for one.
    TractHasNoGpu,
    /// The machine has a GPU that is not used.
    GpuUnused,
}

/// The runtime that was chosen, and how.
#[derive(Debug)]
pub struct Selection {
    /// The runtime, ready.
    pub runtime: Runtime,
    /// The library, where there is one.
    pub library: Option<Found>,
    /// Libraries that were found and could not be used.
    pub passed_over: Vec<PassedOver>,
    /// What people should know.
    pub notes: Vec<RuntimeNote>,
}

/// Chooses a runtime, to compute with `threads` threads. `program` is this program, which tries libraries in a process
/// of its own.
pub fn select(
    choice: RuntimeChoice,
    device: DeviceChoice,
    places: &Places,
    program: &Path,
    threads: usize,
) -> Result<Selection, RuntimeError> {
    if choice == RuntimeChoice::Tract {
        return Ok(tract(device, vec![]));
    }
    match find::find(places, program) {
        (Some(library), passed_over) => onnx_runtime(library, device, passed_over, threads),
        (None, passed_over) if choice == RuntimeChoice::OnnxRuntime => Err(RuntimeError::NoneFound { passed_over }),
        (None, passed_over) => Ok(tract(device, passed_over)),
    }
}

fn tract(device: DeviceChoice, passed_over: Vec<PassedOver>) -> Selection {
    let note = match device {
        DeviceChoice::Cuda(_) => Some(RuntimeNote::TractHasNoGpu),
        DeviceChoice::Auto if gpu::nvidia_gpu_present() => Some(RuntimeNote::GpuUnused),
        _ => None,
    };
    Selection { runtime: Runtime::Tract, library: None, passed_over, notes: note.into_iter().collect() }
}

fn onnx_runtime(
    library: Found,
    device: DeviceChoice,
    passed_over: Vec<PassedOver>,
    threads: usize,
) -> Result<Selection, RuntimeError> {
    let on_cpu = OnnxRuntime::start(&library.path, &library.version, threads)?;
    let gpu_present = gpu::nvidia_gpu_present();
    let wanted = match device {
        DeviceChoice::Cuda(number) => Some(number),
        DeviceChoice::Auto if library.cuda && gpu_present => Some(0),
        DeviceChoice::Auto | DeviceChoice::Cpu => None,
    };
    let mut notes = Vec::new();
    let runtime = match wanted.map(|number| on_cpu.on_cuda(number)) {
        Some(Ok(on_gpu)) => on_gpu,
        Some(Err(error)) => {
            notes.push(RuntimeNote::FellBackToCpu { detail: error.to_string() });
            on_cpu
        }
        None => {
            if device == DeviceChoice::Auto && gpu_present {
                notes.push(RuntimeNote::GpuUnused);
            }
            on_cpu
        }
    };
    Ok(Selection { runtime: Runtime::OnnxRuntime(runtime), library: Some(library), passed_over, notes })
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
