//! A command that is run: for so long and no longer, the beginning of its output to the log.
//!
//! Everything that it starts in its group ends with it, so that nothing goes on that nobody knows of. Its output comes
//! through a pipe that is always read, so that it neither waits for a reader nor fills a disk.

use std::ffi::OsString;
use std::io::{ErrorKind, PipeReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::domain::printable::{printable, printable_text};
use crate::jobs::cancel_token::CancelToken;

/// How long a command may run before it is ended.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// How often it is looked whether it is done.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How long one that was killed may take to be gone: a disk that does not answer holds it.
const GONE: Duration = Duration::from_secs(1);

/// The most bytes of its output that go to the log.
const LOGGED: usize = 2000;

/// The bytes of its output that are read at a time. Between two reads it is looked whether it is done.
const PIECE: usize = 8 * 1024;

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
        /// The system's error.
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

/// Runs a command to its end, which is made after a while. None where it was ended because a stop was requested.
pub(super) fn run(words: &[OsString], longest: Duration, stop: &CancelToken) -> Option<AlertEnd> {
    let mut output = Output { pipe: None, first: Vec::new() };
    let end = match started(words) {
        Ok((child, pipe)) => {
            output.pipe = Some(pipe);
            let began = Instant::now();
            wait(child, &mut output, |_| began.elapsed() >= longest, stop)
        }
        Err(error) => Some(AlertEnd::NotStarted { detail: error.to_string() }),
    };
    let program = words.first().map(printable).unwrap_or_default();
    let output = printable_text(&String::from_utf8_lossy(&output.first));
    tracing::info!(program, ?end, output, "command for an arrival");
    end
}

fn started(words: &[OsString]) -> std::io::Result<(Child, PipeReader)> {
    let (program, arguments) = words.split_first().ok_or(ErrorKind::InvalidInput)?;
    let (pipe, output) = std::io::pipe()?;
    fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
    // A group of its own: Ctrl-C is for the watch, and what the command has started ends with it.
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()?;
    Ok((child, pipe))
}

/// Waits for a command until it was too long, and ends it and its group. It is reaped after that: until then its number
/// is nobody else's.
fn wait(
    mut child: Child,
    output: &mut Output,
    is_too_long: impl Fn(&[u8]) -> bool,
    stop: &CancelToken,
) -> Option<AlertEnd> {
    let group = Pid::from_child(&child);
    let is_done = loop {
        match has_ended(group) {
            false if stop.is_requested() || is_too_long(&output.first) => break false,
            false => output.wait(),
            true => break true,
        }
    };
    let _ = kill_process_group(group, Signal::KILL);
    let status = reap(&mut child);
    // Its last output is in the pipe, and no more comes: a process that has left the group may keep the pipe open for
    // ever.
    output.read();
    match (is_done, status) {
        (true, Some(status)) if status.success() => Some(AlertEnd::Done),
        (true, status) => Some(AlertEnd::Failed { code: status.and_then(|status| status.code()) }),
        (false, _) if stop.is_requested() => None,
        (false, _) => Some(AlertEnd::TimedOut),
    }
}

fn has_ended(process: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // There is always such a process until it is reaped; without one there is nothing to wait for.
    !matches!(waitid(WaitId::Pid(process), options), Ok(None) | Err(rustix::io::Errno::INTR))
}

/// Takes the status of one that was killed or has ended. None where it is not gone after a while.
fn reap(child: &mut Child) -> Option<ExitStatus> {
    let latest = Instant::now() + GONE;
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < latest => std::thread::sleep(Duration::from_millis(1)),
            ended => return ended.ok().flatten(),
        }
    }
}

/// The output of a command: the beginning is kept, the rest is read and forgotten.
struct Output {
    /// None once nobody can write into it any more.
    pipe: Option<PipeReader>,
    first: Vec<u8>,
}

impl Output {
    /// Waits until there is something, or for a moment, and reads it.
    fn wait(&mut self) {
        let mut pipe: Vec<PollFd<'_>> = self.pipe.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
        // Without a pipe this waits for a moment as well. It is looked again in any case.
        let _ = poll(&mut pipe, Some(&LOOK));
        self.read();
    }

