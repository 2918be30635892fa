//! The strictest file system that POSIX allows: contents are on disk once their file was synced, names once the folder
//! that holds them was, and a rename is whole or not there. A destination that the program makes is not excepted.

mod loss;
mod serve;
mod tree;

use std::path::{Path, PathBuf};

use loss::{after_loss, moments};
use serve::Served;
use tree::Tree;

use super::POWER;
use crate::chance::{Chance, amount, how_to_repeat, seed};
use crate::evidence::{Sorting, draw, put};
use crate::judge::{Judge, kinds};
use crate::skip::{Lacks, skip};

/// Moments of a scenario in every run of the tests.
const A_FEW: usize = 4;

const PICTURES: usize = 6;

/// The scenario.
#[derive(Debug, Clone, Copy)]
struct Scenario {
    is_move: bool,
    is_undo: bool,
    /// The sources have a second name each, so that a move copies and removes.
    is_linked: bool,
    /// The destination is there before the run, and on disk.
    is_destination_there: bool,
}

/// None where FUSE is not possible here, which is said.
fn play(test: &str, scenario: Scenario) -> Option<()> {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, place) = (folder.path().join("pictures"), folder.path().join("strict"));
    draw(&pictures, PICTURES);
    std::fs::create_dir(&place).unwrap();
    let sorting = Sorting {
        home: place.join("home"),
        folder: folder.path().to_owned(),
        source: place.join("source"),
        // Below folders that are not there either.
        destination: place.join("sorted/by/colour"),
        is_move: scenario.is_move,
    };
    let judge = Judge::new(&pictures, &sorting.source, &sorting.destination);

    let before = serve(Tree::default(), &place)?;
    prepare(scenario, &sorting, &pictures, &place.join("other"));
    let mut before = before.end();
    before.sync_all();

    let served = serve(before.clone(), &place)?;
    let ran = if scenario.is_undo { sorting.undo() } else { sorting.sort() };
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let log = served.end().take_log();

    let all = moments(&log);
    let of = all.len();
    let chosen = Chance::for_test(test).sample(all, amount(POWER, A_FEW));
    let mut found = vec![];
    for (after, kept) in &chosen {
        let served = serve(after_loss(&before, &log[..=*after], *kept), &place)?;
        let faults = judge_one(scenario, &sorting, &judge, *after + 1 == log.len());
        served.end();
        if !faults.is_empty() {
            println!("{test}, after {after}, {:?}, {kept:?}:\n    {}", log[*after].name(), faults.join("\n    "));
        }
        found.push(faults);
    }
    let faulty = found.iter().filter(|faults| !faults.is_empty()).count();
    let kinds = kinds(found.iter().flatten());
    println!("strict, {test}: {} of {of} moments, {faulty} faulty, {kinds:?}, seed {}", chosen.len(), seed());
    let repeat = how_to_repeat(POWER, &format!("power::strict::{test}"));
    assert!(faulty == 0, "{test}: {faulty} of {} moments are faulty, as told above; {repeat}", chosen.len());
    Some(())
}

fn serve(tree: Tree, place: &Path) -> Option<Served> {
    match Served::mount(tree, place) {
        Ok(served) => Some(served),
        Err(error) => {
            skip(
                Lacks::FileSystem,
                format!("no FUSE file system can be mounted here (/dev/fuse, or fusermount3): {error}"),
            );
            None
        }
    }
}

fn prepare(scenario: Scenario, sorting: &Sorting, pictures: &Path, other: &PathBuf) {
    std::fs::create_dir(&sorting.home).unwrap();
    sorting.warm_up(pictures);
    put(pictures, &sorting.source);
    if scenario.is_linked {
        let linked = std::process::Command::new("cp").arg("-al").arg(&sorting.source).arg(other).status();
        assert!(linked.unwrap().success());
    }
    if scenario.is_destination_there {
        std::fs::create_dir_all(&sorting.destination).unwrap();
    }
    if scenario.is_undo {
        let sorted = sorting.sort();
        assert_eq!(sorted.code, Some(0), "{}", sorted.said);
    }
}

fn judge_one(scenario: Scenario, sorting: &Sorting, judge: &Judge, has_ended: bool) -> Vec<String> {
    let mut faults = [judge.lost(), judge.wrong_anywhere()].concat();
    if has_ended {
        let unfinished = if scenario.is_undo { judge.not_back_yet() } else { judge.unsorted_yet(scenario.is_move) };
        faults.extend(unfinished.into_iter().map(|fault| format!("said to be done: {fault}")));
    }
    if faults.is_empty() {
        faults.extend(sorting.recover(judge, scenario.is_undo, ""));
    }
    faults
}

macro_rules! scenarios {
    ($($(#[$attribute:meta])* $name:ident: $is_move:expr, $is_undo:expr, $is_linked:expr, $is_there:expr;)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            let (is_move, is_undo, is_linked, is_destination_there) = ($is_move, $is_undo, $is_linked, $is_there);
            play(stringify!($name), Scenario { is_move, is_undo, is_linked, is_destination_there });
        }
    )*};
}

scenarios! {
    copy: false, false, false, false;
    copy_into_a_folder: false, false, false, true;
    rename: true, false, false, false;
    rename_into_a_folder: true, false, false, true;
    move_of_linked: true, false, true, false;
    move_of_linked_into_a_folder: true, false, true, true;
    undo_of_copy: false, true, false, false;
    undo_of_rename: true, true, false, false;
    undo_of_move_of_linked: true, true, true, false;
}
