//! Token ids and logits against the reference pipeline's answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{copy_folder, fixtures, json, runtimes, shared};
use half::f16;
use ndarray::{Array2, Axis};
use prost::Message;
use serde_json::Value as Json;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::score::{logits, normalise};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::EngineError;
use smart_image_sorter::engine::checkpoint::{Checkpoint, CheckpointError};
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::graph::point_outside;
use smart_image_sorter::engine::runtime::{Runtime, RuntimeError, Uses};
use smart_image_sorter::engine::weights::WeightsError;
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};
use tract_onnx::pb::ModelProto;

/// How far logits may be from the reference's.
struct Tolerance {
    lossless: f32,
    lossy: f32,
    lossy_mean: f32,
    /// The least cosine of an embedding and the reference's.
    least_cosine: f64,
}

/// One set of answers of the reference pipeline.
struct Golden {
    labels: Vec<Label>,
    template: Templates,
    input_ids: Vec<Vec<u32>>,
    logits: BTreeMap<String, Vec<f32>>,
    /// One embedding a label, and one a picture, where the reference tells them.
    text_embeddings: Vec<Vec<f32>>,
    image_embeddings: BTreeMap<String, Vec<f32>>,
}

/// What the program answers: embeddings of labels and of pictures, normalised, and logits, pictures x labels. Pictures are
/// in the order of their names.
struct Answers {
    labels: Array2<f32>,
    pictures: Array2<f16>,
    logits: Array2<f32>,
}

fn numbers<T: serde::de::DeserializeOwned>(value: &Json) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

impl Golden {
    fn new(head: &Json, checkpoint: &Json, answers: &Json) -> Golden {
        let labels: Vec<String> = numbers(checkpoint.get("labels").unwrap_or(&head["labels"]));
        let answers: BTreeMap<String, Json> = numbers(answers);
        let embeddings = answers.iter().filter_map(|(name, a)| Some((name.clone(), numbers(a.get("embedding")?))));
        Golden {
            labels: labels.into_iter().map(Label::named).collect(),
            template: Templates::new(head["template"].as_str().unwrap()).unwrap(),
            input_ids: numbers(&checkpoint["input_ids"]),
            text_embeddings: checkpoint.get("text_embeddings").map(numbers).unwrap_or_default(),
            image_embeddings: embeddings.collect(),
            logits: answers.iter().map(|(name, answer)| (name.clone(), numbers(&answer["logits"]))).collect(),
        }
    }
}

fn our_answers(checkpoint: &Checkpoint, runtime: &Runtime, golden: &Golden, pictures: &Path) -> Answers {
    let mut text = TextEncoder::open(checkpoint, runtime).unwrap();
    let labels = text.encode_labels(&golden.labels, &golden.template).unwrap();
    let mut image = ImageEncoder::open(checkpoint, runtime, 1, Uses::Many).unwrap().remove(0);
    let prepared = golden.logits.keys().map(|name| {
        let Reading::Content(content) = read(&pictures.join(name)) else { panic!("{name}") };
        checkpoint.processor().prepare(&decode(&content.bytes, content.kind).unwrap().pixels)
    });
    let prepared: Vec<_> = prepared.collect();
    let embeddings: Vec<_> =
        prepared.chunks(8).map(|batch| image.encode(&batch.iter().collect::<Vec<_>>()).unwrap()).collect();
    let views: Vec<_> = embeddings.iter().map(|batch| batch.view()).collect();
    let pictures = ndarray::concatenate(Axis(0), &views).unwrap();
    let logits = logits(pictures.view(), labels.view(), checkpoint.score_rule().unwrap().0);
    Answers { labels, pictures, logits }
}

/// The cosine of two embeddings, neither of which need be of length one.
fn cosine(a: impl Iterator<Item = f32> + Clone, b: &[f32]) -> f64 {
    let dot: f64 = a.clone().zip(b).map(|(a, b)| f64::from(a) * f64::from(*b)).sum();
    let lengths = a.map(|a| f64::from(a).powi(2)).sum::<f64>() * b.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>();
    dot / lengths.sqrt()
}

