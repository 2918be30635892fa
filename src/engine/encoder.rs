//! The two towers, opened: pictures and sentences in, embeddings out.

use half::f16;
use ndarray::{Array2, Array3};

use super::EngineError;
use super::checkpoint::{Checkpoint, TowerKind};
use super::image_processor::{ImageProcessor, PreparedPicture};
use super::runtime::{InputSpec, Runtime, Session, Tensor};
use super::tokenizer::Tokenizer;
use crate::domain::label::Label;
use crate::domain::score::{label_embeddings, to_kept_form};
use crate::domain::template::Template;

/// The image tower of a checkpoint.
#[derive(Debug)]
pub struct ImageEncoder {
    session: Session,
    processor: ImageProcessor,
}

impl ImageEncoder {
    /// Opens a checkpoint's image tower as one encoder for each worker that the runtime can use on `cores` cores; they
    /// share the weights.
    pub fn open(checkpoint: &Checkpoint, runtime: &Runtime, cores: usize) -> Result<Vec<ImageEncoder>, EngineError> {
        let tower = checkpoint.tower(TowerKind::Image, runtime)?;
        let inputs = [InputSpec::pixels(checkpoint.family().image_size())];
        let session = runtime.open(&tower, &inputs, &["image_embeds", "pooler_output"])?;
        let encoder = |session| ImageEncoder { session, processor: checkpoint.processor().clone() };
        Ok(session.for_cores(cores).into_iter().map(encoder).collect())
    }

    /// Embeddings of prepared pictures: (pictures, dimensions), normalised, half precision.
    pub fn encode(&mut self, pictures: &[&PreparedPicture]) -> Result<Array2<f16>, EngineError> {
        let pixels = self.processor.batch(pictures).into_dyn();
        let raw = self.session.run(&[("pixel_values", Tensor::F32(pixels.view()))], pictures.len())?;
        Ok(to_kept_form(raw)?)
    }
}

/// The text tower of a checkpoint.
#[derive(Debug)]
pub struct TextEncoder {
    session: Session,
    tokenizer: Tokenizer,
    checkpoint: Checkpoint,
}

impl TextEncoder {
    /// Opens a checkpoint's text tower.
    pub fn open(checkpoint: &Checkpoint, runtime: &Runtime) -> Result<TextEncoder, EngineError> {
        let tower = checkpoint.tower(TowerKind::Text, runtime)?;
        let limit = checkpoint.family().token_limit();
        let inputs = [
            InputSpec::token_ids("input_ids", limit),
            InputSpec::token_ids("attention_mask", limit),
            InputSpec::sentence_position(limit),
        ];
        let session = runtime.open(&tower, &inputs, &["text_embeds", "pooler_output"])?;
        Ok(TextEncoder { session, tokenizer: checkpoint.tokenizer().clone(), checkpoint: checkpoint.clone() })
    }

    /// One embedding a label, (labels, dimensions), normalised: the mean over its prompts, each in the template.
    pub fn encode_labels(&mut self, labels: &[Label], template: &Template) -> Result<Array2<f32>, EngineError> {
        let sentences: Vec<String> =
            labels.iter().flat_map(|label| &label.prompts).map(|prompt| template.fill(prompt)).collect();
        let counts: Vec<usize> = labels.iter().map(|label| label.prompts.len()).collect();
        let embeddings = self.encode(&sentences)?;
        Ok(label_embeddings(embeddings.view(), &counts)?)
    }

    /// Embeddings of sentences as the tower gives them: (sentences, dimensions), not normalised.
    pub fn encode(&mut self, sentences: &[String]) -> Result<Array2<f32>, EngineError> {
        let tokens: Vec<Vec<u32>> =
            sentences.iter().map(|sentence| self.tokenizer.tokens(sentence)).collect::<Result<_, _>>()?;
        let longest = match self.session.wants_full_length() {
            true => self.checkpoint.family().token_limit(),
            false => tokens.iter().map(Vec::len).max().unwrap_or_default(),
        };
        let inputs = TextInputs::fill(&tokens, longest, &self.checkpoint);
        let (ids, mask, position) =
            (inputs.ids.into_dyn(), inputs.mask.into_dyn(), inputs.sentence_position.into_dyn());
        let named = [
            ("input_ids", Tensor::I64(ids.view())),
            ("attention_mask", Tensor::I64(mask.view())),
            ("sentence_position", Tensor::F32(position.view())),
        ];
        Ok(self.session.run(&named, tokens.len())?)
    }
}

/// Everything a text tower may want, filled up to one length.
struct TextInputs {
    ids: Array2<i64>,
    mask: Array2<i64>,
    sentence_position: Array3<f32>,
}

impl TextInputs {
    fn fill(sentences: &[Vec<u32>], longest: usize, checkpoint: &Checkpoint) -> TextInputs {
        let family = checkpoint.family();
        let mut inputs = TextInputs {
            ids: Array2::zeros((sentences.len(), longest)),
            mask: Array2::zeros((sentences.len(), longest)),
            sentence_position: Array3::zeros((sentences.len(), 1, longest)),
        };
        for (row, tokens) in sentences.iter().enumerate() {
            // Filled up with its last token, the end of text: what an export that searches for the end finds first is
            // still the true one.
            let filling = tokens.last().copied().unwrap_or_default();
            for place in 0..longest {
                inputs.ids[[row, place]] = i64::from(tokens.get(place).copied().unwrap_or(filling));
                inputs.mask[[row, place]] = i64::from(place < tokens.len());
            }
            if !tokens.is_empty() {
                inputs.sentence_position[[row, 0, family.sentence_position(tokens)]] = 1.0;
            }
        }
        inputs
    }
}
