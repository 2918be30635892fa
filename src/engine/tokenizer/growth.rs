//! How much longer a tokenizer can make a text. Its own file says what is done with a text, step after step, and each
//! step may put more in: four that replace a letter by two thousand make terabytes of a word. So it is reckoned from
//! the file how long a text can become at most, before any step is made.
//!
//! Format: `tokenizer.json` of huggingface/tokenizers. The kind of a step may be left out there and is then told by the
//! step's keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value as Json;

use super::pruned_json::{count, small};

/// The longest that a text may become, in bytes or tokens. It takes twenty times as much memory meanwhile. Sentences of
/// a label have some hundred bytes, which known tokenizers can make a hundred times as long at the very most.
const LONGEST: u64 = 4_000_000;

/// The most steps of a kind: known tokenizers have eight. Each may be a regular expression, which takes up to ten
/// megabytes.
const MOST_STEPS: usize = 32;

/// The most words and merges: the largest vocabulary seen has 256,000.
const MOST_WORDS: usize = 2_000_000;

/// The most bytes of added tokens, which are searched for in every text, with some for what is kept of each. The
/// largest seen have 200,000.
const MOST_ADDED: u64 = 1_000_000;
const AROUND_ADDED: u64 = 16;

/// The longest word that may be cut into pieces, in characters: the time for it grows with its third power.
const LONGEST_WORD: u64 = 1_000;

/// The growth of a byte by a step that is not known: as much as any that is, but for those that say what they put in.
/// The worst letter, U+FDFA, becomes eighteen.
pub(super) const WORST: u64 = 12;

/// A text of `n` bytes becomes no longer than `n * factor + more`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Growth {
    factor: u64,
    more: u64,
}

impl Growth {
    /// No growth.
    pub(super) const NONE: Growth = Growth::by(1);

    pub(super) const fn by(factor: u64) -> Growth {
        Growth { factor, more: 0 }
    }

    /// The growth where every place between letters may get this many bytes.
    fn with_everywhere(bytes: u64) -> Growth {
        Growth { factor: bytes.saturating_add(1), more: bytes }
    }

    /// The growth by a character map. Its replacements follow its table, each a text that ends with a zero byte.
    pub(super) fn of_character_map(map: &[u8]) -> Growth {
        let table = map.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
        let texts = map.get(table.saturating_add(4)..).unwrap_or(map);
        Growth::by(texts.split(|byte| *byte == 0).map(<[u8]>::len).max().unwrap_or_default().max(1) as u64)
    }

    /// The growth by both steps, one after the other.
    pub(super) fn then(self, next: Growth) -> Growth {
        let more = self.more.saturating_mul(next.factor).saturating_add(next.more);
        Growth { factor: self.factor.saturating_mul(next.factor), more }
    }

    /// True if a text of this many bytes stays within bounds.
    pub(super) fn is_bounded_for(self, bytes: usize) -> bool {
        (bytes as u64).saturating_mul(self.factor).saturating_add(self.more) <= LONGEST
    }

    /// The growth by all steps of a `tokenizer.json`. An error for a file that would take too much memory or time to
    /// open.
    pub(super) fn of_whole(file: &[u8]) -> tokenizers::Result<Growth> {
        let Whole { added_tokens, normalizer, pre_tokenizer, post_processor, model, .. } =
            serde_json::from_slice(file)?;
        if model.words.max(model.merges) > MOST_WORDS {
            return Err("its vocabulary is larger than any known one".into());
        }
        if model.longest_word > LONGEST_WORD {
            return Err("it would cut words that are longer than any known tokenizer's".into());
        }
        let before = of_steps(&normalizer, "normalizers", of_normalizer)?;
        let lengths = || added_tokens.iter().map(|token| token.content.len());
        let sum = lengths().map(|length| length as u64 + AROUND_ADDED).sum::<u64>();
        if sum > MOST_ADDED || lengths().any(|length| !before.is_bounded_for(length)) {
            return Err("its added tokens are longer than any known one's".into());
        }
        let cut = of_steps(&pre_tokenizer, "pretokenizers", of_pre_tokenizer)?;
        Ok(before.then(cut).then(of_steps(&post_processor, "processors", of_post_processor)?))
    }
}

