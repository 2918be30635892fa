//! `sis bench`: what it measures is told whole, and nothing is left behind.

use std::ffi::OsString;

use serde_json::Value as Json;

use crate::skip::require_onnx_runtime;
use crate::support::{Finished, Workspace, finish, fixtures, hashes, onnx_runtime_library, tree};

/// Figures that are never nothing.
const FIGURES: [&str; 20] = [
    "cores",
    "pictures",
    "mean_bytes",
    "reading_one_thread_pictures_per_second",
    "reading_all_threads_pictures_per_second",
    "reading_one_thread_megabytes_per_second",
    "reading_all_threads_megabytes_per_second",
    "decoding_one_core_pictures_per_second",
    "decoding_all_cores_pictures_per_second",
    "resizing_one_core_pictures_per_second",
    "resizing_all_cores_pictures_per_second",
    "decoding_and_resizing_one_core_pictures_per_second",
    "decoding_and_resizing_all_cores_pictures_per_second",
    "image_tower_opening_seconds",
    "ten_labels_seconds",
    "batch_size",
    "scoring_100000_pictures_seconds",
    "whole_run_pictures_per_second",
    "whole_run_share_of_model",
    "whole_run_share_of_decoding",
];

/// Runs `sis bench` for a moment, in a runtime.
fn bench(workspace: &Workspace, runtime: &str, arguments: &[OsString]) -> Finished {
    let mut command = workspace.program();
    let temporary = workspace.path("temporary");
    std::fs::create_dir_all(&temporary).unwrap();
    command.args(["bench", "--seconds", "1"]).args(arguments);
    command.env("SIS_RUNTIME", runtime).env("TMPDIR", temporary);
    if let Some(library) = onnx_runtime_library() {
        command.env("ORT_DYLIB_PATH", library);
    }
    finish(command)
}

fn json(finished: &Finished) -> Json {
    assert_eq!(finished.code, 0, "{}{}", finished.out, finished.err);
    let events = finished.events();
    assert_eq!(events.len(), 1);
    events[0].clone()
}

