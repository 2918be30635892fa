//! A model whose weights are replaced: nothing that was made with the former ones may be taken for an answer of the new
//! ones.

use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;
use smart_image_sorter::domain::file_filter::FileFilter;
use smart_image_sorter::domain::label::from_commas;
use smart_image_sorter::domain::score::SureRule;
use smart_image_sorter::domain::settings::{ModelName, Operation, Settings};
use smart_image_sorter::domain::template::Templates;
use smart_image_sorter::engine::EngineError;
use smart_image_sorter::engine::checkpoint::CheckpointError;
use smart_image_sorter::engine::runtime::Workload;
use smart_image_sorter::jobs::embedding_cache::EmbeddingCacheConfig;
use smart_image_sorter::jobs::model::ModelToOpen;

use crate::support::{Workspace, copy_folder, fixtures, of_kind, runtimes};

/// How long after its last change a file is in doubt.
const DOUBT: Duration = Duration::from_secs(2);

/// Weights of the same length that turn every picture's embedding to the other side.
fn turned(weights: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    let header: Json = serde_json::from_slice(&weights[8..8 + length]).unwrap();
    let place = |end: usize| header["visual_projection.weight"]["data_offsets"][end].as_u64().unwrap() as usize;
    let mut turned = weights.to_vec();
    for number in turned[8 + length..][place(0)..place(1)].chunks_exact_mut(4) {
        number[3] ^= 0x80;
    }
    turned
}

/// Writes other content of the same length into a file, as a copy that keeps times does.
fn replace(path: &Path, content: &[u8]) {
    let before = std::fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    std::fs::write(path, content).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_modified(before.modified().unwrap()).unwrap();
}

#[test]
fn weights_with_the_size_and_time_of_others_are_another_model() {
    let workspace = Workspace::new();
    workspace.write_pictures(["1.jpg", "2.jpg"]);
    let model = workspace.path("model");
    copy_folder(&fixtures().join("clip"), &model);
    let weights = model.join("model.safetensors");
    let former = std::fs::read(&weights).unwrap();
    std::thread::sleep(DOUBT + Duration::from_millis(100));
    let scores = |destination: &str| {
        let classify = workspace.classify().with("--model", &model).with("--threshold", "1").flag("--json");
        let events = classify.with("--destination", workspace.path(destination)).ends_with(0).events();
        let remembered = of_kind(&events, "summary").next().unwrap()["remembered"].as_u64().unwrap();
        let scores: Vec<Json> = of_kind(&events, "picture").map(|event| event["scores"].clone()).collect();
        assert!(scores.iter().all(|scores| !scores.is_null()), "{events:?}");
        (remembered, scores)
    };
    let (_, first) = scores("first");
    // The hash of the weights is remembered, and so are the embeddings.
    assert_eq!(scores("again"), (2, first.clone()));
    replace(&weights, &turned(&former));
    let (remembered, other) = scores("other");
    assert_eq!(remembered, 0);
    assert_ne!(other, first);
    replace(&weights, &former);
    assert_eq!(scores("back"), (2, first));
}

/// The image tower is opened when the first picture comes, which may be hours after the labels were embedded.
#[test]
fn a_tower_that_is_opened_later_is_that_of_the_same_model() {
    for runtime in runtimes() {
        let workspace = Workspace::new();
        let folder = workspace.path("model");
        copy_folder(&fixtures().join("clip"), &folder);
        let weights = folder.join("model.safetensors");
        let former = std::fs::read(&weights).unwrap();
        let settings = Settings {
            source: workspace.source(),
            recursive: true,
            choice: FileFilter::default(),
            destination: workspace.destination(),
            model: ModelName::Folder(folder.clone()),
            labels: from_commas("a map, a face").unwrap(),
            template: Templates::default(),
            operation: Operation::Copy,
            sure: SureRule { threshold: 0.5, margin: 0.1 },
            batch_size: None,
            trust_unchanged: false,
        };
        let cache = EmbeddingCacheConfig { folder: workspace.path("cache"), limit: 1 << 20 };
        let open = |ahead| {
            let (folder, settings, runtime, cache) = (&*folder, &settings, &runtime, Some(&cache));
            let model = ModelToOpen { folder, settings, runtime, cores: 1, cache, uses: Workload::Few, ahead };
            model.open(&mut || {}).unwrap().model
        };
        let model = open(false);
        // Touched, and the same.
        replace(&weights, &former);
        assert_eq!(model.open_encoders().unwrap().len(), 1);
        replace(&weights, &turned(&former));
        let refused = model.open_encoders().unwrap_err();
        let is_named = |path: &Path| path.ends_with("model.safetensors");
        assert!(
            matches!(&refused, EngineError::Checkpoint(CheckpointError::Changed { path }) if is_named(path)),
            "{refused:?}"
        );
        assert_ne!(open(true).fingerprint, model.fingerprint);
    }
}
