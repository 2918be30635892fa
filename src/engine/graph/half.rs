//! A graph rewritten to compute in half precision. Pixels go in and embeddings come out in single precision, as before.

use std::collections::HashSet;

use half::f16;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

use super::{TowerGraph, integer};

/// Rewrites a tower in single precision. Weights that are kept in half precision are used as they are, without going
/// through single.
pub fn in_half_precision(mut tower: TowerGraph) -> TowerGraph {
    if let Some(graph) = tower.model.graph.as_mut() {
        rewrite(graph);
    }
    tower
}

fn rewrite(graph: &mut GraphProto) {
    let single = DataType::Float as i64;
    // Casts of weights to single precision are casts to half precision from now on.
    for attribute in graph.node.iter_mut().filter(|node| node.op_type == "Cast").flat_map(|node| &mut node.attribute) {
        if attribute.name == "to" && attribute.i == single {
            attribute.i = DataType::Float16 as i64;
        }
    }
    let mut casts = Vec::new();
    let mut single_values = HashSet::new();
    for tensor in graph.initializer.iter_mut().filter(|tensor| tensor.data_type == DataType::Float as i32) {
        match tensor.data_location == Some(DataLocation::External as i32) {
            true => {
                single_values.insert(tensor.name.clone());
                casts.push(cast(tensor.name.clone(), half_name(&tensor.name), DataType::Float16));
            }
            false => narrow(tensor),
        }
    }
    for input in graph.input.iter() {
        single_values.insert(input.name.clone());
        casts.push(cast(input.name.clone(), half_name(&input.name), DataType::Float16));
    }
    for name in graph.node.iter_mut().flat_map(|node| &mut node.input) {
        if single_values.contains(name) {
            *name = half_name(name);
        }
    }
    let mut widened = Vec::new();
    for output in &graph.output {
        let inner = half_name(&output.name);
        for node in graph.node.iter_mut().filter(|node| node.output.contains(&output.name)) {
            node.name.clone_from(&inner);
            node.output.iter_mut().filter(|name| **name == output.name).for_each(|name| name.clone_from(&inner));
        }
        widened.push(cast(inner, output.name.clone(), DataType::Float));
    }
    graph.node.splice(0..0, casts);
    graph.node.extend(widened);
}

fn half_name(name: &str) -> String {
    format!("{name}:half")
}

fn cast(input: String, output: String, to: DataType) -> NodeProto {
    NodeProto {
        name: output.clone(),
        op_type: "Cast".to_owned(),
        input: vec![input],
        output: vec![output],
        attribute: vec![integer("to", to as i64)],
        ..NodeProto::default()
    }
}

/// A constant's values in half precision.
fn narrow(tensor: &mut TensorProto) {
    let values =
        tensor.raw_data.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    tensor.raw_data = values.flat_map(|value| f16::from_f32(value).to_le_bytes()).collect();
    tensor.data_type = DataType::Float16 as i32;
}
