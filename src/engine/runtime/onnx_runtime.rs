//! ONNX Runtime, from a shared library that is on the machine. One library and one environment a process: that is
//! how ONNX Runtime is made.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ndarray::ArrayD;
use ort::environment::Environment;
use ort::ep::{CUDA, ExecutionProvider};
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::builder::SessionBuilder;
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::TensorRef;

use super::halt::Options;
use super::{Device, InputSpec, RuntimeError, Tensor, Tower, Workload};
use crate::domain::variant::VariantChoice;
use crate::engine::graph;

/// The oldest version that has everything the program asks for, which is the external initialisers' folder.
pub const OLDEST_VERSION: &str = "1.21";

/// Tells ONNX Runtime where external data lies when the graph comes from memory.
const WEIGHTS_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// Tells ONNX Runtime not to arrange weights for the processor when a tower is opened.
const AS_THEY_LIE: &str = "session.disable_prepacking";

/// The one environment of the process and the library that it came from.
static STARTED: OnceLock<Result<Started, String>> = OnceLock::new();

struct Started {
    environment: Environment,
    library: PathBuf,
}

/// ONNX Runtime, started.
#[derive(Debug, Clone)]
pub struct OnnxRuntime {
    environment: Environment,
    library: PathBuf,
    version: Arc<str>,
    device: Device,
    threads: usize,
    variant: VariantChoice,
    /// The folder that quantised weights are kept in.
    quantised: Option<Arc<Path>>,
}

/// Where one session computes: a GPU by number, or with none the processor.
pub(super) type Place = Option<u32>;

/// A tower in ONNX Runtime.
#[derive(Debug)]
pub struct OnnxSession {
    session: Session,
    output: String,
    /// Options of a run, through which it can be cancelled.
    options: Arc<Options>,
    /// Memory that a GPU takes its input from without the processor's help.
    pinned: Option<Allocator>,
}

impl OnnxRuntime {
    /// Starts the library at `path`, of version `version`, to compute on the processor with `threads` threads. The
    /// first library that a process starts stays: a later call for another is an error.
    pub fn start(path: &Path, version: &str, threads: usize) -> Result<OnnxRuntime, RuntimeError> {
        let not_started = |source| RuntimeError::NotStarted { library: path.to_owned(), source };
        let started = STARTED.get_or_init(|| start_environment(path).map_err(|error| error.to_string()));
        let started = started.as_ref().map_err(|error| not_started(error.clone().into()))?;
        if started.library != path {
            let running = format!("{} is running already", started.library.display());
            return Err(not_started(running.into()));
        }
        let environment = started.environment.clone();
        Ok(OnnxRuntime {
            environment,
            library: path.to_owned(),
            version: version.into(),
            device: Device::Cpu,
            threads,
            variant: VariantChoice::Auto,
            quantised: None,
        })
    }

    /// The same runtime for a variant; quantised weights are kept in the folder `quantised`.
    pub fn in_variant(self, variant: VariantChoice, quantised: Option<&Path>) -> OnnxRuntime {
        OnnxRuntime { variant, quantised: quantised.map(Into::into), ..self }
    }

    /// The same runtime on the NVIDIA GPUs that work, and CUDA's errors for the others. If none works, the error of the
    /// first is returned.
    pub fn on_cuda(&self, numbers: &[u32]) -> Result<(OnnxRuntime, Vec<(u32, ort::Error)>), ort::Error> {
        if !CUDA::is_available()? {
            return Err(ort::Error::new("this build of ONNX Runtime has no CUDA"));
        }
        super::gpu::preload_cuda_libraries(&self.library);
        let answers = |number: u32| self.builder(Some(number))?.commit_from_memory(&graph::trivial()).map(|_| number);
        let (mut answering, mut silent) = (Vec::new(), Vec::new());
        for &number in numbers {
            match answers(number) {
                Ok(number) => answering.push(number),
                Err(error) => silent.push((number, error)),
            }
        }
        match (answering.is_empty(), silent.is_empty()) {
            (true, true) => Err(ort::Error::new("there is no GPU")),
            (true, false) => Err(silent.swap_remove(0).1),
            (false, _) => Ok((OnnxRuntime { device: Device::Cuda(answering.into()), ..self.clone() }, silent)),
        }
    }

