//! Which files are taken, and what is said where none would do.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use smart_image_sorter::engine::checkpoint::Checkpoint;

use super::server::{Answer, Repository, Server, files_of};
use super::{ID, User, WEIGHTS, misbehaving, published};
use crate::skip::require_onnx_runtime;
use crate::support::fixtures;

/// A repository with the files of a fixture, changed.
fn changed(fixture: &str, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Repository {
    let mut repository = Repository::of_fixture(ID, fixture);
    let mut files = repository.main();
    change(&mut files);
    repository.publish("main", files);
    repository
}

fn with(fixture: &str, name: &str, content: &str) -> Repository {
    changed(fixture, |files| drop(files.insert(name.to_owned(), content.into())))
}

fn without(fixture: &str, name: &str) -> Repository {
    changed(fixture, |files| drop(files.remove(name)))
}

/// Towers in two files beside what is there.
fn put_split(files: &mut BTreeMap<String, Vec<u8>>) {
    for tower in ["onnx/vision_model.onnx", "onnx/text_model.onnx"] {
        files.insert(tower.to_owned(), b"a tower that nobody reads".to_vec());
    }
}

#[test]
fn what_cannot_be_used_is_said_before_it_is_downloaded() {
    let with_config = |config: &str| with("clip", "config.json", config);
    let without_own = |name: &str| without("clip", name);
    for (repository, words) in [
        (with_config(r#"{"model_type": "blip"}"#), "is of type “blip”, which is not supported: use one of type clip"),
        (with_config("{}"), "is of type “transformers”, which is not supported"),
        (with_config("[1"), "config.json of owner/name makes no sense"),
        (
            with_config(r#"{"model_type": "clip", "vision_config": {"hidden_size": -1}}"#),
            "vision_config.hidden_size is -1",
        ),
        (without_own("config.json"), "is of type “transformers”, which is not supported"),
        (without_own("preprocessor_config.json"), "has no preprocessor_config.json"),
        (
            without_own("tokenizer.json"),
            "has no tokenizer that can be read (tokenizer.json, or vocab.json, merges.txt)",
        ),
        (without_own(WEIGHTS), "has no weights"),
        (
            changed("clip", |files| {
                files.remove("preprocessor_config.json");
                files.insert("processor_config.json".to_owned(), br#"{"processor_class": "CLIPProcessor"}"#.to_vec());
            }),
            "has no preprocessor_config.json",
        ),
        (with("clip", "preprocessor_config.json", r#"{"size": "wide"}"#), "size is \"wide\""),
        (with("clip", "preprocessor_config.json", "size: 64"), "preprocessor_config.json of owner/name makes no sense"),
        (without("siglip", "spiece.model"), "(tokenizer.json, or spiece.model)"),
        (without("siglip", "tokenizer_config.json"), "has no tokenizer_config.json"),
        (
            changed("siglip", |files| {
                files.remove(WEIGHTS);
                put_split(files);
            }),
            "ONNX exports that do not hold its scale",
        ),
    ] {
        let server = Server::of(&repository);
        let user = User::of(&server);
        let finished = user.pull().ended_with(1);
        assert!(finished.err.contains(words), "{words}: {}", finished.err);
        let finished = user.sis(&["model", "info", ID]).ended_with(1);
        assert!(finished.err.contains(words), "{words}: {}", finished.err);
        assert!(server.asked_for(WEIGHTS).is_empty() && !user.model().exists());
    }
}

#[test]
fn tokenizer_of_no_use_is_found_before_download() {
    let of_another = changed("siglip2", |files| {
        let mut config: Json = serde_json::from_slice(&files["config.json"]).unwrap();
        config["text_config"]["vocab_size"] = json!(1);
        files.insert("config.json".to_owned(), config.to_string().into());
        files.insert("tokenizer_config.json".to_owned(), br#"{"pad_token": "<eos>"}"#.to_vec());
    });
    for (repository, words) in [
        (with("clip", "tokenizer.json", "{}"), "tokenizer.json of owner/name makes no sense"),
        (with("siglip", "spiece.model", "pieces"), "spiece.model of owner/name makes no sense"),
        (of_another, "The small files of owner/name were published so that they do not fit each other"),
    ] {
        let server = Server::of(&repository);
        let user = User::of(&server);
        for _ in 0..2 {
            let finished = user.pull().ended_with(1);
            assert!(finished.err.contains(words), "{words}: {}", finished.err);
        }
        assert!(server.asked_for(WEIGHTS).is_empty());
        assert!(!user.model().join("refs/main").exists());
    }
}

#[test]
fn what_a_folder_can_be_a_name_can_be_too() {
    let in_shards = changed("clip-bin", |files| {
        let weights = files.remove("pytorch_model.bin").unwrap();
        files.insert("pytorch_model-00001-of-00001.bin".to_owned(), weights);
        files.insert("pytorch_model-00001-of-00002.bin".to_owned(), vec![1; 100]);
        let map = json!({"weight_map": {"logit_scale": "pytorch_model-00001-of-00001.bin"}});
        files.insert("pytorch_model.bin.index.json".to_owned(), map.to_string().into());
    });
    let outer = changed("clip", |files| {
        let inner: Json = serde_json::from_slice(&files.remove("preprocessor_config.json").unwrap()).unwrap();
        files.insert("processor_config.json".to_owned(), json!({"image_processor": inner}).to_string().into());
    });
    let fixtures = ["chinese-clip", "clip-bin", "clip-legacy", "clip-sharded", "clip-whole", "siglip", "siglip2-whole"];
    let published = fixtures.into_iter().map(|name| (name, Repository::of_fixture(ID, name)));
    for (name, repository) in published.chain([("in shards", in_shards), ("outer", outer)]) {
        let server = Server::of(&repository);
        let user = User::of(&server);
        user.pull().ended_with(0);
        let checkpoint = Checkpoint::open(&user.model().join("snapshots").join(repository.head()));
        assert!(!checkpoint.unwrap().score_rule().unwrap().1, "{name}: the scale is known");
        assert!(server.asked_for("pytorch_model-00001-of-00002.bin").is_empty());
        let asked = server.requests().len();
        user.with("HF_HUB_OFFLINE", 1).pull().ended_with(0);
        assert_eq!(server.requests().len(), asked, "{name} is complete");
    }
}

#[test]
fn of_exports_the_one_that_knows_the_scale_is_taken() {
    for fixture in ["clip-whole", "siglip2-whole"] {
        let server = Server::of(&changed(fixture, put_split));
        let user = User::of(&server);
        user.pull().ended_with(0);
        assert_eq!(server.asked_for("onnx/model.onnx").len(), 1);
        assert!(server.asked_for("onnx/vision_model.onnx").is_empty());
        let finished = user.sis(&["model", "info", ID]).ended_with(0);
        assert!(finished.out.contains("Weights: ONNX, one file"), "{}", finished.out);
    }
}

/// A model whose main branch has a pickle, and whose pull request has safetensors instead.
pub(super) fn converted(account: &str, is_stale: bool) -> Repository {
    let safetensors = published().main();
    let mut pickle = safetensors.clone();
    pickle.remove(WEIGHTS);
    pickle.insert("pytorch_model.bin".to_owned(), files_of(&fixtures().join("clip-bin"))["pytorch_model.bin"].clone());
    let mut repository = Repository { id: ID.to_owned(), ..Repository::default() };
    let main = repository.publish("main", pickle);
    let request = repository.publish("refs/pr/7", safetensors);
    let parent = if is_stale { "0".repeat(40) } else { main };
    let title = "Adding `safetensors` variant of this model".to_owned();
    repository.requests.push((7, title, account.to_owned(), vec![request, parent]));
    repository
}

#[test]
fn hub_conversion_is_used_without_safetensors() {
    let repository = converted("SFconvertbot", false);
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.workspace.write_pictures(["1.jpg"]);
    let finished = user.classify(ID).ended_with(0);
    assert!(finished.err.contains("the hub's own conversion to safetensors (refs/pr/7)"), "{}", finished.err);
    let asked = server.requests().len();
    User { variables: vec![("HF_HUB_OFFLINE", "1".to_owned())], ..user }.classify(ID).ended_with(0);
    assert_eq!(server.requests().len(), asked);
    assert!(server.asked_for("pytorch_model.bin").is_empty());
    for (account, is_stale) in [("somebody", false), ("SFconvertbot", true)] {
        let server = Server::of(&converted(account, is_stale));
        let finished = User::of(&server).sis(&["model", "info", ID]).ended_with(0);
        assert!(finished.out.contains("Weights: pytorch_model.bin"), "{account}: {}", finished.out);
    }
    // Where nothing is known of conversions, what the owner has published is taken.
    let server =
        misbehaving(
            &repository,
            |request, _, answer| {
                if request.path.ends_with("/discussions") { Answer::new(404, "") } else { answer }
            },
        );
    let user = User::of(&server);
    user.pull().ended_with(0);
    assert_eq!(server.asked_for("pytorch_model.bin").len(), 1);
}

#[test]
fn shards_are_those_that_the_index_names() {
    let mut repository = published();
    let mut files = repository.main();
    files.remove(WEIGHTS);
    let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    for shard in shards.iter().chain(&["model-00003-of-00003.safetensors"]) {
        files.insert((*shard).to_owned(), vec![7; 1000]);
    }
    let index = json!({"metadata": {}, "weight_map": {"a": shards[0], "b": shards[1]}});
    files.insert("model.safetensors.index.json".to_owned(), index.to_string().into());
    repository.publish("main", files.clone());
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.pull().ended_with(0);
    let snapshot = user.model().join("snapshots").join(repository.head());
    for shard in shards {
        assert_eq!(std::fs::read(snapshot.join(shard)).unwrap(), files[shard]);
    }
    assert!(server.asked_for("model-00003-of-00003.safetensors").is_empty());
    for (index, words) in [
        (json!({"weight_map": {"a": "../x.safetensors"}}), "model.safetensors.index.json of owner/name makes no sense"),
        (json!({"weight_map": {"a": "elsewhere.safetensors"}}), "has no weights"),
    ] {
        files.insert("model.safetensors.index.json".to_owned(), index.to_string().into());
        repository.publish("main", files.clone());
        let finished = User::of(&Server::of(&repository)).pull().ended_with(1);
        assert!(finished.err.contains(words), "{}", finished.err);
    }
}

#[test]
fn an_export_alone_is_enough() {
    let mut repository = Repository::of_fixture(ID, "clip-onnx");
    let mut files = repository.main();
    files.insert("onnx/vision_model_fp16.onnx".to_owned(), vec![1; 100]);
    repository.publish("main", files);
    let server = Server::of(&repository);
    let user = User::of(&server);
    user.pull().ended_with(0);
    assert!(server.asked_for("onnx/vision_model_fp16.onnx").is_empty());
    let Some(library) = require_onnx_runtime() else { return };
    let user = user.with("ORT_DYLIB_PATH", library.display()).with("SIS_RUNTIME", "onnxruntime");
    user.workspace.write_pictures(["1.jpg"]);
    user.classify(ID).ended_with(0);
}
