//! Reading and hashing by itself.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::files::forget::forget;
use crate::files::read::{Reading, read};
use crate::jobs::stop::Stop;

/// Pictures a second with so many threads. What the system holds of them is forgotten first, so that the disk is what is
/// measured; where there is time left, they are read again.
pub(super) fn per_second(files: &[PathBuf], threads: usize, time: Duration, stop: &Stop) -> f64 {
    files.iter().for_each(|path| forget(path));
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let read_some = || {
        let mut count = 0;
        // At least one each, however slow the disk.
        while (count == 0 || began.elapsed() < time) && !stop.is_requested() {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = files.get(position % files.len().max(1)) else { break };
            count += usize::from(matches!(read(path), Reading::Content(_)));
        }
        count as f64 / began.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(read_some)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
    })
}
