//! Decodes pictures small and has them painted, a page of tiles at a time: the newest page first, then the page that
//! may come next. A newer order stops what is in hand after the tiles that are being decoded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use image::{RgbImage, imageops};

use super::channels::DuplicateRequest;
use super::events::EventSender;
use super::preview_loader::content_of;
use super::tile_album::Album;
use super::{Event, NotShown, Order, PictureLocation, PreviewRenderer, PreviewSize, RenderedPreview, newest};
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::ContentHash;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::decoding::decoded_small;

/// Pixels on the longer side of a small picture: enough for a tile on terminals that show pixels.
const SIDE: u32 = 320;

/// Threads that decode tiles. With more, a page on a machine with many cores would come no sooner than it is drawn.
const HANDS: usize = 2;

/// A page of tiles, and the pictures that are made ready after it.
struct Page<'p> {
    number: u64,
    tiles: &'p [PictureLocation],
    ahead: &'p [PictureLocation],
    room: PreviewSize,
}

pub(super) fn run(
    orders: &Receiver<Order>,
    painter: &dyn PreviewRenderer,
    ending: &CancelToken,
    events: &EventSender,
    duplicates: &Sender<DuplicateRequest>,
) {
    let loader = Loader::of(painter);
    while let Some(order) = newest(orders) {
        let Order::Tiles { number, tiles, ahead, room } = order else { continue };
        let page = Page { number, tiles: &tiles, ahead: &ahead, room };
        loader.show(&page, &|| orders.is_empty() && !ending.is_requested(), events);
        let seen = std::mem::take(&mut *loader.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if !seen.is_empty() {
            let _ = duplicates.send(DuplicateRequest::Seen(seen));
        }
    }
}

struct Loader<'l> {
    painter: &'l dyn PreviewRenderer,
    album: Mutex<Album>,
    /// How the pictures look that were decoded since that was handed on.
    seen: Mutex<Vec<(ContentHash, PerceptualHash)>>,
}

