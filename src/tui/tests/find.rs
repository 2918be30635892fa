//! Looking for pictures: by name, by a sentence, by likeness.

use super::*;
use crate::backend::{NotRanked, RankBy};
use crate::domain::ranking::Ranking;
use crate::domain::review::QueueFilter;

/// Five pictures in folders, two of them with accents, on the screen of the review pane.
fn named() -> Model {
    let mut model = classified();
    let revision = model.labels.revision;
    let named = |number: i64, name: &str| Entry { path: format!("/pictures/{name}").into(), ..entry(number) };
    let entries = [(7, "chat 03/École.jpg"), (8, "chat 03/ecole 2.png"), (9, "other/RIFLE chat.jpg")];
    let entries = entries.map(|(number, name)| (named(number, name), None)).into();
    told(&mut model, Event::Arrived { revision, entries, scores: [[0.9, 0.05, 0.05]; 3].concat() });
    press(&mut model, "<f4>");
    model
}

/// The numbers of the pictures in the queue.
fn queue(model: &Model) -> Vec<i64> {
    model.review.queue.iter().map(|index| model.collection.entries()[*index].id.0).collect()
}

fn looked_at(model: &Model) -> i64 {
    model.collection.entries()[model.review.current().unwrap()].id.0
}

/// The number and the wish of the order to rank among these effects.
fn ordered(effects: &[Effect]) -> Option<(u64, RankBy)> {
    orders(effects).into_iter().find_map(|order| match order {
        Order::Rank { number, by } => Some((*number, by.clone())),
        _ => None,
    })
}

/// The answer in which the picture with the highest number is the nearest, and the first is not known.
fn answer(model: &mut Model, number: u64) -> Vec<Effect> {
    let mut cosines: Vec<f32> = (0..model.collection.len()).map(|place| place as f32 / 10.0).collect();
    cosines[0] = f32::NAN;
    told(model, Event::Ranked { begun: model.live.begun, number, ranking: Ranking::of(cosines, None) })
}

#[test]
fn typing_narrows_the_queue_to_names_at_once() {
    let mut model = named();
    press(&mut model, "jjj");
    let (whole, at) = (queue(&model), looked_at(&model));
    press(&mut model, "/ecole");
    assert_eq!(queue(&model), [7, 8]);
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("Find: ecole  2 of 9") && shown.contains("named: ecole"), "{shown}");
    // Words in any order, of the path below the source.
    press(&mut model, "<ctrl-u>JPG chat");
    assert_eq!(queue(&model), [7, 9]);
    press(&mut model, "<ctrl-u>pictures");
    assert_eq!(queue(&model), [] as [i64; 0], "the source's own folders are no part of the names");
    assert!(screen(&model, 80, 24).contains("No picture of this queue is named so"));
    press(&mut model, "<ctrl-u>");
    assert_eq!(queue(&model), whole, "without words all are there");
    update(&mut model, Message::Paste("rif\nle".to_owned()));
    assert_eq!((queue(&model), looked_at(&model)), (vec![9], 9));
    // A letter of the box decides nothing.
    assert!(model.collection.entries().iter().all(|entry| entry.decision.is_none()));
    press(&mut model, "<esc>");
    assert_eq!((queue(&model), looked_at(&model)), (whole, at), "as it was, at the picture of before");
    assert!(!model.is_typing() && !model.find.is_active());
}

#[test]
fn pictures_found_by_name_are_reviewed_as_any() {
    let mut model = named();
    press(&mut model, "/chat<tab>");
    assert_eq!((queue(&model), model.is_typing()), (vec![7, 8, 9], false));
    let effects = press(&mut model, "<space><space>xy");
    assert_eq!(decisions(&effects).into_iter().map(|(number, _)| number).collect::<Vec<_>>(), [7, 8]);
    // A filter holds within what was found, and another order too.
    model.review.filter = QueueFilter::Decided;
    press(&mut model, "oo");
    assert_eq!(queue(&model), [7, 8]);
    // What comes later belongs to it where its name does.
    model.review.filter = QueueFilter::All;
    press(&mut model, "o");
    let revision = model.labels.revision;
    let late = |number: i64, name: &str| (Entry { path: format!("/pictures/{name}").into(), ..entry(number) }, None);
    let entries = vec![late(20, "chat 04/x.jpg"), late(21, "no.jpg")];
    told(&mut model, Event::Arrived { revision, entries, scores: [[0.9, 0.05, 0.05]; 2].concat() });
    let found = queue(&model);
    assert!(found.len() == 4 && found.contains(&20) && !found.contains(&21), "{found:?}");
    // Leaving the pane keeps it; Esc leaves it.
    press(&mut model, "<f2><f4>");
    assert_eq!(queue(&model).len(), 4);
    press(&mut model, "<esc>");
    assert_eq!(queue(&model).len(), 11);
}

