//! The pictures that everything is measured with, and labels.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::built_in;
use crate::domain::label::{self, Label};
use crate::engine::image_processor::{ImageProcessor, PreparedPicture};
use crate::files::kind::Kind;
use crate::files::read::{FileContent, Reading, read};
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::decoding::decoded;
use crate::jobs::threads::side_by_side;

/// Labels that are embedded and scored: those of the samples, ten.
const LABELS: usize = 10;

/// Bytes of files that are held to be decoded.
const HELD: usize = 128 << 20;

/// Pictures that are made ready for the image tower; larger batches have some of them twice.
const PREPARED: usize = 32;

/// Ten labels.
pub fn labels() -> Vec<Label> {
    let labels = label::from_lines(built_in::sample_labels()).unwrap_or_default();
    labels.into_iter().take(LABELS).collect()
}

/// So many pictures of these files, spread evenly over them; the rest makes up for files that are none, or cannot be
/// decoded: those are done with so soon that all figures would be too good. So many threads look for them.
pub fn choose(files: &[PathBuf], wanted: usize, threads: usize, stop: &CancelToken) -> Vec<PathBuf> {
    let order = spread(files.len(), wanted);
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let look = || {
        let mut chosen: Vec<usize> = Vec::new();
        while found.load(Ordering::Relaxed) < wanted && !stop.is_requested() {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let Some(position) = order.get(turn) else { break };
            if content(&files[*position]).is_some_and(|content| decoded(content, drop).is_ok()) {
                found.fetch_add(1, Ordering::Relaxed);
                chosen.push(turn);
            }
        }
        chosen
    };
    let mut turns = side_by_side(vec![&look; threads.max(1)]).concat();
    // All turns up to the last were looked at: the first so many are the same whichever thread was faster.
    turns.sort_unstable();
    turns.truncate(wanted);
    let mut chosen: Vec<usize> = turns.into_iter().map(|turn| order[turn]).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|position| files[position].clone()).collect()
}

/// All positions: first so many that are spread evenly, then those between them.
fn spread(len: usize, wanted: usize) -> Vec<usize> {
    let wanted = wanted.min(len).max(1);
    let first: Vec<usize> = (0..wanted.min(len)).map(|n| n * len / wanted).collect();
    let rest = (0..len).filter(|position| first.binary_search(position).is_err());
    first.iter().copied().chain(rest).collect()
}

/// The content of a picture that is of a kind that is decoded.
fn content(path: &Path) -> Option<FileContent> {
    match read(path) {
        Reading::Content(content) if matches!(content.kind, Kind::Picture(_)) => Some(content),
        _ => None,
    }
}

/// As many contents as may be held.
pub(super) fn contents(files: &[PathBuf]) -> Vec<FileContent> {
    let mut held = 0;
    let mut contents = Vec::new();
    for content in files.iter().filter_map(|path| content(path)) {
        held += content.bytes.len();
        if held > HELD && !contents.is_empty() {
            break;
        }
        contents.push(content);
    }
    contents
}

/// Some pictures, ready for the image tower, and the bytes of all files.
pub(super) fn prepared(files: &[PathBuf], processor: &ImageProcessor) -> (Vec<Arc<PreparedPicture>>, u64) {
    let bytes = files.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|metadata| metadata.len()).sum();
    let contents = files.iter().filter_map(|path| content(path));
    let prepared = contents.filter_map(|content| decoded(content, |decoded| processor.prepare(&decoded.pixels)).ok());
    (prepared.take(PREPARED).map(Arc::new).collect(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_spread_evenly_and_goes_on_with_the_rest() {
        assert_eq!(spread(10, 3), [0, 3, 6, 1, 2, 4, 5, 7, 8, 9]);
        assert_eq!(spread(2, 5), [0, 1]);
        assert!(spread(0, 5).is_empty());
    }

    #[test]
    fn only_pictures_that_can_be_decoded_are_chosen() {
        let folder = tempfile::tempdir().unwrap();
        built_in::unpack_samples(folder.path()).unwrap();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_unstable();
        let stop = CancelToken::default();
        let good = choose(&files, 5, 1, &stop);
        assert_eq!(good.len(), 5);
        let bad = ["0.txt", "0.png", "1.jpg"].map(|name| folder.path().join(name));
        std::fs::write(&bad[0], "no picture").unwrap();
        std::fs::write(&bad[1], b"\x89PNG\r\n\x1a\ndamaged").unwrap();
        std::fs::write(&bad[2], b"\xff\xd8\xff\xe0damaged").unwrap();
        assert!(choose(&bad, 5, 2, &stop).is_empty());
        let pictures = files.len();
        let mixed: Vec<PathBuf> = bad.iter().cloned().chain(files).collect();
        for threads in [1, 4] {
            let chosen = choose(&mixed, 5, threads, &stop);
            assert_eq!(chosen, choose(&mixed, 5, 1, &stop), "whichever thread is faster");
            assert_eq!((chosen.len(), chosen.iter().any(|path| bad.contains(path))), (5, false));
            assert_eq!(choose(&mixed, mixed.len(), threads, &stop).len(), pictures);
        }
    }

    #[test]
    fn there_are_ten_labels() {
        assert_eq!(labels().len(), LABELS);
    }
}