    /// Reads what there is, a piece at most.
    fn read(&mut self) {
        let Some(pipe) = &mut self.pipe else {
            return;
        };
        let mut piece = [0; PIECE];
        match pipe.read(&mut piece) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let rest = LOGGED - self.first.len();
                self.first.extend(piece.iter().take(count.min(rest)));
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.pipe = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        shell_words::split(text).unwrap().into_iter().map(Into::into).collect()
    }

    fn ended(text: &str, longest: Duration) -> Option<AlertEnd> {
        run(&words(text), longest, &CancelToken::default())
    }

    /// Everything that a command has printed and is kept. It is too long once it has printed enough.
    fn printed(text: &str, is_enough: impl Fn(&[u8]) -> bool) -> (Option<AlertEnd>, String) {
        let (child, pipe) = started(&words(text)).unwrap();
        let mut output = Output { pipe: Some(pipe), first: Vec::new() };
        let end = wait(child, &mut output, is_enough, &CancelToken::default());
        (end, String::from_utf8(output.first).unwrap())
    }

    fn never(_: &[u8]) -> bool {
        false
    }

    /// True once a process is no more, or has ended and waits for its parent.
    fn is_gone(process: &str) -> bool {
        let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", process.trim()]).output().unwrap();
        let state = String::from_utf8(state.stdout).unwrap();
        state.is_empty() || state.starts_with('Z')
    }

    fn assert_goes(process: &str) {
        let began = Instant::now();
        while !is_gone(process) {
            assert!(began.elapsed() < LONGEST, "{process} goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn how_a_command_ended_is_known() {
        assert_eq!(ended("true", LONGEST), Some(AlertEnd::Done));
        assert_eq!(ended("sh -c 'exit 3'", LONGEST), Some(AlertEnd::Failed { code: Some(3) }));
        assert_eq!(ended("sh -c 'kill -9 $$'", LONGEST), Some(AlertEnd::Failed { code: None }));
        assert_eq!(ended("sleep 60", Duration::ZERO), Some(AlertEnd::TimedOut));
        assert!(matches!(ended("/no/such/program", LONGEST), Some(AlertEnd::NotStarted { .. })));
    }

    #[test]
    fn the_first_of_what_it_prints_is_kept_and_the_rest_does_not_hold_it_up() {
        let (end, output) = printed("sh -c 'echo said; echo wrong >&2; exit 1'", never);
        assert_eq!((end, output.as_str()), (Some(AlertEnd::Failed { code: Some(1) }), "said\nwrong\n"));
        // Far more than a pipe holds.
        let (end, output) = printed("head -c 5000000 /dev/zero", never);
        assert_eq!((end, output.len()), (Some(AlertEnd::Done), LOGGED));
        let (end, output) = printed("yes", |first| first.len() == LOGGED);
        assert_eq!((end, output.len()), (Some(AlertEnd::TimedOut), LOGGED));
    }

    #[test]
    fn what_it_has_started_ends_with_it_and_is_not_waited_for() {
        // It has its parent's output, so that the pipe stays open.
        let (end, process) = printed("sh -c 'sleep 600 & echo $!'", never);
        assert_eq!(end, Some(AlertEnd::Done));
        assert_goes(&process);
        let (end, process) = printed("sh -c 'sleep 600 & echo $!; sleep 600'", |first| first.ends_with(b"\n"));
        assert_eq!(end, Some(AlertEnd::TimedOut));
        assert_goes(&process);
    }

    #[test]
    fn one_that_is_ended_with_the_watch_has_no_end_of_its_own() {
        let stop = CancelToken::default();
        stop.request();
        assert_eq!(run(&words("sleep 600"), LONGEST, &stop), None);
    }

    #[test]
    fn a_closed_output_is_no_reason_not_to_wait() {
        assert_eq!(
            ended("sh -c 'exec >&- 2>&-; sleep 0.1; exit 4'", LONGEST),
            Some(AlertEnd::Failed { code: Some(4) })
        );
    }
}
