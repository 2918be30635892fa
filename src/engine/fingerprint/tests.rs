//! Golden values: version 0.1.0 and every one since then found their caches and sessions by them.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::domain::hex::hex;
use crate::engine::families::{KNOWN, from_config};

fn text(config: &Json, processor: &Json, variant: Variant) -> String {
    let family = from_config(config).unwrap();
    let processor = ImageProcessor::from_config(processor, family.name(), family.image_size()).unwrap();
    description(&*family, &processor, variant)
}

/// The start of the fingerprint of a text, without any files.
fn hash_of(text: &str) -> String {
    start_of(&Sources { files: vec![], description: text.to_owned() }.fingerprint(&[]))
}

fn start_of(fingerprint: &[u8; 32]) -> String {
    hex(&fingerprint[..8])
}

/// The text with nothing of the three tables of levels but the first two numbers and the last.
fn shortened(text: &str) -> String {
    let (before, levels) = text.split_once("levels: [[").unwrap();
    let (levels, after) = levels.split_once("]]").unwrap();
    let numbers: Vec<&str> = levels.split(", ").collect();
    assert_eq!(numbers.len(), 3 * 256);
    format!("{before}levels: [[{}, {}, ... {}]]{after}", numbers[0], numbers[1], numbers[767])
}

/// Every key that the text tells of, and each with another value than the family's own.
fn unusual(kind: &str) -> Json {
    let tower = |activation: &str, epsilon: f64| {
        json!({"hidden_size": 64, "intermediate_size": 100, "num_hidden_layers": 3, "num_attention_heads": 4,
            "layer_norm_eps": epsilon, "hidden_act": activation})
    };
    let (mut text, mut vision) = (tower("gelu_new", 0.00025), tower("gelu", 0.5));
    for (key, value) in [
        ("vocab_size", 1001),
        ("max_position_embeddings", 33),
        ("eos_token_id", 2),
        ("type_vocab_size", 5),
        ("pad_token_id", 0),
        ("projection_size", 24),
    ] {
        text[key] = json!(value);
    }
    vision["patch_size"] = json!(14);
    json!({"model_type": kind, "text_config": text, "vision_config": vision, "projection_dim": 48})
}

