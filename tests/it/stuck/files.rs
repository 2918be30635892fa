//! Pipes that nobody writes to, devices without an end and files without a bound, in place of what the program reads.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ends_soon, pipe, text};
use crate::skip::require;
use crate::support::{Workspace, copy_folder, fixtures};

/// Puts something where a file is expected.
type Put = fn(&Path);

/// A thing that may lie there.
const OTHERS: [(&str, Put); 4] = [
    ("a pipe", pipe),
    ("/dev/zero", |path| linked(path, "/dev/zero")),
    ("a link to itself", |path| linked(path, path.to_str().unwrap())),
    ("10 GB of nothing", |path| File::create(path).unwrap().set_len(10 << 30).unwrap()),
];

fn linked(path: &Path, target: &str) {
    let _ = std::fs::remove_file(path);
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// Classifies with a copy of a checkpoint in which something was put in a file's place.
fn with(checkpoint: &str, file: &str, put: Put) -> (Option<i32>, String) {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let model = workspace.path("model");
    copy_folder(&fixtures().join(checkpoint), &model);
    put(&model.join(file));
    let output = ends_soon(workspace.classify().with("--model", &model).command());
    assert!(!workspace.destination().join("a").exists() && !workspace.destination().join("b").exists());
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_model_made_of_what_is_no_file_is_refused_in_a_sentence() {
    for (checkpoint, files) in [
        ("clip", &["config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"][..]),
        ("clip-onnx", &["onnx/vision_model.onnx", "onnx/text_model.onnx"]),
    ] {
        for file in files {
            for (name, put) in OTHERS {
                let (code, said) = with(checkpoint, file, put);
                assert_eq!(code, Some(1), "{name} as {file} of {checkpoint}: {said}");
                let last = said.lines().last().unwrap_or_default();
                assert!(last.starts_with("Error: "), "{name} as {file} of {checkpoint}: {said}");
            }
        }
    }
}

#[test]
fn settings_that_are_no_file_are_refused_in_a_sentence() {
    for (name, put) in OTHERS {
        let workspace = Workspace::new();
        let settings = workspace.home().join("config/sis/settings.toml");
        std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
        put(&settings);
        let mut command = workspace.program();
        command.arg("doctor");
        let output = ends_soon(command);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("settings.toml"), "{name}");
    }
}

#[test]
fn a_cache_that_is_no_file_keeps_nobody_waiting() {
    for (name, put) in OTHERS {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let cache = workspace.home().join("cache/sis/embeddings.db");
        std::fs::create_dir_all(cache.parent().unwrap()).unwrap();
        put(&cache);
        assert_eq!(ends_soon(workspace.classify().command()).status.code(), Some(0), "{name}");
    }
}

fn labels_from(workspace: &Workspace, path: PathBuf) -> (Option<i32>, String) {
    let output = ends_soon(workspace.classify().labels_file(path).flag("--dry-run").command());
    (output.status.code(), text(&output.stderr))
}

#[test]
fn labels_come_from_a_file_or_a_pipe_that_has_them() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let path = workspace.path("labels");
    for (name, put) in OTHERS {
        put(&path);
        let (code, said) = labels_from(&workspace, path.clone());
        assert_eq!(code, Some(2), "{name}: {said}");
        std::fs::remove_file(&path).unwrap();
    }
    if !require("bash") {
        return;
    }
    let whole = workspace.classify().without("--labels").flag("--dry-run").command();
    let program = workspace.program();
    let mut through_bash = Command::new("bash");
    let received = "exec \"$0\" \"$@\" --labels-file <(printf 'a\\n'; sleep 0.3; printf 'b\\n')";
    through_bash.args(["-c", received]).arg(whole.get_program()).args(whole.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => through_bash.env(name, value),
            None => through_bash.env_remove(name),
        };
    }
    let output = ends_soon(through_bash);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}
