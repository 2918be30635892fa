//! The log and standard error cannot be written, both at once: as on a full disk that both are on.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{code_of, ended, ends_soon, is_free, signal, wait_until};
use crate::support::{Workspace, sorted};

type Lost = fn() -> Stdio;

/// Where messages go that nobody gets: to a full disk, or to a reader that is gone.
fn lost() -> [(&'static str, Lost); 2] {
    let full: Lost = || File::options().write(true).open("/dev/full").unwrap().into();
    let closed: Lost = || std::io::pipe().unwrap().1.into();
    [("a full disk", full), ("a reader that is gone", closed)]
}

/// A workspace whose log is on a disk without room.
fn without_room() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
    let log = workspace.home().join("state/sis/sis.log");
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", log).unwrap();
    workspace
}

#[test]
fn a_run_whose_messages_are_lost_does_its_work_and_ends() {
    for (name, lost) in lost() {
        let workspace = without_room();
        let mut command = workspace.classify().command();
        command.stdout(Stdio::null()).stderr(lost());
        assert_eq!(code_of(command), Some(0), "{name}");
        assert_eq!(sorted(workspace.destination()).len(), 3, "{name}");
        for arguments in [&["verify"][..], &["undo"], &["apply"]] {
            let mut command = workspace.program();
            command.args(arguments).arg("--destination").arg(workspace.destination());
            command.stdout(Stdio::null()).stderr(lost());
            assert_eq!(code_of(command), Some(0), "{name}: {arguments:?}");
        }
    }
}

#[test]
fn watch_without_reader_goes_on_and_stops_when_asked() {
    for (name, lost) in lost() {
        let workspace = without_room();
        let mut command = workspace.program();
        command.args(["watch", "--apply", "--json", "--settle", "0.2", "--labels", "a, b", "--threshold", "0"]);
        command.args(["--margin", "0"]).arg("--model").arg(crate::support::fixtures().join("clip"));
        command.arg("--source").arg(workspace.source()).arg("--destination").arg(workspace.destination());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(lost()).spawn().unwrap();
        let reader = BufReader::new(child.stdout.take().unwrap());
        let (told, heard) = std::sync::mpsc::channel();
        let reading = std::thread::spawn(move || reader.lines().map_while(Result::ok).for_each(|l| drop(told.send(l))));
        let mut transfers = 0;
        wait_until(name, || {
            transfers += heard.try_iter().filter(|line| line.contains("\"transfer\"")).count();
            transfers == 3 || child.try_wait().unwrap().is_some()
        });
        assert_eq!(transfers, 3, "{name}");
        signal(child.id(), "TERM");
        assert_eq!(ended(child), Some(0), "{name}");
        reading.join().unwrap();
        assert!(is_free(&workspace), "{name}");
    }
}

#[test]
fn a_pipe_in_place_of_the_log_is_not_waited_for() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.home().join("state/sis")).unwrap();
    super::pipe(&workspace.home().join("state/sis/sis.log"));
    workspace.write_pictures(["1.jpg"]);
    assert_eq!(ends_soon(workspace.classify().command()).status.code(), Some(0));
}