#[test]
fn a_sentence_ranks_all_pictures() {
    let mut model = named();
    model.review.filter = QueueFilter::Label(0);
    press(&mut model, "o");
    assert_eq!((queue(&model), looked_at(&model)), (vec![1, 7, 8, 9, 2], 1));
    let effects = press(&mut model, "/a man with a rifle<enter>");
    let (number, by) = ordered(&effects).unwrap();
    assert_eq!(by, RankBy::Sentence("a man with a rifle".to_owned()));
    assert!(screen(&model, 100, 24).contains("looking for: a man with a rifle"), "{}", screen(&model, 100, 24));
    assert!(answer(&mut model, number + 1).is_empty() && queue(&model).len() < 9, "that answers another question");
    answer(&mut model, number);
    assert_eq!((queue(&model), looked_at(&model)), (vec![9, 8, 7, 6, 5, 4, 3, 2, 1], 9));
    let shown = screen(&model, 120, 30);
    for text in ["found: a man with a rifle", "nearest first", "nearness 0.800", " 0.700"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // The one that was not ranked is last, and no number is under its name.
    let shown = screen(&model, 200, 60);
    let rows: Vec<&str> = shown.lines().collect();
    let name = rows.iter().rposition(|line| line.contains(" 1.jpg")).unwrap();
    assert!(rows[name + 1].contains("a map") && !rows[name + 2].contains("0."), "{shown}");
    // They are decided, and filtered, in that order.
    assert_eq!(decisions(&press(&mut model, "jx")), [(8, Some(NamedDecision::NoneOfThese))]);
    press(&mut model, "fD");
    assert!(queue(&model).windows(2).all(|pair| pair[0] > pair[1]), "{:?}", queue(&model));
    let order = queue(&model);
    press(&mut model, "o");
    assert_eq!(queue(&model), order);
    assert!(screen(&model, 100, 24).contains("Esc goes back to the other orders"));
    // Pictures that came since were not compared, which is said.
    model.review.filter = QueueFilter::All;
    let revision = model.labels.revision;
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(30), None)], scores: vec![0.9, 0.05, 0.05] });
    assert!(!queue(&model).contains(&30));
    assert!(screen(&model, 160, 30).contains("and 1 that came since"), "{}", screen(&model, 160, 30));
    press(&mut model, "<esc>");
    // One of them was decided otherwise, and one came.
    assert_eq!((queue(&model), looked_at(&model)), (vec![1, 7, 9, 30, 2], 1));
    assert_eq!(model.review.filter, QueueFilter::Label(0));
}

#[test]
fn likeness_begins_with_the_picture_itself() {
    let mut model = named();
    let at = looked_at(&model);
    let (number, by) = ordered(&press(&mut model, "=")).unwrap();
    assert_eq!(by, RankBy::Likeness(PictureId(at)));
    let place = model.review.current();
    let ranking = Ranking::of(vec![0.5; model.collection.len()], place);
    let begun = model.live.begun;
    told(&mut model, Event::Ranked { begun, number, ranking });
    assert_eq!((looked_at(&model), queue(&model).len()), (at, 9));
    assert!(screen(&model, 120, 24).contains(&format!("like {at}.jpg")), "{}", screen(&model, 120, 24));
    // From there to those like another, and back to the first queue at once.
    press(&mut model, "jj");
    assert!(ordered(&press(&mut model, "=")).unwrap().0 > number);
    press(&mut model, "<esc>");
    assert_eq!(looked_at(&model), at);
    assert!(ordered(&press(&mut model_in(Language::english()), "<f4>=")).is_none(), "there is no picture");
}

