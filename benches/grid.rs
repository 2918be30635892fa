//! The grid on a screen of 200 by 60: how long the first page takes, and pages that were made ready. The pictures are
//! drawn ones in JPEG, as large as those that phones send.
//!
//! With `--test` it runs on few and small ones, and compares within the run alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and end"
)]

#[expect(dead_code, reason = "another benchmark needs more of it")]
mod planted;
#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod session;

use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use image::imageops::{self, FilterType};
use planted::{Chance, jpeg, scene};
use session::{destination, make_checkpoint, make_session, start};
use smart_image_sorter::files::read::hash_file;
use smart_image_sorter::tui::headless::HeadlessApp;

const PATIENCE: Duration = Duration::from_secs(120);

/// Tiles of a page on this screen.
const PAGE: usize = 60;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (count, width) = if is_test { (4 * PAGE, 640) } else { (8 * PAGE, 1280) };
    let folder = tempfile::tempdir().unwrap();
    make_checkpoint(&folder.path().join("model"));
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    let mut chance = Chance(3);
    let mut bytes = 0;
    let files: Vec<_> = (0..count)
        .map(|number| {
            let path = source.join(format!("{number:04}.jpg"));
            let pixels = imageops::resize(&scene(&mut chance), width, width * 3 / 4, FilterType::Triangle);
            let file = jpeg(&pixels, 88);
            bytes += file.len();
            std::fs::write(&path, file).unwrap();
            let hash = hash_file(&path).unwrap();
            (path, hash)
        })
        .collect();
    println!("{count} pictures of {width} pixels, {} kB each in the mean", bytes / count / 1000);
    make_session(folder.path(), count, &|number| files[number].clone());
    let mut app = HeadlessApp::open(start(folder.path()), &destination(folder.path()), 200, 60);
    app.wait_for(|screen| screen.contains(&format!("{count} pictures")), PATIENCE).unwrap();
    app.press(KeyCode::F(4));
    // Of one filter and not label by label, so that pages are full.
    app.press(KeyCode::Char('f'));
    for letter in "unsure".chars() {
        app.press(KeyCode::Char(letter));
    }
    app.press(KeyCode::Enter);
    app.wait_for(|screen| screen.contains("unsure ·"), PATIENCE).unwrap();
    let first = timed(&mut app, KeyCode::Char('g'), 1);
    println!("  the first page              {:>7.0} ms", milliseconds(first));
    let mut ready = Vec::new();
    let mut back = Vec::new();
    for page in [2, 3] {
        // A person looks at a page for a while; the next one is made ready meanwhile.
        std::thread::sleep(8 * first);
        ready.push(timed(&mut app, KeyCode::PageDown, page));
    }
    for page in [2, 1] {
        back.push(timed(&mut app, KeyCode::PageUp, page));
    }
    println!("  a page that was made ready  {:>7.0} ms", milliseconds(mean(&ready)));
    println!("  a page of before            {:>7.0} ms", milliseconds(mean(&back)));
    assert!(mean(&ready) * 2 < first, "a page that was made ready comes no sooner");
    assert!(mean(&back) * 2 < first, "a page of before comes no sooner");
}

/// From the key to the screen that has a page of the grid on which no tile waits.
fn timed(app: &mut HeadlessApp, key: KeyCode, page: usize) -> Duration {
    let began = Instant::now();
    app.press(key);
    app.wait_for(|screen| screen.contains(&format!("page {page}/")) && !waits(screen), PATIENCE).unwrap();
    let time = began.elapsed();
    // Cells with a part of a picture: the tiles are there, and not only a screen without any that wait.
    let drawn = app.draw().chars().filter(|cell| matches!(cell, '\u{2580}'..='\u{259f}')).count();
    assert!(drawn > 20 * PAGE, "{drawn} cells are drawn");
    time
}

/// True while a tile waits for its picture: words that are too long end in such a sign too.
fn waits(screen: &str) -> bool {
    screen.match_indices('…').any(|(at, _)| !screen[..at].ends_with(char::is_alphabetic))
}

fn mean(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / times.len().max(1) as u32
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
