//! Other things in the place of a session's files: a pipe, a device, a folder or a link ends in a sentence, and an
//! error that passes is no lost session.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Finished, Workspace, sorted};
use crate::tools::can_trace;

/// How long a command may take that finds a pipe in the place of a file.
const SECONDS: Duration = Duration::from_secs(20);

fn sorted_workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    workspace
}

/// Runs a command that must not wait for anything.
fn run_at_once(mut command: Command) -> Finished {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > SECONDS {
            child.kill().unwrap();
            panic!("it waits: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished {
        code: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn commands(workspace: &Workspace) -> Vec<Command> {
    let mut commands = vec![workspace.classify().command()];
    for name in ["verify", "undo", "apply", "repair"] {
        let mut command = workspace.program();
        command.arg(name).arg("--destination").arg(workspace.destination());
        commands.push(command);
    }
    commands
}

type Put = fn(&Path);

/// Things that are no files.
const OTHERS: [(&str, Put); 4] = [
    ("pipe", |path| rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap()),
    ("folder", |path| std::fs::create_dir(path).unwrap()),
    ("link to a device", |path| symlink("/dev/zero", path).unwrap()),
    ("link to nothing", |path| symlink("/nowhere/at/all", path).unwrap()),
];

#[test]
fn what_is_no_file_in_the_session_ends_in_a_sentence() {
    for name in ["lock", "session.db", "session.db-wal", "session.db-shm", "session.db-journal", "ledger.jsonl"] {
        for (what, put) in OTHERS {
            let workspace = sorted_workspace();
            let (before, path) = (sorted(workspace.destination()), workspace.destination().join(".sis").join(name));
            if path.exists() {
                std::fs::remove_file(&path).unwrap();
            }
            put(&path);
            for command in commands(&workspace) {
                let finished = run_at_once(command);
                assert!([1, 2].contains(&finished.code), "{what} as {name}: {}{}", finished.out, finished.err);
                assert!(finished.err.contains("where sis has a file of its own"), "{what} as {name}: {}", finished.err);
            }
            assert!(std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()), "{what} as {name} stays");
            assert_eq!(sorted(workspace.destination()), before);
        }
    }
}

#[test]
fn what_is_no_file_in_the_data_folder_ends_in_a_sentence() {
    for name in ["secret", "sessions", "sessions-taken-over"] {
        for (what, put) in OTHERS {
            let workspace = sorted_workspace();
            let path = workspace.home().join("data/sis").join(name);
            if path.exists() {
                std::fs::remove_file(&path).unwrap();
            }
            put(&path);
            workspace.meddle("DELETE FROM session WHERE key = 'seal'");
            for command in commands(&workspace).into_iter().filter(|command| !is_verify(command)) {
                let finished = run_at_once(command);
                assert!([0, 2].contains(&finished.code), "{what} as {name}: {}{}", finished.out, finished.err);
            }
        }
    }
}

fn is_verify(command: &Command) -> bool {
    command.get_args().any(|argument| argument == "verify")
}

/// A command with an answer of the system put in by strace; none where that cannot be.
fn answered(command: &Command, filters: &[&str]) -> Option<Finished> {
    if !can_trace() {
        return None;
    }
    let mut traced = Command::new("strace");
    traced.args(["-f", "-o", "/dev/null"]).args(filters).arg(command.get_program()).args(command.get_args());
    traced.envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    let output = traced.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some(Finished { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) })
}

/// Without a lock two processes would work at once: only where the file system knows none nobody waits for it.
#[test]
fn a_lock_that_cannot_be_taken_is_an_error() {
    for (error, is_refused) in
        [("ENOLCK", true), ("EIO", true), ("EOPNOTSUPP", false), ("ENOSYS", false), ("EINTR:when=1", false)]
    {
        let workspace = sorted_workspace();
        let before = sorted(workspace.destination());
        for command in commands(&workspace) {
            let is_undo = command.get_args().any(|argument| argument == "undo");
            let inject = format!("inject=flock:error={error}");
            let Some(finished) = answered(&command, &["-e", "trace=flock", "-e", &inject]) else { return };
            let said = format!("{error}: {}{}", finished.out, finished.err);
            assert_eq!(finished.err.contains("cannot be locked"), is_refused, "{said}");
            assert_eq!(finished.code != 0, is_refused, "{said}");
            assert!(!is_refused || sorted(workspace.destination()) == before, "{said}");
            if is_undo && !is_refused {
                workspace.classify().ends_with(0);
            }
        }
    }
}

#[test]
fn an_error_that_passes_is_no_lost_session() {
    let workspace = sorted_workspace();
    for (call, error) in [("statx", "EIO"), ("statx", "ESTALE"), ("statx", "EACCES"), ("openat", "EIO")] {
        for when in 1..=3 {
            for command in ["undo", "apply"] {
                let database = workspace.destination().join(".sis/session.db");
                let ledger = std::fs::read(database.with_file_name("ledger.jsonl")).unwrap();
                let mut asked = workspace.program();
                asked.args([command, "--destination"]).arg(workspace.destination());
                let (trace, path) = (format!("trace={call}"), database.to_str().unwrap());
                let inject = format!("inject={call}:error={error}:when={when}");
                let Some(finished) = answered(&asked, &["-e", &trace, "-P", path, "-e", &inject]) else { return };
                let said = format!("{call} {error} {when}: {}", finished.err);
                assert!(!finished.err.contains("sis repair"), "{said}");
                let after = std::fs::read(database.with_file_name("ledger.jsonl")).unwrap();
                assert!(after.starts_with(&ledger), "{said}");
            }
        }
    }
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}
