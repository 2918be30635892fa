//! Token ids and logits against the reference pipeline's answers.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{copy_folder, fixtures, json, runtimes, shared};
use ndarray::{Array2, Axis};
use prost::Message;
use serde_json::Value as Json;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::score::logits;
use smart_image_sorter::domain::template::Template;
use smart_image_sorter::engine::EngineError;
use smart_image_sorter::engine::checkpoint::{Checkpoint, CheckpointError};
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::runtime::{Runtime, RuntimeError};
use smart_image_sorter::engine::weights::WeightsError;
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};
use tract_onnx::pb::ModelProto;

/// How far logits may be from the reference's.
struct Tolerance {
    lossless: f32,
    lossy: f32,
    lossy_mean: f32,
}

/// One set of answers of the reference pipeline.
struct Golden {
    labels: Vec<Label>,
    template: Template,
    input_ids: Vec<Vec<u32>>,
    logits: BTreeMap<String, Vec<f32>>,
}

fn numbers<T: serde::de::DeserializeOwned>(value: &Json) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

impl Golden {
    fn new(head: &Json, checkpoint: &Json, answers: &Json) -> Golden {
        let labels: Vec<String> = numbers(&head["labels"]);
        let logits = answers.as_object().unwrap().iter().map(|(name, a)| (name.clone(), numbers(&a["logits"])));
        Golden {
            labels: labels.into_iter().map(Label::named).collect(),
            template: Template::new(head["template"].as_str().unwrap()).unwrap(),
            input_ids: numbers(&checkpoint["input_ids"]),
            logits: logits.collect(),
        }
    }
}

/// Logits of pictures for the labels, pictures x labels, in the order of the names.
fn our_logits(checkpoint: &Checkpoint, runtime: &Runtime, golden: &Golden, pictures: &Path) -> Array2<f32> {
    let mut text = TextEncoder::open(checkpoint, runtime).unwrap();
    let labels = text.encode_labels(&golden.labels, &golden.template).unwrap();
    let mut image = ImageEncoder::open(checkpoint, runtime, 1).unwrap().remove(0);
    let prepared = golden.logits.keys().map(|name| {
        let Reading::Content(content) = read(&pictures.join(name)) else { panic!("{name}") };
        checkpoint.processor().prepare(&decode(&content.bytes, content.kind).unwrap().pixels)
    });
    let prepared: Vec<_> = prepared.collect();
    let embeddings: Vec<_> =
        prepared.chunks(8).map(|batch| image.encode(&batch.iter().collect::<Vec<_>>()).unwrap()).collect();
    let views: Vec<_> = embeddings.iter().map(|batch| batch.view()).collect();
    let embeddings = ndarray::concatenate(Axis(0), &views).unwrap();
    logits(embeddings.view(), labels.view(), checkpoint.score_rule().unwrap().0)
}

fn is_lossy(name: &str) -> bool {
    name.ends_with(".jpg") || name == "lossy.webp" || name.ends_with("animated.webp") || name.ends_with("alpha.webp")
}

/// Compares, prints the largest and mean distances, and returns our logits.
fn compare(name: &str, runtime: &Runtime, golden: &Golden, ours: &Array2<f32>, tolerance: &Tolerance) {
    let (mut lossless, mut lossy): (Vec<f32>, Vec<f32>) = (vec![], vec![]);
    for ((picture, reference), ours) in golden.logits.iter().zip(ours.outer_iter()) {
        let distances = reference.iter().zip(&ours).map(|(a, b)| (a - b).abs());
        let worst = distances.clone().fold(0.0, f32::max);
        let limit = if is_lossy(picture) { tolerance.lossy } else { tolerance.lossless };
        assert!(worst <= limit, "{name} in {}: {picture} is {worst} off", runtime.name());
        if is_lossy(picture) {
            lossy.extend(distances)
        } else {
            lossless.extend(distances)
        }
        let mut order: Vec<usize> = (0..reference.len()).collect();
        order.sort_by(|a, b| reference[*b].total_cmp(&reference[*a]));
        if reference[order[0]] - reference[order[1]] > 0.5 {
            let top = (0..reference.len()).max_by(|a, b| ours[*a].total_cmp(&ours[*b]));
            assert_eq!(top, Some(order[0]), "{name} in {}: top label of {picture}", runtime.name());
        }
    }
    let largest = |values: &[f32]| values.iter().copied().fold(0.0, f32::max);
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
    println!(
        "{name} in {}: lossless {:.4} / {:.4}, lossy {:.4} / {:.4} (largest / mean)",
        runtime.name(),
        largest(&lossless),
        mean(&lossless),
        largest(&lossy),
        mean(&lossy)
    );
    assert!(mean(&lossy) <= tolerance.lossy_mean, "{name}: mean of lossy pictures {}", mean(&lossy));
}

