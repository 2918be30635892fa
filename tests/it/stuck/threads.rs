//! A system that starts no more threads.

use std::process::Command;

use super::{ends_soon, text};
use crate::support::{Workspace, hashes, sorted};
use crate::tools::can_trace;

/// The program under a tracer that has threads refused; none where there is no tracer.
fn refused(command: &Command, which: &str) -> Option<Command> {
    let inject = format!("inject=clone3,clone:error=EAGAIN:when={which}");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone", "-e", &inject]);
    traced.arg(command.get_program()).args(command.get_args());
    traced.current_dir(command.get_current_dir()?);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    Some(traced)
}

#[test]
fn without_threads_a_run_does_its_work_or_says_why_not() {
    if !can_trace() {
        return;
    }
    let mut ends = vec![];
    for first in 1..=12 {
        for which in [first.to_string(), format!("{first}+")] {
            let workspace = Workspace::new();
            workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
            let before = hashes(workspace.source());
            let run = workspace.classify().command();
            let output = ends_soon(refused(&run, &which).unwrap());
            let (code, said) = (output.status.code().unwrap(), text(&output.stderr));
            ends.push(code);
            assert!(!said.contains("panicked"), "{which}: {said}");
            assert_eq!(hashes(workspace.source()), before, "{which}");
            match code {
                0 => assert_eq!(sorted(workspace.destination()).len(), 3, "{which}: {said}"),
                code => {
                    assert_eq!(code, 1, "{which}: {said}");
                    let last = said.lines().last().unwrap_or_default();
                    assert!(last.starts_with("Error: The system starts no more threads"), "{which}: {said}");
                }
            }
            // Nothing is lost, and the next run does what is left.
            workspace.classify().ends_with(0);
            assert_eq!(sorted(workspace.destination()).len(), 3, "{which}");
        }
    }
    assert!(ends.contains(&1) && ends.contains(&0), "some are needed, some are not: {ends:?}");
}
