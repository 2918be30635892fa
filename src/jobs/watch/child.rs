//! A command that is run: for so long and no longer, its output to the log.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::domain::printable::{printable, printable_text};

/// How long a command may run before it is ended.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(20);

/// What of its output goes to the log, in bytes.
const LOGGED: u64 = 2000;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertEnd {
    /// It succeeded.
    Done,
    /// It said that it failed.
    Failed {
        /// Its exit code; none where a signal ended it.
        code: Option<i32>,
    },
    /// It took too long and was ended.
    TimedOut,
    /// It could not be started.
    NotStarted {
        /// What the system said.
        detail: String,
    },
}

impl AlertEnd {
    /// The word for it in the session and in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            AlertEnd::Done => "done",
            AlertEnd::Failed { .. } => "failed",
            AlertEnd::TimedOut => "timed out",
            AlertEnd::NotStarted { .. } => "not started",
        }
    }
}

/// Runs a command to its end, which is made after a while.
pub(super) fn run(words: &[OsString], longest: Duration) -> AlertEnd {
    let (end, output) = match started(words) {
        Ok((child, output)) => (wait(child, longest), Some(output)),
        Err(error) => (AlertEnd::NotStarted { detail: error.to_string() }, None),
    };
    let program = words.first().map(printable).unwrap_or_default();
    let output = output.map(first_bytes).unwrap_or_default();
    tracing::info!(program, ?end, output, "command for an arrival");
    end
}

fn started(words: &[OsString]) -> std::io::Result<(Child, File)> {
    let (program, arguments) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let output = tempfile::tempfile()?;
    // A group of its own: Ctrl-C is for the watch, and what the command has started ends with it.
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .process_group(0)
        .spawn()?;
    Ok((child, output))
}

fn wait(mut child: Child, longest: Duration) -> AlertEnd {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return AlertEnd::Done,
            Ok(Some(status)) => return AlertEnd::Failed { code: status.code() },
            Ok(None) if began.elapsed() < longest => std::thread::sleep(LOOK),
            _ => {
                if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                let _ = child.wait();
                return AlertEnd::TimedOut;
            }
        }
    }
}

fn first_bytes(mut output: File) -> String {
    let mut bytes = Vec::new();
    let read = output.rewind().and_then(|()| output.take(LOGGED).read_to_end(&mut bytes));
    let text = read.map(|_| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    printable_text(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_command_ended_is_known() {
        let words = |text: &str| shell_words::split(text).unwrap().into_iter().map(Into::into).collect::<Vec<_>>();
        assert_eq!(run(&words("true"), LONGEST), AlertEnd::Done);
        assert_eq!(run(&words("sh -c 'exit 3'"), LONGEST), AlertEnd::Failed { code: Some(3) });
        assert_eq!(run(&words("sleep 60"), Duration::ZERO), AlertEnd::TimedOut);
        assert!(matches!(run(&words("/no/such/program"), LONGEST), AlertEnd::NotStarted { .. }));
    }
}
