//! A finer sort inside a label: nested folders, what they are told as, and the way back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value as Json, json};
use smart_image_sorter::backend::{Event, Order};
use smart_image_sorter::crash::{MOMENTS, VARIABLE};
use smart_image_sorter::domain::decision::Decision;
use smart_image_sorter::domain::history::{Step, StepKind};
use smart_image_sorter::domain::label::Label;
use smart_image_sorter::store::Session;
use smart_image_sorter::store::session::{Sorting, Which};

use crate::session::summary;
use crate::support::{Finished, Workspace, hashes, of_kind, picture, sorted, tree};
use crate::watch::Watching;
use crate::working::{Working, settings};

const PICTURES: [&str; 8] = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg", "x/7.jpg", "x/8.jpg"];

/// Pictures sorted by the labels `a` and `b`, and the label that most of them have.
fn sorted_workspace(operation: &str) -> (Workspace, String) {
    let workspace = Workspace::new();
    workspace.write_pictures(PICTURES);
    let report = summary(&workspace.classify().with("--operation", operation).flag("--json").ends_with(0));
    let count = |label: &str| report["counts"][label].as_u64().unwrap();
    let most = if count("a") >= count("b") { "a" } else { "b" };
    assert!(count(most) >= 2, "{report}");
    (workspace, most.to_owned())
}

/// `sis classify --within`, every picture to the label inside that suits it best.
fn narrow(workspace: &Workspace, within: &str, labels: &str, more: &[&str]) -> Finished {
    let usual = ["classify", "--within", within, "--labels", labels, "--threshold", "0", "--margin", "0", "--json"];
    workspace.sis_on_destination(&[&usual[..], more].concat())
}

/// How many files each folder of the destination has, by its path.
fn by_folder(workspace: &Workspace) -> BTreeMap<String, usize> {
    let destination = workspace.destination();
    let mut folders = BTreeMap::new();
    for path in sorted(&destination).into_keys() {
        let folder = path.parent().unwrap().strip_prefix(&destination).unwrap().to_str().unwrap().to_owned();
        *folders.entry(folder).or_insert(0) += 1;
    }
    folders
}

fn content(workspace: &Workspace) -> Vec<String> {
    let mut content: Vec<String> = sorted(workspace.destination()).into_values().collect();
    content.sort();
    content
}

/// The only other label of the two at the root.
fn other(label: &str) -> &str {
    if label == "a" { "b" } else { "a" }
}

/// Decides of the picture of a name as a person does in another process.
fn decide(workspace: &Workspace, name: &str, decision: impl Fn(&mut Session) -> Decision) {
    let mut session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let mut found = None;
    let note = |picture: smart_image_sorter::store::session::SessionPicture| {
        found = found.or(picture.shown.ends_with(name).then_some(picture.id));
    };
    session.for_each_picture(None, Which::All, note).unwrap();
    let said = vec![(found.expect(name), Some(decision(&mut session)))];
    session.decide(&Step { kind: StepKind::Decide, said }).unwrap();
}

/// The rows of the table, label and destination by the name of the picture.
fn told(workspace: &Workspace) -> BTreeMap<String, (String, PathBuf)> {
    let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    let rows = workspace.rows().into_iter();
    rows.map(|row| (name(&row["image_name"]), (row["label"].clone(), row["destination"].clone().into()))).collect()
}

