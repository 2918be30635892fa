//! Reading and hashing by itself.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::files::page_cache::drop_pages;
use crate::files::read::{Reading, read};
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::threads::side_by_side;

/// Pictures a second with so many threads; nought where none could be read. The files are read from first to last, and
/// again where there is time left. What the system holds of them is forgotten before each pass, which is not part of
/// the time, so that the disk is what is measured, however few they are and however long it takes.
pub(super) fn per_second(files: &[PathBuf], threads: usize, time: Duration, stop: &CancelToken) -> f64 {
    let (began, mut count, mut spent) = (Instant::now(), 0, Duration::ZERO);
    loop {
        files.iter().for_each(|path| drop_pages(path));
        let (came, took) = pass(files, threads, time.saturating_sub(spent), stop);
        count += came;
        spent += took;
        // Where nothing came, nothing is going to.
        if came == 0 || began.elapsed() >= time || stop.is_requested() {
            break;
        }
    }
    if spent.is_zero() { 0.0 } else { count as f64 / spent.as_secs_f64() }
}

/// How many files were read, each once at most, and how long that took.
fn pass(files: &[PathBuf], threads: usize, time: Duration, stop: &CancelToken) -> (usize, Duration) {
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let read_some = || {
        let (mut tried, mut came) = (0, 0);
        // At least one each, however slow the disk.
        while (tried == 0 || began.elapsed() < time) && !stop.is_requested() {
            let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            tried += 1;
            came += usize::from(matches!(read(path), Reading::Content(_)));
        }
        came
    };
    let came = side_by_side(vec![&read_some; threads]).into_iter().sum();
    (came, began.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built_in;

    /// So long that a test that waits for its end does not end.
    const LONG: Duration = Duration::from_secs(1 << 20);

    #[test]
    fn it_ends_where_the_pictures_are_gone() {
        let gone: Vec<PathBuf> = (0..5).map(|number| PathBuf::from(format!("/nowhere/{number}.jpg"))).collect();
        for files in [gone.as_slice(), &[]] {
            assert_eq!(per_second(files, 2, LONG, &CancelToken::default()), 0.0);
        }
    }

    #[test]
    fn a_pass_counts_what_was_read_and_ends_with_the_last_file() {
        let folder = tempfile::tempdir().unwrap();
        built_in::unpack_samples(folder.path()).unwrap();
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let pictures = pass(&files, 2, LONG, &CancelToken::default()).0;
        assert_eq!(pictures, files.len());
        files.push(folder.path().join("gone.jpg"));
        assert_eq!(pass(&files, 2, LONG, &CancelToken::default()).0, pictures);
        // However little time there is, something is measured.
        assert!(per_second(&files, 1, Duration::ZERO, &CancelToken::default()) > 0.0);
    }
}
