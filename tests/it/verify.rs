//! `sis verify`: what is missing, extra and changed is found, and nothing is written.

use std::path::Path;

use crate::file_systems::Mounted;
use crate::session::{folder_of, sorted_workspace};
use crate::support::{Workspace, picture, sha256, sorted, tree};
use crate::tools::image_made_by;

/// A disk may give names back in small letters: they are the program's own files all the same.
#[test]
fn a_disk_that_ignores_case_has_no_files_of_others() {
    let workspace = Workspace::new();
    let Some(image) = image_made_by(&["mkfs.ntfs", "-F", "-Q"], 16, workspace.root()) else { return };
    let options = ["-t", "lowntfs-3g", "-o", "ignore_case", image.to_str().unwrap()];
    let Some(disk) = Mounted::new(&workspace.path("disk"), &options) else { return };
    workspace.write_pictures(["IMG_1.JPG", "IMG_2.JPG", "IMG_\u{c9}.JPG"]);
    let destination = disk.0.join("Sorted");
    workspace.classify().with("--destination", &destination).with("--output-file", "Table.csv").ends_with(0);
    let verify = || {
        let arguments = ["verify".as_ref(), "--destination".as_ref(), destination.as_os_str()];
        workspace.sis(arguments)
    };
    let named_otherwise = sorted(&destination).keys().any(|path| path.to_string_lossy().ends_with("img_1.jpg"));
    assert!(named_otherwise, "the disk does what it was mounted for");
    let finished = verify().ended_with(0);
    assert!(finished.out.contains("3 files are whole"), "{}", finished.out);
    std::fs::write(destination.join("planted.jpg"), "not ours").unwrap();
    let finished = verify().ended_with(3);
    assert!(finished.out.contains("1 file was put into the destination by somebody else"), "{}", finished.out);
}

#[test]
fn verify_finds_what_is_missing_extra_and_changed() {
    let workspace = sorted_workspace("copy");
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("4 files are whole") && finished.out.contains("Head of the ledger"));
    let target = |name: &str| {
        workspace.destination().join(folder_of(&workspace, name)).join(Path::new(name).file_name().unwrap())
    };
    std::fs::write(target("1.jpg").with_file_name("extra.jpg"), "not ours").unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
    assert!(finished.out.contains("extra.jpg"), "{}", finished.out);
    std::fs::write(target("1.jpg"), "changed").unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("1 file has another content"), "{}", finished.out);
    std::fs::remove_file(target("2.jpg")).unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("1 file is missing"), "{}", finished.out);
}

