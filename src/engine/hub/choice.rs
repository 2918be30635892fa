//! Which of a repository's files are needed: the configuration, the tokenizer, and the weights in one form of the several
//! that many repositories have. The same rule tells whether a folder of the cache is complete.

use std::collections::BTreeSet;

use super::error::Missing;

/// What every checkpoint has.
pub(super) const CONFIG: &str = "config.json";

/// The list of shards.
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// Weights in one file.
const SAFETENSORS: &str = "model.safetensors";

/// Weights as PyTorch saves them.
const PICKLE: &str = "pytorch_model.bin";

/// What says how pictures are prepared; one is enough, and all that are there are read.
const PROCESSORS: [&str; 2] = ["processor_config.json", "preprocessor_config.json"];

/// The whole tokenizer.
const TOKENIZER: &str = "tokenizer.json";

/// What a tokenizer can be made of where the whole one is missing: each of these is enough.
const TOKENIZER_PARTS: [&[&str]; 2] = [&["vocab.json", "merges.txt"], &["vocab.txt"]];

/// Small files that say more of the tokenizer, where they are there.
const TOKENIZER_NOTES: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/// The two towers as ONNX files.
const SPLIT: [&str; 2] = ["onnx/vision_model", "onnx/text_model"];

/// Both towers in one ONNX file.
const MONOLITHIC: &str = "onnx/model";

/// The form in which weights are taken. The order is that of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `model.safetensors`.
    Safetensors,
    /// Several safetensors files and `model.safetensors.index.json`, which names them.
    Sharded,
    /// `pytorch_model.bin`.
    Pickle,
    /// `onnx/vision_model.onnx` and `onnx/text_model.onnx`.
    SplitOnnx,
    /// `onnx/model.onnx`.
    Onnx,
}

/// The files that are needed, by their paths in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// Configuration and tokenizer: some kilobytes to some megabytes.
    pub(super) small: Vec<String>,
    /// The form of the weights.
    pub(super) form: Form,
    /// The weights. Of sharded ones the list of shards alone: it has to be read to know them.
    pub(super) weights: Vec<String>,
}