#[test]
fn a_label_is_sorted_inside_to_any_depth_and_taken_back_step_by_step() {
    for operation in ["copy", "move"] {
        let (workspace, label) = sorted_workspace(operation);
        let (source, at_the_root) = (tree(workspace.source()), tree(workspace.destination()));
        let before = content(&workspace);
        let pictures = by_folder(&workspace)[&label];

        let finished = narrow(&workspace, &label, "c, d e", &[]).ended_with(0);
        let report = summary(&finished);
        let (c, d) = (format!("{label}/c"), format!("{label}/d e"));
        let counts = report["counts"].as_object().unwrap();
        assert_eq!(counts.keys().collect::<Vec<_>>(), [&label, &c, &d], "no label but those inside is told");
        let [own, in_c, in_d] = [&label, &c, &d].map(|label| counts[label].as_u64().unwrap() as usize);
        assert_eq!((own, in_c + in_d), (0, pictures));
        assert_eq!((&report["pictures"], &report["regrouped"]), (&json!(pictures), &json!(pictures)));
        assert_eq!(report["remembered"], json!(pictures), "no picture went through the model again: {report}");
        // A line for each picture, the label by its path.
        let events = finished.events();
        let lines: Vec<&Json> = of_kind(&events, "picture").collect();
        assert_eq!(lines.len(), pictures);
        for line in lines {
            assert!([&c, &d].iter().any(|label| line["label"] == json!(label)), "{line}");
            assert_eq!(line["scores"].as_object().unwrap().len(), 2, "{line}");
        }
        let folders = by_folder(&workspace);
        assert_eq!(folders.get(&label), None);
        assert_eq!((folders.get(&c).copied().unwrap_or(0), folders.get(&d).copied().unwrap_or(0)), (in_c, in_d));
        assert_eq!(content(&workspace), before, "the same files, elsewhere");
        assert_eq!(tree(workspace.source()), source);
        for (name, (told_label, place)) in told(&workspace) {
            let folder = place.parent().unwrap().strip_prefix(workspace.destination()).unwrap();
            assert_eq!(Path::new(&told_label), folder, "{name}");
        }
        let sums = std::fs::read_to_string(workspace.destination().join("SHA256SUMS")).unwrap();
        assert_eq!(sums.lines().filter(|line| line.contains(&format!("  {label}/"))).count(), pictures);
        workspace.sis_on_destination(&["verify"]).ended_with(0);

        // Once more, inside the label that has more of them.
        let inner = if in_c >= in_d { &c } else { &d };
        let inside = tree(workspace.destination());
        narrow(&workspace, inner, "f, g", &[]).ended_with(0);
        let deep = by_folder(&workspace);
        let moved: usize =
            deep.iter().filter(|(folder, _)| folder.starts_with(&format!("{inner}/"))).map(|(_, count)| count).sum();
        assert_eq!((moved, deep.get(inner)), (in_c.max(in_d), None), "{deep:?}");
        assert_eq!(content(&workspace), before);
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        // Nothing is left to do, for an apply and for the same command.
        assert_eq!(summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0))["planned"], 0);
        assert_eq!(summary(&narrow(&workspace, inner, "f, g", &[]).ended_with(0))["planned"], 0);

        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert_eq!(files(tree(workspace.destination())), files(inside), "and the folders of the second are gone");
        workspace.sis_on_destination(&["undo"]).ended_with(0);
        assert_eq!(files(tree(workspace.destination())), files(at_the_root));
        workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
        assert!(sorted(workspace.destination()).is_empty());
        assert_eq!(hashes(workspace.source()).len(), PICTURES.len());
        workspace.sis_on_destination(&["verify"]).ended_with(0);
    }
}

/// Pictures and folders of a tree, without the tables, which tell of what happened.
fn files<T>(tree: BTreeMap<PathBuf, T>) -> Vec<PathBuf> {
    let is_own = |path: &PathBuf| {
        path.iter().any(|part| part == ".sis") || path.ends_with("output.csv") || path.ends_with("SHA256SUMS")
    };
    tree.into_keys().filter(|path| !is_own(path)).collect()
}

