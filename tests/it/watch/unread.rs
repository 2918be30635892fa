//! Readers that do not read what a watch tells.

use std::collections::BTreeSet;
use std::io::{PipeReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::{LOOK, Watching, command};
use crate::support::{LONGEST_RUN, Workspace};

const PICTURES: usize = 600;

/// Bytes in a pipe of 64 KiB that is full, or all but full: lines are not cut where a page ends.
const FULL: u64 = 55_000;

/// A watch that tells into a pipe; its standard error too, or not.
fn start(workspace: &Workspace, is_all: bool) -> (Child, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = command(workspace, &[]);
    command.stderr(if is_all { writer.try_clone().unwrap().into() } else { Stdio::piped() });
    (command.stdout(writer).spawn().unwrap(), reader)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONGEST_RUN, "it hangs before {what}");
        std::thread::sleep(LOOK);
    }
}

#[test]
fn a_reader_that_does_not_read_keeps_no_watch_from_ending() {
    for is_all in [false, true] {
        let workspace = Workspace::new();
        workspace.write_pictures((0..PICTURES).map(|number| format!("{number}.jpg")));
        let (mut child, reader) = start(&workspace, is_all);
        wait_until("the pipe is full", || rustix::io::ioctl_fionread(&reader).unwrap() > FULL);
        let sent = Command::new("sh").args(["-c", "kill -TERM $0", &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > LONGEST_RUN / 5 {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(LOOK);
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
        if let Some(mut error) = child.stderr.take() {
            let mut said = String::new();
            error.read_to_string(&mut said).unwrap();
            assert!(said.contains("everything is in the session"), "{said}");
        }
        // The session is whole, and the next watch goes on with it.
        let before = workspace.rows().len();
        let mut watching = Watching::start(&workspace, &[]);
        watching.wait_for_pictures(PICTURES - before);
        watching.end();
        let hashes: BTreeSet<String> = workspace.rows().into_iter().map(|row| row["sha256"].clone()).collect();
        assert_eq!((workspace.rows().len(), hashes.len()), (PICTURES, PICTURES));
        workspace.sis_on_destination(&["verify"]).ended_with(0);
    }
}

#[test]
fn a_reader_that_is_slow_is_told_everything() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..PICTURES).map(|number| format!("{number}.jpg")));
    let (mut child, mut reader) = start(&workspace, false);
    wait_until("the pipe is full", || rustix::io::ioctl_fionread(&reader).unwrap() > FULL);
    let mut told = String::new();
    let mut piece = [0; 4096];
    while told.lines().filter(|line| line.contains(r#""event":"picture""#)).count() < PICTURES {
        let count = reader.read(&mut piece).unwrap();
        assert!(count > 0, "{told}");
        told.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    let sent = Command::new("sh").args(["-c", "kill -TERM $0", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    reader.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for line in told.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(told.lines().last().unwrap().contains(r#""event":"summary""#), "{told}");
}
