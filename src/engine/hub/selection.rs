//! Selects the files that a model needs from all in its repository: the configuration, the tokenizer, and the weights
//! in one of the forms that the repository has. The same rule tells whether a folder of the cache is complete.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::error::Missing;
use crate::engine::families::Family;
use crate::engine::image_processor;
use crate::engine::tokenizer::{Kind, TOKENIZER_CONFIG, WHOLE};
use crate::engine::weights;

/// Files that every checkpoint has.
pub(super) const CONFIG: &str = "config.json";

/// Small files that say more of the tokenizer, where they are there.
const TOKENIZER_NOTES: [&str; 3] = [TOKENIZER_CONFIG, "special_tokens_map.json", "added_tokens.json"];

/// The forms of the files that [`weights::FILES`] lists.
const FORMS: [WeightsForm; 4] =
    [WeightsForm::Safetensors, WeightsForm::Sharded, WeightsForm::Pickle, WeightsForm::ShardedPickle];

/// The two towers as ONNX files.
const SPLIT: [&str; 2] = ["onnx/vision_model", "onnx/text_model"];

/// Both towers in one ONNX file.
const MONOLITHIC: &str = "onnx/model";

/// The form in which weights are taken, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsForm {
    /// `model.safetensors`.
    Safetensors,
    /// Several safetensors files and `model.safetensors.index.json`, which names them.
    Sharded,
    /// `pytorch_model.bin`.
    Pickle,
    /// Several of them and `pytorch_model.bin.index.json`, which names them.
    ShardedPickle,
    /// `onnx/model.onnx`.
    Onnx,
    /// `onnx/vision_model.onnx` and `onnx/text_model.onnx`.
    SplitOnnx,
}

impl WeightsForm {
    /// The endings of shards' names, where an index names them.
    pub(super) fn shard_ending(self) -> Option<&'static str> {
        match self {
            WeightsForm::Sharded => Some(".safetensors"),
            WeightsForm::ShardedPickle => Some(".bin"),
            WeightsForm::Safetensors | WeightsForm::Pickle | WeightsForm::Onnx | WeightsForm::SplitOnnx => None,
        }
    }

    /// True where it is safetensors, which no conversion can better.
    pub(super) fn is_safetensors(self) -> bool {
        matches!(self, WeightsForm::Safetensors | WeightsForm::Sharded)
    }

    /// True for what `torch.save` writes, which the hub converts.
    pub(super) fn is_pickle(self) -> bool {
        matches!(self, WeightsForm::Pickle | WeightsForm::ShardedPickle)
    }
}

/// The needs of a model for other files, as its small files say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequiredFiles {
    /// Which tokenizer it has; none where the family is not known, and then whatever there is will do.
    tokenizer: Option<Kind>,
    /// The scale of the logits has to be told by what holds the weights: it differs from model to model.
    scale: bool,
    /// `processor_config.json` does not say how pictures are prepared.
    preprocessor: bool,
}

impl RequiredFiles {
    /// The needs of a model of this family, with this `processor_config.json`.
    pub(super) fn of(family: Option<&dyn Family>, processor: Option<&Json>) -> RequiredFiles {
        RequiredFiles {
            tokenizer: family.map(|family| family.text().kind),
            scale: family.is_some_and(|family| family.scoring().usual_scale.is_none()),
            preprocessor: processor.and_then(image_processor::nested).is_none(),
        }
    }
}

/// The files that are needed, by their paths in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSelection {
    /// Configuration and tokenizer: some kilobytes to some megabytes.
    pub(super) small: Vec<String>,
    /// The form of the weights.
    pub(super) form: WeightsForm,
    /// The weights. For sharded weights, the list of shards alone: it has to be read to know them.
    pub(super) weights: Vec<String>,
}

