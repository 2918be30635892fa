//! Decides when a file that is arriving has stopped changing.
//!
//! A file is ready when two observations at least the settling time apart agree. A close or a rename seen meanwhile
//! shortens the settling time but never replaces it. A file that somebody was seen to write to is not ready before it
//! is closed. A ready file that turns out to be incomplete is held, because the rest may still come. A file left alone
//! for long enough is given up and taken as it is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::picture::FileStamp;

/// After a close, the settling time is divided by this.
const CLOSED_SHARE: u32 = 4;

/// How long to wait for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlePolicy {
    /// How long a file must not change.
    pub settle: Duration,
    /// How long to wait for the rest of an incomplete file.
    pub rest: Duration,
}

/// The state of a file after an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// It may still change.
    Wait,
    /// It has settled.
    Ready {
        /// It has been given up: taken as it is, complete or not.
        is_given_up: bool,
    },
}

/// Pending files: seen and not yet handled. Times count from the start of the watch.
#[derive(Debug)]
pub struct Readiness {
    policy: SettlePolicy,
    files: HashMap<PathBuf, Seen>,
    /// No file is due before this; `None` without files.
    next: Option<Duration>,
    /// The number of the current full scan. A file that it does not find is gone.
    scan: u64,
}

#[derive(Debug)]
struct Seen {
    stamp: FileStamp,
    /// When it was first seen with this stamp.
    since: Duration,
    writer: Writer,
    stage: Stage,
    scan: u64,
}

/// The state of the program that writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Unknown,
    /// A write was seen, and no close since.
    AtWork,
    /// It was closed, or given its name.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Settling,
    /// Incomplete: it waits for its rest, or to be given up.
    Held,
    /// Given up and reported: only a change matters.
    Silent,
}

impl Readiness {
    /// No file was seen yet.
    pub fn new(policy: SettlePolicy) -> Readiness {
        Readiness { policy, files: HashMap::new(), next: None, scan: 0 }
    }

    /// True for a pending file.
    pub fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The number of pending files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many are incomplete: held, or given up.
    pub fn unfinished(&self) -> usize {
        self.files.values().filter(|seen| seen.stage != Stage::Settling).count()
    }

    /// Sets the settling time from now on.
    pub fn settle_for(&mut self, settle: Duration) {
        self.policy.settle = settle;
        self.policy.rest = self.policy.rest.max(settle);
    }

    /// Notes a file's present stamp and returns whether it is ready.
    pub fn observe(&mut self, path: &Path, stamp: FileStamp, now: Duration) -> Observation {
        let scan = self.scan;
        let seen = match self.files.get_mut(path) {
            Some(seen) => seen,
            None => {
                let seen = Seen { stamp, since: now, writer: Writer::Unknown, stage: Stage::Settling, scan };
                self.expect(now + self.policy.settle);
                self.files.entry(path.to_owned()).or_insert(seen)
            }
        };
        seen.scan = scan;
        if seen.stamp != stamp {
            (seen.stamp, seen.since, seen.stage) = (stamp, now, Stage::Settling);
            if seen.writer == Writer::Done {
                seen.writer = Writer::Unknown;
            }
            self.expect(now + self.policy.settle);
            return Observation::Wait;
        }
        let quiet = now.saturating_sub(seen.since);
        let is_given_up = quiet >= self.policy.rest;
        match seen.stage {
            Stage::Settling if quiet >= self.policy.settling(seen.writer) => Observation::Ready { is_given_up },
            Stage::Held if is_given_up => Observation::Ready { is_given_up },
            _ => Observation::Wait,
        }
    }

    /// A program writes to the file.
    pub fn write(&mut self, path: &Path) {
        if let Some(seen) = self.files.get_mut(path) {
            seen.writer = Writer::AtWork;
        }
    }

    /// Its writer has closed the file, or has given it its name.
    pub fn close(&mut self, path: &Path) {
        if let Some(seen) = self.files.get_mut(path) {
            seen.writer = Writer::Done;
            let due = seen.since + self.policy.settling(Writer::Done);
            self.expect(due);
        }
    }