impl Loader<'_> {
    fn of(painter: &dyn PreviewRenderer) -> Loader<'_> {
        Loader { painter, album: Mutex::new(Album::default()), seen: Mutex::default() }
    }

    /// Tells of each tile as soon as it is painted, and paints those of the next page.
    fn show(&self, page: &Page<'_>, goes_on: &(dyn Fn() -> bool + Sync), events: &EventSender) {
        self.with_album(|album| album.paint_for(page.room));
        let tell = |place: usize, tile: Result<RenderedPreview, NotShown>| {
            events.send(Event::Tile { number: page.number, place, tile }).is_ok()
        };
        let (ready, rest): (Vec<_>, Vec<_>) =
            page.tiles.iter().enumerate().partition(|(_, sight)| self.painted(sight).is_some());
        for (place, sight) in ready {
            let tile =
                if is_anywhere(sight) { self.painted(sight).ok_or(NotShown::NotPainted) } else { Err(NotShown::Gone) };
            if !tell(place, tile) {
                return;
            }
        }
        let works: Vec<(Option<usize>, &PictureLocation)> = rest
            .into_iter()
            .map(|(place, sight)| (Some(place), sight))
            .chain(page.ahead.iter().map(|sight| (None, sight)))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while goes_on() {
                let Some((place, sight)) = works.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                let tile = self.tile(sight, page.room);
                if let Some(place) = place
                    && !tell(*place, tile)
                {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..HANDS {
                // Without another thread this one does all of it.
                let started = std::thread::Builder::new().name("tile loader".to_owned()).spawn_scoped(scope, work);
                if let Err(error) = started {
                    tracing::warn!("no thread for tiles: {error}");
                }
            }
            work();
        });
    }

    fn with_album<T>(&self, then: impl FnOnce(&mut Album) -> T) -> T {
        then(&mut self.album.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn painted(&self, sight: &PictureLocation) -> Option<RenderedPreview> {
        self.with_album(|album| album.painted(sight.hash?))
    }

    fn tile(&self, sight: &PictureLocation, room: PreviewSize) -> Result<RenderedPreview, NotShown> {
        let hash = sight.hash.ok_or(NotShown::NeverRead)?;
        let pixels = self.pixels(sight, hash)?;
        // Two of one content on a page are painted once.
        if let Some(painted) = self.with_album(|album| album.painted(hash)) {
            return Ok(painted);
        }
        let painted = self.painter.paint(pixels, room).ok_or(NotShown::NotPainted)?;
        self.with_album(|album| album.keep_painted(hash, room, painted.clone()));
        Ok(painted)
    }

    fn pixels(&self, sight: &PictureLocation, hash: ContentHash) -> Result<RgbImage, NotShown> {
        if let Some(pixels) = self.with_album(|album| album.pixels(hash)) {
            return if is_anywhere(sight) { Ok(pixels) } else { Err(NotShown::Gone) };
        }
        let (content, _) = content_of(sight)?;
        let small = decoded_small(content, SIDE, |pixels| shrunk(&pixels)).map_err(NotShown::Defect)?;
        let look = PerceptualHash::of(small.width() as usize, small.height() as usize, small.as_raw());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(look.map(|look| (hash, look)));
        self.with_album(|album| album.keep_pixels(hash, small.clone()));
        Ok(small)
    }
}

/// A picture no larger than a tile needs; a small one as it is.
fn shrunk(pixels: &RgbImage) -> RgbImage {
    let (width, height) = pixels.dimensions();
    let longest = width.max(height);
    if longest <= SIDE {
        return pixels.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32;
    imageops::thumbnail(pixels, scaled(width), scaled(height))
}

/// True where a file is at one of the places of a picture. Its content was looked at when the picture was decoded.
fn is_anywhere(sight: &PictureLocation) -> bool {
    let places = std::iter::once(&sight.path).chain(&sight.others);
    places.into_iter().any(|path| std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::files::read::hash_file;

    const ROOM: PreviewSize = PreviewSize { columns: 20, rows: 8, generation: 0 };

    /// Counts what is painted; a painting is the picture's width.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl PreviewRenderer for Counting {
        fn paint(&self, pixels: RgbImage, _: PreviewSize) -> Option<RenderedPreview> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(RenderedPreview(Arc::new(pixels.width())))
        }
    }

    fn picture(folder: &Path, width: u32) -> PictureLocation {
        let path = folder.join(format!("{width}.png"));
        RgbImage::new(width, 2).save(&path).unwrap();
        let hash = Some(hash_file(&path).unwrap());
        PictureLocation { path, others: vec![], hash }
    }

    fn tiles(number: u64, tiles: &[PictureLocation], ahead: &[PictureLocation]) -> Order {
        Order::Tiles { number, tiles: tiles.to_vec(), ahead: ahead.to_vec(), room: ROOM }
    }

    /// Carries orders out one after the other, and gives what was told.
    fn told(painter: &Counting, pages: Vec<Order>) -> Vec<(u64, usize, Result<u32, &'static str>)> {
        let (events, told) = crossbeam_channel::unbounded();
        let events = EventSender::new(events, Arc::new(()));
        let loader = Loader::of(painter);
        for order in pages {
            let Order::Tiles { number, tiles, ahead, room } = order else { continue };
            loader.show(&Page { number, tiles: &tiles, ahead: &ahead, room }, &|| true, &events);
        }
        let word = |why: NotShown| match why {
            NotShown::Gone | NotShown::OtherContent => "gone",
            NotShown::NeverRead => "never read",
            _ => "broken",
        };
        let width = |painted: RenderedPreview| *painted.0.downcast_ref::<u32>().unwrap();
        let told = told.try_iter().filter_map(|event| match event {
            Event::Tile { number, place, tile } => Some((number, place, tile.map(width).map_err(word))),
            _ => None,
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|(number, place, _)| (*number, *place));
        told
    }

    #[test]
    fn a_page_that_was_made_ready_and_one_of_before_are_painted_once() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<_> = (1..=6).map(|width| picture(folder.path(), width)).collect();
        let painter = Counting::default();
        let (first, second, third) = (&all[..2], &all[2..4], &all[4..]);
        let pages = vec![tiles(1, first, second), tiles(2, second, third), tiles(3, first, second)];
        let told = told(&painter, pages);
        let expected: Vec<_> = [(1, 1), (2, 3), (3, 1)]
            .into_iter()
            .flat_map(|(number, width)| [(number, 0, Ok(width)), (number, 1, Ok(width + 1))])
            .collect();
        assert_eq!(told, expected);
        assert_eq!(painter.0.load(Ordering::Relaxed), 6);
    }

    #[test]
    fn a_large_picture_is_made_small_and_no_side_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let told = told(&Counting::default(), vec![tiles(1, &[picture(folder.path(), 3000)], &[])]);
        assert_eq!(told, [(1, 0, Ok(SIDE))]);
    }

    #[test]
    fn each_tile_without_a_picture_has_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (gone, other) = (picture(folder.path(), 3), picture(folder.path(), 4));
        let broken = folder.path().join("broken.png");
        std::fs::write(&broken, b"\x89PNG\r\n\x1a\nno more").unwrap();
        let broken = PictureLocation { hash: Some(hash_file(&broken).unwrap()), path: broken, others: vec![] };
        let unread = PictureLocation { hash: None, ..other.clone() };
        std::fs::remove_file(&gone.path).unwrap();
        // Another picture has the path now.
        let replaced = PictureLocation { hash: gone.hash, ..other.clone() };
        let told = told(&Counting::default(), vec![tiles(1, &[gone, broken, unread, replaced, other], &[])]);
        let faults: Vec<_> = told.into_iter().map(|(_, _, tile)| tile).collect();
        assert_eq!(faults, [Err("gone"), Err("broken"), Err("never read"), Err("gone"), Ok(4)]);
    }

    #[test]
    fn a_picture_that_went_away_since_it_was_painted_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (events, told) = crossbeam_channel::unbounded();
        let events = EventSender::new(events, Arc::new(()));
        let painter = Counting::default();
        let loader = Loader::of(&painter);
        let sight = [picture(folder.path(), 3)];
        let page = Page { number: 1, tiles: &sight, ahead: &[], room: ROOM };
        loader.show(&page, &|| true, &events);
        std::fs::remove_file(&sight[0].path).unwrap();
        loader.show(&page, &|| true, &events);
        let other = Page { room: PreviewSize { generation: 1, ..ROOM }, ..page };
        loader.show(&other, &|| true, &events);
        let told: Vec<_> = told.try_iter().map(|event| matches!(event, Event::Tile { tile: Ok(_), .. })).collect();
        assert_eq!(told, [true, false, false]);
    }

    #[test]
    fn a_newer_order_stops_what_is_in_hand() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<_> = (1..=20).map(|width| picture(folder.path(), width)).collect();
        let (events, told) = crossbeam_channel::unbounded();
        let events = EventSender::new(events, Arc::new(()));
        let painter = Counting::default();
        let loader = Loader::of(&painter);
        // The order comes after five looks for one.
        let looks = AtomicUsize::new(0);
        let page = Page { number: 1, tiles: &all, ahead: &[], room: ROOM };
        loader.show(&page, &|| looks.fetch_add(1, Ordering::Relaxed) < 5, &events);
        assert_eq!(told.len(), 5);
    }

    #[test]
    fn of_several_orders_the_newest_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<_> = (1..=2).map(|width| picture(folder.path(), width)).collect();
        let (orders, received) = crossbeam_channel::unbounded();
        let (events, told) = crossbeam_channel::unbounded();
        orders.send(tiles(1, &all[..1], &[])).unwrap();
        orders.send(tiles(2, &all[1..], &[])).unwrap();
        drop(orders);
        let (duplicates, seen) = crossbeam_channel::unbounded();
        let events = EventSender::new(events, Arc::new(()));
        run(&received, &Counting::default(), &CancelToken::default(), &events, &duplicates);
        let seen: Vec<DuplicateRequest> = seen.try_iter().collect();
        assert!(
            matches!(&seen[..], [DuplicateRequest::Seen(seen)] if seen.len() == 1 && Some(seen[0].0) == all[1].hash)
        );
        let numbers: Vec<_> =
            told.try_iter().map(|event| if let Event::Tile { number, .. } = event { number } else { 0 }).collect();
        assert_eq!(numbers, [2]);
    }
}
