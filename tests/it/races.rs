//! Somebody else acts in the middle of a run, at a moment that is certain: the program is stopped right after a call of
//! the system, and goes on when they are done. What they put there stays, nothing is written outside, nothing is lost.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chance::{Chance, amount, how_to_repeat};
use crate::evidence::{Ended, Sorting};
use crate::faults::strace::{Call, calls, stopped_after, traced};
use crate::judge::{Judge, hashes_below};
use crate::scene::{Scene, remove};
use crate::support::sha256;
use crate::tools::can_trace;

/// How many moments of each race are tried: a number, or `all`.
const RACES: &str = "SIS_TEST_RACES";

/// Besides those right before a file is renamed or removed.
const A_FEW: usize = 4;

/// The picture that is raced for.
const PICTURE: &str = "p0.png";

/// The program's work meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Copy,
    Rename,
    Across,
    UndoOfCopy,
}

/// The deed of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Puts another picture in its place, as a downloader does.
    Replaces,
    /// Writes into it, and gives it back its time.
    ChangesInPlace,
    /// Puts a link that leads outside in place of each label's folder.
    SwapsFolders,
    /// Removes the original of a copy that is taken back.
    RemovesOriginal,
    /// Has it open, and writes into it when the program is done.
    WritesLater,
}

/// Where a race is run.
struct Track {
    scene: Scene,
    way: Way,
}

impl Track {
    /// None where there is no second file system.
    fn new(way: Way) -> Option<Track> {
        Some(Track { scene: Scene::new(4, way == Way::Across)?, way })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.path(name)
    }

    fn is_undo(&self) -> bool {
        self.way == Way::UndoOfCopy
    }

    fn fresh(&self) -> (Sorting, Judge) {
        for name in ["outside", "kept"] {
            remove(&self.path(name));
            std::fs::create_dir(self.path(name)).unwrap();
        }
        let is_move = matches!(self.way, Way::Rename | Way::Across);
        self.scene.fresh(&self.path("pictures/0"), is_move, self.is_undo())
    }

    fn command(&self, sorting: &Sorting) -> Command {
        sorting.command(self.is_undo())
    }

    /// The file that the program is about to rename or remove.
    fn prize(&self, sorting: &Sorting) -> PathBuf {
        match self.way {
            Way::UndoOfCopy => find(&sorting.destination).unwrap_or(sorting.destination.join(PICTURE)),
            _ => sorting.source.join(PICTURE),
        }
    }

    /// Every content that is there, wherever it is, but in this file. What the program keeps for itself is left out.
    fn contents_but_in(&self, sorting: &Sorting, file: &Path) -> BTreeSet<String> {
        let roots = [sorting.source.clone(), sorting.destination.clone(), self.path("kept")];
        let all = roots.iter().flat_map(|root| hashes_below(root));
        let is_own = |path: &Path| {
            let is_part = path.extension().is_some_and(|extension| extension == "partial");
            is_part || path.parent() == Some(&sorting.destination) || path.iter().any(|part| part == ".sis")
        };
        all.filter(|(path, _)| path != file && !is_own(path)).map(|(_, hash)| hash).collect()
    }
}

fn find(folder: &Path) -> Option<PathBuf> {
    hashes_below(folder).into_keys().find(|file| file.ends_with(PICTURE))
}

/// After which calls somebody acts: each that concerns the picture, and always the one before it is renamed or removed.
struct Positions {
    /// Right before a rename or a removal.
    last_looks: Vec<Call>,
    others: Vec<Call>,
}

fn positions(track: &Track) -> Positions {
    let (sorting, _) = track.fresh();
    sorting.warm_up(&track.path("pictures"));
    let log = track.path("calls");
    let (sorting, _) = track.fresh();
    let ran = crate::evidence::ended(traced(&track.command(&sorting), &["%file", "%desc"], &log, &[]));
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let all = calls(&log);
    let goes = |call: &Call| call.name.starts_with("unlink") || call.name.starts_with("rename");
    let thread = all.iter().find(|call| goes(call) && concerns(&call.text)).expect("it is renamed or removed").thread;
    let own: Vec<&Call> = all.iter().filter(|call| call.thread == thread).collect();
    let concerned = |at: &usize| concerns(&own[*at].text);
    let last_looks: Vec<Call> =
        (1..own.len()).filter(concerned).filter(|at| goes(own[*at])).map(|at| own[at - 1].clone()).collect();
    let others = (0..own.len()).filter(concerned).map(|at| own[at].clone());
    Positions { others: others.filter(|call| !last_looks.contains(call)).collect(), last_looks }
}

