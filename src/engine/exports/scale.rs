//! The scale and bias of the logits, found in an export of a whole model: `logits = cosine * scale + bias`, the last
//! steps of its graph.

use half::f16;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Operators that change nothing about a number.
const PASSED: [&str; 3] = ["Transpose", "Identity", "Cast"];

/// The most steps that are looked back: there are a handful between logits and scale.
const MOST_STEPS: usize = 16;

/// Scale and bias, where the graph has logits that end as described above. The bias is zero where nothing is added.
pub(super) fn scale_and_bias(graph: &GraphProto) -> Option<(f32, f32)> {
    let mut value = graph.output.iter().map(|output| &*output.name).find(|name| name.starts_with("logits_per_"))?;
    let mut bias = 0.0;
    for _ in 0..MOST_STEPS {
        let node = maker(graph, value)?;
        match (node.op_type.as_str(), &node.input[..]) {
            (passed, [input, ..]) if PASSED.contains(&passed) => value = input,
            ("Add", [left, right]) => {
                let (added, other) = constant_and_other(graph, left, right)?;
                bias += added;
                value = other;
            }
            ("Mul", [left, right]) => return constant_and_other(graph, left, right).map(|(scale, _)| (scale, bias)),
            _ => return None,
        }
    }
    None
}

fn maker<'g>(graph: &'g GraphProto, value: &str) -> Option<&'g NodeProto> {
    graph.node.iter().find(|node| node.output.iter().any(|output| output == value))
}

fn constant_and_other<'g>(graph: &'g GraphProto, left: &'g str, right: &'g str) -> Option<(f32, &'g str)> {
    let constant = |value, other| constant(graph, value, MOST_STEPS).map(|number| (number, other));
    constant(left, right).or_else(|| constant(right, left))
}

/// The single number that a value always is.
fn constant(graph: &GraphProto, value: &str, steps: usize) -> Option<f32> {
    if let Some(tensor) = graph.initializer.iter().find(|tensor| tensor.name == value) {
        return number(tensor);
    }
    let node = maker(graph, value).filter(|_| steps > 0)?;
    match (node.op_type.as_str(), &node.input[..]) {
        ("Constant", _) => {
            node.attribute.iter().find(|attribute| attribute.name == "value")?.t.as_ref().and_then(number)
        }
        ("Exp", [input]) => constant(graph, input, steps - 1).map(f32::exp),
        (passed, [input, ..]) if PASSED.contains(&passed) => constant(graph, input, steps - 1),
        _ => None,
    }
}

fn number(tensor: &TensorProto) -> Option<f32> {
    if tensor.dims.iter().any(|dim| *dim != 1) || tensor.data_location == Some(DataLocation::External as i32) {
        return None;
    }
    match (DataType::try_from(tensor.data_type).ok()?, &tensor.raw_data[..]) {
        (DataType::Float, []) => tensor.float_data.first().copied(),
        (DataType::Float, &[a, b, c, d]) => Some(f32::from_le_bytes([a, b, c, d])),
        (DataType::Float16, &[a, b]) => Some(f16::from_le_bytes([a, b]).to_f32()),
        _ => None,
    }
}
