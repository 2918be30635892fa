//! Pictures that are drawn for a simulation, and the program run on them.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use image::{Rgb, RgbImage};
use rustix::process::{Pid, Signal};

use crate::chance::Chance;
use crate::judge::Judge;
use crate::support::{program_of, set_time_and_mode};

/// How long a run may take in a simulation before it counts as hanging.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Draws pictures of several formats and sizes into folders, some of the same name. No two are alike.
pub(crate) fn draw(folder: &Path, count: usize) {
    let mut chance = Chance::new(5);
    for number in 0..count {
        let (width, height) = (8 + chance.below(80) as u32, 8 + chance.below(80) as u32);
        let colour: [u8; 3] = std::array::from_fn(|_| chance.below(256) as u8);
        let is_noise = chance.once_in(3);
        let mut paint = |_, _| if is_noise { std::array::from_fn(|_| chance.below(256) as u8) } else { colour };
        let mut picture = RgbImage::from_fn(width, height, |x, y| Rgb(paint(x, y)));
        picture.put_pixel(0, 0, Rgb([number as u8, 0, 0]));
        let name = format!("{}/p{}.{}", number % 2, number / 2, ["png", "jpg", "bmp"][number / 2 % 3]);
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(&path).unwrap();
        let taken = SystemTime::UNIX_EPOCH + Duration::from_millis(1_600_000_000_123 + number as u64 * 1000);
        set_time_and_mode(&path, taken, if number % 3 == 0 { 0o640 } else { 0o644 });
    }
}

