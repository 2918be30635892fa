//! Decodes pictures to look at and has them painted, the newest request first; then those that may be looked at next.

use std::any::Any;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use image::RgbImage;

use super::events::EventSender;
use super::{Event, NotShown, Order, newest};
use crate::domain::picture::ContentHash;
use crate::files::defect::PictureDefect;
use crate::files::read::{FileContent, Reading, read};
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::decoding::decoded;

/// Rendered pictures that are kept: the one that is looked at, those around it, and some of those before.
const KEPT: usize = 8;

/// Makes of pixels what the screen shows. It works on the viewer's thread, so that drawing waits for nothing.
pub trait PreviewRenderer: Send + Sync {
    /// The picture as large as the room allows; none where it cannot be shown.
    fn paint(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview>;
}

/// A painter's work, which only the painter can read.
#[derive(Debug, Clone)]
pub struct RenderedPreview(pub Arc<dyn Any + Send + Sync>);

/// The room for a picture on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreviewSize {
    /// Cells beside each other.
    pub columns: u16,
    /// Cells one under the other.
    pub rows: u16,
    /// Changes when pictures are to be painted in another way: what was painted before is of no use then.
    pub generation: u32,
}

/// A picture to look at, and where it may be: what was moved is in the destination, and another file may have its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureLocation {
    /// Where it was found.
    pub path: PathBuf,
    /// Where it may be if it is not there any more, in the order in which they are tried.
    pub others: Vec<PathBuf>,
    /// The content that is decided: no other is shown in its place. None where it could not be read.
    pub hash: Option<ContentHash>,
}

pub(super) fn run(orders: &Receiver<Order>, painter: &dyn PreviewRenderer, ending: &CancelToken, events: &EventSender) {
    let mut album = PreviewCache::default();
    while let Some(order) = newest(orders) {
        let Order::View { number, sight, next, room } = order else { continue };
        let painted = album.get(&sight, room, painter);
        if events.send(Event::Viewed { number, painted }).is_err() {
            return;
        }
        for sight in next.iter().take_while(|_| orders.is_empty() && !ending.is_requested()) {
            // Whether it can be shown is told when it is looked at.
            let _ = album.get(sight, room, painter);
        }
    }
}

/// The pictures that were painted last, by their content: wherever it is, it is painted alike.
#[derive(Default)]
struct PreviewCache {
    room: PreviewSize,
    kept: VecDeque<(ContentHash, RenderedPreview)>,
}

impl PreviewCache {
    fn get(
        &mut self,
        sight: &PictureLocation,
        room: PreviewSize,
        painter: &dyn PreviewRenderer,
    ) -> Result<RenderedPreview, NotShown> {
        if self.room != room {
            *self = PreviewCache { room, kept: VecDeque::new() };
        }
        let known = sight.hash.and_then(|hash| self.kept.iter().position(|(known, _)| *known == hash));
        let (hash, painted) = match known.and_then(|place| self.kept.remove(place)) {
            Some(kept) => kept,
            None => {
                let (hash, painted) = with_pixels(sight, |pixels| painter.paint(pixels, room))?;
                (hash, painted.ok_or(NotShown::NotPainted)?)
            }
        };
        // A picture that cannot be shown is not kept: it may be there the next time.
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((hash, painted.clone()));
        Ok(painted)
    }
}

/// Decodes the picture and does something with it; gives its hash too.
fn with_pixels<T>(sight: &PictureLocation, then: impl FnOnce(RgbImage) -> T) -> Result<(ContentHash, T), NotShown> {
    let content = content_of(sight)?;
    let hash = content.hash;
    let done = decoded(content, |decoded| then(decoded.pixels)).map_err(NotShown::Defect)?;
    Ok((hash, done))
}

