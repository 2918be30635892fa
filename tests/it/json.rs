//! `--json`: what scripts rely on.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::{Workspace, fixtures, hashes, of_kind, sha256};

const LABELS: [&str; 3] = ["a cat", "maps, plans", "c"];

/// Two good pictures, one cut off, one that is none, and a text.
fn mixed() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "sub/2.jpg"]);
    let whole = std::fs::read(fixtures().join("pictures/baseline-444.jpg")).unwrap();
    workspace.write("source/cut.jpg", &whole[..whole.len() / 2]);
    workspace.write("source/empty.png", "");
    workspace.write("source/notes.txt", "nothing to see");
    workspace
}

fn events(workspace: &Workspace, code: i32) -> Vec<Json> {
    let classify = workspace.classify().with("--labels", r#"a cat, "maps, plans", c"#).flag("--json");
    classify.ends_with(code).events()
}

fn has_keys(event: &Json, keys: &[&str]) {
    assert!(event.is_object(), "{event}");
    for key in keys {
        assert!(event.get(*key).is_some(), "no {key} in {event}");
    }
}

#[test]
fn nothing_but_events_in_order() {
    let events = events(&mixed(), 3);
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = [["picture"; 4].as_slice(), &["transfer"; 2], &["summary"]].concat();
    assert_eq!(kinds, expected);
}

#[test]
fn every_picture_has_its_event() {
    let workspace = mixed();
    let source = hashes(workspace.source());
    let events = events(&workspace, 3);
    let mut statuses = vec![];
    for event in of_kind(&events, "picture") {
        has_keys(event, &["path", "sha256", "status"]);
        let path = Path::new(event["path"].as_str().unwrap());
        assert_eq!(event["sha256"].as_str(), Some(source[path].as_str()), "{event}");
        statuses.push((path.file_name().unwrap().to_str().unwrap(), event["status"].as_str().unwrap()));
        match event["status"] == "unreadable" {
            true => assert!(event["reason"].is_string() && event.get("scores").is_none(), "{event}"),
            false => check_scores(event),
        }
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [("1.jpg", "ok"), ("2.jpg", "ok"), ("cut.jpg", "suspect"), ("empty.png", "unreadable")]);
}

/// A score for each label, in their order; the best is named; together they are one.
fn check_scores(event: &Json) {
    has_keys(event, &["label", "score", "scores", "unsure"]);
    let scores = event["scores"].as_object().unwrap();
    assert_eq!(scores.keys().collect::<Vec<_>>(), LABELS, "{event}");
    let values = scores.values().map(|score| score.as_f64().unwrap());
    assert!((values.clone().sum::<f64>() - 1.0).abs() < 1e-5, "{event}");
    let best = values.fold(0.0, f64::max);
    assert_eq!(event["score"].as_f64(), Some(best), "{event}");
    assert_eq!(scores[event["label"].as_str().unwrap()].as_f64(), Some(best), "{event}");
    assert_eq!(event["unsure"], false, "{event}");
}

#[test]
fn scores_have_all_the_digits_of_single_precision() {
    let events = events(&mixed(), 3);
    let scores = of_kind(&events, "picture").filter_map(|event| event["scores"].as_object());
    let numbers: Vec<f64> = scores.flat_map(|scores| scores.values().map(|score| score.as_f64().unwrap())).collect();
    let read_back = |number: &f64| f64::from(*number as f32);
    assert!(numbers.len() == 9 && numbers.iter().all(|number| (read_back(number) - number).abs() <= number * 1e-7));
    let digits = |number: &f64| number.to_string().trim_start_matches(['0', '.']).len();
    assert!(numbers.iter().any(|number| digits(number) >= 7), "{numbers:?}");
}

#[test]
fn every_file_that_is_copied_has_its_event() {
    let workspace = mixed();
    let events = events(&workspace, 3);
    let there = hashes(workspace.destination());
    for event in of_kind(&events, "transfer") {
        has_keys(event, &["path", "sha256", "status", "destination"]);
        let target = Path::new(event["destination"].as_str().unwrap());
        assert_eq!(event["status"], "copied");
        assert_eq!(event["sha256"].as_str(), there.get(target).map(String::as_str), "{event}");
        assert_eq!(event["sha256"], sha256(std::fs::read(event["path"].as_str().unwrap()).unwrap()));
    }
}

#[test]
fn the_summary_adds_up() {
    for (threshold, unsure) in [("0", 0), ("1", 2)] {
        let workspace = mixed();
        let events = workspace.classify().with("--threshold", threshold).flag("--json").ends_with(3).events();
        let summary = events.last().unwrap();
        let keys = ["pictures", "counts", "unsure", "failed", "trusted", "other_files", "runtime", "device", "model"];
        has_keys(summary, &keys);
        assert_eq!(summary["event"], "summary");
        let count = |key: &str| summary[key].as_u64().unwrap();
        let counts = summary["counts"].as_object().unwrap();
        assert_eq!(counts.keys().collect::<Vec<_>>(), ["a", "b"]);
        let sorted: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(sorted + count("unsure") + count("suspect") + count("failed"), count("pictures"), "{summary}");
        let found = ["pictures", "unsure", "suspect", "failed", "other_files"].map(count);
        assert_eq!(found, [4, unsure, 1, 1, 1], "{summary}");
        assert!(summary["runtime"].as_str().unwrap().starts_with("tract "), "{summary}");
        assert_eq!(summary["device"], "CPU");
        assert_eq!(summary["model"].as_str(), fixtures().join("clip").to_str());
    }
}