#[test]
fn all_figures_are_told_for_each_model_in_each_runtime() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..5).map(|number| format!("{number}.jpg")));
    workspace.write("source/notes.txt", "nothing to see");
    let has_library = onnx_runtime_library().is_some();
    for runtime in ["tract", "onnxruntime"].into_iter().filter(|runtime| *runtime == "tract" || has_library) {
        for model in [fixtures().join("clip").into_os_string(), "demo".into()] {
            let arguments = ["--source".into(), workspace.source().into(), "--model".into(), model, "--json".into()];
            let told = json(&bench(&workspace, runtime, &arguments));
            assert_eq!((told["event"].as_str(), told["pictures"].as_u64()), (Some("bench"), Some(5)), "{told}");
            for key in FIGURES {
                assert!(told[key].as_f64().is_some_and(|figure| figure > 0.0 && figure.is_finite()), "{key}: {told}");
            }
            let name = if runtime == "tract" { "tract " } else { "ONNX Runtime " };
            assert!(told["runtime"].as_str().unwrap().starts_with(name) && told["device"] == "CPU", "{told}");
            let batches = told["batches"].as_array().unwrap();
            let sizes: Vec<u64> = batches.iter().map(|batch| batch["batch_size"].as_u64().unwrap()).collect();
            assert!(sizes.is_sorted() && sizes[0] == 1, "{sizes:?}");
            assert_eq!(sizes.len() > 1, runtime == "onnxruntime", "tract takes one at a time: {sizes:?}");
            assert!(batches.iter().all(|batch| batch["pictures_per_second"].as_f64().unwrap() > 0.0), "{told}");
            assert!(told.get("limited_by").is_some() && told["advice"].is_array(), "{told}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_not_measured() {
    let workspace = Workspace::new();
    workspace.write_pictures(["good.jpg"]);
    for name in ["1.png", "2.png", "z.png"] {
        workspace.write(format!("source/{name}"), b"\x89PNG\r\n\x1a\ndamaged");
    }
    let arguments = ["--source".into(), workspace.source().into(), "--model".into(), "demo".into(), "--json".into()];
    let told = json(&bench(&workspace, "tract", &arguments));
    assert_eq!(told["pictures"].as_u64(), Some(1), "{told}");
    std::fs::remove_file(workspace.path("source/good.jpg")).unwrap();
    let finished = bench(&workspace, "tract", &arguments);
    assert_eq!((finished.code, finished.err.contains("has no picture")), (1, true), "{}", finished.err);
}

#[test]
fn an_export_is_measured_as_what_it_is_and_in_int8_what_is_made_for_it() {
    if require_onnx_runtime().is_none() {
        return;
    }
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let of = |model: &str, variant: Option<&str>| {
        let mut arguments: Vec<OsString> = vec!["--source".into(), workspace.source().into(), "--json".into()];
        arguments.extend(["--model".into(), fixtures().join(model).into_os_string()]);
        arguments.extend(variant.into_iter().flat_map(|variant| ["--variant".into(), variant.into()]));
        json(&bench(&workspace, "onnxruntime", &arguments))
    };
    let export = of("clip-onnx", None);
    assert_eq!(export["variant"], "fp32");
    let advice = export["advice"].as_array().unwrap();
    assert!(advice.iter().all(|advice| advice["change"] != "variant_int8"), "{export}");
    // The first makes the weights, the second finds them.
    for _ in 0..2 {
        let told = of("clip", Some("int8"));
        assert_eq!(told["variant"], "int8");
        assert!(told["image_tower_opening_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{told}");
    }
}

#[test]
fn nothing_is_left_behind() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "sub/2.jpg"]);
    // The cache holds something that could be touched.
    workspace.classify().ends_with(0);
    let own = || {
        let mut own = hashes(workspace.home());
        own.retain(|path, _| path.extension().is_none_or(|extension| extension != "log"));
        own
    };
    let (source, destination, before) = (tree(workspace.source()), tree(workspace.destination()), own());
    for model in [fixtures().join("clip").into_os_string(), "demo".into()] {
        let with_source = ["--source".into(), workspace.source().into(), "--model".into(), model.clone()];
        assert_eq!(bench(&workspace, "tract", &with_source).code, 0);
        // The samples are unpacked, and taken away again.
        assert_eq!(bench(&workspace, "tract", &["--model".into(), model]).code, 0);
    }
    assert_eq!(tree(workspace.source()), source);
    assert_eq!(tree(workspace.destination()), destination);
    assert_eq!(own(), before);
    assert!(tree(workspace.path("temporary")).is_empty());
}

#[test]
fn people_are_told_what_was_measured_and_what_to_change() {
    let workspace = Workspace::new();
    let finished = bench(&workspace, "tract", &["--model".into(), "demo".into(), "--pictures".into(), "7".into()]);
    assert_eq!(finished.code, 0, "{}", finished.err);
    for words in ["7 built-in samples", "Pictures a second", "Decoding", "A whole run", "What to change:\n- "] {
        assert!(finished.out.contains(words), "{words}: {}", finished.out);
    }
    assert!(finished.err.contains("Measuring: a whole run"), "{}", finished.err);
}

#[test]
fn what_cannot_be_measured_is_said_in_a_sentence() {
    let workspace = Workspace::new();
    workspace.write("source/notes.txt", "nothing to see");
    let source: OsString = workspace.source().into();
    let nowhere = workspace.path("nowhere").into_os_string();
    let calls: [(&[OsString], i32, &str); 4] = [
        (&["--source".into(), source, "--model".into(), "demo".into()], 1, "has no picture"),
        (&["--source".into(), nowhere.clone(), "--model".into(), "demo".into()], 1, "does not exist"),
        (&["--model".into(), nowhere], 1, "nowhere"),
        (&["--pictures".into(), "0".into()], 2, "0"),
    ];
    for (arguments, code, words) in calls {
        let finished = bench(&workspace, "tract", arguments);
        assert_eq!((finished.code, finished.err.contains(words)), (code, true), "{}", finished.err);
        assert!(finished.out.is_empty() && !finished.err.contains("panicked"), "{}", finished.out);
    }
}
