//! The ways of looking at a picture: beside its labels, on the whole screen, pixel by pixel.

use std::sync::Arc;

use super::*;
use crate::backend::{Part, PictureFacts, PreviewRenderer, Viewed};
use crate::tui::model::Look;
use crate::tui::preview::ScreenPainter;

/// What was asked of the viewer last.
fn asked(effects: &[Effect]) -> Option<(std::path::PathBuf, Part, PreviewSize)> {
    let mut views = orders(effects).into_iter().filter_map(|order| match order {
        Order::View { sight, part, room, .. } => Some((sight.path.clone(), *part, *room)),
        _ => None,
    });
    views.next_back()
}

pub(super) fn facts() -> Arc<PictureFacts> {
    Arc::new(PictureFacts {
        path: "/pictures/6.jpg".into(),
        bytes: 1_234_567,
        modified_ns: 1_773_486_129_000_000_000,
        pixels: Some((4000, 3000)),
        exif: crate::files::decode::Exif {
            taken: Some("2026-03-14 11:02:09".to_owned()),
            camera: Some("Example Camera 1".to_owned()),
            place: Some((-33.859_833, 151.211_111)),
        },
    })
}

/// The picture that was asked for comes: so large, all of one colour.
fn comes(model: &mut Model, width: u32, height: u32) {
    let asked = model.review.asked.unwrap();
    let painted = ScreenPainter::new().paint(image::RgbImage::new(width, height), asked.room).unwrap();
    let facts = facts();
    let viewed = Ok(Viewed { painted, part: asked.part, facts: Arc::clone(&facts) });
    let number = model.review.view;
    told(model, Event::Viewed { number, viewed, facts: Some(facts) });
}

#[test]
fn the_whole_screen_is_the_picture_and_one_line() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let whole = PreviewSize { columns: 80, rows: 23, generation: 0 };
    assert_eq!(asked(&press(&mut model, "z")), Some(("/pictures/6.jpg".into(), Part::Whole, whole)));
    let shown = screen(&model, 80, 24);
    let rows: Vec<&str> = shown.lines().collect();
    assert!(!rows[0].contains("Setup"), "{shown}");
    assert!(rows[23].contains("▶ a page of text 0.36 · not reviewed · 6.jpg"), "{shown}");
    assert!(rows[22].contains("z or Esc goes back"), "{shown}");
    // The next ones, and decisions, stay in it.
    assert_eq!(asked(&press(&mut model, "j")), Some(("/pictures/5.jpg".into(), Part::Whole, whole)));
    assert!(!screen(&model, 80, 24).lines().nth(22).unwrap().contains("goes back"), "a line over the picture goes");
    let effects = press(&mut model, "a");
    assert_eq!((decisions(&effects).len(), asked(&effects).unwrap().2), (1, whole));
    assert!(screen(&model, 80, 24).contains("5.jpg → a map"));
    let effects = press(&mut model, "<esc>");
    assert_eq!((asked(&effects).unwrap().2.columns, model.review.look), (56, Look::One));
    // Nothing of the pane can be clicked that is not there.
    press(&mut model, "z");
    assert!(view::clicked(&model, 1, 0).is_none());
    assert_eq!(asked(&press(&mut model, "z")).unwrap().2.columns, 56);
}

