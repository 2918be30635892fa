//! A graph rewritten to multiply in 8-bit integers, and the weights that it then needs.
//!
//! Weights have one scale an output channel and are symmetric about zero. The other factor gets its scale when it is
//! computed, one a token: so what becomes of a picture does not depend on those that go through the tower with it, and
//! one token with large numbers does not coarsen the others (per-token dynamic quantisation, as in Yao et al. 2022,
//! "ZeroQuant"). The products go through `MatMulIntegerToFloat` of ONNX Runtime.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::builder::MICROSOFT;
use super::{TowerGraph, integer, integer_list, point_outside};

/// Zero in the unsigned numbers that a token's values become.
const ZERO_POINT: u8 = 128;

/// The largest that a token's value becomes, counted from zero.
const TOKEN_LEVELS: f32 = 127.0;

/// Added to a token's largest value, so that one of zeros can be divided by it.
const SMALLEST: f32 = 1e-30;

/// The source of a part of the new weights' file.
#[derive(Debug, Clone)]
pub enum Part {
    /// A tensor as it is.
    Copied(TensorProto),
    /// A matrix (outputs, inputs), quantised and transposed, then its scales, one an output, in single precision.
    Quantised {
        /// The matrix, in the old file.
        matrix: TensorProto,
        /// True where the file has it as (inputs, outputs).
        is_transposed: bool,
    },
}

/// A tower rewritten, and what the file with its weights is made from.
#[derive(Debug)]
pub struct Rewritten {
    /// The tower. Its external data lies in one file, in the order of `parts`.
    pub tower: TowerGraph,
    /// The parts, one after the other.
    pub parts: Vec<Part>,
}

impl Part {
    /// Its length in the new file, in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Part::Copied(tensor) => old_length(tensor),
            Part::Quantised { matrix, is_transposed } => {
                let (outputs, inputs) = sides(matrix, *is_transposed);
                outputs * inputs + 4 * outputs
            }
        }
    }
}

/// Rewrites a tower in single precision, with its weights in a file called `location`.
pub fn in_integers(tower: &TowerGraph, location: &str) -> Rewritten {
    let mut model = tower.model.clone();
    let mut parts = Vec::new();
    if let Some(graph) = model.graph.as_mut() {
        let matrices = matrices_of(graph);
        let (mut offset, mut initializers) = (0, Vec::new());
        for mut tensor in std::mem::take(&mut graph.initializer) {
            let is_outside = tensor.data_location == Some(DataLocation::External as i32);
            let part = match matrices.get(&tensor.name) {
                Some(matrix) => Part::Quantised { matrix: tensor.clone(), is_transposed: matrix.is_transposed },
                None if is_outside => Part::Copied(tensor.clone()),
                None => {
                    initializers.push(tensor);
                    continue;
                }
            };
            match &part {
                Part::Copied(_) => {
                    point_outside(&mut tensor, location, offset, part.length());
                    initializers.push(tensor);
                }
                Part::Quantised { matrix, is_transposed } => {
                    initializers.extend(quantised_tensors(matrix, *is_transposed, location, offset));
                }
            }
            offset += part.length();
            parts.push(part);
        }
        initializers.extend(constants());
        graph.initializer = initializers;
        replace_products(graph, &matrices);
    }
    Rewritten { tower: TowerGraph { model, data_folder: tower.data_folder.clone(), export: None }, parts }
}

/// A weight that is multiplied with, as the file has it.
struct Matrix {
    is_transposed: bool,
    /// The products that it is part of, by what they give.
    products: Vec<String>,
}

/// The weights that tokens are multiplied with, by their names. The last product, which gives the embedding, stays as
/// it is: it costs nothing, and its errors would go straight into the scores.
fn matrices_of(graph: &GraphProto) -> HashMap<String, Matrix> {
    let made: HashMap<&str, &NodeProto> =
        graph.node.iter().flat_map(|node| node.output.iter().map(move |output| (output.as_str(), node))).collect();
    let outside: HashMap<&str, &TensorProto> = graph
        .initializer
        .iter()
        .filter(|tensor| tensor.data_location == Some(DataLocation::External as i32) && tensor.dims.len() == 2)
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    let is_answer = |value: &str| {
        graph.node.iter().any(|node| node.op_type == "Identity" && node.input.iter().any(|input| input == value))
    };
    let mut matrices: HashMap<String, Matrix> = HashMap::new();
    for product in graph.node.iter().filter(|node| node.op_type == "FusedMatMul") {
        let (Some(mut value), Some(given)) = (product.input.get(1).map(String::as_str), product.output.first()) else {
            continue;
        };
        let mut is_transposed = false;
        // Weights in half precision or with their axes the other way round come through operators of their own.
        while let Some(node) = made.get(value).filter(|node| ["Cast", "Transpose"].contains(&node.op_type.as_str())) {
            is_transposed ^= node.op_type == "Transpose";
            value = node.input.first().map(String::as_str).unwrap_or_default();
        }
        if outside.contains_key(value) && !is_answer(given) {
            let matrix = matrices.entry(value.to_owned()).or_insert(Matrix { is_transposed, products: vec![] });
            matrix.products.push(given.clone());
        }
    }
    matrices
}