#[test]
fn pictures_that_are_unsure_inside_keep_the_folder_of_their_label() {
    let (workspace, label) = sorted_workspace("copy");
    let before = by_folder(&workspace);
    let unsure = ["classify", "--within", &label, "--labels", "c, d", "--threshold", "1", "--json"];
    let report = summary(&workspace.sis_on_destination(&unsure).ended_with(0));
    let pictures = before[&label];
    assert_eq!(report["counts"][&label], json!(pictures), "{report}");
    assert_eq!((&report["unsure_inside"], &report["unsure"]), (&json!(pictures), &json!(0)));
    assert_eq!((&report["planned"], &report["in_place"]), (&json!(0), &json!(pictures)));
    assert_eq!(by_folder(&workspace), before);
    // What a person says of them is obeyed, and no later run undoes it.
    let [one, two] = [0, 1].map(|at| {
        let of_label = told(&workspace).into_iter().filter(|(_, (told, _))| *told == label);
        of_label.map(|(name, _)| name).nth(at).unwrap()
    });
    decide(&workspace, &one, |session| Decision::Reassigned(session.label_at(&[&label, "c"]).unwrap().unwrap()));
    decide(&workspace, &two, |session| Decision::NoneInside(session.label(&label).unwrap()));
    assert_eq!(summary(&workspace.sis_on_destination(&["apply", "--json"]).ended_with(0))["regrouped"], 1);
    narrow(&workspace, &label, "c, d", &[]).ended_with(0);
    workspace.classify().ends_with(0);
    let rows = told(&workspace);
    let folder = |name: &str| rows[name].1.parent().unwrap().strip_prefix(workspace.destination()).unwrap().to_owned();
    assert_eq!((folder(&one), rows[&one].0.as_str()), (Path::new(&label).join("c"), format!("{label}/c").as_str()));
    assert_eq!((folder(&two), &rows[&two].0), (PathBuf::from(&label), &label));
    assert_eq!(by_folder(&workspace)[&label], 1, "all others are sure now");
}

#[test]
fn a_dry_run_inside_a_label_writes_nothing() {
    let (workspace, label) = sorted_workspace("copy");
    let before = (tree(workspace.source()), tree(workspace.destination()));
    let report = summary(&narrow(&workspace, &label, "c, d", &["--dry-run"]).ended_with(0));
    assert_eq!(report["planned"], report["pictures"]);
    assert_eq!((tree(workspace.source()), tree(workspace.destination())), before);
}

#[test]
fn what_cannot_be_sorted_inside_is_said_and_nothing_is_done() {
    let (workspace, label) = sorted_workspace("copy");
    let before = tree(workspace.destination());
    let long = format!("{} = c, {} = d", "x".repeat(90), "y".repeat(90));
    for (within, labels, words) in [
        ("nowhere", "c, d", "There is no label “nowhere” in this destination. The labels are: “a”, “b”."),
        ("c", "e, f", "There is no label “c”"),
        (label.as_str(), "c, C", "differ in nothing but capitals or accents"),
        (label.as_str(), "c, c", "is there twice"),
        (label.as_str(), "c", "at least two are needed"),
    ] {
        let finished = narrow(&workspace, within, labels, &[]).ended_with(2);
        assert!(finished.err.contains(words), "{within}: {}", finished.err);
    }
    let widened = workspace.sis_on_destination(&["classify", "--within", &label, "--widen"]).ended_with(2);
    assert!(widened.err.contains("has no finer sort inside"), "{}", widened.err);
    let empty = workspace.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let arguments = ["classify", "--within", "a", "--labels", "c, d", "--destination", empty.to_str().unwrap()];
    let finished = workspace.sis(arguments).ended_with(2);
    assert!(finished.err.contains("has no session"), "{}", finished.err);
    assert!(tree(&empty).is_empty());
    assert_eq!(files(tree(workspace.destination())), files(before));

    // To any depth, as far as a path may go.
    let mut at = label;
    let refused = loop {
        let finished = narrow(&workspace, &at, &long, &[]);
        if finished.code == 2 {
            break finished;
        }
        assert_eq!(finished.code, 0, "{}", finished.err);
        at = format!("{at}/{}", "x".repeat(90));
        assert!(at.len() < 5000);
    };
    assert!(refused.err.contains("would be longer than this system takes"), "{}", refused.err);
    assert!(at.len() > 800);
}

