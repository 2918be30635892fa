//! Decodes pictures to look at and has them painted, the newest request first; then those that may be looked at next.

use std::any::Any;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Receiver;
use image::RgbImage;

use super::events::EventSender;
use super::picture_part::cut;
use super::{Event, NotShown, Order, Part, PictureFacts, Viewed, newest};
use crate::domain::picture::ContentHash;
use crate::files::defect::PictureDefect;
use crate::files::read::{FileContent, Reading, read};
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::decoding::decoded;

/// Rendered pictures that are kept: the one that is looked at, those around it, and some of those before.
const KEPT: usize = 8;

/// Bytes of pixels that are kept of pictures of which parts are looked at: three photographs of 20 megapixels. A larger
/// one is decoded for each part.
const MOST_IN_HAND: usize = 192 << 20;

/// Makes of pixels what the screen shows. It works on the viewer's thread, so that drawing waits for nothing.
pub trait PreviewRenderer: Send + Sync {
    /// The picture as large as the room allows; none where it cannot be shown.
    fn paint(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview>;

    /// How many pixels across and down a room shows where each of them is one dot.
    fn dots(&self, room: PreviewSize) -> (u32, u32) {
        (u32::from(room.columns), u32::from(room.rows) * 2)
    }

    /// No more pixels than there are dots in the room, each as one of them; none where they cannot be shown.
    fn paint_exactly(&self, pixels: RgbImage, room: PreviewSize) -> Option<RenderedPreview> {
        self.paint(pixels, room)
    }
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
        let Order::View { number, sight, part, next, room } = order else { continue };
        let mut facts = None;
        let viewed = album.get(&sight, part, room, painter, &mut facts);
        if events.send(Event::Viewed { number, viewed, facts }).is_err() {
            return;
        }
        for sight in next.iter().take_while(|_| orders.is_empty() && !ending.is_requested()) {
            // Whether it can be shown is told when it is looked at.
            let _ = album.get(sight, part, room, painter, &mut None);
        }
    }
}

/// The pictures that were painted last, by their content: wherever it is, it is painted alike.
#[derive(Default)]
struct PreviewCache {
    room: PreviewSize,
    kept: VecDeque<(ContentHash, Part, Viewed)>,
    /// The pixels of pictures of which parts were looked at, the last first, so that the next part comes at once.
    in_hand: VecDeque<(ContentHash, Arc<PictureFacts>, RgbImage)>,
}

impl PreviewCache {
    /// The picture painted; what is known of its file goes to `known` even where it is not shown.
    fn get(
        &mut self,
        sight: &PictureLocation,
        part: Part,
        room: PreviewSize,
        painter: &dyn PreviewRenderer,
        known: &mut Option<Arc<PictureFacts>>,
    ) -> Result<Viewed, NotShown> {
        if self.room != room {
            self.room = room;
            self.kept.clear();
        }
        let is_it = |(hash, of, _): &(ContentHash, Part, Viewed)| Some(*hash) == sight.hash && *of == part;
        let kept = self.kept.iter().position(is_it).and_then(|place| self.kept.remove(place));
        let (hash, viewed) = match kept {
            Some((hash, _, viewed)) => (hash, viewed),
            None => self.paint(sight, part, painter, known)?,
        };
        // A picture that cannot be shown is not kept: it may be there the next time.
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((hash, part, viewed.clone()));
        *known = Some(Arc::clone(&viewed.facts));
        Ok(viewed)
    }

    fn paint(
        &mut self,
        sight: &PictureLocation,
        part: Part,
        painter: &dyn PreviewRenderer,
        known: &mut Option<Arc<PictureFacts>>,
    ) -> Result<(ContentHash, Viewed), NotShown> {
        let room = self.room;
        if let Part::Exact { across, down } = part
            && let Some((hash, facts, pixels)) = self.in_hand.iter().find(|(hash, ..)| Some(*hash) == sight.hash)
        {
            let (part, pixels) = cut(pixels, (across, down), painter.dots(room));
            let painted = painter.paint_exactly(pixels, room).ok_or(NotShown::NotPainted)?;
            return Ok((*hash, Viewed { painted, part, facts: Arc::clone(facts) }));
        }
        let (content, path) = content_of(sight)?;
        let hash = content.hash;
        let mut facts = PictureFacts::of(&content, path);
        *known = Some(Arc::new(facts.clone()));
        if part == Part::Nothing {
            return Err(NotShown::NotWanted);
        }
        let mut in_hand = None;
        let shown = decoded(content, |decoded| {
            facts.pixels = Some(decoded.pixels.dimensions());
            match part {
                Part::Exact { across, down } => {
                    let (part, cut) = cut(&decoded.pixels, (across, down), painter.dots(room));
                    in_hand = Some(decoded.pixels);
                    painter.paint_exactly(cut, room).map(|painted| (painted, part))
                }
                Part::Whole | Part::Nothing => painter.paint(decoded.pixels, room).map(|painted| (painted, part)),
            }
        });
        let facts = Arc::new(facts);
        *known = Some(Arc::clone(&facts));
        self.keep_in_hand(in_hand.map(|pixels| (hash, Arc::clone(&facts), pixels)));
        let (painted, part) = shown.map_err(NotShown::Defect)?.ok_or(NotShown::NotPainted)?;
        Ok((hash, Viewed { painted, part, facts }))
    }

    /// Keeps pixels, and none of those before that are too many with them. Where no part was looked at, none are
    /// needed.
    fn keep_in_hand(&mut self, pixels: Option<(ContentHash, Arc<PictureFacts>, RgbImage)>) {
        let Some(pixels) = pixels else { return self.in_hand.clear() };
        self.in_hand.push_front(pixels);
        while self.in_hand.iter().map(|(.., pixels)| pixels.len()).sum::<usize>() > MOST_IN_HAND {
            self.in_hand.pop_back();
        }
    }
}

