//! Models that do not answer: that is said, and a stop ends the program soon, with all that it had in the session.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use prost::Message;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{self, dimension};
use tract_onnx::pb::type_proto::{self, Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto,
};

use super::{SOON, is_free, signal};
use crate::skip::require_onnx_runtime;
use crate::support::{Workspace, copy_folder, fixtures, onnx_runtime_library};

/// How long a model is silent before that is said, in these tests.
const SILENCE: &str = "1000";

/// A stop ends the program within two seconds; the rest is for a machine that does ten other things.
const ENDED: Duration = Duration::from_secs(6);

fn node(op_type: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    NodeProto { op_type: op_type.to_owned(), input: names(inputs), output: names(outputs), ..NodeProto::default() }
}

fn value(name: &str, element: DataType, dims: Option<&[i64]>) -> ValueInfoProto {
    let dim = |size: &i64| tensor_shape_proto::Dimension {
        value: Some(dimension_value(*size)),
        ..tensor_shape_proto::Dimension::default()
    };
    let shape = dims.map(|dims| TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor = type_proto::Tensor { elem_type: element as i32, shape };
    let r#type = TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(r#type), ..ValueInfoProto::default() }
}

fn dimension_value(size: i64) -> dimension::Value {
    dimension::Value::DimValue(size)
}

fn tensor(name: &str, element: DataType, dims: &[i64], raw: Vec<u8>) -> TensorProto {
    let (name, data_type, dims) = (name.to_owned(), element as i32, dims.to_vec());
    TensorProto { name, data_type, dims, raw_data: raw, ..TensorProto::default() }
}

/// The change of a graph between an output as it was and as it is given.
pub(super) type Change = fn(&mut GraphProto, &str, &str);

/// Has something done with the first output of a tower before it is given.
fn change(path: &Path, change: Change) {
    let mut model = ModelProto::decode(&*std::fs::read(path).unwrap()).unwrap();
    let graph = model.graph.as_mut().unwrap();
    let output = graph.output[0].name.clone();
    for name in graph.node.iter_mut().flat_map(|node| &mut node.output).filter(|name| **name == output) {
        "before".clone_into(name);
    }
    change(graph, "before", &output);
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

/// A loop of two to the power of sixty-two rounds.
fn endless(graph: &mut GraphProto, before: &str, output: &str) {
    let body = GraphProto {
        name: "round".to_owned(),
        node: vec![node("Identity", &["go"], &["goes"]), node("Identity", &["x"], &["y"])],
        input: vec![
            value("round", DataType::Int64, Some(&[])),
            value("go", DataType::Bool, Some(&[])),
            value("x", DataType::Float, None),
        ],
        output: vec![value("goes", DataType::Bool, Some(&[])), value("y", DataType::Float, None)],
        ..GraphProto::default()
    };
    let mut repeat = node("Loop", &["rounds", "always", before], &[output]);
    let r#type = attribute_proto::AttributeType::Graph as i32;
    repeat.attribute =
        vec![AttributeProto { name: "body".to_owned(), g: Some(body), r#type, ..AttributeProto::default() }];
    graph.node.push(repeat);
    graph.initializer.push(tensor("rounds", DataType::Int64, &[], (1_i64 << 62).to_le_bytes().to_vec()));
    graph.initializer.push(tensor("always", DataType::Bool, &[], vec![1]));
}

/// Minutes of work, at least.
fn slow(graph: &mut GraphProto, before: &str, output: &str) {
    multiply(graph, before, output, (2500, 150));
}

/// Some seconds of work, which a thread that is left behind ends by itself.
pub(super) fn slow_for_a_while(graph: &mut GraphProto, before: &str, output: &str) {
    multiply(graph, before, output, (1200, 100));
}

/// Products of large matrices, one of the other, that depend on the picture.
fn multiply(graph: &mut GraphProto, before: &str, output: &str, (side, products): (i64, usize)) {
    let shape = [side, side].iter().flat_map(|side| side.to_le_bytes()).collect();
    graph.initializer.push(tensor("side", DataType::Int64, &[2], shape));
    let mut scalar = node("ReduceMean", &[before], &["scalar"]);
    let number = |name: &str, i: i64| AttributeProto {
        name: name.to_owned(),
        i,
        r#type: attribute_proto::AttributeType::Int as i32,
        ..AttributeProto::default()
    };
    scalar.attribute = vec![number("keepdims", 0)];
    graph.node.extend([scalar, node("ConstantOfShape", &["side"], &["noughts"])]);
    graph.node.push(node("Add", &["noughts", "scalar"], &["product0"]));
    let mut last = "product0".to_owned();
    for number in 1..products {
        let next = format!("product{number}");
        graph.node.push(node("MatMul", &[&last, &last], &[&next]));
        last = next;
    }
    let mut mean = node("ReduceMean", &[&last], &["mean"]);
    mean.attribute = vec![number("keepdims", 0)];
    graph.node.extend([mean, node("Add", &[before, "mean"], &[output])]);
}

/// A checkpoint one of whose towers was changed.
pub(super) fn model(workspace: &Workspace, tower: &str, how: Change) -> PathBuf {
    let model = workspace.path("model");
    copy_folder(&fixtures().join("clip-onnx"), &model);
    change(&model.join("onnx").join(tower), how);
    model
}

/// The runtimes and what keeps each of them busy.
fn busy() -> Vec<(&'static str, &'static str, Change)> {
    let mut busy: Vec<(_, _, Change)> = vec![("tract", "slow", slow)];
    if require_onnx_runtime().is_some() {
        busy.extend([("onnxruntime", "slow", slow as _), ("onnxruntime", "endless", endless as _)]);
    }
    busy
}

/// Starts a command, waits until it says that the model is silent, asks it to end, and gives its end and what it said.
/// On a slow machine a model may be silent while it is opened already: that is not it where there is to be a session at
/// `opened`.
fn stopped(
    mut command: Command,
    (runtime, name): (&str, &str),
    how: &str,
    opened: Option<&Path>,
) -> (Option<i32>, String) {
    command.env("SIS_RUNTIME", runtime).env("SIS_DEVICE", "cpu").env("SIS_MODEL_SILENCE_MS", SILENCE);
    if let Some(library) = onnx_runtime_library() {
        command.env("ORT_DYLIB_PATH", library);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let killer = Killer::after(SOON, &child);
    let mut said = String::new();
    let mut is_silent = false;
    while !is_silent {
        let before = said.len();
        assert!(errors.read_line(&mut said).unwrap() > 0, "{runtime} {name}: it ended or hangs: {said}");
        is_silent = said[before..].contains("has not answered") && opened.is_none_or(Path::exists);
    }
    signal(child.id(), how);
    let began = Instant::now();
    let status = child.wait().unwrap();
    let took = began.elapsed();
    drop(killer);
    errors.read_to_string(&mut said).unwrap();
    println!("{runtime} {name} {how}: ended after {took:?}");
    assert!(took < ENDED, "{runtime} {name}: {took:?}: {said}");
    (status.code(), said)
}

/// Kills a process after a while, unless it is dropped before.
struct Killer(std::sync::mpsc::Sender<()>);

impl Killer {
    fn after(time: Duration, child: &Child) -> Killer {
        let (ended, heard) = std::sync::mpsc::channel();
        let process = child.id();
        std::thread::spawn(move || {
            if heard.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                signal(process, "KILL");
            }
        });
        Killer(ended)
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn run_with_silent_model_stops_when_asked() {
    for (runtime, name, how) in busy() {
        for by in ["INT", "TERM"] {
            let workspace = Workspace::new();
            workspace.write_pictures((0..20).map(|number| format!("{number}.jpg")));
            workspace.write("source/empty.jpg", "");
            let model = model(&workspace, "vision_model.onnx", how);
            let before = crate::support::tree(workspace.source());
            let command = workspace.classify().with("--model", &model).with("--operation", "move").command();
            let (code, said) =
                stopped(command, (runtime, name), by, Some(&workspace.destination().join(".sis/session.db")));
            assert_eq!(code, Some(130), "{runtime} {name}: {said}");
            assert!(said.matches("has not answered").count() <= 2, "once, and once while it was opened: {said}");
            assert_eq!(crate::support::tree(workspace.source()), before);
            // Everything known before the model is in the session, which is whole and free.
            let rows = workspace.rows();
            assert!(rows.iter().all(|row| row["image_name"].ends_with("empty.jpg")), "{rows:?}");
            workspace.sis_on_destination(&["verify"]).ended_with(0);
            assert!(is_free(&workspace));
            // With a model that answers it goes on.
            workspace.classify().with("--operation", "move").ends_with(3);
            assert_eq!(crate::support::sorted(workspace.destination()).len(), 20);
        }
    }
}

#[test]
fn watch_with_silent_model_stops_when_asked() {
    for (runtime, name, how) in busy() {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg", "2.jpg"]);
        let model = model(&workspace, "vision_model.onnx", how);
        let mut command = workspace.program();
        command.args(["watch", "--apply", "--settle", "0.2", "--labels", "a, b", "--threshold", "0", "--margin", "0"]);
        command.arg("--model").arg(model).arg("--source").arg(workspace.source());
        command.arg("--destination").arg(workspace.destination());
        let (code, said) =
            stopped(command, (runtime, name), "TERM", Some(&workspace.destination().join(".sis/session.db")));
        assert_eq!(code, Some(0), "{runtime} {name}: {said}");
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        assert!(is_free(&workspace));
    }
}

#[test]
fn labels_without_answer_are_waited_for_and_given_up() {
    for (runtime, name, how) in busy() {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let model = model(&workspace, "text_model.onnx", how);
        let command = workspace.classify().with("--model", &model).command();
        let (code, said) = stopped(command, (runtime, name), "TERM", None);
        assert_eq!(code, Some(130), "{runtime} {name}: {said}");
        assert!(said.contains("Nothing was begun"), "{runtime} {name}: {said}");
        assert!(!workspace.destination().exists());
        let mut doctor = workspace.program();
        doctor.arg("doctor").arg("--model").arg(&model);
        assert_eq!(stopped(doctor, (runtime, name), "INT", None).0, Some(130));
    }
}