#[test]
fn a_new_picture_is_sorted_inside_too_and_a_widened_label_takes_its_own_back() {
    let (workspace, label) = sorted_workspace("copy");
    narrow(&workspace, &label, "c, d", &[]).ended_with(0);
    for number in 20..26 {
        workspace.write(format!("source/{number}.jpg"), picture(number));
    }
    let finished = workspace.classify().ends_with(0);
    assert!(finished.err.contains("scored for the labels inside"), "{}", finished.err);
    let folders = by_folder(&workspace);
    assert_eq!(folders.get(&label), None, "{folders:?}");
    let before = content(&workspace);
    let widen = ["classify", "--within", &label, "--widen", "--resort", "--json"];
    let report = summary(&workspace.sis_on_destination(&widen).ended_with(0));
    assert_eq!(report["counts"].as_object().unwrap().len(), 1, "{report}");
    let inside = |folder: &str| folder.contains('/');
    assert!(!by_folder(&workspace).keys().any(|folder| inside(folder)), "{:?}", by_folder(&workspace));
    assert_eq!(content(&workspace), before);
    // Not sorted inside again by itself.
    let report = summary(&workspace.classify().flag("--json").ends_with(0));
    assert_eq!((&report["planned"], report["counts"].as_object().unwrap().len()), (&json!(0), 2), "{report}");
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn pictures_whose_embeddings_are_gone_are_embedded_from_where_they_are() {
    let (workspace, label) = sorted_workspace("move");
    let pictures = by_folder(&workspace)[&label];
    workspace.sis(["cache", "clear"]).ended_with(0);
    let report = summary(&narrow(&workspace, &label, "c, d", &[]).ended_with(0));
    assert_eq!((&report["pictures"], &report["remembered"]), (&json!(pictures), &json!(0)), "{report}");
    assert_eq!(by_folder(&workspace).get(&label), None);
    assert!(by_folder(&workspace).contains_key(other(&label)) || pictures == PICTURES.len());
    workspace.sis_on_destination(&["verify"]).ended_with(0);
}

#[test]
fn a_session_that_was_made_anew_is_sorted_inside_as_before() {
    let (workspace, label) = sorted_workspace("copy");
    narrow(&workspace, &label, "c, d", &[]).ended_with(0);
    let before = sorted(workspace.destination());
    std::fs::remove_file(workspace.destination().join(".sis/session.db")).unwrap();
    workspace.sis_on_destination(&["repair", "--trust"]).ended_with(0);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    let report = summary(&workspace.classify().flag("--json").ends_with(0));
    assert_eq!((&report["planned"], &report["left"]), (&json!(0), &json!(0)), "{report}");
    assert_eq!(sorted(workspace.destination()), before);
    workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
    assert!(sorted(workspace.destination()).is_empty());
}

#[test]
fn a_watch_puts_arrivals_into_their_outermost_label_and_leaves_what_lies_inside() {
    let (workspace, label) = sorted_workspace("copy");
    narrow(&workspace, &label, "c, d", &[]).ended_with(0);
    let before = sorted(workspace.destination());
    let mut watching = Watching::start(&workspace, &["--apply"]);
    for number in 30..36 {
        workspace.write(format!("source/{number}.jpg"), picture(number));
    }
    watching.wait_until("every arrival is sorted", |events| of_kind(events, "transfer").count() == 6);
    watching.end();
    let after = sorted(workspace.destination());
    let arrived: Vec<PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).cloned().collect();
    assert_eq!((after.len(), arrived.len()), (before.len() + 6, 6), "nothing was brought back");
    assert!(
        arrived.iter().all(|path| path.parent().unwrap().parent() == Some(&workspace.destination())),
        "{arrived:?}"
    );
    // The next classify sorts them further.
    let of_label = arrived.iter().filter(|path| path.starts_with(workspace.destination().join(&label))).count();
    let report = summary(&workspace.classify().flag("--json").ends_with(0));
    assert_eq!(report["regrouped"], json!(of_label), "{report}");
    assert_eq!(by_folder(&workspace).get(&label), None);
}

