//! The session from run to run: decisions, places, labels, and whose pictures they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::picture::PictureId;
use smart_image_sorter::domain::run::RunKind;
use smart_image_sorter::store::Session;
use smart_image_sorter::store::session::Which;

use crate::support::{Finished, Workspace, hashes, of_kind, picture, sha256, sorted, tree};

/// A workspace with some pictures sorted into the folders of labels `a` and `b`.
pub(crate) fn sorted_workspace(operation: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg", "x/3.jpg", "y/3.jpg"]);
    workspace.classify().with("--operation", operation).ends_with(0);
    workspace
}

pub(crate) fn summary(finished: &Finished) -> Json {
    of_kind(&finished.events(), "summary").next().unwrap().clone()
}

/// Decides as a person does in another process.
pub(crate) fn decide(workspace: &Workspace, name: &str, label: Option<&str>) {
    let mut session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let mut found = None;
    session
        .for_each_picture(None, Which::All, |picture| {
            if picture.shown.ends_with(name) {
                found = Some(picture.id);
            }
        })
        .unwrap();
    let picture: PictureId = found.expect(name);
    let decision = match label {
        Some(label) => Decision::Reassigned(session.label(label).unwrap()),
        None => Decision::NoneOfThese,
    };
    let step = Step { kind: StepKind::Decide, said: vec![(picture, Some(decision))] };
    session.decide(&step).unwrap();
}

/// The folder that a picture is sorted into, by the table.
pub(crate) fn folder_of(workspace: &Workspace, name: &str) -> String {
    let row = workspace.rows().into_iter().find(|row| row["image_name"].ends_with(name)).unwrap();
    let folder = Path::new(&row["destination"]).parent().and_then(Path::file_name);
    folder.map(|folder| folder.to_str().unwrap().to_owned()).unwrap_or_default()
}

pub(crate) fn other(label: &str) -> &'static str {
    if label == "a" { "b" } else { "a" }
}

#[test]
fn a_changed_mind_moves_the_target_and_nothing_else() {
    for operation in ["copy", "move"] {
        let workspace = sorted_workspace(operation);
        let source = tree(workspace.source());
        let before = sorted(workspace.destination());
        let from = folder_of(&workspace, "1.jpg");
        let to = other(&from);
        decide(&workspace, "1.jpg", Some(to));
        // A dry run says so and does nothing.
        let dry = summary(&workspace.sis_on_destination(&["apply", "--dry-run", "--json"]).ended_with(0));
        assert_eq!((&dry["planned"], &dry["in_place"]), (&json!(1), &json!(3)), "{dry}");
        assert_eq!(sorted(workspace.destination()), before);
        let applied = summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0));
        assert_eq!(applied["regrouped"], 1, "{applied}");
        let mut expected = before.clone();
        let hash = expected.remove(&workspace.destination().join(&from).join("1.jpg")).unwrap();
        expected.insert(workspace.destination().join(to).join("1.jpg"), hash);
        assert_eq!(sorted(workspace.destination()), expected);
        assert_eq!(tree(workspace.source()), source);
        assert_eq!(folder_of(&workspace, "1.jpg"), to);
        // No later classify undoes what a person decided.
        workspace.classify().with("--operation", operation).run();
        assert_eq!(sorted(workspace.destination()), expected);
        // The decision outlives an undo of what followed from it.
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert_eq!(sorted(workspace.destination()), before);
        workspace.sis_on_destination(&["apply"]).ended_with(0);
        assert_eq!(sorted(workspace.destination()), expected);
        workspace.sis_on_destination(&["verify"]).ended_with(0);
    }
}

