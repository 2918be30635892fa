//! The image tower by itself, on pictures that are ready.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::speed::Batch;
use crate::engine::EngineError;
use crate::engine::image_processor::PreparedPicture;
use crate::engine::runtime::Device;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::classify::Encoders;
use crate::jobs::threads::side_by_side;
use crate::jobs::watchdog::{ModelWorker, NoAnswer, Watchdog};

/// Batches that are tried: on a processor, and beyond those on a GPU.
const SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];
const SIZES_ON_GPU: [usize; 2] = [64, 128];

/// Each size is measured in turn so often at most: what disturbs one of them disturbs its neighbours too, and the best
/// of the rounds counts.
const ROUNDS: usize = 5;

/// A round of one size lasts so long at least.
const ROUND: Duration = Duration::from_millis(300);

/// The sizes to try for a model that uses `in_use`. Where each core has an encoder of its own, pictures go through one
/// by one and larger batches are the same.
pub(super) fn sizes(in_use: usize, device: &Device, encoders: &Encoders) -> Vec<usize> {
    let mut sizes = match (device, encoders.takes_batches()) {
        (_, false) => vec![1],
        (Device::Cpu, true) => SIZES.to_vec(),
        (Device::Cuda(_), true) => [SIZES.as_slice(), &SIZES_ON_GPU].concat(),
    };
    sizes.push(in_use);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// A tower of which there are no figures.
#[derive(Debug)]
pub(super) enum NoBatches {
    /// The model failed.
    Failed(EngineError),
    /// It did not answer.
    NoAnswer(NoAnswer),
}

/// Pictures a second at each size. Sizes of which one run would take too large a part of the time are left out, the
/// first excepted.
pub(super) fn measure(
    encoders: &mut Encoders,
    pictures: &[Arc<PreparedPicture>],
    sizes: &[usize],
    time: Duration,
    stop: &CancelToken,
) -> Result<Vec<Batch>, NoBatches> {
    let began = Instant::now();
    let mut batches: Vec<Batch> = Vec::new();
    if pictures.is_empty() {
        return Ok(batches);
    }
    // The first run of a size makes room in memory; it only tells what the next takes.
    for size in sizes {
        let expected = batches.last().map_or(0.0, |last| *size as f64 / last.per_second);
        if expected > time.as_secs_f64() / 8.0 || stop.is_requested() {
            break;
        }
        let per_second = per_second(encoders, pictures, *size, Duration::ZERO, stop)?;
        batches.push(Batch { size: *size, per_second });
    }
    let mut best: Vec<Batch> = Vec::new();
    for _ in 0..ROUNDS {
        if (began.elapsed() >= time && !best.is_empty()) || stop.is_requested() {
            break;
        }
        let mut round = Vec::new();
        for Batch { size, .. } in &batches {
            round.push(Batch { size: *size, per_second: per_second(encoders, pictures, *size, ROUND, stop)? });
        }
        best = if best.is_empty() { round } else { best.into_iter().zip(round).map(faster).collect() };
    }
    Ok(best)
}

fn faster((one, other): (Batch, Batch)) -> Batch {
    if other.per_second > one.per_second { other } else { one }
}

/// All encoders at work for so long, each on batches of one size.
fn per_second(
    encoders: &mut Encoders,
    pictures: &[Arc<PreparedPicture>],
    size: usize,
    time: Duration,
    stop: &CancelToken,
) -> Result<f64, NoBatches> {
    let batch: Vec<Arc<PreparedPicture>> = pictures.iter().cycle().take(size).cloned().collect();
    let encode_some = |encoder: &mut ModelWorker| {
        let (began, mut count) = (Instant::now(), 0);
        while count == 0 || began.elapsed() < time {
            let mut patience = Watchdog { is_stopped: &|| stop.is_requested(), on_silence: &mut || {} };
            let answer = encoder.encode(batch.clone(), &mut patience).map_err(NoBatches::NoAnswer)?;
            answer.map_err(NoBatches::Failed)?;
            count += size;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    };
    let encode_some = &encode_some;
    side_by_side(encoders.all().iter_mut().map(|encoder| move || encode_some(encoder)).collect()).into_iter().sum()
}