    /// Events may have been lost: no file waits any longer for its writer to close it.
    pub fn forget_writers(&mut self) {
        self.files.values_mut().for_each(|seen| seen.writer = Writer::Unknown);
        // Any of them may be due.
        self.next = (!self.files.is_empty()).then_some(Duration::ZERO);
    }

    /// The file changed, or a program has it open: its settling time starts again.
    pub fn disturb(&mut self, path: &Path, now: Duration) {
        if let Some(seen) = self.files.get_mut(path) {
            (seen.since, seen.stage) = (now, Stage::Settling);
            let due = now + self.policy.settling(seen.writer);
            self.expect(due);
        }
    }

    /// The file turned out to be incomplete.
    pub fn hold(&mut self, path: &Path) {
        if let Some(seen) = self.files.get_mut(path) {
            seen.stage = Stage::Held;
            let due = seen.since + self.policy.rest;
            self.expect(due);
        }
    }

    /// The file was given up, and that was reported.
    pub fn silence(&mut self, path: &Path) {
        if let Some(seen) = self.files.get_mut(path) {
            seen.stage = Stage::Silent;
        }
    }

    /// The file was handled, or is gone.
    pub fn forget(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Begins a full scan.
    pub fn begin_scan(&mut self) {
        self.scan += 1;
    }

    /// Ends a full scan. Files that it did not meet are gone, except below `unreadable` folders.
    pub fn end_scan(&mut self, unreadable: &[PathBuf]) {
        let scan = self.scan;
        let is_hidden = |path: &Path| unreadable.iter().any(|folder| path.starts_with(folder));
        self.files.retain(|path, seen| seen.scan == scan || is_hidden(path));
    }

    /// Files that the next observation may find ready, the longest waiting first.
    pub fn due(&mut self, now: Duration) -> Vec<PathBuf> {
        if self.next.is_none_or(|next| now < next) {
            return vec![];
        }
        let mut due = Vec::new();
        let mut next: Option<Duration> = None;
        for (path, seen) in &self.files {
            let at = match seen.stage {
                Stage::Settling => seen.since + self.policy.settling(seen.writer),
                Stage::Held => seen.since + self.policy.rest,
                Stage::Silent => continue,
            };
            match at <= now {
                true => due.push((at, path.clone())),
                false => next = Some(next.map_or(at, |next| next.min(at))),
            }
        }
        // A file that is due stays due until it is looked at.
        self.next = if due.is_empty() { next } else { Some(now) };
        due.sort();
        due.into_iter().map(|(_, path)| path).collect()
    }

    fn expect(&mut self, at: Duration) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}

impl SettlePolicy {
    fn settling(self, writer: Writer) -> Duration {
        match writer {
            Writer::Unknown => self.settle,
            Writer::AtWork => self.rest,
            Writer::Done => self.settle / CLOSED_SHARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: SettlePolicy = SettlePolicy { settle: Duration::from_secs(4), rest: Duration::from_secs(60) };
    const READY: Observation = Observation::Ready { is_given_up: false };

    fn stamp(size: u64) -> FileStamp {
        FileStamp { device: 1, inode: 1, size, modified_ns: i128::from(size) }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    struct Scene(Readiness);

    impl Scene {
        fn observe(&mut self, size: u64, now: u64) -> Observation {
            self.0.observe(Path::new("1.jpg"), stamp(size), at(now))
        }

        fn is_due(&mut self, now: u64) -> bool {
            !self.0.due(at(now)).is_empty()
        }
    }

    fn scene() -> Scene {
        Scene(Readiness::new(PATIENCE))
    }

    #[test]
    fn file_observed_twice_the_same_is_ready() {
        let mut scene = scene();
        assert!(!scene.is_due(9));
        assert_eq!(scene.observe(1, 10), Observation::Wait);
        assert!(!scene.is_due(13) && scene.is_due(14));
        assert_eq!(scene.observe(1, 13), Observation::Wait);
        assert_eq!(scene.observe(2, 14), Observation::Wait, "it grew");
        assert!(!scene.is_due(17));
        assert_eq!(scene.observe(2, 17), Observation::Wait);
        assert_eq!(scene.observe(2, 18), READY);
        scene.0.forget(Path::new("1.jpg"));
        assert!(scene.0.is_empty() && !scene.is_due(99));
    }

    #[test]
    fn close_shortens_the_settling_time_until_the_next_write() {
        let mut scene = scene();
        scene.observe(1, 0);
        scene.0.close(Path::new("1.jpg"));
        assert!(!scene.is_due(0) && scene.is_due(1));
        assert_eq!(scene.observe(1, 1), READY);
        assert_eq!(scene.observe(2, 2), Observation::Wait);
        assert_eq!(scene.observe(2, 3), Observation::Wait, "it was not closed since");
        assert_eq!(scene.observe(2, 6), READY);
    }

    #[test]
    fn incomplete_file_is_held_until_it_changes_or_is_given_up() {
        let mut scene = scene();
        scene.observe(1, 0);
        assert_eq!(scene.observe(1, 4), READY);
        scene.0.hold(Path::new("1.jpg"));
        assert_eq!((scene.observe(1, 50), scene.0.unfinished()), (Observation::Wait, 1));
        assert!(!scene.is_due(59) && scene.is_due(60));
        assert_eq!(scene.observe(1, 60), Observation::Ready { is_given_up: true });
        scene.0.silence(Path::new("1.jpg"));
        assert_eq!(scene.observe(1, 1000), Observation::Wait);
        assert!(!scene.is_due(1000), "it is said once");
        assert_eq!(scene.observe(2, 1001), Observation::Wait);
        assert_eq!(scene.observe(2, 1005), READY, "it goes on");
    }

    #[test]
    fn file_being_written_waits_for_its_writer() {
        let mut scene = scene();
        scene.observe(1, 0);
        scene.0.write(Path::new("1.jpg"));
        assert!(!scene.is_due(30));
        assert_eq!(scene.observe(1, 30), Observation::Wait, "nothing changes, and it is not closed");
        scene.0.close(Path::new("1.jpg"));
        assert!(scene.is_due(30));
        assert_eq!(scene.observe(1, 30), READY);
        // A writer that never closes it does not keep it for ever.
        scene.0.write(Path::new("1.jpg"));
        assert_eq!(scene.observe(1, 60), Observation::Ready { is_given_up: true });
        // Where it may have been closed and nobody told of it, it settles as any other.
        scene.observe(2, 70);
        assert_eq!(scene.observe(2, 80), Observation::Wait);
        scene.0.forget_writers();
        assert!(scene.is_due(80));
        assert_eq!(scene.observe(2, 80), READY);
    }

    #[test]
    fn disturbed_file_settles_again() {
        let mut scene = scene();
        scene.observe(1, 0);
        scene.0.hold(Path::new("1.jpg"));
        scene.0.disturb(Path::new("1.jpg"), at(20));
        assert!(!scene.is_due(23) && scene.is_due(24));
        assert_eq!(scene.observe(1, 24), READY);
    }

    #[test]
    fn file_missed_by_a_scan_is_gone() {
        let mut readiness = Readiness::new(PATIENCE);
        for name in ["1.jpg", "2.jpg"] {
            readiness.observe(Path::new(name), stamp(1), at(0));
        }
        readiness.begin_scan();
        readiness.observe(Path::new("2.jpg"), stamp(1), at(1));
        readiness.end_scan(&[]);
        assert!(!readiness.has(Path::new("1.jpg")) && readiness.has(Path::new("2.jpg")));
        assert_eq!(readiness.len(), 1);
        readiness.observe(Path::new("locked/3.jpg"), stamp(1), at(1));
        readiness.begin_scan();
        readiness.end_scan(&["locked".into()]);
        assert!(readiness.has(Path::new("locked/3.jpg")) && readiness.len() == 1, "nobody could look");
    }

    #[test]
    fn due_files_come_longest_waiting_first() {
        let mut readiness = Readiness::new(PATIENCE);
        for (name, now) in [("b", 2), ("a", 3), ("c", 1)] {
            readiness.observe(Path::new(name), stamp(1), at(now));
        }
        assert_eq!(readiness.due(at(9)), [Path::new("c"), Path::new("b"), Path::new("a")]);
    }
}
