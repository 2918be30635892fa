//! A builder of ONNX graphs: values go in, values come out, names are made on the way.

use std::collections::HashSet;

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

use super::TowerGraph;
use crate::engine::runtime::{Dim, InputSpec, InputType};
use crate::engine::weights::{ElementType, TensorPlace, Weights, WeightsError};

/// The operator set that the graphs are written in: the first with LayerNormalization.
const OPERATOR_SET: i64 = 17;
/// The file format's version that goes with it.
const IR_VERSION: i64 = 8;

/// The operators that ONNX Runtime adds to the standard's.
pub(super) const MICROSOFT: &str = "com.microsoft";

/// Which operators a graph may be written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operators {
    /// Operators of the standard, which every runtime has.
    Standard,
    /// Operators of ONNX Runtime as well, each of which does the work of several standard ones.
    Fused,
}

/// A value that flows through the graph.
#[derive(Debug, Clone)]
pub struct Value(String);

/// Builds one graph over the weights of one checkpoint.
pub struct GraphBuilder<'w> {
    weights: &'w Weights,
    pub(super) operators: Operators,
    graph: GraphProto,
    present: HashSet<String>,
}

impl<'w> GraphBuilder<'w> {
    /// An empty graph called `name`.
    pub fn new(name: &str, weights: &'w Weights, operators: Operators) -> GraphBuilder<'w> {
        let graph = GraphProto { name: name.to_owned(), ..GraphProto::default() };
        GraphBuilder { weights, operators, graph, present: HashSet::new() }
    }

    /// An input of the graph.
    pub fn input(&mut self, spec: &InputSpec) -> Value {
        let element = match spec.element {
            InputType::F32 => DataType::Float,
            InputType::I64 => DataType::Int64,
        };
        self.graph.input.push(value_info(&spec.name, element, &spec.dims));
        Value(spec.name.clone())
    }

    /// Names the graph's output, in single precision.
    pub fn output(&mut self, value: &Value, name: &str, dims: &[Dim]) {
        self.add(name.to_owned(), "Identity", &[value], vec![]);
        self.graph.output.push(value_info(name, DataType::Float, dims));
    }

    /// A weight of the checkpoint, in single precision, its axes in their order.
    pub fn weight(&mut self, name: &str, shape: &[usize]) -> Result<Value, WeightsError> {
        let place = self.weights.tensor(name, shape)?;
        if self.present.insert(name.to_owned()) {
            self.graph.initializer.push(external_tensor(name, place, &self.weights.location(place)));
        }
        let mut value = Value(name.to_owned());
        if place.element != ElementType::F32 {
            value = self.once(format!("{name}:single"), "Cast", &value, integer("to", DataType::Float as i64));
        }
        if !place.is_in_order() {
            // Where each axis is among those that lie in the file.
            let axes = 0..place.order.len();
            let axes = axes.map(|axis| place.order.iter().position(|stored| *stored == axis).unwrap_or(axis) as i64);
            let permutation = integer_list("perm", &axes.collect::<Vec<_>>());
            value = self.once(format!("{name}:in_order"), "Transpose", &value, permutation);
        }
        Ok(value)
    }

    /// An operator on a weight, which several operators may use.
    fn once(&mut self, output: String, op_type: &str, input: &Value, attribute: AttributeProto) -> Value {
        match self.present.insert(output.clone()) {
            true => self.add(output, op_type, &[input], vec![attribute]),
            false => Value(output),
        }
    }

    /// A constant list of integers, or with `shape` empty a single one.
    pub fn integers(&mut self, values: &[i64], shape: &[usize]) -> Value {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(DataType::Int64, shape, bytes)
    }

    /// A constant tensor of single-precision numbers.
    pub fn numbers(&mut self, values: &[f32], shape: &[usize]) -> Value {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(DataType::Float, shape, bytes)
    }

    /// An operator with one output.
    pub fn op(&mut self, op_type: &str, inputs: &[&Value], attributes: Vec<AttributeProto>) -> Value {
        let output = format!("{}_{}", op_type.to_lowercase(), self.graph.node.len());
        self.add(output, op_type, inputs, attributes)
    }

    /// An operator of ONNX Runtime with one output.
    pub(super) fn fused(&mut self, op_type: &str, inputs: &[&Value], attributes: Vec<AttributeProto>) -> Value {
        let output = self.op(op_type, inputs, attributes);
        if let Some(node) = self.graph.node.last_mut() {
            node.domain = MICROSOFT.to_owned();
        }
        output
    }

    /// The finished graph.
    pub fn finish(self) -> TowerGraph {
        TowerGraph { model: model(self.graph), data_folder: self.weights.folder().to_owned(), export: None }
    }

    fn constant(&mut self, element: DataType, shape: &[usize], raw_data: Vec<u8>) -> Value {
        let name = format!("constant_{}", self.graph.initializer.len());
        let tensor = TensorProto { raw_data, ..tensor_head(&name, element, shape) };
        self.graph.initializer.push(tensor);
        Value(name)
    }

    fn add(&mut self, output: String, op_type: &str, inputs: &[&Value], attribute: Vec<AttributeProto>) -> Value {
        self.graph.node.push(NodeProto {
            name: output.clone(),
            op_type: op_type.to_owned(),
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![output.clone()],
            attribute,
            ..NodeProto::default()
        });
        Value(output)
    }
}

impl TowerGraph {
    /// The graph in the ONNX file format.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.model.encode_to_vec()
    }
}

