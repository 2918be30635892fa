//! tract: a runtime in Rust, built in. It uses one core a session and takes inputs of fixed shape, so that towers are
//! opened for one row and rows go through one by one; several sessions share one plan and its weights.

use std::sync::Arc;

use ndarray::{ArrayD, Axis};
use tract_onnx::prelude::{
    DatumExt, Framework, InferenceFact, InferenceModelExt, IntoRunnable, IntoTensor, TValue, TVec, TypedRunnableModel,
};

use tract_onnx::pb::ModelProto;

use super::brain_float::Widening;
use super::{Dim, InputSpec, InputType, RuntimeError, Tensor, Tower};
use crate::panics::caught;

/// The version that this program is built with.
pub(super) const VERSION: &str = "0.23";

/// A tower in tract.
#[derive(Debug, Clone)]
pub struct TractSession {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<String>,
}

type TractError = tract_onnx::prelude::TractError;

impl TractSession {
    /// Opens a tower for one row at a time.
    pub(super) fn open(tower: &Tower, inputs: &[InputSpec], outputs: &[&str]) -> Result<TractSession, RuntimeError> {
        let (mut proto, folder) = read(tower)?;
        let found: Vec<String> = proto.graph.iter().flat_map(|g| &g.output).map(|output| output.name.clone()).collect();
        let output = outputs.iter().find(|wanted| found.iter().any(|name| name == *wanted)).ok_or_else(|| {
            let wanted = outputs.iter().map(|name| (*name).to_owned()).collect();
            RuntimeError::NoOutput { tower: tower.name(), wanted, found: found.clone() }
        })?;
        let wide = Widening::prepare(&mut proto, folder.as_deref());
        caught(|| plan(&proto, folder.as_deref(), wide, inputs, output))
            .map_err(|panicked| not_opened(tower, Box::new(panicked)))?
            .map_err(|error| not_opened(tower, error.into()))
    }

    /// Runs the rows one by one.
    pub(super) fn run(&self, inputs: &[(&str, Tensor<'_>)], rows: usize) -> Result<ArrayD<f32>, RuntimeError> {
        let failed = |error: TractError| RuntimeError::Run(error.into());
        let mut answers = Vec::with_capacity(rows);
        for row in 0..rows {
            let values = self.inputs.iter().map(|name| row_of(inputs, name, row)).collect::<Result<TVec<_>, _>>()?;
            let answer = self.plan.run(values).map_err(failed)?;
            let answer = answer.first().ok_or(RuntimeError::OutputShape { found: vec![], rows })?;
            answers.push(answer.to_plain_array_view::<f32>().map_err(failed)?.to_owned());
        }
        let views: Vec<_> = answers.iter().map(|answer| answer.view()).collect();
        ndarray::concatenate(Axis(0), &views).map_err(|error| RuntimeError::Run(Box::new(error)))
    }
}

fn not_opened(tower: &Tower, source: Box<dyn std::error::Error + Send + Sync>) -> RuntimeError {
    match tower.export() {
        None => RuntimeError::Graph { tower: tower.name(), source },
        Some(file) => RuntimeError::ExportNotReadable { file: file.to_owned(), source },
    }
}

/// The tower's graph and the folder of its external data.
fn read(tower: &Tower) -> Result<(ModelProto, Option<String>), RuntimeError> {
    match tower {
        Tower::Graph(graph) => {
            let folder = graph.data_folder.to_str();
            let folder = folder.ok_or_else(|| RuntimeError::FolderNotText { folder: graph.data_folder.clone() })?;
            Ok((graph.model.clone(), Some(folder.to_owned())))
        }
        Tower::Export(file) => caught(|| tract_onnx::onnx().proto_model_for_path(file))
            .map_err(|panicked| not_opened(tower, Box::new(panicked)))?
            .map(|proto| (proto, None))
            .map_err(|error| not_opened(tower, error.into())),
    }
}

fn plan(
    proto: &ModelProto,
    folder: Option<&str>,
    wide: Widening,
    inputs: &[InputSpec],
    output: &str,
) -> Result<TractSession, TractError> {
    // Shapes that an export claims for its outputs and inner values are often wrong for one row; tract finds its own.
    let mut onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
    onnx.provider = Arc::new(wide);
    let mut model = onnx.parse(proto, folder)?.model;
    model.select_outputs_by_name([output])?;
    let mut names = Vec::new();
    for (position, outlet) in model.input_outlets()?.to_vec().into_iter().enumerate() {
        let name = model.node(outlet.node).name.clone();
        if let Some(spec) = inputs.iter().find(|spec| spec.name == name) {
            model.set_input_fact(position, fact(spec))?;
        }
        names.push(name);
    }
    let plan = model.into_optimized()?.into_runnable()?;
    Ok(TractSession { plan, inputs: names })
}

/// The shape of an input for one row, sentences filled up.
fn fact(spec: &InputSpec) -> InferenceFact {
    let shape: TVec<usize> = spec
        .dims
        .iter()
        .map(|dim| match dim {
            Dim::Fixed(size) => *size,
            Dim::Rows => 1,
            Dim::Tokens { longest } => *longest,
        })
        .collect();
    match spec.element {
        InputType::F32 => f32::fact(shape).into(),
        InputType::I64 => i64::fact(shape).into(),
    }
}

fn row_of(inputs: &[(&str, Tensor<'_>)], name: &str, row: usize) -> Result<TValue, RuntimeError> {
    let unknown = || RuntimeError::UnknownInput { tower: "tract".to_owned(), input: name.to_owned() };
    let (_, tensor) = inputs.iter().find(|(given, _)| *given == name).ok_or_else(unknown)?;
    let single = row..row + 1;
    Ok(match tensor {
        Tensor::F32(values) => values.slice_axis(Axis(0), single.into()).to_owned().into_tensor().into(),
        Tensor::I64(values) => values.slice_axis(Axis(0), single.into()).to_owned().into_tensor().into(),
    })
}
