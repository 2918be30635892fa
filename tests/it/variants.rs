//! The image tower in half precision and in 8-bit integers, against itself in single precision.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use half::f16;
use ndarray::{Array2, Axis, concatenate, s};
use smart_image_sorter::built_in;
use smart_image_sorter::domain::score::{Prediction, logits};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::domain::variant::{Variant, VariantChoice};
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::fingerprint::Sources;
use smart_image_sorter::engine::image_processor::PreparedPicture;
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::{RuntimeChoice, RuntimeRequest, cores, select};
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};

use crate::skip::require_onnx_runtime;
use crate::support::{Workspace, copy_folder, fixtures, json, onnx_runtime_library, program};

/// ONNX Runtime in a variant; quantised weights are kept in `folder`.
fn onnx_runtime(variant: Variant, folder: &Path) -> Option<Runtime> {
    let library = require_onnx_runtime()?;
    let wanted = RuntimeRequest {
        runtime: RuntimeChoice::OnnxRuntime,
        variant: VariantChoice::Only(variant),
        quantised: Some(folder.to_owned()),
        ..RuntimeRequest::default()
    };
    let places = LibrarySearchPath { variable: Some(library), ..LibrarySearchPath::default() };
    Some(select(&wanted, &places, program(), cores()).unwrap().runtime)
}

/// Pictures of a folder, as a checkpoint's image tower takes them.
fn prepared(checkpoint: &Checkpoint, folder: &Path) -> Vec<PreparedPicture> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    let prepare = |path: &PathBuf| {
        let Reading::Content(content) = read(path) else { panic!("{}", path.display()) };
        let decoded = decode(&content.bytes, content.kind).ok()?;
        Some(checkpoint.processor().prepare(&decoded.pixels))
    };
    let pictures = paths.iter().filter(|path| path.extension().is_some_and(|ending| ending != "json"));
    pictures.filter_map(prepare).collect()
}

fn embeddings(checkpoint: &Checkpoint, runtime: &Runtime, pictures: &[PreparedPicture]) -> Array2<f16> {
    embeddings_of(checkpoint, runtime, pictures, Workload::Many)
}

fn embeddings_of(
    checkpoint: &Checkpoint,
    runtime: &Runtime,
    pictures: &[PreparedPicture],
    uses: Workload,
) -> Array2<f16> {
    let mut encoder = ImageEncoder::open(checkpoint, runtime, 1, uses).unwrap().remove(0);
    let batches: Vec<_> =
        pictures.chunks(8).map(|batch| encoder.encode(&batch.iter().collect::<Vec<_>>()).unwrap()).collect();
    concatenate(Axis(0), &batches.iter().map(|batch| batch.view()).collect::<Vec<_>>()).unwrap()
}

/// The least and the mean cosine of two sets of embeddings of length one.
fn cosines(a: &Array2<f16>, b: &Array2<f16>) -> (f32, f32) {
    let dot = |(a, b): (ndarray::ArrayView1<'_, f16>, ndarray::ArrayView1<'_, f16>)| {
        a.iter().zip(&b).map(|(a, b)| a.to_f32() * b.to_f32()).sum::<f32>()
    };
    let all: Vec<f32> = a.outer_iter().zip(b.outer_iter()).map(dot).collect();
    (all.iter().copied().fold(1.0, f32::min), all.iter().sum::<f32>() / all.len() as f32)
}

/// Weights in every form that a checkpoint can have them in.
const CHECKPOINTS: [&str; 7] = ["clip", "clip-bf16", "clip-bin", "clip-sharded", "siglip", "siglip2", "chinese-clip"];

#[test]
fn every_family_and_layout_in_every_variant() {
    let folder = tempfile::tempdir().unwrap();
    let Some(single) = onnx_runtime(Variant::Fp32, folder.path()) else { return };
    for (variant, least) in [(Variant::Fp16, 0.999), (Variant::Int8, 0.99)] {
        let runtime = onnx_runtime(variant, folder.path()).unwrap();
        for name in CHECKPOINTS {
            let checkpoint = Checkpoint::open(&fixtures().join(name)).unwrap();
            assert_eq!(checkpoint.variant(&runtime), variant);
            let pictures = prepared(&checkpoint, &fixtures().join("pictures"));
            let (ours, exact) =
                (embeddings(&checkpoint, &runtime, &pictures), embeddings(&checkpoint, &single, &pictures));
            assert_ne!(ours, exact, "{name}: {variant} is another tower");
            let (worst, mean) = cosines(&ours, &exact);
            println!("{name} in {variant}: cosines with fp32 at least {worst:.5}, in the mean {mean:.5}");
            assert!(worst > least, "{name} in {variant}: {worst}");
        }
    }
}