#[test]
fn scores_that_are_not_known_leave_what_is_there() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().ends_with(0);
    let mut session = Session::open_to_work(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let (sorting, set) = session.sorting().unwrap().unwrap();
    let mut pictures = vec![];
    session
        .for_each_picture(Some(&set), Which::All, |found| pictures.push((found.id, found.picture.prediction)))
        .unwrap();
    assert!(pictures.iter().all(|(_, prediction)| prediction.is_some()));
    let run = session
        .begin_run(
            RunKind::Classify,
            None,
            Some((&sorting, &set)),
            smart_image_sorter::store::ledger::RunSettings::none(),
        )
        .unwrap();
    let width = set.labels.len();
    let mut known = vec![0.0; width];
    known[width - 1] = 1.0;
    session.put_scores(run, &set, &[(pictures[0].0, vec![f32::NAN; width]), (pictures[1].0, known)]).unwrap();
    let mut now = vec![];
    session.for_each_picture(Some(&set), Which::All, |found| now.push(found.picture.prediction)).unwrap();
    assert_eq!(now[0], pictures[0].1);
    assert_eq!(now[1].as_ref().map(|prediction| prediction.label), Some(width - 1));
}

#[test]
fn a_source_of_any_name_is_found_again() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    let session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    assert_eq!(Path::new(&session.origin().unwrap().unwrap().source), workspace.source());
    let name = Path::new("a \u{1b}[31m source");
    let kept = smart_image_sorter::store::session::absolute_source(name);
    assert!(kept.is_absolute() && kept.ends_with(name), "{kept:?}");
}

#[test]
fn a_label_that_is_renamed_is_so_in_the_ledger_too() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    workspace.classify().ends_with(0);
    let mut session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let (sorting, _) = session.sorting().unwrap().unwrap();
    let text = sorting.labels[0].text.clone();
    session.rename_label(&[&text], "another text").unwrap();
    session.rename_label(&["no such label"], "x").unwrap();
    drop(session);
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    let renames: Vec<&str> = ledger.lines().filter(|line| line.contains("\"rename\"")).collect();
    assert!(renames.len() == 1 && renames[0].contains("another text"), "{renames:?}");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn none_of_these_stays_where_it_is_and_is_never_sorted() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    workspace.classify().with("--threshold", "1").ends_with(0);
    assert!(sorted(workspace.destination()).is_empty());
    decide(&workspace, "1.jpg", None);
    workspace.sis_on_destination(&["apply", "--threshold", "0"]).ended_with(0);
    assert_eq!(sorted(workspace.destination()).into_values().collect::<Vec<_>>(), [sha256(picture(1))]);
    let rows = workspace.rows();
    assert_eq!((rows[0]["status"].as_str(), rows[0]["decision"].as_str()), ("none of these", "none of these"));
}

#[test]
fn two_pictures_in_one_file_part_when_one_is_decided_otherwise() {
    let workspace = Workspace::new();
    for folder in ["x", "y"] {
        workspace.write(format!("source/{folder}/same.jpg"), picture(0));
    }
    workspace.classify().ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 1);
    let from = folder_of(&workspace, "x/same.jpg");
    for (name, files) in [("x/same.jpg", 2), ("y/same.jpg", 1)] {
        decide(&workspace, name, Some(other(&from)));
        workspace.sis_on_destination(&["apply"]).ended_with(0);
        assert_eq!(sorted(workspace.destination()).len(), files, "{name}");
        assert_eq!(folder_of(&workspace, name), other(&from));
        workspace.sis_on_destination(&["verify"]).ended_with(0);
    }
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
    assert_eq!(hashes(workspace.source()).len(), 2);
}

#[test]
fn a_removed_label_moves_nothing_and_says_what_it_would() {
    let workspace = sorted_workspace("copy");
    let before = sorted(workspace.destination());
    let finished = workspace.classify().with("--labels", "c, d").ends_with(0);
    assert!(finished.out.contains("4 pictures stay where an earlier run put them"), "{}", finished.out);
    assert!(finished.out.contains("--resort"), "{}", finished.out);
    assert_eq!(sorted(workspace.destination()), before);
    workspace.sis_on_destination(&["apply", "--resort"]).ended_with(0);
    let after = sorted(workspace.destination());
    let folders: Vec<_> = after.keys().map(|path| path.parent().unwrap().file_name().unwrap().to_owned()).collect();
    assert!(after.len() == 4 && folders.iter().all(|folder| folder == "c" || folder == "d"), "{folders:?}");
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(sorted(workspace.destination()), before);
}

