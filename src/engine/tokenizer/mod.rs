//! From sentences to token ids, with the checkpoint's own tokenizer.

mod config;
mod error;
mod form;
mod growth;
mod normalizer;
mod parts;
mod pruned_json;
mod sentence_piece;

use std::path::{Path, PathBuf};

use ndarray::Array2;
use tokenizers::Tokenizer as Inner;
use tokenizers::processors::template::TemplateProcessing;

use config::TokenizerConfig;
pub use error::TokenizerError;
use form::LARGEST_FILE;
pub use form::{Kind, Padding, TOKENIZER_CONFIG, TextForm, WHOLE};
use growth::Growth;
use normalizer::TextNormalizer;

use crate::plain_file;

/// A checkpoint's tokenizer.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Inner,
    growth: Growth,
    files: Vec<PathBuf>,
    form: TextForm,
    spelling: TextNormalizer,
    padding: PaddingToken,
}

/// The token that sentences are filled up with.
#[derive(Debug, Clone, Copy)]
struct PaddingToken {
    token: u32,
    on_the_left: bool,
    /// The tower is told.
    told: bool,
}

/// Sentences as the text tower takes them, filled up to one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBatch {
    /// Token ids: (sentences, tokens).
    pub ids: Array2<i64>,
    /// One at tokens that the tower looks at, zero at those that only fill up: (sentences, tokens).
    pub mask: Array2<i64>,
}

impl Tokenizer {
    /// The tokenizer of the checkpoint in `folder`, for a text tower that takes sentences in `form`.
    pub fn open(folder: &Path, form: TextForm) -> Result<Tokenizer, TokenizerError> {
        let config = TokenizerConfig::in_folder(folder)?;
        if form.kind.needs_config() && config.file().is_empty() {
            return Err(TokenizerError::NoConfig { folder: folder.to_owned() });
        }
        let (path, files) = files_of(folder, form.kind)?;
        let damaged = |source| TokenizerError::Damaged { path: path.clone(), source };
        let made = crate::panics::caught(|| from_files(&files, form.kind, &config));
        let (mut inner, growth) = made.map_err(|panicked| damaged(Box::new(panicked)))?.map_err(damaged)?;
        if form.kind == Kind::Siglip {
            frame(&mut inner, &config).map_err(damaged)?;
        }
        // A file may carry the truncation and padding of its training; the pipeline decides both for itself.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(damaged)?;
        let token = match form.padding {
            Padding::ToLongest => 0,
            Padding::Always { padding } => {
                config.token("pad_token").and_then(|token| inner.token_to_id(token)).unwrap_or(padding)
            }
        };
        let padding =
            PaddingToken { token, on_the_left: config.pads_on_the_left(), told: config.tells_what_fills_up() };
        let spelling = match form.kind {
            Kind::Siglip => TextNormalizer::of_siglip(&form, &config),
            Kind::Clip | Kind::Bert => TextNormalizer::AsWritten,
        };
        let tokenizer = Tokenizer { inner, growth, files: [files, config.file()].concat(), form, spelling, padding };
        tokenizer.check_known(&[token]).map(|()| tokenizer)
    }

