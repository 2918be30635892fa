//! Watching a folder: writers of every kind, kills, people who decide meanwhile.

mod alerts;
mod disks;
mod kills;
mod together;
mod unread;
mod words;
mod writers;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{LONGEST_RUN, Workspace, fixtures};

/// How long files must not change in these tests. Writers that pause for longer are a test of their own.
pub(crate) const SETTLE: Duration = Duration::from_millis(400);

/// How a watch notices changes: by what the system tells alone, or by looking again and again.
pub(crate) const WAYS: [&[&str]; 2] = [&["--rescan", "86400"], &["--poll"]];

/// How often is looked whether what is waited for without an event has come.
const LOOK: Duration = Duration::from_millis(100);

/// A watch whose events are read as they come; killed if the test ends before it does.
pub(crate) struct Watching {
    child: Child,
    lines: Receiver<Json>,
    /// Every event so far.
    pub(crate) events: Vec<Json>,
}

impl Watching {
    /// Watches the source; every picture goes to the label that suits it best.
    pub(crate) fn start(workspace: &Workspace, more: &[&str]) -> Watching {
        Watching::spawn(command(workspace, more))
    }

    pub(crate) fn spawn(mut command: Command) -> Watching {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (told, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // The last line of one that was killed may be cut off.
                if let Ok(event) = serde_json::from_str(&line)
                    && told.send(event).is_err()
                {
                    return;
                }
            }
        });
        Watching { child, lines, events: vec![] }
    }

    /// Waits until the events so far are as they should be.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&[Json]) -> bool) {
        let began = Instant::now();
        while !is_so(&self.events) {
            match self.lines.recv_timeout(LOOK) {
                Ok(event) => self.events.push(event),
                Err(RecvTimeoutError::Timeout) if began.elapsed() < LONGEST_RUN => {}
                Err(RecvTimeoutError::Timeout) => panic!("it hangs before {what}: {:?}", self.events.last()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}: {:?}", self.stderr()),
            }
        }
    }

    /// Waits until so many pictures have arrived.
    pub(crate) fn wait_for_pictures(&mut self, count: usize) {
        self.wait_until(&format!("{count} pictures"), |events| of_kind(events, "picture").count() >= count);
    }

    /// Waits until a picture with this name has arrived.
    pub(crate) fn wait_for_picture(&mut self, name: &str) {
        self.wait_until(name, |events| {
            of_kind(events, "picture").any(|event| Path::new(event["path"].as_str().unwrap()).ends_with(name))
        });
    }

    /// The hashes of the pictures that arrived, and how often each did.
    pub(crate) fn hashes(&self) -> BTreeMap<String, usize> {
        counted(of_kind(&self.events, "picture").map(|event| event["sha256"].as_str().unwrap().to_owned()))
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent =
            Command::new("sh").args(["-c", &format!("kill -{signal} $0"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to end, as a service manager does, and reads what is left: the summary, and standard error.
    pub(crate) fn end(mut self) -> (Vec<Json>, String) {
        self.signal("TERM");
        while let Ok(event) = self.lines.recv_timeout(LONGEST_RUN) {
            self.events.push(event);
        }
        let status = self.child.wait().unwrap();
        let said = self.stderr();
        assert_eq!(status.code(), Some(0), "{said}");
        assert_eq!(self.events.last().map(|event| &event["event"]), Some(&"summary".into()), "{said}");
        (std::mem::take(&mut self.events), said)
    }

    /// Ends it with no clean-up, and reads what it told before.
    pub(crate) fn kill(mut self) -> Vec<Json> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Ok(event) = self.lines.recv_timeout(LONGEST_RUN) {
            self.events.push(event);
        }
        std::mem::take(&mut self.events)
    }

    /// Waits until it ends by itself: its exit code, and what it said.
    pub(crate) fn failed(mut self) -> (Option<i32>, String) {
        while self.lines.recv_timeout(LONGEST_RUN).is_ok() {}
        let said = self.stderr();
        (self.child.wait().unwrap().code(), said)
    }

    fn stderr(&mut self) -> String {
        use std::io::Read;
        let mut said = String::new();
        self.child.stderr.take().map(|mut error| error.read_to_string(&mut said));
        said
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `sis watch` on a workspace.
pub(crate) fn command(workspace: &Workspace, more: &[&str]) -> Command {
    command_on(workspace, &workspace.source(), more)
}

/// `sis watch` on a folder.
pub(crate) fn command_on(workspace: &Workspace, source: &Path, more: &[&str]) -> Command {
    let mut command = workspace.program();
    command.arg("watch").arg("--json").args(["--labels", "a, b", "--threshold", "0", "--margin", "0"]);
    command.arg("--source").arg(source).arg("--destination").arg(workspace.destination());
    command.arg("--model").arg(fixtures().join("clip"));
    if !more.contains(&"--settle") {
        command.args(["--settle", &SETTLE.as_secs_f64().to_string()]);
    }
    command.args(more);
    command
}

pub(crate) fn of_kind<'e>(events: &'e [Json], kind: &'static str) -> impl Iterator<Item = &'e Json> {
    events.iter().filter(move |event| event["event"] == kind)
}

pub(crate) fn counted(items: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    items.into_iter().for_each(|item| *counts.entry(item).or_insert(0) += 1);
    counts
}