#[test]
fn a_finer_sort_that_is_killed_at_any_moment_is_finished_or_taken_back() {
    for (_, moment) in MOMENTS {
        let (workspace, label) = sorted_workspace("move");
        let (before, source) = (content(&workspace), tree(workspace.source()));
        let mut command = workspace.program();
        command.args(["classify", "--within", &label, "--labels", "c, d", "--threshold", "0", "--margin", "0"]);
        command.arg("--destination").arg(workspace.destination()).env(VARIABLE, moment);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap();
        let whole = |when: &str| {
            let there: BTreeSet<String> = hashes(workspace.destination()).into_values().collect();
            assert!(before.iter().all(|hash| there.contains(hash)), "{moment}, {when}: a picture is lost");
        };
        whole("killed");
        narrow(&workspace, &label, "c, d", &[]).ended_with(0);
        assert_eq!(content(&workspace), before, "{moment}");
        assert_eq!(by_folder(&workspace).get(&label), None, "{moment}");
        workspace.sis_on_destination(&["verify"]).ended_with(0);
        workspace.sis_on_destination(&["undo", "--all"]).ended_with(0);
        assert_eq!(tree(workspace.source()).len(), source.len() + PICTURES.len(), "{moment}");
        assert!(sorted(workspace.destination()).is_empty(), "{moment}");
        assert!(!workspace.destination().join(&label).exists(), "{moment}");
    }
}

#[test]
fn what_the_app_sorts_inside_a_label_is_planned_and_known_again() {
    let (workspace, label) = sorted_workspace("copy");
    let before = content(&workspace);
    let pictures = by_folder(&workspace)[&label];
    let session = Session::open_to_review(&workspace.destination(), &workspace.known_sessions()).unwrap();
    let mut scores = Vec::new();
    let of_label = |picture: smart_image_sorter::store::session::SessionPicture| {
        let is_of_label = picture.place.is_some_and(|place| place.folder == label);
        scores.extend(is_of_label.then_some((picture.id, vec![0.9, 0.1])));
    };
    session.for_each_picture(None, Which::All, of_label).unwrap();
    drop(session);
    let root = Sorting::from(&settings(&workspace));
    let inside = Sorting { labels: ["c/e", "d"].map(Label::named).to_vec(), ..root.clone() };
    let destination = workspace.destination();
    let mut app = Working::start(&workspace);
    app.backend.send(Order::Open { destination: destination.clone() });
    app.wait_for("the pictures", |event| matches!(event, Event::Scorable { .. } | Event::NotScorable { .. }));
    let narrow = Order::Narrow {
        destination: destination.clone(),
        within: label.clone(),
        sorting: Box::new(inside.clone()),
        scores: scores.clone(),
    };
    app.backend.send(narrow.clone());
    assert_eq!(app.plan(&workspace, &root), pictures);
    app.backend.send(Order::Apply { destination: destination.clone(), table: "output.csv".into() });
    app.wait_for("the moves", |event| matches!(event, Event::Applied { .. } | Event::Failed { .. }));
    assert_eq!(by_folder(&workspace).get(&format!("{label}/c_e")), Some(&pictures), "{:?}", by_folder(&workspace));
    assert_eq!(content(&workspace), before);
    let rows = told(&workspace);
    assert_eq!(rows.values().filter(|(told, _)| *told == format!("{label}/\"c/e\"")).count(), pictures);
    // The same again is no other run, and is there in the next start.
    app.backend.send(narrow);
    assert_eq!(app.plan(&workspace, &root), 0);
    drop(app);
    let mut app = Working::start(&workspace);
    app.backend.send(Order::Open { destination });
    app.wait_for("the labels inside", |event| matches!(event, Event::Inside { .. }));
    let Some(Event::Inside { labels }) = app.events.last() else { panic!("it is the last") };
    assert_eq!(labels, &[(label.clone(), inside)]);
    let ledger = std::fs::read_to_string(workspace.destination().join(".sis/ledger.jsonl")).unwrap();
    assert_eq!(ledger.lines().filter(|line| line.contains("\"within\"")).count(), 1);
    drop(app);
    workspace.sis_on_destination(&["verify"]).ended_with(0);
    workspace.sis_on_destination(&["undo"]).ended_with(0);
    assert_eq!(by_folder(&workspace).get(&label), Some(&pictures));
}