/// Puts other operators in the place of the products.
fn replace_products(graph: &mut GraphProto, matrices: &HashMap<String, Matrix>) {
    let weight_of: HashMap<&str, &str> = matrices
        .iter()
        .flat_map(|(weight, matrix)| matrix.products.iter().map(move |product| (product.as_str(), weight.as_str())))
        .collect();
    let mut nodes = Vec::new();
    for node in std::mem::take(&mut graph.node) {
        let weight = node.output.first().and_then(|output| weight_of.get(output.as_str()));
        match (weight, node.input.first(), node.output.first()) {
            (Some(weight), Some(x), Some(output)) => nodes.extend(product(x, weight, output)),
            _ => nodes.push(node),
        }
    }
    // Casts and transpositions of weights that are quantised now, and of what comes of them.
    let mut gone: HashSet<String> = matrices.keys().cloned().collect();
    nodes.retain(|node| {
        let is_gone = node.input.iter().any(|input| gone.contains(input));
        if is_gone {
            gone.extend(node.output.iter().cloned());
        }
        !is_gone
    });
    graph.node = nodes;
}

const LARGEST_LEVEL: &str = "int8:level";
const ZERO: &str = "int8:zero";
const NEVER_NOUGHT: &str = "int8:smallest";

fn constants() -> [TensorProto; 3] {
    let number = |name: &str, value: f32| constant(name, DataType::Float, value.to_le_bytes().to_vec());
    [
        number(LARGEST_LEVEL, 1.0 / TOKEN_LEVELS),
        number(NEVER_NOUGHT, SMALLEST),
        constant(ZERO, DataType::Uint8, vec![ZERO_POINT]),
    ]
}

fn constant(name: &str, element: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto { name: name.to_owned(), data_type: element as i32, raw_data, ..TensorProto::default() }
}

/// `x` (…, inputs) times a quantised weight: each token divided by its largest value, rounded to levels, multiplied,
/// and brought back.
fn product(x: &str, weight: &str, output: &str) -> Vec<NodeProto> {
    let named = |step: &str| format!("{output}:{step}");
    let keep = || vec![integer_list("axes", &[-1]), integer("keepdims", 1)];
    let (absolute, largest, divisor) = (named("absolute"), named("largest"), named("divisor"));
    let (unit, levels, multiplied) = (named("unit"), named("levels"), named("multiplied"));
    let mut multiply = node(
        "MatMulIntegerToFloat",
        &[&levels, &quantised_name(weight), LARGEST_LEVEL, &scale_name(weight), ZERO],
        &multiplied,
        vec![],
    );
    multiply.domain = MICROSOFT.to_owned();
    vec![
        node("Abs", &[x], &absolute, vec![]),
        node("ReduceMax", &[&absolute], &largest, keep()),
        node("Max", &[&largest, NEVER_NOUGHT], &divisor, vec![]),
        node("Div", &[x, &divisor], &unit, vec![]),
        node("QuantizeLinear", &[&unit, LARGEST_LEVEL, ZERO], &levels, vec![]),
        multiply,
        node("Mul", &[&multiplied, &divisor], output, vec![]),
    ]
}

fn node(op_type: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        name: output.to_owned(),
        op_type: op_type.to_owned(),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute,
        ..NodeProto::default()
    }
}

fn quantised_name(weight: &str) -> String {
    format!("{weight}:int8")
}

fn scale_name(weight: &str) -> String {
    format!("{weight}:scale")
}