/// The content that is decided, wherever it is; why there is none.
pub(super) fn content_of(sight: &PictureLocation) -> Result<FileContent, NotShown> {
    let mut why = NotShown::Gone;
    for path in std::iter::once(&sight.path).chain(&sight.others) {
        match read(path) {
            Reading::Content(content) if Some(content.hash) == sight.hash => return Ok(content),
            Reading::Content(_) if sight.hash.is_none() => why = NotShown::NeverRead,
            Reading::Content(_) | Reading::NoPicture if why.is_lost() => why = NotShown::OtherContent,
            Reading::Content(_) | Reading::NoPicture => {}
            Reading::Defect(PictureDefect::Vanished) => {}
            // It may be the very content, which nobody can tell.
            Reading::Defect(defect) => why = NotShown::Defect(defect),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::path::Path;

    use super::*;
    use crate::domain::plan::name_candidates;
    use crate::files::read::hash_file;

    const ROOM: PreviewSize = PreviewSize { columns: 10, rows: 10, generation: 0 };

    struct Counting(AtomicUsize);

    impl PreviewRenderer for Counting {
        fn paint(&self, pixels: RgbImage, _: PreviewSize) -> Option<RenderedPreview> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(RenderedPreview(Arc::new(pixels.width())))
        }
    }

    /// Puts a picture of this width there.
    fn picture(path: &Path, width: u32) -> ContentHash {
        RgbImage::new(width, 1).save(path).unwrap();
        hash_file(path).unwrap()
    }

    fn width(sight: &PictureLocation) -> Option<u32> {
        with_pixels(sight, |pixels| pixels.width()).ok().map(|(_, width)| width)
    }

    #[test]
    fn neighbours_are_painted_ahead_and_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let sight = |number: u32| {
            let path = folder.path().join(format!("{number}.png"));
            let hash = Some(picture(&path, number));
            PictureLocation { path, others: vec![], hash }
        };
        let sights: Vec<PictureLocation> = (1..=20).map(sight).collect();
        let painter = Counting(AtomicUsize::new(0));
        let room = ROOM;
        let (orders, received) = crossbeam_channel::unbounded();
        let (events, told) = crossbeam_channel::unbounded();
        let events = EventSender::new(events, Arc::new(()));
        std::thread::scope(|scope| {
            scope.spawn(|| run(&received, &painter, &CancelToken::default(), &events));
            for number in 0..2 {
                let next = sights[number + 1..number + 3].to_vec();
                orders.send(Order::View { number: number as u64, sight: sights[number].clone(), next, room }).unwrap();
                let Ok(Event::Viewed { number: seen, painted }) = told.recv() else { panic!("a picture comes") };
                assert_eq!((seen, painted.unwrap().0.downcast_ref()), (number as u64, Some(&(number as u32 + 1))));
            }
            drop(orders);
        });
        // One, its two neighbours, and the neighbour of the second that was none of the first.
        assert_eq!(painter.0.load(Ordering::Relaxed), 4);
        let mut album = PreviewCache::default();
        sights.iter().for_each(|sight| drop(album.get(sight, room, &painter).unwrap()));
        assert_eq!(album.kept.len(), KEPT);
        let before = painter.0.load(Ordering::Relaxed);
        album.get(&sights[19], room, &painter).unwrap();
        assert_eq!(painter.0.load(Ordering::Relaxed), before);
        album.get(&sights[19], PreviewSize { generation: 1, ..room }, &painter).unwrap();
        assert_eq!(painter.0.load(Ordering::Relaxed), before + 1);
    }

    #[test]
    fn what_was_moved_is_looked_at_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("here.png");
        let hash = Some(picture(&other, 3));
        let path = folder.path().join("gone.png");
        assert_eq!(width(&PictureLocation { path: path.clone(), others: vec![other.clone()], hash }), Some(3));
        assert_eq!(width(&PictureLocation { path: path.clone(), others: vec![], hash }), None);
        // Nobody knows what it was.
        assert_eq!(width(&PictureLocation { path: other, others: vec![], hash: None }), None);
    }

    #[test]
    fn what_has_the_path_now_is_not_shown_for_what_had_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("1.png"), folder.path().join("copy.png"));
        let first = PictureLocation { path: path.clone(), others: vec![copy.clone()], hash: Some(picture(&path, 3)) };
        let second = PictureLocation { hash: Some(picture(&path, 5)), ..first.clone() };
        let (mut album, painter) = (PreviewCache::default(), Counting(AtomicUsize::new(0)));
        let mut shown =
            |sight| album.get(sight, ROOM, &painter).ok().and_then(|painted| painted.0.downcast_ref::<u32>().copied());
        assert_eq!((shown(&first), shown(&second)), (None, Some(5)));
        // It is shown again as soon as it is somewhere.
        picture(&copy, 3);
        assert_eq!((shown(&first), shown(&second)), (Some(3), Some(5)));
        // A painting of a path is not shown for a file that comes there later.
        let third = PictureLocation { hash: Some(picture(&path, 7)), ..first.clone() };
        assert_eq!((shown(&first), shown(&second), shown(&third)), (Some(3), Some(5), Some(7)));
    }

    #[test]
    fn what_is_not_shown_has_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let hash = Some(picture(&at("1.png"), 3));
        let sight = PictureLocation { path: at("1.png"), others: vec![at("copy.png")], hash };
        let why = |sight: &PictureLocation| content_of(sight).map(|_| ()).unwrap_err();
        assert!(matches!(why(&PictureLocation { hash: None, ..sight.clone() }), NotShown::NeverRead));
        std::fs::write(at("copy.png"), b"").unwrap();
        picture(&at("1.png"), 5);
        assert!(matches!(why(&sight), NotShown::OtherContent));
        // A file that cannot be read may be the picture itself.
        std::fs::remove_file(at("copy.png")).unwrap();
        std::fs::create_dir(at("copy.png")).unwrap();
        assert!(matches!(why(&sight), NotShown::Defect(PictureDefect::Unreadable(_))));
        std::fs::remove_dir(at("copy.png")).unwrap();
        std::fs::remove_file(at("1.png")).unwrap();
        assert!(matches!(why(&sight), NotShown::Gone));
        // Its bytes are there as they were, and are no picture.
        std::fs::write(at("1.png"), b"\x89PNG\r\n\x1a\nno more").unwrap();
        let broken = PictureLocation { hash: hash_file(&at("1.png")).ok(), ..sight };
        assert!(matches!(with_pixels(&broken, |_| ()).unwrap_err(), NotShown::Defect(_)));
    }

    #[test]
    fn two_of_one_name_in_one_folder_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &OsStr| folder.path().join(name);
        let name = OsStr::new("1.png");
        let first = picture(&at(name), 3);
        let second = picture(&at(OsStr::new("new.png")), 5);
        let suffixed = name_candidates(name, second).nth(1).unwrap();
        std::fs::rename(at(OsStr::new("new.png")), at(&suffixed)).unwrap();
        let sight = |hash| PictureLocation {
            path: folder.path().join("gone").join(name),
            others: name_candidates(name, hash).map(|name| at(&name)).collect(),
            hash: Some(hash),
        };
        assert_eq!((width(&sight(first)), width(&sight(second))), (Some(3), Some(5)));
    }
}
