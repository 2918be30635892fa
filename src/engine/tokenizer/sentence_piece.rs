//! A tokenizer from a SentencePiece model, `spiece.model`, as SigLIP's checkpoints hold it.
//!
//! Format: `sentencepiece_model.proto` of google/sentencepiece. Only its unigram model is read, which SigLIP has (Kudo
//! 2018, "Subword Regularization").

use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{NormalizerWrapper, Precompiled, Replace, Sequence, replace::ReplacePattern};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer as Inner};

use super::config::TokenizerConfig;
use super::form::LARGEST_FILE;
use super::growth::{Growth, WORST};
use crate::engine::wire::{self, Fields};
use crate::plain_file;

/// The character that stands for a space.
const SPACE: char = '\u{2581}';

/// `TrainerSpec.ModelType.UNIGRAM`, which is also the default.
const UNIGRAM: u64 = 1;
/// `SentencePiece.Type.UNKNOWN`.
const UNKNOWN: u64 = 2;

/// Numbers of fields.
mod field {
    pub(super) const PIECES: u64 = 1;
    pub(super) const TRAINER: u64 = 2;
    pub(super) const NORMALIZER: u64 = 3;
    pub(super) const PIECE: u64 = 1;
    pub(super) const SCORE: u64 = 2;
    pub(super) const TYPE: u64 = 3;
    pub(super) const MODEL_TYPE: u64 = 3;
    pub(super) const CHARACTER_MAP: u64 = 2;
}

#[derive(Default)]
struct Model {
    /// Pieces and the logarithms of their probabilities.
    pieces: Vec<(String, f64)>,
    unknown: Option<usize>,
    character_map: Vec<u8>,
}

/// The tokenizer of the model at `path`: pieces, and the end of text after them; and how much longer it can make a
/// text.
pub(super) fn open(path: &Path, config: &TokenizerConfig) -> tokenizers::Result<(Inner, Growth)> {
    let model = parse(&plain_file::read(path, LARGEST_FILE)?)?;
    let growth = Growth::of_character_map(&model.character_map).then(Growth::by(WORST));
    let mut inner = Inner::new(Unigram::from(model.pieces, model.unknown, false)?);
    let mut steps: Vec<NormalizerWrapper> = vec![];
    if !model.character_map.is_empty() {
        check_character_map(&model.character_map)?;
        steps.push(Precompiled::from(&model.character_map)?.into());
    }
    steps.push(Replace::new(ReplacePattern::Regex(" {2,}".to_owned()), " ")?.into());
    inner.with_normalizer(Some(Sequence::new(steps)))?;
    inner.with_pre_tokenizer(Some(Metaspace::new(SPACE, PrependScheme::Always, true)));
    let end = config.token("eos_token").unwrap_or("</s>").to_owned();
    let id = inner.token_to_id(&end).ok_or_else(|| format!("{end} is not in the vocabulary"))?;
    let template = TemplateProcessing::builder()
        .try_single(vec!["$A".to_owned(), end.clone()])?
        .special_tokens(vec![(end.clone(), id)])
        .build()?;
    inner.with_post_processor(Some(template));
    inner.add_special_tokens([AddedToken::from(end, true)]).map(|_| ())?;
    Ok((inner, growth))
}

/// The same for the character maps in a `tokenizer.json`, which are in base 64.
pub(super) fn check_character_maps_in(json: &[u8]) -> tokenizers::Result<()> {
    let key = b"\"precompiled_charsmap\"";
    for (start, _) in json.windows(key.len()).enumerate().filter(|(_, window)| window == key) {
        let value = json[start + key.len()..].trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        // A value that is no text has no map.
        if let Some(text) = value.and_then(|value| value.strip_prefix(b"\"")) {
            let end = text.iter().position(|byte| *byte == b'"').unwrap_or(text.len());
            check_character_map(&BASE64.decode(&text[..end])?)?;
        }
    }
    Ok(())
}

/// A character map begins with the length of its first part, which is believed when it is read: room is made for it.
fn check_character_map(map: &[u8]) -> tokenizers::Result<()> {
    let length = map.first_chunk().map(|length| u32::from_le_bytes(*length) as usize);
    match length.is_some_and(|length| length <= map.len() - 4) {
        true => Ok(()),
        false => Err("its character map is cut short".into()),
    }
}

fn parse(bytes: &[u8]) -> tokenizers::Result<Model> {
    let mut model = Model::default();
    let mut reader = Cursor::new(bytes);
    let mut fields = Fields::of(0..bytes.len() as u64);
    while let Some(part) = fields.next(&mut reader)? {
        let content = &bytes[part.content.start as usize..part.content.end as usize];
        match part.number {
            field::PIECES => {
                let (piece, score, kind) = parse_piece(content)?;
                if kind == UNKNOWN {
                    model.unknown = Some(model.pieces.len());
                }
                model.pieces.push((piece, score));
            }
            field::TRAINER if integer_of(content, field::MODEL_TYPE)?.is_some_and(|kind| kind != UNIGRAM) => {
                return Err("it is no unigram model".into());
            }
            field::NORMALIZER => model.character_map = bytes_of(content, field::CHARACTER_MAP)?.unwrap_or_default(),
            _ => {}
        }
    }
    Ok(model)
}

/// A piece, its score and its type; the type is NORMAL, 1, where it is left out.
fn parse_piece(content: &[u8]) -> tokenizers::Result<(String, f64, u64)> {
    let piece = String::from_utf8(bytes_of(content, field::PIECE)?.unwrap_or_default())?;
    let score = bytes_of(content, field::SCORE)?.and_then(|bytes| bytes.try_into().ok()).map(f32::from_le_bytes);
    Ok((piece, f64::from(score.unwrap_or_default()), integer_of(content, field::TYPE)?.unwrap_or(1)))
}

/// The content of a message's field of this number; the last one where there are several.
fn bytes_of(message: &[u8], number: u64) -> tokenizers::Result<Option<Vec<u8>>> {
    let mut reader = Cursor::new(message);
    let mut found = None;
    let mut fields = Fields::of(0..message.len() as u64);
    while let Some(field) = fields.next(&mut reader)? {
        if field.number == number {
            found = Some(field.content);
        }
    }
    Ok(found.map(|content| wire::bytes(&mut reader, content)).transpose()?)
}

fn integer_of(message: &[u8], number: u64) -> tokenizers::Result<Option<u64>> {
    let bytes = bytes_of(message, number)?;
    Ok(bytes.map(|bytes| bytes.iter().rev().fold(0, |integer, byte| integer << 7 | u64::from(byte & 0x7F))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_map_with_a_false_length_is_refused() {
        let json = |map: &[u8]| format!(r#"{{"type":"Precompiled","precompiled_charsmap": "{}"}}"#, BASE64.encode(map));
        assert!(check_character_maps_in(json(&[4, 0, 0, 0, 1, 2, 3, 4]).as_bytes()).is_ok());
        for bad in [&[0xFF; 8][..], &[5, 0, 0, 0, 1, 2, 3, 4], &[1]] {
            assert!(check_character_maps_in(json(bad).as_bytes()).is_err(), "{bad:?}");
        }
        assert!(check_character_maps_in(br#"{"precompiled_charsmap":null,"other":"text"}"#).is_ok());
        assert!(check_character_maps_in(br#"{"precompiled_charsmap"#).is_ok());
    }
}