#[test]
fn pixel_by_pixel_a_picture_is_moved_under_the_screen() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let part = |effects: &[Effect]| asked(effects).map(|(path, part, _)| (path.to_string_lossy().into_owned(), part));
    let at = |number: u32, across, down| Some((format!("/pictures/{number}.jpg"), Part::Exact { across, down }));
    assert_eq!(part(&press(&mut model, "Z")), at(6, 0, 0));
    assert_eq!(part(&press(&mut model, "l")), at(6, 1, 0));
    assert_eq!(part(&press(&mut model, "<down>")), at(6, 1, 1));
    assert_eq!(part(&press(&mut model, "h<up>k")), at(6, 0, -1));
    // Beyond the edge is nothing: the answer says how far it goes.
    press(&mut model, "kkkk");
    let (number, asked) = (model.review.view, model.review.asked.unwrap());
    let painted = ScreenPainter::new().paint_exactly(image::RgbImage::new(80, 46), asked.room).unwrap();
    let viewed = Ok(Viewed { painted, part: Part::Exact { across: 0, down: -2 }, facts: facts() });
    assert!(told(&mut model, Event::Viewed { number, viewed, facts: Some(facts()) }).is_empty());
    assert_eq!(model.notice.as_ref().unwrap().text, "The picture goes no further.");
    assert_eq!(part(&press(&mut model, "j")), at(6, 0, -1));
    // The next and the one before are looked at in the same way and place, and so is the one after a decision.
    assert_eq!(part(&press(&mut model, "n")), at(5, 0, -1));
    assert_eq!(part(&press(&mut model, "<pageup>")), at(6, 0, -1));
    let effects = press(&mut model, "x");
    assert_eq!((decisions(&effects).len(), part(&effects)), (1, at(5, 0, -1)));
    // From there to the whole picture, and out.
    assert_eq!(part(&press(&mut model, "z")), Some(("/pictures/5.jpg".to_owned(), Part::Whole)));
    assert_eq!(part(&press(&mut model, "Z")), at(5, 0, 0));
    press(&mut model, "Z");
    assert_eq!(model.review.look, Look::One);
}

#[test]
fn a_pixel_is_a_dot_in_cells() {
    let painter = ScreenPainter::new();
    painter.choose(Preview::Blocks);
    let room = PreviewSize { columns: 10, rows: 5, generation: 0 };
    assert_eq!(painter.dots(room), (10, 10));
    let colours = |x: u32, y: u32| image::Rgb([x as u8 * 20, y as u8 * 20, 7]);
    let painted = painter.paint_exactly(image::RgbImage::from_fn(10, 10, colours), room).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(10, 5)).unwrap();
    terminal.draw(|frame| crate::tui::preview::draw(frame, frame.area(), &painted)).unwrap();
    let buffer = terminal.backend().buffer();
    for (x, y) in [(0, 0), (3, 1), (9, 4)] {
        let cell = &buffer[(x, y)];
        let (above, below) = if cell.symbol() == "▄" { (cell.bg, cell.fg) } else { (cell.fg, cell.bg) };
        for (dot, y) in [(above, 2 * y), (below, 2 * y + 1)] {
            let ratatui::style::Color::Rgb(red, green, _) = dot else { panic!("{dot:?}") };
            // A dot of the neighbour would be twenty levels off.
            let image::Rgb([right_red, right_green, _]) = colours(x.into(), y.into());
            assert!(red.abs_diff(right_red) < 8 && green.abs_diff(right_green) < 8, "{x},{y}: {dot:?}");
        }
    }
}

#[test]
fn an_upright_picture_leaves_no_third_of_the_screen_blank() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = classified();
        model.size = (width, height);
        press(&mut model, "<f4>");
        comes(&mut model, 300, 400);
        let (number, room) = (model.review.grid.number, model.review.grid.room);
        for place in 0..model.review.grid.tiles.len() {
            let tile = Ok(ScreenPainter::new().paint(image::RgbImage::new(30, 30), room).unwrap());
            told(&mut model, Event::Tile { number, place, tile });
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &model, Theme::plain())).unwrap();
        let buffer = terminal.backend().buffer();
        // Columns in which no row has anything, between the head and the notice.
        let is_blank = |x: u16| {
            let mut cells = (2..height - 3).map(|y| &buffer[(x, y)]);
            cells.all(|cell| cell.symbol() == " " && cell.bg == ratatui::style::Color::Reset)
        };
        let blank = (0..width).filter(|x| is_blank(*x)).count();
        assert!(blank * 3 < usize::from(width), "{width}x{height}: {blank}");
        assert!(screen(&model, width, height).contains("a page of text"));
    }
}

