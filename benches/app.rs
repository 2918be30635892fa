//! The app on a session of many pictures: how long it takes to open, to count for other labels, to move in the queue
//! and to decide, to find, and how much memory it has.
//!
//! `SIS_BENCH_FILES` says how many pictures (100,000 where not set). With `--test` it runs once on a few. The session
//! and
//! the remembered embeddings, of 512 dimensions, are made up; no picture is there, as none is read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and end"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use half::f16;
use ndarray::Array1;
use serde_json::{Map, Value as Json, json};
use smart_image_sorter::app_start::{AppStart, Opening};
use smart_image_sorter::built_in::Unpacker;
use smart_image_sorter::config::Defaults;
use smart_image_sorter::domain::file_filter::FileFilter;
use smart_image_sorter::domain::label::Label;
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
use smart_image_sorter::tui::headless::HeadlessApp;
use smart_image_sorter::use_cases::Machine;

/// The dimensions of the usual base models' embeddings.
const DIMENSIONS: usize = 512;

/// Ten labels.
const LABELS: [&str; 10] =
    ["a map", "a rifle", "a tank", "a page of text", "a face", "a crowd", "a road", "a drawing", "a house", "other"];

/// Keys whose times are looked at.
const KEYS: usize = 500;

const PATIENCE: Duration = Duration::from_secs(120);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // The measurement has a process of its own, so that its memory is no other's.
    if let Some(folder) =
        arguments.iter().position(|argument| argument == "measure").and_then(|at| arguments.get(at + 1))
    {
        return measure(Path::new(folder));
    }
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let given = std::env::var("SIS_BENCH_FILES").ok().and_then(|text| text.parse().ok());
    let count: usize = given.unwrap_or(if is_test { 500 } else { 100_000 });
    let folder = tempfile::tempdir().unwrap();
    make_checkpoint(&folder.path().join("model"));
    make_session(folder.path(), count);
    println!("{count} pictures, {} labels, {DIMENSIONS} dimensions", LABELS.len());
    let program = std::env::current_exe().unwrap();
    let status = Command::new(program).arg("measure").arg(folder.path()).env("SIS_COUNT", count.to_string()).status();
    assert!(status.unwrap().success());
}

fn measure(folder: &Path) {
    let count = std::env::var("SIS_COUNT").unwrap();
    let began = Instant::now();
    let mut app = HeadlessApp::open(start(folder), &destination(folder), 160, 50);
    app.wait_for(|screen| screen.contains(&format!("{count} pictures")), PATIENCE).unwrap();
    println!("  open: all pictures counted       {:>7.0} ms", milliseconds(began.elapsed()));
    app.press(KeyCode::F(4));
    println!("  open: the queue is on the screen {:>7.0} ms", milliseconds(began.elapsed()));
    // Embeddings come from the cache meanwhile; from then on other labels are counted.
    app.press(KeyCode::F(3));
    app.press(KeyCode::Enter);
    let stale = |screen: &str| screen.contains('…');
    app.press(KeyCode::Char('x'));
    app.wait_for(|screen| !stale(screen), PATIENCE).unwrap();
    println!("  open: other labels can be counted {:>6.0} ms", milliseconds(began.elapsed()));
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let pressed = app.press(KeyCode::Char('x'));
            pressed + app.wait_for(|screen| !stale(screen), PATIENCE).unwrap()
        })
        .collect();
    tell("a letter in a label, to its counts", &mut times);
    app.press(KeyCode::Esc);
    app.press(KeyCode::F(4));
    keys(&mut app, "one picture on", KeyCode::Char('j'));
    keys(&mut app, "a decision", KeyCode::Char('a'));
    keys(&mut app, "a decision taken back", KeyCode::Char('u'));
    searches(&mut app);
    while_all_cores_work(|| keys(&mut app, "one picture back, all cores working", KeyCode::Char('k')));
    if let Some(peak) = peak_memory() {
        println!("  peak memory {peak} MB");
    }
}