/// The smallest graph there is, in the ONNX file format: what a runtime and a device have to open to be believed.
pub fn trivial() -> Vec<u8> {
    let node = NodeProto {
        op_type: "Add".to_owned(),
        input: vec!["x".to_owned(), "x".to_owned()],
        output: vec!["y".to_owned()],
        ..NodeProto::default()
    };
    let graph = GraphProto {
        name: "trivial".to_owned(),
        node: vec![node],
        input: vec![value_info("x", DataType::Float, &[Dim::Fixed(1)])],
        output: vec![value_info("y", DataType::Float, &[Dim::Fixed(1)])],
        ..GraphProto::default()
    };
    model(graph).encode_to_vec()
}

fn model(graph: GraphProto) -> ModelProto {
    ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![
            OperatorSetIdProto { domain: String::new(), version: OPERATOR_SET },
            OperatorSetIdProto { domain: MICROSOFT.to_owned(), version: 1 },
        ],
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// An integer attribute.
pub fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: AttributeType::Int as i32, i: value, ..AttributeProto::default() }
}

/// The attribute `axis`.
pub fn axis(axis: i64) -> AttributeProto {
    integer("axis", axis)
}

/// A list of integers as an attribute.
pub fn integer_list(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_owned(),
        ..AttributeProto::default()
    }
}

/// A number as an attribute.
pub(super) fn number(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: AttributeType::Float as i32, f: value, ..AttributeProto::default() }
}

fn tensor_head(name: &str, element: DataType, shape: &[usize]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        data_type: element as i32,
        dims: shape.iter().map(|side| *side as i64).collect(),
        ..TensorProto::default()
    }
}

fn external_tensor(name: &str, place: &TensorPlace, location: &str) -> TensorProto {
    let stored: Vec<usize> = place.order.iter().map(|axis| place.shape[*axis]).collect();
    let element = match place.element {
        ElementType::F16 => DataType::Float16,
        ElementType::BF16 => DataType::Bfloat16,
        ElementType::F32 | ElementType::F64 | ElementType::Other => DataType::Float,
    };
    let mut tensor = tensor_head(name, element, &stored);
    point_outside(&mut tensor, location, place.offset, place.length);
    tensor
}

/// Makes a tensor's data external: `length` bytes from `offset` on in the file at `location`, relative to the folder
/// that the graph is opened with.
pub fn point_outside(tensor: &mut TensorProto, location: &str, offset: u64, length: u64) {
    let entry = |key: &str, value: String| StringStringEntryProto { key: key.to_owned(), value };
    tensor.data_location = Some(DataLocation::External as i32);
    tensor.external_data = vec![
        entry("location", location.to_owned()),
        entry("offset", offset.to_string()),
        entry("length", length.to_string()),
    ];
}

fn value_info(name: &str, element: DataType, dims: &[Dim]) -> ValueInfoProto {
    let dim = dims.iter().map(|dim| {
        let value = match dim {
            Dim::Fixed(size) => dimension::Value::DimValue(*size as i64),
            Dim::Rows => dimension::Value::DimParam("rows".to_owned()),
            Dim::Tokens { .. } => dimension::Value::DimParam("tokens".to_owned()),
        };
        Dimension { value: Some(value), ..Dimension::default() }
    });
    let tensor = type_proto::Tensor { elem_type: element as i32, shape: Some(TensorShapeProto { dim: dim.collect() }) };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() }),
        ..ValueInfoProto::default()
    }
}
