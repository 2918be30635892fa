//! Asking another process something, with an end to patience.

use std::io::{Read, Result, Seek};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How often the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Runs a command and returns what it printed; `None` where it had to be ended because it took too long. It prints into
/// a file, so that it never waits for a reader.
pub(super) fn answer_of(command: &mut Command, patience: Duration) -> Result<Option<Output>> {
    let mut printed = tempfile::tempfile()?;
    let mut child = command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(Stdio::null()).spawn()?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let mut stdout = Vec::new();
    printed.rewind()?;
    printed.read_to_end(&mut stdout)?;
    Ok(Some(Output { status, stdout, stderr: vec![] }))
}
