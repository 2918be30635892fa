//! Review: decisions, undo, the audit, pictures.

use super::*;
use crate::backend::{Part, Viewed};
use crate::tui::model::Popup;

#[test]
fn nobody_accepts_what_is_not_on_the_screen() {
    let mut model = classified();
    press(&mut model, "<f3><enter>x<esc>");
    assert!(decisions(&press(&mut model, "<f4>a")).is_empty(), "its scores are those of other labels");
    assert_eq!(decisions(&press(&mut model, "2")).len(), 1);
}

#[test]
fn steps_are_taken_back_when_all_pictures_are_there() {
    let mut model = classified();
    press(&mut model, "<f4>1<ctrl-s>");
    told(&mut model, found(6));
    let said = vec![(PictureId(1), Some(NamedDecision::NoneOfThese))];
    told(&mut model, Event::Decided { steps: vec![DecisionStep { kind: StepKind::Decide, said }] });
    assert!(decisions(&press(&mut model, "<f4>u")).is_empty());
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let decided = Entry { decision: Some(Decision::NoneOfThese), ..entry(1) };
    told(&mut model, Event::Arrived { revision, entries: vec![(decided, None)], scores: vec![0.9, 0.0, 0.1] });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    assert_eq!(decisions(&press(&mut model, "uy")), [(1, None)]);
}

#[test]
fn one_key_decides_and_goes_on() {
    let mut model = classified();
    press(&mut model, "<f4>");
    // The least sure first: 6, 5, then the others.
    assert_eq!(model.review.current(), Some(5));
    let effects = press(&mut model, "3ax");
    assert_eq!(
        decisions(&effects),
        [
            (6, Some(NamedDecision::Reassigned("a face".to_owned()))),
            (5, Some(NamedDecision::Accepted("a map".to_owned()))),
            (model.collection.entries()[model.review.queue[2]].id.0, Some(NamedDecision::NoneOfThese)),
        ]
    );
    assert_eq!(model.review.at, 3);
    assert_eq!(model.counts.pictures(), 6);
    assert_eq!((model.counts.none_of_these, model.counts.unsure), (1, 0));
    // A digit that is the prediction accepts it.
    let effects = press(&mut model, "f");
    assert!(decisions(&effects).is_empty());
}

#[test]
fn one_decision_holds_for_every_picture_of_the_content() {
    let mut model = classified();
    let revision = model.labels.revision;
    let twin = |number| Entry { hash: entry(6).hash, ..entry(number) };
    let entries = vec![(twin(7), None), (twin(8), None)];
    told(&mut model, Event::Arrived { revision, entries, scores: [[0.3, 0.36, 0.34]; 2].concat() });
    press(&mut model, "<f4>");
    assert_eq!((model.review.queue.len(), model.review.current()), (6, Some(5)));
    let shown = screen(&model, 160, 24);
    assert!(shown.contains("and 2 more of the same content") && shown.contains("6.jpg +2"), "{shown}");
    let none = Some(NamedDecision::NoneOfThese);
    assert_eq!(decisions(&press(&mut model, "x")), [(6, none.clone()), (7, none.clone()), (8, none)]);
    assert_eq!((model.counts.none_of_these, model.counts.pictures()), (3, 8));
    assert!(screen(&model, 100, 24).contains("reviewed 3"), "{}", screen(&model, 100, 24));
    assert_eq!(decisions(&press(&mut model, "u")), [(6, None), (7, None), (8, None)]);
    assert_eq!((model.review.current(), model.counts.none_of_these), (Some(5), 0));
    // One that comes later is in the queue already.
    told(&mut model, Event::Arrived { revision, entries: vec![(twin(9), None)], scores: vec![0.3, 0.36, 0.34] });
    assert_eq!((model.review.queue.len(), model.counts.pictures()), (6, 9));
    assert_eq!(decisions(&press(&mut model, "U")).len(), 3);
}

