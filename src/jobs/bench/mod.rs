//! How fast this machine is with a model: each stage by itself, then all of them together. Nothing of it is kept.

mod decoding;
mod memory;
mod reading;
mod sample;
mod tower;
mod whole;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use half::f16;
use ndarray::Array2;

use super::cancel_token::CancelToken;
use super::classify::{ClassifyError, Encoders, READERS};
use super::model::{Model, ModelError, OpenedModel};
use crate::domain::score::logits;
use crate::domain::speed::{Rates, Sample, Speeds};
use crate::domain::template::Templates;
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::runtime::Device;
pub use sample::{choose, labels};
use tower::NoBatches;

/// Embeddings that are scored.
pub const SCORED: usize = 100_000;

/// The stage that is measured next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Opening the towers, and labels.
    Opening,
    /// A whole run.
    Whole,
    /// The image tower.
    Model,
    /// Reading and hashing.
    Reading,
    /// Decoding, resizing, cutting.
    Decoding,
}

/// A measurement: its pictures, cores and model.
pub struct Bench<'b> {
    /// Pictures, each of which can be decoded.
    pub files: &'b [PathBuf],
    /// Cores.
    pub cores: usize,
    /// Where the model computes.
    pub device: Device,
    /// How long all of it should take at most; a very slow model takes longer.
    pub time: Duration,
    /// A request to stop.
    pub stop: &'b CancelToken,
}

impl Bench<'_> {
    /// Measures; nothing where it was stopped. Where pictures go away meanwhile less is measured, or nothing: those
    /// figures are nought. The whole run is first, so that the memory it takes is its own.
    pub fn measure(&self, opened: OpenedModel, tell: &dyn Fn(Step)) -> Result<Option<Speeds>, ClassifyError> {
        let OpenedModel { model, mut text, .. } = opened;
        let failed = |error: EngineError| ClassifyError::Model(model.failed(error));
        tell(Step::Opening);
        // Weights in 8-bit integers are made at first use: that they are, and in memory, is the same in each
        // measurement.
        if model.variant() == Variant::Int8 {
            Encoders::open(&model)?;
        }
        // Nor is what that took, or choosing the pictures, part of a run.
        memory::begin_anew();
        let (labels, template) = (sample::labels(), Templates::default());
        let labels_took = shortest(3, || text.encode_labels(&labels, &template).map(drop)).map_err(failed)?;
        // As in a run, where other labels are not embedded.
        drop(text);
        let began = Instant::now();
        let mut encoders = Encoders::open(&model)?;
        let opening = began.elapsed();
        tell(Step::Whole);
        let whole = whole::run(self, &model, &mut encoders, self.time.mul_f64(0.25))?;
        tell(Step::Model);
        let (pictures, sample) = sample::prepared(self.files, model.processor());
        let sizes = tower::sizes(model.batch_size, &self.device, &encoders);
        let batches = tower::measure(&mut encoders, &pictures, &sizes, self.time.mul_f64(0.4), self.stop);
        let batches = match batches {
            Ok(batches) => batches,
            // Somebody asked to stop.
            Err(NoBatches::NoAnswer(error)) if error.is_wanted() => return Ok(None),
            Err(NoBatches::NoAnswer(error)) => return Err(ModelError::from(error).into()),
            Err(NoBatches::Failed(error)) => return Err(failed(error)),
        };
        tell(Step::Reading);
        let read = |threads| reading::per_second(self.files, threads, self.time.mul_f64(0.05), self.stop);
        let reading = Rates { one: read(1), all: read(READERS) };
        tell(Step::Decoding);
        let contents = sample::contents(self.files);
        let time = self.time.mul_f64(0.08);
        let decoded = |threads| decoding::per_second(&contents, model.processor(), threads, time, self.stop);
        let (one, all) = (decoded(1), decoded(self.cores));
        let scoring = scoring(&model);
        if self.stop.is_requested() {
            return Ok(None);
        }
        Ok(Some(Speeds {
            sample: Sample { pictures: self.files.len(), bytes: sample },
            reading,
            decoding: Rates { one: one.decoded, all: all.decoded },
            preparing: Rates { one: one.prepared, all: all.prepared },
            opening,
            labels: labels_took,
            batches,
            batch_size: model.batch_size.max(1),
            scoring,
            whole,
        }))
    }
}

/// The shortest of so many times: what is longer was disturbed.
fn shortest<E>(rounds: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let mut shortest = Duration::MAX;
    for _ in 0..rounds {
        let began = Instant::now();
        work()?;
        shortest = shortest.min(began.elapsed());
    }
    Ok(shortest)
}

fn scoring(model: &Model) -> Duration {
    let value = |row: usize, column: usize| f16::from_f32(((row * 31 + column * 17) % 101) as f32 / 1000.0);
    let images = Array2::from_shape_fn((SCORED, model.labels.ncols()), |(row, column)| value(row, column));
    let scored = shortest(3, || {
        std::hint::black_box(logits(images.view(), model.labels.view(), model.rule));
        Ok::<(), ModelError>(())
    });
    scored.unwrap_or_default()
}
