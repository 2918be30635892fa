//! Labels as people write them, in a list or in a file.

use std::process::Stdio;

use crate::session::decide;
use crate::support::Workspace;

fn with_a_picture() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace
}

#[test]
fn a_label_is_the_same_label_however_it_is_written() {
    let workspace = with_a_picture();
    let list = workspace.classify().with("--labels", "place = a map | a plan, a chart").scores();
    assert_eq!(list.keys().collect::<Vec<_>>(), ["place", "a chart"]);
    let lines = "# my labels\nplace = a map | a plan,\r\n\n# the rest\na chart,\n";
    let utf_16: Vec<u8> = format!("\u{feff}{lines}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, content) in [("plain.txt", lines.as_bytes()), ("windows.txt", &utf_16)] {
        assert_eq!(workspace.classify().labels_file(workspace.write(name, content)).scores(), list, "{name}");
    }
}

#[test]
fn labels_come_through_standard_input() {
    let workspace = with_a_picture();
    let input = workspace.write("given.txt", "a map\na chart\n");
    let mut command = workspace.classify().labels_file("-").command();
    command.stdin(std::fs::File::open(input).unwrap());
    // Not by assert_cmd, which gives a program a standard input of its own.
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(workspace.rows()[0]["label"], "a map");
    // Through a pipe, bit by bit.
    let mut command = workspace.classify().labels_file("-").flag("--dry-run").flag("--json").command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for piece in ["a ma", "p\na ch", "art\na cat"] {
        std::io::Write::write_all(&mut pipe, piece.as_bytes()).unwrap();
    }
    drop(pipe);
    let printed = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(printed.contains(r#""counts":{"a map":"#) && printed.contains(r#""a cat":"#), "{printed}");
}

#[test]
fn quotes_and_a_list_in_json_are_how_people_paste_labels() {
    let workspace = with_a_picture();
    let scores = |content: &str| workspace.classify().labels_file(workspace.write("labels", content)).scores();
    let plain = scores("a gun\na map");
    assert_eq!(plain.keys().collect::<Vec<_>>(), ["a gun", "a map"]);
    for content in
        ["\"a gun\"\n'a map',\n", "[\"a gun\", \"a map\"]", "[\n  \"a  gun\",\n  \"a map\"\n]\n", "a\t gun\n«a map»"]
    {
        assert_eq!(scores(content), plain, "{content}");
    }
    let list = workspace.classify().with("--labels", "[\"a gun\", \"a map\"]").scores();
    assert_eq!(list, plain);
    let faulty = workspace.write("labels", "[\n\"a gun\",\n'a map'\n]");
    let said = workspace.classify().labels_file(faulty).ends_with(2).err;
    assert!(said.contains("line 3, column 1 is not as in a list"), "{said}");
}

#[test]
fn label_kept_with_quotes_equals_one_without() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    // As labels were kept that were read to the letter.
    let before = workspace.write("before", "\\\"a gun\"\na\\ \\ map");
    workspace.classify().labels_file(before).with("--threshold", "1").ends_with(0);
    decide(&workspace, "1.jpg", Some("\"a gun\""));
    decide(&workspace, "2.jpg", Some("a  map"));
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    let now = workspace.write("now", "\"a gun\"\na  map");
    let again = workspace.classify().labels_file(now).with("--threshold", "1").ends_with(0);
    // Nothing is moved, and what was decided is so for the same labels.
    assert!(again.out.contains("1  a gun") && again.out.contains("1  a map"), "{}", again.out);
    for (row, (label, folder)) in workspace.rows().iter().zip([("a gun", "_a gun_"), ("a map", "a  map")]) {
        assert_eq!((row["label"].as_str(), row["decision"].as_str()), (label, "reassigned"), "{row:?}");
        assert!(row["destination"].contains(folder) && workspace.destination().join(folder).is_dir(), "{row:?}");
    }
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn nothing_in_standard_input_is_no_labels() {
    let workspace = with_a_picture();
    let output = workspace.classify().labels_file("-").command().stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("0 labels"));
}
