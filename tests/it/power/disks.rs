//! The power is lost while a real file system is at work: every picture is whole somewhere, and the next run goes on.

use std::path::Path;

use super::POWER;
use super::disk::Disk;
use super::machine::Kind;
use super::scenario::{Act, Scenario, Verdict, Way, record};
use crate::chance::{Chance, amount, how_to_repeat, seed};
use crate::judge::kinds;
use crate::tools::can_trace;

/// Set to a folder, and the disks of the first moment that fails are put there.
const KEEP: &str = "SIS_TEST_KEEP";

/// Moments of a scenario in every run of the tests.
const A_FEW: usize = 4;

/// The findings at the moments of a scenario.
struct Found {
    judged: usize,
    unmountable: usize,
    /// For each moment that has any.
    faults: Vec<Vec<String>>,
}

/// None where the scenario cannot be played here, which was said.
fn play(test: &str, scenario: Scenario, moments: usize) -> Option<Found> {
    let mut recorded = record(scenario)?;
    let all = recorded.moments();
    let chosen = Chance::for_test(test).sample(all.clone(), moments);
    let mut found = Found { judged: 0, unmountable: 0, faults: vec![] };
    recorded.judge(&chosen, |moment, verdict, disks| match verdict {
        Verdict::Unmountable(said) => {
            println!("{test}, {moment:?}: the file system does not come back: {said}");
            found.unmountable += 1;
        }
        Verdict::Judged(faults) => {
            if !faults.is_empty() && found.faults.is_empty() {
                keep(test, disks);
            }
            found.judged += 1;
            if !faults.is_empty() {
                println!("{test}, {moment:?}:\n    {}", faults.join("\n    "));
                found.faults.push(faults);
            }
        }
    });
    let (judged, of, faulty, unmountable) = (found.judged, all.len(), found.faults.len(), found.unmountable);
    let kinds = kinds(found.faults.iter().flatten());
    println!(
        "{test}: {judged} of {of} moments, {faulty} faulty, {unmountable} unmountable, {kinds:?}, seed {}",
        seed()
    );
    Some(found)
}

fn keep(test: &str, disks: &[Disk]) {
    let Some(folder) = std::env::var_os(KEEP) else { return };
    for (number, disk) in disks.iter().enumerate() {
        let path = Path::new(&folder).join(format!("{test}-{number}.img"));
        disk.save(&path).unwrap();
        println!("the disk is in {}", path.display());
    }
}

/// Plays a scenario that must lose nothing.
fn loses_nothing(test: &str, scenario: Scenario) {
    let Some(found) = play(test, scenario, amount(POWER, A_FEW)) else { return };
    let name = test.split(' ').next().unwrap();
    let (faulty, repeat) = (found.faults.len(), how_to_repeat(POWER, &format!("power::disks::{name}")));
    assert!(faulty == 0, "{test}: {faulty} of {} moments are faulty, as told above; {repeat}", found.judged);
    // Torn writes may be too much for a file system now and then, which says nothing of the program.
    assert!(found.unmountable * 5 <= found.judged, "{} images of {test} cannot be mounted", found.unmountable);
}

macro_rules! scenarios {
    ($($(#[$attribute:meta])* $name:ident: $kind:ident, $way:ident, $act:expr;)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            loses_nothing(stringify!($name), Scenario::of(Kind::$kind, Way::$way, $act));
        }
    )*};
}

