//! Decodes pictures to look at and has them painted, the newest request first; then those that may be looked at next.

use std::any::Any;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use image::RgbImage;

use super::{Event, Order, newest};
use crate::files::decode::decode;
use crate::files::read::{Reading, read};
use crate::jobs::stop::Stop;

/// Painted pictures that are kept: the one that is looked at, those around it, and some of those before.
const KEPT: usize = 8;

/// Makes of pixels what the screen shows. It works on the viewer's thread, so that drawing waits for nothing.
pub trait Painter: Send + Sync {
    /// The picture as large as the room allows; none where it cannot be shown.
    fn paint(&self, pixels: RgbImage, room: Room) -> Option<Painted>;
}

/// What a painter made, and only whoever has made it can read.
#[derive(Debug, Clone)]
pub struct Painted(pub Arc<dyn Any + Send + Sync>);

/// The room for a picture on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Cells beside each other.
    pub columns: u16,
    /// Cells one under the other.
    pub rows: u16,
    /// Changes when pictures are to be painted in another way: what was painted before is of no use then.
    pub manner: u32,
}

/// Where a picture is, and where it is if it is not there: what was moved is in the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Where it was found.
    pub path: PathBuf,
    /// Where it was put.
    pub other: Option<PathBuf>,
}

pub(super) fn run(orders: &Receiver<Order>, painter: &dyn Painter, ending: &Stop, events: &Sender<Event>) {
    let mut album = Album::default();
    while let Some(order) = newest(orders) {
        let Order::View { number, sight, next, room } = order else { continue };
        let painted = album.get(&sight, room, painter);
        if events.send(Event::Viewed { number, painted }).is_err() {
            return;
        }
        for sight in next.iter().take_while(|_| orders.is_empty() && !ending.is_requested()) {
            album.get(sight, room, painter);
        }
    }
}

/// The pictures that were painted last.
#[derive(Default)]
struct Album {
    room: Room,
    kept: VecDeque<(Sight, Option<Painted>)>,
}

impl Album {
    fn get(&mut self, sight: &Sight, room: Room, painter: &dyn Painter) -> Option<Painted> {
        if self.room != room {
            *self = Album { room, kept: VecDeque::new() };
        }
        let painted = match self.kept.iter().position(|(known, _)| known == sight) {
            Some(place) => self.kept.remove(place).and_then(|(_, painted)| painted),
            None => pixels(sight).and_then(|pixels| painter.paint(pixels, room)),
        };
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((sight.clone(), painted.clone()));
        painted
    }
}

fn pixels(sight: &Sight) -> Option<RgbImage> {
    pixels_at(&sight.path).or_else(|| sight.other.as_deref().and_then(pixels_at))
}

fn pixels_at(path: &Path) -> Option<RgbImage> {
    let Reading::Content(content) = read(path) else { return None };
    decode(&content.bytes, content.kind).ok().map(|decoded| decoded.pixels)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counting(AtomicUsize);

    impl Painter for Counting {
        fn paint(&self, pixels: RgbImage, _: Room) -> Option<Painted> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(Painted(Arc::new(pixels.width())))
        }
    }

    #[test]
    fn neighbours_are_painted_ahead_and_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let sight = |number: u32| {
            let path = folder.path().join(format!("{number}.png"));
            image::RgbImage::new(number, 1).save(&path).unwrap();
            Sight { path, other: None }
        };
        let sights: Vec<Sight> = (1..=20).map(sight).collect();
        let painter = Counting(AtomicUsize::new(0));
        let room = Room { columns: 10, rows: 10, manner: 0 };
        let (orders, received) = crossbeam_channel::unbounded();
        let (events, told) = crossbeam_channel::unbounded();
        std::thread::scope(|scope| {
            scope.spawn(|| run(&received, &painter, &Stop::default(), &events));
            for number in 0..2 {
                let next = sights[number + 1..number + 3].to_vec();
                orders.send(Order::View { number: number as u64, sight: sights[number].clone(), next, room }).unwrap();
                let Ok(Event::Viewed { number: seen, painted }) = told.recv() else { panic!("a picture comes") };
                assert_eq!((seen, painted.unwrap().0.downcast_ref()), (number as u64, Some(&(number as u32 + 1))));
            }
            drop(orders);
        });
        // One, its two neighbours, and the neighbour of the second that was none of the first.
        assert!(painter.0.load(Ordering::Relaxed) <= 4);
        let mut album = Album::default();
        sights.iter().for_each(|sight| drop(album.get(sight, room, &painter)));
        assert_eq!(album.kept.len(), KEPT);
        let before = painter.0.load(Ordering::Relaxed);
        album.get(&sights[19], room, &painter);
        assert_eq!(painter.0.load(Ordering::Relaxed), before);
        album.get(&sights[19], Room { manner: 1, ..room }, &painter);
        assert_eq!(painter.0.load(Ordering::Relaxed), before + 1);
    }

    #[test]
    fn what_was_moved_is_looked_at_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("here.png");
        image::RgbImage::new(3, 1).save(&other).unwrap();
        let path = folder.path().join("gone.png");
        assert_eq!(pixels(&Sight { path: path.clone(), other: Some(other) }).unwrap().width(), 3);
        assert!(pixels(&Sight { path, other: None }).is_none());
    }
}
