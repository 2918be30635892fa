//! ONNX Runtime, from a shared library that is on the machine. One library and one environment a process: that is
//! how ONNX Runtime is made.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ndarray::ArrayD;
use ort::environment::Environment;
use ort::ep::{CUDA, ExecutionProvider};
use ort::session::builder::SessionBuilder;
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;

use super::{Device, InputSpec, RuntimeError, Tensor, Tower};
use crate::engine::graph;

/// The oldest version that has everything the program asks for, which is the external initialisers' folder.
pub const OLDEST_VERSION: &str = "1.21";

/// Tells ONNX Runtime where external data lies when the graph comes from memory.
const WEIGHTS_FOLDER: &str = "session.model_external_initializers_file_folder_path";

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
}

/// A tower in ONNX Runtime.
#[derive(Debug)]
pub struct OnnxSession {
    session: Session,
    output: String,
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
        Ok(OnnxRuntime { environment, library: path.to_owned(), version: version.into(), device: Device::Cpu, threads })
    }

    /// The same runtime on an NVIDIA GPU, if one answers. The error is what CUDA said.
    pub fn on_cuda(&self, number: u32) -> Result<OnnxRuntime, ort::Error> {
        if !CUDA::is_available()? {
            return Err(ort::Error::new("this build of ONNX Runtime has no CUDA"));
        }
        super::gpu::preload_cuda_libraries(&self.library);
        let runtime = OnnxRuntime { device: Device::Cuda(number), ..self.clone() };
        runtime.builder()?.commit_from_memory(&graph::trivial())?;
        Ok(runtime)
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
    pub fn device(&self) -> Device {
        self.device
    }

    pub(super) fn open(
        &self,
        tower: &Tower,
        inputs: &[InputSpec],
        outputs: &[&str],
    ) -> Result<OnnxSession, RuntimeError> {
        let refused = |error: ort::Error| RuntimeError::Graph { tower: tower.name(), source: Box::new(error) };
        let mut builder = self.builder().map_err(refused)?;
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
        Ok(OnnxSession { session, output: (*output).to_owned() })
    }

    /// Session options for this device. With CUDA, anything short of CUDA is an error: ONNX Runtime by itself would
    /// fall back to the processor without a word.
    pub(super) fn builder(&self) -> Result<SessionBuilder, ort::Error> {
        let builder = Session::builder(&self.environment)?;
        let builder = builder.with_intra_threads(self.threads)?;
        // Threads that spin while they wait would take the cores away from decoding.
        let builder = builder.with_intra_op_spinning(false)?;
        match self.device {
            Device::Cpu => Ok(builder),
            Device::Cuda(number) => {
                let cuda = CUDA::default().with_device_id(number as i32).build().error_on_failure();
                Ok(builder.with_execution_providers([cuda])?)
            }
        }
    }
}

fn start_environment(path: &Path) -> Result<Started, Box<dyn std::error::Error + Send + Sync>> {
    let environment = ort::init_from(path)?.with_name("sis").with_telemetry(false).build()?;
    Ok(Started { environment, library: path.to_owned() })
}

impl OnnxSession {
    pub(super) fn run(&mut self, inputs: &[(&str, Tensor<'_>)]) -> Result<ArrayD<f32>, RuntimeError> {
        let failed = |error: ort::Error| RuntimeError::Run(Box::new(error));
        let names: Vec<String> = self.session.inputs().iter().map(|input| input.name().to_owned()).collect();
        let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::new();
        for (name, tensor) in inputs.iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name)) {
            values.push((name, value_of(tensor).map_err(failed)?));
        }
        let outputs = self.session.run(values).map_err(failed)?;
        let (shape, data) = outputs[self.output.as_str()].try_extract_tensor::<f32>().map_err(failed)?;
        let shape: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
        ArrayD::from_shape_vec(shape, data.to_vec()).map_err(|error| RuntimeError::Run(Box::new(error)))
    }
}

fn value_of<'v>(tensor: &'v Tensor<'_>) -> Result<SessionInputValue<'v>, ort::Error> {
    let scattered = || ort::Error::new("the input does not lie in one piece");
    Ok(match tensor {
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