/// Whatever lies in the destination and was put there by nobody who is known is found, in whatever folder it is.
#[test]
fn verify_looks_through_the_whole_destination() {
    let workspace = sorted_workspace("copy");
    // Tables of another name, kept aside, or of an earlier name are the program's own.
    workspace.write("destination/output.csv", "theirs");
    workspace.classify().ends_with(0);
    workspace.classify().with("--output-file", "other.csv").ends_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let planted = ["red/forged.png", "planted/deep/x.png", "top.png", "x/output.csv", "output~12345678.csv"];
    for name in planted {
        workspace.write(Path::new("destination").join(name), "not ours");
    }
    std::os::unix::fs::symlink("/", workspace.path("destination/link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, workspace.path("destination/planted/pipe"), rustix::fs::Mode::RUSR).unwrap();
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
    assert!(finished.out.contains("7 files were put into the destination by somebody else"), "{}", finished.out);
    for name in planted.iter().chain(&["link", "planted/pipe"]) {
        assert!(finished.out.contains(&format!("/destination/{name}\n")), "{name}: {}", finished.out);
    }
}

/// A source in the destination, and another destination in it, are left out, and said to be.
#[test]
fn verify_leaves_out_sources_and_other_destinations() {
    let workspace = Workspace::new();
    workspace.write("destination/incoming/1.jpg", picture(1));
    let incoming = workspace.path("destination/incoming");
    workspace.classify().with("--source", &incoming).ends_with(0);
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("pictures were sorted from there:\n") && finished.out.contains("/incoming"));
    // A second, finer sort of a label's folder.
    let label = workspace
        .destination()
        .join(["a", "b"].into_iter().find(|l| workspace.destination().join(l).join("1.jpg").exists()).unwrap());
    workspace.classify().with("--source", &label).with("--destination", label.join("finer")).ends_with(0);
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(finished.out.contains("a session of its own") && finished.out.contains("/finer"), "{}", finished.out);
}

#[test]
fn verify_writes_nothing_and_compares_with_the_ledger() {
    let workspace = sorted_workspace("copy");
    let before = tree(workspace.root());
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert_eq!(tree(workspace.root()), before);
    // Somebody changes a file and what the session says of it.
    let (target, hash) = sorted(workspace.destination()).pop_first().unwrap();
    std::fs::write(&target, "evil").unwrap();
    workspace.meddle(&format!("UPDATE pictures SET hash = x'{}' WHERE hash = x'{hash}'", sha256("evil")));
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
    assert!(finished.out.contains("told otherwise by the session than by the ledger"), "{}", finished.out);
}

/// People may do anything to files in the destination: nobody is said to have changed session or ledger.
fn accuses_nobody(workspace: &Workspace, code: i32) -> String {
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(code);
    assert!(!finished.out.contains("told otherwise"), "{}", finished.out);
    let repaired = workspace.sis_on_destination(&["repair"]).ended_with(0);
    assert!(repaired.out.contains("nothing to repair"), "{}", repaired.out);
    finished.out
}

#[test]
fn an_undo_back_into_the_destination_accuses_nobody() {
    let workspace = Workspace::new();
    for number in 0..4 {
        workspace.write(format!("destination/in/{number}.jpg"), picture(number));
    }
    let source = workspace.path("destination/in");
    workspace.classify().with("--source", &source).with("--operation", "move").ends_with(0);
    for undone in [true, false] {
        workspace.sis_on_destination(if undone { &["undo"] } else { &["undo", "--run", "3"] }).ended_with(0);
        accuses_nobody(&workspace, 0);
    }
}

#[test]
fn files_that_people_take_away_are_missing_and_accuse_nobody() {
    for operation in ["copy", "move"] {
        let workspace = sorted_workspace(operation);
        let target = workspace.destination().join(folder_of(&workspace, "1.jpg")).join("1.jpg");
        match operation {
            "copy" => std::fs::remove_file(&target).unwrap(),
            _ => std::fs::rename(&target, workspace.source().join("1.jpg")).unwrap(),
        }
        workspace.classify().with("--operation", operation).ends_with(0);
        accuses_nobody(&workspace, 0);
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        match operation {
            "copy" => assert!(accuses_nobody(&workspace, 1).contains("1 file is missing")),
            _ => assert!(accuses_nobody(&workspace, 3).contains("whole where it was moved from")),
        }
    }
}

/// Two pictures share a copy, which somebody takes away; sorted again they share another, which an undo takes away.
#[test]
fn what_two_pictures_shared_accuses_nobody() {
    let workspace = Workspace::new();
    for folder in ["x", "y"] {
        workspace.write(Path::new("source").join(folder).join("1.jpg"), crate::support::picture(1));
    }
    workspace.classify().ends_with(0);
    workspace.classify().with("--labels", "c, d").flag("--resort").ends_with(0);
    std::fs::remove_file(workspace.destination().join(folder_of(&workspace, "1.jpg")).join("1.jpg")).unwrap();
    workspace.classify().with("--labels", "e, f").ends_with(0);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    accuses_nobody(&workspace, 1);
}

/// Version 0.1.0 told of none of them: the first run that does tells of all that it can prove.
#[test]
fn tables_from_before_they_were_told_of_are_nobody_elses() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.write("destination/first.csv", "somebody's");
    workspace.classify().with("--output-file", "first.csv").ends_with(0);
    // As if nothing had been told: the lines are gone from both.
    let ledger = workspace.destination().join(".sis/ledger.jsonl");
    let lines = std::fs::read_to_string(&ledger).unwrap();
    let is_about_a_file = |line: &&str| line.contains("\"event\":\"table\"") || line.contains("\"event\":\"aside\"");
    assert_eq!(lines.lines().filter(is_about_a_file).count(), 3);
    workspace.meddle("DELETE FROM session WHERE key LIKE 'told %' OR key LIKE 'proof told %'");
    workspace.classify().with("--output-file", "second.csv").ends_with(0);
    let lines = std::fs::read_to_string(&ledger).unwrap();
    // The list of checksums, both tables, and what was set aside, told again.
    assert_eq!(lines.lines().filter(is_about_a_file).count(), 3 + 4);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_folder_that_was_removed_before_another_sort_is_missing() {
    let workspace = sorted_workspace("copy");
    let label = folder_of(&workspace, "1.jpg");
    let count = std::fs::read_dir(workspace.destination().join(&label)).unwrap().count();
    std::fs::remove_dir_all(workspace.destination().join(&label)).unwrap();
    workspace.classify().with("--labels", "c, d").flag("--resort").run();
    let said = accuses_nobody(&workspace, 1);
    assert!(said.contains(&format!("{count} file")) && said.contains("missing"), "{said}");
}

#[test]
fn file_there_before_is_foreign_and_no_fault() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    for label in ["a", "b"] {
        workspace.write(format!("destination/{label}/1.jpg"), picture(0));
    }
    workspace.classify().with("--operation", "move").ends_with(0);
    workspace.classify().with("--operation", "move").with("--labels", "c, d").flag("--resort").ends_with(0);
    let said = accuses_nobody(&workspace, 3);
    assert!(said.contains("2 files were put into the destination by somebody else"), "{said}");
}