/// Every embedding points where the reference's does. Prints the least cosines, of labels and of pictures.
fn compare_embeddings(name: &str, runtime: &Runtime, golden: &Golden, ours: &Answers, least: f64) {
    let labels = golden.text_embeddings.iter().zip(ours.labels.outer_iter());
    let labels = labels.map(|(golden, ours)| cosine(ours.iter().copied(), golden)).fold(1.0, f64::min);
    let (mut lossless, mut lossy) = (1.0, 1.0);
    for (picture, ours) in golden.logits.keys().zip(ours.pictures.outer_iter()) {
        let Some(golden) = golden.image_embeddings.get(picture) else { continue };
        let found = cosine(ours.iter().map(|value| value.to_f32()), golden);
        assert!(found > least, "{name} in {}: {picture} has a cosine of {found}", runtime.name());
        let worst = if is_lossy(picture) { &mut lossy } else { &mut lossless };
        *worst = f64::min(*worst, found);
    }
    println!(
        "{name} in {}: cosines at least {labels:.7} (labels), {lossless:.7} (lossless pictures), {lossy:.7} (lossy ones)",
        runtime.name()
    );
    assert!(labels > least, "{name} in {}: {labels}", runtime.name());
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
        let sentence = golden.template.fill(&label.text).next().unwrap();
        let batch = checkpoint.tokenizer().batch(std::slice::from_ref(&sentence), None).unwrap();
        let found: Vec<u32> = batch.ids.iter().map(|id| *id as u32).collect();
        assert_eq!(&found, expected, "{name}: {sentence}");
    }
    let mut answers: Vec<Array2<f32>> = vec![];
    for runtime in runtimes() {
        let ours = our_answers(&checkpoint, &runtime, golden, pictures);
        if !golden.text_embeddings.is_empty() {
            compare_embeddings(name, &runtime, golden, &ours, tolerance.least_cosine);
        }
        compare(name, &runtime, golden, &ours.logits, tolerance);
        answers.push(ours.logits);
    }
    if let [tract, onnx_runtime] = &answers[..] {
        let apart = (tract - onnx_runtime).mapv(f32::abs).fold(0.0, |a: f32, b| a.max(*b));
        println!("{name}: tract and ONNX Runtime are {apart:.5} apart");
        assert!(apart < 0.01, "{name}: tract and ONNX Runtime are {apart} apart");
    }
}

/// Checks a fixture against the answers to one of the fixtures that were asked.
fn check_own(name: &str, answered: &str, tolerance: &Tolerance) {
    check(name, &fixtures().join(name), &own_golden(answered), &fixtures().join("pictures"), tolerance);
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
const PROMISED: Tolerance = Tolerance { lossless: 0.05, lossy: 0.3, lossy_mean: 0.05, least_cosine: 0.9999 };

/// For checkpoints whose logits spread over eighty units: what another JPEG decoder changes grows with them.
const SPREAD: Tolerance = Tolerance { lossless: 0.05, lossy: 0.5, lossy_mean: 0.15, least_cosine: 0.9999 };

/// Where weights were rounded and the answers are those of the weights before that.
const ROUNDED: Tolerance = Tolerance { lossless: 1.0, lossy: 1.0, lossy_mean: 0.5, least_cosine: 0.999 };

#[test]
fn every_family() {
    for (name, tolerance) in [
        ("clip", &PROMISED),
        ("clip-legacy", &PROMISED),
        ("siglip", &SPREAD),
        ("siglip2", &SPREAD),
        ("chinese-clip", &SPREAD),
    ] {
        check_own(name, name, tolerance);
    }
}

#[test]
fn every_layout() {
    for (name, tolerance) in [("clip-bin", &PROMISED), ("clip-sharded", &ROUNDED), ("clip-bf16", &ROUNDED)] {
        check_own(name, "clip", tolerance);
    }
}

#[test]
fn onnx_exports() {
    for (name, answered, has_scale, tolerance) in [
        ("clip-onnx", "clip", false, &PROMISED),
        ("clip-whole", "clip", true, &PROMISED),
        ("siglip2-whole", "siglip2", true, &SPREAD),
    ] {
        check_own(name, answered, tolerance);
        let checkpoint = Checkpoint::open(&fixtures().join(name)).unwrap();
        assert_eq!(checkpoint.score_rule().unwrap().1, !has_scale, "{name}: a scale that is assumed has to be said");
    }
}

/// A hub's cache keeps every file under its hash in one folder, and snapshots of links to them.
#[test]
fn a_cache_of_links() {
    for (name, answered, tolerance) in
        [("clip-sharded", "clip", &ROUNDED), ("clip-bin", "clip", &PROMISED), ("clip-whole", "clip", &PROMISED)]
    {
        let cache = tempfile::tempdir().unwrap();
        let snapshot = as_hub_cache(&fixtures().join(name), cache.path());
        check(name, &snapshot, &own_golden(answered), &fixtures().join("pictures"), tolerance);
    }
}

#[test]
fn shards_in_several_folders() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_folder(&fixtures().join("clip-sharded"), folder.path());
    let shard = folder.path().join("model-00002-of-00003.safetensors");
    std::fs::copy(&shard, elsewhere.path().join("shard")).unwrap();
    std::fs::remove_file(&shard).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("shard"), &shard).unwrap();
    check("clip-sharded", folder.path(), &own_golden("clip"), &fixtures().join("pictures"), &ROUNDED);
}

