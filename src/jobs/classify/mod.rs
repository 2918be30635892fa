//! The classification pipeline: reading and hashing, decoding and resizing, and the image tower work at the same time,
//! with bounded channels between them, so that memory does not grow with the number of pictures.
//!
//! ```text
//! paths -> readers -> [contents] -> decoders -> [prepared] -> encoders -> [embeddings] -> scoring (the caller's thread)
//!             `------------- known content: its embedding from the cache -------------^
//! ```
//!
//! The image tower is opened when the first picture needs it, unless the model had to be hashed, which leaves time for
//! it: where all are known, never.

mod decoding;
mod encoding;
mod reading;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crossbeam_channel::{Receiver, Sender, bounded};
use ndarray::Axis;

use decoding::decode_files;
use encoding::{GoesOn, encode_when_needed};
use reading::{Known, read_files};

use super::byte_semaphore::{ByteSemaphore, Permit};
use super::cancel_token::CancelToken;
use super::embedding_cache::{EmbeddingCacheConfig, ModelCache};
use super::model::{Model, ModelError};
use super::session_writer::{Sink, SinkError};
use super::stage_clocks::StageClocks;
use super::threads::start;
use super::watchdog::NoAnswer;
use crate::domain::file_filter::LeftOut;
use crate::domain::file_identity::FileIdentity;
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::{ContentHash, FileStamp, Picture, PictureState};
use crate::domain::score::{Prediction, logits};
use crate::engine::EngineError;
use crate::engine::image_processor::PreparedPicture;
use crate::files::defect::PictureDefect;
use crate::files::read::FileContent;
use crate::store::cache::CachedEmbedding;
use crate::store::ledger::RunResult;

pub use super::classified::Classified;
pub use encoding::Encoders;

/// Threads that read and hash. Two keep a disk busy while one of them hashes.
pub(super) const READERS: usize = 2;

/// Bytes of files that may wait to be decoded; one more file a reader may be in hand.
const WAITING_BYTES: u64 = 256 << 20;

/// Pictures that may wait to be scored: readers go on while others are brought to disk.
const RESULTS: usize = 256;

/// The result of classifying a list of files, beside the pictures.
#[derive(Debug, Default)]
pub struct Classification {
    /// Pictures that were looked at.
    pub pictures: usize,
    /// Pictures whose embeddings were known.
    pub remembered: usize,
    /// Remembered pictures whose files were unchanged and not read.
    pub trusted: usize,
    /// Files that are no pictures, counted by extension, but for litter.
    pub other_files: BTreeMap<String, usize>,
    /// Files that were not to be looked at.
    pub left_out: LeftOut,
    /// Files that were not looked at because the run was stopped.
    pub waiting: usize,
}

impl Classification {
    /// Files that are no pictures: litter is among them.
    pub fn others(&self) -> usize {
        self.other_files.values().sum::<usize>() + self.left_out.counts().litter
    }

    /// The result that the ledger keeps.
    pub fn result(&self) -> RunResult {
        RunResult::Classified {
            pictures: self.pictures,
            waiting: self.waiting,
            trusted: self.trusted,
            left_out: self.left_out.counts(),
        }
    }
}

/// An error that ends classifying.
#[derive(Debug, thiserror::Error)]
pub enum ClassifyError {
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The pictures could not be kept.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// The files that are classified, and how.
pub struct Pipeline<'p> {
    /// The files.
    pub files: &'p [PathBuf],
    /// The model.
    pub model: &'p Model,
    /// Where embeddings are remembered.
    pub cache: Option<&'p EmbeddingCacheConfig>,
    /// Threads that decode.
    pub decoders: usize,
    /// The clocks that count the stages' working and waiting time.
    pub clocks: &'p StageClocks,
    /// Whether the rest of a file that ends too early may still come, by its position: it is then not scored.
    pub awaits_rest: &'p (dyn Fn(usize) -> bool + Sync),
    /// A file that is as it was when it was hashed last is taken for the same one, and not read.
    pub trusts_unchanged: bool,
    /// A request to stop.
    pub stop: &'p CancelToken,
}

/// One file on its way through the pipeline.
struct Item<T> {
    position: usize,
    stage: T,
}

