//! Applying and undoing many small files, against a plain loop that does the same copies, hashes and syncs; the plan
//! for them; and how much memory it takes.
//!
//! `SIS_BENCH_FILES` says how many files (100,000 where not set), `SIS_BENCH_FOLDER` where (the system's folder for
//! temporary files where not set). With `--test` it runs once on a few.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and end"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::domain::picture::{Picture, PictureState};
use smart_image_sorter::domain::run::RunKind;
use smart_image_sorter::domain::score::Prediction;
use smart_image_sorter::domain::settings::Operation;
use smart_image_sorter::files::read::{hash_file, stamp_of};
use smart_image_sorter::files::transfer::TransferError;
use smart_image_sorter::jobs::apply::apply;
use smart_image_sorter::jobs::cancel_token::CancelToken;
use smart_image_sorter::jobs::sort::{SortRules, Sorted, sort};
use smart_image_sorter::jobs::undo::undo;
use smart_image_sorter::store::known::KnownSessions;
use smart_image_sorter::store::ledger::{RunResult, RunSettings};
use smart_image_sorter::store::session::{Found, LabelSet, Session, Sorting, Which};

/// Bytes of a small picture.
const SIZE: usize = 3_000;

/// Files in a folder of the source.
const IN_A_FOLDER: usize = 1_000;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let given = std::env::var("SIS_BENCH_FILES").ok().and_then(|text| text.parse().ok());
    let count = given.unwrap_or(if is_test { 300 } else { 100_000 });
    let parent = std::env::var_os("SIS_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    for operation in [Operation::Copy, Operation::Move] {
        measure(count, &parent, operation);
    }
}

fn measure(count: usize, parent: &Path, operation: Operation) {
    let folder = tempfile::tempdir_in(parent).unwrap();
    let sources = write_sources(&folder.path().join("source"), count);
    let plain = timed(|| plain_loop(&sources, &folder.path().join("plain"), operation));
    let plain_back = timed(|| plain_undo(&sources, &folder.path().join("plain"), operation));

    let destination = folder.path().join("to");
    std::fs::create_dir(&destination).unwrap();
    let known = KnownSessions::in_folder(Some(&folder.path().join("data")));
    let (mut session, _) = Session::open_as_own(&destination, &known, false).unwrap();
    let (sorting, set) = fill(&mut session, &folder.path().join("source"), &sources, operation);
    let mut sorted = Sorted::default();
    let planned = timed(|| sorted = sort(&session, rules(&sorting, &set)).unwrap());
    assert_eq!(sorted.plan.transfers.len(), count);
    let say = |error: &TransferError| error.to_string();
    let applied = timed(|| {
        apply(&mut session, &sorted.plan, &say, &CancelToken::default(), &mut |_, ended| assert!(ended.is_ok()))
            .unwrap();
    });
    drop(sorted);
    let run = session.runs_in_force().unwrap()[0];
    let undone = timed(|| {
        let undone = undo(&mut session, run, &say, &CancelToken::default(), &mut |_, _| {}).unwrap();
        assert_eq!(undone.back + undone.removed, count);
    });
    assert!(sources.iter().all(|source| source.exists()));
    println!("{operation:?}, {count} files of {SIZE} bytes");
    println!("  plan   {:>8.2} s", planned.as_secs_f64());
    tell("apply", applied, plain);
    tell("undo", undone, plain_back);
    if let Some(peak) = peak_memory() {
        println!("  peak memory {peak} MB");
    }
}

