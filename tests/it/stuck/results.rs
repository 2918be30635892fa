//! Standard output that cannot be written: the work is done all the same, and whoever counts on the results is told.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use super::{code_of, ended, ends_soon, signal, text, wait_until};
use crate::support::{Workspace, fixtures, hashes, sorted};

fn full(command: &mut Command) {
    command.stdout(File::options().write(true).open("/dev/full").unwrap());
}

/// A workspace with pictures in it, some of them sorted.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace
}

/// Commands that print results, one after the other in the same workspace.
fn commands(workspace: &Workspace) -> Vec<Command> {
    let mut commands = vec![
        workspace.classify().flag("--dry-run").command(),
        workspace.classify().flag("--json").command(),
        workspace.classify().command(),
    ];
    let destination = workspace.destination();
    let destination = destination.to_str().unwrap();
    let model = fixtures().join("clip");
    for arguments in [
        &["verify", "--destination", destination][..],
        &["undo", "--destination", destination],
        &["apply", "--destination", destination, "--json"],
        &["doctor", "--model", model.to_str().unwrap()],
        &["model", "list"],
        &["model", "list", "--json"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let mut command = workspace.program();
        command.args(arguments);
        commands.push(command);
    }
    commands
}

#[test]
fn a_full_disk_is_said_and_no_success() {
    let workspace = workspace();
    for mut command in commands(&workspace) {
        full(command.stderr(Stdio::piped()).stdin(Stdio::null()));
        let name = format!("{command:?}");
        let mut child = command.spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        assert_eq!(ended(child), Some(1), "{name}");
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        assert!(said.contains("Error: Standard output cannot be written (No space left on device"), "{name}: {said}");
        assert_eq!(said.matches("Standard output").count(), 1, "{name}: {said}");
    }
    // The work was done and recorded all the same: sorted, taken back, sorted again.
    let mut there: Vec<_> = sorted(workspace.destination()).into_values().collect();
    let mut source: Vec<_> = hashes(workspace.source()).into_values().collect();
    there.sort_unstable();
    source.sort_unstable();
    assert_eq!(there, source);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_watch_says_at_once_that_its_results_are_lost_and_goes_on() {
    let workspace = workspace();
    let mut command = workspace.program();
    command.args(["watch", "--apply", "--json", "--settle", "0.2", "--labels", "a, b", "--threshold", "0"]);
    command.args(["--margin", "0"]).arg("--model").arg(fixtures().join("clip"));
    command.arg("--source").arg(workspace.source()).arg("--destination").arg(workspace.destination());
    full(command.stderr(Stdio::piped()).stdin(Stdio::null()));
    let mut child = command.spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    wait_until("its pictures are not sorted", || {
        workspace.destination().exists() && sorted(workspace.destination()).len() == 2
    });
    let mut said = String::new();
    while !said.contains("Standard output cannot be written") {
        assert!(errors.read_line(&mut said).unwrap() > 0, "it is not said: {said}");
    }
    assert_eq!(child.try_wait().unwrap(), None, "it goes on");
    signal(child.id(), "TERM");
    assert_eq!(ended(child), Some(1));
}

#[test]
fn pictures_that_are_wrong_do_not_hide_that_results_are_lost() {
    let workspace = workspace();
    workspace.write("source/empty.jpg", "");
    let mut command = workspace.classify().flag("--json").command();
    assert_eq!(ends_soon(workspace.classify().flag("--dry-run").command()).status.code(), Some(3));
    full(command.stderr(Stdio::null()));
    assert_eq!(code_of(command), Some(1));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let workspace = workspace();
    for mut command in commands(&workspace) {
        let name = format!("{command:?}");
        command.stdout(std::io::pipe().unwrap().1);
        let output = {
            let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            child.wait_with_output().unwrap()
        };
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(!text(&output.stderr).contains("tandard output"), "{name}");
    }
    assert_eq!(sorted(workspace.destination()).len(), 2);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
