//! Runtimes, which run the towers: ONNX Runtime where a library of it is found, else tract, which is built in.

mod brain_float;
mod child;
mod error;
pub mod find;
pub mod gpu;
mod halt;
pub mod install;
pub mod library;
mod library_version;
mod onnx_runtime;
pub mod probe;
pub mod select;
mod tower;
mod tract;

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use crate::domain::variant::{Variant, VariantChoice};
pub use error::RuntimeError;
pub use halt::Halt;
pub use onnx_runtime::{OLDEST_VERSION, OnnxRuntime};
pub use tower::{Dim, InputSpec, InputType, Tensor, Tower};

/// Where a runtime computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// NVIDIA GPUs, by number: one session of the image tower on each.
    Cuda(Arc<[u32]>),
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("CPU"),
            Device::Cuda(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                write!(f, "CUDA:{}", numbers.join(","))
            }
        }
    }
}

/// How much an open tower will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Few pictures or sentences: ONNX Runtime leaves the weights as they are in the file and packs those of a product
    /// each time it is computed.
    Few,
    /// Many: all weights are packed for the processor once, as a copy, when the tower is opened.
    Many,
}

/// Up to this many pictures, packing the weights costs more than it saves. Without it ViT-B/32 opens faster by the time
/// of seven pictures and ViT-L/14 by that of one; both then take 2 to 6 % longer per picture.
const FEW: usize = 40;

impl Workload {
    /// The workload for this number of pictures; `Many` where it is unknown.
    pub fn of(pictures: Option<usize>) -> Workload {
        if pictures.is_some_and(|pictures| pictures <= FEW) { Workload::Few } else { Workload::Many }
    }
}

/// A runtime that is ready to open towers.
#[derive(Debug, Clone)]
pub enum Runtime {
    /// ONNX Runtime, from a library of this machine.
    OnnxRuntime(OnnxRuntime),
    /// tract, built in.
    Tract,
}