/// Copies a folder of pictures with their times and modes, as `cp -a` does.
pub(crate) fn put(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// The program, the user's home and what is sorted where.
pub(crate) struct Sorting {
    pub(crate) home: PathBuf,
    /// Where the program is started.
    pub(crate) folder: PathBuf,
    pub(crate) source: PathBuf,
    pub(crate) destination: PathBuf,
    pub(crate) is_move: bool,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none for one that crashed, or hung and was killed.
    pub(crate) code: Option<i32>,
    /// Its output.
    pub(crate) said: String,
}

impl Sorting {
    pub(crate) fn program(&self) -> Command {
        program_of(&self.folder, &self.home)
    }

    /// `sis` with these arguments, on this destination.
    pub(crate) fn on_destination(&self, arguments: &[&str]) -> Command {
        let mut command = self.program();
        command.args(arguments).arg("--destination").arg(&self.destination);
        command
    }

    /// Sorts by this command, `classify` or `watch`, every picture to the label that suits it best.
    pub(crate) fn sort_by(&self, arguments: &[&str]) -> Command {
        let mut command = self.on_destination(arguments);
        let operation = if self.is_move { "move" } else { "copy" };
        command.arg("--source").arg(&self.source).args(["--operation", operation]);
        command.args(["--model", "demo", "--labels", "red, green, blue", "--threshold", "0", "--margin", "0"]);
        command
    }

    /// Sorts, or takes all of it back.
    pub(crate) fn command(&self, is_undo: bool) -> Command {
        if is_undo { self.on_destination(&["undo", "--all"]) } else { self.sort_by(&["classify"]) }
    }

    pub(crate) fn sort(&self) -> Ended {
        ended(self.command(false))
    }

    pub(crate) fn undo(&self) -> Ended {
        ended(self.command(true))
    }

    pub(crate) fn verify(&self) -> Ended {
        ended(self.on_destination(&["verify"]))
    }

    /// Has the program do once what it does at its first start only.
    pub(crate) fn warm_up(&self, pictures: &Path) {
        let mut command = self.program();
        command.args(["classify", "--dry-run", "--model", "demo", "--labels", "red, green, blue", "--source"]);
        command.arg(pictures).arg("--destination").arg(self.folder.join("never-made"));
        let warm = ended(command);
        assert_eq!(warm.code, Some(0), "{}", warm.said);
    }

    /// Runs the program on what a fault has left, as a user would, and says what is not as it should be: the same
    /// command ends well, everything is where it belongs once, records are true, and `undo` brings all of it back. It
    /// may ask for `--trust` once if the run before, whose words are `said`, told that it will.
    pub(crate) fn recover(&self, judge: &Judge, is_undo: bool, said: &str) -> Vec<String> {
        let (whole, mut faults) = (judge.whole(), vec![]);
        let mut may_ask = said.contains("later commands will ask for --trust");
        let ran = self.run_again(is_undo, &mut may_ask, &mut faults);
        let unfinished = if is_undo { judge.not_back_yet() } else { judge.unsorted_yet(self.is_move) };
        faults.extend(judge.wrong_anywhere());
        faults.extend(whole.difference(&judge.whole()).map(|hash| format!("lost: {hash} by the next run")));
        // When nothing is left to do, that is what it says.
        let nothing = if is_undo { Some(2) } else { Some(1) };
        if ran.code != Some(0) && (ran.code != nothing || !unfinished.is_empty()) {
            faults.push(format!("next run: it ended with {:?}: {}", ran.code, ran.tail()));
        }
        faults.extend(unfinished);
        faults.extend(judge.left_behind());
        faults.extend(self.proven(judge));
        if !is_undo {
            let back = self.run_again(true, &mut may_ask, &mut faults);
            let amiss = [judge.not_back_yet(), judge.left_behind(), self.proven(judge)].concat();
            if back.code != Some(0) || !amiss.is_empty() {
                faults.push(format!("undo: it ended with {:?}: {amiss:?}: {}", back.code, back.tail()));
            }
        }
        faults
    }

    /// Goes on as the user would who is told that the session is somebody else's, which is a fault unless it was
    /// announced.
    fn run_again(&self, is_undo: bool, may_ask: &mut bool, faults: &mut Vec<String>) -> Ended {
        let ran = ended(self.command(is_undo));
        if ran.code != Some(2) || !ran.said.contains("--trust") {
            return ran;
        }
        if !std::mem::take(may_ask) {
            faults.push("refused: the session is said to be somebody else's".into());
        }
        ended(match is_undo {
            true => self.on_destination(&["undo", "--all", "--trust"]),
            false => self.sort_by(&["classify", "--trust"]),
        })
    }

    /// Complaints of `verify` and the judge about the records.
    fn proven(&self, judge: &Judge) -> Vec<String> {
        let verified = self.verify();
        let complaint = (verified.code != Some(0)).then(|| format!("verify: {:?}: {}", verified.code, verified.tail()));
        judge.false_records().into_iter().chain(complaint).collect()
    }
}

impl Ended {
    /// The end of what it printed.
    pub(crate) fn tail(&self) -> String {
        let lines: Vec<&str> = self.said.lines().collect();
        lines[lines.len().saturating_sub(6)..].join(" | ")
    }
}

/// Runs a command to its end. One that hangs is killed, with all that it has started.
pub(crate) fn ended(command: Command) -> Ended {
    let mut running = Running::start(command);
    while !running.has_ended() {
        std::thread::sleep(Duration::from_millis(2));
    }
    running.end()
}

/// A command at work; what it prints goes into a file.
pub(crate) struct Running {
    child: Child,
    words: File,
    began: Instant,
    /// None inside: it was killed.
    status: Option<Option<i32>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let words = tempfile::tempfile().unwrap();
        command.stdin(Stdio::null()).stdout(words.try_clone().unwrap()).stderr(words.try_clone().unwrap());
        let child = command.process_group(0).spawn().unwrap();
        Running { child, words, began: Instant::now(), status: None }
    }

    /// True once it has ended, by itself or because it took too long.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().unwrap().map(|status| status.code());
        }
        if self.status.is_none() && self.began.elapsed() > LONGEST {
            rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL).unwrap();
            self.child.wait().unwrap();
            self.status = Some(None);
        }
        self.status.is_some()
    }

    /// Its result, once it has ended.
    pub(crate) fn end(mut self) -> Ended {
        let mut said = Vec::new();
        self.words.rewind().and_then(|()| self.words.read_to_end(&mut said)).unwrap();
        Ended { code: self.status.flatten(), said: String::from_utf8_lossy(&said).into_owned() }
    }
}

/// Starts a command whose words nobody reads.
pub(crate) fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