/// A file that has been read and waits to be decoded.
type Content<'b> = (FileContent, Permit<'b>);

/// A file whose content is known.
#[derive(Clone, Copy)]
struct Hashed {
    hash: ContentHash,
    stamp: FileStamp,
    identity: Option<FileIdentity>,
}

impl From<&FileContent> for Hashed {
    fn from(content: &FileContent) -> Hashed {
        Hashed { hash: content.hash, stamp: content.stamp, identity: content.identity }
    }
}

/// Where an embedding comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The image tower.
    Made,
    /// The cache.
    Remembered,
    /// The cache, and the file was not read.
    Trusted,
}

/// A picture that has been decoded and waits for the image tower.
struct Waiting {
    file: Hashed,
    prepared: Arc<PreparedPicture>,
    is_whole: bool,
    decoder: &'static str,
    look: Option<PerceptualHash>,
}

/// The end of a file's way.
enum Finished {
    Embedded { file: Hashed, remembered: CachedEmbedding, origin: Origin, look: Option<PerceptualHash> },
    Troubled { file: Option<Hashed>, trouble: PictureDefect },
    NoPicture,
}

/// Messages to the caller's thread.
enum News {
    /// A file is done with.
    Finished(Box<Item<Finished>>),
    /// The model has not answered for long.
    Silence,
    /// The model failed, which ends the run.
    Failed(ModelError),
}

/// How results are sent to the caller's thread.
type Results = Sender<News>;

/// Classifies files. `sink` is given each picture as it is finished, in no particular order, and `None` for a file that
/// is none.
pub fn classify(
    pipeline: &Pipeline<'_>,
    encoders: &mut Encoders,
    sink: &mut dyn Sink,
) -> Result<Classification, ClassifyError> {
    let Pipeline { files, model, cache, decoders, clocks, awaits_rest, trusts_unchanged, stop } = *pipeline;
    let batch_size = model.batch_size.max(1);
    let (content_out, content_in) = bounded(2 * decoders);
    // For each worker the batch it is at and the next.
    let (prepared_out, prepared_in) = bounded(2 * batch_size * model.workers() + decoders);
    let (result_out, result_in) = bounded(RESULTS);
    let next = AtomicUsize::new(0);
    // A failure of the engine stops the stages before it as a request to stop does.
    let failed = CancelToken::default();
    let go_on = || stop.wait_while_paused(|| failed.is_requested());
    let is_stopped = || stop.is_requested() || failed.is_requested();
    let semaphore = ByteSemaphore::new(WAITING_BYTES);
    let (next, semaphore, go_on, is_stopped) = (&next, &semaphore, &go_on, &is_stopped);
    // Each stage takes its ends of the channels by value, so that they close when it returns.
    std::thread::scope(|scope| {
        let mut no_thread = None;
        let mut note_missing = |started: &mut dyn Iterator<Item = io::Result<()>>| {
            // With fewer it is slower and the same.
            let (there, missing): (Vec<_>, Vec<_>) = started.partition(Result::is_ok);
            no_thread = no_thread.take().or(missing.into_iter().find_map(Result::err).filter(|_| there.is_empty()));
        };
        note_missing(&mut (0..READERS).map(|_| {
            let (contents, results) = (content_out.clone(), result_out.clone());
            let read = move || {
                let known = Known {
                    cache: ModelCache::open(cache, &model.fingerprint, model.labels.ncols()),
                    trusts_unchanged,
                };
                read_files(files, &known, next, semaphore, (contents, results), &clocks.reading, go_on);
            };
            start(scope, read).map(drop)
        }));
        note_missing(&mut (0..decoders.max(1)).map(|_| {
            let (contents, prepared, results) = (content_in.clone(), prepared_out.clone(), result_out.clone());
            let ends = (contents, prepared, results);
            let decode = move || decode_files(ends, model.processor(), awaits_rest, &clocks.decoding, go_on);
            start(scope, decode).map(drop)
        }));
        let encode = move || {
            let goes_on = GoesOn { go_on, is_stopped };
            encode_when_needed(scope, model, encoders, (&prepared_in, result_out), &clocks.model, goes_on);
        };
        note_missing(&mut std::iter::once_with(|| start(scope, encode).map(drop)));
        // The stages end when their senders are gone; ours must not keep them waiting.
        drop((content_out, content_in, prepared_out));
        // Moved in, so that the stages do not wait for ever for a receiver that a panic left behind.
        let result_in = result_in;
        let collected = match no_thread {
            Some(error) => Err(ModelError::from(NoAnswer::NoThread(error)).into()),
            None => collect(pipeline, &result_in, sink),
        };
        if collected.is_err() {
            failed.request();
            result_in.iter().for_each(drop);
        }
        collected
    })
}

