//! Normalises SigLIP's sentences before they are split into tokens. It was trained on normalised sentences; without
//! this it loses much of its accuracy, and nothing reports that.

use super::config::TokenizerConfig;
use super::form::TextForm;

/// The vocabulary of SigLIP, `c4_en`.
const SIGLIP_1: usize = 32_000;
/// The vocabulary of SigLIP 2, which is Gemma's.
const SIGLIP_2: usize = 256_000;

/// Steps that are done with a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextNormalizer {
    /// Nothing: the tokenizer's own file does all there is to do.
    AsWritten,
    /// Small letters.
    Lower,
    /// Small letters, no ASCII punctuation, one space where there was white space, none at the ends (big_vision,
    /// `evaluators/proj/image_text/prompt_engineering.py`, `canonicalize_text`; transformers, `SiglipTokenizer`).
    Canonical {
        /// `do_lower_case` of the tokenizer's configuration.
        lower: bool,
    },
}

impl TextNormalizer {
    /// The spelling that a SigLIP checkpoint was trained with. The published files of SigLIP 2 do not say that it was
    /// trained on small letters only (Tschannen et al. 2025, "SigLIP 2"; transformers' `Siglip2Tokenizer`).
    pub(super) fn of_siglip(form: &TextForm, config: &TokenizerConfig) -> TextNormalizer {
        let canonical = TextNormalizer::Canonical { lower: config.flag("do_lower_case").unwrap_or(true) };
        match config.class() {
            "Siglip2Tokenizer" | "GemmaTokenizer" => TextNormalizer::Lower,
            "SiglipTokenizer" => canonical,
            _ if form.vocabulary == SIGLIP_2 => TextNormalizer::Lower,
            "" if form.vocabulary == SIGLIP_1 => canonical,
            _ => TextNormalizer::AsWritten,
        }
    }

    pub(super) fn apply(self, text: &str) -> String {
        match self {
            TextNormalizer::AsWritten => text.to_owned(),
            TextNormalizer::Lower => text.to_lowercase(),
            TextNormalizer::Canonical { lower } => {
                let text = if lower { text.to_lowercase() } else { text.to_owned() };
                let bare: String = text.chars().filter(|character| !character.is_ascii_punctuation()).collect();
                bare.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siglip_sentence_is_normalised() {
        let text = "  This is a  photo of\tan AK-47, a “TYPE” of\u{a0}firearm. ";
        let canonical = TextNormalizer::Canonical { lower: true }.apply(text);
        assert_eq!(canonical, "this is a photo of an ak47 a “type” of firearm");
        let kept = TextNormalizer::Canonical { lower: false }.apply("A.B  c");
        assert_eq!(kept, "AB c");
        assert_eq!(TextNormalizer::Lower.apply("Ein Photo, GROSS."), "ein photo, gross.");
        assert_eq!(TextNormalizer::AsWritten.apply(text), text);
    }
}
