//! File names that can do harm: they arrive byte for byte, and nothing that is printed or written repeats them raw.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use crate::support::{Finished, Workspace, hashes, of_kind, picture, rows_of, sorted};

/// Names that break programs.
const NAMES: [&[u8]; 12] = [
    b"\xff\xfe.jpg",
    b"half \xf0\x9f\x98.jpg",
    b"two\nlines\r.jpg",
    b"\x1b[2J\x1b]0;title\x07.jpg",
    b"delete \x7f.jpg",
    "control \u{9b}31m.jpg".as_bytes(),
    "gpj.\u{202e}exe \u{2066}x\u{200f}.jpg".as_bytes(),
    "separator \u{2028}.jpg".as_bytes(),
    b"-rf.jpg",
    b"  spaces  .jpg",
    b"\"quotes\", commas; $(echo) `id` \\n {name} %s.jpg",
    &[b'x'; 255],
];

/// The folders whose names are part of every path that is printed.
const SOURCE: &[u8] = b"-source \x1b[31m\xff \xe2\x80\xae";
const DESTINATION: &[u8] = b"destination\n\x1b[32m\xfe";

/// A picture under each of the names.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    for (number, name) in NAMES.iter().enumerate() {
        // Every other one lies in a folder that has such a name too.
        let folder = [Path::new("plain"), Path::new(OsStr::from_bytes(NAMES[number / 2]))][number % 2];
        let path = Path::new(OsStr::from_bytes(SOURCE)).join(folder).join(OsStr::from_bytes(name));
        workspace.write(path, picture(number));
    }
    workspace
}

fn source(workspace: &Workspace) -> PathBuf {
    workspace.path(OsStr::from_bytes(SOURCE))
}

fn destination(workspace: &Workspace) -> PathBuf {
    workspace.path(OsStr::from_bytes(DESTINATION))
}

/// Sorts them, with paths relative to the workspace, so that the source begins with a dash.
fn sort(workspace: &Workspace, flag: Option<&'static str>) -> Finished {
    let classify = workspace.classify().with("--source", OsStr::from_bytes(SOURCE));
    let classify = classify.with("--destination", OsStr::from_bytes(DESTINATION));
    flag.into_iter().fold(classify, |classify, flag| classify.flag(flag)).ends_with(0)
}

/// Asserts that a text can be shown: no control characters but the ends of lines, nothing that turns text around.
fn assert_harmless(what: &str, text: &str) {
    let turns_around =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found = text.chars().find(|c| (c.is_control() && *c != '\n') || turns_around(*c));
    assert_eq!(found, None, "in {what}: {text:?}");
}

#[test]
fn nothing_raw_is_printed_or_logged() {
    for flag in [None, Some("--verbose"), Some("--json"), Some("--dry-run")] {
        let workspace = workspace();
        let finished = sort(&workspace, flag);
        assert_harmless(&format!("standard output with {flag:?}"), &finished.out);
        assert_harmless(&format!("standard error with {flag:?}"), &finished.err);
        for log in hashes(workspace.home()).keys() {
            if log.extension().is_some_and(|extension| extension == "log") {
                assert_harmless("the log", &std::fs::read_to_string(log).unwrap());
            }
        }
    }
}

#[test]
fn nothing_raw_of_what_is_wrong_is_printed() {
    let workspace = Workspace::new();
    for name in NAMES {
        workspace.write(Path::new("source").join(OsStr::from_bytes(name)), "");
    }
    workspace.write_pictures(["1.jpg"]);
    for flag in ["--verbose", "--json"] {
        let finished = workspace.classify().flag(flag).ends_with(3);
        assert_harmless("standard output", &finished.out);
        assert_harmless("standard error", &finished.err);
    }
    for (option, code) in [("--source", 1), ("--model", 1), ("--labels-file", 2)] {
        let nowhere = OsString::from_vec([b"nowhere ", NAMES[3], SOURCE].concat());
        let classify = workspace.classify();
        let classify = if option == "--labels-file" { classify.without("--labels") } else { classify };
        assert_harmless(option, &classify.with(option, nowhere).ends_with(code).err);
    }
}

#[test]
fn labels_are_shown_and_written_harmlessly() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let labels = workspace.write("labels.txt", "a \u{1b}[31m\u{202e}\nb \u{1b}[32m\u{9b}\n");
    for flag in ["--verbose", "--json"] {
        let finished = workspace.classify().labels_file(&labels).flag(flag).ends_with(0);
        assert_harmless("standard output", &finished.out);
        assert_harmless("standard error", &finished.err);
        assert_harmless("the table", &std::fs::read_to_string(workspace.destination().join("output.csv")).unwrap());
    }
}

#[test]
fn files_arrive_under_their_very_names() {
    for operation in ["copy", "move"] {
        let workspace = workspace();
        let named = |folder: PathBuf| -> BTreeSet<(OsString, String)> {
            sorted(folder).into_iter().map(|(path, hash)| (path.file_name().unwrap().to_owned(), hash)).collect()
        };
        let before = named(source(&workspace));
        let classify = workspace.classify().with("--source", source(&workspace)).with("--operation", operation);
        classify.with("--destination", destination(&workspace)).ends_with(0);
        assert_eq!(before.len(), NAMES.len());
        assert_eq!(named(destination(&workspace)), before, "{operation}");
    }
}

/// A path in an event: its bytes where they are given, which is where it is not UTF-8.
fn path_of(event: &Json, key: &str) -> PathBuf {
    let bytes = event.get(format!("{key}_bytes")).map(|bytes| decoded(bytes.as_str().unwrap()));
    let text = event[key].as_str().unwrap();
    assert!(bytes.as_ref().is_none_or(|bytes| bytes.to_str().is_none()), "{event}");
    bytes.unwrap_or_else(|| text.into()).into()
}

fn decoded(base64: &str) -> OsString {
    OsString::from_vec(BASE64_STANDARD.decode(base64).unwrap())
}

#[test]
fn json_has_the_real_paths() {
    let workspace = workspace();
    let events = sort(&workspace, Some("--json")).events();
    let sources = hashes(source(&workspace));
    let targets = sorted(destination(&workspace));
    for (kind, key, real) in
        [("picture", "path", &sources), ("transfer", "path", &sources), ("transfer", "destination", &targets)]
    {
        let mut named = BTreeMap::new();
        for event in of_kind(&events, kind) {
            named.insert(workspace.path(path_of(event, key)), event["sha256"].as_str().unwrap().to_owned());
        }
        assert_eq!(named, *real, "{kind} {key}");
    }
}

#[test]
fn the_table_has_the_real_paths_and_nothing_raw() {
    let workspace = workspace();
    sort(&workspace, None);
    let table = destination(&workspace).join("output.csv");
    assert_harmless("the table", &std::fs::read_to_string(&table).unwrap());
    let named = rows_of(&table).into_iter().map(|row| {
        let path = Path::new(&decoded(&row["path_bytes"])).to_owned();
        (workspace.path(path), row["sha256"].clone())
    });
    assert_eq!(named.collect::<BTreeMap<_, _>>(), hashes(source(&workspace)));
}