#[test]
fn details_say_all_that_is_known_and_scroll() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let room = asked(&press(&mut model, "i")).unwrap().2;
    assert_eq!(room.columns, 34, "there is more room for the text");
    comes(&mut model, 40, 30);
    let text = |model: &Model, width: u16, height: u16| {
        let shown = screen(model, width, height);
        shown.lines().map(|line| line.trim_matches('"').trim()).collect::<Vec<_>>().join("\n")
    };
    let all = text(&model, 200, 60);
    for fact in [
        "path: /pictures/6.jpg",
        "(1234567 bytes)",
        "pixels: 4000x3000",
        "2026-03-14 11:02:09",
        "file changed: 2026-03-14 11:02:09 UTC",
        "camera: Example Camera 1",
        "place: 33.85983° S, 151.21111° E",
        "put into: not copied or moved yet",
        "state: ok",
        "SHA-256:",
        "▶",
    ] {
        assert!(all.contains(fact), "{fact}: {all}");
    }
    // What does not fit is scrolled to, and no further than its end.
    update(&mut model, Message::Resized(60, 15));
    assert!(!text(&model, 60, 15).contains("0606"));
    press(&mut model, &"<pagedown>".repeat(9));
    let end = text(&model, 60, 15);
    assert!(end.contains("0606") && end.contains("▶"), "{end}");
    let last = model.scroll;
    press(&mut model, "<pageup>");
    assert!(model.scroll < last);
    // The keys of the pane are as they were.
    assert_eq!(decisions(&press(&mut model, "jx")).len(), 1);
    assert_eq!(asked(&press(&mut model, "i")).unwrap().2.columns, 36);
    assert!(!screen(&model, 80, 24).contains("SHA-256"));
}

#[test]
fn details_of_a_broken_picture_have_its_path_and_why() {
    let mut model = model();
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(1));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let trouble = Some("the content is damaged and cannot be decoded".to_owned());
    let broken = Entry { state: PictureState::Unreadable, trouble, ..entry(1) };
    told(&mut model, Event::Arrived { revision, entries: vec![(broken, None)], scores: vec![f32::NAN; 3] });
    press(&mut model, "<f4>i");
    let facts = Arc::new(PictureFacts { pixels: None, exif: Default::default(), ..(*facts()).clone() });
    let damaged = crate::files::defect::PictureDefect::Damaged { detail: String::new() };
    let (number, viewed) = (model.review.view, Err(NotShown::Defect(damaged)));
    told(&mut model, Event::Viewed { number, viewed, facts: Some(facts) });
    let shown = screen(&model, 200, 60);
    for fact in ["path: /pictures/1.jpg", "bytes)", "file changed", "unreadable: the content is damaged", "SHA-256"] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
    // One that is gone says so, and what is known of it.
    let number = model.review.view;
    told(&mut model, Event::Viewed { number, viewed: Err(NotShown::Gone), facts: None });
    let shown = screen(&model, 200, 60);
    assert!(shown.contains("This picture is gone") && shown.contains("size: not known"), "{shown}");
    assert!(shown.contains("01010101"), "{shown}");
}

#[test]
fn a_picture_is_opened_outside_or_its_path_is_copied() {
    use crate::backend::OutsideError;
    use crate::tui::model::Outside;
    let mut model = classified();
    model.outside = Outside::Viewer(vec!["feh".to_owned(), "-F".to_owned()]);
    let opens = |effects: &[Effect]| match orders(effects)[..] {
        [Order::OpenOutside { sight, viewer }] => (sight.path.to_string_lossy().into_owned(), viewer.clone()),
        _ => panic!("{effects:?}"),
    };
    press(&mut model, "<f4>");
    let words = Some(vec!["feh".to_owned(), "-F".to_owned()]);
    assert_eq!(opens(&press(&mut model, "O")), ("/pictures/6.jpg".to_owned(), words));
    let said = |model: &Model| model.notice.clone().unwrap();
    let path = || std::path::PathBuf::from("/pictures/6.jpg");
    assert!(told(&mut model, Event::OpenedOutside { opened: Ok(path()), is_shown: true }).is_empty());
    assert_eq!(said(&model).text, "Opened outside: /pictures/6.jpg");
    model.outside = Outside::Clipboard;
    assert_eq!(opens(&press(&mut model, "O")), ("/pictures/6.jpg".to_owned(), None));
    let effects = told(&mut model, Event::OpenedOutside { opened: Ok(path()), is_shown: false });
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if *copied == path()), "{effects:?}");
    assert!(said(&model).text.contains("clipboard") && said(&model).text.contains("/pictures/6.jpg"));
    // What is pasted into a shell must not be a command of its own.
    let hostile = Ok("/pictures/a\nrm -rf x".into());
    assert!(told(&mut model, Event::OpenedOutside { opened: hostile, is_shown: false }).is_empty());
    assert!(said(&model).is_error && !said(&model).text.contains('\n'));
    let gone = Err(OutsideError::NotShown(NotShown::Gone));
    assert!(told(&mut model, Event::OpenedOutside { opened: gone, is_shown: true }).is_empty());
    assert!(said(&model).is_error && said(&model).text.contains("gone"));
}