/// True for a call that has to do with the picture, under its own name or a private one. The program's own tables have
/// private names too.
fn concerns(text: &str) -> bool {
    let is_of_a_table = text.contains("/.sis/") || text.contains("\"replaced-");
    let is_private = !is_of_a_table && (text.contains("/.sis-") || text.contains("\".sis-"));
    text.contains(PICTURE) && !text.starts_with("write") || is_private
}

impl Deed {
    /// Does it. Gives the content that must be kept besides; nothing where it could not be done.
    fn act(self, track: &Track, sorting: &Sorting, file: &Path, later: &mut Option<File>) -> Option<Option<String>> {
        let changed = |bytes: &[u8]| bytes.iter().rev().map(|byte| !byte).collect::<Vec<u8>>();
        match self {
            Deed::Replaces => {
                let new = std::fs::read(track.path("pictures/1/p1.jpg"))
                    .or_else(|_| std::fs::read(track.path("pictures/1/p0.png")))
                    .unwrap();
                let part = file.parent().filter(|folder| folder.exists())?.join("download.part");
                std::fs::write(&part, &new).unwrap();
                std::fs::rename(part, file).unwrap();
                Some(Some(sha256(new)))
            }
            Deed::ChangesInPlace => {
                let before = std::fs::metadata(file).ok()?.modified().unwrap();
                let new = changed(&std::fs::read(file).unwrap());
                let mut opened = OpenOptions::new().write(true).custom_flags(nonblocking()).open(file).ok()?;
                opened.write_all(&new).unwrap();
                opened.set_modified(before).unwrap();
                Some(Some(sha256(new)))
            }
            Deed::SwapsFolders => {
                let labels = ["red", "green", "blue"].map(|label| sorting.destination.join(label));
                let there: Vec<PathBuf> = labels.into_iter().filter(|folder| folder.is_dir()).collect();
                for folder in &there {
                    std::fs::rename(folder, track.path("kept").join(folder.file_name().unwrap())).unwrap();
                    std::os::unix::fs::symlink(track.path("outside"), folder).unwrap();
                }
                (!there.is_empty()).then_some(None)
            }
            Deed::RemovesOriginal => {
                std::fs::remove_file(sorting.source.join(PICTURE)).unwrap();
                Some(None)
            }
            Deed::WritesLater => {
                let opened = OpenOptions::new().write(true).custom_flags(nonblocking()).open(file).ok()?;
                *later = Some(opened);
                Some(Some(sha256(changed(&std::fs::read(file).unwrap()))))
            }
        }
    }
}

/// An open that would wait for somebody's lease fails at once instead.
fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

/// The result of a race.
struct Raced {
    faults: Vec<String>,
    ended: Ended,
    /// The picture was still where it was when somebody acted.
    was_there: bool,
}

/// Nothing where the run did not come by, or nothing could be done there.
fn race(track: &Track, deed: Deed, call: &Call, is_last_look: bool) -> Option<Raced> {
    let (sorting, judge) = track.fresh();
    let file = track.prize(&sorting);
    let (mut kept, mut was_there, mut later) = (None, false, None);
    let mut act = || {
        was_there = file.exists();
        // Where the original goes, the copy must not; everywhere else what is in the file may go with it.
        let spared = if deed == Deed::RemovesOriginal { sorting.source.join(PICTURE) } else { file.clone() };
        let spared = if deed == Deed::SwapsFolders { PathBuf::new() } else { spared };
        let mut must = track.contents_but_in(&sorting, &spared);
        if let Some(new) = deed.act(track, &sorting, &file, &mut later) {
            must.extend(new);
            kept = Some(must);
        }
    };
    let is_it = |text: &str| concerns(text) || is_last_look;
    let (ended, _) = stopped_after(&track.command(&sorting), call, None, &track.path("calls"), &is_it, &mut act);
    let must = kept?;
    if let Some(opened) = &mut later {
        let bytes = std::fs::read(track.path("pictures/0").join(PICTURE)).unwrap();
        let new: Vec<u8> = bytes.iter().rev().map(|byte| !byte).collect();
        opened.seek(SeekFrom::Start(0)).and_then(|_| opened.write_all(&new)).unwrap();
    }
    let there = track.contents_but_in(&sorting, Path::new(""));
    let mut faults: Vec<String> = must.difference(&there).map(|hash| format!("lost: {hash}")).collect();
    let outside = hashes_below(&track.path("outside"));
    faults.extend(outside.into_keys().map(|path| format!("written outside: {}", path.display())));
    match ended.code {
        None | Some(101) => faults.push(format!("hang or crash: {}", ended.tail())),
        // A source that was copied stays where it is, whatever becomes of it, and so does a copy without its original.
        Some(0) if track.way == Way::Copy || deed == Deed::RemovesOriginal || deed == Deed::SwapsFolders => {}
        Some(0) if was_there && is_last_look => faults.push(format!("silent: it ended with 0: {}", ended.tail())),
        _ => {}
    }
    // In folders that were swapped nothing is as it was told, nor is a copy that somebody has changed.
    if deed != Deed::SwapsFolders {
        let is_doing =
            |fault: &String| fault.contains("No such file") || track.way == Way::UndoOfCopy && fault.contains(PICTURE);
        faults.extend(judge.false_records().into_iter().filter(|fault| !is_doing(fault)));
    }
    Some(Raced { faults, ended, was_there })
}

