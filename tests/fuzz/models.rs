//! Files of models: weights, tokenizers, settings.

use std::path::Path;

use serde_json::Value as Json;
use smart_image_sorter::engine::checkpoint::Checkpoint;
use smart_image_sorter::engine::weights::Weights;

use super::{Answer, Fuzz, folder};
use crate::support::{copy_folder, fixtures};
use crate::weights::{read_all, read_pieces, safetensors, torch_save};

/// A reader of weights may take some copies of a header, and a record for each of its tensors.
pub(super) fn answer(is_taken: bool, input: &[u8]) -> Answer {
    Answer::of(is_taken, input, 60, 1)
}

/// What the header says of a tensor, read by another reader of JSON; none where it is not of that form.
fn told(header: &Json, name: &str) -> Option<(Vec<usize>, u64, u64)> {
    let tensor = header.get(name)?;
    let numbers = |key: &str| -> Option<Vec<u64>> { tensor.get(key)?.as_array()?.iter().map(Json::as_u64).collect() };
    let shape = numbers("shape")?.into_iter().map(|side| side as usize).collect();
    let offsets = numbers("data_offsets")?;
    Some((shape, *offsets.first()?, *offsets.get(1)?))
}

#[test]
fn fuzz_safetensors() {
    let words: &[&[u8]] =
        &[b"\"shape\":[", b"\"dtype\":\"F32\"", b"\"data_offsets\":[0,8]", b"{", b"}", b",", b"[", b"1e300", b"-1"];
    let fuzz = Fuzz { name: "fuzz_safetensors", corpus: vec![safetensors()], words, inputs: 3000 };
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    fuzz.run(|input| {
        std::fs::write(&path, input).unwrap();
        read_all(&path, input);
        let Ok(weights) = Weights::open(&path) else { return answer(false, input) };
        let length = u64::from_le_bytes(input[..8].try_into().unwrap());
        let header: Json = serde_json::from_slice(&input[8..8 + length as usize]).expect("what was taken is JSON");
        for name in ["a", "plain", "scalar"] {
            let Some((shape, begin, end)) = told(&header, name) else { continue };
            if let Ok(place) = weights.tensor(name, &shape) {
                assert_eq!((place.offset, place.length), (8 + length + begin, end - begin), "{name}");
            }
        }
        answer(true, input)
    });
}

#[test]
fn fuzz_torch_save() {
    let corpus = ["today.bin", "protocol-4.bin", "with-gaps.bin", "old.bin", "hostile.bin"];
    let corpus = corpus.map(|name| std::fs::read(torch_save(name)).unwrap()).into();
    let words: &[&[u8]] =
        &[b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"data.pkl", b"data/0"];
    let folder = folder();
    let path = folder.path().join("pytorch_model.bin");
    Fuzz { name: "fuzz_torch_save", corpus, words, inputs: 3000 }.run(|input| {
        std::fs::write(&path, input).unwrap();
        answer(read_all(&path, input), input)
    });
}

#[test]
fn fuzz_sentence_pieces() {
    let whole = std::fs::read(fixtures().join("siglip/spiece.model")).unwrap();
    let fuzz = Fuzz {
        name: "fuzz_sentence_pieces",
        corpus: vec![whole],
        words: &[b"\x0a\x0e\x0a\x03", b"\xff\xff\xff\xff\x0f"],
        inputs: 60,
    };
    fuzz.run(|input| {
        // The tokenizer keeps its pieces in several tables.
        Answer::of(read_pieces(input).is_ok(), input, 400, 8)
    });
}

/// Opens a checkpoint with another file in the place of one of its own; true where it is one.
fn is_checkpoint_with(folder: &Path, name: &str, input: &[u8]) -> bool {
    let own = std::fs::read(folder.join(name)).unwrap();
    std::fs::write(folder.join(name), input).unwrap();
    let is_usable = Checkpoint::open(folder).is_ok_and(|checkpoint| checkpoint.score_rule().is_ok());
    std::fs::write(folder.join(name), own).unwrap();
    is_usable
}

#[test]
fn fuzz_settings_of_checkpoints() {
    let words: &[&[u8]] = &[
        b"null",
        b"{}",
        b"[]",
        b"-1",
        b"1e400",
        b"\"\"",
        b"18446744073709551615",
        b"true",
        b"\"model_type\":\"siglip\",",
    ];
    for name in ["config.json", "preprocessor_config.json", "tokenizer_config.json"] {
        let folder = folder();
        copy_folder(&fixtures().join("clip"), folder.path());
        let corpus = vec![std::fs::read(folder.path().join(name)).unwrap()];
        Fuzz { name: "fuzz_settings_of_checkpoints", corpus, words, inputs: 100 }.run(|input| {
            // Beside it lie the vocabulary and the header of the weights.
            Answer::of(is_checkpoint_with(folder.path(), name, input), input, 60, 16)
        });
    }
}

#[test]
fn fuzz_tokenizer_json() {
    let folder = folder();
    copy_folder(&fixtures().join("clip"), folder.path());
    let corpus = vec![std::fs::read(folder.path().join("tokenizer.json")).unwrap()];
    let words: &[&[u8]] =
        &[b"null", b"{}", b"[]", b"-1", b"\"type\":\"Replace\"", b"\"type\":\"Precompiled\"", b"\"vocab\":{"];
    Fuzz { name: "fuzz_tokenizer_json", corpus, words, inputs: 100 }
        .run(|input| Answer::of(is_checkpoint_with(folder.path(), "tokenizer.json", input), input, 400, 16));
}