/// The pane in the midst of work: one was decided, two are marked, of one all is known.
fn in_the_midst(language: Language, size: (u16, u16)) -> Model {
    let mut model = classified_in(language);
    model.size = size;
    press(&mut model, "<f4>3j<space><space>k");
    model.review.facts = Some(facts());
    model
}

#[test]
fn the_review_at_every_size() {
    for (language, tag) in [(Language::english(), ""), (Language::portuguese(), "pt_")] {
        for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
            let mut model = in_the_midst(language.clone(), (width, height));
            let mut keep = |name: &str, keys: &str| {
                press(&mut model, keys);
                model.review.facts = Some(facts());
                let shown = screen(&model, width, height);
                insta::assert_snapshot!(format!("{tag}{name}_{width}x{height}"), shown);
                // A sign says whatever a colour does: the text is the same in colours.
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| view::draw(frame, &model, Theme::in_colours(false))).unwrap();
                assert_eq!(terminal.backend().to_string(), shown, "{name}");
            };
            keep("look_one", "");
            keep("look_details", "i");
            keep("look_asked", "ix");
            keep("look_whole", "qz");
        }
    }
}

#[test]
fn the_queue_has_small_pictures_that_stay_while_the_next_is_looked_at() {
    let mut model = classified();
    model.size = (120, 40);
    let tiles = |effects: &[Effect]| {
        let asked = orders(effects).into_iter().filter_map(|order| match order {
            Order::Tiles { tiles, room, .. } => Some((tiles.len(), (room.columns, room.rows))),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(tiles(&press(&mut model, "<f4>")), [(6, (10, 4))]);
    assert!(tiles(&press(&mut model, "jjk")).is_empty(), "they are there");
    // One comes, one is gone, and that is known before it is looked at.
    let (number, room) = (model.review.grid.number, model.review.grid.room);
    let painted = ScreenPainter::new().paint(image::RgbImage::from_pixel(40, 40, image::Rgb([9, 9, 9])), room).unwrap();
    told(&mut model, Event::Tile { number, place: 0, tile: Ok(painted) });
    told(&mut model, Event::Tile { number, place: 5, tile: Err(NotShown::Gone) });
    let shown = screen(&model, 120, 40);
    assert!(shown.lines().any(|line| line.contains("! 3.jpg")), "{shown}");
    press(&mut model, "jjjjjj");
    assert!(decisions(&press(&mut model, "a")).is_empty());
    // Each decision has its own sign, and its own label's score.
    press(&mut model, "kkkkkk3axs");
    let shown = screen(&model, 120, 40);
    let has = |words: &str| shown.lines().any(|line| line.contains(words));
    assert!(has("≠ 6.jpg") && has("✓ 5.jpg") && has("× 2.jpg") && has("- 4.jpg"), "{shown}");
    assert!(has("   a face") && has("   0.34") && has("   none o…"), "{shown}");
    // A click on one looks at it.
    let row = shown.lines().position(|line| line.contains("2.jpg")).unwrap() as u16;
    click(&mut model, 110, row);
    assert_eq!(model.review.current(), Some(1));
    // Hidden ones are not decoded, nor those that are not on the screen.
    assert_eq!(tiles(&press(&mut model, "b"))[..], [(0, (10, 4))]);
    press(&mut model, "b");
    assert_eq!(tiles(&press(&mut model, "z"))[..], [(0, (10, 4))]);
}
