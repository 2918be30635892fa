//! Decoding, and resizing and cutting, by themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::engine::image_processor::ImageProcessor;
use crate::files::decode::decode;
use crate::files::read::FileContent;
use crate::jobs::stop::Stop;

/// Pictures a second that are decoded, and that are resized and cut.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PerSecond {
    pub(super) decoded: f64,
    pub(super) prepared: f64,
}

/// How fast so many threads are, for so long.
pub(super) fn per_second(
    contents: &[FileContent],
    processor: &ImageProcessor,
    threads: usize,
    time: Duration,
    stop: &Stop,
) -> PerSecond {
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let decode_some = || {
        let (mut count, mut decoding, mut preparing) = (0, Duration::ZERO, Duration::ZERO);
        while (count == 0 || began.elapsed() < time) && !stop.is_requested() {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(content) = contents.get(position % contents.len().max(1)) else { break };
            let begins = Instant::now();
            let decoded = decode(&content.bytes, content.kind);
            let decoded_at = Instant::now();
            decoding += decoded_at - begins;
            if let Ok(decoded) = decoded {
                std::hint::black_box(processor.prepare(&decoded.pixels));
                preparing += decoded_at.elapsed();
            }
            count += 1;
        }
        let rate = |time: Duration| if time.is_zero() { 0.0 } else { f64::from(count) / time.as_secs_f64() };
        PerSecond { decoded: rate(decoding), prepared: rate(preparing) }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(decode_some)).collect();
        let rates = threads.into_iter().filter_map(|thread| thread.join().ok());
        rates.fold(PerSecond::default(), |sum, rate| PerSecond {
            decoded: sum.decoded + rate.decoded,
            prepared: sum.prepared + rate.prepared,
        })
    })
}
