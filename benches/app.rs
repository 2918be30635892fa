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

mod session;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use session::{DIMENSIONS, LABELS, destination, made_up, make_checkpoint, make_session, peak_memory, start};
use smart_image_sorter::tui::headless::HeadlessApp;

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
    make_session(folder.path(), count, &|number| made_up(folder.path(), number));
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
    // Near-duplicates are looked for from the moment on at which the embeddings are there.
    app.press(KeyCode::Char('g'));
    app.wait_for(|screen| !screen.contains("looking for near-duplicates"), PATIENCE).unwrap();
    println!("  open: near-duplicates are found  {:>7.0} ms", milliseconds(began.elapsed()));
    app.press(KeyCode::Esc);
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
