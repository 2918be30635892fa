//! A watch that is killed again and again while files keep coming.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Watching, counted, of_kind};
use crate::support::{LONGEST_RUN, Workspace, hashes, picture, sorted};

/// Files that come, and kills, in every test run.
const FILES: usize = 5000;
const KILLS: usize = 50;

/// Files in the folders of both labels.
fn count_sorted(workspace: &Workspace) -> usize {
    let folders = ["a", "b"].map(|label| std::fs::read_dir(workspace.destination().join(label)));
    folders.into_iter().flatten().flatten().count()
}

#[test]
fn fifty_kills_lose_nothing_and_do_nothing_twice() {
    let workspace = Workspace::new();
    let (is_written, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut told, mut in_the_stream) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..FILES {
                workspace.write(format!("source/{}/{number}.jpg", number % 10), picture(number));
                // A part of the stream comes before each kill, however slow the machine is.
                std::thread::sleep(Duration::from_millis(2));
                let began = Instant::now();
                while number >= (kills.load(Ordering::Relaxed) + 1) * FILES / KILLS && began.elapsed() < LONGEST_RUN {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            is_written.store(true, Ordering::Relaxed);
        });
        let arguments = ["--apply", "--settle", "0.2"];
        for kill in 0..KILLS {
            let mut watching = Watching::start(&workspace, &arguments);
            // At moments that are spread over everything that a watch does, from its start on.
            match kill % 5 {
                0 => {}
                moment => watching.wait_until("an event", |events| {
                    let wanted = if moment < 3 { "picture" } else { "transfer" };
                    of_kind(events, wanted).count() > kill % 7 * 10 || is_written.load(Ordering::Relaxed)
                }),
            }
            std::thread::sleep(Duration::from_millis((kill * 37 % 200) as u64));
            in_the_stream += usize::from(!is_written.load(Ordering::Relaxed));
            told.extend(watching.kill());
            kills.fetch_add(1, Ordering::Relaxed);
        }
        let mut watching = Watching::start(&workspace, &arguments);
        watching.wait_until("the rest", |_| is_written.load(Ordering::Relaxed) && count_sorted(&workspace) == FILES);
        let (events, _) = watching.end();
        told.extend(events);
    });
    assert!(in_the_stream > KILLS / 2, "{in_the_stream} kills while files came");
    let wanted: BTreeSet<String> = hashes(workspace.source()).into_values().collect();
    assert_eq!(wanted.len(), FILES);
    let once = |hashes: Vec<String>, what: &str| {
        let counts = counted(hashes);
        assert!(counts.values().all(|count| *count == 1), "twice: {what}");
        assert!(counts.keys().all(|hash| wanted.contains(hash)), "a part: {what}");
        counts.len()
    };
    let arrived = of_kind(&told, "picture").map(|event| event["sha256"].as_str().unwrap().to_owned());
    // One that was killed after it had kept a picture and before it told of it has told nothing.
    assert!(once(arrived.collect(), "told") <= FILES);
    assert_eq!(once(workspace.rows().into_iter().map(|row| row["sha256"].clone()).collect(), "rows"), FILES);
    assert_eq!(once(sorted(workspace.destination()).into_values().collect(), "sorted"), FILES);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