#[test]
fn shards_of_torch_save() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join("clip-bin"), folder.path());
    let header = std::fs::read(fixtures().join("clip/model.safetensors")).unwrap();
    let length = u64::from_le_bytes(header[..8].try_into().unwrap()) as usize;
    let header: BTreeMap<String, Json> = serde_json::from_slice(&header[8..8 + length]).unwrap();
    let names = header.keys().filter(|name| *name != "__metadata__");
    let map: BTreeMap<&String, &str> = names.map(|name| (name, "part.bin")).collect();
    std::fs::rename(folder.path().join("pytorch_model.bin"), folder.path().join("part.bin")).unwrap();
    let index = serde_json::json!({"weight_map": map}).to_string();
    std::fs::write(folder.path().join("pytorch_model.bin.index.json"), index).unwrap();
    check("clip-bin", folder.path(), &own_golden("clip"), &fixtures().join("pictures"), &PROMISED);
}

/// An export whose weights lie beside it, as those of more than 2 GB do, in a cache of links.
#[test]
fn an_onnx_export_with_data_beside_it() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_folder(&fixtures().join("clip-onnx"), folder.path());
    for tower in ["vision_model", "text_model"] {
        put_data_beside(&folder.path().join("onnx"), tower);
    }
    let snapshot = as_hub_cache(folder.path(), cache.path());
    check("clip-onnx", &snapshot, &own_golden("clip"), &fixtures().join("pictures"), &PROMISED);
    let files = Checkpoint::open(&snapshot).unwrap().files(&Runtime::Tract).unwrap();
    let blobs = files.iter().filter(|file| file.starts_with(cache.path().canonicalize().unwrap().join("blobs")));
    assert_eq!(blobs.count(), 4, "{files:?}");
}

/// Lays a folder out as a hub's cache does. The snapshot.
fn as_hub_cache(folder: &Path, cache: &Path) -> PathBuf {
    let (blobs, snapshot) = (cache.join("blobs"), cache.join("snapshots/main"));
    std::fs::create_dir_all(&blobs).unwrap();
    for (number, entry) in walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).enumerate() {
        let name = entry.path().strip_prefix(folder).unwrap();
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(snapshot.join(name)).unwrap();
            continue;
        }
        let blob = format!("{number:040x}");
        std::fs::copy(entry.path(), blobs.join(&blob)).unwrap();
        let up = if name.components().count() == 2 { "../../../blobs" } else { "../../blobs" };
        std::os::unix::fs::symlink(Path::new(up).join(blob), snapshot.join(name)).unwrap();
    }
    snapshot
}

