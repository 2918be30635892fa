//! Sorting, checked from outside: what is in the folders afterwards, counted and hashed without the program's help.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::create_dir;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::skip::{Lacks, skip};
use crate::support::{
    Content, Entry, Workspace, distinct, fixtures, hashes, of_kind, picture, set_time_and_mode, sha256, shared, sorted,
    tree,
};

const MANY: usize = 1000;

/// Labels with everything that could lead out of the destination or into one another.
const LABELS: &str = "../x\n\na/b\nA\n   \na:b\n";

/// The folders that they may become.
const FOLDERS: [&str; 4] = ["_._x", "a_b", "A", "a_b (2)"];

#[test]
fn copying_a_thousand_pictures_loses_and_spoils_nothing() {
    let workspace = thousand_pictures();
    let before = tree(workspace.root());
    sort_thousand(&workspace, "copy");
    assert_eq!(outside_destination(&workspace), before);
    check_destination(&workspace, &before);
    check_table(&workspace, &before, "copied");
}

#[test]
fn moving_a_thousand_pictures_loses_and_spoils_nothing() {
    let workspace = thousand_pictures();
    let before = tree(workspace.root());
    sort_thousand(&workspace, "move");
    assert_eq!(hashes(workspace.source()), BTreeMap::new());
    let beside = |tree: BTreeMap<PathBuf, Entry>| -> BTreeMap<_, _> {
        tree.into_iter().filter(|(path, _)| !path.starts_with(workspace.source())).collect()
    };
    assert_eq!(beside(outside_destination(&workspace)), beside(before.clone()));
    check_destination(&workspace, &before);
    check_table(&workspace, &before, "moved");
}

/// A thousand pictures in a tree of folders, some of one name, of several times and modes, with a neighbour.
fn thousand_pictures() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("neighbour/picture.jpg", picture(MANY));
    workspace.write("labels.txt", LABELS);
    let originals = originals();
    for (number, original) in originals.iter().cycle().take(MANY).enumerate() {
        let extension = original.extension().unwrap().to_str().unwrap();
        let name = match number {
            0..20 => format!("source/twins/{number}/twin.{extension}"),
            _ => format!("source/{}/{}/{number}.{extension}", number % 7, number % 3),
        };
        let path = workspace.write(name, distinct(original, number));
        let modified = SystemTime::UNIX_EPOCH + Duration::new(1_500_000_000 + number as u64, 123_456_789);
        set_time_and_mode(&path, modified, [0o644, 0o600, 0o640, 0o444][number % 4]);
    }
    workspace
}

/// Real pictures where there are some, drawings otherwise.
fn originals() -> Vec<PathBuf> {
    let folder = shared("telegram").unwrap_or_else(|| fixtures().join("pictures"));
    hashes(folder).into_keys().collect()
}

fn sort_thousand(workspace: &Workspace, operation: &str) {
    let classify = workspace.classify().labels_file(workspace.path("labels.txt")).with("--operation", operation);
    classify.ends_with(0);
}

fn outside_destination(workspace: &Workspace) -> BTreeMap<PathBuf, Entry> {
    tree(workspace.root()).into_iter().filter(|(path, _)| !path.starts_with(workspace.destination())).collect()
}

/// Everything of each file in a folder but its name, sorted: equal for two folders that hold the same files.
fn files_in(folder: &Path, tree: &BTreeMap<PathBuf, Entry>) -> Vec<Entry> {
    let inside =
        tree.iter().filter(|(path, entry)| path.starts_with(folder) && matches!(entry.content, Content::File(_)));
    let mut files: Vec<Entry> = inside.map(|(_, entry)| entry.clone()).collect();
    files.sort();
    files
}

