//! Folders of models as people have them: cloned without their large files, of another layout, with small oddities.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::bad_checkpoints::{edit, remove, write};
use crate::bad_input::check;
use crate::support::{Workspace, copy_folder, fixtures};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 605157884\n";

const WEIGHTS: &str = "model.safetensors";

/// A workspace with a picture, and a copy of a fixture at a place in it.
fn with_model(fixture: &str, place: &str) -> (Workspace, PathBuf) {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let model = workspace.path(place);
    copy_folder(&fixtures().join(fixture), &model);
    (workspace, model)
}

fn refused(what: &str, workspace: &Workspace, model: &Path, words: &[&str]) {
    check(what, workspace, &workspace.classify().with("--model", model), 1, words);
}

/// A picture's scores by the fixture's own folder, and by a folder.
fn scored_alike(what: &str, workspace: &Workspace, fixture: &str, model: &Path) {
    let plain = workspace.classify().with("--model", fixtures().join(fixture)).scores();
    assert_eq!(workspace.classify().with("--model", model).scores(), plain, "{what}");
}

#[test]
fn a_pointer_of_git_lfs_is_called_one() {
    for (fixture, file) in [
        ("clip", WEIGHTS),
        ("clip", "tokenizer.json"),
        ("clip", "config.json"),
        ("clip", "preprocessor_config.json"),
        ("clip-bin", "pytorch_model.bin"),
        ("clip-sharded", "model-00002-of-00003.safetensors"),
        ("clip-whole", "onnx/model.onnx"),
        ("siglip", "spiece.model"),
    ] {
        let (workspace, model) = with_model(fixture, "model");
        write(&model, file, POINTER);
        refused(file, &workspace, &model, &[file, "only a pointer of git-lfs", "git lfs pull"]);
    }
    // One that is not needed is no matter, and no excuse for what is.
    let (workspace, model) = with_model("clip", "model");
    write(&model, "pytorch_model.bin", POINTER);
    scored_alike("a pointer beside the weights", &workspace, "clip", &model);
    edit(&model, "config.json", &["model_type"], json!("bert"));
    refused("another type", &workspace, &model, &["“bert”", "not supported"]);
}

#[test]
fn models_in_other_layouts_are_named_or_used() {
    let (workspace, inside) = with_model("clip", "sbert/0_CLIPModel");
    refused("a folder around it", &workspace, &workspace.path("sbert"), &["no config.json", "sbert/0_CLIPModel"]);
    scored_alike("the folder inside", &workspace, "clip", &inside);

    let open_clip = workspace.path("open_clip");
    workspace.write("open_clip/open_clip_config.json", "{}");
    workspace.write("open_clip/open_clip_model.safetensors", "");
    refused("open_clip", &workspace, &open_clip, &["form of open_clip", "Hugging Face layout"]);

    let (workspace, model) = with_model("clip", "model");
    write(&model, "config.json", r#"{"auto_map": {"AutoConfig": "own.Config"}, "architectures": ["Own"]}"#);
    refused("code of its own", &workspace, &model, &["no model_type", "code of its own", "known are clip"]);
}

#[test]
fn a_folder_of_the_hubs_cache_is_the_commit_of_its_main_branch() {
    let (first, second) = ("0".repeat(40), "1".repeat(40));
    let (workspace, model) = with_model("clip", &format!("models--owner--name/snapshots/{second}"));
    let root = workspace.path("models--owner--name");
    scored_alike("the only snapshot", &workspace, "clip", &root);
    copy_folder(&model, &root.join("snapshots").join(&first));
    edit(&root.join("snapshots").join(&first), "config.json", &["model_type"], json!("bert"));
    refused("nothing says which", &workspace, &root, &["no config.json"]);
    workspace.write("models--owner--name/refs/main", format!("{second}\n"));
    scored_alike("the one that is named", &workspace, "clip", &root);
    workspace.write("models--owner--name/refs/main", "../../elsewhere");
    refused("no commit", &workspace, &root, &["no config.json"]);
}

#[test]
fn small_things_of_published_checkpoints_are_read() {
    let (workspace, model) = with_model("siglip", "model");
    edit(&model, "preprocessor_config.json", &["size"], json!(62));
    scored_alike("a size that is one number", &workspace, "siglip", &model);

    let (workspace, model) = with_model("clip", "model");
    for file in ["config.json", "preprocessor_config.json", "tokenizer_config.json"] {
        let text = std::fs::read_to_string(model.join(file)).unwrap();
        write(&model, file, format!("\u{feff}{text}"));
    }
    scored_alike("a mark of Windows", &workspace, "clip", &model);

    let (workspace, model) = with_model("clip", "model");
    change_tensors(&model, |tensors, data| {
        let entry = &mut tensors["logit_scale"];
        let scale = f32::from_le_bytes(data[range(entry)].try_into().unwrap());
        let (begin, end) = (data.len(), data.len() + 8);
        *entry = json!({"dtype": "F64", "shape": [], "data_offsets": [begin, end]});
        data.extend(f64::from(scale).to_le_bytes());
    });
    scored_alike("a scale in 64 bits", &workspace, "clip", &model);
}

#[test]
fn weights_without_numbers_blame_model_not_pictures() {
    let (workspace, model) = with_model("clip", "model");
    change_tensors(&model, |tensors, data| data[range(&tensors["visual_projection.weight"])].fill(0xff));
    let classify = workspace.classify().with("--model", &model).flag("--json");
    let finished = classify.ends_with(1);
    assert!(finished.err.contains("no usable answer for any picture"), "{}", finished.err);
    assert!(!finished.out.contains("unreadable"), "{}", finished.out);
}

fn range(entry: &Json) -> std::ops::Range<usize> {
    let [begin, end] = [0, 1].map(|at| entry["data_offsets"][at].as_u64().unwrap() as usize);
    begin..end
}

/// Changes the header and the data of the weights.
fn change_tensors(model: &Path, change: impl FnOnce(&mut Json, &mut Vec<u8>)) {
    let bytes = std::fs::read(model.join(WEIGHTS)).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut tensors: Json = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut data = bytes[8 + length..].to_vec();
    change(&mut tensors, &mut data);
    let header = tensors.to_string();
    let length = (header.len() as u64).to_le_bytes();
    remove(model, WEIGHTS);
    write(model, WEIGHTS, [&length[..], header.as_bytes(), &data].concat());
}