/// A race must be lost by nobody, whenever somebody acts. `but_at_last`: what is done right before a removal cannot be
/// seen.
fn run(test: &str, way: Way, deed: Deed, but_at_last: bool) {
    if !can_trace() {
        return;
    }
    let Some(track) = Track::new(way) else { return };
    let Positions { last_looks, others } = positions(&track);
    let enough = last_looks.len().saturating_add(amount(RACES, A_FEW));
    let count = others.len();
    let others = Chance::for_test(test).sample(others, count);
    let all = last_looks.into_iter().map(|call| (call, true)).chain(others.into_iter().map(|call| (call, false)));
    let (mut raced, mut faulty) = (0, 0);
    for (tried, (call, is_last_look)) in all.enumerate() {
        // Where a lease keeps others out at most moments, more of them are tried until somebody can act at one.
        if tried >= enough && raced > 0 {
            break;
        }
        let Some(found) = race(&track, deed, &call, is_last_look) else { continue };
        raced += 1;
        if found.faults.is_empty() || is_last_look && but_at_last {
            continue;
        }
        faulty += 1;
        println!(
            "{test}, after {}{}: {:?}\n    {}\n    {}",
            call.text,
            if is_last_look { ", the last call before a rename or a removal" } else { "" },
            found.ended.code,
            found.faults.join("\n    "),
            if found.was_there { "the picture was still there" } else { "the picture was gone already" },
        );
    }
    println!("{test}: {raced} races, {faulty} lost");
    assert!(raced > 0, "{test}: nothing could be raced for");
    let repeat = how_to_repeat(RACES, &format!("races::{test}"));
    assert!(faulty == 0, "{test}: {faulty} of {raced} races are lost, as told above; {repeat}");
}

macro_rules! races {
    ($($(#[$attribute:meta])* $name:ident: $way:ident, $deed:ident, $but_at_last:expr;)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            run(stringify!($name), Way::$way, Deed::$deed, $but_at_last);
        }
    )*};
}

races! {
    a_source_is_replaced_while_it_is_renamed: Rename, Replaces, false;
    a_source_is_replaced_while_it_moves_to_another_disk: Across, Replaces, false;
    a_source_is_replaced_while_it_is_copied: Copy, Replaces, false;
    a_copy_is_replaced_while_it_is_taken_back: UndoOfCopy, Replaces, false;
    a_source_is_changed_in_place_while_it_is_renamed: Rename, ChangesInPlace, false;
    a_source_is_changed_in_place_while_it_moves_to_another_disk: Across, ChangesInPlace, false;
    a_copy_is_changed_in_place_while_it_is_taken_back: UndoOfCopy, ChangesInPlace, false;
    folders_lead_outside_while_files_are_copied: Copy, SwapsFolders, false;
    folders_lead_outside_while_files_are_renamed: Rename, SwapsFolders, false;
    folders_lead_outside_while_files_move_to_another_disk: Across, SwapsFolders, false;
    folders_lead_outside_while_copies_are_taken_back: UndoOfCopy, SwapsFolders, false;
    an_original_goes_away_while_its_copy_is_taken_back: UndoOfCopy, RemovesOriginal, true;
    a_writer_is_at_work_while_a_file_is_renamed: Rename, WritesLater, false;
    a_writer_is_at_work_while_a_file_moves_to_another_disk: Across, WritesLater, false;
}
