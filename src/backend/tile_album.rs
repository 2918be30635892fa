//! Small pictures that were decoded and painted last, by their content: the next page and the one before are there at
//! once, and what is kept is bounded in bytes.

use std::collections::HashMap;

use image::RgbImage;

use super::{PreviewSize, RenderedPreview};
use crate::domain::picture::ContentHash;

/// Bytes of decoded pixels that are kept.
const PIXELS: usize = 64 << 20;

/// Bytes of paintings that are kept, by what they may take: a few pages in any way of drawing.
const PAINTED: usize = 96 << 20;

/// Bytes of a cell of a painting at most: 16x32 pixels of four bytes, in letters.
const CELL: usize = 16 * 32 * 4 * 4 / 3;

/// Small pictures and their paintings.
pub(super) struct Album {
    room: PreviewSize,
    pixels: Kept<RgbImage>,
    painted: Kept<RenderedPreview>,
}

impl Default for Album {
    fn default() -> Album {
        Album { room: PreviewSize::default(), pixels: Kept::within(PIXELS), painted: Kept::within(PAINTED) }
    }
}

impl Album {
    /// Paintings for another room are of no use.
    pub(super) fn paint_for(&mut self, room: PreviewSize) {
        if self.room != room {
            self.room = room;
            self.painted = Kept::within(PAINTED);
        }
    }

    pub(super) fn painted(&mut self, hash: ContentHash) -> Option<RenderedPreview> {
        self.painted.get(hash)
    }

    /// Keeps a painting, if it is for the room of now.
    pub(super) fn keep_painted(&mut self, hash: ContentHash, room: PreviewSize, painted: RenderedPreview) {
        if room == self.room {
            let bytes = usize::from(room.columns) * usize::from(room.rows) * CELL;
            self.painted.put(hash, bytes, painted);
        }
    }

    pub(super) fn pixels(&mut self, hash: ContentHash) -> Option<RgbImage> {
        self.pixels.get(hash)
    }

    pub(super) fn keep_pixels(&mut self, hash: ContentHash, pixels: RgbImage) {
        self.pixels.put(hash, pixels.len(), pixels);
    }
}

/// Values up to a number of bytes; the one that was of no use for the longest time makes room.
struct Kept<T> {
    most: usize,
    bytes: usize,
    /// Raised with every use.
    now: u64,
    values: HashMap<ContentHash, (u64, usize, T)>,
}

impl<T: Clone> Kept<T> {
    fn within(most: usize) -> Kept<T> {
        Kept { most, bytes: 0, now: 0, values: HashMap::new() }
    }

    fn get(&mut self, hash: ContentHash) -> Option<T> {
        self.now += 1;
        let (used, _, value) = self.values.get_mut(&hash)?;
        *used = self.now;
        Some(value.clone())
    }

    fn put(&mut self, hash: ContentHash, bytes: usize, value: T) {
        self.now += 1;
        if let Some((_, former, _)) = self.values.insert(hash, (self.now, bytes, value)) {
            self.bytes -= former;
        }
        self.bytes += bytes;
        while self.bytes > self.most
            && let Some(oldest) = self.values.iter().min_by_key(|(_, (used, ..))| *used).map(|(hash, _)| *hash)
            && let Some((_, bytes, _)) = self.values.remove(&oldest)
        {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> ContentHash {
        ContentHash([number; 32])
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_last_used_stays() {
        let mut kept = Kept::within(100);
        kept.put(hash(1), 40, 1);
        kept.put(hash(2), 40, 2);
        assert_eq!(kept.get(hash(1)), Some(1));
        kept.put(hash(3), 40, 3);
        assert_eq!((kept.get(hash(1)), kept.get(hash(2)), kept.get(hash(3))), (Some(1), None, Some(3)));
        // The same again takes its own place.
        (0..10).for_each(|_| kept.put(hash(3), 40, 3));
        assert_eq!((kept.bytes, kept.values.len()), (80, 2));
        kept.put(hash(4), 1000, 4);
        assert_eq!((kept.bytes, kept.get(hash(4))), (0, None), "too large for any room");
    }

    #[test]
    fn three_pages_of_the_largest_screen_are_kept() {
        let mut album = Album::default();
        let room = PreviewSize { columns: 20, rows: 8, generation: 0 };
        album.paint_for(room);
        let painted = || RenderedPreview(std::sync::Arc::new(()));
        (0..180).for_each(|number| album.keep_painted(hash(number), room, painted()));
        assert!((0..180).all(|number| album.painted(hash(number)).is_some()));
        album.paint_for(PreviewSize { generation: 1, ..room });
        assert!(album.painted(hash(7)).is_none());
        album.keep_painted(hash(7), room, painted());
        assert!(album.painted(hash(7)).is_none(), "it was painted for another room");
    }
}
