//! Tokenizers that make a word fill all memory, or take for ever.

use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::support::{Workspace, copy_folder, fixtures, json as json_of, watch};

/// The most memory that refusing one may take, in kilobytes.
const MOST: u64 = 400_000;

#[test]
fn one_that_grows_is_refused_and_takes_no_memory() {
    let long = "aa".repeat(1000);
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": long});
    let template = vec![json!({"Sequence": {"id": "A", "type_id": 0}}); 1_000_000];
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false});
    let cases: [(&str, &str, Json); 5] = [
        ("normalizer", "replaces", json!({"type": "Sequence", "normalizers": vec![replace.clone(); 4]})),
        (
            "normalizer",
            "has no type",
            json!({"normalizers": vec![json!({"pattern": {"String": "a"}, "content": long}); 4]}),
        ),
        ("pre_tokenizer", "doubles", json!({"type": "Sequence", "pretokenizers": vec![byte_level; 30]})),
        (
            "post_processor",
            "repeats",
            json!({"type": "TemplateProcessing", "single": template, "pair": [], "special_tokens": {}}),
        ),
        (
            "added_tokens",
            "grows when it is added",
            json!([{"id": 9_999_999, "content": "aaaaaaaa", "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": true, "special": false}]),
        ),
    ];
    for (part, name, value) in cases {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        let model = workspace.path("model");
        copy_folder(&fixtures().join("clip"), &model);
        let mut tokenizer = json_of(&model.join("tokenizer.json"));
        tokenizer[part] = value;
        if part == "added_tokens" {
            tokenizer["normalizer"] = json!({"type": "Sequence", "normalizers": vec![replace.clone(); 4]});
        }
        std::fs::write(model.join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let labels = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, b";
        let mut command = workspace.classify().with("--model", &model).with("--labels", labels).command();
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (code, peak) = watch_said(child);
        assert_eq!(code.0, Some(1), "{part} {name}: {}", code.1);
        assert!(code.1.contains("tokenizer.json"), "{part} {name}: {}", code.1);
        assert!(peak.is_none_or(|peak| peak < MOST), "{part} {name}: {peak:?} kB");
    }
}

/// The end of a process, what it said, and the most memory that it took.
fn watch_said(mut child: std::process::Child) -> ((Option<i32>, String), Option<u64>) {
    let mut errors = child.stderr.take().unwrap();
    let (code, peak) = watch(child);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut errors, &mut said).unwrap();
    ((code, said), peak)
}
