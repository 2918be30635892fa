//! A session as a classify leaves it, with a cache that has every embedding, for benchmarks of the app.

use std::path::{Path, PathBuf};

use half::f16;
use ndarray::Array1;
use serde_json::{Map, Value as Json, json};
use smart_image_sorter::app_start::{AppStart, Opening};
use smart_image_sorter::built_in::Unpacker;
use smart_image_sorter::config::Defaults;
use smart_image_sorter::domain::file_filter::FileFilter;
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::perceptual_hash::PerceptualHash;
use smart_image_sorter::domain::picture::{ContentHash, FileStamp, Picture, PictureState};
use smart_image_sorter::domain::run::RunKind;
use smart_image_sorter::domain::score::{Prediction, SureRule};
use smart_image_sorter::domain::settings::{ModelName, Operation, Settings};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::runtime::find::LibrarySearchPath;
use smart_image_sorter::engine::runtime::select::RuntimeRequest;
use smart_image_sorter::engine::runtime::{Runtime, Workload};
use smart_image_sorter::jobs::embedding_cache::EmbeddingCacheConfig;
use smart_image_sorter::jobs::model::{ModelToOpen, OpenedModel};
use smart_image_sorter::lang::Language;
use smart_image_sorter::store::cache::{CachedEmbedding, EmbeddingCache};
use smart_image_sorter::store::known::KnownSessions;
use smart_image_sorter::store::ledger::{RunResult, RunSettings};
use smart_image_sorter::store::session::{Found, Session, Sorting};
use smart_image_sorter::use_cases::Machine;

/// The dimensions of the usual base models' embeddings.
pub(crate) const DIMENSIONS: usize = 512;

/// Ten labels.
pub(crate) const LABELS: [&str; 10] =
    ["a map", "a rifle", "a tank", "a page of text", "a face", "a crowd", "a road", "a drawing", "a house", "other"];

/// The most memory that this process had, in megabytes, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1000)
}

pub(crate) fn start(folder: &Path) -> AppStart {
    let machine = Machine {
        // No library is looked for: tract computes.
        places: LibrarySearchPath {
            setting: None,
            variable: None,
            program_folder: None,
            data_folder: None,
            loader: false,
            python: false,
        },
        runtime: RuntimeRequest::default(),
        program: std::env::current_exe().unwrap(),
        cache: Some(cache_place(folder)),
        built_in: Unpacker::new(Some(folder.join("built-in"))),
        data_folder: Some(data_folder(folder)),
    };
    AppStart {
        language: Language::english(),
        defaults: Defaults::load(None).unwrap(),
        machine,
        config_folder: None,
        log: None,
        opening: Opening::Session { destination: destination(folder), trust: false },
    }
}

pub(crate) fn destination(folder: &Path) -> PathBuf {
    folder.join("sorted")
}

/// The data folder, whose secret shows the app that the session is its user's own.
pub(crate) fn data_folder(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn cache_place(folder: &Path) -> EmbeddingCacheConfig {
    EmbeddingCacheConfig { folder: folder.join("cache"), limit: u64::MAX }
}

/// The small test checkpoint with wider projections, so that its embeddings are as long as those of usual models.
pub(crate) fn make_checkpoint(folder: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/clip");
    std::fs::create_dir(folder).unwrap();
    for name in ["preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(fixture.join(name), folder.join(name)).unwrap();
    }
    let mut config: Json = serde_json::from_slice(&std::fs::read(fixture.join("config.json")).unwrap()).unwrap();
    config["projection_dim"] = json!(DIMENSIONS);
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let whole = std::fs::read(fixture.join("model.safetensors")).unwrap();
    let length = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header: Map<String, Json> = serde_json::from_slice(&whole[8..8 + length]).unwrap();
    let (mut tensors, mut data, mut chance) = (Map::new(), Vec::new(), Chance(1));
    for (name, tensor) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let mut tensor = tensor.clone();
        let place = |at: usize| tensor["data_offsets"][at].as_u64().unwrap() as usize;
        let mut bytes = whole[8 + length + place(0)..8 + length + place(1)].to_vec();
        if name.ends_with("_projection.weight") {
            let width = tensor["shape"][1].as_u64().unwrap() as usize;
            tensor["shape"][0] = json!(DIMENSIONS);
            bytes = (0..DIMENSIONS * width).flat_map(|_| chance.number().to_le_bytes()).collect();
        }
        tensor["data_offsets"] = json!([data.len(), data.len() + bytes.len()]);
        data.extend(bytes);
        tensors.insert(name.clone(), tensor);
    }
    let header = Json::Object(tensors).to_string();
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(folder.join("model.safetensors"), [&length, header.as_bytes(), &data].concat()).unwrap();
}