scenarios! {
    ext4_copy: Ext4, Copy, Act::Sort;
    ext4_rename: Ext4, Rename, Act::Sort;
    ext4_across: Ext4, Across, Act::Sort;
    ext4_undo_of_copy: Ext4, Copy, Act::Undo;
    ext4_undo_of_rename: Ext4, Rename, Act::Undo;
    ext4_undo_of_across: Ext4, Across, Act::Undo;
    ext4_watch_rename: Ext4, Rename, Act::Watch;
    ext4_watch_across: Ext4, Across, Act::Watch;
    ext4_recovery_of_copy: Ext4, Copy, Act::SortKilledAt("published:3");
    ext4_recovery_of_rename: Ext4, Rename, Act::SortKilledAt("renamed:5");
    ext4_recovery_of_across: Ext4, Across, Act::SortKilledAt("unlinked:5");
    ext4_recovery_of_undo_of_copy: Ext4, Copy, Act::UndoKilledAt("unlinked:5");
    ext4_recovery_of_undo_of_rename: Ext4, Rename, Act::UndoKilledAt("renamed:5");
    ext4_recovery_of_undo_of_across: Ext4, Across, Act::UndoKilledAt("unlinked:5");
    ext4_writeback_copy: Ext4Writeback, Copy, Act::Sort;
    ext4_writeback_rename: Ext4Writeback, Rename, Act::Sort;
    ext4_writeback_across: Ext4Writeback, Across, Act::Sort;
    xfs_copy: Xfs, Copy, Act::Sort;
    xfs_rename: Xfs, Rename, Act::Sort;
    xfs_across: Xfs, Across, Act::Sort;
    xfs_undo_of_copy: Xfs, Copy, Act::Undo;
    xfs_undo_of_rename: Xfs, Rename, Act::Undo;
    xfs_undo_of_across: Xfs, Across, Act::Undo;
    xfs_watch_rename: Xfs, Rename, Act::Watch;
    xfs_recovery_of_rename: Xfs, Rename, Act::SortKilledAt("renamed:5");
    xfs_recovery_of_across: Xfs, Across, Act::SortKilledAt("unlinked:5");
    xfs_recovery_of_undo_of_across: Xfs, Across, Act::UndoKilledAt("unlinked:5");
    btrfs_copy: Btrfs, Copy, Act::Sort;
    btrfs_rename: Btrfs, Rename, Act::Sort;
    btrfs_across: Btrfs, Across, Act::Sort;
    btrfs_undo_of_copy: Btrfs, Copy, Act::Undo;
    btrfs_undo_of_rename: Btrfs, Rename, Act::Undo;
    btrfs_undo_of_across: Btrfs, Across, Act::Undo;
    btrfs_watch_rename: Btrfs, Rename, Act::Watch;
    btrfs_recovery_of_rename: Btrfs, Rename, Act::SortKilledAt("renamed:5");
    btrfs_recovery_of_across: Btrfs, Across, Act::SortKilledAt("unlinked:5");
    btrfs_recovery_of_undo_of_across: Btrfs, Across, Act::UndoKilledAt("unlinked:5");
}

/// Pictures that nobody has brought to disk yet: what the program has said is on disk is, whatever else is not.
#[test]
fn fresh_pictures() {
    for kind in [Kind::Ext4, Kind::Ext4Writeback, Kind::Xfs, Kind::Btrfs] {
        for (way, act) in [
            (Way::Copy, Act::Undo),
            (Way::Copy, Act::Sort),
            (Way::Rename, Act::Sort),
            (Way::Across, Act::Sort),
            (Way::Rename, Act::Undo),
            (Way::Across, Act::Undo),
        ] {
            let scenario = Scenario { is_fresh: true, ..Scenario::of(kind, way, act) };
            loses_nothing(&format!("fresh_pictures ({kind:?}, {way:?}, {act:?})"), scenario);
        }
    }
}

/// The same simulation with a program whose syncs do nothing: if that lost nothing either, none of this would prove
/// anything.
#[test]
fn without_syncs_pictures_are_lost() {
    if !can_trace() {
        return;
    }
    let scenario = Scenario { is_unsynced: true, ..Scenario::of(Kind::Ext4, Way::Across, Act::Sort) };
    let Some(found) = play("without_syncs_pictures_are_lost", scenario, amount(POWER, 25).min(200)) else { return };
    let lost = found.faults.iter().filter(|faults| kinds(*faults).contains_key("lost")).count();
    println!("without syncs pictures are lost at {lost} of {} moments", found.judged);
    assert!(lost > 0, "no moment of {} shows a loss: the simulation sees none", found.judged);
}