    /// The files that it was made of.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The token ids of a sentence, start and end included, not filled up, never cut.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let failed = |source| TokenizerError::Failed { text: text.to_owned(), source };
        let spelled = self.spelling.apply(text);
        if !self.growth.is_bounded_for(spelled.len()) {
            return Err(TokenizerError::Grows { path: self.files.first().cloned().unwrap_or_default() });
        }
        let encoding = crate::panics::caught(|| self.inner.encode_fast(spelled, true))
            .map_err(|panicked| failed(Box::new(panicked)))?
            .map_err(failed)?;
        let tokens = encoding.get_ids().to_vec();
        let limit = self.form.longest;
        if tokens.len() > limit {
            return Err(TokenizerError::TooLong { text: text.to_owned(), tokens: tokens.len(), limit });
        }
        self.check_known(&tokens).map(|()| tokens)
    }

    /// Sentences filled up to one length: that of the longest, or at least `length` tokens, or what the tower always
    /// takes.
    pub fn batch(&self, sentences: &[String], length: Option<usize>) -> Result<TokenBatch, TokenizerError> {
        let tokens: Vec<Vec<u32>> = sentences.iter().map(|sentence| self.tokens(sentence)).collect::<Result<_, _>>()?;
        let longest = tokens.iter().map(Vec::len).max().unwrap_or_default();
        let columns = match self.form.padding {
            Padding::ToLongest => longest.max(length.unwrap_or_default()),
            Padding::Always { .. } => self.form.longest,
        };
        let shape = (tokens.len(), columns);
        let mut batch = TokenBatch { ids: Array2::zeros(shape), mask: Array2::zeros(shape) };
        for (tokens, (mut ids, mut mask)) in
            tokens.iter().zip(batch.ids.rows_mut().into_iter().zip(batch.mask.rows_mut()))
        {
            let padding = match self.form.padding {
                // The last token is the end of text: what an export that searches for the end finds first is still the
                // true one.
                Padding::ToLongest => tokens.last().copied().unwrap_or_default(),
                Padding::Always { .. } => self.padding.token,
            };
            let on_the_left = self.padding.on_the_left && self.form.padding != Padding::ToLongest;
            let before = if on_the_left { columns - tokens.len() } else { 0 };
            for place in 0..columns {
                let token = place.checked_sub(before).and_then(|place| tokens.get(place));
                ids[place] = i64::from(token.copied().unwrap_or(padding));
                let told = self.padding.told || self.form.padding == Padding::ToLongest;
                mask[place] = i64::from(token.is_some() || !told);
            }
        }
        Ok(batch)
    }

    /// Whether the tower knows all the tokens.
    fn check_known(&self, tokens: &[u32]) -> Result<(), TokenizerError> {
        let vocabulary = self.form.vocabulary;
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => Err(TokenizerError::OtherVocabulary { token: *token, vocabulary }),
            None => Ok(()),
        }
    }
}

/// The files that a tokenizer is made of; the first of them, which is to blame if it cannot be made, once more before.
fn files_of(folder: &Path, kind: Kind) -> Result<(PathBuf, Vec<PathBuf>), TokenizerError> {
    let whole = folder.join(WHOLE);
    if whole.exists() {
        return Ok((whole.clone(), vec![whole]));
    }
    let parts = kind.parts();
    let files: Vec<PathBuf> = parts.iter().map(|name| folder.join(name)).collect();
    match files.first().filter(|_| files.iter().all(|file| file.exists())) {
        Some(first) => Ok((first.clone(), files)),
        None => Err(TokenizerError::Missing { folder: folder.to_owned(), parts: parts.join(", ") }),
    }
}

/// A tokenizer, and how much longer it can make a text.
fn from_files(files: &[PathBuf], kind: Kind, config: &TokenizerConfig) -> tokenizers::Result<(Inner, Growth)> {
    match (kind, files) {
        (_, [whole]) if whole.extension().is_some_and(|extension| extension == "json") => {
            let bytes = plain_file::read(whole, LARGEST_FILE)?;
            sentence_piece::check_character_maps_in(&bytes)?;
            let growth = Growth::of_whole(&bytes)?;
            Ok((Inner::from_bytes(bytes)?, growth))
        }
        // The steps of these are ours.
        (Kind::Clip, [vocabulary, merges]) => Ok((parts::clip(vocabulary, merges)?, Growth::NONE)),
        (Kind::Bert, [vocabulary]) => Ok((parts::bert(vocabulary, config)?, Growth::NONE)),
        (Kind::Siglip, [pieces]) => sentence_piece::open(pieces, config),
        _ => Err("there is no such tokenizer".into()),
    }
}

/// Start and end around a sentence, where `tokenizer_config.json` decides them against the tokenizer's own file, as it
/// does for Gemma's (transformers, `TokenizersBackend.update_post_processor`).
fn frame(inner: &mut Inner, config: &TokenizerConfig) -> tokenizers::Result<()> {
    let wanted = [config.flag("add_bos_token"), config.flag("add_eos_token")];
    if wanted == [None, None] {
        return Ok(());
    }
    let mut ends = [None, None];
    for (end, (wanted, key)) in ends.iter_mut().zip(wanted.into_iter().zip(["bos_token", "eos_token"])) {
        if let Some(token) = config.token(key).filter(|_| wanted == Some(true)) {
            let id = inner.token_to_id(token).ok_or_else(|| format!("{token} is not in the vocabulary"))?;
            *end = Some((token.to_owned(), id));
        }
    }
    let [start, end] = &ends;
    let name = |token: &Option<(String, u32)>| token.iter().map(|(token, _)| token.clone()).collect::<Vec<_>>();
    let pieces = [name(start), vec!["$A".to_owned()], name(end)].concat();
    let template = TemplateProcessing::builder()
        .try_single(pieces)?
        .special_tokens(ends.into_iter().flatten().collect::<Vec<_>>())
        .build()?;
    inner.with_post_processor(Some(template));
    Ok(())
}