#[test]
fn one_at_a_time_works_and_all_arrive() {
    let workspace = Workspace::new();
    let sources: Vec<PathBuf> = (0..4).map(|source| workspace.path(format!("source-{source}"))).collect();
    for (number, source) in sources.iter().enumerate() {
        for name in 0..30 {
            workspace.write(source.join(format!("{name}.jpg")), picture(100 * number + name));
        }
    }
    // All at once, for as long as one of them finds another at work.
    let mut waiting = sources;
    let mut was_busy = false;
    while !waiting.is_empty() {
        let runs: Vec<_> = waiting
            .drain(..)
            .map(|source| {
                let mut command = workspace.classify().with("--source", &source).with("--operation", "move").command();
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
                (source, command.spawn().unwrap())
            })
            .collect();
        for (source, run) in runs {
            let output = run.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            match output.status.code() {
                Some(0) => assert!(hashes(&source).is_empty()),
                Some(1) => {
                    assert!(said.contains("Another sis is at work"), "{said}");
                    was_busy = true;
                    waiting.push(source);
                }
                code => panic!("{code:?}: {said}"),
            }
        }
    }
    assert!(was_busy, "no two of them met");
    assert_eq!(sorted(workspace.destination()).len(), 120);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn what_is_no_session_is_said() {
    let workspace = Workspace::new();
    for command in [&["verify"][..], &["undo"], &["apply"], &["apply", "--dry-run"]] {
        let finished = workspace.sis_on_destination(command).ended_with(2);
        assert!(finished.err.contains("has no session"), "{command:?}: {}", finished.err);
        assert!(!workspace.destination().exists());
    }
    for (content, said) in [("not a database, but long enough to be one", "cannot be used"), ("", "")] {
        workspace.write("destination/.sis/session.db", content);
        workspace.write_pictures(["1.jpg"]);
        let finished = workspace.classify().run();
        assert_eq!(finished.code, i32::from(!said.is_empty()), "{}", finished.err);
        assert!(finished.err.contains(said) && !finished.err.contains("panicked"), "{}", finished.err);
        std::fs::remove_dir_all(workspace.destination()).unwrap();
    }
}

#[test]
fn a_case_folder_can_be_handed_on() {
    let workspace = sorted_workspace("move");
    let elsewhere = workspace.path("handed on");
    std::fs::rename(workspace.destination(), &elsewhere).unwrap();
    let verified = workspace.sis(["verify".as_ref(), "--destination".as_ref(), elsewhere.as_os_str()]);
    assert!(verified.ended_with(0).out.contains("4 files are whole"));
    workspace.sis(["undo".as_ref(), "--destination".as_ref(), elsewhere.as_os_str()]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 4);
}

#[test]
fn a_classify_that_found_nothing_changes_no_plan() {
    let workspace = sorted_workspace("copy");
    let before = sorted(workspace.destination());
    workspace.write("odd/1.jpg", "no picture");
    workspace.classify().with("--labels", "c, d").with("--source", workspace.path("odd")).ends_with(3);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    workspace.sis_on_destination(&["apply"]).ended_with(3);
    assert_eq!(sorted(workspace.destination()), before);
}

#[test]
fn session_hostile_does_nothing_unless_trusted() {
    let workspace = sorted_workspace("move");
    let victim = workspace.write("victim", "mine");
    let ledger = workspace.destination().join(".sis/ledger.jsonl");
    let kept = std::fs::read(&ledger).unwrap();
    std::fs::remove_file(&ledger).unwrap();
    std::os::unix::fs::symlink(&victim, &ledger).unwrap();
    workspace.meddle("INSERT INTO ledger_lines VALUES (999, 'evil'); UPDATE ledger SET written = 0");
    for command in [&["verify"][..], &["undo"], &["apply"]] {
        assert_ne!(workspace.sis_on_destination(command).code, 0);
        assert_eq!(std::fs::read(&victim).unwrap(), b"mine", "{command:?}");
    }
    std::fs::remove_file(&ledger).unwrap();
    std::fs::write(&ledger, kept).unwrap();
    workspace.meddle("DELETE FROM ledger_lines");
    // Another user: their files say nothing of this session.
    std::fs::remove_file(workspace.home().join("data/sis/secret")).unwrap();
    let before = tree(workspace.root());
    for command in [&["undo"][..], &["apply"]] {
        let finished = workspace.sis_on_destination(command).ended_with(2);
        assert!(finished.err.contains("--trust"), "{}", finished.err);
    }
    assert_eq!(hashes(workspace.source()), BTreeMap::new());
    assert_eq!(before.len(), tree(workspace.root()).len());
    workspace.sis_on_destination(&["undo", "--trust"]).ended_with(0);
    assert_eq!(hashes(workspace.source()).len(), 4);
    workspace.sis_on_destination(&["undo", "--run", "3"]).ended_with(0);
}

#[test]
fn a_file_that_was_there_before_is_never_moved() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let theirs = ["a", "b"].map(|label| workspace.write(format!("destination/{label}/1.jpg"), picture(0)));
    workspace.classify().ends_with(0);
    for _ in 0..2 {
        workspace.classify().with("--labels", "c, d").flag("--resort").ends_with(0);
        assert!(theirs.iter().all(|path| path.exists()));
        assert_eq!(sorted(workspace.destination()).len(), 3);
        workspace.sis_on_destination(&["undo"]).ended_with(0);
    }
    assert_eq!(sorted(workspace.destination()).len(), 2);
}

