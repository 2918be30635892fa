//! Undo brings names, contents, times and modes back, and says what it leaves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::session::{folder_of, sorted_workspace};
use crate::support::{Content, Entry, Workspace, hashes, picture, sorted, tree};

#[test]
fn undo_brings_everything_back_and_can_be_undone() {
    for operation in ["copy", "move"] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg", "x/2.jpg", "x/deep/3.jpg", "y/2.jpg"]);
        let before = tree(workspace.source());
        workspace.classify().with("--operation", operation).ends_with(0);
        let applied = (tree(workspace.source()), sorted(workspace.destination()));
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert!(tree(workspace.source()) == before, "{operation}: names, contents, times and modes are as they were");
        assert!(sorted(workspace.destination()).is_empty());
        let folders = std::fs::read_dir(workspace.destination()).unwrap().flatten();
        assert!(folders.filter(|entry| entry.path().is_dir()).all(|entry| entry.file_name() == ".sis"), "{operation}");
        workspace.sis_on_destination(&["undo"]).ended_with(2);
        // The undo is run 3.
        workspace.sis_on_destination(&["undo", "--run", "3"]).ended_with(0);
        assert_eq!((hashes(workspace.source()), sorted(workspace.destination())), (file_hashes(&applied.0), applied.1));
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert_eq!(hashes(workspace.source()), file_hashes(&before));
        workspace.sis_on_destination(&["verify"]).ended_with(0);
    }
}

fn file_hashes(tree: &BTreeMap<PathBuf, Entry>) -> BTreeMap<PathBuf, String> {
    let files = tree.iter().filter_map(|(path, entry)| match &entry.content {
        Content::File(hash) => Some((path.clone(), hash.clone())),
        _ => None,
    });
    files.collect()
}

#[test]
fn undo_takes_back_one_run_or_all() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    workspace.write("source/2.jpg", picture(7));
    workspace.classify().ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 2);
    // Runs 1 and 3 classify, 2 and 4 apply.
    workspace.sis_on_destination(&["undo", "--run", "2"]).ended_with(0);
    let left: Vec<_> = sorted(workspace.destination()).into_keys().collect();
    assert!(left.len() == 1 && left[0].ends_with("2.jpg"), "{left:?}");
    workspace.sis_on_destination(&["undo", "--run", "2"]).ended_with(2);
    workspace.sis_on_destination(&["undo", "--run", "99"]).ended_with(2);
    workspace.classify().ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 2);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
    assert_eq!(hashes(workspace.source()).len(), 2);
}

#[test]
fn undo_leaves_what_it_cannot_take_back_and_says_so() {
    let workspace = sorted_workspace("copy");
    let target = workspace.destination().join(folder_of(&workspace, "1.jpg")).join("1.jpg");
    let only = workspace.destination().join(folder_of(&workspace, "2.jpg")).join("2.jpg");
    std::fs::write(&target, "changed since").unwrap();
    std::fs::remove_file(workspace.source().join("2.jpg")).unwrap();
    let finished = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(finished.out.contains("2 files were left alone"), "{}", finished.out);
    assert!(finished.out.contains("1.jpg") && finished.out.contains("the only copy"), "{}", finished.out);
    assert_eq!(std::fs::read(&target).unwrap(), b"changed since");
    assert!(only.exists(), "the only copy left is not removed");
    assert_eq!(sorted(workspace.destination()).len(), 2);

    let workspace = sorted_workspace("move");
    workspace.write("source/1.jpg", "somebody else's");
    let finished = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(finished.out.contains("3 files are where they were"), "{}", finished.out);
    assert_eq!(std::fs::read(workspace.source().join("1.jpg")).unwrap(), b"somebody else's");
    assert_eq!(sorted(workspace.destination()).len(), 1);
}

#[test]
fn undo_of_removed_copy_succeeds_where_picture_is_whole() {
    let workspace = sorted_workspace("copy");
    let target = |name: &str| workspace.destination().join(folder_of(&workspace, name)).join(name);
    let (removed, only) = (target("1.jpg"), target("2.jpg"));
    std::fs::remove_file(&removed).unwrap();
    std::fs::remove_file(&only).unwrap();
    std::fs::rename(workspace.source().join("2.jpg"), workspace.root().join("2.jpg")).unwrap();
    let finished = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(finished.out.contains("1 copy was gone already"), "{}", finished.out);
    assert!(finished.out.contains("1 file was left alone"), "{}", finished.out);
    std::fs::rename(workspace.root().join("2.jpg"), workspace.source().join("2.jpg")).unwrap();
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches("\"gone\":true").count(), 2);
    // Doing it again makes the copies anew.
    workspace.sis_on_destination(&["undo", "--run", "3"]).ended_with(0);
    assert!(removed.exists() && !only.exists());
}

/// It was moved from one label's folder to another since it was copied.
#[test]
fn a_copy_that_was_sorted_again_and_removed_is_taken_back() {
    let workspace = sorted_workspace("copy");
    workspace.classify().with("--labels", "c, d").flag("--resort").ends_with(0);
    std::fs::remove_file(workspace.destination().join(folder_of(&workspace, "1.jpg")).join("1.jpg")).unwrap();
    let finished = workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert_eq!(finished.out.matches("gone already").count(), 2, "{}", finished.out);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
    // Doing the later one again finds no copy, and takes nothing out of the source; doing the earlier one again makes
    // copies.
    let source = hashes(workspace.source());
    workspace.sis_on_destination(&["undo", "--run", "5"]).ended_with(3);
    assert_eq!(hashes(workspace.source()), source);
    workspace.sis_on_destination(&["undo", "--run", "6"]).ended_with(0);
    assert_eq!(hashes(workspace.source()), source);
    assert_eq!(sorted(workspace.destination()).len(), 4);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn what_was_put_back_by_hand_is_no_obstacle_to_undo() {
    let workspace = sorted_workspace("move");
    let target = workspace.destination().join(folder_of(&workspace, "1.jpg")).join("1.jpg");
    let by_hand = Command::new("cp").arg("-p").arg(&target).arg(workspace.source()).status();
    assert!(by_hand.unwrap().success());
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 4);
    assert!(sorted(workspace.destination()).is_empty());
}

#[test]
fn what_a_later_run_put_elsewhere_is_not_taken_back_before_it() {
    let workspace = sorted_workspace("copy");
    workspace.classify().with("--labels", "c, d").flag("--resort").ends_with(0);
    let before = sorted(workspace.destination());
    let finished = workspace.sis_on_destination(&["undo", "--run", "2"]).ended_with(3);
    assert!(finished.out.contains("take that one back first"), "{}", finished.out);
    assert_eq!(sorted(workspace.destination()), before);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
}

#[test]
fn a_folder_that_somebody_changed_keeps_its_time() {
    let workspace = sorted_workspace("move");
    workspace.write("source/new.txt", "added since");
    let changed = std::fs::metadata(workspace.source()).unwrap().modified().unwrap();
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert!(std::fs::metadata(workspace.source()).unwrap().modified().unwrap() >= changed);
}