/// The destination holds each source file once, its time and mode kept, in a label's folder, and the table.
fn check_destination(workspace: &Workspace, before: &BTreeMap<PathBuf, Entry>) {
    let destination = workspace.destination();
    let mut after = tree(&destination);
    let own = ["output.csv", "SHA256SUMS", ".sis"].map(|name| destination.join(name));
    assert!(own.iter().all(|path| after.contains_key(path)));
    after.retain(|path, _| own.iter().all(|own| !path.starts_with(own)));
    let (sources, targets) = (files_in(&workspace.source(), before), files_in(&destination, &after));
    assert_eq!((sources.len(), targets.len()), (MANY, MANY));
    assert!(sources == targets, "a file differs in content, mode or time");
    let folders: BTreeSet<_> = after.keys().map(|path| path.strip_prefix(&destination).unwrap()).collect();
    let folders: BTreeSet<_> = folders.iter().map(|path| path.iter().next().unwrap().to_str().unwrap()).collect();
    assert!(folders.len() > 1 && folders.iter().all(|name| FOLDERS.contains(name)), "{folders:?}");
}

/// The table has a row for each source file, and what it says of it is so.
fn check_table(workspace: &Workspace, before: &BTreeMap<PathBuf, Entry>, status: &str) {
    let rows = workspace.rows();
    assert_eq!(rows.len(), MANY);
    let now = hashes(workspace.destination());
    let mut named = BTreeSet::new();
    for row in &rows {
        let source = Path::new(&row["image_name"]);
        assert_eq!(before[source].content, Content::File(row["sha256"].clone()), "{row:?}");
        assert_eq!(now.get(Path::new(&row["destination"])), Some(&row["sha256"]), "{row:?}");
        assert_eq!(row["status"], status, "{row:?}");
        assert!(named.insert(source), "{row:?} is there twice");
    }
}

#[test]
fn sorting_again_finds_everything_there() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "x/twin.jpg", "y/twin.jpg"]);
    let classify = workspace.classify();
    classify.ends_with(0);
    let first = tree_of_sorted(&workspace);
    classify.ends_with(0);
    assert_eq!(tree_of_sorted(&workspace), first);
    let second = sorted(workspace.destination());
    let rows = workspace.rows();
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(row["status"], "copied");
        assert_eq!(second.get(Path::new(&row["destination"])), Some(&row["sha256"]));
    }
}

/// Everything that was sorted, with times and modes.
fn tree_of_sorted(workspace: &Workspace) -> BTreeMap<PathBuf, Entry> {
    let files = sorted(workspace.destination());
    tree(workspace.destination()).into_iter().filter(|(path, _)| files.contains_key(path)).collect()
}

#[test]
fn a_file_of_the_same_name_is_kept_and_ours_gets_another() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let theirs = ["a", "b"].map(|label| workspace.write(format!("destination/{label}/1.jpg"), "theirs"));
    workspace.classify().ends_with(0);
    let hash = sha256(picture(0));
    let rows = workspace.rows();
    let ours = Path::new(&rows[0]["destination"]);
    assert_eq!(ours.file_name().unwrap().to_str().unwrap(), format!("1~{}.jpg", &hash[..8]));
    let after = sorted(workspace.destination());
    let expected = theirs.map(|path| (path, sha256("theirs"))).into_iter().chain([(ours.to_owned(), hash)]);
    assert_eq!(after, expected.collect());
}

#[test]
fn a_table_that_is_not_ours_is_kept_under_another_name() {
    for theirs in ["", "name,place\n1,2\n", "image_name,label,score\n1.jpg,a,0.5\n", "no table at all \u{0} \""] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        workspace.write("destination/output.csv", theirs);
        workspace.classify().ends_with(0);
        let aside = format!("output~{}.csv", &sha256(theirs)[..8]);
        assert_eq!(std::fs::read_to_string(workspace.destination().join(aside)).unwrap(), theirs);
        assert_eq!(workspace.rows().len(), 1, "{theirs:?}");
    }
}

#[test]
fn the_table_begins_with_the_columns_that_scripts_know() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let table = std::fs::read_to_string(workspace.destination().join("output.csv")).unwrap();
    assert!(table.starts_with("image_name,label,score,"), "{table}");
    for row in workspace.rows() {
        assert!(["a", "b"].contains(&row["label"].as_str()), "{row:?}");
        let (whole, decimals) = row["score"].split_once('.').unwrap();
        assert!(["0", "1"].contains(&whole) && decimals.len() >= 4, "{row:?}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    for operation in ["copy", "move"] {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg", "2.jpg"]);
        let before = tree(workspace.root());
        let classify = workspace.classify().flag("--dry-run").flag("--json").with("--operation", operation);
        let events = classify.ends_with(0).events();
        assert_eq!(of_kind(&events, "picture").count(), 2);
        assert_eq!(tree(workspace.root()), before, "{operation}");
        create_dir(workspace.destination()).unwrap();
        let before = tree(workspace.root());
        classify.ends_with(0);
        assert_eq!(tree(workspace.root()), before, "{operation}, into a folder that is there");
    }
}

