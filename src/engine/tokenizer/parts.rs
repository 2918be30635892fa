//! Tokenizers made from the parts that checkpoints hold where they have no `tokenizer.json`.

use std::path::Path;

use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, Lowercase, NFC, Replace, Sequence, replace::ReplacePattern};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer as Inner};

use super::config::TokenizerConfig;
use super::form::LARGEST_FILE;
use crate::plain_file;

/// The pattern of one word for CLIP, before byte pairs are merged (openai/CLIP, simple_tokenizer.py).
const CLIP_WORDS: &str = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
const CLIP_START: &str = "<|startoftext|>";
const CLIP_END: &str = "<|endoftext|>";

/// CLIP's tokenizer from its vocabulary and merges, as old checkpoints hold it.
pub(super) fn clip(vocabulary: &Path, merges: &Path) -> tokenizers::Result<Inner> {
    let bpe = BPE::from_file(&text(vocabulary)?, &text(merges)?)
        .unk_token(CLIP_END.to_owned())
        .end_of_word_suffix("</w>".to_owned())
        .build()?;
    let mut inner = Inner::new(bpe);
    inner.with_normalizer(Some(Sequence::new(vec![
        NFC.into(),
        Replace::new(ReplacePattern::Regex(r"\s+".to_owned()), " ")?.into(),
        Lowercase.into(),
    ])))?;
    let words = Split::new(SplitPattern::Regex(CLIP_WORDS.to_owned()), SplitDelimiterBehavior::Removed, true)?;
    inner.with_pre_tokenizer(Some(PreSequence::new(vec![words.into(), ByteLevel::new(false, true, true).into()])));
    let (start, end) = (known(&inner, CLIP_START)?, known(&inner, CLIP_END)?);
    inner.with_post_processor(Some(RobertaProcessing::new(end, start).trim_offsets(false).add_prefix_space(false)));
    inner.add_special_tokens([AddedToken::from(CLIP_START, true), AddedToken::from(CLIP_END, true)]).map(|_| ())?;
    Ok(inner)
}

/// BERT's tokenizer from its list of word pieces (Devlin et al. 2018; transformers, `BertTokenizer`).
pub(super) fn bert(vocabulary: &Path, config: &TokenizerConfig) -> tokenizers::Result<Inner> {
    let token = |key: &str, usual: &str| config.token(key).unwrap_or(usual).to_owned();
    let unknown = token("unk_token", "[UNK]");
    let pieces = WordPiece::from_file(&text(vocabulary)?).unk_token(unknown.clone()).build()?;
    let mut inner = Inner::new(pieces);
    let normalizer = BertNormalizer::new(
        true,
        config.flag("tokenize_chinese_chars").unwrap_or(true),
        config.flag("strip_accents"),
        config.flag("do_lower_case").unwrap_or(true),
    );
    inner.with_normalizer(Some(normalizer))?;
    inner.with_pre_tokenizer(Some(BertPreTokenizer));
    let (start, end) = (token("cls_token", "[CLS]"), token("sep_token", "[SEP]"));
    let frame = BertProcessing::new(known(&inner, &end)?, known(&inner, &start)?);
    inner.with_post_processor(Some(frame));
    let special = [unknown, start, end].map(|token| AddedToken::from(token, true));
    inner.add_special_tokens(special).map(|_| ())?;
    Ok(inner)
}

/// A token that the vocabulary must have, and its number.
fn known(inner: &Inner, token: &str) -> tokenizers::Result<(String, u32)> {
    let id = inner.token_to_id(token).ok_or_else(|| format!("{token} is not in the vocabulary"))?;
    Ok((token.to_owned(), id))
}

/// The path of a part, which the library opens by itself, as text.
fn text(path: &Path) -> tokenizers::Result<String> {
    plain_file::check(path, LARGEST_FILE)?;
    Ok(path.to_str().ok_or("the path is not UTF-8")?.to_owned())
}