#[test]
fn undo_and_redo_go_step_by_step() {
    let mut model = classified();
    press(&mut model, "<f4>3a");
    let effects = press(&mut model, "uu");
    assert_eq!(decisions(&effects), [(5, None), (6, None)]);
    assert_eq!(model.review.at, 0);
    assert!(model.collection.entries().iter().all(|entry| entry.decision.is_none()));
    let effects = press(&mut model, "U");
    assert_eq!(decisions(&effects), [(6, Some(NamedDecision::Reassigned("a face".to_owned())))]);
    assert!(decisions(&press(&mut model, "uuuu")).len() == 1);
}

#[test]
fn many_are_marked_and_decided_at_once() {
    let mut model = classified();
    let effects = press(&mut model, "<f4><space><space><down><space>2y");
    assert_eq!(decisions(&effects).len(), 3);
    assert!(model.review.marked.is_empty());
    assert_eq!(decisions(&press(&mut model, "u")).len(), 3);
    let mut model = classified();
    assert_eq!(decisions(&press(&mut model, "<f4>v<down><down>vxy")).len(), 3);
}

#[test]
fn a_picture_is_painted_for_its_room_and_anew_when_that_changes() {
    let mut model = classified();
    let viewed = |effects: &[Effect]| {
        let views = orders(effects).into_iter().filter_map(|order| match order {
            Order::View { sight, room, next, .. } => Some((sight.path.clone(), *room, next.len())),
            _ => None,
        });
        views.collect::<Vec<_>>()
    };
    let first = viewed(&press(&mut model, "<f4>"));
    assert_eq!(first, [("/pictures/6.jpg".into(), PreviewSize { columns: 56, rows: 19, generation: 0 }, 2)]);
    assert!(viewed(&update(&mut model, Message::Resized(80, 24))).is_empty(), "nothing has changed");
    let wide = viewed(&update(&mut model, Message::Resized(160, 50)));
    assert_eq!(wide, [("/pictures/6.jpg".into(), PreviewSize { columns: 98, rows: 45, generation: 0 }, 2)]);
    // Back from the background, and over a slow line.
    assert_eq!(viewed(&update(&mut model, Message::Resumed))[0].1.generation, 1);
    let effects = update(&mut model, Message::SlowLine(Preview::Sextants));
    assert!(matches!(effects[0], Effect::Paint(Preview::Sextants)));
    assert_eq!(viewed(&effects)[0].1.generation, 2);
    let again = update(&mut model, Message::SlowLine(Preview::Sextants));
    assert!(again.is_empty(), "cells are drawn already");
    // Of hidden ones nothing is asked but what is known of the file.
    let hidden = press(&mut model, "bj");
    let is_of_file = |order: &&Order| match order {
        Order::View { part, .. } => *part == Part::Nothing,
        Order::Tiles { tiles, ahead, .. } => tiles.is_empty() && ahead.is_empty(),
        _ => false,
    };
    assert!(orders(&hidden).iter().all(is_of_file), "{hidden:?}");
    assert_eq!(viewed(&hidden).len(), 2);
    assert_eq!(viewed(&press(&mut model, "b")).len(), 1);
    assert_eq!(viewed(&press(&mut model, "p"))[0].1.generation, 3);
}

#[test]
fn the_model_is_judged_by_a_fair_sample() {
    let mut model = classified();
    press(&mut model, "<f4>oooo");
    assert!(screen(&model, 160, 30).contains("a fair sample"));
    press(&mut model, "aaxaaa");
    let shown = screen(&model, 160, 30);
    assert!(shown.contains("Right among those predicted"), "{shown}");
    let rows: Vec<&str> = shown.lines().filter(|line| line.contains("/2") && line.contains('%')).collect();
    assert_eq!(rows.len(), 2, "{shown}");
    press(&mut model, "fU");
    assert!(!screen(&model, 160, 30).contains("Right among"), "only all pictures are a fair sample");
}