#[test]
fn a_destination_inside_the_source_is_never_searched() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "sub/2.jpg"]);
    let inside = workspace.source().join("sub/labelled");
    let classify = workspace.classify().with("--destination", &inside).flag("--json");
    for copied in [2, 0] {
        let events = classify.ends_with(0).events();
        let statuses: Vec<_> = of_kind(&events, "transfer").map(|event| event["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, vec!["copied"; copied]);
        assert_eq!(sorted(&inside).len(), 2);
    }
}

#[test]
fn a_link_in_place_of_a_labels_folder_is_not_written_through() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    create_dir(workspace.path("elsewhere")).unwrap();
    create_dir(workspace.destination()).unwrap();
    for label in ["a", "b"] {
        symlink(workspace.path("elsewhere"), workspace.destination().join(label)).unwrap();
    }
    let source = tree(workspace.source());
    let finished = workspace.classify().with("--operation", "move").ends_with(3);
    assert_eq!(tree(workspace.path("elsewhere")), BTreeMap::new());
    assert_eq!(tree(workspace.source()), source);
    let row = &workspace.rows()[0];
    assert_eq!((row["status"].as_str(), row["destination"].as_str()), ("failed", ""));
    assert!(row["reason"].contains("is a link") && finished.out.contains(&row["reason"]), "{row:?}");
}

#[test]
fn links_and_pipes_in_source_are_left_out() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let (outside, source) = (workspace.write("outside/2.jpg", picture(2)), workspace.source());
    symlink(&outside, source.join("link.jpg")).unwrap();
    symlink(workspace.path("outside"), source.join("folder")).unwrap();
    symlink(&source, source.join("loop")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, source.join("pipe.jpg"), rustix::fs::Mode::RWXU).unwrap();
    let finished = workspace.classify().with("--operation", "move").ends_with(0);
    let rows = workspace.rows();
    assert_eq!(rows.iter().map(|row| row["sha256"].as_str()).collect::<Vec<_>>(), [sha256(picture(0))]);
    let left: Vec<_> = tree(&source).into_values().map(|entry| entry.content).collect();
    assert!(left.len() == 4 && left.contains(&Content::Special), "{left:?}");
    assert_eq!(std::fs::read(outside).unwrap(), picture(2));
    for words in ["3 symbolic links", "1 pipe"] {
        assert!(finished.err.contains(words), "{}", finished.err);
    }
}

#[test]
fn a_label_named_like_the_table_gets_another_folder() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "3.jpg"]);
    workspace.classify().with("--labels", "output.csv, SHA256SUMS").with("--operation", "move").ends_with(0);
    let rows = workspace.rows();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["status"] == "moved" && Path::new(&row["destination"]).is_file()), "{rows:?}");
}

#[test]
fn a_folder_that_cannot_be_read_is_no_success() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "closed/2.jpg"]);
    let closed = workspace.source().join("closed");
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read_dir(&closed).is_ok() {
        return skip(Lacks::User, "this user may read everything");
    }
    let finished = workspace.classify().ends_with(3);
    assert!(finished.out.contains("1 folder could not be read") && finished.err.contains("closed"));
}

#[test]
fn several_templates_are_one_setting_that_the_ledger_has() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().with("--template", "a photo of {}.\nart of the {}.").ends_with(0);
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    assert!(ledger.contains(r#""template":"a photo of {}. | art of the {}.""#), "{ledger}");
    let mut seven = workspace.classify().with("--template", "seven").command();
    seven.args(["--template", "a {}", "--dry-run"]);
    assert!(seven.status().unwrap().success());
}
