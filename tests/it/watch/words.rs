//! The words of a watch.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{LONGEST_RUN, Workspace, fixtures, picture, sorted};

/// Watches until so many lines about pictures were printed and so many files were sorted, then asks it to end: all that
/// was said.
fn watched(workspace: &Workspace, more: &[&str], lines: usize, files: usize) -> (String, String) {
    let mut command = workspace.program();
    command.args(["watch", "--verbose", "--labels", "a, b", "--threshold", "0", "--margin", "0", "--settle", "0.2"]);
    command.arg("--source").arg(workspace.source()).arg("--destination").arg(workspace.destination());
    command.arg("--model").arg(fixtures().join("clip")).args(more);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    for _ in 0..lines {
        out.read_line(&mut text).unwrap();
    }
    let began = Instant::now();
    while workspace.destination().exists() && sorted(workspace.destination()).len() < files {
        assert!(began.elapsed() < LONGEST_RUN, "they are not sorted");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("sh").args(["-c", "kill -TERM $0", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    std::io::Read::read_to_string(&mut out, &mut text).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{text}{said}");
    (text, said)
}

#[test]
fn what_arrived_and_what_can_be_done_next_is_said() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let (out, said) = watched(&workspace, &[], 2, 0);
    assert!(said.contains("Watching ") && said.contains("Stopping after what is in hand."), "{said}");
    assert!(out.contains("Stopped watching: 2 pictures arrived, 2 in the session."), "{out}");
    assert!(out.contains("2 not transferred") && out.contains("2 pictures can be sorted now: sis apply"), "{out}");
    // The next one sorts what is there, and what comes.
    workspace.write("source/3.jpg", picture(3));
    let (out, _) = watched(&workspace, &["--apply"], 1, 3);
    assert!(out.contains("Stopped watching: 1 picture arrived, 3 in the session."), "{out}");
    assert!(out.contains("3 copied") && !out.contains("can be sorted now"), "{out}");
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_made() {
    let workspace = Workspace::new();
    std::fs::remove_dir(workspace.source()).unwrap();
    let finished = crate::support::finish(super::command(&workspace, &[])).ended_with(1);
    assert!(finished.err.contains("source"), "{}", finished.err);
    assert!(!workspace.destination().exists());
}
