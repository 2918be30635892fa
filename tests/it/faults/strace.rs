//! Calls of the system, seen and made to go otherwise by `strace`.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// A call that a run makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `unlinkat`.
    pub(crate) name: String,
    /// The how-manieth of its name it is in its thread, from 1.
    pub(crate) nth: usize,
    /// The call with its arguments, descriptors with their paths.
    pub(crate) text: String,
}

/// False where there is no `strace` that can trace here, which is said.
pub(crate) fn can_trace() -> bool {
    let works = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    let can = works.is_ok_and(|status| status.success());
    if !can {
        println!("skipped: there is no strace that works here");
    }
    can
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

/// The calls in a log, in order.
pub(crate) fn calls(log: &Path) -> Vec<Call> {
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned();
    let begun = text.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        let call = call.trim_start();
        // What is not the beginning of a call: its end, a signal, an exit.
        let (name, _) = call.split_once('(')?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        let nth = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *nth += 1;
        Some(Call { name: name.to_owned(), nth: *nth, text: call.to_owned() })
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
