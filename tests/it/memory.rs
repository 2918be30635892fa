//! Memory does not grow with the number of pictures.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::skip::{Lacks, skip};
use crate::support::{Workspace, watch};

/// The most kilobytes that so many more pictures may add. A dry run keeps its session in memory, a kilobyte and a half
/// a picture; and what threads have given back to the allocator differs by some megabytes from run to run. A stage that
/// did not wait for the next one would add gigabytes.
const MOST_GROWTH: u64 = 24_000;

/// Enough that what is written in batches and what the database keeps in memory is as much as it becomes.
const FEW: usize = 10_000;

const MANY: usize = 20_000;

#[test]
fn twice_as_many_pictures_take_no_more() {
    let Some(few) = peak_for(FEW) else {
        return skip(Lacks::System, "the system does not tell how much memory a process uses");
    };
    let many = peak_for(MANY).unwrap();
    println!("at most {few} kB for {FEW} pictures, {many} kB for {MANY}");
    assert!(many < few + MOST_GROWTH, "{few} kB for {FEW} pictures, {many} kB for {MANY}");
}

/// The most memory, in kilobytes, that classifying so many pictures takes.
fn peak_for(pictures: usize) -> Option<u64> {
    let workspace = Workspace::new();
    workspace.write_pictures((0..pictures).map(|number| format!("{number}.jpg")));
    let (code, peak) = watch(classify(&workspace).spawn().unwrap());
    assert_eq!(code, Some(0));
    // All of them are known now: the image tower is not opened again.
    let opened = || std::fs::read_to_string(log(&workspace)).unwrap().matches("opening the image tower").count();
    assert_eq!(opened(), 1);
    let (code, again) = watch(classify(&workspace).spawn().unwrap());
    assert_eq!((code, opened()), (Some(0), 1));
    peak.max(again)
}

fn classify(workspace: &Workspace) -> Command {
    let mut command = workspace.classify().flag("--dry-run").command();
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command
}

fn log(workspace: &Workspace) -> PathBuf {
    workspace.home().join("state/sis/sis.log")
}
