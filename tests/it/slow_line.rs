//! Keys over a slow line: 250 kB a second and 50 ms there and back.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};

use crate::relay::{Line, Relay};
use crate::support::Workspace;

const SLOW: Line = Line { speed: 250_000.0, way: Duration::from_millis(25), answers: true };

const PATIENCE: Duration = Duration::from_secs(60);

/// Pictures as hard to pack as photographs: shades with grain.
fn write_pictures(workspace: &Workspace, count: u32) {
    for number in 0..count {
        let mut state = number + 1;
        let grainy = RgbImage::from_fn(640, 480, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (state >> 27) as u8;
            Rgb([(x / 3 + number * 7) as u8 / 2 + grain, (y / 2) as u8 / 2 + grain, ((x + y) / 5) as u8 / 2 + grain])
        });
        grainy.save(workspace.source().join(format!("{number:03}.png"))).unwrap();
    }
}

/// A session of so many pictures, or of those that `SIS_MEASURE_PICTURES` names.
fn session(count: u32) -> Workspace {
    let workspace = Workspace::new();
    match std::env::var_os("SIS_MEASURE_PICTURES").map(PathBuf::from) {
        Some(folder) => {
            for entry in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
                std::fs::copy(entry.path(), workspace.source().join(entry.file_name())).unwrap();
            }
        }
        None => write_pictures(&workspace, count),
    }
    workspace.classify().ends_with(0);
    workspace
}

/// The app on a session, at the other end of a line. `SIS_MEASURE_PROGRAM` names another program to compare with.
fn open(workspace: &Workspace, size: (u16, u16), line: Line) -> Relay {
    let mut command = workspace.program();
    if let Some(other) = std::env::var_os("SIS_MEASURE_PROGRAM") {
        let mut its = Command::new(other);
        its.current_dir(workspace.root());
        command.get_envs().for_each(|(name, value)| match value {
            Some(value) => drop(its.env(name, value)),
            None => drop(its.env_remove(name)),
        });
        command = its;
    }
    command.arg("review").arg("--destination").arg(workspace.destination());
    Relay::open(command, size, line)
}

/// Goes on so many pictures at a pace, from the first on. Gives how long each key's answer took to be on the screen.
fn steps(relay: &Relay, count: usize, total: usize, pace: Duration) -> Vec<Duration> {
    let mut took = vec![];
    for at in 2..count + 2 {
        let pressed = Instant::now();
        relay.press("j");
        let counter = format!("{at}/{total} ");
        relay.wait_for(&counter, PATIENCE).unwrap_or_else(|| panic!("{counter} does not come:\n{}", relay.screen()));
        took.push(pressed.elapsed());
        std::thread::sleep(pace.saturating_sub(pressed.elapsed()));
    }
    took
}

/// The value that this share of them does not exceed.
fn quantile(mut times: Vec<Duration>, share: f64) -> Duration {
    times.sort();
    times[((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1]
}

/// On the first picture of the review.
fn reviewing(relay: &Relay, total: usize) {
    relay.wait_for(&format!("{total} pictures"), PATIENCE).expect("the session opens");
    relay.press("\x1bOS");
    relay.wait_for(&format!("1/{total} "), PATIENCE).expect("the review opens");
    relay.rest(Duration::from_millis(1500));
}

/// The program does what it is measured by only where it is built as it is given to people.
const IS_QUICK: bool = !cfg!(debug_assertions);

#[test]
fn keys_are_answered_while_pictures_come() {
    let (count, total) = (20, 24);
    let workspace = session(total);
    let relay = open(&workspace, (200, 60), SLOW);
    reviewing(&relay, total as usize);
    let began = relay.bytes().0;
    let took = steps(&relay, count, total as usize, Duration::from_millis(400));
    let (median, p95) = (quantile(took.clone(), 0.5), quantile(took, 0.95));
    println!("200x60, 0.4 s: {median:?}, {p95:?}; {} kB a key", (relay.bytes().0 - began) / count / 1000);
    // Sent whole, a picture here is some 200 kB, and takes 0.8 s. Without optimisation painting takes time too.
    assert!(p95 < Duration::from_millis(if IS_QUICK { 100 } else { 300 }), "{p95:?}");
    // The whole of the picture comes when nobody presses a key.
    relay.rest(Duration::from_millis(1500));
    let signs = relay.screen().chars().filter(|sign| ('\u{2580}'..='\u{259f}').contains(sign)).count();
    assert!(signs > 1000, "{signs} signs of a picture");
}

#[test]
fn keys_are_taken_though_the_terminal_answers_nothing() {
    let workspace = session(4);
    let line = Line { speed: 10e6, way: Duration::from_millis(1), answers: false };
    let relay = open(&workspace, (80, 24), line);
    relay.wait_for("4 pictures", PATIENCE).expect("the session opens");
    let pressed = Instant::now();
    relay.press("\x1bOS");
    relay.wait_for("1/4 ", PATIENCE).expect("the review opens");
    assert!(pressed.elapsed() < Duration::from_secs(2), "{:?}", pressed.elapsed());
    // Pictures come too, a little later.
    let is_drawn = || relay.screen().contains(['▀', '▄', '▌', '▐', '▘', '▖', '▚', '▞']);
    crate::tmux::wait_until("a picture is drawn", is_drawn);
}

/// Prints the table of docs/performance.md. `SIS_MEASURE_PROGRAM` and `SIS_MEASURE_PICTURES` name other ones.
#[test]
#[ignore = "measures for minutes"]
fn measure_slow_lines() {
    let workspace = session(64);
    let total = std::fs::read_dir(workspace.source()).unwrap().count();
    let near = Line { speed: 200e6, way: Duration::ZERO, answers: true };
    for (name, line, size, pace) in [
        ("near", near, (80, 24), 0.3),
        ("near", near, (120, 40), 0.3),
        ("near", near, (200, 60), 0.3),
        ("slow", SLOW, (80, 24), 0.15),
        ("slow", SLOW, (120, 40), 0.4),
        ("slow", SLOW, (120, 40), 0.2),
        ("slow", SLOW, (200, 60), 1.5),
        ("slow", SLOW, (200, 60), 0.7),
        ("slow", SLOW, (200, 60), 0.4),
    ] {
        let relay = open(&workspace, size, line);
        reviewing(&relay, total);
        let count = 30.min(total - 1);
        let before = relay.bytes().0;
        let took = steps(&relay, count, total, Duration::from_secs_f64(pace));
        let late = took.iter().filter(|took| **took > Duration::from_millis(100)).count();
        let [median, p95, most] = [0.5, 0.95, 1.0].map(|share| quantile(took.clone(), share).as_millis());
        let bytes = (relay.bytes().0 - before) / count / 1000;
        // The picture that is looked at is whole when nothing more comes.
        let began = Instant::now();
        relay.press("j");
        relay.rest(Duration::from_millis(1500));
        let whole = relay.bytes().1.saturating_duration_since(began).as_millis();
        println!(
            "{name} {}x{} {pace} s: {median} / {p95} / {most} ms, {late} of {count} over 100 ms, {bytes} kB a key, whole after {whole} ms",
            size.0, size.1
        );
    }
}