/// Image processors, each with its name: every filter, both kinds of size, no resizing, no crop, levels from the
/// smallest to the largest.
fn processors() -> [(&'static str, Json); 9] {
    let square = json!({"height": 224, "width": 224});
    let with_filter = |number: u32| json!({"size": {"shortest_edge": 256}, "crop_size": square.clone(), "resample": number, "do_center_crop": true});
    [
        ("the family's own", json!({})),
        ("lanczos", with_filter(1)),
        ("bilinear", with_filter(2)),
        ("box", with_filter(4)),
        ("hamming", with_filter(5)),
        ("exact", json!({"size": square.clone(), "do_center_crop": false})),
        ("uncut", json!({"do_resize": false, "do_center_crop": true, "crop_size": square.clone()})),
        ("raw", json!({"size": square.clone(), "do_rescale": false, "do_normalize": false})),
        ("far numbers", json!({"size": square, "image_mean": [0.0, 1e-7, 0.9999], "image_std": [-1.0, 1e-20, 1e12]})),
    ]
}

/// Each family by its defaults and with every value another: its text with its own image processor, and the hashes with
/// each of the image processors.
const FAMILIES: [(&str, bool, &str, [&str; 9]); 6] = [
    (
        "clip",
        false,
        "4 Clip { text: Measures { width: 512, inner_width: 2048, layers: 12, heads: 8, epsilon: 1e-5, \
         activation: Quick }, vision: VisionTower { measures: Measures { width: 768, inner_width: 3072, \
         layers: 12, heads: 12, epsilon: 1e-5, activation: Quick }, patches: Patches { side: 224, size: \
         32, channels: 3 } }, vocabulary: 49408, positions: 77, end_of_text: 49407, projection: 512 } \
         ImageProcessor { resize: Some((ShortestEdge(224), Bicubic)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
        [
            "a75b5cb026e05248",
            "edb963a9ed7c0ba6",
            "572dd72005d4e028",
            "2ae0e4b51d6a3643",
            "956d7fc1f980fd74",
            "4d26563b1806d788",
            "5478169388303f09",
            "ccbff6642ea66009",
            "f99c2d4e5eacd92a",
        ],
    ),
    (
        "clip",
        true,
        "4 Clip { text: Measures { width: 64, inner_width: 100, layers: 3, heads: 4, epsilon: 0.00025, \
         activation: Tanh }, vision: VisionTower { measures: Measures { width: 64, inner_width: 100, \
         layers: 3, heads: 4, epsilon: 0.5, activation: Erf }, patches: Patches { side: 224, size: 14, \
         channels: 3 } }, vocabulary: 1001, positions: 33, end_of_text: 2, projection: 48 } \
         ImageProcessor { resize: Some((ShortestEdge(224), Bicubic)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
        [
            "52e9e6901e8841ac",
            "d1fec40a649a769b",
            "d8f9b61167f0872b",
            "e5b48d74b563fed8",
            "255fcd1addf0d887",
            "d251c5e98a856226",
            "70c44890a07c2fbe",
            "cad9fec637d42cc3",
            "b5c5424f523740e5",
        ],
    ),
    (
        "siglip",
        false,
        "4 Siglip { text: Measures { width: 768, inner_width: 3072, layers: 12, heads: 12, epsilon: 1e-6, \
         activation: Tanh }, vision: Measures { width: 768, inner_width: 3072, layers: 12, heads: 12, \
         epsilon: 1e-6, activation: Tanh }, vocabulary: 32000, positions: 64, padding: 1, projection: \
         768, patches: Patches { side: 224, size: 16, channels: 3 } } ImageProcessor { resize: \
         Some((Exact { height: 224, width: 224 }, Bicubic)), crop: None, levels: [[-1.0, -0.99215686, ... \
         1.0]], side: 224 }",
        [
            "9319dd35fb3bd092",
            "d2f381235a53132e",
            "e5eda394af9f9523",
            "504aad5de9ddf4bd",
            "b2f82701dfec62ea",
            "9319dd35fb3bd092",
            "d87998ebc045fc14",
            "7ae18c21fe97502b",
            "64b824c433228f29",
        ],
    ),
    (
        "siglip",
        true,
        "4 Siglip { text: Measures { width: 64, inner_width: 100, layers: 3, heads: 4, epsilon: 0.00025, \
         activation: Tanh }, vision: Measures { width: 64, inner_width: 100, layers: 3, heads: 4, \
         epsilon: 0.5, activation: Erf }, vocabulary: 1001, positions: 33, padding: 0, projection: 24, \
         patches: Patches { side: 224, size: 14, channels: 3 } } ImageProcessor { resize: Some((Exact { \
         height: 224, width: 224 }, Bicubic)), crop: None, levels: [[-1.0, -0.99215686, ... 1.0]], side: \
         224 }",
        [
            "bbcbd9890ee3c489",
            "b9824a4e62e99a82",
            "85ff7ee1db8e3cf4",
            "13d38f381e9ea202",
            "cac5d771cbc6fd5c",
            "bbcbd9890ee3c489",
            "44af1b7892117719",
            "fa9be9b0c1bfbd58",
            "eb6244274314be15",
        ],
    ),
    (
        "chinese_clip",
        false,
        "4 ChineseClip { text: Measures { width: 768, inner_width: 3072, layers: 12, heads: 12, epsilon: \
         1e-12, activation: Erf }, vision: VisionTower { measures: Measures { width: 768, inner_width: \
         3072, layers: 12, heads: 12, epsilon: 1e-5, activation: Quick }, patches: Patches { side: 224, \
         size: 32, channels: 3 } }, vocabulary: 30522, positions: 512, token_types: 2, projection: 512 } \
         ImageProcessor { resize: Some((ShortestEdge(224), Bicubic)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
        [
            "cef942d10cdf363a",
            "5a1e8b50ce488b99",
            "126e1006db1470e4",
            "6a5f4c4c63529ba7",
            "dd3c7a8f7d54e9f9",
            "649c3152215a3a95",
            "d3ba91df5586abce",
            "e99d2ad297a3bd33",
            "3d71a6d10c3a3ab1",
        ],
    ),
    (
        "chinese_clip",
        true,
        "4 ChineseClip { text: Measures { width: 64, inner_width: 100, layers: 3, heads: 4, epsilon: \
         0.00025, activation: Tanh }, vision: VisionTower { measures: Measures { width: 64, inner_width: \
         100, layers: 3, heads: 4, epsilon: 0.5, activation: Erf }, patches: Patches { side: 224, size: \
         14, channels: 3 } }, vocabulary: 1001, positions: 33, token_types: 5, projection: 48 } \
         ImageProcessor { resize: Some((ShortestEdge(224), Bicubic)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
        [
            "4e42b03c60e2bb9f",
            "94380168a72a63c3",
            "8bbf02762dc9172b",
            "70050459b7555fa0",
            "2aeccca745ccc827",
            "abae3b3fdead53c5",
            "d977bfb56a5e2ba1",
            "8f372a51f4692aff",
            "50a52908e9d61856",
        ],
    ),
];

/// The text of each image processor.
const PROCESSORS: [&str; 9] = [
    "ImageProcessor { resize: Some((ShortestEdge(224), Bicubic)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((ShortestEdge(256), Lanczos)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((ShortestEdge(256), Bilinear)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((ShortestEdge(256), Box)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((ShortestEdge(256), Hamming)), crop: Some((224, 224)), levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((Exact { height: 224, width: 224 }, Bicubic)), crop: None, levels: \
         [[-1.7922626, -1.7776641, ... 2.145897]], side: 224 }",
    "ImageProcessor { resize: None, crop: Some((224, 224)), levels: [[-1.7922626, -1.7776641, ... \
         2.145897]], side: 224 }",
    "ImageProcessor { resize: Some((Exact { height: 224, width: 224 }, Bicubic)), crop: Some((224, \
         224)), levels: [[0.0, 1.0, ... 255.0]], side: 224 }",
    "ImageProcessor { resize: Some((Exact { height: 224, width: 224 }, Bicubic)), crop: Some((224, \
         224)), levels: [[-0.0, -0.003921569, ... 1e-16]], side: 224 }",
];

/// Whole fingerprints of the test checkpoints in single precision.
const CHECKPOINTS: [(&str, &str); 10] = [
    ("clip", "4f14c02ffa9c7e78"),
    ("clip-bin", "d1447948b3516a76"),
    ("clip-legacy", "329a8dd7d6a9c202"),
    ("clip-onnx", "84766f2a8f5ea850"),
    ("clip-sharded", "53587184a83f8212"),
    ("clip-whole", "1979f25a67b77ed7"),
    ("chinese-clip", "2ffff051e8879e6d"),
    ("siglip", "f3a9a234825e8f47"),
    ("siglip2", "48e3f3b26209fbc5"),
    ("siglip2-whole", "9c49c51549ab54e5"),
];

#[test]
fn fingerprint_of_each_family_and_image_processor_is_that_of_version_0_1_0() {
    assert_eq!(FAMILIES.map(|(kind, ..)| kind).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(KNOWN));
    for (kind, is_unusual, expected, hashes) in FAMILIES {
        let config = if is_unusual { unusual(kind) } else { json!({"model_type": kind}) };
        assert_eq!(shortened(&text(&config, &json!({}), Variant::Fp32)), expected);
        let found = processors().map(|(_, processor)| hash_of(&text(&config, &processor, Variant::Fp32)));
        assert_eq!(found, hashes, "{expected}");
    }
}

#[test]
fn text_of_each_image_processor_is_that_of_version_0_1_0() {
    for ((name, processor), expected) in processors().into_iter().zip(PROCESSORS) {
        let text = text(&json!({"model_type": "clip"}), &processor, Variant::Fp32);
        let (_, found) = text.split_at(text.find("ImageProcessor").unwrap());
        assert_eq!(shortened(found), expected, "{name}");
    }
}

#[test]
fn fingerprint_of_each_variant_is_that_of_version_0_1_0() {
    for (kind, half) in
        [("clip", "af06bfe859e84423"), ("siglip", "d614ec2735c78de1"), ("chinese_clip", "2d988193ad8928e3")]
    {
        let in_variant = |variant| text(&json!({"model_type": kind}), &json!({}), variant);
        assert_eq!(hash_of(&in_variant(Variant::Fp16)), half);
        // How far integers may go depends on the processor.
        let text = in_variant(Variant::Int8);
        let end = text.strip_prefix(&in_variant(Variant::Fp32)).unwrap();
        assert!([" int8 1 63", " int8 1 127"].contains(&end), "{end}");
    }
}

#[test]
fn fingerprint_of_each_test_checkpoint_is_that_of_version_0_1_0() {
    for (name, expected) in CHECKPOINTS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        let checkpoint = Checkpoint::open(&folder).unwrap();
        let sources = Sources::of(&checkpoint, &Runtime::Tract).unwrap();
        let hashes: Vec<[u8; 32]> = sources.files.iter().map(|file| hash(file, &|| true).unwrap()).collect();
        assert_eq!(start_of(&sources.fingerprint(&hashes)), expected, "{name}");
    }
}

#[test]
fn hash_of_a_file_is_of_all_its_bytes_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content) = (folder.path().join("weights"), vec![7; PIECE + 1]);
    std::fs::write(&path, &content).unwrap();
    assert_eq!(hash(&path, &|| true).unwrap(), *blake3::hash(&content).as_bytes());
    let asked = std::cell::Cell::new(0);
    let once = || asked.replace(asked.get() + 1) == 0;
    assert_eq!(hash(&path, &once).unwrap_err().kind(), io::ErrorKind::Interrupted);
    assert!(hash(&folder.path().join("none"), &|| true).is_err());
}
