//! Things that could keep the program waiting for ever, or have it end without a word: it ends, or goes on, with a
//! sentence.

mod app;
mod files;
mod memory;
mod messages;
mod models;
mod results;
mod threads;
mod tokenizers;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::Workspace;

/// How long what has nothing to wait for may take, on a machine that does ten other things.
const SOON: Duration = Duration::from_secs(60);

/// Runs a command to its end. One that takes longer than that hangs, and is killed.
fn ends_soon(mut command: Command) -> Output {
    command.stdin(Stdio::null());
    let output = assert_cmd::Command::from_std(command).timeout(SOON).output().unwrap();
    assert!(output.status.code().is_some(), "it hung or crashed: {}", output.status);
    output
}

/// The same, with its streams as they were given to it.
fn code_of(mut command: Command) -> Option<i32> {
    ended(command.stdin(Stdio::null()).spawn().unwrap())
}

/// The exit code of a process that ends soon.
fn ended(mut child: Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > SOON {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8")
}

fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits for something, and not for ever.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Nobody holds the destination's lock: another can work there.
fn is_free(workspace: &Workspace) -> bool {
    !workspace.sis_on_destination(&["undo"]).err.contains("Another sis is at work")
}