#[test]
fn what_becomes_of_a_picture_in_int8_does_not_depend_on_those_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = onnx_runtime(Variant::Int8, folder.path()) else { return };
    let checkpoint = Checkpoint::open(&fixtures().join("clip")).unwrap();
    let pictures = prepared(&checkpoint, &fixtures().join("pictures"));
    let mut encoder = ImageEncoder::open(&checkpoint, &runtime, 1, Workload::Many).unwrap().remove(0);
    let together = encoder.encode(&pictures.iter().take(8).collect::<Vec<_>>()).unwrap();
    for (position, picture) in pictures.iter().take(8).enumerate() {
        let alone = encoder.encode(&[picture]).unwrap();
        assert_eq!(alone.row(0), together.slice(s![position, ..]), "picture {position}");
    }
}

/// Weights that are arranged for the processor and weights as they lie in the file give the same embeddings, up to the
/// order in which sums are made.
#[test]
fn tower_for_few_pictures_answers_like_one_for_many() {
    let folder = tempfile::tempdir().unwrap();
    for variant in [Variant::Fp32, Variant::Fp16, Variant::Int8] {
        let Some(runtime) = onnx_runtime(variant, folder.path()) else { return };
        for name in ["clip", "siglip", "chinese-clip"] {
            let checkpoint = Checkpoint::open(&fixtures().join(name)).unwrap();
            let pictures = prepared(&checkpoint, &fixtures().join("pictures"));
            let [few, many] =
                [Workload::Few, Workload::Many].map(|uses| embeddings_of(&checkpoint, &runtime, &pictures, uses));
            let apart = few.iter().zip(&many).map(|(few, many)| (few.to_f32() - many.to_f32()).abs());
            let most = apart.fold(0.0, f32::max);
            println!("{name} in {variant}, for few and for many: {most} apart at most");
            // A step of half precision in a number of up to a half.
            assert!(most <= 0.000_5, "{name} in {variant}: {most}");
        }
    }
}

/// The built-in model and pictures of its kinds that it was not trained on: those of its evaluation and its samples.
#[test]
fn int8_leaves_the_labels_of_the_built_in_model_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let Some(single) = onnx_runtime(Variant::Fp32, folder.path()) else { return };
    let runtime = onnx_runtime(Variant::Int8, folder.path()).unwrap();
    let checkpoint = Checkpoint::open(&built_in::unpack_model(folder.path()).unwrap()).unwrap();
    let evaluation = json(&fixtures().join("demo/evaluation.json"));
    let template = Templates::new(evaluation["template"].as_str().unwrap()).unwrap();
    let labels = evaluation["labels"].as_array().unwrap().iter();
    let labels: Vec<_> = labels
        .map(|wording| smart_image_sorter::domain::label::Label::named(wording["learnt"].as_str().unwrap()))
        .collect();
    let labels = TextEncoder::open(&checkpoint, &single).unwrap().encode_labels(&labels, &template).unwrap();
    let rule = checkpoint.score_rule().unwrap().0;
    let mut pictures = prepared(&checkpoint, &fixtures().join("demo"));
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/samples");
    pictures.extend(prepared(&checkpoint, &samples));
    let tops = |runtime: &Runtime| {
        let embeddings = embeddings(&checkpoint, runtime, &pictures);
        let logits = logits(embeddings.view(), labels.view(), rule);
        let predict = |row| Prediction::from_logits(row, rule.activation).unwrap().label;
        logits.outer_iter().map(predict).collect::<Vec<_>>()
    };
    let (exact, ours) = (tops(&single), tops(&runtime));
    let same = exact.iter().zip(&ours).filter(|(a, b)| a == b).count();
    println!("{same} of {} top labels are the same in int8", exact.len());
    assert!(exact.len() > 400 && same * 100 >= exact.len() * 99, "{same} of {}", exact.len());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The output of `sis classify`, in a workspace of its own.
