//! Mistakes of people and faults of files: a sentence that names the thing, an exit code, and nothing lost.

use std::collections::BTreeMap;
use std::fs::{File, Permissions, create_dir, create_dir_all, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value as Json;

use crate::skip::{Lacks, skip};
use crate::support::{Classify, Workspace, copy_folder, fixtures, hashes, of_kind, picture, shared, sorted, watch};

/// A mistake, a call that makes it, the exit code, and words of the sentence that has to say so.
type Call = (&'static str, fn(&Workspace) -> Classify<'_>, i32, &'static [&'static str]);

const CALLS: [Call; 30] = [
    (
        "a source that does not exist",
        |w| w.classify().with("--source", w.path("nowhere")),
        1,
        &["nowhere", "does not exist"],
    ),
    ("a file as source", |w| w.classify().with("--source", w.path("source/1.jpg")), 1, &["1.jpg", "is a file"]),
    ("an empty source", |w| w.classify().with("--source", empty_folder(w)), 1, &["empty", "no pictures"]),
    (
        "a source without pictures",
        |w| w.classify().with("--source", w.write("texts/notes.txt", "x").parent().unwrap()),
        1,
        &["texts", "no pictures", "1 .txt"],
    ),
    (
        "a file as destination",
        |w| w.classify().with("--destination", w.path("source/1.jpg")),
        2,
        &["1.jpg", "is a file"],
    ),
    (
        "a destination that is the source",
        |w| w.classify().with("--destination", w.path("source/../source")),
        2,
        &["source/../source", "is the source"],
    ),
    (
        "a destination below a file",
        |w| w.classify().with("--destination", w.path("source/1.jpg/labelled")),
        1,
        &["1.jpg/labelled", "cannot be written to"],
    ),
    (
        "a destination that nobody can write to",
        |w| w.classify().with("--destination", "/proc/labelled"),
        1,
        &["/proc/labelled", "cannot be written to"],
    ),
    ("a single label", |w| w.classify().with("--labels", "tank,"), 2, &["1 label,", "at least two"]),
    ("labels that are all empty", |w| w.classify().with("--labels", " , "), 2, &["0 labels", "at least two"]),
    ("no labels", |w| w.classify().without("--labels"), 2, &["no labels", "--labels-file"]),
    ("a label twice", |w| w.classify().with("--labels", "tank, map, tank"), 2, &["“tank”", "twice"]),
    ("a label twice but for capitals", |w| w.classify().with("--labels", "A map,a map"), 2, &["“A map” and “a map”"]),
    (
        "a prompt in quotes with a comma",
        |w| w.classify().with("--labels", "gun = \"a rifle, held\", a map"),
        2,
        &["“a rifle”", "backslash"],
    ),
    ("a quote without its partner", |w| w.classify().with("--labels", "map, \"tank, x"), 2, &["“tank, x”", "quote"]),
    ("a word after a quote", |w| w.classify().with("--labels", "\"map\" tank"), 2, &["“tank”", "comma"]),
    (
        "a labels file that does not exist",
        |w| w.classify().labels_file(w.path("labels.txt")),
        2,
        &["labels.txt", "cannot be read"],
    ),
    (
        "a labels file that is not UTF-8",
        |w| w.classify().labels_file(w.write("labels.txt", b"m\xe4rz\nmap\n")),
        2,
        &["labels.txt", "UTF-8"],
    ),
    (
        "a labels file with half a line",
        |w| w.classify().labels_file(w.write("labels.txt", "map\ntank =\n")),
        2,
        &["“tank =”", "equals sign"],
    ),
    ("labels twice", |w| w.classify().with("--labels-file", "labels.txt"), 2, &["--labels", "--labels-file"]),
    (
        "a template without a place for the label",
        |w| w.classify().with("--template", "a photo of"),
        2,
        &["“a photo of”", "{}"],
    ),
    ("a threshold above 1", |w| w.classify().with("--threshold", "2"), 2, &["--threshold", "2", "0 to 1"]),
    ("a margin below 0", |w| w.classify().with("--margin", "-0.1"), 2, &["--margin", "-0.1", "0 to 1"]),
    ("a threshold that is no number", |w| w.classify().with("--threshold", "NaN"), 2, &["--threshold", "NaN"]),
    ("a threshold in words", |w| w.classify().with("--threshold", "high"), 2, &["--threshold", "high"]),
    (
        "a table that leads out of the destination",
        |w| w.classify().with("--operation", "move").with("--output-file", "../table.csv"),
        2,
        &["../table.csv"],
    ),
    (
        "a table somewhere else",
        |w| w.classify().with("--operation", "move").with("--output-file", w.path("table.csv")),
        2,
        &["table.csv"],
    ),
    (
        "a folder in the place of the table",
        |w| w.classify().with("--operation", "move").with("--output-file", in_place_of_table(w)),
        1,
        &["output.csv", "cannot be written"],
    ),
    (
        "a label that the model cannot read to its end",
        |w| w.classify().with("--labels", format!("map, {}", "tank ".repeat(400))),
        1,
        &["tank tank", "too long", "77"],
    ),
    (
        "a model that does not exist",
        |w| w.classify().with("--model", w.path("no-model")),
        1,
        &["no-model", "is no folder"],
    ),
];

