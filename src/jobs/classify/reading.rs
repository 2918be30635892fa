//! The readers: files in, contents or what is known of them out.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::Sender;

use super::{Content, Finished, Hashed, Item, News, Origin, Results};
use crate::files::decode::revision::{is_current, is_of_today};
use crate::files::kind::Kind;
use crate::files::read::{FileContent, Reading, read, trusted_identity};
use crate::jobs::byte_semaphore::ByteSemaphore;
use crate::jobs::embedding_cache::ModelCache;
use crate::jobs::stage_clocks::StageClock;
use crate::store::cache::CachedEmbedding;

pub(super) fn read_files<'b>(
    files: &[PathBuf],
    known: &Known,
    next: &AtomicUsize,
    semaphore: &'b ByteSemaphore,
    (contents, results): (Sender<Item<Content<'b>>>, Results),
    clock: &StageClock,
    go_on: &(dyn Fn() -> bool + Sync),
) {
    let mut hand = clock.timer();
    while go_on() {
        hand.begin();
        let position = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = files.get(position) else { return };
        let looked = known.unchanged(path).map_or_else(|| Looked::At(read(path)), Looked::Unchanged);
        hand.worked();
        let finished = |stage| results.send(News::Finished(Box::new(Item { position, stage }))).is_ok();
        let sent = match looked {
            Looked::Unchanged(stage) => finished(stage),
            Looked::At(Reading::Content(content)) => match known.embedding(&content) {
                Some(remembered) => {
                    let file = Hashed::from(&content);
                    finished(Finished::Embedded { file, remembered, origin: Origin::Remembered, look: None })
                }
                None => {
                    let share = semaphore.acquire(content.stamp.size);
                    contents.send(Item { position, stage: (content, share) }).is_ok()
                }
            },
            Looked::At(Reading::NoPicture) => finished(Finished::NoPicture),
            Looked::At(Reading::Defect(trouble)) => finished(Finished::Troubled { file: None, trouble }),
        };
        hand.waited();
        if !sent {
            return;
        }
    }
}

/// The result of a look at a file.
enum Looked {
    /// It was not opened: what is known of it.
    Unchanged(Finished),
    /// It was read.
    At(Reading),
}

/// The work that a reader can do without the model.
pub(super) struct Known {
    pub(super) cache: ModelCache,
    pub(super) trusts_unchanged: bool,
}

impl Known {
    /// The remembered embedding of a content, where the file is one that is decoded: the same bytes under another name
    /// may be none. One whose decoder decodes otherwise by now is made anew.
    fn embedding(&self, content: &FileContent) -> Option<CachedEmbedding> {
        let found = matches!(content.kind, Kind::Picture(_)).then(|| self.cache.embedding(content.hash)).flatten();
        found.filter(|remembered| is_current(&remembered.decoder, content.kind))
    }

    /// The result for a file that is as it was when it was hashed, where that is to be believed. Only of what went
    /// through the model is enough known: all else that reading tells of a file, such as its kind, it tells again.
    fn unchanged(&self, path: &Path) -> Option<Finished> {
        if matches!(Kind::of(&[], path), Kind::OtherPicture(_)) {
            return None;
        }
        let identity = self.trusts_unchanged.then(|| trusted_identity(path)).flatten()?;
        let hash = self.cache.hash_of(identity)?;
        let remembered = self.cache.embedding(hash).filter(|remembered| is_of_today(&remembered.decoder))?;
        let file = Hashed { hash, stamp: identity.stamp, identity: Some(identity) };
        Some(Finished::Embedded { file, remembered, origin: Origin::Trusted, look: None })
    }
}
