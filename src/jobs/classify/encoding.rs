//! The encoders: prepared pictures in, embeddings out.

use std::thread::Scope;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use half::f16;
use ndarray::{Array1, Axis};

use super::{Finished, Item, Origin, Results, Waiting};
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::encoder::ImageEncoder;
use crate::engine::image_processor::PreparedPicture;
use crate::files::trouble::Trouble;
use crate::jobs::effort::Clock;
use crate::jobs::model::Model;
use crate::store::cache::Remembered;

/// The image tower, one encoder a worker: opened when the first picture needs it, and kept from one classify to the next.
#[derive(Debug, Default)]
pub struct Encoders(Vec<ImageEncoder>);

impl Encoders {
    /// The same, opened already.
    pub fn open(model: &Model) -> Result<Encoders, EngineError> {
        let mut encoders = Encoders::default();
        encoders.opened(model).map(|_| ())?;
        Ok(encoders)
    }

    /// True where the runtime takes several pictures at a time, false where each core takes them one by one.
    pub(in crate::jobs) fn takes_batches(&self) -> bool {
        self.0.first().is_some_and(ImageEncoder::takes_batches)
    }

    /// Those that are open.
    pub(in crate::jobs) fn all(&mut self) -> &mut [ImageEncoder] {
        &mut self.0
    }

    fn opened(&mut self, model: &Model) -> Result<&mut [ImageEncoder], EngineError> {
        if self.0.is_empty() {
            self.0 = model.open_encoders()?;
        }
        Ok(&mut self.0)
    }
}

/// Has the image tower opened once a picture waits for it, and sets its encoders to work.
pub(super) fn encode_when_needed<'scope>(
    scope: &'scope Scope<'scope, '_>,
    model: &'scope Model,
    encoders: &'scope mut Encoders,
    (prepared, results): (&Receiver<Item<Waiting>>, Results),
    clock: &'scope Clock,
    go_on: &'scope (dyn Fn() -> bool + Sync),
) {
    let Ok(first) = prepared.recv() else { return };
    if !go_on() {
        return;
    }
    let (batch_size, variant) = (model.batch_size.max(1), model.variant());
    match encoders.opened(model) {
        Ok(encoders) => {
            let mut first = Some(first);
            for encoder in encoders {
                let (ends, first) = ((prepared.clone(), results.clone()), first.take());
                scope.spawn(move || encode_pictures(encoder, (batch_size, variant), first, ends, clock, go_on));
            }
        }
        // The caller ends the run; nobody is left to hear of it only if it has ended already.
        Err(error) => {
            let _ = results.send(Err(error));
        }
    }
}

fn encode_pictures(
    encoder: &mut ImageEncoder,
    (batch_size, variant): (usize, Variant),
    mut first: Option<Item<Waiting>>,
    (prepared, results): (Receiver<Item<Waiting>>, Results),
    clock: &Clock,
    go_on: &(dyn Fn() -> bool + Sync),
) {
    let mut hand = clock.hand();
    while let Some(first) = first.take().or_else(|| prepared.recv().ok()) {
        let batch = filled(first, batch_size, &prepared);
        hand.waited();
        if !go_on() {
            return;
        }
        hand.begin();
        let encoded = encode_batch(encoder, variant, batch);
        hand.worked();
        for result in encoded {
            if results.send(result).is_err() {
                return;
            }
        }
    }
}

/// How long a batch waits to fill up while pictures are still being decoded: the first one would be of one picture only, which
/// takes a tower half as long again as in a full batch.
const FILLING: Duration = Duration::from_millis(40);

/// A batch of what is ready and of what soon will be. Once nothing more is to come, it waits no longer.
fn filled(first: Item<Waiting>, size: usize, prepared: &Receiver<Item<Waiting>>) -> Vec<Item<Waiting>> {
    let (mut batch, until) = (vec![first], Instant::now() + FILLING);
    while batch.len() < size
        && let Ok(next) = prepared.recv_deadline(until)
    {
        batch.push(next);
    }
    batch
}

fn encode_batch(
    encoder: &mut ImageEncoder,
    variant: Variant,
    batch: Vec<Item<Waiting>>,
) -> Vec<Result<Item<Finished>, EngineError>> {
    let pictures: Vec<&PreparedPicture> = batch.iter().map(|item| &item.stage.prepared).collect();
    match encoder.encode(&pictures) {
        Ok(embeddings) => {
            let rows = embeddings.axis_iter(Axis(0));
            batch.into_iter().zip(rows).map(|(item, row)| Ok(item.embedded(row.to_owned()))).collect()
        }
        // One picture of the batch has no embedding: find out which.
        Err(EngineError::NoDirection(_)) if batch.len() > 1 => {
            batch.into_iter().flat_map(|item| encode_batch(encoder, variant, vec![item])).collect()
        }
        Err(EngineError::NoDirection(error)) => {
            batch.into_iter().map(|item| Ok(item.troubled(variant, error.to_string()))).collect()
        }
        Err(error) => vec![Err(error)],
    }
}

impl Item<Waiting> {
    fn embedded(self, embedding: Array1<f16>) -> Item<Finished> {
        let Waiting { file, is_whole, .. } = self.stage;
        let remembered = Remembered { embedding, is_whole };
        Item { position: self.position, stage: Finished::Embedded { file, remembered, origin: Origin::Made } }
    }

    fn troubled(self, variant: Variant, detail: String) -> Item<Finished> {
        let trouble = Trouble::ModelFailed { variant, detail };
        Item { position: self.position, stage: Finished::Troubled { file: Some(self.stage.file), trouble } }
    }
}