fn empty_folder(workspace: &Workspace) -> PathBuf {
    let folder = workspace.path("empty");
    create_dir(&folder).unwrap();
    folder
}

fn in_place_of_table(workspace: &Workspace) -> &'static str {
    create_dir_all(workspace.destination().join("output.csv")).unwrap();
    "output.csv"
}

#[test]
fn calls_that_make_no_sense() {
    for (wrong, call, code, words) in CALLS {
        let workspace = Workspace::new();
        workspace.write_pictures(["1.jpg"]);
        check(wrong, &workspace, &call(&workspace), code, words);
    }
}

#[test]
fn a_source_that_cannot_be_read() {
    let workspace = Workspace::new();
    let locked = workspace.path("locked");
    create_dir(&locked).unwrap();
    set_permissions(&locked, Permissions::from_mode(0o000)).unwrap();
    match std::fs::read_dir(&locked) {
        Ok(_) => skip(Lacks::User, "this user can read everything"),
        Err(_) => {
            let classify = workspace.classify().with("--source", &locked);
            check("an unreadable source", &workspace, &classify, 1, &["locked", "cannot be read"]);
        }
    }
    set_permissions(&locked, Permissions::from_mode(0o755)).unwrap();
}

/// The run says in one sentence what is wrong, and does nothing else.
pub(crate) fn check(wrong: &str, workspace: &Workspace, classify: &Classify<'_>, code: i32, words: &[&str]) {
    let source = hashes(workspace.source());
    let finished = classify.run();
    assert_eq!((finished.code, finished.out.as_str()), (code, ""), "{wrong}: {}", finished.err);
    let errors = finished.err.lines().filter(|line| line.to_lowercase().starts_with("error: "));
    assert_eq!(errors.count(), 1, "{wrong}: {}", finished.err);
    for word in words {
        assert!(finished.err.contains(word), "{wrong}: {word} is not in: {}", finished.err);
    }
    assert!(!finished.err.contains("panicked"), "{wrong}: {}", finished.err);
    assert_eq!(hashes(workspace.source()), source, "{wrong}");
    let destination = workspace.destination();
    assert!(!destination.join("output.csv").is_file(), "{wrong}");
    assert!(!destination.exists() || sorted(destination).is_empty(), "{wrong}");
}