    /// True where the library was built with CUDA, whether or not a GPU is there.
    pub fn is_built_with_cuda(&self) -> bool {
        CUDA::is_available().unwrap_or(false)
    }

    /// The library's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    pub(super) fn variant(&self) -> VariantChoice {
        self.variant
    }

    pub(super) fn quantised_folder(&self) -> Option<&Path> {
        self.quantised.as_deref()
    }

    /// Where a tower can be opened.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let (on_cpu, on_gpus): (Option<Place>, &[u32]) = match &self.device {
            Device::Cpu => (Some(None), &[]),
            Device::Cuda(numbers) => (None, numbers),
        };
        on_cpu.into_iter().chain(on_gpus.iter().copied().map(Some))
    }

    pub(super) fn open(
        &self,
        tower: &Tower,
        inputs: &[InputSpec],
        outputs: &[&str],
        place: Place,
        uses: Workload,
    ) -> Result<OnnxSession, RuntimeError> {
        let refused = |error: ort::Error| RuntimeError::Graph { tower: tower.name(), source: Box::new(error) };
        let mut builder = self.builder(place).map_err(refused)?;
        if uses == Workload::Few {
            builder = builder.with_config_entry(AS_THEY_LIE, "1").map_err(|error| refused(error.into()))?;
        }
        let session = match tower {
            Tower::Export(file) => builder.commit_from_file(file),
            Tower::Graph(graph) => {
                let folder = graph.data_folder.to_str();
                let folder = folder.ok_or_else(|| RuntimeError::FolderNotText { folder: graph.data_folder.clone() })?;
                let builder = builder.with_config_entry(WEIGHTS_FOLDER, folder);
                let mut builder = builder.map_err(|error| refused(error.into()))?;
                builder.commit_from_memory(&graph.to_bytes())
            }
        };
        let session = session.map_err(refused)?;
        let unknown = session.inputs().iter().find(|input| !inputs.iter().any(|spec| spec.name == input.name()));
        if let Some(input) = unknown {
            return Err(RuntimeError::UnknownInput { tower: tower.name(), input: input.name().to_owned() });
        }
        let found: Vec<String> = session.outputs().iter().map(|output| output.name().to_owned()).collect();
        let output = outputs.iter().find(|wanted| found.iter().any(|name| name == *wanted)).ok_or_else(|| {
            let wanted = outputs.iter().map(|name| (*name).to_owned()).collect();
            RuntimeError::NoOutput { tower: tower.name(), wanted, found: found.clone() }
        })?;
        let pinned = place.and_then(|number| pinned(&session, number));
        let options = Arc::new(Options(RunOptions::new().map_err(refused)?));
        Ok(OnnxSession { session, output: (*output).to_owned(), options, pinned })
    }

    /// Session options for a place. With CUDA, anything short of CUDA is an error: ONNX Runtime by itself would
    /// fall back to the processor without a word.
    pub(super) fn builder(&self, place: Place) -> Result<SessionBuilder, ort::Error> {
        let builder = Session::builder(&self.environment)?;
        let builder = builder.with_intra_threads(self.threads)?;
        // Threads that spin while they wait would take the cores away from decoding.
        let builder = builder.with_intra_op_spinning(false)?;
        match place {
            None => Ok(builder),
            Some(number) => {
                // TF32 keeps ten bits of the mantissa; single precision was asked for.
                let cuda = CUDA::default().with_device_id(number as i32).with_tf32(false);
                Ok(builder.with_execution_providers([cuda.build().error_on_failure()])?)
            }
        }
    }
}

fn start_environment(path: &Path) -> Result<Started, Box<dyn std::error::Error + Send + Sync>> {
    let environment = ort::init_from(path)?.with_name("sis").with_telemetry(false).build()?;
    Ok(Started { environment, library: path.to_owned() })
}

/// An allocator of memory that a GPU reads by itself. A session works without one.
fn pinned(session: &Session, number: u32) -> Option<Allocator> {
    let (device, kind) = (AllocationDevice::CUDA_PINNED, AllocatorType::Device);
    let memory = MemoryInfo::new(device, number as i32, kind, MemoryType::CPUInput);
    match memory.and_then(|memory| Allocator::new(session, memory)) {
        Ok(allocator) => Some(allocator),
        Err(error) => {
            tracing::warn!("no pinned memory for GPU {number}: {error}");
            None
        }
    }
}

