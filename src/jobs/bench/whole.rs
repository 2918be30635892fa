//! A whole run: everything that `sis classify` does with a picture, but what it comes to is dropped.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Bench, memory};
use crate::domain::speed::WholeRun;
use crate::files::page_cache::drop_pages;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::classify::{Classified, ClassifyError, Encoders, Pipeline, classify};
use crate::jobs::model::Model;
use crate::jobs::session_writer::{Sink, SinkError};
use crate::jobs::stage_clocks::StageClocks;

/// Files that a run comes to at most: few pictures are run through again and again.
const MOST: usize = 20_000;

/// So many batches are waited for, however slow the model.
const BATCHES: usize = 3;

/// Runs for so long. A file is forgotten once it is done, so that it comes from the disk whenever it is its turn again.
pub(super) fn run(
    bench: &Bench<'_>,
    model: &Model,
    encoders: &mut Encoders,
    time: Duration,
) -> Result<WholeRun, ClassifyError> {
    bench.files.iter().for_each(|path| drop_pages(path));
    let files: Vec<PathBuf> = bench.files.iter().cycle().take(MOST).cloned().collect();
    let (clocks, over) = (StageClocks::default(), CancelToken::default());
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
    let mut sink =
        NoSink { files: &files, began, last: began, time, least, tried: 0, pictures: 0, over: &over, stop: bench.stop };
    classify(&pipeline, encoders, &mut sink)?;
    let seconds = (sink.last - began).as_secs_f64();
    Ok(WholeRun {
        pictures: sink.pictures,
        per_second: if seconds > 0.0 { sink.pictures as f64 / seconds } else { 0.0 },
        limit: clocks.so_far().limit(),
        peak_memory: memory::peak(),
    })
}

/// Keeps nothing, and ends the run when its time is over.
struct NoSink<'s> {
    files: &'s [PathBuf],
    began: Instant,
    last: Instant,
    time: Duration,
    least: usize,
    /// Files that are done.
    tried: usize,
    /// Files that went through the model: a file that fails is no fast picture.
    pictures: usize,
    over: &'s CancelToken,
    stop: &'s CancelToken,
}

impl Sink for NoSink<'_> {
    fn take(&mut self, position: usize, classified: Option<Classified>) -> Result<(), SinkError> {
        if self.over.is_requested() {
            // Pictures that are still in hand no longer go at the pace of a run.
            return Ok(());
        }
        self.tried += 1;
        self.pictures += usize::from(classified.is_some_and(|classified| classified.embedding.is_some()));
        self.last = Instant::now();
        if let Some(path) = self.files.get(position) {
            drop_pages(path);
        }
        let is_enough = self.last - self.began >= self.time && self.tried >= self.least;
        if is_enough || self.stop.is_requested() {
            self.over.request();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::{Picture, PictureState};
    use crate::files::defect::PictureDefect;

    #[test]
    fn only_what_went_through_the_model_counts_and_all_that_was_tried_ends_it() {
        let classified = |state, trouble, embedding| {
            let picture = Picture { path: "1.jpg".into(), hash: None, stamp: None, state, prediction: None };
            Some(Classified { picture, trouble, embedding })
        };
        let (began, over, stop) = (Instant::now(), CancelToken::default(), CancelToken::default());
        let (time, least) = (Duration::ZERO, 4);
        let mut sink =
            NoSink { files: &[], began, last: began, time, least, tried: 0, pictures: 0, over: &over, stop: &stop };
        sink.take(0, None).unwrap();
        sink.take(1, classified(PictureDefect::Vanished.state(), Some(PictureDefect::Vanished), None)).unwrap();
        sink.take(2, classified(PictureState::Ok, None, Some(vec![half::f16::ONE].into()))).unwrap();
        assert!(!over.is_requested());
        let truncated =
            classified(PictureState::Suspect, Some(PictureDefect::Truncated), Some(vec![half::f16::ONE].into()));
        sink.take(3, truncated).unwrap();
        assert!(over.is_requested());
        assert_eq!((sink.tried, sink.pictures), (4, 2));
    }
}
