//! The two towers, opened: pictures and sentences in, embeddings out.

use half::f16;
use ndarray::{Array2, Axis, concatenate};

use super::EngineError;
use super::checkpoint::Checkpoint;
use super::image_processor::{ImageProcessor, PreparedPicture};
use super::runtime::{Halt, InputSpec, Runtime, RuntimeError, Session, Tensor, Workload};
use super::tokenizer::Tokenizer;
use super::tower_kind::TowerKind;
use crate::domain::label::Label;
use crate::domain::score::{label_embeddings, normalise_to_f16};
use crate::domain::template::Templates;

/// The image tower of a checkpoint.
#[derive(Debug)]
pub struct ImageEncoder {
    session: Session,
    processor: ImageProcessor,
    is_one_by_one: bool,
}

impl ImageEncoder {
    /// Opens a checkpoint's image tower as one encoder for each worker that the runtime can use on `cores` cores and
    /// its GPUs.
    pub fn open(
        checkpoint: &Checkpoint,
        runtime: &Runtime,
        cores: usize,
        uses: Workload,
    ) -> Result<Vec<ImageEncoder>, EngineError> {
        tracing::info!("opening the image tower");
        let tower = checkpoint.tower(TowerKind::Image, runtime)?;
        let inputs = [InputSpec::pixels(checkpoint.family().image_size())];
        let sessions = runtime.open_workers(&tower, &inputs, &["image_embeds", "pooler_output"], cores, uses)?;
        let is_one_by_one = checkpoint.is_one_by_one(runtime);
        let encoder = |session| ImageEncoder { session, processor: checkpoint.processor().clone(), is_one_by_one };
        Ok(sessions.into_iter().map(encoder).collect())
    }

    /// True where pictures that go through together are faster than one by one.
    pub fn takes_batches(&self) -> bool {
        self.session.takes_batches() && !self.is_one_by_one
    }

    /// A handle that cancels the computation.
    pub fn halt(&self) -> Halt {
        self.session.halt()
    }

    /// Embeddings of prepared pictures: (pictures, dimensions), normalised, half precision.
    pub fn encode(&mut self, pictures: &[&PreparedPicture]) -> Result<Array2<f16>, EngineError> {
        let together = if self.is_one_by_one { 1 } else { pictures.len().max(1) };
        let mut answers = Vec::new();
        for batch in pictures.chunks(together) {
            let pixels = self.processor.batch(batch).into_dyn();
            answers.push(self.session.run(&[("pixel_values", Tensor::F32(pixels.view()))], batch.len())?);
        }
        let views: Vec<_> = answers.iter().map(|answer| answer.view()).collect();
        let raw = concatenate(Axis(0), &views).map_err(|error| RuntimeError::Run(Box::new(error)))?;
        Ok(normalise_to_f16(raw)?)
    }
}

/// Tokens that sentences are filled up to in a runtime that wants one length, where the tower could take many more:
/// labels are rarely longer, and what a tower takes for a sentence grows with this.
const USUAL_LENGTH: usize = 77;

/// The text tower of a checkpoint.
#[derive(Debug)]
pub struct TextEncoder {
    session: Session,
    /// Tokens that the session takes, where it takes only sentences of one length.
    length: Option<usize>,
    tokenizer: Tokenizer,
    checkpoint: Checkpoint,
    runtime: Runtime,
}

impl TextEncoder {
    /// Opens a checkpoint's text tower.
    pub fn open(checkpoint: &Checkpoint, runtime: &Runtime) -> Result<TextEncoder, EngineError> {
        let length = checkpoint.family().text().longest.min(USUAL_LENGTH);
        let session = open_text(checkpoint, runtime, length)?;
        Ok(TextEncoder {
            length: session.wants_full_length().then_some(length),
            session,
            tokenizer: checkpoint.tokenizer().clone(),
            checkpoint: checkpoint.clone(),
            runtime: runtime.clone(),
        })
    }

    /// One embedding a label, (labels, dimensions), normalised: the mean over its prompts, each in every template.
    pub fn encode_labels(&mut self, labels: &[Label], templates: &Templates) -> Result<Array2<f32>, EngineError> {
        let (sentences, counts) = templates.sentences(labels);
        let embeddings = self.encode(&sentences).map_err(|error| error.about(labels, templates))?;
        Ok(label_embeddings(embeddings.view(), &counts)?)
    }

    /// Embeddings of sentences as the tower gives them: (sentences, dimensions), not normalised.
    pub fn encode(&mut self, sentences: &[String]) -> Result<Array2<f32>, EngineError> {
        let mut batch = self.tokenizer.batch(sentences, self.length)?;
        if self.length.is_some_and(|length| batch.ids.ncols() > length) {
            let longest = self.checkpoint.family().text().longest;
            self.session = open_text(&self.checkpoint, &self.runtime, longest)?;
            self.length = Some(longest);
            batch = self.tokenizer.batch(sentences, self.length)?;
        }
        let (ids, mask) = (batch.ids.into_dyn(), batch.mask.into_dyn());
        let named = [("input_ids", Tensor::I64(ids.view())), ("attention_mask", Tensor::I64(mask.view()))];
        Ok(self.session.run(&named, sentences.len())?)
    }
}

/// Opens a text tower; a runtime that wants one length gets sentences of `length` tokens.
fn open_text(checkpoint: &Checkpoint, runtime: &Runtime, length: usize) -> Result<Session, EngineError> {
    let tower = checkpoint.tower(TowerKind::Text, runtime)?;
    let inputs = [InputSpec::token_ids("input_ids", length), InputSpec::token_ids("attention_mask", length)];
    Ok(runtime.open(&tower, &inputs, &["text_embeds", "pooler_output"], Workload::Few)?)
}