/// Moves the weights of an export into a file beside it.
pub(crate) fn put_data_beside(folder: &Path, tower: &str) {
    let path = folder.join(format!("{tower}.onnx"));
    let mut model = ModelProto::decode(&*std::fs::read(&path).unwrap()).unwrap();
    let (beside, mut data) = (format!("{tower}.onnx_data"), vec![]);
    for tensor in &mut model.graph.as_mut().unwrap().initializer {
        if tensor.raw_data.len() > 1024 {
            point_outside(tensor, &beside, data.len() as u64, tensor.raw_data.len() as u64);
            data.append(&mut tensor.raw_data);
        }
    }
    assert!(data.len() > 100_000);
    std::fs::write(folder.join(beside), data).unwrap();
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

#[test]
fn larger_checkpoints_and_real_pictures() {
    for family in ["clip", "siglip", "chinese_clip"] {
        let Some(folder) = shared(&format!("parity/{family}")) else { return };
        let golden = json(&folder.join("golden.json"));
        let golden = Golden::new(&golden, &golden, &golden["pictures"]);
        check(&format!("shared {family}"), &folder, &golden, &folder.join("../.."), &PROMISED);
    }
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
fn a_label_is_the_mean_over_its_prompts_in_every_template() {
    let checkpoint = Checkpoint::open(&fixtures().join("clip")).unwrap();
    let mut encoder = TextEncoder::open(&checkpoint, &Runtime::Tract).unwrap();
    let label = Label { text: "fire".to_owned(), prompts: vec!["fire".to_owned(), "smoke".to_owned()] };
    let templates = Templates::new("a photo of {}. | art of the {}.").unwrap();
    let found = encoder.encode_labels(&[label, Label::named("map")], &templates).unwrap();
    let sentences = ["a photo of fire.", "art of the fire.", "a photo of smoke.", "art of the smoke."];
    let rows = normalise(encoder.encode(&sentences.map(str::to_owned)).unwrap()).unwrap();
    let mean = rows.mean_axis(Axis(0)).unwrap();
    assert!(cosine(found.row(0).iter().copied(), mean.as_slice().unwrap()) > 0.999_999);
    assert!((found.row(0).dot(&found.row(0)) - 1.0).abs() < 1e-5);
}

/// SigLIP's sentences are always of one length, so that a label has less room than with others.
#[test]
fn a_label_that_is_too_long_is_named() {
    for name in ["clip", "siglip", "chinese-clip"] {
        let checkpoint = Checkpoint::open(&fixtures().join(name)).unwrap();
        let mut encoder = TextEncoder::open(&checkpoint, &Runtime::Tract).unwrap();
        let long = Label { text: "maps".to_owned(), prompts: vec!["map".to_owned(), "a map ".repeat(100)] };
        let error = encoder.encode_labels(&[Label::named("fire"), long], &Templates::default()).unwrap_err();
        let EngineError::LabelTooLong { label, tokens, limit } = error else { panic!("{name}: {error:?}") };
        let longest = checkpoint.family().text().longest;
        assert_eq!((label.as_str(), limit, tokens > limit), ("maps", longest, true), "{name}");
    }
}

/// Chinese-CLIP reads many more tokens than labels have; the built-in runtime fills up to fewer until more are needed.
#[test]
fn a_long_sentence_gives_what_it_gives_among_short_ones() {
    for runtime in runtimes() {
        let checkpoint = Checkpoint::open(&fixtures().join("chinese-clip")).unwrap();
        let mut encoder = TextEncoder::open(&checkpoint, &runtime).unwrap();
        let (short, long) = ("a map".to_owned(), "a map ".repeat(45));
        let before = encoder.encode(std::slice::from_ref(&short)).unwrap();
        let both = encoder.encode(&[short, long]).unwrap();
        assert!(cosine(both.row(0).iter().copied(), before.row(0).as_slice().unwrap()) > 0.999_99);
    }
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
