//! Moves that cannot be ended at once: the picture is in its place, and its source could not be removed. A later run ends
//! them, and undo takes all of it back.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::support::{Workspace, hashes, sorted, tree};

/// A workspace whose destination is on another file system; none where there is no second one.
fn across() -> Option<(Workspace, tempfile::TempDir, PathBuf)> {
    let workspace = Workspace::new();
    let elsewhere = tempfile::tempdir_in("/dev/shm").ok()?;
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    if device(elsewhere.path()) == device(workspace.root()) {
        println!("skipped: no second file system");
        return None;
    }
    let destination = elsewhere.path().join("to");
    Some((workspace, elsewhere, destination))
}

#[test]
fn a_source_that_is_being_written_stays_and_the_next_run_removes_it() {
    let Some((workspace, _elsewhere, destination)) = across() else { return };
    workspace.write_pictures(["a/1.jpg", "a/2.jpg", "b/3.jpg"]);
    let before = tree(workspace.source());
    let writer = File::options().append(true).open(workspace.source().join("a/1.jpg")).unwrap();
    let classify = || workspace.classify().with("--destination", &destination).with("--operation", "move");
    let first = classify().ends_with(3);
    assert!(first.out.contains("is open for writing"), "{}", first.out);
    assert_eq!(hashes(workspace.source()).len(), 1);
    assert_eq!(sorted(&destination).len(), 3);
    drop(writer);
    classify().ends_with(0);
    assert!(hashes(workspace.source()).is_empty());
    assert_eq!(sorted(&destination).len(), 3);
    let on_destination = |command: &str| {
        let destination = destination.to_str().unwrap();
        workspace.sis([command, "--destination", destination]).ended_with(0)
    };
    on_destination("verify");
    on_destination("undo");
    on_destination("undo");
    assert!(tree(workspace.source()) == before, "the source is not as it was");
    assert!(sorted(&destination).is_empty());
    on_destination("verify");
}

#[test]
fn a_file_that_is_being_written_is_not_renamed() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let _writer = File::options().append(true).open(workspace.source().join("1.jpg")).unwrap();
    workspace.classify().with("--operation", "move").ends_with(3);
    assert_eq!(hashes(workspace.source()).len(), 1);
    assert_eq!(sorted(workspace.destination()).len(), 1);
}
