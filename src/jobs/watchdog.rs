//! Calls into a model, which may take for ever: its graph can have a loop without an end, and a slow machine looks the
//! same.
//!
//! Such a call is made on a thread of its own. That it has not answered for a minute is said, and it is waited for.
//! Once somebody asks to stop, it is waited for a moment longer, told to end where the runtime can be told, and given
//! up: its thread is left behind, and the program can end. Nothing that has to be kept is done on such a thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use half::f16;
use ndarray::Array2;

use crate::engine::EngineError;
use crate::engine::encoder::ImageEncoder;
use crate::engine::image_processor::PreparedPicture;
use crate::engine::runtime::Halt;

/// After so long without an answer that is said.
const LONG: Duration = Duration::from_secs(60);

/// Set by tests, which cannot wait so long, to a number of milliseconds; builds without debug assertions do not look at
/// it.
const LONG_VARIABLE: &str = "SIS_MODEL_SILENCE_MS";

/// How long an answer is still waited for once a stop was asked for: that of an ordinary model comes in time, and is
/// kept.
const MOMENT: Duration = Duration::from_secs(1);

/// How long after that, once the runtime was told to end.
const HALTING: Duration = Duration::from_millis(300);

/// How often it is looked whether a stop is asked for.
const LOOK: Duration = Duration::from_millis(50);

/// A thread that was left behind may be in a library, which must not be taken down under it.
static IS_ANY_LEFT_BEHIND: AtomicBool = AtomicBool::new(false);

/// True once a thread was left behind. The program must then end without the libraries' own endings.
pub fn is_any_left_behind() -> bool {
    IS_ANY_LEFT_BEHIND.load(Ordering::Relaxed)
}

/// Notes that a thread is left behind.
pub fn leave_behind() {
    IS_ANY_LEFT_BEHIND.store(true, Ordering::Relaxed);
}

/// A call into a model that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Somebody asked to stop, and it has ended.
    #[error("it was ended when somebody asked to stop")]
    Ended,
    /// Somebody asked to stop, and it has not ended.
    #[error("it was given up when somebody asked to stop")]
    LeftBehind,
    /// There is no thread to be had.
    #[error("there is no thread to be had")]
    NoThread(#[source] io::Error),
    /// The thread is gone.
    #[error("its thread is gone")]
    Gone,
}

impl NoAnswer {
    /// True where it is what somebody asked for.
    pub fn is_wanted(&self) -> bool {
        matches!(self, NoAnswer::Ended | NoAnswer::LeftBehind)
    }
}

/// The side that waits: says whether somebody has asked to stop, and is told once of a long silence.
pub struct Watchdog<'p> {
    /// True once somebody has asked to stop.
    pub is_stopped: &'p dyn Fn() -> bool,
    /// Told once that there has been no answer for long.
    pub on_silence: &'p mut dyn FnMut(),
}

impl Watchdog<'_> {
    /// Waits for an answer; `halt` tells the computation to end.
    fn wait<T>(&mut self, answers: &Receiver<T>, halt: &dyn Fn()) -> Result<T, NoAnswer> {
        let began = Instant::now();
        let (long, mut has_said, mut stopped, mut has_halted) = (long(), false, None, false);
        loop {
            match answers.recv_timeout(LOOK) {
                // A call that ended because it was told to gives no answer.
                Ok(_) if has_halted => return Err(NoAnswer::Ended),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(NoAnswer::Gone),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if began.elapsed() >= long && !std::mem::replace(&mut has_said, true) {
                tracing::warn!("the model has not answered for {long:?}");
                (self.on_silence)();
            }
            if (self.is_stopped)() {
                let waited = stopped.get_or_insert_with(Instant::now).elapsed();
                if waited >= MOMENT && !std::mem::replace(&mut has_halted, true) {
                    halt();
                }
                if waited >= MOMENT + HALTING {
                    tracing::warn!("the model does not answer and is left behind");
                    leave_behind();
                    return Err(NoAnswer::LeftBehind);
                }
            }
        }
    }
}

fn long() -> Duration {
    let named = cfg!(debug_assertions).then(|| std::env::var(LONG_VARIABLE).ok()).flatten();
    named.and_then(|text| text.parse().ok()).map_or(LONG, Duration::from_millis)
}

/// Has something computed on a thread of its own. It may tell of what it does meanwhile.
pub fn answer_of<T: Send + 'static, M: Send + 'static>(
    work: impl FnOnce(&dyn Fn(M)) -> T + Send + 'static,
    patience: &mut Watchdog<'_>,
    on_message: &mut dyn FnMut(M),
) -> Result<T, NoAnswer> {
    enum Told<T, M> {
        Message(M),
        Answer(T),
    }
    let (tell, told) = crossbeam_channel::unbounded();
    let run = move || {
        let answer = work(&|message| drop(tell.send(Told::Message(message))));
        // Nobody hears of it where it was given up.
        let _ = tell.send(Told::Answer(answer));
    };
    let thread = std::thread::Builder::new().name("model".to_owned()).spawn(run).map_err(NoAnswer::NoThread)?;
    loop {
        match patience.wait(&told, &|| {})? {
            Told::Message(message) => on_message(message),
            Told::Answer(answer) => {
                let _ = thread.join();
                return Ok(answer);
            }
        }
    }
}

/// Pictures for an encoder.
type Batch = Vec<Arc<PreparedPicture>>;

/// An encoder that works on a thread of its own.
#[derive(Debug)]
pub(super) struct ModelWorker {
    batches: Option<Sender<Batch>>,
    answers: Receiver<Result<Array2<f16>, EngineError>>,
    halt: Halt,
    takes_batches: bool,
    thread: Option<JoinHandle<()>>,
    is_lost: bool,
}

impl ModelWorker {
    pub(super) fn hire(mut encoder: ImageEncoder) -> Result<ModelWorker, NoAnswer> {
        let (batches, received) = bounded::<Batch>(1);
        let (answered, answers) = bounded(1);
        let (halt, takes_batches) = (encoder.halt(), encoder.takes_batches());
        let run = move || {
            for batch in received {
                let pictures: Vec<&PreparedPicture> = batch.iter().map(AsRef::as_ref).collect();
                if answered.send(encoder.encode(&pictures)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("encoder".to_owned()).spawn(run).map_err(NoAnswer::NoThread)?;
        Ok(ModelWorker { batches: Some(batches), answers, halt, takes_batches, thread: Some(thread), is_lost: false })
    }

    /// True where pictures that go through together are faster than one by one.
    pub(super) fn takes_batches(&self) -> bool {
        self.takes_batches
    }

    /// True where it has not come back.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Embeddings of prepared pictures, as [`ImageEncoder::encode`] gives them.
    pub(super) fn encode(
        &mut self,
        batch: Batch,
        patience: &mut Watchdog<'_>,
    ) -> Result<Result<Array2<f16>, EngineError>, NoAnswer> {
        let sent = self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
        let halt = || self.halt.halt();
        let answer = if sent { patience.wait(&self.answers, &halt) } else { Err(NoAnswer::Gone) };
        self.is_lost |= matches!(answer, Err(NoAnswer::LeftBehind | NoAnswer::Gone));
        answer
    }
}

impl Drop for ModelWorker {
    fn drop(&mut self) {
        self.batches = None;
        // A session of a runtime must be closed before the library ends. One that does not come back is left.
        if let Some(thread) = self.thread.take_if(|_| !self.is_lost) {
            let _ = thread.join();
        }
    }
}
