//! Commands that are run for arrivals.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Watching, of_kind};
use crate::support::{Workspace, picture};

#[test]
fn a_command_is_run_once_for_each_arrival_with_its_label() {
    let workspace = Workspace::new();
    let told = workspace.path("told");
    // The name would do harm in a shell.
    let name = "a $(touch harm); b.jpg";
    let command = |label: &str| format!("{label}=sh -c 'echo \"$0 $1\" >> {}' {label} {{path}}", told.display());
    let (a, b) = (command("a"), command("b"));
    let arguments = ["--apply", "--on-label", &a, "--on-label", &b];
    let mut watching = Watching::start(&workspace, &arguments);
    workspace.write(format!("source/{name}"), picture(1));
    workspace.write("source/2.jpg", picture(2));
    watching.wait_until("two alerts", |events| of_kind(events, "alert").count() == 2);
    let (events, _) = watching.end();
    assert!(of_kind(&events, "alert").all(|event| event["end"] == "done"));
    let lines = std::fs::read_to_string(&told).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    // The path is that of the sorted file.
    let folder = workspace.destination();
    assert!(lines.contains(name) && lines.contains(folder.to_str().unwrap()), "{lines}");
    assert!(!workspace.path("harm").exists());
    // The next watch owes nothing.
    let mut watching = Watching::start(&workspace, &arguments);
    workspace.write("source/3.jpg", picture(3));
    watching.wait_until("the third", |events| of_kind(events, "alert").count() == 1);
    watching.end();
    assert_eq!(std::fs::read_to_string(&told).unwrap().lines().count(), 3);
}

/// A command that waits for ever, or, once another file is there, writes a line. What waits is ended with the test.
struct Waiting {
    started: PathBuf,
    go: PathBuf,
    told: PathBuf,
}

impl Waiting {
    fn new(workspace: &Workspace) -> Waiting {
        Waiting { started: workspace.path("started"), go: workspace.path("go"), told: workspace.path("told") }
    }

    fn command(&self, label: &str) -> String {
        let [started, go, told] = [&self.started, &self.go, &self.told].map(|path| path.display());
        // It waits for a process of its own, which it does not end itself.
        let wait = format!("echo $$ > {started}.part; mv {started}.part {started}; sleep 600 & wait");
        format!("{label}=sh -c 'if test -e {go}; then echo x >> {told}; else {wait}; fi'")
    }

    /// Its group, once it waits.
    fn group(&self) -> Option<String> {
        Some(std::fs::read_to_string(&self.started).ok()?.trim().to_owned())
    }

    /// Processes of its group that have not ended.
    fn processes(&self) -> usize {
        let listed = Command::new("ps").args(["-eo", "pgid=,stat="]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let group = self.group().unwrap();
        let processes = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        processes.filter(|words| words[0] == group && !words[1].starts_with('Z')).count()
    }

    /// A watch that runs the command for either label.
    fn watch(&self, workspace: &Workspace) -> Watching {
        let (a, b) = (self.command("a"), self.command("b"));
        Watching::start(workspace, &["--on-label", &a, "--on-label", &b])
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let group = self.group().filter(|_| self.processes() > 0);
        if let Some(group) = group.and_then(|group| Pid::from_raw(group.parse().ok()?)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[test]
fn what_was_owed_when_the_watch_was_killed_is_run_by_the_next() {
    let workspace = Workspace::new();
    let waiting = Waiting::new(&workspace);
    let mut watching = waiting.watch(&workspace);
    workspace.write("source/1.jpg", picture(1));
    watching.wait_for_pictures(1);
    watching.wait_until("the command", |_| waiting.group().is_some());
    watching.kill();
    std::fs::write(&waiting.go, "").unwrap();
    let mut watching = waiting.watch(&workspace);
    watching.wait_until("the alert", |events| of_kind(events, "alert").count() == 1);
    let (events, _) = watching.end();
    assert_eq!(of_kind(&events, "picture").count(), 0, "it is not classified again");
    assert_eq!(std::fs::read_to_string(&waiting.told).unwrap(), "x\n");
}

#[test]
fn a_command_ends_with_the_watch_and_is_owed_to_the_next() {
    let workspace = Workspace::new();
    let waiting = Waiting::new(&workspace);
    let mut watching = waiting.watch(&workspace);
    workspace.write("source/1.jpg", picture(1));
    watching.wait_until("the command", |_| waiting.group().is_some() && waiting.processes() == 2);
    let (events, _) = watching.end();
    assert_eq!(of_kind(&events, "alert").count(), 0, "it has not ended by itself");
    assert_eq!(waiting.processes(), 0);
    std::fs::write(&waiting.go, "").unwrap();
    let mut watching = waiting.watch(&workspace);
    watching.wait_until("the alert", |events| of_kind(events, "alert").count() == 1);
    watching.end();
    assert_eq!(std::fs::read_to_string(&waiting.told).unwrap(), "x\n");
}

#[test]
fn command_without_sense_is_refused_at_start() {
    let workspace = Workspace::new();
    for (given, said) in [("c=true", "none of the labels"), ("a=", "makes no sense"), ("a='x", "not closed")] {
        let finished = crate::support::finish(super::command(&workspace, &["--on-label", given])).ended_with(2);
        assert!(finished.err.contains(said), "{}", finished.err);
        assert!(!workspace.destination().exists());
    }
}

#[test]
fn a_second_command_for_a_label_is_said_and_not_left_out() {
    let workspace = Workspace::new();
    for (language, said) in [("en", "there twice for “a”"), ("pt", "Há dois --on-label para “a”")] {
        let mut command = super::command(&workspace, &["--on-label", "a=true", "--on-label", "a=false"]);
        command.env("SIS_LANG", language);
        let finished = crate::support::finish(command).ended_with(2);
        assert!(finished.err.contains(said), "{}", finished.err);
        assert!(!workspace.destination().exists());
    }
}