/// The content that is decided, wherever it is, and where that is; why there is none.
pub(super) fn content_of(sight: &PictureLocation) -> Result<(FileContent, &Path), NotShown> {
    let mut why = NotShown::Gone;
    for path in std::iter::once(&sight.path).chain(&sight.others) {
        match read(path) {
            Reading::Content(content) if Some(content.hash) == sight.hash => return Ok((content, path)),
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

    use super::*;
    use crate::domain::plan::name_candidates;
    use crate::files::read::hash_file;

    const ROOM: PreviewSize = PreviewSize { columns: 10, rows: 10, generation: 0 };

    #[derive(Default)]
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
        let viewed = whole(&mut PreviewCache::default(), sight, ROOM, &Counting::default()).ok()?;
        viewed.painted.0.downcast_ref().copied()
    }

    /// The picture as it is first looked at.
    fn whole(
        album: &mut PreviewCache,
        sight: &PictureLocation,
        room: PreviewSize,
        painter: &Counting,
    ) -> Result<Viewed, NotShown> {
        album.get(sight, Part::Whole, room, painter, &mut None)
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
                orders
                    .send(Order::View {
                        number: number as u64,
                        sight: sights[number].clone(),
                        part: Part::Whole,
                        next,
                        room,
                    })
                    .unwrap();
                let Ok(Event::Viewed { number: seen, viewed, .. }) = told.recv() else { panic!("a picture comes") };
                assert_eq!(
                    (seen, viewed.unwrap().painted.0.downcast_ref()),
                    (number as u64, Some(&(number as u32 + 1)))
                );
            }
            drop(orders);
        });
        // One, its two neighbours, and the neighbour of the second that was none of the first.
        assert_eq!(painter.0.load(Ordering::Relaxed), 4);
        let mut album = PreviewCache::default();
        sights.iter().for_each(|sight| drop(whole(&mut album, sight, room, &painter).unwrap()));
        assert_eq!(album.kept.len(), KEPT);
        let before = painter.0.load(Ordering::Relaxed);
        whole(&mut album, &sights[19], room, &painter).unwrap();
        assert_eq!(painter.0.load(Ordering::Relaxed), before);
        whole(&mut album, &sights[19], PreviewSize { generation: 1, ..room }, &painter).unwrap();
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
        let mut shown = |sight| {
            whole(&mut album, sight, ROOM, &painter)
                .ok()
                .and_then(|viewed| viewed.painted.0.downcast_ref::<u32>().copied())
        };
        assert_eq!((shown(&first), shown(&second)), (None, Some(5)));
        // It is shown again as soon as it is somewhere.
        picture(&copy, 3);
        assert_eq!((shown(&first), shown(&second)), (Some(3), Some(5)));
        // A painting of a path is not shown for a file that comes there later.
        let third = PictureLocation { hash: Some(picture(&path, 7)), ..first.clone() };
        assert_eq!((shown(&first), shown(&second), shown(&third)), (Some(3), Some(5), Some(7)));
    }

    /// Paints the first pixel that it is given, and how many there are.
    struct Dots;

    impl PreviewRenderer for Dots {
        fn paint(&self, _: RgbImage, _: PreviewSize) -> Option<RenderedPreview> {
            None
        }

        fn paint_exactly(&self, pixels: RgbImage, _: PreviewSize) -> Option<RenderedPreview> {
            Some(RenderedPreview(Arc::new((pixels.get_pixel(0, 0).0, pixels.dimensions()))))
        }
    }

    #[test]
    fn parts_of_a_picture_are_cut_from_the_pixels_in_hand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.png");
        RgbImage::from_fn(100, 60, |x, y| image::Rgb([x as u8, y as u8, 0])).save(&path).unwrap();
        let sight = PictureLocation { path: path.clone(), others: vec![], hash: hash_file(&path).ok() };
        let mut album = PreviewCache::default();
        let mut seen = |across, down| {
            let viewed = album.get(&sight, Part::Exact { across, down }, ROOM, &Dots, &mut None).unwrap();
            let ([x, y, _], size) = *viewed.painted.0.downcast_ref::<([u8; 3], (u32, u32))>().unwrap();
            (viewed.part, (x, y), size)
        };
        assert_eq!(seen(0, 0), (Part::Exact { across: 0, down: 0 }, (45, 20), (10, 20)));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(seen(2, -1), (Part::Exact { across: 2, down: -1 }, (55, 10), (10, 20)));
        assert_eq!(seen(99, 99), (Part::Exact { across: 9, down: 2 }, (90, 40), (10, 20)));
        // Another way of looking asks the disk again.
        let whole = album.get(&sight, Part::Whole, ROOM, &Counting::default(), &mut None);
        assert!(matches!(whole.unwrap_err(), NotShown::Gone));
    }

    #[test]
    fn what_is_not_shown_has_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let hash = Some(picture(&at("1.png"), 3));
        let sight = PictureLocation { path: at("1.png"), others: vec![at("copy.png")], hash };
        let why = |sight: &PictureLocation| content_of(sight).unwrap_err();
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
        let mut known = None;
        let viewed = PreviewCache::default().get(&broken, Part::Whole, ROOM, &Counting::default(), &mut known);
        assert!(matches!(viewed.unwrap_err(), NotShown::Defect(_)));
        // Facts about its file are told all the same.
        let facts = known.unwrap();
        assert_eq!((facts.path.clone(), facts.bytes, facts.pixels), (at("1.png"), 15, None));
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