fn check(name: &str, folder: &Path, golden: &Golden, pictures: &Path, tolerance: &Tolerance) {
    let checkpoint = Checkpoint::open(folder).unwrap();
    for (label, expected) in golden.labels.iter().zip(&golden.input_ids) {
        let sentence = golden.template.fill(&label.text);
        assert_eq!(&checkpoint.tokenizer().tokens(&sentence).unwrap(), expected, "{sentence}");
    }
    let mut answers: Vec<Array2<f32>> = vec![];
    for runtime in runtimes() {
        let ours = our_logits(&checkpoint, &runtime, golden, pictures);
        compare(name, &runtime, golden, &ours, tolerance);
        answers.push(ours);
    }
    if let [tract, onnx_runtime] = &answers[..] {
        let apart = (tract - onnx_runtime).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
        println!("{name}: tract and ONNX Runtime are {apart:.5} apart");
        assert!(apart < 0.01, "{name}: tract and ONNX Runtime are {apart} apart");
    }
}

fn own_golden(name: &str) -> Golden {
    let golden = json(&fixtures().join("golden.json"));
    let checkpoint = &golden["checkpoints"][name];
    let mut golden = Golden::new(&golden, checkpoint, &checkpoint["answers"]);
    // The program takes the high byte of 16-bit grey, on purpose; Pillow clips.
    golden.logits.remove("sixteen-bit-grey.png");
    golden
}

/// What the program promises. These checkpoints are narrow, so that a level in a pixel weighs more than in a real one.
const PROMISED: Tolerance = Tolerance { lossless: 0.05, lossy: 0.3, lossy_mean: 0.05 };

#[test]
fn a_checkpoint_of_today() {
    check("clip", &fixtures().join("clip"), &own_golden("clip"), &fixtures().join("pictures"), &PROMISED);
}

#[test]
fn a_checkpoint_of_old() {
    check(
        "clip-legacy",
        &fixtures().join("clip-legacy"),
        &own_golden("clip-legacy"),
        &fixtures().join("pictures"),
        &PROMISED,
    );
}

#[test]
fn larger_checkpoint_and_real_pictures() {
    let Some(folder) = shared("parity/clip") else { return };
    let golden = json(&folder.join("golden.json"));
    let golden = Golden::new(&golden, &golden, &golden["pictures"]);
    check("shared clip", &folder, &golden, &folder.join("../.."), &PROMISED);
}

#[test]
fn an_onnx_export() {
    check("clip-onnx", &fixtures().join("clip-onnx"), &own_golden("clip"), &fixtures().join("pictures"), &PROMISED);
    let checkpoint = Checkpoint::open(&fixtures().join("clip-onnx")).unwrap();
    assert!(checkpoint.score_rule().unwrap().1, "the export has lost its scale, which has to be said");
}

#[test]
fn an_onnx_export_that_tract_cannot_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join("clip-onnx"), folder.path());
    let text_tower = folder.path().join("onnx/text_model.onnx");
    let mut model = ModelProto::decode(&*std::fs::read(&text_tower).unwrap()).unwrap();
    let nodes = &mut model.graph.as_mut().unwrap().node;
    // An operator of ONNX Runtime's own that tract has not.
    nodes.iter_mut().find(|node| node.op_type == "LayerNormalization" || node.op_type == "Softmax").unwrap().op_type =
        "QAttention".to_owned();
    std::fs::write(&text_tower, model.encode_to_vec()).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let error = TextEncoder::open(&checkpoint, &Runtime::Tract).unwrap_err();
    let EngineError::Runtime(RuntimeError::ExportNotReadable { file, .. }) = error else { panic!("{error:?}") };
    assert_eq!(file, text_tower);
}

#[test]
fn a_scale_that_is_no_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join("clip"), folder.path());
    let weights = folder.path().join("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let scale = Checkpoint::open(folder.path()).unwrap().score_rule().unwrap().0.scale;
    let stored = scale.ln().to_le_bytes();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // The scale is stored as its logarithm, which rounding may have moved by the last bit.
    let near =
        |window: &[u8]| (f32::from_le_bytes(window.try_into().unwrap()) - f32::from_le_bytes(stored)).abs() < 1e-5;
    for place in (header..bytes.len() - 3).step_by(4) {
        if near(&bytes[place..place + 4]) {
            bytes[place..place + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
    }
    std::fs::write(&weights, bytes).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap().score_rule().unwrap_err();
    assert!(matches!(error, CheckpointError::Weights(WeightsError::BadScale { .. })), "{error:?}");
}
