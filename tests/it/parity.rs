//! Token ids and logits against the reference pipeline's answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::golden::{Golden, Tolerance, check, cosine};
use crate::support::{copy_folder, fixtures, json, runtimes, shared};
use ndarray::Axis;
use prost::Message;
use serde_json::Value as Json;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::score::normalise;
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::EngineError;
use smart_image_sorter::engine::checkpoint::{Checkpoint, CheckpointError};
use smart_image_sorter::engine::encoder::TextEncoder;
use smart_image_sorter::engine::graph::point_outside;
use smart_image_sorter::engine::runtime::{Runtime, RuntimeError};
use smart_image_sorter::engine::weights::WeightsError;
use tract_onnx::pb::ModelProto;

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

/// The tolerance that the program promises. These checkpoints are narrow, so that a level in a pixel weighs more than
/// in a real one.
const PROMISED: Tolerance = Tolerance { lossless: 0.05, lossy: 0.05, lossy_mean: 0.02, least_cosine: 0.9999 };

/// Where weights were rounded and the answers are those of the weights before that.
const ROUNDED: Tolerance = Tolerance { lossless: 1.0, lossy: 1.0, lossy_mean: 0.5, least_cosine: 0.999 };

#[test]
fn every_family() {
    for (name, tolerance) in [
        ("clip", &PROMISED),
        ("clip-legacy", &PROMISED),
        ("siglip", &PROMISED),
        ("siglip2", &PROMISED),
        ("chinese-clip", &PROMISED),
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
        ("siglip2-whole", "siglip2", true, &PROMISED),
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
