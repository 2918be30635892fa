//! Commands that are run for arrivals.

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

#[test]
fn what_was_owed_when_the_watch_was_killed_is_run_by_the_next() {
    let workspace = Workspace::new();
    let (told, go) = (workspace.path("told"), workspace.path("go"));
    let wait = format!("sh -c 'test -e {} && echo x >> {} || sleep 600' ", go.display(), told.display());
    let (a, b) = (format!("a={wait}"), format!("b={wait}"));
    let arguments = ["--on-label", &a, "--on-label", &b];
    let mut watching = Watching::start(&workspace, &arguments);
    workspace.write("source/1.jpg", picture(1));
    watching.wait_for_pictures(1);
    watching.kill();
    std::fs::write(&go, "").unwrap();
    let mut watching = Watching::start(&workspace, &arguments);
    watching.wait_until("the alert", |events| of_kind(events, "alert").count() == 1);
    let (events, _) = watching.end();
    assert_eq!(of_kind(&events, "picture").count(), 0, "it is not classified again");
    assert_eq!(std::fs::read_to_string(&told).unwrap(), "x\n");
}

#[test]
fn a_command_that_makes_no_sense_is_said_before_anything_is_done() {
    let workspace = Workspace::new();
    for (given, said) in [("c=true", "none of the labels"), ("a=", "makes no sense"), ("a='x", "not closed")] {
        let finished = crate::support::finish(super::command(&workspace, &["--on-label", given])).ended_with(2);
        assert!(finished.err.contains(said), "{}", finished.err);
        assert!(!workspace.destination().exists());
    }
}
