//! `sis model list` and `info`, and what `--model` may be.

use std::process::Command;

use serde_json::json;

use super::server::{Answer, Server};
use super::{ID, User, misbehaving, published};
use crate::support::{copy_folder, fixtures};

#[test]
fn a_folder_that_is_there_is_never_taken_for_a_name() {
    let server = Server::of(&published());
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    copy_folder(&fixtures().join("clip"), &user.workspace.path(ID));
    user.classify(ID).ended_with(0);
    assert_eq!(server.requests().len(), 0);
    let finished = user.classify("./owner/other").ended_with(1);
    assert!(finished.err.contains("is no folder on this machine"), "{}", finished.err);
    assert_eq!(server.requests().len(), 0);
    let finished = user.sis(&["doctor", "--model", "owner/name@main"]).ended_with(0);
    assert!(finished.out.contains("The model works") && finished.err.contains("Downloading"), "{}", finished.err);
    assert!(finished.out.contains(&format!("huggingface/hub, from {}", user.endpoint)), "{}", finished.out);
}

#[test]
fn without_a_model_the_one_of_the_settings_is_used() {
    let server = Server::new(|_, _| Answer::error(404, "RepoNotFound"));
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    let command = |user: &User| {
        let command = user.workspace.classify().without("--model").command();
        let mut program = Command::new(command.get_program());
        program.args(command.get_args()).current_dir(user.workspace.root());
        program.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        program.env("HF_ENDPOINT", &user.endpoint);
        crate::support::finish(program)
    };
    let finished = command(&user).ended_with(1);
    assert!(finished.err.contains("no public model of that name"), "{}", finished.err);
    assert_eq!(server.requests()[0].path, "/api/models/openai/clip-vit-large-patch14/revision/main");
    let settings = user.workspace.home().join("config/sis/settings.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(settings, "model = \"demo\"").unwrap();
    let finished = command(&user).ended_with(0);
    assert!(finished.out.contains("model demo"), "{}", finished.out);
}

#[test]
fn model_list_has_known_cached_and_hub_models() {
    let repository = published();
    let listed = json!([
        {"id": "openai/clip-vit-base-patch32", "downloads": 22_000_000, "config": {"model_type": "clip"}},
        {"id": "owner/name", "downloads": 7, "library_name": "transformers", "config": {"model_type": "clip"}},
        {"id": "apple/MobileCLIP2", "downloads": 6, "library_name": "open_clip"},
        {"id": "../../evil", "downloads": 5},
        {"id": "google/blip", "downloads": 4, "config": {"model_type": "bl\u{1b}[31mip"}},
    ]);
    let server = misbehaving(
        &repository,
        move |request, _, answer| {
            if request.path == "/api/models" { Answer::json(&listed) } else { answer }
        },
    );
    let user = User::of(&server);
    user.pull().ended_with(0);
    let finished = user.sis(&["model", "list"]).ended_with(0);
    let line =
        |id: &str| finished.out.lines().rfind(|line| line.contains(id)).unwrap_or_else(|| panic!("{}", finished.out));
    assert!(
        line("openai/clip-vit-large-patch14").contains("photographs in general")
            && finished.out.contains("the default")
    );
    assert!(line("geolocal/StreetCLIP").contains("places"));
    assert!(line("owner/name").contains("in the cache (393 kB)") && line("owner/name").contains("7 downloads"));
    assert!(line("apple/MobileCLIP2").contains("open_clip, not supported"), "{}", finished.out);
    assert!(!finished.out.contains("evil") && !finished.out.contains('\u{1b}'));
    let query = server.requests().pop().unwrap().query;
    assert!(query.contains("pipeline_tag=zero-shot-image-classification") && query.contains("limit=20"), "{query}");
    let events = user.sis(&["model", "list", "--json", "--limit", "3"]).ended_with(0).events();
    let event = |id: &str| {
        let mut found = events.iter().filter(|event| event["id"] == id);
        let event = found.next().unwrap();
        assert!(found.next().is_none(), "one event for each model");
        event
    };
    assert_eq!(event("owner/name")["cached"], true);
    assert_eq!(event("owner/name")["supported"], true);
    assert_eq!(event("apple/MobileCLIP2")["supported"], false);
    assert_eq!(event("openai/clip-vit-base-patch32")["downloads"], 22_000_000);
    assert_eq!(event("openai/clip-vit-large-patch14")["default"], true);
    assert!(events.iter().all(|event| event["event"] == "model" && event["id"] != "google/blip"));
    for (variable, value) in [("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:1")] {
        let mut command = user.command(&["model", "list"]);
        command.env(variable, value);
        let finished = crate::support::finish(command).ended_with(0);
        assert!(
            finished.out.contains("owner/name") && finished.out.contains("geolocal/StreetCLIP"),
            "{}",
            finished.out
        );
        assert!(!finished.err.is_empty());
    }
}

