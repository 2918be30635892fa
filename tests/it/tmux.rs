//! A terminal in tmux with the program in it: its screen, its keys, and its process.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::skip::{Lacks, require, skip};
use crate::support::{Workspace, program};

/// How long a screen may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with the program in it. It has a server of its own, which ends with it.
pub(crate) struct Terminal {
    socket: String,
}

impl Terminal {
    /// None where there is no tmux, which is said.
    pub(crate) fn open(workspace: &Workspace, columns: u32, rows: u32, arguments: &str) -> Option<Terminal> {
        Terminal::open_with(workspace, columns, rows, "HF_HUB_OFFLINE=1", arguments)
    }

    /// With more variables, `NAME=value` each.
    pub(crate) fn open_with(
        workspace: &Workspace,
        columns: u32,
        rows: u32,
        more: &str,
        arguments: &str,
    ) -> Option<Terminal> {
        if !require("tmux") {
            return None;
        }
        let socket = format!("sis-test-{}-{columns}", workspace.root().file_name().unwrap().to_str().unwrap());
        let terminal = Terminal { socket };
        let variables: String = [("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")]
            .into_iter()
            .chain([("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache")])
            .map(|(name, folder)| format!("{name}='{}' ", workspace.home().join(folder).display()))
            .collect();
        let command = format!(
            "set -m; cd '{}' && env -u ORT_DYLIB_PATH -u HF_HUB_OFFLINE {more} SIS_LANG=en {variables} TMPDIR='{}' PATH=/usr/bin:/bin {} {arguments}; echo ended $?; read x",
            workspace.root().display(),
            workspace.root().display(),
            program().display()
        );
        let size = [columns.to_string(), rows.to_string()];
        let began = terminal.tmux(&["new-session", "-d", "-x", &size[0], "-y", &size[1], "sh", "-c", &command]);
        began.expect("tmux opens a terminal");
        Some(terminal)
    }

    pub(crate) fn tmux(&self, arguments: &[&str]) -> Option<String> {
        let output =
            Command::new("tmux").args(["-L", &self.socket, "-f", "/dev/null"]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).unwrap_or_default()
    }

    /// Waits for a text, which the screen must come to show.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "“{text}” does not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends keys by tmux's names, and waits for what they bring.
    pub(crate) fn press(&self, keys: &[&str], expected: &str) -> String {
        self.tmux(&[&["send-keys"], keys].concat()).expect("the terminal is there");
        self.wait_for(expected)
    }

    pub(crate) fn type_text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]).expect("the terminal is there");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
    }
}

/// The program in the terminal, by its process number; none where the system does not tell.
pub(crate) fn process_in(terminal: &Terminal) -> Option<u32> {
    let pane = terminal.tmux(&["list-panes", "-F", "#{pane_pid}"]).unwrap();
    let shell = pane.trim();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap_or_default();
    let child = children.split_whitespace().next().and_then(|child| child.parse().ok());
    if child.is_none() {
        skip(Lacks::System, "the system does not tell of child processes");
    }
    child
}

/// The system's facts about a process: its state, and the ticks that it has computed.
pub(crate) fn state_of(process: u32) -> Option<(char, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some((fields.first()?.chars().next()?, ticks(11)? + ticks(12)?))
}

/// How often the threads of a process have waited for something that came: a key, an event, the end of a time.
pub(crate) fn wake_ups(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let of = |thread: std::fs::DirEntry| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0)
    };
    threads.map(of).sum()
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until what was begun comes to its end, a neighbour's picture for example; from then on, nothing is computed.
pub(crate) fn computes_nothing(process: u32) {
    let ticks = || state_of(process).map_or(0, |(_, ticks)| ticks);
    let mut last = ticks();
    wait_until("it comes to rest", || {
        std::thread::sleep(Duration::from_millis(300));
        std::mem::replace(&mut last, ticks()) == last
    });
    // The time in which nothing happens, which is what is waited for.
    let before = ticks();
    std::thread::sleep(Duration::from_secs(3));
    let used = ticks() - before;
    assert!(used <= 2, "{used} ticks of 10 ms in 3 s");
}
