//! The encoders: prepared pictures in, embeddings out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use half::f16;
use ndarray::{Array1, Axis};

use super::{Finished, Item, News, Origin, Results, Waiting};
use crate::domain::variant::Variant;
use crate::engine::EngineError;
use crate::engine::encoder::ImageEncoder;
use crate::files::defect::PictureDefect;
use crate::jobs::model::{Model, ModelError};
use crate::jobs::stage_clocks::StageClock;
use crate::jobs::threads::start;
use crate::jobs::watchdog::{ModelWorker, NoAnswer, Watchdog, answer_of};
use crate::store::cache::CachedEmbedding;

/// The image tower, one encoder a worker: opened when the first picture needs it, and kept from one classify to the
/// next.
#[derive(Debug, Default)]
pub struct Encoders(Vec<ModelWorker>);

impl Encoders {
    /// The same, opened already.
    pub fn open(model: &Model) -> Result<Encoders, ModelError> {
        let opened = model.open_encoders().map_err(|error| model.failed(error))?;
        Encoders::of(opened)
    }

    fn of(opened: Vec<ImageEncoder>) -> Result<Encoders, ModelError> {
        Ok(Encoders(opened.into_iter().map(ModelWorker::hire).collect::<Result<_, _>>()?))
    }

    /// True where the runtime takes several pictures at a time, false where each core takes them one by one.
    pub(in crate::jobs) fn takes_batches(&self) -> bool {
        self.0.first().is_some_and(ModelWorker::takes_batches)
    }

    /// The encoders that are open.
    pub(in crate::jobs) fn all(&mut self) -> &mut [ModelWorker] {
        &mut self.0
    }

    /// Opens them where they are not, as where one was left behind the last time.
    fn opened(&mut self, model: &Model, patience: &mut Watchdog<'_>) -> Result<&mut [ModelWorker], ModelError> {
        if self.0.is_empty() || self.0.iter().any(ModelWorker::is_lost) {
            self.0.clear();
            let tower = model.tower().clone();
            let opened = answer_of(move |_: &dyn Fn(())| tower.open(), patience, &mut |()| {})?;
            *self = Encoders::of(opened.map_err(|error| model.failed(error))?)?;
        }
        Ok(&mut self.0)
    }
}

/// Whether the run goes on.
#[derive(Clone, Copy)]
pub(super) struct GoesOn<'g> {
    /// Waits out a pause.
    pub(super) go_on: &'g (dyn Fn() -> bool + Sync),
    /// Waits for nothing.
    pub(super) is_stopped: &'g (dyn Fn() -> bool + Sync),
}

/// Has the image tower opened once a picture waits for it, and sets its encoders to work.
pub(super) fn encode_when_needed<'scope>(
    scope: &'scope Scope<'scope, '_>,
    model: &'scope Model,
    encoders: &'scope mut Encoders,
    (prepared, results): (&Receiver<Item<Waiting>>, Results),
    clock: &'scope StageClock,
    goes_on: GoesOn<'scope>,
) {
    let Ok(first) = prepared.recv() else { return };
    if !(goes_on.go_on)() {
        return;
    }
    let silence = Arc::new(Silence { results: results.clone(), is_told: AtomicBool::new(false) });
    let opened = encoders
        .opened(model, &mut Watchdog { is_stopped: &|| (goes_on.is_stopped)(), on_silence: &mut || silence.tell() });
    let encoders = match opened {
        Ok(encoders) => encoders,
        Err(error) => return tell_of(error, &results),
    };
    let mut first = Some(first);
    let mut is_any_at_work = false;
    for encoder in encoders {
        let ends = (prepared.clone(), results.clone(), Arc::clone(&silence));
        let encode = {
            let first = first.take();
            move || encode_pictures(encoder, model, first, ends, clock, goes_on)
        };
        match start(scope, encode) {
            Ok(_) => is_any_at_work = true,
            Err(error) if !is_any_at_work => return tell_of(NoAnswer::NoThread(error).into(), &results),
            // With fewer it is slower and the same.
            Err(_) => return,
        }
    }
}

