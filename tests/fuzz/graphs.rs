//! ONNX graphs, which are Protocol Buffers.

use std::cell::Cell;

use prost::Message;
use smart_image_sorter::engine::exports::Exports;
use smart_image_sorter::engine::runtime::Tower;
use smart_image_sorter::engine::tower_kind::TowerKind;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

use super::{Answer, Fuzz, folder};

/// A graph of two towers in the form of an export, with weights in it and beside it.
fn export() -> ModelProto {
    let value = |name: &str| ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() };
    let node = |operator: &str, inputs: &[&str], output: &str| NodeProto {
        op_type: operator.to_owned(),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    let tensor = |name: &str| TensorProto {
        name: name.to_owned(),
        dims: vec![2, 2],
        data_type: 1,
        raw_data: vec![7; 16],
        ..TensorProto::default()
    };
    let graph = GraphProto {
        node: vec![
            node("MatMul", &["pixel_values", "a"], "image_embeds"),
            node("MatMul", &["input_ids", "b"], "text_embeds"),
            node("Mul", &["image_embeds", "scale"], "logits_per_image"),
        ],
        initializer: ["a", "b", "scale"].map(tensor).into(),
        input: ["pixel_values", "input_ids"].map(value).into(),
        output: ["logits_per_image", "text_embeds", "image_embeds"].map(value).into(),
        ..GraphProto::default()
    };
    ModelProto { ir_version: 8, graph: Some(graph), ..ModelProto::default() }
}

#[test]
fn fuzz_export() {
    let words: &[&[u8]] =
        &[b"\x3a", b"\x0a", b"\x12", b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x08\x00", b"text_embeds", b"location"];
    let fuzz = Fuzz { name: "fuzz_export", corpus: vec![export().encode_to_vec()], words, inputs: 2000 };
    let folder = folder();
    std::fs::create_dir(folder.path().join("onnx")).unwrap();
    let path = folder.path().join("onnx/model.onnx");
    let texts = Cell::new(0);
    fuzz.run(|input| {
        std::fs::write(&path, input).unwrap();
        let exports = Exports::in_folder(folder.path()).unwrap();
        let is_read = exports.files().is_ok();
        let _ = (exports.scale_and_bias(), exports.tower(TowerKind::Image));
        if let (Ok(Tower::Graph(tower)), Ok(whole)) = (exports.tower(TowerKind::Text), ModelProto::decode(input)) {
            // Another reader of the same format, of whole messages.
            let nodes = |model: ModelProto| model.graph.unwrap_or_default().node;
            let whole = nodes(whole);
            assert!(nodes(tower.model).iter().all(|node| whole.contains(node)));
            texts.set(texts.get() + 1);
        }
        Answer::of(is_read, input, 100, 1)
    });
    assert!(texts.get() > 0, "the towers of some are read");
}
