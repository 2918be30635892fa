//! A whole run: everything that `sis classify` does with a picture, but what it comes to is dropped.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Bench, memory};
use crate::domain::speed::Whole;
use crate::files::forget::forget;
use crate::jobs::classify::{Classified, ClassifyError, Encoders, Pipeline, classify};
use crate::jobs::effort::Clocks;
use crate::jobs::model::Model;
use crate::jobs::sink::{Sink, SinkError};
use crate::jobs::stop::Stop;

/// Files that a run comes to at most: few pictures are run through again and again.
const MOST: usize = 20_000;

/// So many batches are waited for, however slow the model.
const BATCHES: usize = 3;

/// Runs for so long.
pub(super) fn run(
    bench: &Bench<'_>,
    model: &Model,
    encoders: &mut Encoders,
    time: Duration,
) -> Result<Whole, ClassifyError> {
    bench.files.iter().for_each(|path| forget(path));
    let files: Vec<PathBuf> = bench.files.iter().cycle().take(MOST).cloned().collect();
    let (clocks, over) = (Clocks::default(), Stop::default());
    let pipeline = Pipeline {
        files: &files,
        model,
        cache: None,
        decoders: bench.cores,
        clocks: &clocks,
        awaits_rest: &|_| false,
        trusts_unchanged: false,
        stop: &over,
    };
    let least = BATCHES * model.batch_size.max(1);
    let began = Instant::now();
    let mut sink = NoSink { began, last: began, time, least, pictures: 0, over: &over, stop: bench.stop };
    classify(&pipeline, encoders, &mut sink)?;
    let seconds = (sink.last - began).as_secs_f64();
    Ok(Whole {
        pictures: sink.pictures,
        per_second: if seconds > 0.0 { sink.pictures as f64 / seconds } else { 0.0 },
        limit: clocks.so_far().limit(),
        peak_memory: memory::peak(),
    })
}

/// Keeps nothing, and ends the run when its time is over.
struct NoSink<'s> {
    began: Instant,
    last: Instant,
    time: Duration,
    least: usize,
    pictures: usize,
    over: &'s Stop,
    stop: &'s Stop,
}

impl Sink for NoSink<'_> {
    fn take(&mut self, _: usize, _: Option<Classified>) -> Result<(), SinkError> {
        if self.over.is_requested() {
            // What is still in hand is no longer at the pace of a run.
            return Ok(());
        }
        self.pictures += 1;
        self.last = Instant::now();
        let is_enough = self.last - self.began >= self.time && self.pictures >= self.least;
        if is_enough || self.stop.is_requested() {
            self.over.request();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