impl OnnxSession {
    /// A handle that ends a run.
    pub(super) fn options(&self) -> Arc<Options> {
        Arc::clone(&self.options)
    }

    pub(super) fn run(&mut self, inputs: &[(&str, Tensor<'_>)]) -> Result<ArrayD<f32>, RuntimeError> {
        let failed = |error: ort::Error| RuntimeError::Run(Box::new(error));
        let names: Vec<String> = self.session.inputs().iter().map(|input| input.name().to_owned()).collect();
        let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::new();
        for (name, tensor) in inputs.iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name)) {
            values.push((name, value_of(tensor, self.pinned.as_ref()).map_err(failed)?));
        }
        // The previous run may have been cancelled.
        self.options.0.unterminate().map_err(failed)?;
        let outputs = self.session.run_with_options(values, &self.options.0).map_err(failed)?;
        let (shape, data) = outputs[self.output.as_str()].try_extract_tensor::<f32>().map_err(failed)?;
        let shape: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
        ArrayD::from_shape_vec(shape, data.to_vec()).map_err(|error| RuntimeError::Run(Box::new(error)))
    }
}

/// A tensor as the session takes it: where it lies, or copied into memory of `allocator`.
fn value_of<'v>(tensor: &'v Tensor<'_>, allocator: Option<&Allocator>) -> Result<SessionInputValue<'v>, ort::Error> {
    let scattered = || ort::Error::new("the input does not lie in one piece");
    Ok(match tensor {
        Tensor::F32(values) if let Some(allocator) = allocator => {
            let mut copy = ort::value::Tensor::<f32>::new(allocator, values.shape().to_vec())?;
            copy.extract_tensor_mut().1.copy_from_slice(values.as_slice().ok_or_else(scattered)?);
            copy.into()
        }
        Tensor::F32(values) => {
            let slice = values.as_slice().ok_or_else(scattered)?;
            TensorRef::from_array_view((values.shape().to_vec(), slice))?.into()
        }
        Tensor::I64(values) => {
            let slice = values.as_slice().ok_or_else(scattered)?;
            TensorRef::from_array_view((values.shape().to_vec(), slice))?.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> Option<OnnxRuntime> {
        crate::skip::require_onnx_runtime().map(|library| OnnxRuntime::start(&library, "", 1).unwrap())
    }

    #[test]
    fn places_of_a_device_are_one_per_gpu() {
        let Some(on_cpu) = runtime() else { return };
        assert_eq!(on_cpu.places().collect::<Vec<_>>(), [None]);
        let on_gpus = OnnxRuntime { device: Device::Cuda([0, 2].into()), ..on_cpu };
        assert_eq!(on_gpus.places().collect::<Vec<_>>(), [Some(0), Some(2)]);
        assert_eq!(on_gpus.device().to_string(), "CUDA:0,2");
        assert_eq!(super::super::Runtime::OnnxRuntime(on_gpus).workers(16), 2);
    }

    /// The way that a GPU's input goes, with memory of the processor in place of pinned memory.
    #[test]
    fn input_copied_into_an_allocator_gives_the_same_answer() {
        let Some(runtime) = runtime() else { return };
        let input = ndarray::array![3.5f32].into_dyn();
        let run = |pinned: &dyn Fn(&Session) -> Option<Allocator>| {
            let session = runtime.builder(None).unwrap().commit_from_memory(&graph::trivial()).unwrap();
            let pinned = pinned(&session);
            let options = Arc::new(Options(RunOptions::new().unwrap()));
            let mut session = OnnxSession { session, output: "y".to_owned(), options, pinned };
            session.run(&[("x", Tensor::F32(input.view()))]).unwrap()
        };
        let on_cpu = |session: &Session| {
            let memory = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::CPUInput);
            Some(Allocator::new(session, memory.unwrap()).unwrap())
        };
        assert_eq!(run(&|_| None), ndarray::array![7.0f32].into_dyn());
        assert_eq!(run(&on_cpu), run(&|_| None));
    }
}