/// The files that are needed of those that are there.
///
/// Weights are taken in the first form that is there: safetensors whole, then sharded, `pytorch_model.bin`, the towers
/// as two ONNX files, both in one. Safetensors come before ONNX because the graph that the program writes for them runs
/// in every runtime and carries the scale of the logits, which an export has lost. Where a repository has a
/// `pytorch_model.bin` and no safetensors, the caller looks for the hub's own conversion first: see `conversion`.
pub(super) fn choose(names: &BTreeSet<&str>) -> Result<Choice, Missing> {
    let there = |wanted: &[&str]| -> Vec<String> {
        wanted.iter().filter(|name| names.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    let has_all = |wanted: &[&str]| wanted.iter().all(|name| names.contains(name));
    let mut small = there(&[CONFIG]);
    let processors = there(&PROCESSORS);
    if processors.is_empty() {
        return Err(Missing::Processor);
    }
    small.extend(processors);
    let whole: &[&str] = &[TOKENIZER];
    let tokenizer = std::iter::once(whole).chain(TOKENIZER_PARTS).find(|parts| has_all(parts));
    small.extend(there(tokenizer.ok_or(Missing::Tokenizer)?));
    small.extend(there(&TOKENIZER_NOTES));
    let (form, weights) = weights(names).ok_or(Missing::Weights)?;
    Ok(Choice { small, form, weights })
}

fn weights(names: &BTreeSet<&str>) -> Option<(Form, Vec<String>)> {
    for (name, form) in [(SAFETENSORS, Form::Safetensors), (INDEX, Form::Sharded), (PICKLE, Form::Pickle)] {
        if names.contains(name) {
            return Some((form, vec![name.to_owned()]));
        }
    }
    let split = SPLIT.map(|stem| export(names, stem));
    if let [Some(image), Some(text)] = split {
        return Some((Form::SplitOnnx, [image, text].concat()));
    }
    Some((Form::Onnx, export(names, MONOLITHIC)?))
}

/// An ONNX file and, where it is over two gigabytes, the files beside it with its weights: `model.onnx_data`,
/// `model.onnx_data_1`.
fn export(names: &BTreeSet<&str>, stem: &str) -> Option<Vec<String>> {
    let graph = format!("{stem}.onnx");
    let data = format!("{graph}_data");
    let beside = names.iter().filter(|name| name.starts_with(&data)).map(|name| (*name).to_owned());
    names.contains(graph.as_str()).then(|| std::iter::once(graph.clone()).chain(beside).collect())
}

/// The shards that `model.safetensors.index.json` names, as paths beside it; none where it is no such file.
pub(super) fn shards(index: &[u8]) -> Option<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).ok()?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    let is_plain = |name: &String| name.ends_with(".safetensors") && super::listing::is_safe_path(name);
    (!shards.is_empty() && shards.iter().all(is_plain)).then_some(shards)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: [&str; 3] = ["config.json", "preprocessor_config.json", "tokenizer.json"];

    fn chosen(names: &[&'static str]) -> Result<Choice, Missing> {
        choose(&names.iter().chain(&SMALL).copied().collect())
    }

    #[test]
    fn the_first_form_that_is_there_is_taken_and_no_other() {
        let split = ["onnx/vision_model.onnx", "onnx/text_model.onnx"];
        let all = ["model.safetensors", INDEX, "pytorch_model.bin", split[0], split[1], "onnx/model.onnx"];
        for (left_out, form, weights) in [
            (0, Form::Safetensors, &all[..1]),
            (1, Form::Sharded, &all[1..2]),
            (2, Form::Pickle, &all[2..3]),
            (3, Form::SplitOnnx, &all[3..5]),
            (4, Form::Onnx, &all[5..]),
        ] {
            let choice = chosen(&all[left_out..]).unwrap();
            assert_eq!(
                (choice.form, choice.weights.as_slice()),
                (form, &weights.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..])
            );
            assert_eq!(choice.small, ["config.json", "preprocessor_config.json", "tokenizer.json"]);
        }
        assert_eq!(chosen(&["flax_model.msgpack", "onnx/vision_model.onnx"]), Err(Missing::Weights));
    }

    #[test]
    fn an_export_comes_with_what_lies_beside_it_and_no_other_precision() {
        let names = [
            "onnx/vision_model.onnx",
            "onnx/vision_model.onnx_data",
            "onnx/vision_model_fp16.onnx",
            "onnx/text_model.onnx",
            "onnx/text_model.onnx_data",
            "onnx/text_model.onnx_data_1",
            "onnx/text_model_q4.onnx_data",
        ];
        let choice = chosen(&names).unwrap();
        assert_eq!(choice.weights, [names[0], names[1], names[3], names[4], names[5]]);
    }

    #[test]
    fn a_tokenizer_can_be_in_parts_and_has_to_be_there() {
        let of = |names: &[&'static str]| choose(&names.iter().copied().collect());
        let base = ["config.json", "processor_config.json", "model.safetensors"];
        let with = |more: &[&'static str]| of(&[&base, more].concat());
        assert_eq!(with(&["vocab.json"]), Err(Missing::Tokenizer));
        assert_eq!(with(&["vocab.json", "merges.txt"]).unwrap().small[2..], ["vocab.json", "merges.txt"]);
        assert_eq!(
            with(&["vocab.txt", "tokenizer_config.json"]).unwrap().small[2..],
            ["vocab.txt", "tokenizer_config.json"]
        );
        assert_eq!(with(&["tokenizer.json", "vocab.json", "merges.txt"]).unwrap().small[2..], ["tokenizer.json"]);
        assert_eq!(of(&["config.json", "model.safetensors", "tokenizer.json"]), Err(Missing::Processor));
    }

    #[test]
    fn shards_are_named_by_the_index_and_lie_beside_it() {
        let index = |shard: &str| format!(r#"{{"metadata": {{}}, "weight_map": {{"a": "{shard}", "b": "{shard}"}}}}"#);
        let good = "model-00001-of-00002.safetensors";
        assert_eq!(shards(index(good).as_bytes()), Some(BTreeSet::from([good.to_owned()])));
        for bad in ["../x.safetensors", "/etc/x.safetensors", "x.bin"] {
            assert_eq!(shards(index(bad).as_bytes()), None, "{bad}");
        }
        assert_eq!(shards(b"{}"), None);
        assert_eq!(shards(br#"{"weight_map": {}}"#), None);
    }
}