/// The parts of a `tokenizer.json` that decide how long texts become and how large it is itself.
#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default, deserialize_with = "small")]
    normalizer: Json,
    #[serde(default, deserialize_with = "small")]
    pre_tokenizer: Json,
    #[serde(default, deserialize_with = "small")]
    post_processor: Json,
    /// Texts are never made of tokens; it is read all the same.
    #[serde(default, rename = "decoder", deserialize_with = "small")]
    _decoder: Json,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    content: String,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default, rename = "vocab", deserialize_with = "count")]
    words: usize,
    #[serde(default, deserialize_with = "count")]
    merges: usize,
    #[serde(default, rename = "max_input_chars_per_word")]
    longest_word: u64,
}

/// All steps of a kind, those in lists within lists too.
fn of_steps(step: &Json, list: &str, of_one: fn(&Json) -> Growth) -> tokenizers::Result<Growth> {
    let (mut growth, mut steps, mut left) = (Growth::NONE, 0, vec![step]);
    while let Some(step) = left.pop() {
        if let Some(inside) = step.get(list).and_then(Json::as_array) {
            // The first is the next: the order counts where what is put in is multiplied.
            left.extend(inside.iter().rev());
        } else if !step.is_null() {
            steps += 1;
            growth = growth.then(of_one(step));
        }
        if steps + left.len() > MOST_STEPS {
            return Err("it has more steps than any known one".into());
        }
    }
    Ok(growth)
}

fn kind(step: &Json) -> &str {
    step.get("type").and_then(Json::as_str).unwrap_or_default()
}

fn length(step: &Json, key: &str) -> Option<u64> {
    step.get(key).and_then(Json::as_str).map(|text| text.len() as u64)
}

fn of_normalizer(step: &Json) -> Growth {
    let usual = match kind(step) {
        "Strip" | "StripNormalizer" | "StripAccents" | "Nmt" | "Replace" | "Prepend" | "Precompiled" => Growth::NONE,
        "ByteLevel" => Growth::by(2),
        "NFC" | "NFD" | "Lowercase" => Growth::by(3),
        _ => Growth::by(WORST),
    };
    let replaced = length(step, "content").map_or(Growth::NONE, |content| match step.pointer("/pattern/String") {
        Some(Json::String(pattern)) if !pattern.is_empty() => Growth::by(content.div_ceil(pattern.len() as u64).max(1)),
        _ => Growth::with_everywhere(content),
    });
    let prepended = Growth { more: length(step, "prepend").unwrap_or_default(), ..Growth::NONE };
    let map = step.get("precompiled_charsmap").and_then(Json::as_str).and_then(|text| BASE64.decode(text).ok());
    let mapped = map.map_or(Growth::NONE, |map| Growth::of_character_map(&map));
    usual.then(replaced).then(prepended).then(mapped)
}

fn of_pre_tokenizer(step: &Json) -> Growth {
    match kind(step) {
        "BertPreTokenizer" | "CharDelimiterSplit" | "Delimiter" | "Digits" | "FixedLength" | "Punctuation"
        | "Split" | "UnicodeScripts" | "Whitespace" | "WhitespaceSplit" => Growth::NONE,
        // Each piece may get a space, and there are no more pieces than letters.
        "ByteLevel" => Growth { factor: 4, more: 4 },
        _ => Growth { factor: WORST, more: WORST },
    }
}