/// Changes of the session are named, and mended by the ledger.
#[test]
fn places_that_somebody_changed_in_the_session_are_named() {
    for change in [
        "UPDATE pictures SET placed = NULL, placed_by = NULL",
        "UPDATE pictures SET placed = CAST('a/other.jpg' AS BLOB)",
        "UPDATE pictures SET placed = NULL, placed_by = NULL; DELETE FROM transfers",
        "UPDATE transfers SET source = CAST('/elsewhere/1.jpg' AS BLOB)",
        "UPDATE transfers SET target = CAST('a/other.jpg' AS BLOB)",
    ] {
        let workspace = sorted_workspace("copy");
        let before = sorted(workspace.destination());
        workspace.meddle(&format!("PRAGMA foreign_keys = OFF; {change}"));
        let finished = workspace.sis_on_destination(&["verify"]).ended_with(1);
        assert!(finished.out.contains("told otherwise by the session"), "{change}: {}", finished.out);
        workspace.sis_on_destination(&["repair"]).ended_with(0);
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        assert_eq!(sorted(workspace.destination()), before);
    }
}

/// Names of the program's own make nothing the program's own.
#[test]
fn files_planted_under_the_programs_names_are_named() {
    let workspace = sorted_workspace("copy");
    let aside = format!("output~{}.csv", &sha256("not ours")[..8]);
    let planted =
        [".sis-planted.partial", "a/.sis-planted.partial", "b/.sis-x.leaving", aside.as_str(), "SHA256SUMS~1"];
    for name in planted {
        workspace.write(Path::new("destination").join(name), "not ours");
    }
    let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
    for name in planted {
        assert!(finished.out.contains(&format!("/destination/{name}\n")), "{name}: {}", finished.out);
    }
}

/// A run that was cut short is no loss, nor are its files anybody else's.
#[test]
fn what_a_killed_run_left_is_neither_missing_nor_planted() {
    for operation in ["copy", "move"] {
        for undone in [false, true] {
            for moment in
                ["planned", "half-copied", "published", "moved-aside", "unlinked", "renamed", "folders-synced"]
            {
                let workspace = match undone {
                    true => sorted_workspace(operation),
                    false => Workspace::new(),
                };
                workspace.write_pictures(if undone { &[][..] } else { &["1.jpg", "x/2.jpg"] });
                let mut command = match undone {
                    true => workspace.program(),
                    false => workspace.classify().with("--operation", operation).command(),
                };
                if undone {
                    command.arg("undo").arg("--destination").arg(workspace.destination());
                }
                command.env("SIS_CRASH_AT", moment);
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
                if command.status().unwrap().code().is_some() {
                    continue;
                }
                let what = format!("{operation}, {undone}, {moment}");
                let finished = workspace.sis_on_destination(&["verify"]).ended_with(3);
                assert!(finished.out.contains("cut short"), "{what}: {}", finished.out);
                assert!(!finished.out.contains("missing:"), "{what}: {}", finished.out);
                assert!(!finished.out.contains("somebody else"), "{what}: {}", finished.out);
            }
        }
    }
}