fn tell(what: &str, ours: Duration, plain: Duration) {
    let (ours, plain) = (ours.as_secs_f64(), plain.as_secs_f64());
    println!("  {what:6} {ours:>8.2} s, the plain loop {plain:>8.2} s: {:.2} times", ours / plain);
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn write_sources(folder: &Path, count: usize) -> Vec<PathBuf> {
    let write = |number: usize| {
        let folder = folder.join((number / IN_A_FOLDER).to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{number}.jpg"));
        let mut bytes = vec![number as u8; SIZE];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let sources = (0..count).map(write).collect();
    rustix::fs::sync();
    sources
}

/// The steps of a careful script for each file: copy and hash, sync, read back and compare, rename, sync the folder,
/// and for a move remove the source and sync its folder.
fn plain_loop(sources: &[PathBuf], destination: &Path, operation: Operation) {
    let folders = [destination.join("a"), destination.join("b")];
    folders.iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
    for (number, source) in sources.iter().enumerate() {
        let folder = &folders[number % 2];
        let target = folder.join(source.file_name().unwrap());
        match operation {
            Operation::Copy => plain_copy(source, &target),
            Operation::Move => {
                hash_file(source).unwrap();
                std::fs::rename(source, &target).unwrap();
                sync(source.parent().unwrap());
            }
        }
        sync(folder);
    }
}

fn plain_copy(source: &Path, target: &Path) {
    let temporary = target.with_extension("partial");
    let mut bytes = Vec::new();
    File::open(source).unwrap().read_to_end(&mut bytes).unwrap();
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    let mut copy = File::create(&temporary).unwrap();
    copy.write_all(&bytes).unwrap();
    copy.sync_all().unwrap();
    assert_eq!(hash_file(&temporary).unwrap().0, hash);
    std::fs::rename(&temporary, target).unwrap();
}

/// The same backwards: a copy is removed once both are hashed, a file that was moved is hashed and moved back.
fn plain_undo(sources: &[PathBuf], destination: &Path, operation: Operation) {
    for (number, source) in sources.iter().enumerate() {
        let folder = destination.join(["a", "b"][number % 2]);
        let target = folder.join(source.file_name().unwrap());
        let hash = hash_file(&target).unwrap();
        match operation {
            Operation::Copy => {
                assert_eq!(hash_file(source).unwrap(), hash);
                std::fs::remove_file(&target).unwrap();
            }
            Operation::Move => {
                std::fs::rename(&target, source).unwrap();
                sync(source.parent().unwrap());
            }
        }
        sync(&folder);
    }
}

fn sync(folder: &Path) {
    File::open(folder).unwrap().sync_all().unwrap();
}

/// A session that knows the sources as a classify leaves it.
fn fill(session: &mut Session, source: &Path, sources: &[PathBuf], operation: Operation) -> (Sorting, LabelSet) {
    let labels = vec![Label::named("a"), Label::named("b")];
    let sorting = Sorting { labels, template: "{}".to_owned(), threshold: 0.5, margin: 0.1, operation };
    let set = session.label_set(&sorting.labels, &sorting.template, "model").unwrap();
    let told = RunSettings::Other(Map::from_iter([("source".to_owned(), json!(source))]));
    let run = session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told).unwrap();
    for (chunk, paths) in sources.chunks(256).enumerate() {
        let pictures: Vec<Picture> =
            paths.iter().enumerate().map(|(number, path)| picture(path, chunk * 256 + number)).collect();
        let found: Vec<Found<'_>> =
            pictures.iter().map(|picture| Found { picture, path: &picture.path, trouble: None, alert: None }).collect();
        session.put_pictures(run, &set, &found).unwrap();
    }
    session.end_run(run, RunResult::None {}).unwrap();
    (sorting, set)
}

fn picture(path: &Path, number: usize) -> Picture {
    let label = number % 2;
    let scores = if label == 0 { [0.9, 0.1] } else { [0.1, 0.9] };
    Picture {
        path: path.to_owned(),
        hash: Some(hash_file(path).unwrap()),
        stamp: Some(stamp_of(&std::fs::metadata(path).unwrap())),
        state: PictureState::Ok,
        prediction: Some(Prediction { label, score: 0.9, margin: 0.8, scores: scores.into() }),
    }
}

fn rules<'s>(sorting: &'s Sorting, set: &'s LabelSet) -> SortRules<'s> {
    const FOLDERS: [&str; 2] = ["a", "b"];
    static NAMES: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    let folders = NAMES.get_or_init(|| FOLDERS.map(str::to_owned).to_vec());
    SortRules { sorting, set, folders, which: Which::All, resort: false, waiting: 0, within: None }
}

/// The most memory that this process has used, in megabytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes / 1000)
}