/// The files that are needed of those that are there.
///
/// Weights are taken in the first form that is there: safetensors whole, then sharded, `pytorch_model.bin` the same,
/// both towers in one ONNX file, the towers as two. Safetensors come before ONNX because the graph that the program
/// writes for them runs in every runtime and carries the scale of the logits. Among exports, that of the whole model
/// comes first: it is as large as its towers together, and alone knows the scale. Where a repository has a
/// `pytorch_model.bin` and no safetensors, the caller looks for the hub's own conversion first: see `conversion`.
pub(super) fn choose(names: &BTreeSet<&str>, needs: &RequiredFiles) -> Result<FileSelection, Missing> {
    let there = |wanted: &[&str]| -> Vec<String> {
        wanted.iter().filter(|name| names.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    let mut small = there(&[CONFIG]);
    if needs.preprocessor && !names.contains(image_processor::FILE) {
        return Err(Missing::Processor);
    }
    small.extend(there(&[image_processor::OUTER_FILE, image_processor::FILE]));
    small.extend(there(tokenizer(names, needs)?));
    small.extend(there(&TOKENIZER_NOTES));
    let (form, weights) = weights(names, needs)?;
    Ok(FileSelection { small, form, weights })
}

/// The files of the tokenizer: the whole one, else the parts that one of its kind can be made of.
fn tokenizer(names: &BTreeSet<&str>, needs: &RequiredFiles) -> Result<&'static [&'static str], Missing> {
    let kinds: &[Kind] = needs.tokenizer.as_ref().map_or(&[Kind::Clip, Kind::Bert, Kind::Siglip], std::slice::from_ref);
    let whole: &[&str] = &[WHOLE];
    let mut ways = std::iter::once(whole).chain(kinds.iter().map(|kind| kind.parts()));
    let found = ways.find(|parts| parts.iter().all(|name| names.contains(name)));
    let needs_config = needs.tokenizer.is_some_and(Kind::needs_config);
    match found {
        Some(_) if needs_config && !names.contains(TOKENIZER_CONFIG) => Err(Missing::TokenizerConfig),
        Some(found) => Ok(found),
        None => Err(Missing::Tokenizer { parts: kinds.first().map_or(&[], |kind| kind.parts()) }),
    }
}

fn weights(names: &BTreeSet<&str>, needs: &RequiredFiles) -> Result<(WeightsForm, Vec<String>), Missing> {
    let found = weights::FILES.into_iter().zip(FORMS).find(|(name, _)| names.contains(name));
    if let Some((name, form)) = found {
        return Ok((form, vec![name.to_owned()]));
    }
    if let Some(whole) = export(names, MONOLITHIC) {
        return Ok((WeightsForm::Onnx, whole));
    }
    match SPLIT.map(|stem| export(names, stem)) {
        [Some(_), Some(_)] if needs.scale => Err(Missing::Scale),
        [Some(image), Some(text)] => Ok((WeightsForm::SplitOnnx, [image, text].concat())),
        _ => Err(Missing::Weights),
    }
}

/// An ONNX file and, where it is over two gigabytes, the files beside it with its weights: `model.onnx_data`,
/// `model.onnx_data_1`. They come first: where the file itself is there, all of it is.
fn export(names: &BTreeSet<&str>, stem: &str) -> Option<Vec<String>> {
    let graph = format!("{stem}.onnx");
    let data = format!("{graph}_data");
    let beside = names.iter().filter(|name| name.starts_with(&data)).map(|name| (*name).to_owned());
    names.contains(graph.as_str()).then(|| beside.chain(std::iter::once(graph.clone())).collect())
}

/// The files of a repository that belong beside the exports that are there.
pub(super) fn beside(names: &BTreeSet<&str>, is_there: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let stems = SPLIT.into_iter().chain([MONOLITHIC]).filter(|stem| is_there(&format!("{stem}.onnx")));
    stems.filter_map(|stem| export(names, stem)).flatten().collect()
}

/// The shards that an index names, files beside it; none where it is no such file, or names something else. In a deeper
/// folder they would not be read.
pub(super) fn shards(index: &[u8], ending: &str) -> Option<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).ok()?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    let is_plain = |name: &String| name.ends_with(ending) && !name.contains('/') && super::listing::is_safe_path(name);
    (!shards.is_empty() && shards.iter().all(is_plain)).then_some(shards)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::families;

    const SMALL: [&str; 4] = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"];

    fn needs(family: &str) -> RequiredFiles {
        let family = families::from_config(&json!({"model_type": family})).unwrap();
        RequiredFiles::of(Some(&*family), None)
    }

    fn of(family: &str, names: &[&str]) -> Result<FileSelection, Missing> {
        choose(&names.iter().copied().collect(), &needs(family))
    }

    fn chosen(names: &[&'static str]) -> Result<FileSelection, Missing> {
        of("clip", &[names, &SMALL].concat())
    }

    #[test]
    fn selection_takes_the_first_form_of_weights_only() {
        let [safetensors, index, pickle, pickles] = weights::FILES;
        let split = ["onnx/vision_model.onnx", "onnx/text_model.onnx"];
        let all = [safetensors, index, pickle, pickles, "onnx/model.onnx", split[0], split[1]];
        for (left_out, form, weights) in [
            (0, WeightsForm::Safetensors, &all[..1]),
            (1, WeightsForm::Sharded, &all[1..2]),
            (2, WeightsForm::Pickle, &all[2..3]),
            (3, WeightsForm::ShardedPickle, &all[3..4]),
            (4, WeightsForm::Onnx, &all[4..5]),
            (5, WeightsForm::SplitOnnx, &all[5..]),
        ] {
            let choice = chosen(&all[left_out..]).unwrap();
            assert_eq!(
                (choice.form, choice.weights.as_slice()),
                (form, &weights.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..])
            );
            assert_eq!(choice.small, SMALL);
        }
        assert_eq!(chosen(&["flax_model.msgpack", "onnx/vision_model.onnx"]), Err(Missing::Weights));
    }

    #[test]
    fn selection_refuses_towers_without_a_scale() {
        let split = ["onnx/vision_model.onnx", "onnx/text_model.onnx"];
        let with = |more: &[&'static str]| of("siglip", &[&SMALL[..], &split, more].concat());
        assert_eq!(with(&[]), Err(Missing::Scale));
        assert_eq!(with(&["onnx/model.onnx"]).unwrap().weights, ["onnx/model.onnx"]);
        assert_eq!(with(&["model.safetensors"]).unwrap().weights, ["model.safetensors"]);
        assert_eq!(chosen(&split).unwrap().form, WeightsForm::SplitOnnx);
    }

    #[test]
    fn selection_of_an_export_has_its_data_files_and_one_precision() {
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
        assert_eq!(choice.weights, [names[1], names[0], names[4], names[5], names[3]], "the graph last");
    }

    #[test]
    fn selection_needs_a_tokenizer_whole_or_in_parts() {
        let base = ["config.json", "preprocessor_config.json", "model.safetensors"];
        let with = |family: &str, more: &[&'static str]| Ok(of(family, &[&base, more].concat())?.small[2..].to_vec());
        let missing = |parts| Err(Missing::Tokenizer { parts });
        assert_eq!(with("clip", &["vocab.json"]), missing(&["vocab.json", "merges.txt"]));
        assert_eq!(with("clip", &["vocab.txt"]), missing(&["vocab.json", "merges.txt"]), "those of another kind");
        for (family, parts) in [
            ("clip", &["vocab.json", "merges.txt"][..]),
            ("clip", &["vocab.json", "merges.txt", "tokenizer_config.json"]),
            ("chinese_clip", &["vocab.txt", "tokenizer_config.json"]),
            ("siglip", &["spiece.model", "tokenizer_config.json"]),
        ] {
            assert_eq!(with(family, parts).unwrap(), parts);
        }
        assert_eq!(with("clip", &["tokenizer.json", "vocab.json", "merges.txt"]).unwrap(), ["tokenizer.json"]);
        for tokenizer in ["spiece.model", "tokenizer.json"] {
            assert_eq!(with("siglip", &[tokenizer]), Err(Missing::TokenizerConfig));
        }
    }

    #[test]
    fn selection_needs_an_image_processor() {
        let base = ["config.json", "model.safetensors", "tokenizer.json", "processor_config.json"];
        let with = |processor: Json| {
            let family = families::from_config(&json!({"model_type": "clip"})).unwrap();
            choose(&base.into_iter().collect(), &RequiredFiles::of(Some(&*family), Some(&processor)))
        };
        for without in [json!({"processor_class": "CLIPProcessor"}), json!({"image_processor": null}), json!([])] {
            assert_eq!(with(without), Err(Missing::Processor));
        }
        assert_eq!(with(json!({"image_processor": {}})).unwrap().small[1], "processor_config.json");
        assert_eq!(of("clip", &base), Err(Missing::Processor));
    }

    #[test]
    fn shards_come_from_the_index_and_lie_beside_it() {
        let index = |shard: &str| format!(r#"{{"metadata": {{}}, "weight_map": {{"a": "{shard}", "b": "{shard}"}}}}"#);
        for (good, ending) in
            [("model-00001-of-00002.safetensors", ".safetensors"), ("pytorch_model-00001-of-00002.bin", ".bin")]
        {
            assert_eq!(shards(index(good).as_bytes(), ending), Some(BTreeSet::from([good.to_owned()])));
            for bad in
                [format!("../x{ending}"), format!("/etc/x{ending}"), format!("deeper/x{ending}"), "x.pt".to_owned()]
            {
                assert_eq!(shards(index(&bad).as_bytes(), ending), None, "{bad}");
            }
        }
        assert_eq!(shards(b"{}", ".bin"), None);
        assert_eq!(shards(br#"{"weight_map": {}}"#, ".bin"), None);
    }
}
