//! Ctrl-C in the middle of things.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{LONGEST_RUN, Workspace, hashes, sorted};

const MANY: usize = 3000;

/// A run whose events are read as they come; killed if the test ends before it does.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(workspace: &Workspace, operation: &str) -> Running {
        let mut command = workspace.classify().with("--operation", operation).flag("--json").command();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    fn wait_for(&mut self, kind: &str) {
        let found = self.events().any(|event| event["event"] == kind);
        assert!(found, "the run ended without a {kind}");
    }

    fn events(&mut self) -> impl Iterator<Item = Json> {
        self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
    }

    fn interrupt(&self) {
        let sent = Command::new("sh").args(["-c", "kill -INT $0", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Reads what is left; gives the last event and the exit code.
    fn end(mut self) -> (Json, Option<i32>) {
        let last = self.events().last().expect("a last event");
        (last, self.child.wait().unwrap().code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn many_pictures() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures((0..MANY).map(|number| format!("{}/{number}.jpg", number % 10)));
    workspace
}

/// Every content is whole in the source or in the destination, the table tells which, and nothing else is there.
fn assert_nothing_is_lost(workspace: &Workspace, before: &BTreeMap<PathBuf, String>) {
    let source = hashes(workspace.source());
    let mut there = sorted(workspace.destination());
    for (path, hash) in before {
        assert!(source.get(path) == Some(hash) || there.values().any(|found| found == hash), "{path:?} is lost");
    }
    assert!(source.iter().all(|(path, hash)| before.get(path) == Some(hash)), "the source has something new");
    for row in workspace.rows() {
        let image = Path::new(&row["image_name"]);
        assert_eq!(before.get(image), Some(&row["sha256"]), "{row:?}");
        assert_eq!(source.contains_key(image), row["status"] != "moved", "{row:?}");
        if row["destination"].is_empty() {
            assert_eq!(row["status"], "not transferred");
        } else {
            assert_eq!(there.remove(Path::new(&row["destination"])), Some(row["sha256"].clone()), "{row:?}");
        }
    }
    assert!(there.is_empty(), "partial files or files without a row: {there:?}");
}

#[test]
fn while_classifying() {
    let workspace = many_pictures();
    let before = hashes(workspace.source());
    let mut running = Running::start(&workspace, "move");
    running.wait_for("picture");
    running.interrupt();
    let (summary, code) = running.end();
    assert_eq!((code, &summary["event"], &summary["interrupted"]), (Some(130), &"summary".into(), &true.into()));
    assert!(summary["waiting"].as_u64().unwrap() > 0 && summary["moved"] == 0, "{summary}");
    assert_eq!(hashes(workspace.source()), before);
    assert_nothing_is_lost(&workspace, &before);
}

#[test]
fn while_moving() {
    let workspace = many_pictures();
    let before = hashes(workspace.source());
    let mut running = Running::start(&workspace, "move");
    running.wait_for("transfer");
    running.interrupt();
    let (summary, code) = running.end();
    assert_eq!((code, &summary["event"], &summary["interrupted"]), (Some(130), &"summary".into(), &true.into()));
    let moved = summary["moved"].as_u64().unwrap() as usize;
    assert!(0 < moved && moved < MANY, "{summary}");
    assert_eq!(hashes(workspace.source()).len(), MANY - moved);
    assert_nothing_is_lost(&workspace, &before);
}

#[test]
fn what_was_interrupted_goes_on_where_it_stopped() {
    let workspace = many_pictures();
    let before = hashes(workspace.source());
    let mut running = Running::start(&workspace, "move");
    running.wait_for("transfer");
    running.interrupt();
    running.end();
    workspace.classify().with("--operation", "move").ends_with(0);
    assert!(hashes(workspace.source()).is_empty());
    assert_eq!(workspace.rows().len(), MANY);
    let files: BTreeSet<_> = sorted(workspace.destination()).into_values().collect();
    let before: BTreeSet<_> = before.into_values().collect();
    assert!(files.len() == MANY && files == before);
}

#[test]
fn twice_ends_at_once() {
    let workspace = many_pictures();
    let before = hashes(workspace.source());
    let mut running = Running::start(&workspace, "move");
    running.wait_for("picture");
    // Nobody reads on, so that the run waits for its reader: one interrupt alone could not end it.
    let began = Instant::now();
    let code = loop {
        running.interrupt();
        match running.child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None => assert!(began.elapsed() < LONGEST_RUN, "it does not end"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(130));
    assert_eq!(hashes(workspace.source()), before);
}