#[test]
fn keys_of_other_layouts_do_what_their_place_does() {
    let review = |keys: &str| {
        let mut model = classified();
        press(&mut model, "<f4>");
        press(&mut model, keys);
        model
    };
    // Russian, Greek and Hebrew letters where a, j and n are.
    for letters in ["ф", "α", "ש"] {
        let model = review(letters);
        assert_eq!(model.collection.entries().iter().filter(|entry| entry.decision.is_some()).count(), 1, "{letters}");
    }
    assert_eq!(review("ооо").review.at, 3);
    // Digits of a French keyboard.
    assert!(matches!(review("\"").collection.entries()[5].decision, Some(Decision::Reassigned(_))));
    // The terminal knows the place better.
    let mut model = review("");
    let key = KeyEvent::new(KeyCode::Char('é'), KeyModifiers::NONE);
    update(&mut model, Message::KeyAt(key, 'j'));
    assert_eq!(model.review.at, 1);
    // A letter of no known place says so; where text is typed, letters are letters.
    press(&mut model, "ß");
    assert!(screen(&model, 100, 30).contains("Nothing is set for the key “ß”. ? lists the keys."));
    press(&mut model, "lф");
    assert!(matches!(&model.popup, Some(Popup::Chooser(list)) if list.typed.text() == "ф"), "{:?}", model.popup);
    press(&mut model, "<esc><esc>/ф");
    assert_eq!(model.find.line.as_ref().map(|line| line.text()), Some("ф"));
}

#[test]
fn a_key_that_the_user_has_bound_is_no_other() {
    let mut model = classified();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keys.toml"), "[review]\nskip = [\"ф\"]\n").unwrap();
    model.keys = crate::tui::keys::Keys::load(Some(folder.path())).0;
    press(&mut model, "<f4>ф");
    let skipped = model.collection.entries().iter().filter(|entry| entry.decision == Some(Decision::Skipped)).count();
    assert_eq!(skipped, 1);
}

#[test]
fn a_picture_without_colours_is_said_to_be_none() {
    use crate::backend::PreviewRenderer;
    let painter = crate::tui::preview::ScreenPainter::new();
    let mut model = classified();
    press(&mut model, "<f4>");
    let room = PreviewSize { columns: 20, rows: 8, generation: 0 };
    let pixels = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb([(x * 6) as u8, (y * 6) as u8, 90]));
    let painted = painter.paint(pixels, room);
    let number = model.review.view;
    let facts = super::looks::facts();
    let viewed = Viewed { painted: painted.unwrap(), part: Part::Whole, facts: std::sync::Arc::clone(&facts) };
    told(&mut model, Event::Viewed { number, viewed: Ok(viewed), facts: Some(facts) });
    let shown = screen(&model, 100, 30);
    assert!(shown.contains("Colours are off (NO_COLOR)"), "{shown}");
    assert!(!shown.contains(['▘', '▀', '▚', '▖']));
    // Whoever chooses a way of drawing has it.
    model.review.preview = Preview::Quadrants;
    assert!(screen(&model, 100, 30).contains(['▘', '▀', '▚', '▖', '▄']));
}

#[test]
fn only_what_the_terminal_takes_is_offered() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let mut ways = |count: usize| -> Vec<Preview> {
        let step = |_| {
            press(&mut model, "p");
            model.review.preview
        };
        (0..count).map(step).collect()
    };
    let cells = [Preview::Sextants, Preview::Quadrants, Preview::Blocks];
    assert_eq!(ways(5), [&cells[..], &[Preview::None, Preview::Auto]].concat());
    update(&mut model, Message::Answered(vec![Preview::Sixel]));
    let mut ways = |_| {
        press(&mut model, "p");
        model.review.preview
    };
    let all: Vec<Preview> = (0..6).map(&mut ways).collect();
    assert_eq!(all, [&cells[..], &[Preview::Sixel, Preview::None, Preview::Auto]].concat());
}

#[test]
fn a_window_that_is_too_small_says_so() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let small = screen(&model, 39, 12);
    assert!(small.contains("The window is too small") && !small.contains("reviewed"), "{small}");
    assert!(screen(&model, 20, 5).contains("small"));
    // Nothing is decided there.
    update(&mut model, Message::Resized(20, 5));
    assert!(press(&mut model, "a1x").is_empty());
    update(&mut model, Message::Resized(40, 10));
    assert_eq!(decisions(&press(&mut model, "a")).len(), 1);
    assert!(screen(&model, 40, 10).contains("reviewed"));
}
