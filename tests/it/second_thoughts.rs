//! The same command again, with other labels or to move what was copied; and names that are the program's own.

use std::collections::BTreeSet;

use crate::support::{Workspace, hashes, of_kind, picture, sorted};

fn folders(workspace: &Workspace) -> BTreeSet<String> {
    let of = |path: std::path::PathBuf| path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    sorted(workspace.destination()).into_keys().map(of).collect()
}

#[test]
fn what_was_moved_is_sorted_by_other_labels() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
    let classify = || workspace.classify().with("--operation", "move");
    classify().ends_with(0);
    let before = sorted(workspace.destination());
    // As before: nothing to do, and no model is opened for that.
    let again = classify().ends_with(0);
    assert!(!again.err.contains("Opening the model"), "{}", again.err);
    assert_eq!(sorted(workspace.destination()), before);

    let tried = classify().with("--labels", "c, d").flag("--resort").flag("--dry-run").ends_with(0);
    assert!(tried.out.contains('3'), "{}", tried.out);
    assert_eq!(sorted(workspace.destination()), before);
    let other = classify().with("--labels", "c, d").flag("--resort").flag("--json").ends_with(0);
    let events = other.events();
    let summary = of_kind(&events, "summary").next().unwrap();
    assert_eq!(summary["regrouped"], 3, "{summary}");
    assert!(folders(&workspace).is_subset(&["c", "d"].map(str::to_owned).into()), "{:?}", folders(&workspace));
    assert!(workspace.rows().iter().all(|row| ["c", "d"].contains(&row["label"].as_str())));

    // With something new in the source, the others are sorted by the labels of now too.
    workspace.write("source/4.jpg", picture(4));
    let new = classify().with("--labels", "e, f").flag("--resort").ends_with(0);
    assert!(new.err.contains("3 pictures that were sorted from this source before"), "{}", new.err);
    assert!(folders(&workspace).is_subset(&["e", "f"].map(str::to_owned).into()), "{:?}", folders(&workspace));
    workspace.sis_on_destination(&["verify"]).ended_with(0);

    // The embeddings are not remembered any more: it is said what to do.
    workspace.sis(["cache", "clear"]).ended_with(0);
    workspace.write("source/5.jpg", picture(5));
    let forgotten = classify().with("--labels", "g, h").flag("--resort").ends_with(0);
    assert!(forgotten.err.contains("4 pictures") && forgotten.err.contains("sis undo"), "{}", forgotten.err);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 5);
}

#[test]
fn pictures_of_another_source_keep_their_labels() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    let before = sorted(workspace.destination());
    workspace.write("other/3.jpg", picture(3));
    let other =
        workspace.classify().with("--source", workspace.path("other")).with("--labels", "c, d").flag("--resort");
    other.ends_with(0);
    let after = sorted(workspace.destination());
    assert!(before.keys().all(|path| after.contains_key(path)) && after.len() == 3, "{after:?}");
}

#[test]
fn a_threshold_counts_where_everything_was_moved() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    let strict = workspace.classify().with("--operation", "move").with("--threshold", "1").flag("--json").ends_with(0);
    let events = strict.events();
    assert_eq!(of_kind(&events, "summary").next().unwrap()["unsure"], 2);
}

#[test]
fn a_move_after_a_copy_says_that_the_sources_stay() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let copied = workspace.classify().ends_with(0);
    assert!(!copied.out.contains("are in the source too"), "{}", copied.out);
    let moved = workspace.classify().with("--operation", "move").ends_with(0);
    assert!(moved.out.contains("2 of those") && moved.out.contains("are in the source too"), "{}", moved.out);
    assert_eq!(hashes(workspace.source()).len(), 2);
}

#[test]
fn a_picture_with_a_name_of_the_programs_own_is_told() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "x/output.csv", "y/.sis/2.jpg"]);
    let ran = workspace.classify().ends_with(0);
    assert!(ran.err.contains("2 files or folders in the source have names that sis keeps"), "{}", ran.err);
    assert_eq!(sorted(workspace.destination()).len(), 1);
    // A folder that was sorted into has a record of its own.
    let more = workspace.path("more");
    let again = workspace.classify().with("--source", workspace.destination()).with("--destination", &more);
    let again = again.with("--operation", "move").ends_with(0);
    assert!(again.err.contains("sis has sorted into before"), "{}", again.err);
}

#[test]
fn undo_in_the_way_names_later_run_and_linked_folder() {
    let workspace = Workspace::new();
    workspace.write_pictures(["x/1.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    let folder = folders(&workspace).into_iter().next().unwrap();
    let other = if folder == "a" { "b" } else { "a" };
    workspace.meddle(&format!(
        "UPDATE pictures SET decision = 'reassigned', decided = (SELECT id FROM labels WHERE text = '{other}')"
    ));
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    let left = workspace.sis_on_destination(&["undo", "--run", "2"]).ended_with(3);
    assert!(left.out.contains("by run 3: take that one back first"), "{}", left.out);
    std::fs::remove_dir(workspace.source().join("x")).unwrap();
    std::fs::create_dir(workspace.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(workspace.path("elsewhere"), workspace.source().join("x")).unwrap();
    let left = workspace.sis_on_destination(&["undo", "--all"]).ended_with(3);
    assert!(left.out.contains("put the folder back") && !left.out.contains("label's folder"), "{}", left.out);
    assert_eq!(sorted(workspace.destination()).len(), 1);
}

#[test]
fn what_is_not_there_is_said_in_plain_words() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().with("--operation", "move").ends_with(0);
    let first = sorted(workspace.destination()).into_keys().next().unwrap();
    std::fs::remove_file(first).unwrap();
    let left = workspace.sis_on_destination(&["undo"]).ended_with(3);
    assert!(left.out.contains("it is not there"), "{}", left.out);
    assert!(!left.out.contains("os error") && !left.out.contains("entity"), "{}", left.out);
}

/// A picture that is still in the source, in a folder that this run leaves out, is not one that was moved away.
#[test]
fn pictures_that_are_left_out_keep_their_labels() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.write("source/sub/2.jpg", picture(2));
    workspace.classify().ends_with(0);
    let place = || sorted(workspace.destination()).into_keys().find(|path| path.ends_with("2.jpg"));
    let before = place().unwrap();
    let again = workspace.classify().with("--labels", "c, d").flag("--no-recursive").flag("--resort").ends_with(0);
    assert!(!again.err.contains("sorted by the labels of now"), "{}", again.err);
    assert_eq!(place(), Some(before));
}