/// Pictures with something wrong: name, content, status, words of the reason.
fn bad_pictures() -> [(&'static str, Vec<u8>, &'static str, &'static str); 7] {
    let jpeg = std::fs::read(fixtures().join("pictures/baseline-420.jpg")).unwrap();
    let png = std::fs::read(fixtures().join("pictures/rgb.png")).unwrap();
    [
        ("cut.jpg", jpeg[..jpeg.len() * 3 / 4].to_vec(), "suspect", "ends too early"),
        ("cut.png", png[..png.len() / 2].to_vec(), "suspect", "ends too early"),
        ("empty.jpg", vec![], "unreadable", "empty"),
        ("empty.png", vec![], "unreadable", "empty"),
        ("text.jpg", b"Dear Sir or Madam".to_vec(), "unreadable", "no picture"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), "unsupported", "HEIC"),
        ("really-heic.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), "unsupported", "HEIC"),
    ]
}

#[test]
fn bad_pictures_stay_where_they_are_and_good_ones_are_sorted() {
    let workspace = Workspace::new();
    workspace.write_pictures(["good-1.jpg", "good-2.jpg"]);
    for (name, content, ..) in bad_pictures() {
        workspace.write(format!("source/{name}"), content);
    }
    let finished = workspace.classify().with("--operation", "move").ends_with(3);
    let rows = workspace.rows();
    assert_eq!(rows.len(), 2 + bad_pictures().len());
    let row_of = |name: &str| rows.iter().find(|row| row["image_name"].ends_with(&format!("/{name}"))).unwrap();
    for (name, content, status, reason) in bad_pictures() {
        let row = row_of(name);
        assert_eq!((row["status"].as_str(), row["destination"].as_str()), (status, ""), "{row:?}");
        assert!(row["reason"].contains(reason) && finished.out.contains(&row["reason"]), "{row:?}");
        assert_eq!(std::fs::read(workspace.source().join(name)).unwrap(), content, "{name}");
    }
    for (number, name) in ["good-1.jpg", "good-2.jpg"].into_iter().enumerate() {
        assert_eq!(row_of(name)["status"], "moved");
        assert_eq!(std::fs::read(&row_of(name)["destination"]).unwrap(), picture(number));
    }
    assert_eq!(hashes(workspace.source()).len(), bad_pictures().len());
}

/// The most memory that any collection of broken files may make the program use, in kilobytes.
const MOST_MEMORY: u64 = 1_000_000;

#[test]
fn files_that_break_decoders() {
    let Some(broken) = shared("broken") else { return };
    let workspace = Workspace::new();
    copy_folder(&broken, &workspace.source());
    let before = hashes(workspace.source());
    let (printed, errors) = (workspace.path("printed"), workspace.path("errors"));
    let mut command = workspace.classify().with("--operation", "move").flag("--json").command();
    command.stdout(File::create(&printed).unwrap()).stderr(File::create(&errors).unwrap()).stdin(Stdio::null());
    let (code, peak) = watch(command.spawn().unwrap());
    let errors = std::fs::read_to_string(errors).unwrap();
    assert_eq!(code, Some(3), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    match peak {
        Some(peak) => assert!(peak < MOST_MEMORY, "{peak} kB"),
        None => skip(Lacks::System, "the system does not tell how much memory a process uses"),
    }
    let printed = std::fs::read_to_string(printed).unwrap();
    let events: Vec<Json> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let others = of_kind(&events, "summary").next().unwrap()["other_files"].as_u64().unwrap();
    assert_eq!(workspace.rows().len() + others as usize, before.len());
    check_rows_of_broken(&workspace, &before);
}

/// Pictures that the table calls moved are gone from the source, everything else is there as it was, with a reason.
fn check_rows_of_broken(workspace: &Workspace, before: &BTreeMap<PathBuf, String>) {
    let after = hashes(workspace.source());
    let rows = workspace.rows();
    let moved: Vec<&Path> =
        rows.iter().filter(|row| row["status"] == "moved").map(|row| Path::new(&row["image_name"])).collect();
    for (path, hash) in before {
        assert_eq!(after.get(path), Some(hash).filter(|_| !moved.contains(&path.as_path())), "{}", path.display());
    }
    assert_eq!(after.len() + moved.len(), before.len());
    for row in rows.iter().filter(|row| row["status"] != "moved") {
        assert!(["suspect", "unsupported", "unreadable"].contains(&row["status"].as_str()), "{row:?}");
        assert!(!row["reason"].is_empty() && row["destination"].is_empty(), "{row:?}");
    }
}

/// Output that goes into a file is no terminal: that is said, and nothing is opened.
#[test]
fn review_without_a_terminal_says_so() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    let finished = workspace.sis_on_destination(&["review"]).ended_with(2);
    assert!(finished.err.contains("needs a terminal"), "{}", finished.err);
}
