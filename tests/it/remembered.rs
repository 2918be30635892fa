//! Embeddings that are remembered: known pictures never go through the model again, and their scores are the same.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::session::{sorted_workspace, summary};
use crate::support::{Workspace, of_kind};

#[test]
fn known_pictures_never_go_through_the_model_again() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..40).map(|number| format!("{number}.jpg")));
    let run = |labels: &str, destination: &str| {
        let classify = workspace.classify().with("--labels", labels).flag("--json");
        classify.with("--destination", workspace.path(destination)).ends_with(0)
    };
    assert_eq!(summary(&run("a, b", "destination"))["remembered"], 0);
    // Other labels, another destination, other names.
    std::fs::rename(workspace.source().join("1.jpg"), workspace.source().join("renamed.jpg")).unwrap();
    for (labels, destination) in [("a, b", "destination"), ("c, d, e", "elsewhere")] {
        assert_eq!(summary(&run(labels, destination))["remembered"], 40);
    }
    let log = std::fs::read_to_string(workspace.home().join("state/sis/sis.log")).unwrap();
    assert_eq!(log.matches("opening the image tower").count(), 1, "{log}");
    // The same scores, to the last digit.
    let (first, second) = (summary(&run("a, b", "third")), summary(&run("a, b", "fourth")));
    assert_eq!(first["counts"], second["counts"]);
    workspace.sis(["cache", "clear"]).ended_with(0);
    assert_eq!(summary(&run("a, b", "fifth"))["remembered"], 0);
}

#[test]
fn scores_remembered_are_scores_made() {
    let workspace = Workspace::new();
    workspace.write_pictures((0..10).map(|number| format!("{number}.jpg")));
    let scores = || -> BTreeMap<String, String> {
        let events = workspace.classify().flag("--json").flag("--dry-run").ends_with(0).events();
        let event = |event: &Json| (event["path"].to_string(), event["scores"].to_string());
        of_kind(&events, "picture").map(event).collect()
    };
    let made = scores();
    assert_eq!(made.len(), 10);
    assert_eq!(scores(), made);
}

#[test]
fn a_damaged_cache_costs_time_and_nothing_else() {
    let workspace = sorted_workspace("copy");
    let cache = workspace.home().join("cache/sis/embeddings.db");
    let connection = rusqlite::Connection::open(&cache).unwrap();
    connection.execute_batch("UPDATE embeddings SET embedding = x'0000'").unwrap();
    drop(connection);
    let finished = workspace.classify().flag("--json").ends_with(0);
    assert_eq!(summary(&finished)["remembered"], 0);
    std::fs::write(&cache, "no database at all, and long enough to be looked at as one").unwrap();
    workspace.classify().ends_with(0);
}
