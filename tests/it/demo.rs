//! The built-in model: what it knows, in every runtime, and `sis demo`.

use std::path::{Path, PathBuf};

use ndarray::Axis;
use serde::Deserialize;

use crate::support::{Workspace, finish, fixtures, runtimes};
use smart_image_sorter::built_in;
use smart_image_sorter::config::Defaults;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::score::{Prediction, SureRule, logits};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};

/// Drawn pictures that the model was not trained on, and what they are.
#[derive(Deserialize)]
struct Evaluation {
    template: String,
    labels: Vec<Wording>,
    pictures: Vec<Drawn>,
}

/// A kind of picture, in words that the model was trained on and in others.
#[derive(Deserialize)]
struct Wording {
    kind: String,
    learnt: String,
    held_out: String,
}

#[derive(Deserialize)]
struct Drawn {
    file: String,
    kind: String,
}

fn evaluation_folder() -> PathBuf {
    fixtures().join("demo")
}

fn evaluation() -> Evaluation {
    serde_json::from_slice(&std::fs::read(evaluation_folder().join("evaluation.json")).unwrap()).unwrap()
}

/// The model's answer for each picture with these labels.
fn predictions(folder: &Path, runtime: &Runtime, evaluation: &Evaluation, labels: &[Label]) -> Vec<Prediction> {
    let checkpoint = Checkpoint::open(folder).unwrap();
    let template = Templates::new(evaluation.template.as_str()).unwrap();
    let labels = TextEncoder::open(&checkpoint, runtime).unwrap().encode_labels(labels, &template).unwrap();
    let mut encoder = ImageEncoder::open(&checkpoint, runtime, 1, Workload::Many).unwrap().remove(0);
    let rule = checkpoint.score_rule().unwrap().0;
    let predict = |drawn: &Drawn| {
        let Reading::Content(content) = read(&evaluation_folder().join(&drawn.file)) else { panic!("{}", drawn.file) };
        let pixels = decode(&content.bytes, content.kind).unwrap().pixels;
        let embedding = encoder.encode(&[&checkpoint.processor().prepare(&pixels)]).unwrap();
        let row = logits(embedding.view(), labels.view(), rule);
        Prediction::from_logits(row.index_axis(Axis(0), 0), rule.activation).unwrap()
    };
    evaluation.pictures.iter().map(predict).collect()
}

#[test]
fn demo_model_knows_learnt_and_other_words_and_doubts_its_errors() {
    let cache = tempfile::tempdir().unwrap();
    let folder = built_in::unpack_model(cache.path()).unwrap();
    let evaluation = evaluation();
    let defaults = Defaults::load(None).unwrap();
    let sure = SureRule { threshold: defaults.threshold, margin: defaults.margin };
    for runtime in runtimes() {
        for (words, wording, least) in
            [("learnt", (|w| &w.learnt) as fn(&Wording) -> &String, 0.95), ("held out", |w| &w.held_out, 0.85)]
        {
            let labels: Vec<Label> = evaluation.labels.iter().map(|w| Label::named(wording(w))).collect();
            let predictions = predictions(&folder, &runtime, &evaluation, &labels);
            let is_right = |(drawn, p): (&Drawn, &Prediction)| evaluation.labels[p.label].kind == drawn.kind;
            let judged: Vec<(bool, &Prediction)> =
                evaluation.pictures.iter().zip(&predictions).map(|pair| (is_right(pair), pair.1)).collect();
            let right = judged.iter().filter(|(is_right, _)| *is_right).count();
            let unsure = judged.iter().filter(|(_, p)| !sure.is_sure(p)).count();
            let errors = judged.len() - right;
            let errors_unsure = judged.iter().filter(|(is_right, p)| !is_right && !sure.is_sure(p)).count();
            println!(
                "{words} words in {}: {right} of {} right, {unsure} unsure, {errors_unsure} of {errors} errors among them",
                runtime.name(),
                judged.len()
            );
            assert!(right as f64 >= least * judged.len() as f64, "{words} words: {right} right");
            assert!(unsure * 6 < judged.len(), "{words} words: {unsure} unsure");
            assert!(2 * errors_unsure > errors, "{words} words: the model is sure of most of its errors");
        }
    }
}

#[test]
fn the_demo_runs_without_a_home_a_library_or_a_network() {
    let workspace = Workspace::new();
    let mut command = workspace.program();
    command
        .arg("demo")
        .env("TMPDIR", workspace.root())
        .env_remove("SIS_RUNTIME")
        .env("HOME", workspace.path("nowhere"));
    command.env("PATH", "");
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(out.contains("Classification finished: 48 pictures.") && out.contains("model demo"), "{out}");
    assert!(err.contains("not fit for photographs"), "{err}");
    let folder = std::fs::read_dir(workspace.root()).unwrap().map(|entry| entry.unwrap().path());
    let folder = folder.into_iter().find(|path| path.to_string_lossy().contains("sis-demo-")).unwrap();
    assert!(out.contains(folder.to_str().unwrap()), "{out}");
    let rows = csv::Reader::from_path(folder.join("sorted/output.csv")).unwrap().into_records().count();
    assert_eq!(rows, 48);
}

#[test]
fn the_built_in_model_sorts_any_folder() {
    let workspace = Workspace::new();
    std::fs::copy(evaluation_folder().join(&evaluation().pictures[0].file), workspace.source().join("1.jpg")).unwrap();
    let finished = workspace.classify().with("--model", "demo").with("--labels", "a page of text, a map").ends_with(0);
    assert!(finished.err.contains("not fit for photographs"));
    assert_eq!(workspace.rows()[0]["label"], "a page of text");
}

#[test]
fn a_home_that_cannot_be_written_stops_nothing_that_is_built_in() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    // A file where the cache should be stops root as well.
    std::fs::write(workspace.home().join("cache"), "").unwrap();
    let temporary = workspace.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let classify = workspace.classify().with("--model", "demo").with("--threshold", "0").with("--margin", "0");
    let mut command = classify.command();
    command.env("TMPDIR", &temporary);
    let finished = finish(command);
    assert!(finished.code == 0 && finished.out.contains("1 copied"), "{}{}", finished.out, finished.err);
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0, "nothing is left behind");
}