#[test]
fn without_the_model_names_are_found_all_the_same() {
    let mut model = named();
    let (number, _) = ordered(&press(&mut model, "/ecole<enter>")).unwrap();
    told(&mut model, Event::NotRanked { number, reason: NotRanked::NoModel });
    assert_eq!(queue(&model), [7, 8]);
    assert!(screen(&model, 100, 24).contains("Only names can be looked for"), "{}", screen(&model, 100, 24));
    for reason in [NotRanked::NothingKnown, NotRanked::TooLong { tokens: 90, limit: 77 }] {
        let (number, _) = ordered(&press(&mut model, "/<enter>")).unwrap();
        told(&mut model, Event::NotRanked { number, reason });
        assert!(model.notice.as_ref().is_some_and(|notice| notice.is_error) && queue(&model) == [7, 8]);
    }
    press(&mut model, "<esc>");
    let (number, _) = ordered(&press(&mut model, "=")).unwrap();
    told(&mut model, Event::NotRanked { number, reason: NotRanked::PictureUnknown });
    assert!(!model.find.is_active() && queue(&model).len() == 9);
}

#[test]
fn searches_are_remembered() {
    let mut model = named();
    press(&mut model, "/ecole<enter><esc>/rifle<enter><esc>/ch<up>");
    assert_eq!((model.find.line.as_ref().unwrap().text(), queue(&model)), ("rifle", vec![9]));
    press(&mut model, "<up><up>");
    assert_eq!((model.find.line.as_ref().unwrap().text(), queue(&model)), ("ecole", vec![7, 8]));
    press(&mut model, "<down><down>");
    assert_eq!((model.find.line.as_ref().unwrap().text(), queue(&model)), ("ch", vec![7, 8, 9]));
    // An answer that comes after all was left is none.
    let number = ordered(&press(&mut model, "<enter>")).unwrap().0;
    press(&mut model, "<esc>");
    answer(&mut model, number);
    assert!(!model.find.is_active() && queue(&model).len() == 9);
}

#[test]
fn other_pictures_are_not_those_that_were_found() {
    let mut model = named();
    let number = ordered(&press(&mut model, "/ecole<enter>")).unwrap().0;
    answer(&mut model, number);
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(3));
    assert!(!model.find.is_active() && model.find.ranked.is_none());
    let number = model.find.awaited.as_ref().map_or(99, |(number, _)| *number);
    answer_to_nothing(&mut model, number);
    press(&mut model, "<f4>/<up>");
    assert!(model.find.line.is_none(), "there is nothing to look through");
}

fn answer_to_nothing(model: &mut Model, number: u64) {
    let ranking = Ranking::of(vec![0.5; 9], None);
    told(model, Event::Ranked { begun: model.live.begun, number, ranking });
    assert!(model.find.ranked.is_none());
}

#[test]
fn the_box_in_both_languages_and_at_every_width() {
    for language in Language::all() {
        let mut model = classified_in(language);
        press(&mut model, "<f4>/jpg");
        for (width, height) in [(60, 15), (80, 24), (120, 40)] {
            let shown = screen(&model, width, height);
            assert!(shown.contains("jpg") && shown.contains("6 "), "{shown}");
        }
    }
    let mut model = classified();
    press(&mut model, "<f4>/jpg");
    insta::assert_snapshot!("find_80x24", screen(&model, 80, 24));
    press(&mut model, "<esc>");
    let number = ordered(&press(&mut model, "/a face<enter>")).unwrap().0;
    answer(&mut model, number);
    insta::assert_snapshot!("found_80x24", screen(&model, 80, 24));
}

#[test]
fn an_order_that_comes_late_leaves_the_picture_that_a_person_has_gone_on_to() {
    let mut model = named();
    let (number, _) = ordered(&press(&mut model, "=")).unwrap();
    press(&mut model, "j");
    let at = looked_at(&model);
    answer(&mut model, number);
    assert_eq!(looked_at(&model), at);
    // Nor does an answer that there is no such order bring another picture, or another filter.
    press(&mut model, "<esc>");
    let (number, _) = ordered(&press(&mut model, "=")).unwrap();
    press(&mut model, "jf1j");
    let (at, filter) = (looked_at(&model), model.review.filter);
    told(&mut model, Event::NotRanked { number, reason: NotRanked::NothingKnown });
    assert_eq!((looked_at(&model), model.review.filter), (at, filter));
}
