//! Decoding, and resizing and cutting, by themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::engine::image_processor::ImageProcessor;
use crate::files::read::FileContent;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::decoding::decoded;
use crate::jobs::threads::side_by_side;

/// Pictures a second that are decoded, and that are resized and cut.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PerSecond {
    pub(super) decoded: f64,
    pub(super) prepared: f64,
}

/// How fast so many threads are, for so long. A file that cannot be decoded does not count, nor does its time.
pub(super) fn per_second(
    contents: &[FileContent],
    processor: &ImageProcessor,
    threads: usize,
    time: Duration,
    stop: &CancelToken,
) -> PerSecond {
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let decode_some = || {
        let (mut tried, mut count) = (0, 0);
        let (mut decoding, mut preparing) = (Duration::ZERO, Duration::ZERO);
        while (tried == 0 || began.elapsed() < time) && !stop.is_requested() {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(content) = contents.get(position % contents.len().max(1)) else { break };
            tried += 1;
            let begins = Instant::now();
            let done = decoded(content, |decoded| {
                let decoded_at = Instant::now();
                std::hint::black_box(processor.prepare(&decoded.pixels));
                decoding += decoded_at - begins;
                preparing += decoded_at.elapsed();
            });
            count += u32::from(done.is_ok());
        }
        let rate = |time: Duration| if time.is_zero() { 0.0 } else { f64::from(count) / time.as_secs_f64() };
        PerSecond { decoded: rate(decoding), prepared: rate(preparing) }
    };
    let rates = side_by_side(vec![&decode_some; threads.max(1)]).into_iter();
    rates.fold(PerSecond::default(), |sum, rate| PerSecond {
        decoded: sum.decoded + rate.decoded,
        prepared: sum.prepared + rate.prepared,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::read::{Reading, read};

    #[test]
    fn what_cannot_be_decoded_does_not_count() {
        let damaged = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
        std::fs::write(damaged.path(), b"\x89PNG\r\n\x1a\nno picture").unwrap();
        let Reading::Content(content) = read(damaged.path()) else { panic!("it begins like a picture") };
        let processor = ImageProcessor::from_config(&serde_json::json!({}), "clip", 224).unwrap();
        let (contents, time) = ([content], Duration::from_millis(1));
        let rates = per_second(&contents, &processor, 2, time, &CancelToken::default());
        assert_eq!((rates.decoded, rates.prepared), (0.0, 0.0));
    }
}