fn classify(workspace: &Workspace, checkpoint: &Path, more: &[&str]) -> std::process::Output {
    let (source, destination) = (workspace.source(), workspace.destination());
    let mut command = workspace.program();
    command.args(["classify", "--labels", "a, b", "--model"]).arg(checkpoint);
    command.arg("--source").arg(source).arg("--destination").arg(destination).args(more);
    if let Some(library) = onnx_runtime_library() {
        command.env("ORT_DYLIB_PATH", library).env_remove("SIS_RUNTIME");
    }
    command.output().unwrap()
}

#[test]
fn weights_are_quantised_once_and_after_damage() {
    if require_onnx_runtime().is_none() {
        return;
    }
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let checkpoint = fixtures().join("clip");
    let kept = || -> Vec<PathBuf> {
        let folders = walkdir::WalkDir::new(workspace.home()).into_iter().map(|entry| entry.unwrap().into_path());
        folders.filter(|path| path.extension().is_some_and(|ending| ending == "int8")).collect()
    };
    let run = |more: &[&str]| {
        let _ = std::fs::remove_dir_all(workspace.destination());
        let output = classify(&workspace, &checkpoint, more);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    let sentence = "are quantised to 8-bit integers";
    run(&["--variant", "fp32"]);
    assert_eq!(kept(), Vec::<PathBuf>::new(), "nothing is quantised that nobody asked for");
    let said = run(&["--variant", "int8"]);
    assert!(said.contains("(int8)") && !said.contains("known"), "embeddings of fp32 are others: {said}");
    assert!(said.contains(sentence), "{said}");
    let [file] = kept().try_into().unwrap();
    let (made, content) = (file.metadata().unwrap().ino(), std::fs::read(&file).unwrap());
    workspace.write_pictures(["3.jpg"]);
    assert!(!run(&["--variant", "int8"]).contains(sentence));
    assert_eq!(kept()[0].metadata().unwrap().ino(), made, "it is made once");
    let cut = content[..1000].to_vec();
    let damaged = [0, content.len() / 2, content.len() - 1].map(|position| {
        let mut damaged = content.clone();
        damaged[position] ^= 1;
        damaged
    });
    for (number, damaged) in damaged.into_iter().chain([cut]).enumerate() {
        std::fs::write(&file, damaged).unwrap();
        // One that is not known yet, so that the tower is opened.
        let new = std::fs::read(fixtures().join(format!("demo/00{number}.jpg"))).unwrap();
        std::fs::write(workspace.source().join(format!("new-{number}.jpg")), new).unwrap();
        run(&["--variant", "int8"]);
        assert!(std::fs::read(&file).unwrap() == content, "damage {number}");
    }
    // The settings say it as well as the option.
    let settings = workspace.home().join("config/sis/settings.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, "variant = \"int8\"").unwrap();
    assert!(run(&[]).contains("(int8)") && !run(&["--variant", "fp32"]).contains("(int8)"));
    let cleared = workspace.program().args(["cache", "clear"]).output().unwrap();
    assert!(cleared.status.success() && kept().is_empty());
}

#[test]
fn what_cannot_be_had_is_said() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let clip = fixtures().join("clip");
    for variant in ["fp16", "int8"] {
        let output = classify(&workspace, &clip, &["--runtime", "tract", "--variant", variant]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains(&format!("`sis runtime install` to use {variant}")), "{said}");
    }
    let output = classify(&workspace, &clip, &["--variant", "int4"]);
    assert_eq!(output.status.code(), Some(2));
    if require_onnx_runtime().is_none() {
        return;
    }
    let export = workspace.home().join("export");
    copy_folder(&fixtures().join("clip-onnx"), &export);
    for weights in ["model.safetensors", "pytorch_model.bin"] {
        let _ = std::fs::remove_file(export.join(weights));
    }
    let output = classify(&workspace, &export, &["--variant", "int8"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot be used in int8"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("vision_model_int8.onnx"), "{}", text(&output.stderr));
}

#[test]
fn a_weight_that_is_no_number_is_refused_in_int8() {
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = onnx_runtime(Variant::Int8, folder.path()) else { return };
    let damaged = folder.path().join("checkpoint");
    copy_folder(&fixtures().join("clip"), &damaged);
    let path = damaged.join("model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let tensors: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let tensor = "vision_model.encoder.layers.0.mlp.fc1.weight";
    let start = 8 + header + tensors[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    let half = tensors[tensor]["dtype"] == "F16";
    let nan = if half { f16::NAN.to_le_bytes().to_vec() } else { f32::NAN.to_le_bytes().to_vec() };
    bytes[start..start + nan.len()].copy_from_slice(&nan);
    std::fs::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(&damaged).unwrap();
    let refused = ImageEncoder::open(&checkpoint, &runtime, 1, Workload::Many).unwrap_err();
    assert!(refused.to_string().contains(tensor), "{refused}");
    let kept = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(kept.collect::<Vec<_>>(), ["checkpoint"], "nothing unfinished is left");
}

#[test]
fn clearing_the_cache_leaves_what_is_not_ours() {
    let workspace = Workspace::new();
    let cache = workspace.home().join("cache/sis");
    let (pictures, quantised) = (workspace.home().join("pictures"), cache.join("quantised"));
    std::fs::create_dir_all(&pictures).unwrap();
    std::fs::create_dir_all(&cache).unwrap();
    let clear = || {
        let mut command = workspace.program();
        command.env("XDG_CACHE_HOME", workspace.home().join("cache")).args(["cache", "clear"]);
        assert!(command.output().unwrap().status.success());
    };
    std::fs::write(pictures.join("1.int8"), "evidence").unwrap();
    std::os::unix::fs::symlink(&pictures, &quantised).unwrap();
    clear();
    assert!(pictures.join("1.int8").exists(), "links are not followed");
    std::fs::remove_file(&quantised).unwrap();
    std::fs::create_dir_all(quantised.join("folder")).unwrap();
    for name in ["photo.jpg", "quantising-now", "old.int8"] {
        std::fs::write(quantised.join(name), "").unwrap();
    }
    clear();
    let left = ["folder", "photo.jpg", "quantising-now"].map(|name| quantised.join(name).exists());
    assert_eq!((left, quantised.join("old.int8").exists()), ([true; 3], false));
}

#[test]
fn each_variant_has_a_fingerprint_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    if require_onnx_runtime().is_none() {
        return;
    }
    let checkpoint = Checkpoint::open(&fixtures().join("clip")).unwrap();
    let fingerprints = Variant::ALL.map(|variant| {
        let sources = Sources::of(&checkpoint, &onnx_runtime(variant, folder.path()).unwrap()).unwrap();
        sources.fingerprint(&vec![[0; 32]; sources.files.len()])
    });
    assert_eq!(fingerprints.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn an_export_is_used_in_the_variant_that_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = onnx_runtime(Variant::Int8, folder.path()) else { return };
    let single = onnx_runtime(Variant::Fp32, folder.path()).unwrap();
    for (name, source) in [("clip-onnx", "clip-onnx"), ("clip-whole", "clip-onnx")] {
        let model = tempfile::tempdir().unwrap();
        copy_folder(&fixtures().join(name), model.path());
        let beside = model.path().join("onnx/vision_model_quantized.onnx");
        // The same tower as in single precision: what is looked at is which file is used.
        std::fs::copy(fixtures().join(source).join("onnx/vision_model.onnx"), &beside).unwrap();
        let checkpoint = Checkpoint::open(model.path()).unwrap();
        assert_eq!(checkpoint.variant(&runtime), Variant::Int8);
        assert!(checkpoint.is_one_by_one(&runtime) && !checkpoint.is_one_by_one(&single));
        let used = |runtime: &Runtime| checkpoint.files(runtime).unwrap().contains(&beside.canonicalize().unwrap());
        assert!(used(&runtime) && !used(&single));
        let pictures = prepared(&checkpoint, &fixtures().join("pictures"));
        // Batches of another size are added up in another order, which the narrow fixtures show.
        let cosine =
            cosines(&embeddings(&checkpoint, &runtime, &pictures), &embeddings(&checkpoint, &single, &pictures));
        assert!(cosine.0 > 0.999, "{name}: {cosine:?}");
    }
    // One with weights beside its export is quantised from the weights.
    let model = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join("clip-onnx"), model.path());
    copy_folder(&fixtures().join("clip"), model.path());
    let checkpoint = Checkpoint::open(model.path()).unwrap();
    assert!(checkpoint.variant(&runtime) == Variant::Int8 && !checkpoint.is_one_by_one(&runtime));
}
