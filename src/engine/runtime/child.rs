//! Runs a child process with a time limit.

use std::fs::File;
use std::io::{Read, Result, Seek};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// How often the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How often a process that takes minutes is looked at.
const LOOK_SELDOM: Duration = Duration::from_millis(100);

/// Runs a command and returns its output, or `None` if it was killed after `patience`. It prints into a file, so it
/// never blocks on a full pipe.
pub(super) fn answer_of(command: &mut Command, patience: Duration) -> Result<Option<Output>> {
    let mut printed = tempfile::tempfile()?;
    let mut child = command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(Stdio::null()).spawn()?;
    let started = Instant::now();
    let status = wait(&mut child, LOOK_EVERY, &|| started.elapsed() <= patience)?;
    let stdout = whole(&mut printed)?;
    Ok(status.map(|status| Output { status, stdout, stderr: vec![] }))
}

/// Runs a command and returns its standard error, or `None` if it was killed because `goes_on` returned false. Its
/// standard output goes to our standard error.
pub(super) fn complaints_of(command: &mut Command, goes_on: &dyn Fn() -> bool) -> Result<Option<Output>> {
    let mut complaints = tempfile::tempfile()?;
    let command = command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr())).stderr(complaints.try_clone()?);
    let mut child = command.spawn()?;
    let status = wait(&mut child, LOOK_SELDOM, goes_on)?;
    let stderr = whole(&mut complaints)?;
    Ok(status.map(|status| Output { status, stdout: vec![], stderr }))
}

fn wait(child: &mut Child, look_every: Duration, goes_on: &dyn Fn() -> bool) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if !goes_on() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(look_every);
    }
}

fn whole(file: &mut File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_child_process_is_killed() {
        let ended = complaints_of(Command::new("sleep").arg("1000"), &|| false).unwrap();
        assert!(ended.is_none());
        let output = complaints_of(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), &|| true).unwrap().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(3), &b"no\n"[..]));
    }
}