/// By name, by a sentence, by likeness: each from its key to what it found.
fn searches(app: &mut HeadlessApp) {
    app.press(KeyCode::Char('/'));
    let typed = "channel 7 photo 123".chars();
    let mut times: Vec<Duration> = typed.map(|letter| app.press(KeyCode::Char(letter))).collect();
    tell("a letter of a name that is looked for", &mut times);
    app.press(KeyCode::Esc);
    let is_ranked = |screen: &str| screen.contains("nearest first");
    let mut sentences: Vec<Duration> = (0..20)
        .map(|number: u32| {
            app.press(KeyCode::Char('/'));
            for letter in format!("a map of place {number}").chars() {
                app.press(KeyCode::Char(letter));
            }
            let pressed = app.press(KeyCode::Enter);
            let waited = app.wait_for(is_ranked, PATIENCE).unwrap();
            app.press(KeyCode::Esc);
            pressed + waited
        })
        .collect();
    tell("a sentence, to the pictures it finds", &mut sentences);
    let mut likenesses: Vec<Duration> = (0..20)
        .map(|_| {
            let pressed = app.press(KeyCode::Char('='));
            let waited = app.wait_for(is_ranked, PATIENCE).unwrap();
            app.press(KeyCode::Esc);
            app.press(KeyCode::Char('j'));
            pressed + waited
        })
        .collect();
    tell("like this one, to what is like it", &mut likenesses);
}

/// Twice as many threads as cores compute, as when pictures go through a model.
fn while_all_cores_work(work: impl FnOnce()) {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 * cores {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::black_box((0..10_000).map(f64::from).map(f64::sqrt).sum::<f64>());
                }
            });
        }
        work();
        is_over.store(true, Ordering::Relaxed);
    });
}

fn keys(app: &mut HeadlessApp, what: &str, key: KeyCode) {
    let mut times: Vec<Duration> = (0..KEYS)
        .map(|_| {
            // People press no key for a while after each: the system sees a thread that rests.
            std::thread::sleep(Duration::from_millis(2));
            app.press(key)
        })
        .collect();
    tell(what, &mut times);
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (median, most) = (milliseconds(times[times.len() / 2]), milliseconds(times[times.len() - 1]));
    println!("  {what:34} {median:>6.1} ms, {most:.1} ms at most of {}", times.len());
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The most memory that this process had, in megabytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1000)
}

fn start(folder: &Path) -> AppStart {
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

fn destination(folder: &Path) -> PathBuf {
    folder.join("sorted")
}

/// The data folder, whose secret shows the app that the session is its user's own.
fn data_folder(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn cache_place(folder: &Path) -> EmbeddingCacheConfig {
    EmbeddingCacheConfig { folder: folder.join("cache"), limit: u64::MAX }
}

/// The small test checkpoint with wider projections, so that its embeddings are as long as those of usual models.
fn make_checkpoint(folder: &Path) {
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
fn make_session(folder: &Path, count: usize) {
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
        let pictures: Vec<Picture> = numbers.clone().map(|number| picture(folder, number, &mut chance)).collect();
        let found: Vec<Found<'_>> =
            pictures.iter().map(|picture| Found { picture, path: &picture.path, trouble: None, alert: None }).collect();
        session.put_pictures(run, &set, &found).unwrap();
        let fresh: Vec<_> = numbers.map(|number| (hash(number), remembered(&mut chance))).collect();
        cache.put(number, &fresh, &[]).unwrap();
    }
    session.end_run(run, RunResult::None {}).unwrap();
}

fn picture(folder: &Path, number: usize, chance: &mut Chance) -> Picture {
    let powers: Vec<f32> = LABELS.iter().map(|_| (chance.number() * 4.0).exp()).collect();
    let sum: f32 = powers.iter().sum();
    let scores: Vec<f32> = powers.iter().map(|power| power / sum).collect();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (label, score, margin) = (order[0], scores[order[0]], scores[order[0]] - scores[order[1]]);
    Picture {
        path: folder.join(format!("source/channel {}/photo_{number:06}@2026-11-23_10-00-00.jpg", number / 1000)),
        hash: Some(hash(number)),
        stamp: Some(FileStamp { device: 1, inode: number as u64, size: 100_000, modified_ns: 0 }),
        state: PictureState::Ok,
        prediction: Some(Prediction { label, score, margin, scores: scores.into() }),
    }
}

fn hash(number: usize) -> ContentHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    ContentHash(bytes)
}

fn remembered(chance: &mut Chance) -> CachedEmbedding {
    let values: Vec<f32> = (0..DIMENSIONS).map(|_| chance.number()).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let embedding: Array1<f16> = values.iter().map(|value| f16::from_f32(value / length)).collect();
    CachedEmbedding { embedding, is_whole: true, decoder: "jpeg 2".to_owned() }
}

/// Numbers that look like chance, from -1 to 1: a linear congruential generator with Knuth's constants.
struct Chance(u64);

impl Chance {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}
