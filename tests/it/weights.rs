//! The readers of weights: what they find in files that PyTorch wrote, and that no damage to a file makes them crash or
//! ask for more memory than the file has bytes.

use std::path::{Path, PathBuf};

use smart_image_sorter::engine::exports::Exports;
use smart_image_sorter::engine::tokenizer::{Kind, Padding, TextForm, Tokenizer, TokenizerError};
use smart_image_sorter::engine::weights::{ElementType, Weights, WeightsError};

use crate::support::fixtures;

pub(crate) fn torch_save(name: &str) -> PathBuf {
    fixtures().join("torch-save").join(name)
}

/// The bytes that a tensor's place points at, as single-precision numbers.
fn numbers(weights: &Weights, name: &str, shape: &[usize]) -> Vec<f32> {
    let place = weights.tensor(name, shape).unwrap();
    let bytes = std::fs::read(weights.folder().join(weights.location(place))).unwrap();
    let bytes = &bytes[place.offset as usize..][..place.length as usize];
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn tensors_of_torch_save_are_found_where_they_lie() {
    for file in ["today.bin", "protocol-4.bin"] {
        let weights = Weights::open(&torch_save(file)).unwrap();
        let in_order: Vec<f32> = (0..6u8).map(f32::from).collect();
        assert_eq!(numbers(&weights, "plain", &[2, 3]), in_order);
        assert_eq!(weights.tensor("plain", &[2, 3]).unwrap().order, [0, 1]);
        assert_eq!(numbers(&weights, "transposed", &[3, 2]), in_order);
        assert_eq!(weights.tensor("transposed", &[3, 2]).unwrap().order, [1, 0]);
        assert_eq!(numbers(&weights, "parameter", &[2]), [1.0, 1.0]);
        assert_eq!(numbers(&weights, "tail", &[3]), [5.0, 6.0, 7.0]);
        assert_eq!(weights.scalar("scalar").unwrap(), 4.5);
        assert_eq!(weights.tensor("half", &[3]).unwrap().element, ElementType::F16);
        assert_eq!(weights.tensor("brain", &[3]).unwrap().element, ElementType::BF16);
        assert!(matches!(weights.tensor("integers", &[3]), Err(WeightsError::WrongType { .. })));
        assert!(matches!(weights.tensor("absent", &[3]), Err(WeightsError::NoTensor { .. })));
        assert!(matches!(weights.tensor("plain", &[3, 2]), Err(WeightsError::WrongShape { .. })));
    }
}

#[test]
fn a_view_with_gaps_is_refused_only_if_it_is_needed() {
    let weights = Weights::open(&torch_save("with-gaps.bin")).unwrap();
    assert_eq!(weights.scalar("scalar").unwrap(), 4.5);
    assert!(matches!(weights.tensor("every_second", &[4]), Err(WeightsError::Scattered { .. })));
}

#[test]
fn what_no_reader_takes_is_named() {
    assert!(matches!(Weights::open(&torch_save("old.bin")), Err(WeightsError::OldTorch { .. })));
    let Err(WeightsError::Calls { called, .. }) = Weights::open(&torch_save("hostile.bin")) else { panic!() };
    assert_eq!(called, "posix.system");
}

/// Whatever a reader says of these bytes, what it found lies within them. False where it refuses them.
pub(crate) fn read_all(path: &Path, bytes: &[u8]) -> bool {
    let Ok(weights) = Weights::open(path) else { return false };
    for (tensor, shape) in
        [("plain", &[2, 3][..]), ("transposed", &[3, 2]), ("tail", &[3]), ("brain", &[3]), ("a", &[2])]
    {
        if let Ok(place) = weights.tensor(tensor, shape) {
            assert!(place.offset + place.length <= bytes.len() as u64, "{tensor} in {}", path.display());
        }
    }
    let _ = weights.scalar("scalar");
    true
}

pub(crate) fn safetensors() -> Vec<u8> {
    let header = concat!(
        r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#,
        r#""scalar":{"dtype":"BF16","shape":[],"data_offsets":[8,10]},"plain":{"dtype":"F16","shape":[2,3],"data_offsets":[10,22]}}"#
    );
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 22]].concat()
}