/// Scores what comes out of the pipeline and hands it on.
fn collect(
    pipeline: &Pipeline<'_>,
    results: &Receiver<News>,
    sink: &mut dyn Sink,
) -> Result<Classification, ClassifyError> {
    let mut cache = ModelCache::open(pipeline.cache, &pipeline.model.fingerprint, pipeline.model.labels.ncols());
    let collected = collect_each(pipeline, results, &mut cache, sink);
    // Pictures that came before the model failed are kept as well.
    let finished = match collected {
        Err(ClassifyError::Sink(_)) => Ok(()),
        _ => sink.finish(),
    };
    cache.finish();
    finished?;
    collected
}

fn collect_each(
    pipeline: &Pipeline<'_>,
    results: &Receiver<News>,
    cache: &mut ModelCache,
    sink: &mut dyn Sink,
) -> Result<Classification, ClassifyError> {
    let mut done = Classification::default();
    let mut others = Vec::new();
    for news in results {
        let Item { position, stage } = match news {
            News::Finished(item) => *item,
            News::Silence => {
                sink.model_is_silent();
                continue;
            }
            News::Failed(error) => return Err(error.into()),
        };
        let path = &pipeline.files[position];
        if let Finished::Embedded { file, remembered, origin, look } = &stage {
            if let Some(identity) = file.identity {
                cache.note_hash(identity, file.hash);
            }
            if let Some(look) = look {
                cache.note_perceptual_hash(file.hash, *look);
            }
            match origin {
                Origin::Made => cache.put(file.hash, remembered.clone()),
                Origin::Remembered | Origin::Trusted => cache.note_use(file.hash),
            }
            done.remembered += usize::from(*origin != Origin::Made);
            done.trusted += usize::from(*origin == Origin::Trusted);
        }
        let classified = scored(path.clone(), stage, pipeline.model).map_err(|error| pipeline.model.failed(error))?;
        match &classified {
            Some(_) => done.pictures += 1,
            None => others.push(path.as_path()),
        }
        sink.take(position, classified)?;
    }
    done.waiting = pipeline.files.len() - done.pictures - others.len();
    done.other_files = crate::files::scan::by_extension(others);
    Ok(done)
}

fn scored(path: PathBuf, finished: Finished, model: &Model) -> Result<Option<Classified>, EngineError> {
    let (labels, rule) = (model.labels.view(), model.rule);
    Ok(match finished {
        Finished::NoPicture => None,
        Finished::Troubled { file, trouble } => {
            let (hash, stamp) = (file.map(|file| file.hash), file.map(|file| file.stamp));
            let picture = Picture { path, hash, stamp, state: trouble.state(), prediction: None };
            Some(Classified { picture, trouble: Some(trouble), embedding: None })
        }
        Finished::Embedded { file, remembered: CachedEmbedding { embedding, is_whole, .. }, .. } => {
            if embedding.len() != labels.ncols() {
                return Err(EngineError::TowersDiffer { image: embedding.len(), text: labels.ncols() });
            }
            let row = logits(embedding.view().insert_axis(Axis(0)), labels, rule);
            let prediction = Prediction::from_logits(row.row(0), rule.activation);
            let state = if is_whole { PictureState::Ok } else { PictureState::Suspect };
            let picture = Picture { path, hash: Some(file.hash), stamp: Some(file.stamp), state, prediction };
            Some(Classified {
                picture,
                trouble: (!is_whole).then_some(PictureDefect::Truncated),
                embedding: Some(embedding),
            })
        }
    })
}