#[test]
fn one_folder_by_two_spellings_holds_the_same_pictures() {
    let workspace = sorted_workspace("copy");
    let before = sorted(workspace.destination());
    std::os::unix::fs::symlink(workspace.source(), workspace.path("link")).unwrap();
    for spelling in ["source", "./source/../source", "link"] {
        workspace.classify().with("--source", spelling).ends_with(0);
        assert_eq!(sorted(workspace.destination()), before, "{spelling}");
        assert_eq!(workspace.rows().len(), 4, "{spelling}");
    }
}

#[test]
fn path_with_new_content_forgets_what_was_untouched() {
    let workspace = Workspace::new();
    workspace.write("source/1.jpg", "");
    workspace.write_pictures(["2.jpg"]);
    workspace.classify().ends_with(3);
    workspace.write("source/1.jpg", picture(5));
    workspace.classify().ends_with(0);
    workspace.sis_on_destination(&["apply"]).ended_with(0);
    assert_eq!(workspace.rows().len(), 2);
    // Sorted, then replaced: both have happened.
    workspace.write("source/1.jpg", picture(6));
    workspace.classify().ends_with(0);
    assert_eq!((workspace.rows().len(), sorted(workspace.destination()).len()), (3, 3));
}

#[test]
fn what_belongs_nowhere_any_more_is_said() {
    let workspace = sorted_workspace("copy");
    let before = sorted(workspace.destination());
    let finished = workspace.classify().with("--threshold", "1").ends_with(0);
    assert!(finished.out.contains("4 pictures stay where an earlier run put them"), "{}", finished.out);
    assert_eq!(sorted(workspace.destination()), before);
}

#[test]
fn a_file_beside_somebody_elses_twins_has_one_place_in_the_end() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg"]);
    let before = hashes(workspace.source());
    workspace.classify().ends_with(0);
    for label in ["c", "d"] {
        workspace.write(format!("destination/{label}/1.jpg"), picture(0));
    }
    // Ended between finding its content there and putting it beside that.
    let mut command = workspace.classify().with("--labels", "c, d").flag("--resort").command();
    command.env("SIS_CRASH_AT", "planned:2").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    assert_eq!(command.status().unwrap().code(), None);
    workspace.classify().with("--labels", "c, d").flag("--resort").ends_with(0);
    assert_eq!(sorted(workspace.destination()).len(), 3, "{:?}", sorted(workspace.destination()));
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert_eq!(hashes(workspace.source()), before);
    assert_eq!(sorted(workspace.destination()).len(), 2, "theirs stay: {:?}", sorted(workspace.destination()));
}