/// An export in a folder of its own: its skeleton is read, cut in two, and looked at for a scale.
fn read_export(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("onnx")).unwrap();
    std::fs::write(folder.path().join("onnx/model.onnx"), bytes).unwrap();
    let exports = Exports::in_folder(folder.path()).unwrap();
    let _ = exports.scale_and_bias();
    let _ = exports.files();
    let _ = exports.tower(smart_image_sorter::engine::tower_kind::TowerKind::Text);
}

/// A tokenizer made of these bytes, and a sentence put through it.
pub(crate) fn read_pieces(bytes: &[u8]) -> Result<Vec<u32>, TokenizerError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spiece.model"), bytes).unwrap();
    let config = "tokenizer_config.json";
    std::fs::copy(fixtures().join("siglip").join(config), folder.path().join(config)).unwrap();
    let padding = Padding::Always { padding: 1 };
    let form = TextForm { longest: 64, vocabulary: 32_000, kind: Kind::Siglip, padding };
    Tokenizer::open(folder.path(), form)?.tokens("a photo of ½ a café")
}

/// Files that once were trouble, or that are made to be.
#[test]
fn cases_that_are_kept() {
    let good = std::fs::read(torch_save("today.bin")).unwrap();
    let at = |needle: &[u8]| good.windows(needle.len()).position(|window| window == needle).unwrap();
    let changed = |place: usize, bytes: &[u8]| {
        let mut all = good.clone();
        all[place..place + bytes.len()].copy_from_slice(bytes);
        all
    };
    let directory = at(b"PK\x01\x02");
    let end = at(b"PK\x05\x06");
    // PyTorch always writes the record with 64-bit numbers, and then that one counts.
    let end_64 = at(b"PK\x06\x06");
    for (case, bytes) in [
        ("a member that claims 4 GB", changed(directory + 20, &[0xFE; 8])),
        ("a member before the file's begin", changed(directory + 42, &[0xFF; 4])),
        ("a member in the middle of another", changed(directory + 42, &[7, 0, 0, 0])),
        ("a directory beyond the end", changed(end_64 + 48, &[0xF0; 8])),
        ("a directory of 4 GB", changed(end_64 + 40, &[0xF0; 4])),
        ("a name longer than the directory", changed(directory + 28, &[0xFF; 2])),
        ("a compressed pickle", changed(directory + 10, &[8, 0])),
        ("an end that is cut", good[..good.len() - 5].to_vec()),
        ("nothing but an end", good[end..].to_vec()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pytorch_model.bin");
        std::fs::write(&path, &bytes).unwrap();
        assert!(Weights::open(&path).is_err(), "{case}");
    }
    let pieces = std::fs::read(fixtures().join("siglip/spiece.model")).unwrap();
    // The character map follows the name of its rule, a tag and its length, and begins with a length of its own.
    let rule = b"nmt_nfkc";
    let map = pieces.windows(rule.len()).position(|window| window == rule).unwrap() + rule.len() + 4;
    let claiming = [&pieces[..map], &[0xFF; 4], &pieces[map + 4..]].concat();
    assert!(matches!(read_pieces(&claiming), Err(TokenizerError::Damaged { .. })));
    for export in
        [&b""[..], b"\x3a", b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x08\x08\x3a\x02\x2a\x7f", &[0xFF; 20]]
    {
        read_export(export);
    }
}

/// An index from elsewhere can name the files beside it, and no others.
#[test]
fn an_index_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let index = |shard: &str| {
        let path = folder.path().join("model.safetensors.index.json");
        std::fs::write(&path, serde_json::json!({"weight_map": {"a": shard}}).to_string()).unwrap();
        Weights::open(&path)
    };
    std::fs::write(folder.path().join("part.safetensors"), safetensors()).unwrap();
    assert!(index("part.safetensors").is_ok());
    for outside in ["../part.safetensors", "/etc/passwd", "", ".", "..", "a/../part.safetensors"] {
        assert!(matches!(index(outside), Err(WeightsError::ShardOutside { .. })), "{outside}");
    }
    assert!(matches!(index("other.safetensors"), Err(WeightsError::NoShard { .. })));
    let path: &Path = folder.path();
    std::fs::write(path.join("model.safetensors.index.json"), "{}").unwrap();
    let error = Weights::open(&path.join("model.safetensors.index.json"));
    assert!(matches!(error, Err(WeightsError::BadHeader { .. })));
}
