//! A terminal at the other end of a line: a pseudo-terminal with the program in it, a line that takes so many bytes a
//! second and so long, and a screen that understands what the program writes. It answers what every terminal answers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Bytes a second, to the terminal.
    pub(crate) speed: f64,
    /// How long each byte is on the way, in each direction.
    pub(crate) way: Duration,
    /// The terminal answers `CSI 5 n` and the other questions of its kind.
    pub(crate) answers: bool,
}

/// The program in a terminal at the other end of a line.
pub(crate) struct Relay {
    child: Child,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Option<Sender<(Instant, Vec<u8>)>>,
    way: Duration,
    threads: Vec<JoinHandle<()>>,
}

/// What the terminal shows, and what has come.
struct Shown {
    columns: usize,
    cells: Vec<char>,
    at: (usize, usize),
    /// The beginning of a sequence whose end has not come.
    rest: Vec<u8>,
    bytes: usize,
    last: Instant,
}

impl Relay {
    /// Starts a command in it.
    pub(crate) fn open(mut command: Command, (columns, rows): (u16, u16), line: Line) -> Relay {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: columns * 10, ws_ypixel: rows * 20 };
        tcsetwinsize(&ours, size).unwrap();
        let theirs =
            File::options().read(true).write(true).open(ptsname(&ours, vec![]).unwrap().to_str().unwrap()).unwrap();
        let end = || Stdio::from(theirs.try_clone().unwrap());
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        for variable in ["TMUX", "TERM_PROGRAM", "SSH_CONNECTION", "NO_COLOR", "COLORTERM", "LC_ALL", "VTE_VERSION"] {
            command.env_remove(variable);
        }
        let child = command.stdin(end()).stdout(end()).stderr(Stdio::null()).spawn().unwrap();
        drop((command, theirs));
        let shown = Shown {
            columns: usize::from(columns),
            cells: vec![' '; usize::from(columns) * usize::from(rows)],
            at: (0, 0),
            rest: vec![],
            bytes: 0,
            last: Instant::now(),
        };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let (keys, typed) = channel();
        let (arriving, arrived) = channel();
        let (from, to) = (ours.as_fd().try_clone_to_owned().unwrap(), ours);
        let terminal = Terminal { line, shown: Arc::clone(&shown), answers: keys.clone() };
        let threads = vec![
            std::thread::spawn(move || carry(from, line, &arriving)),
            std::thread::spawn(move || terminal.show(&arrived)),
            std::thread::spawn(move || type_keys(to, &typed)),
        ];
        Relay { child, shown, keys: Some(keys), way: line.way, threads }
    }

    /// Presses keys.
    pub(crate) fn press(&self, keys: &str) {
        self.keys.as_ref().unwrap().send((Instant::now() + self.way, keys.as_bytes().to_vec())).unwrap();
    }

    /// Waits until the screen shows this. Gives how long that took; none where it does not come.
    pub(crate) fn wait_for(&self, text: &str, patience: Duration) -> Option<Duration> {
        let began = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        while !shown.text().contains(text) {
            let left = patience.checked_sub(began.elapsed())?;
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
        Some(began.elapsed())
    }

    /// The screen as text.
    pub(crate) fn screen(&self) -> String {
        self.shown.0.lock().unwrap().text()
    }

    /// Bytes that have come, and when the last of them came.
    pub(crate) fn bytes(&self) -> (usize, Instant) {
        let shown = self.shown.0.lock().unwrap();
        (shown.bytes, shown.last)
    }

    /// Waits until nothing has come for so long.
    pub(crate) fn rest(&self, time: Duration) {
        while self.bytes().1.elapsed() < time {
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.keys = None;
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// Takes what the program writes, no faster than the line is.
fn carry(from: OwnedFd, line: Line, arriving: &Sender<(Instant, Vec<u8>)>) {
    let mut from = File::from(from);
    let mut free = Instant::now();
    let mut buffer = [0; 2048];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        free = free.max(Instant::now()) + Duration::from_secs_f64(count as f64 / line.speed);
        if arriving.send((free + line.way, buffer[..count].to_vec())).is_err() {
            return;
        }
        sleep(free.saturating_duration_since(Instant::now()));
    }
}

/// Writes keys and answers when they have come over the line.
fn type_keys(to: OwnedFd, typed: &Receiver<(Instant, Vec<u8>)>) {
    let mut to = File::from(to);
    while let Ok((due, bytes)) = typed.recv() {
        sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
}

struct Terminal {
    line: Line,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    answers: Sender<(Instant, Vec<u8>)>,
}

impl Terminal {
    fn show(self, arrived: &Receiver<(Instant, Vec<u8>)>) {
        while let Ok((due, bytes)) = arrived.recv() {
            sleep(due.saturating_duration_since(Instant::now()));
            let mut shown = self.shown.0.lock().unwrap();
            shown.bytes += bytes.len();
            shown.last = Instant::now();
            let answers = shown.take(&bytes);
            self.shown.1.notify_all();
            drop(shown);
            if self.line.answers && !answers.is_empty() {
                let _ = self.answers.send((Instant::now() + self.line.way, answers));
            }
        }
    }
}

impl Shown {
    fn text(&self) -> String {
        self.cells.chunks(self.columns).map(|row| row.iter().collect::<String>() + "\n").collect()
    }

    /// Takes bytes in. Returns the answers to what they ask.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.rest.extend(bytes);
        let all = std::mem::take(&mut self.rest);
        let (mut rest, mut answers) = (all.as_slice(), vec![]);
        while let Some(length) = length_of_first(rest) {
            let (piece, others) = rest.split_at(length);
            rest = others;
            self.piece(piece, &mut answers);
        }
        self.rest = rest.to_vec();
        answers
    }

    fn piece(&mut self, piece: &[u8], answers: &mut Vec<u8>) {
        let [0x1b, b'[', numbers @ .., last] = piece else {
            match std::str::from_utf8(piece).ok().and_then(|text| text.chars().next()) {
                Some(sign) if !sign.is_control() => self.put(sign, 1),
                _ => {}
            }
            return;
        };
        let numbers: Vec<usize> =
            String::from_utf8_lossy(numbers).split(';').map(|number| number.parse().unwrap_or(0)).collect();
        let first = numbers.first().copied().unwrap_or(0);
        match last {
            b'H' => self.at = (numbers.get(1).copied().unwrap_or(1).max(1) - 1, first.max(1) - 1),
            b'C' => self.at.0 += first.max(1),
            b'X' => {
                let at = self.at;
                self.put(' ', first.max(1));
                self.at = at;
            }
            b'J' => self.cells.fill(' '),
            b'n' if piece == b"\x1b[5n" => answers.extend(b"\x1b[0n"),
            b'c' if piece == b"\x1b[c" => answers.extend(b"\x1b[?62;22c"),
            _ => {}
        }
    }

    fn put(&mut self, sign: char, count: usize) {
        let from = self.at.1 * self.columns + self.at.0;
        let to = (from + count).min(self.cells.len());
        if let Some(cells) = self.cells.get_mut(from.min(to)..to) {
            cells.fill(sign);
        }
        self.at.0 += count;
    }
}

/// The length of the first character or sequence, where all of it is there.
fn length_of_first(bytes: &[u8]) -> Option<usize> {
    let length = match bytes {
        [] | [0x1b] => return None,
        [0x1b, b'[', rest @ ..] => 3 + rest.iter().position(|byte| (0x40..=0x7e).contains(byte))?,
        [0x1b, b']' | b'P' | b'_', rest @ ..] => {
            let bell = rest.iter().position(|byte| *byte == 7).map(|at| at + 1);
            let string = rest.windows(2).position(|pair| pair == b"\x1b\\").map(|at| at + 2);
            2 + bell.into_iter().chain(string).min()?
        }
        [0x1b, ..] => 2,
        [0xf0..=0xff, ..] => 4,
        [0xe0..=0xff, ..] => 3,
        [0xc0..=0xff, ..] => 2,
        _ => 1,
    };
    (bytes.len() >= length).then_some(length)
}
