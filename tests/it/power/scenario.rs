//! The program's work when the power failed: recorded once, judged at many moments.

use std::path::Path;
use std::process::Command;

use smart_image_sorter::crash::VARIABLE as CRASH_AT;

use super::disk::Disk;
use super::machine::{Kind, Machine};
use super::moments::{Moment, Record};
use crate::evidence::{Ended, Sorting, draw, ended, put, quiet};
use crate::faults::strace::traced;
use crate::judge::Judge;
use crate::watch::{Watching, of_kind};

/// How many pictures there are.
const PICTURES: usize = 12;

/// A way from the source to the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Copy,
    Rename,
    /// A move to another disk.
    Across,
}

/// The work that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Sort,
    Undo,
    /// A watch that sorts what comes, until it is asked to end.
    Watch,
    /// The run after one that was killed at this moment.
    SortKilledAt(&'static str),
    /// The same for an undo.
    UndoKilledAt(&'static str),
}

impl Act {
    fn is_undo(self) -> bool {
        matches!(self, Act::Undo | Act::UndoKilledAt(_))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) kind: Kind,
    pub(super) way: Way,
    pub(super) act: Act,
    /// The pictures came just before, and nobody has brought them to disk.
    pub(super) is_fresh: bool,
    /// Nothing that the program asks for is brought to disk.
    pub(super) is_unsynced: bool,
}

impl Scenario {
    pub(super) fn of(kind: Kind, way: Way, act: Act) -> Scenario {
        Scenario { kind, way, act, is_fresh: false, is_unsynced: false }
    }
}

/// A record, and everything that is needed to judge a moment of it.
pub(super) struct Recorded {
    scenario: Scenario,
    machine: Machine,
    sorting: Sorting,
    judge: Judge,
    record: Record,
    /// Everything that the program has brought to disk must be there from this event on.
    is_kept_after: usize,
    /// The run has ended after this event, and has said that all is done.
    ended_after: usize,
    _pictures: tempfile::TempDir,
}

/// None where the machine cannot be made here, which is said.
pub(super) fn record(scenario: Scenario) -> Option<Recorded> {
    let mut machine = Machine::new(scenario.kind, if scenario.way == Way::Across { 2 } else { 1 })?;
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    draw(&pictures, PICTURES);
    let (own, other) = (machine.place(0), machine.place(usize::from(scenario.way == Way::Across)));
    let sorting = Sorting {
        home: own.join("home"),
        folder: folder.path().to_owned(),
        source: own.join("source"),
        destination: other.join("destination"),
        is_move: scenario.way != Way::Copy,
    };
    std::fs::create_dir(&sorting.home).unwrap();
    sorting.warm_up(&pictures);
    let judge = Judge::new(&pictures, &sorting.source, &sorting.destination);
    if !scenario.is_fresh {
        prepare(scenario, &sorting, &pictures);
    }
    machine.sync();
    let disks = machine.contents();
    machine.rack().record();
    if scenario.is_fresh {
        prepare(scenario, &sorting, &pictures);
    }
    machine.rack().mark("prepared");
    act(scenario, &sorting);
    machine.rack().mark("ended");
    let unfinished = if scenario.act.is_undo() { judge.not_back_yet() } else { judge.unsorted_yet(sorting.is_move) };
    assert!(unfinished.is_empty(), "{scenario:?} without any loss of power: {unfinished:?}");
    machine.stop();
    let record = Record { disks, events: machine.rack().recorded() };
    let (prepared, ended_after) = (record.mark("prepared").unwrap(), record.mark("ended").unwrap());
    let is_kept_after = match (scenario.is_fresh, scenario.act) {
        (false, _) => 0,
        // The program has said that the copies are on disk.
        (true, Act::Undo) => prepared,
        // Until then only what nobody has brought to disk can be lost.
        (true, _) => ended_after,
    };
    Some(Recorded { scenario, machine, sorting, judge, record, is_kept_after, ended_after, _pictures: folder })
}

/// Makes the state before the recorded work.
fn prepare(scenario: Scenario, sorting: &Sorting, pictures: &Path) {
    put(pictures, &sorting.source);
    if scenario.act.is_undo() {
        expect_success(&sorting.sort());
    }
    let killed = |moment: &str, mut command: Command| {
        let status = command.env(CRASH_AT, moment).status().unwrap();
        assert_eq!(status.code(), None, "{moment} was not reached");
    };
    match scenario.act {
        Act::SortKilledAt(moment) => killed(moment, quiet(sorting.command(false))),
        Act::UndoKilledAt(moment) => killed(moment, quiet(sorting.command(true))),
        Act::Sort | Act::Undo | Act::Watch => {}
    }
}

fn act(scenario: Scenario, sorting: &Sorting) {
    match scenario.act {
        Act::Watch => watch(sorting),
        act => {
            let command = sorting.command(act.is_undo());
            let ran = ended(if scenario.is_unsynced { unsynced(&command) } else { command });
            // Where the recovery has finished everything, nothing is left to do, and that is what is said.
            let is_recovery = matches!(act, Act::SortKilledAt(_) | Act::UndoKilledAt(_));
            assert!(ran.code == Some(0) || is_recovery && matches!(ran.code, Some(1 | 2)), "{}", ran.said);
        }
    }
}

fn expect_success(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

/// Watches until all that is there is sorted.
fn watch(sorting: &Sorting) {
    let command = sorting.sort_by(&["watch", "--apply", "--settle", "0.2", "--json"]);
    let mut watching = Watching::spawn(command);
    watching.wait_until("everything is sorted", |events| of_kind(events, "transfer").count() >= PICTURES);
    watching.end();
}

/// The command with every call that brings something to disk made one that does nothing.
fn unsynced(command: &Command) -> Command {
    let calls = ["fsync", "fdatasync", "sync_file_range", "syncfs", "sync", "msync"];
    let nothing = format!("inject={}:retval=0", calls.join(","));
    traced(command, &calls, Path::new("/dev/null"), &["-e", &nothing])
}

impl Recorded {
    /// The moments at which something may be said.
    pub(super) fn moments(&self) -> Vec<Moment> {
        let from = if self.scenario.act == Act::Undo { self.is_kept_after } else { 0 };
        self.record.moments().into_iter().filter(|moment| moment.after >= from).collect()
    }

    /// Calls `found` with what is not as it should be at each of the moments.
    pub(super) fn judge(&mut self, moments: &[Moment], mut found: impl FnMut(Moment, Verdict, &[Disk])) {
        let record = std::mem::replace(&mut self.record, Record { disks: vec![], events: vec![] });
        record.rebuild(moments, |moment, disks| {
            let verdict = match self.machine.start_with(disks.clone()) {
                Err(said) => Verdict::Unmountable(said),
                Ok(()) => Verdict::Judged(self.judge_one(moment)),
            };
            self.machine.stop();
            found(moment, verdict, &disks);
        });
        self.record = record;
    }

    fn judge_one(&self, moment: Moment) -> Vec<String> {
        let (is_undo, must_be_whole) = (self.scenario.act.is_undo(), moment.after >= self.is_kept_after);
        let mut faults = if must_be_whole { self.judge.lost() } else { vec![] };
        // A file that is renamed takes along what of it is on disk.
        let is_taken_along = self.scenario.is_fresh && self.scenario.way == Way::Rename && !must_be_whole;
        if !is_taken_along {
            faults.extend(self.judge.wrong_in_destination());
        }
        let is_copied = self.scenario.way == Way::Copy && self.scenario.act == Act::Sort;
        if self.scenario.is_fresh && (moment.after < self.ended_after || is_copied) {
            // Pictures that nobody has brought to disk may be missing or in part, in the source: no run can finish.
            let whole = self.judge.whole();
            let ran = if is_undo { self.sorting.undo() } else { self.sorting.sort() };
            let gone = whole.difference(&self.judge.whole()).count();
            if gone > 0 || ran.code.is_none() {
                faults.push(format!("lost: {gone} by the next run, which ended with {:?}: {}", ran.code, ran.tail()));
            }
            if !is_taken_along {
                faults.extend(self.judge.wrong_in_destination());
            }
            return faults;
        }
        if moment.after >= self.ended_after {
            let unfinished =
                if is_undo { self.judge.not_back_yet() } else { self.judge.unsorted_yet(self.sorting.is_move) };
            faults.extend(unfinished.into_iter().map(|fault| format!("said to be done: {fault}")));
        }
        // A picture that is lost already is not there for the next run either.
        if faults.is_empty() {
            faults.extend(self.sorting.recover(&self.judge, is_undo, ""));
        }
        faults
    }
}

/// The verdict on a moment.
pub(super) enum Verdict {
    /// The file system itself does not come back.
    Unmountable(String),
    /// The faults.
    Judged(Vec<String>),
}