/// A session as a classify leaves it, and a cache that has every embedding.
/// `file` gives where the picture of a number is, and its content.
pub(crate) fn make_session(folder: &Path, count: usize, file: &dyn Fn(usize) -> (PathBuf, ContentHash)) {
    let destination = destination(folder);
    std::fs::create_dir(&destination).unwrap();
    let labels: Vec<Label> = LABELS.map(Label::named).to_vec();
    let settings = Settings {
        source: folder.join("source"),
        recursive: true,
        choice: FileFilter::default(),
        destination: destination.clone(),
        model: ModelName::Folder(folder.join("model")),
        labels: labels.clone(),
        template: Templates::default(),
        operation: Operation::Copy,
        sure: SureRule { threshold: 0.5, margin: 0.1 },
        batch_size: None,
        trust_unchanged: false,
    };
    let place = cache_place(folder);
    let runtime = Runtime::Tract;
    let (model, cache, uses) = (folder.join("model"), Some(&place), Workload::Many);
    let opening =
        ModelToOpen { folder: &model, settings: &settings, runtime: &runtime, cores: 1, cache, uses, ahead: false };
    let OpenedModel { model, .. } = opening.open(&mut || {}).unwrap();
    let mut cache = EmbeddingCache::open(&place.folder).unwrap();
    let number = cache.model(&model.fingerprint).unwrap();
    let known = KnownSessions::in_folder(Some(&data_folder(folder)));
    let (mut session, not_noted) = Session::open_as_own(&destination, &known, false).unwrap();
    assert!(not_noted.is_none());
    let template = settings.template.text();
    let sorting = Sorting { labels, template, threshold: 0.5, margin: 0.1, operation: Operation::Copy };
    let set = session.label_set(&sorting.labels, &sorting.template, &model.name_of_fingerprint()).unwrap();
    let told = [("source", json!("source")), ("recursive", json!(true)), ("model", json!(settings.model.to_string()))];
    let told = told.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let told = RunSettings::Other(told);
    let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told).unwrap();
    let mut chance = Chance(7);
    for first in (0..count).step_by(1000) {
        let numbers = first..(first + 1000).min(count);
        let pictures: Vec<Picture> = numbers.clone().map(|number| picture(file(number), number, &mut chance)).collect();
        let found: Vec<Found<'_>> =
            pictures.iter().map(|picture| Found { picture, path: &picture.path, trouble: None, alert: None }).collect();
        session.put_pictures(run, &set, &found).unwrap();
        let fresh: Vec<_> = numbers.map(|number| (file(number).1, remembered(&mut chance))).collect();
        cache.put(number, &fresh, &[]).unwrap();
        let looks: Vec<_> = fresh.iter().map(|(content, _)| (*content, look(&mut chance))).collect();
        cache.put_perceptual_hashes(&looks).unwrap();
    }
    session.end_run(run, RunResult::None {}).unwrap();
}

fn picture((path, content): (PathBuf, ContentHash), number: usize, chance: &mut Chance) -> Picture {
    let powers: Vec<f32> = LABELS.iter().map(|_| (chance.number() * 4.0).exp()).collect();
    let sum: f32 = powers.iter().sum();
    let scores: Vec<f32> = powers.iter().map(|power| power / sum).collect();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (label, score, margin) = (order[0], scores[order[0]], scores[order[0]] - scores[order[1]]);
    Picture {
        path,
        hash: Some(content),
        stamp: Some(FileStamp { device: 1, inode: number as u64, size: 100_000, modified_ns: 0 }),
        state: PictureState::Ok,
        prediction: Some(Prediction { label, score, margin, scores: scores.into() }),
    }
}

/// A file that is not there, as none is read.
pub(crate) fn made_up(folder: &Path, number: usize) -> (PathBuf, ContentHash) {
    let name = format!("source/channel {}/photo_{number:06}@2026-11-23_10-00-00.jpg", number / 1000);
    (folder.join(name), hash(number))
}

fn hash(number: usize) -> ContentHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ContentHash(bytes)
}

/// How a picture of soft shapes looks.
fn look(chance: &mut Chance) -> PerceptualHash {
    let waves: Vec<f32> = (0..12).map(|_| chance.number()).collect();
    let light = |place: usize| -> f32 {
        let (x, y) = ((place % 32) as f32 / 5.0, (place / 32) as f32 / 5.0);
        waves.chunks_exact(3).map(|wave| (x * wave[0] * 3.0 + y * wave[1] * 3.0 + wave[2] * 6.0).sin()).sum()
    };
    let pixels: Vec<u8> = (0..32 * 32).flat_map(|place| [(light(place) * 30.0 + 128.0) as u8; 3]).collect();
    PerceptualHash::of(32, 32, &pixels).unwrap()
}

fn remembered(chance: &mut Chance) -> CachedEmbedding {
    let values: Vec<f32> = (0..DIMENSIONS).map(|_| chance.number()).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let embedding: Array1<f16> = values.iter().map(|value| f16::from_f32(value / length)).collect();
    CachedEmbedding { embedding, is_whole: true, decoder: "jpeg 2".to_owned() }
}

/// Numbers that look like chance, from -1 to 1: a linear congruential generator with Knuth's constants.
pub(crate) struct Chance(u64);

impl Chance {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}