/// Start and end around the tokens; a template may have them again and again, and tokens that stand for many.
fn of_post_processor(step: &Json) -> Growth {
    let Some(pieces) = step.get("single").and_then(Json::as_array) else {
        return Growth { factor: 1, more: 2 };
    };
    let special = step.get("special_tokens").and_then(Json::as_object);
    let longest = special.into_iter().flat_map(|special| special.values()).map(|token| {
        let ids = token.get("ids").and_then(Json::as_array);
        ids.map_or(0, Vec::len) as u64
    });
    let pieces = pieces.len() as u64;
    Growth { factor: pieces.max(1), more: pieces.saturating_mul(longest.max().unwrap_or_default()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole(parts: Json) -> tokenizers::Result<Growth> {
        let mut whole = json!({"model": {"vocab": {"a": 0}}});
        whole.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        Growth::of_whole(whole.to_string().as_bytes())
    }

    #[test]
    fn growth_of_known_tokenizers_leaves_room_for_long_sentences() {
        let clip = json!({
            "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": "."}}, {"type": "ByteLevel"}]},
            "post_processor": {"type": "RobertaProcessing"},
        });
        let gemma = json!({
            "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            "pre_tokenizer": {"type": "Split"},
            "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {}}, {"SpecialToken": {}}],
                "special_tokens": {"<eos>": {"ids": [1]}}},
        });
        for known in [clip, gemma, json!({"normalizer": {"type": "BertNormalizer"}}), json!({"normalizer": null})] {
            assert!(whole(known.clone()).unwrap().is_bounded_for(20_000), "{known}");
        }
    }

    #[test]
    fn growth_counts_every_step() {
        let replace = |pattern: Json| json!({"type": "Replace", "pattern": pattern, "content": "aa".repeat(1000)});
        let four = |step: Json| json!({"type": "Sequence", "normalizers": vec![step; 4]});
        let template = |pieces: usize, ids: usize| {
            let single = vec![json!({"Sequence": {"id": "A"}}); pieces];
            json!({"single": single, "special_tokens": {"x": {"ids": vec![1; ids]}}})
        };
        let map = BASE64.encode([&[1, 0, 0, 0, 9][..], "a".repeat(5_000_000).as_bytes(), b"\0"].concat());
        for grows in [
            json!({"normalizer": four(replace(json!({"String": "a"})))}),
            json!({"normalizer": four(replace(json!({"Regex": "a*"})))}),
            json!({"normalizer": {"normalizers": [{"normalizers": [replace(json!({"String": ""})), {"prepend": "a".repeat(2_000)}]}]},
                "pre_tokenizer": {"pretokenizers": vec![json!({"type": "ByteLevel"}); 3]}}),
            json!({"normalizer": {"prepend": "a".repeat(5_000_000)}}),
            json!({"normalizer": {"precompiled_charsmap": map}}),
            json!({"normalizer": four(json!({"type": "NFKD"})), "pre_tokenizer": {"type": "Metaspace"}}),
            json!({"pre_tokenizer": {"type": "Sequence", "pretokenizers": vec![json!({"type": "ByteLevel"}); 20]}}),
            json!({"post_processor": template(2_000, 2_500)}),
            json!({"post_processor": {"type": "Sequence", "processors": vec![template(100, 1); 4]}}),
        ] {
            let text = grows.to_string();
            assert!(!whole(grows).unwrap().is_bounded_for(40), "{}", &text[..text.len().min(200)]);
        }
    }

    #[test]
    fn tokenizer_too_large_to_open_is_refused() {
        let steps = vec![json!({"type": "Split", "pattern": {"Regex": "a"}}); MOST_STEPS + 1];
        let added = |content: String| json!([{"id": 1, "content": content}]);
        let doubling =
            json!({"normalizers": vec![json!({"pattern": {"String": "a"}, "content": "aa".repeat(100)}); 4]});
        for large in [
            json!({"pre_tokenizer": {"pretokenizers": steps}}),
            json!({"added_tokens": added("a".repeat(2_000_000))}),
            json!({"added_tokens": added("aaaaaa".to_owned()), "normalizer": doubling}),
            json!({"post_processor": {"single": vec![0; 100_000]}}),
            json!({"decoder": vec![0; 100_000]}),
            json!({"added_tokens": vec![json!({"content": ""}); 200_000]}),
            json!({"model": {"vocab": {}, "max_input_chars_per_word": 1_000_000_000}}),
            json!({"model": {"vocab": vec![0; MOST_WORDS + 1]}}),
            json!({"model": {"vocab": {}, "merges": vec![0; MOST_WORDS + 1]}}),
        ] {
            let text = large.to_string();
            assert!(whole(large).is_err(), "{}", &text[..text.len().min(200)]);
        }
    }
}
