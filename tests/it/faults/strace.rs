//! Calls of the system, seen and made to go otherwise by `strace`.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::evidence::{Ended, Running};

/// A call that a run makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `unlinkat`.
    pub(crate) name: String,
    /// The how-manieth of its name it is in its thread, from 1.
    pub(crate) nth: usize,
    /// The call with its arguments, descriptors with their paths.
    pub(crate) text: String,
    /// The number of its thread in that run.
    pub(crate) thread: u32,
}

/// The same command under `strace`, which writes the calls of these names into `log`.
pub(crate) fn traced(command: &Command, names: &[&str], log: &Path, more: &[&str]) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-y", "-s", "300", "-o"]).arg(log);
    traced.args(["-e", &format!("trace={}", names.join(","))]).args(more);
    traced.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    traced
}

/// Runs a command and stops it right after the `nth` call of a name in a thread, if `is_it` is true of that call's
/// text: everything stands still while `act` is at work. Nothing where the program did not come by. With an `error` the
/// call is not made, and answered with that one.
pub(crate) fn stopped_after(
    command: &Command,
    call: &Call,
    error: Option<&str>,
    log: &Path,
    is_it: &dyn Fn(&str) -> bool,
    act: &mut dyn FnMut(),
) -> (Ended, bool) {
    // The log that is read is that of this run.
    let _ = std::fs::remove_file(log);
    let error = error.map(|error| format!("error={error}:")).unwrap_or_default();
    let stop = format!("inject={}:{error}signal=STOP:when={}", call.name, call.nth);
    let mut running = Running::start(traced(command, &[call.name.as_str()], log, &["-e", &stop]));
    let (mut stops, mut has_acted, mut stopped_thread) = (0, false, None);
    while !running.has_ended() {
        let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let stopped = |(_, line): &(usize, &&str)| line.ends_with("--- stopped by SIGSTOP ---");
        // A process of several threads says so once for each of them.
        if let Some((at, line)) = lines.iter().enumerate().filter(stopped).nth(stops) {
            let thread = line.split(' ').next().unwrap();
            let is_call = |line: &&&str| line.split(' ').next() == Some(thread) && !line.contains("---");
            stops += 1;
            if !has_acted && lines[..at].iter().rev().find(is_call).is_some_and(|line| is_it(line)) {
                act();
                has_acted = true;
            }
            stopped_thread = thread.parse().ok().and_then(Pid::from_raw);
        }
        // More than once, as threads that are only about to stop do not hear it.
        if let Some(thread) = stopped_thread {
            let _ = rustix::process::kill_process(thread, Signal::CONT);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    (running.end(), has_acted)
}

/// The calls in a log, in order.
pub(crate) fn calls(log: &Path) -> Vec<Call> {
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned();
    let begun = text.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        let call = call.trim_start();
        // Lines that do not begin a call: its end, a signal, an exit.
        let (name, _) = call.split_once('(')?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        let nth = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *nth += 1;
        Some(Call { name: name.to_owned(), nth: *nth, text: call.to_owned(), thread: thread.parse().ok()? })
    });
    begun.collect()
}

#[test]
fn calls_are_counted_in_each_thread() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let text = "7 unlinkat(5</a/source>, \"1.png\", 0) = 0\n8   unlinkat(5</a>, \"2\", 0 <unfinished ...>\n\
                7 --- SIGCONT {} ---\n8 <... unlinkat resumed>) = 0\n7 unlinkat(3, \"x(\", 0) = 0\n7 +++ exited with 0 +++\n";
    std::fs::write(&log, text).unwrap();
    let found: Vec<_> = calls(log.path()).into_iter().map(|call| (call.name, call.nth)).collect();
    let unlinkat = |nth| ("unlinkat".to_owned(), nth);
    assert_eq!(found, [unlinkat(1), unlinkat(1), unlinkat(2)]);
}