/// Called once a run, when the model does not answer.
struct Silence {
    results: Results,
    is_told: AtomicBool,
}

impl Silence {
    fn tell(&self) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            let _ = self.results.send(News::Silence);
        }
    }
}

/// Has an error end the run, unless it is what somebody asked for. Nobody is left to hear of it only if the run has
/// ended already.
fn tell_of(error: ModelError, results: &Results) {
    if !matches!(&error, ModelError::NoAnswer(no_answer) if no_answer.is_wanted()) {
        let _ = results.send(News::Failed(error));
    }
}

fn encode_pictures(
    encoder: &mut ModelWorker,
    model: &Model,
    mut first: Option<Item<Waiting>>,
    (prepared, results, silence): (Receiver<Item<Waiting>>, Results, Arc<Silence>),
    clock: &StageClock,
    goes_on: GoesOn<'_>,
) {
    let mut hand = clock.timer();
    let (batch_size, variant) = (model.batch_size.max(1), model.variant());
    while let Some(first) = first.take().or_else(|| prepared.recv().ok()) {
        let batch = filled(first, batch_size, &prepared);
        hand.waited();
        if !(goes_on.go_on)() {
            return;
        }
        hand.begin();
        let mut patience = Watchdog { is_stopped: &|| (goes_on.is_stopped)(), on_silence: &mut || silence.tell() };
        let encoded = encode_batch(encoder, variant, batch, &mut patience);
        hand.worked();
        let encoded = match encoded {
            Ok(encoded) => encoded,
            Err(error) => return tell_of(error.into(), &results),
        };
        for result in encoded {
            let news =
                result.map_or_else(|error| News::Failed(model.failed(error)), |item| News::Finished(Box::new(item)));
            if results.send(news).is_err() {
                return;
            }
        }
    }
}

/// How long a batch waits to fill up while pictures are still being decoded: the first one would be of one picture
/// only, which takes a tower half as long again as in a full batch.
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
    encoder: &mut ModelWorker,
    variant: Variant,
    batch: Vec<Item<Waiting>>,
    patience: &mut Watchdog<'_>,
) -> Result<Vec<Result<Item<Finished>, EngineError>>, NoAnswer> {
    let pictures = batch.iter().map(|item| Arc::clone(&item.stage.prepared)).collect();
    Ok(match encoder.encode(pictures, patience)? {
        Ok(embeddings) => {
            let rows = embeddings.axis_iter(Axis(0));
            batch.into_iter().zip(rows).map(|(item, row)| Ok(item.embedded(row.to_owned()))).collect()
        }
        // One picture of the batch has no embedding: find out which.
        Err(EngineError::NoDirection(_)) if batch.len() > 1 => {
            let mut encoded = Vec::new();
            for item in batch {
                encoded.extend(encode_batch(encoder, variant, vec![item], patience)?);
            }
            encoded
        }
        Err(EngineError::NoDirection(error)) => {
            let grey = batch.iter().map(|item| Arc::new(item.stage.prepared.grey_instead())).collect();
            // Without an answer for that one either, nothing is wrong with the picture.
            if let Err(EngineError::NoDirection(_)) = encoder.encode(grey, patience)? {
                return Ok(vec![Err(EngineError::NoPictures { variant })]);
            }
            batch.into_iter().map(|item| Ok(item.troubled(variant, error.to_string()))).collect()
        }
        Err(error) => vec![Err(error)],
    })
}

impl Item<Waiting> {
    fn embedded(self, embedding: Array1<f16>) -> Item<Finished> {
        let Waiting { file, is_whole, decoder, look, .. } = self.stage;
        let remembered = CachedEmbedding { embedding, is_whole, decoder: decoder.to_owned() };
        Item { position: self.position, stage: Finished::Embedded { file, remembered, origin: Origin::Made, look } }
    }

    fn troubled(self, variant: Variant, detail: String) -> Item<Finished> {
        let trouble = PictureDefect::ModelFailed { variant, detail };
        Item { position: self.position, stage: Finished::Troubled { file: Some(self.stage.file), trouble } }
    }
}
