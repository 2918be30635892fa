//! From sentences to token ids, with the checkpoint's own tokenizer.

use std::path::{Path, PathBuf};

use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence, replace::ReplacePattern};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer as Inner};

/// What CLIP takes for one word before byte pairs are merged (openai/CLIP, simple_tokenizer.py).
const CLIP_WORDS: &str = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
const CLIP_START: &str = "<|startoftext|>";
const CLIP_END: &str = "<|endoftext|>";

/// A checkpoint's tokenizer.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Inner,
    limit: usize,
    vocabulary: usize,
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The folder has neither `tokenizer.json` nor `vocab.json` and `merges.txt`.
    #[error("{folder} has no tokenizer")]
    Missing {
        /// The checkpoint's folder.
        folder: PathBuf,
    },
    /// A tokenizer's file is damaged.
    #[error("{path} is no tokenizer")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A sentence has more tokens than the model reads.
    #[error("{text:?} has {tokens} tokens, {limit} at most")]
    TooLong {
        /// The sentence.
        text: String,
        /// Its tokens.
        tokens: usize,
        /// The most the model reads.
        limit: usize,
    },
    /// The tokenizer has words that the model has not: it belongs to another model.
    #[error("token {token} is beyond the model's {vocabulary}")]
    OtherVocabulary {
        /// The token.
        token: u32,
        /// How many the model has.
        vocabulary: usize,
    },
    /// The tokenizer failed on a sentence.
    #[error("{text:?} cannot be split into tokens")]
    Failed {
        /// The sentence.
        text: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Tokenizer {
    /// The tokenizer of the checkpoint in `folder`, whose text tower reads at most `limit` tokens of a vocabulary of
    /// `vocabulary`.
    pub fn open(folder: &Path, limit: usize, vocabulary: usize) -> Result<Tokenizer, TokenizerError> {
        let whole = folder.join("tokenizer.json");
        let (words, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
        let mut inner = if whole.exists() {
            Inner::from_file(&whole).map_err(|source| TokenizerError::Damaged { path: whole, source })?
        } else if words.exists() && merges.exists() {
            clip_from_parts(&words, &merges).map_err(|source| TokenizerError::Damaged { path: words, source })?
        } else {
            return Err(TokenizerError::Missing { folder: folder.to_owned() });
        };
        // A file may carry the truncation and padding of its training; the pipeline decides both for itself.
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|source| TokenizerError::Damaged { path: folder.join("tokenizer.json"), source })?;
        Ok(Tokenizer { inner, limit, vocabulary })
    }

    /// The token ids of a sentence, start and end included, never cut.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let failed = |source| TokenizerError::Failed { text: text.to_owned(), source };
        let encoding = crate::panics::caught(|| self.inner.encode_fast(text, true))
            .map_err(|panicked| failed(Box::new(panicked)))?
            .map_err(failed)?;
        let tokens = encoding.get_ids().to_vec();
        if tokens.len() > self.limit {
            return Err(TokenizerError::TooLong { text: text.to_owned(), tokens: tokens.len(), limit: self.limit });
        }
        match tokens.iter().find(|token| **token as usize >= self.vocabulary) {
            Some(token) => Err(TokenizerError::OtherVocabulary { token: *token, vocabulary: self.vocabulary }),
            None => Ok(tokens),
        }
    }
}

/// CLIP's tokenizer from its vocabulary and merges, as old checkpoints hold it.
fn clip_from_parts(vocabulary: &Path, merges: &Path) -> tokenizers::Result<Inner> {
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or("the path is not UTF-8");
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
    let id = |token: &str| inner.token_to_id(token).ok_or_else(|| format!("{token} is not in the vocabulary"));
    let (start, end) = ((CLIP_START.to_owned(), id(CLIP_START)?), (CLIP_END.to_owned(), id(CLIP_END)?));
    inner.with_post_processor(Some(RobertaProcessing::new(end, start).trim_offsets(false).add_prefix_space(false)));
    inner.add_special_tokens([AddedToken::from(CLIP_START, true), AddedToken::from(CLIP_END, true)]).map(|_| ())?;
    Ok(inner)
}
