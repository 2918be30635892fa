//! Checkpoints that cannot be used: a sentence that names the file, and an exit code.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use prost::Message;
use serde_json::{Value as Json, json};
use tract_onnx::pb::ModelProto;

use crate::bad_input::check;
use crate::skip::{Lacks, skip};
use crate::support::{Workspace, copy_folder, fixtures, json, watch};

/// A fault of a checkpoint, the damage that makes it, and words of the sentence that has to say so.
type Damage = (&'static str, fn(&Path), &'static [&'static str]);

const DAMAGES: [Damage; 22] = [
    ("no config.json", |m| remove(m, "config.json"), &["has no config.json"]),
    ("config.json is no JSON", |m| write(m, "config.json", "{\"model_type\": "), &["config.json", "damaged"]),
    ("config.json is a list", |m| write(m, "config.json", "[]"), &["config.json", "no model_type"]),
    ("another family", |m| edit(m, "config.json", &["model_type"], json!("bert")), &["“bert”", "not supported"]),
    ("no family", |m| edit(m, "config.json", &["model_type"], Json::Null), &["no model_type"]),
    (
        "a layer count that is no number",
        |m| edit(m, "config.json", &["vision_config", "num_hidden_layers"], json!("two")),
        &["num_hidden_layers", "two"],
    ),
    ("no weights", |m| remove(m, "model.safetensors"), &["no weights", "model.safetensors"]),
    (
        "weights in another form only",
        |m| std::fs::rename(m.join("model.safetensors"), m.join("flax_model.msgpack")).unwrap(),
        &["flax_model.msgpack", "model.safetensors"],
    ),
    ("weights cut short", |m| cut(m, "model.safetensors", 200_000), &["model.safetensors", "incomplete"]),
    ("weights cut short in their header", |m| cut(m, "model.safetensors", 100), &["model.safetensors", "incomplete"]),
    ("empty weights", |m| cut(m, "model.safetensors", 0), &["model.safetensors", "incomplete"]),
    ("a header of 100 GB", |m| claim_header(m, 100_000_000_000), &["model.safetensors", "damaged"]),
    ("a header beyond all bounds", |m| claim_header(m, u64::MAX), &["model.safetensors", "damaged"]),
    ("a tensor missing", |m| rename_tensor(m, "vision_model.embeddings.class_embedding"), &["class_embedding"]),
    (
        "weights of another width",
        |m| edit(m, "config.json", &["vision_config", "hidden_size"], json!(96)),
        &["vision_model.", "another shape"],
    ),
    ("no tokenizer", |m| remove(m, "tokenizer.json"), &["no tokenizer", "tokenizer.json"]),
    ("a damaged tokenizer", |m| cut(m, "tokenizer.json", 5000), &["tokenizer.json", "damaged"]),
    ("a tokenizer that is something else", |m| write(m, "tokenizer.json", "{}"), &["tokenizer.json", "damaged"]),
    (
        "a tokenizer with words that the model does not know",
        |m| edit(m, "tokenizer.json", &["model", "vocab", "a</w>"], json!(5000)),
        &["5000 of 600"],
    ),
    ("no preprocessing", |m| remove(m, "preprocessor_config.json"), &["has no preprocessor_config.json"]),
    (
        "preprocessing that is no JSON",
        |m| write(m, "preprocessor_config.json", "size: 64"),
        &["preprocessor_config.json", "damaged"],
    ),
    (
        "preprocessing that makes no sense",
        |m| edit(m, "preprocessor_config.json", &["size"], json!("wide")),
        &["preprocessor_config.json", "size", "wide"],
    ),
];

#[test]
fn checkpoints_that_cannot_be_used() {
    let damages = DAMAGES.into_iter().map(|(wrong, damage, words)| ("clip", wrong, damage, words));
    for (fixture, wrong, damage, words) in damages.chain(OTHER_DAMAGES) {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let model = workspace.path("model");
        copy_folder(&fixtures().join(fixture), &model);
        damage(&model);
        check(wrong, &workspace, &workspace.classify().with("--model", &model), 1, words);
    }
}

/// The same for checkpoints of other families and layouts: the fixture comes first.
type OtherDamage = (&'static str, &'static str, fn(&Path), &'static [&'static str]);

const BIN: &str = "pytorch_model.bin";

const INDEX: &str = "model.safetensors.index.json";

const OTHER_DAMAGES: [OtherDamage; 24] = [
    ("clip-bin", "a pickle that calls something", |m| torch_save(m, "hostile.bin"), &[BIN, "posix.system", "hostile"]),
    ("clip-bin", "a file of PyTorch before 1.6", |m| torch_save(m, "old.bin"), &[BIN, "before version 1.6"]),
    ("clip-bin", "another model's tensors", |m| torch_save(m, "today.bin"), &[BIN, "have no"]),
    ("clip-bin", "an archive cut short", |m| cut(m, BIN, 300_000), &[BIN, "incomplete"]),
    ("clip-bin", "an archive cut at its begin", |m| cut(m, BIN, 3), &[BIN, "incomplete"]),
    ("clip-bin", "an empty archive", |m| cut(m, BIN, 0), &[BIN, "incomplete"]),
    ("clip-bin", "no archive", |m| write(m, BIN, "weights"), &[BIN, "damaged"]),
    ("clip-bin", "a page of a web server", |m| write(m, BIN, "<html>".repeat(100)), &[BIN, "damaged"]),
    (
        "clip-bin",
        "an archive of another width",
        |m| edit(m, "config.json", &["vision_config", "hidden_size"], json!(96)),
        &["vision_model.", "another shape"],
    ),
    ("clip-sharded", "a shard missing", |m| remove(m, SHARD), &["index.json", SHARD, "not there"]),
    (
        "clip",
        "weights that are a link to nothing",
        |m| link_to_nothing(m, "model.safetensors"),
        &["model.safetensors", "cannot be read"],
    ),
    ("clip-sharded", "a shard cut short", |m| cut(m, SHARD, 40_000), &[SHARD, "incomplete"]),
    ("clip-sharded", "an index that is no JSON", |m| write(m, INDEX, "{"), &[INDEX, "damaged"]),
    (
        "clip-sharded",
        "an index that leads elsewhere",
        |m| edit(m, INDEX, &["weight_map", "logit_scale"], json!("../../etc/passwd")),
        &[INDEX, "../../etc/passwd", "not a file in its folder"],
    ),
    (
        "clip-sharded",
        "an index that names the wrong shard",
        |m| edit(m, INDEX, &["weight_map", "logit_scale"], json!(SHARD)),
        &[SHARD, "no logit_scale"],
    ),
    ("clip-whole", "an export cut short", |m| cut(m, "onnx/model.onnx", 200_000), &["model.onnx", "cannot be used"]),
    (
        "clip-whole",
        "an export that is none",
        |m| write(m, "onnx/model.onnx", "<html>"),
        &["model.onnx", "cannot be used"],
    ),
    ("siglip", "no pieces", |m| remove(m, "spiece.model"), &["no tokenizer", "spiece.model"]),
    ("siglip", "damaged pieces", |m| cut(m, "spiece.model", 2000), &["spiece.model", "damaged"]),
    (
        "siglip",
        "a tower without its head",
        |m| edit(m, "config.json", &["vision_config", "vision_use_head"], json!(false)),
        &["vision_use_head", "false"],
    ),
    (
        "siglip",
        "a smaller vocabulary",
        |m| edit(m, "config.json", &["text_config", "vocab_size"], json!(20)),
        &["token_embedding", "another shape"],
    ),
    ("siglip2-whole", "exports that lost their scale", |m| without_logits(m), &["scale", "model.safetensors"]),
    ("chinese-clip", "no word pieces", |m| remove(m, "vocab.txt"), &["no tokenizer", "vocab.txt"]),
    ("chinese-clip", "word pieces of something else", |m| write(m, "vocab.txt", "a\nb\n"), &["vocab.txt", "damaged"]),
];

const SHARD: &str = "model-00002-of-00003.safetensors";

/// Leaves a link to nothing, as an interrupted download does in a hub's cache.
fn link_to_nothing(model: &Path, file: &str) {
    remove(model, file);
    std::os::unix::fs::symlink("../../blobs/absent", model.join(file)).unwrap();
}

/// Puts a file of the fixtures in the place of the weights.
fn torch_save(model: &Path, name: &str) {
    std::fs::copy(fixtures().join("torch-save").join(name), model.join(BIN)).unwrap();
}

/// Leaves of a whole model's export the embeddings only.
fn without_logits(model: &Path) {
    let path = model.join("onnx/model.onnx");
    let mut export = ModelProto::decode(&*std::fs::read(&path).unwrap()).unwrap();
    export.graph.as_mut().unwrap().output.retain(|output| output.name.ends_with("_embeds"));
    std::fs::write(path, export.encode_to_vec()).unwrap();
}

pub(crate) fn remove(model: &Path, file: &str) {
    std::fs::remove_file(model.join(file)).unwrap();
}

pub(crate) fn write(model: &Path, file: &str, content: impl AsRef<[u8]>) {
    std::fs::write(model.join(file), content).unwrap();
}

fn cut(model: &Path, file: &str, length: u64) {
    File::options().write(true).open(model.join(file)).unwrap().set_len(length).unwrap();
}

/// Sets what is at the end of a way of keys.
pub(crate) fn edit(model: &Path, file: &str, way: &[&str], value: Json) {
    let mut whole = json(&model.join(file));
    *way.iter().fold(&mut whole, |part, key| &mut part[key]) = value;
    write(model, file, whole.to_string());
}

/// Lets the weights say that their header has this length.
fn claim_header(model: &Path, length: u64) {
    let mut bytes = std::fs::read(model.join("model.safetensors")).unwrap();
    bytes[..8].copy_from_slice(&length.to_le_bytes());
    write(model, "model.safetensors", bytes);
}

/// Gives a tensor another name of the same length.
fn rename_tensor(model: &Path, name: &str) {
    let mut bytes = std::fs::read(model.join("model.safetensors")).unwrap();
    let at = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    bytes[at] = b'_';
    write(model, "model.safetensors", bytes);
}

/// The most memory that a header may make the program use before it is refused, in kilobytes.
const MOST_FOR_HEADER: u64 = 200_000;

#[test]
fn a_header_takes_little_memory_to_refuse() {
    let axes =
        |count: usize| format!(r#"{{"a":{{"dtype":"F32","shape":[{}1],"data_offsets":[0,4]}}}}"#, "1,".repeat(count));
    let tensors: Vec<String> =
        (0..150_000).map(|number| format!(r#""{number}":{{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#)).collect();
    let name = format!(r#"{{"{}":1}}"#, "a".repeat(9_900_000));
    let overlapping = format!("{{{}}}", tensors.join(","));
    for (wrong, header) in [
        ("millions of axes", axes(49_500_000)),
        ("axes", axes(4_950_000)),
        ("tensors", overlapping),
        ("a long name", name),
    ] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let model = workspace.path("model");
        copy_folder(&fixtures().join("clip"), &model);
        let length = (header.len() as u64).to_le_bytes();
        write(&model, "model.safetensors", [&length[..], header.as_bytes(), &[0; 4]].concat());
        let errors = workspace.path("errors");
        let mut command = workspace.classify().with("--model", &model).command();
        command.stdout(Stdio::null()).stderr(File::create(&errors).unwrap()).stdin(Stdio::null());
        let (code, peak) = watch(command.spawn().unwrap());
        let said = std::fs::read_to_string(errors).unwrap();
        assert!(code == Some(1) && said.contains("are damaged"), "{wrong}: {said}");
        let Some(peak) = peak else {
            return skip(Lacks::System, "the system does not tell how much memory a process uses");
        };
        println!("{wrong}: at most {peak} kB");
        assert!(peak < MOST_FOR_HEADER, "{wrong}: {peak} kB");
    }
}

#[test]
fn siglip_without_padding_rule_is_refused() {
    let workspace = Workspace::new();
    let model = workspace.path("model");
    copy_folder(&fixtures().join("siglip2"), &model);
    let path = model.to_str().unwrap();
    workspace.sis(["doctor", "--model", path]).ended_with(0);
    std::fs::remove_file(model.join("tokenizer_config.json")).unwrap();
    let said = workspace.sis(["doctor", "--model", path]).ended_with(1).err;
    assert!(said.contains("has no tokenizer_config.json"), "{said}");
}