#[test]
fn info_says_what_a_model_consists_of() {
    let repository = published();
    let server = Server::of(&repository);
    let user = User::of(&server);
    let finished = user.sis(&["model", "info", ID]).ended_with(0);
    let said = &finished.out;
    assert!(said.contains("Type: clip, supported") && said.contains("Weights: safetensors"), "{said}");
    assert!(said.contains("model.safetensors  374 kB  to be downloaded"), "{said}");
    assert!(said.contains("393 kB in all, 393 kB to be downloaded"), "{said}");
    assert!(!user.model().exists(), "asking downloads nothing");
    user.pull().ended_with(0);
    let finished = user.sis(&["model", "info", ID]).ended_with(0);
    assert!(finished.out.contains("model.safetensors  374 kB  in the cache"), "{}", finished.out);
    let offline = user.with("HF_HUB_OFFLINE", 1);
    let finished = offline.sis(&["model", "info", ID]).ended_with(0);
    assert!(finished.out.contains("this is what the cache has"), "{}", finished.out);
    let finished = offline.sis(&["model", "pull", "--check", ID]).ended_with(0);
    assert!(
        finished.out.contains("owner/name is in") && finished.err.contains("was not looked through"),
        "{}",
        finished.err
    );
    let finished = offline.sis(&["model", "info", "owner/other"]).ended_with(1);
    assert!(finished.err.contains("offline mode is on"), "{}", finished.err);
}

#[test]
fn a_revision_is_a_branch_a_tag_a_commit_or_a_pull_request() {
    let mut repository = published();
    let first = repository.head().to_owned();
    let mut files = repository.main();
    files.insert("merges.txt".to_owned(), b"another".to_vec());
    repository.publish("v1.0", files.clone());
    repository.publish("refs/pr/7", files);
    let server = Server::of(&repository);
    let user = User::of(&server);
    let pull = |revision: &str| user.sis(&["model", "pull", &format!("{ID}@{revision}")]).ended_with(0);
    for revision in ["v1.0", "refs/pr/7", first.as_str()] {
        let finished = pull(revision);
        let commit = repository.revisions.get(revision).unwrap_or(&first);
        assert!(finished.out.trim().ends_with(&format!("snapshots/{commit}")), "{}", finished.out);
        let asked = server.requests().len();
        user.sis(&["doctor", "--model", &format!("{ID}@{revision}")]).ended_with(0);
        assert_eq!(server.requests().len(), asked, "{revision}");
    }
    assert!(!user.model().join("refs").join(&first).exists(), "a commit stands for itself");
    assert!(!user.model().join("refs/main").exists());
    let server = misbehaving(&repository, move |request, _, answer| {
        let changed = String::from_utf8(answer.body.clone()).unwrap_or_default().replace(&first, &"1".repeat(40));
        if request.path.starts_with("/api/") { Answer::new(200, changed) } else { answer }
    });
    let user = User { endpoint: server.url(), ..User::of(&server) };
    let finished = user.sis(&["model", "pull", &format!("{ID}@{}", repository.head())]).ended_with(1);
    assert!(finished.err.contains("no honest one has (commit 1111"), "{}", finished.err);
}
