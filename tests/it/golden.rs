//! The reference pipeline's answers, and how far the program's are from them.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;
use ndarray::{Array2, Axis};
use serde_json::Value as Json;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::score::logits;
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::encoder::{ImageEncoder, TextEncoder};
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::read::{Reading, read};

use crate::support::runtimes;

/// How far logits may be from the reference's.
pub(crate) struct Tolerance {
    pub(crate) lossless: f32,
    pub(crate) lossy: f32,
    pub(crate) lossy_mean: f32,
    /// The least cosine of an embedding and the reference's.
    pub(crate) least_cosine: f64,
}

/// One set of answers of the reference pipeline.
pub(crate) struct Golden {
    pub(crate) labels: Vec<Label>,
    pub(crate) template: Templates,
    pub(crate) input_ids: Vec<Vec<u32>>,
    pub(crate) logits: BTreeMap<String, Vec<f32>>,
    /// One embedding a label, and one a picture, where the reference tells them.
    pub(crate) text_embeddings: Vec<Vec<f32>>,
    pub(crate) image_embeddings: BTreeMap<String, Vec<f32>>,
}

/// The program's answers: embeddings of labels and of pictures, normalised, and logits, pictures x labels. Pictures are
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
    pub(crate) fn new(head: &Json, checkpoint: &Json, answers: &Json) -> Golden {
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
    let mut image = ImageEncoder::open(checkpoint, runtime, 1, Workload::Many).unwrap().remove(0);
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
pub(crate) fn cosine(a: impl Iterator<Item = f32> + Clone, b: &[f32]) -> f64 {
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

/// Lossy WebP, whose colours our decoder rounds otherwise. JPEG has the very pixels of the reference.
fn is_lossy(name: &str) -> bool {
    name == "lossy.webp" || name.ends_with("animated.webp") || name.ends_with("alpha.webp")
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

pub(crate) fn check(name: &str, folder: &Path, golden: &Golden, pictures: &Path, tolerance: &Tolerance) {
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