/// The weight (inputs, outputs) in integers and its scales, from `offset` on in the new file.
fn quantised_tensors(matrix: &TensorProto, is_transposed: bool, location: &str, offset: u64) -> [TensorProto; 2] {
    let (outputs, inputs) = sides(matrix, is_transposed);
    let head = |name: String, element: DataType, dims: Vec<i64>| TensorProto {
        name,
        data_type: element as i32,
        dims,
        ..TensorProto::default()
    };
    let mut integers = head(quantised_name(&matrix.name), DataType::Int8, vec![inputs as i64, outputs as i64]);
    point_outside(&mut integers, location, offset, outputs * inputs);
    let mut scales = head(scale_name(&matrix.name), DataType::Float, vec![outputs as i64]);
    point_outside(&mut scales, location, offset + outputs * inputs, 4 * outputs);
    [integers, scales]
}

/// How many outputs and inputs a matrix has.
pub fn sides(matrix: &TensorProto, is_transposed: bool) -> (u64, u64) {
    let side = |axis: usize| matrix.dims.get(axis).map_or(0, |side| side.unsigned_abs());
    if is_transposed { (side(1), side(0)) } else { (side(0), side(1)) }
}

fn old_length(tensor: &TensorProto) -> u64 {
    let length = tensor.external_data.iter().find(|entry| entry.key == "length");
    length.and_then(|entry| entry.value.parse().ok()).unwrap_or_default()
}

/// A matrix (outputs, inputs) in single precision as integers (inputs, outputs), with one scale an output: `value ≈
/// integer
/// * scale`, no integer further from zero than `levels`.
pub fn quantise(matrix: &[f32], inputs: usize, levels: f32) -> (Vec<i8>, Vec<f32>) {
    let outputs = matrix.len() / inputs.max(1);
    let (mut integers, mut scales) = (vec![0; matrix.len()], Vec::with_capacity(outputs));
    for (output, row) in matrix.chunks_exact(inputs.max(1)).enumerate() {
        let largest = row.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / levels } else { 1.0 };
        for (input, value) in row.iter().enumerate() {
            integers[input * outputs + output] = (value / scale).round() as i8;
        }
        scales.push(scale);
    }
    (integers, scales)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tract_onnx::pb::ModelProto;

    proptest! {
        #[test]
        fn quantised_weight_is_off_by_half_a_step_at_most(
            matrix in proptest::collection::vec(-3.0f32..3.0, 12), levels in prop_oneof![Just(63.0f32), Just(127.0)],
        ) {
            let (integers, scales) = quantise(&matrix, 4, levels);
            for (output, row) in matrix.chunks_exact(4).enumerate() {
                for (input, value) in row.iter().enumerate() {
                    let integer = integers[input * 3 + output];
                    prop_assert!(f32::from(integer.abs()) <= levels);
                    prop_assert!((f32::from(integer) * scales[output] - value).abs() <= scales[output] * 0.5001);
                }
            }
        }
    }

    #[test]
    fn quantised_zero_stays_zero() {
        assert_eq!(quantise(&[0.0, 0.0], 2, 127.0), (vec![0, 0], vec![1.0]));
    }

    /// A weight (inputs, outputs) in half precision, which is cast and then transposed.
    #[test]
    fn unused_steps_before_a_quantised_weight_are_removed() {
        let dims = vec![3, 2];
        let mut weight = TensorProto { name: "w".to_owned(), dims, ..TensorProto::default() };
        weight.data_type = DataType::Float16 as i32;
        point_outside(&mut weight, "old", 8, 12);
        let graph = GraphProto {
            node: vec![
                node("Cast", &["w"], "w:single", vec![]),
                node("Transpose", &["w:single"], "w:in_order", vec![]),
                node("FusedMatMul", &["x", "w:in_order"], "y", vec![]),
                node("Add", &["y", "b"], "z", vec![]),
                node("Identity", &["z"], "answer", vec![]),
            ],
            initializer: vec![weight],
            ..GraphProto::default()
        };
        let model = ModelProto { graph: Some(graph), ..ModelProto::default() };
        let tower = TowerGraph { model, data_folder: "/".into(), export: None };
        let Rewritten { tower, parts } = in_integers(&tower, "new");
        assert_eq!(parts.iter().map(Part::length).collect::<Vec<_>>(), [3 * 2 + 2 * 4]);
        let graph = tower.model.graph.unwrap();
        let operators: Vec<&str> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
        let expected =
            ["Abs", "ReduceMax", "Max", "Div", "QuantizeLinear", "MatMulIntegerToFloat", "Mul", "Add", "Identity"];
        assert_eq!(operators, expected);
        let integers = graph.initializer.iter().find(|tensor| tensor.name == "w:int8").unwrap();
        assert_eq!(integers.dims, [3, 2]);
    }
}