impl Runtime {
    /// Its name, as people know it.
    pub fn name(&self) -> &'static str {
        match self {
            Runtime::OnnxRuntime(_) => "ONNX Runtime",
            Runtime::Tract => "tract",
        }
    }

    /// Its version.
    pub fn version(&self) -> &str {
        match self {
            Runtime::OnnxRuntime(runtime) => runtime.version(),
            Runtime::Tract => tract::VERSION,
        }
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        match self {
            Runtime::OnnxRuntime(runtime) => runtime.device().clone(),
            Runtime::Tract => Device::Cpu,
        }
    }

    /// The numbers that the image tower computes with, if its weights are at hand.
    pub fn variant(&self) -> Variant {
        match (self, self.variant_choice(), self.device()) {
            (Runtime::Tract, _, _) => Variant::Fp32,
            (_, VariantChoice::Only(variant), _) => variant,
            (_, VariantChoice::Auto, Device::Cpu) => Variant::Fp32,
            (_, VariantChoice::Auto, Device::Cuda(_)) => Variant::Fp16,
        }
    }

    /// The same for a variant. tract has but one.
    pub fn in_variant(self, variant: VariantChoice) -> Runtime {
        match self {
            Runtime::OnnxRuntime(runtime) => {
                let quantised = runtime.quantised_folder().map(ToOwned::to_owned);
                Runtime::OnnxRuntime(runtime.in_variant(variant, quantised.as_deref()))
            }
            Runtime::Tract => Runtime::Tract,
        }
    }

    /// The device, and the numbers that a model computes with where they are not single precision.
    pub fn computes_in(&self, variant: Variant) -> String {
        match variant {
            Variant::Fp32 => self.device().to_string(),
            variant => format!("{} ({variant})", self.device()),
        }
    }

    /// The variant that was asked for.
    pub fn variant_choice(&self) -> VariantChoice {
        match self {
            Runtime::OnnxRuntime(runtime) => runtime.variant(),
            Runtime::Tract => VariantChoice::Auto,
        }
    }

    /// The folder that quantised weights are kept in.
    pub fn quantised_folder(&self) -> Option<&Path> {
        match self {
            Runtime::OnnxRuntime(runtime) => runtime.quantised_folder(),
            Runtime::Tract => None,
        }
    }

    /// The device, and the variant where it is not single precision.
    pub fn computes(&self) -> String {
        self.computes_in(self.variant())
    }

    /// How many pictures should go through a tower together. On a processor the gain ends early, on a GPU late; tract
    /// takes one at a time.
    pub fn best_batch_size(&self) -> usize {
        match (self, self.device()) {
            (Runtime::Tract, _) => 1,
            (_, Device::Cpu) => 8,
            (_, Device::Cuda(_)) => 64,
        }
    }

    /// How many sessions of a tower run in parallel on `cores` cores: one per GPU, one for all cores in ONNX Runtime,
    /// one per core in tract.
    pub fn workers(&self, cores: usize) -> usize {
        match self {
            Runtime::OnnxRuntime(runtime) => runtime.places().count(),
            Runtime::Tract => cores.max(1),
        }
    }

    /// True where one tower can be opened before another is closed at little cost: tract holds the weights of each in
    /// memory.
    pub fn opens_side_by_side(&self) -> bool {
        matches!(self, Runtime::OnnxRuntime(_))
    }

    /// Opens a tower. Of `inputs` it gets those that it has; of `outputs` the first that it has is the answer.
    pub fn open(
        &self,
        tower: &Tower,
        inputs: &[InputSpec],
        outputs: &[&str],
        uses: Workload,
    ) -> Result<Session, RuntimeError> {
        match self {
            Runtime::OnnxRuntime(runtime) => {
                let place = runtime.places().next().flatten();
                runtime.open(tower, inputs, outputs, place, uses).map(Session::OnnxRuntime)
            }
            Runtime::Tract => tract::TractSession::open(tower, inputs, outputs).map(Session::Tract),
        }
    }

    /// Opens a tower as one session for each of [`Runtime::workers`]. Sessions of tract share their weights.
    pub fn open_workers(
        &self,
        tower: &Tower,
        inputs: &[InputSpec],
        outputs: &[&str],
        cores: usize,
        uses: Workload,
    ) -> Result<Vec<Session>, RuntimeError> {
        match self {
            Runtime::OnnxRuntime(runtime) => {
                let open = |place| runtime.open(tower, inputs, outputs, place, uses).map(Session::OnnxRuntime);
                runtime.places().map(open).collect()
            }
            Runtime::Tract => {
                let session = tract::TractSession::open(tower, inputs, outputs)?;
                Ok((0..self.workers(cores)).map(|_| Session::Tract(session.clone())).collect())
            }
        }
    }
}

/// An open tower.
#[derive(Debug)]
pub enum Session {
    /// In ONNX Runtime: any number of rows at a time, on all cores.
    OnnxRuntime(onnx_runtime::OnnxSession),
    /// In tract: one row at a time, on one core.
    Tract(tract::TractSession),
}

impl Session {
    /// Runs the tower. Every input has the same number of rows, as has the answer: (rows, dimensions).
    pub fn run(&mut self, inputs: &[(&str, Tensor<'_>)], rows: usize) -> Result<Array2<f32>, RuntimeError> {
        let answer = match self {
            Session::OnnxRuntime(session) => crate::panics::caught(|| session.run(inputs))??,
            Session::Tract(session) => crate::panics::caught(|| session.run(inputs, rows))??,
        };
        let found = answer.shape().to_vec();
        let matrix =
            answer.into_dimensionality().map_err(|_| RuntimeError::OutputShape { found: found.clone(), rows })?;
        if matrix.nrows() == rows { Ok(matrix) } else { Err(RuntimeError::OutputShape { found, rows }) }
    }

    /// A handle with which another thread can cancel it.
    pub fn halt(&self) -> Halt {
        match self {
            Session::OnnxRuntime(session) => Halt::of(session.options()),
            Session::Tract(_) => Halt::none(),
        }
    }

    /// True where several rows go through together; where not, they are run one by one.
    pub fn takes_batches(&self) -> bool {
        matches!(self, Session::OnnxRuntime(_))
    }

    /// True where sentences must be filled up to the longest that the tower takes.
    pub fn wants_full_length(&self) -> bool {
        matches!(self, Session::Tract(_))
    }
}
