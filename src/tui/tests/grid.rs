//! The grid: pages, marks, what is accepted and what is not, the way back.

use std::sync::Arc;

use super::*;
use crate::backend::{NotShown, RenderedPreview};
use crate::domain::decision::Standing;
use crate::domain::review::{QueueFilter, QueueOrder};

pub(super) fn painted() -> RenderedPreview {
    RenderedPreview(Arc::new(()))
}

/// The pictures that were asked for last, and those that are made ready.
pub(super) fn asked(effects: &[Effect]) -> Option<(u64, Vec<String>, Vec<String>)> {
    let name = |sight: &crate::backend::PictureLocation| sight.path.file_stem().unwrap().to_str().unwrap().to_owned();
    orders(effects).into_iter().rev().find_map(|order| match order {
        Order::Tiles { number, tiles, ahead, .. } => {
            Some((*number, tiles.iter().map(name).collect(), ahead.iter().map(name).collect()))
        }
        _ => None,
    })
}

/// Every picture of the page is drawn.
pub(super) fn all_drawn(model: &mut Model) {
    let number = model.review.grid.number;
    for place in 0..model.review.grid.tiles.len() {
        told(model, Event::Tile { number, place, tile: Ok(painted()) });
    }
    update(model, Message::Drawn);
}

/// So many pictures, half of them sure of the first label and half of the second; of the first label the first is the
/// most sure.
pub(super) fn many(count: usize) -> Model {
    let mut model = model();
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(count));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let scores = (0..count).flat_map(|number| {
        let best = 0.95 - 0.3 * number as f32 / count as f32;
        let mut scores = [(1.0 - best) / 2.0; 3];
        scores[number % 2] = best;
        scores
    });
    let entries = (1..=count as i64).map(|number| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        (Entry { hash: Some(ContentHash(hash)), ..entry(number) }, None)
    });
    let (entries, scores) = (entries.collect(), scores.collect());
    told(&mut model, Event::Arrived { revision, entries, scores });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    model.review.order = QueueOrder::MostSure;
    press(&mut model, "<f4>");
    model
}

pub(super) fn said(model: &Model) -> String {
    model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

pub(super) fn decided_count(model: &Model) -> usize {
    model.collection.entries().iter().filter(|entry| entry.decision.is_some()).count()
}

#[test]
fn taking_a_page_back_turns_to_its_label_again() {
    let mut model = many(6);
    press(&mut model, "g");
    let QueueFilter::Label(label) = model.review.filter else { panic!("{:?}", model.review.filter) };
    all_drawn(&mut model);
    press(&mut model, "A");
    assert_eq!((decided_count(&model), model.review.filter), (3, QueueFilter::Label(1 - label)));
    press(&mut model, "u");
    assert_eq!((decided_count(&model), model.review.filter), (0, QueueFilter::Label(label)));
    assert_eq!(model.review.queue.len(), 3);
    press(&mut model, "g");
    assert_eq!(model.review.filter, QueueFilter::All);
}

#[test]
fn a_key_of_the_grid_says_so_where_there_is_none() {
    let mut model = many(6);
    press(&mut model, "A");
    assert!(decided_count(&model) == 0 && said(&model).contains("a page of small pictures: g"), "{}", said(&model));
}

#[test]
fn leaving_gives_up_a_range_before_the_grid() {
    let mut model = many(6);
    press(&mut model, "g<space>v");
    assert!(model.review.anchor.is_some());
    press(&mut model, "<esc>");
    assert!(model.review.anchor.is_none() && model.review.grid.is_open, "{}", said(&model));
    assert_eq!(model.review.marked.len(), 1);
    press(&mut model, "<esc>");
    assert!(!model.review.grid.is_open);
}

#[test]
fn the_grid_of_an_unsure_picture_is_of_all_unsure_ones() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let unsure = model.filter_counts().count(QueueFilter::Unsure);
    let first = model.review.current().unwrap();
    assert_eq!(model.collection.standing(first, model.sure()), Some(Standing::Unsure));
    press(&mut model, "g");
    assert_eq!((model.review.filter, model.review.queue.len()), (QueueFilter::Unsure, unsure));
    assert!(unsure > 1 && model.review.current() == Some(first));
    press(&mut model, "g");
    assert_eq!(model.review.filter, QueueFilter::All);
}

#[test]
fn the_grid_of_all_pictures_is_of_the_label_in_hand_and_leads_back() {
    let mut model = many(40);
    press(&mut model, "j");
    let effects = press(&mut model, "g");
    let (_, tiles, ahead) = asked(&effects).unwrap();
    // Of two labels in turn the picture in hand has the second.
    assert_eq!(model.review.filter, QueueFilter::Label(1));
    assert_eq!(tiles, ["2", "4", "6", "8", "10", "12", "14", "16"]);
    assert_eq!(ahead.first().map(String::as_str), Some("18"));
    press(&mut model, "<pagedown>j<enter>");
    assert!(!model.review.grid.is_open);
    let at = model.review.current();
    press(&mut model, "g");
    assert!(model.review.grid.is_open);
    assert_eq!((model.review.filter, model.review.current()), (QueueFilter::Label(1), at));
    // Out of it, all pictures are there again, and the one in hand is the same.
    let effects = press(&mut model, "<esc>");
    assert_eq!((model.review.filter, model.review.current()), (QueueFilter::All, at));
    assert!(orders(&effects).iter().any(|order| matches!(order, Order::View { .. })), "{effects:?}");
    assert_eq!(asked(&effects).unwrap().1, Vec::<String>::new(), "nothing more is decoded for it");
}

#[test]
fn the_grid_of_a_filter_keeps_it() {
    let mut model = many(40);
    press(&mut model, "f2g");
    assert_eq!((model.review.filter, model.review.grid.former), (QueueFilter::Label(1), None));
    press(&mut model, "g");
    assert_eq!(model.review.filter, QueueFilter::Label(1));
}

#[test]
fn arrows_go_from_tile_to_tile_and_from_page_to_page() {
    let mut model = many(60);
    press(&mut model, "g");
    let mut at = |keys: &str| {
        press(&mut model, keys);
        model.review.at
    };
    assert_eq!((at("l"), at("j"), at("h"), at("k"), at("k")), (1, 5, 4, 0, 0));
    assert_eq!((at("<pagedown>"), at("k"), at("j"), at("j"), at("j")), (8, 4, 8, 12, 16));
    assert_eq!((at("<pageup>"), at("<pageup>"), at("<pageup>")), (8, 0, 0));
    assert_eq!((at(&"<pagedown>".repeat(9)), at("j"), at("l")), (24, 28, 29));
}

#[test]
fn a_page_is_accepted_but_for_what_is_marked_and_comes_back_in_one_step() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "<space>l<space>");
    assert_eq!(model.review.marked.len(), 2);
    let effects = press(&mut model, "A");
    let accepted = decisions(&effects);
    assert_eq!(accepted.iter().map(|(picture, _)| *picture).collect::<Vec<_>>(), [3, 7, 9, 11, 13, 15]);
    assert!(accepted.iter().all(|(_, said)| *said == Some(NamedDecision::Accepted("a map".to_owned()))));
    assert_eq!(said(&model), "6 pictures accepted: u takes them back. 2 marked ones stay as they are.");
    assert_eq!((model.review.at, model.review.marked.len()), (8, 2), "the next page, and the marks are kept");
    // A step back shows the page that it was.
    let effects = press(&mut model, "u");
    assert_eq!(decisions(&effects).len(), 6);
    assert_eq!(decided_count(&model), 0);
    assert!(model.review.at < 8 && asked(&effects).is_some());
}

#[test]
fn a_digit_moves_the_marked_ones_and_they_show_their_label() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    let effects = press(&mut model, "<space><space>3");
    let moved = decisions(&effects);
    assert_eq!(moved.len(), 2);
    assert!(moved.iter().all(|(_, said)| *said == Some(NamedDecision::Reassigned("a face".to_owned()))));
    assert_eq!(said(&model), "2 pictures → a face: u takes them back.");
    assert!(model.review.marked.is_empty());
    let page = screen(&model, 80, 24);
    assert_eq!(page.matches("✓a face").count(), 2, "{page}");
    // The rest is accepted, and what was moved stays moved.
    assert_eq!(decisions(&press(&mut model, "A")).len(), 6);
    // Without marks a digit is for the tile in hand.
    all_drawn(&mut model);
    assert_eq!(decisions(&press(&mut model, "1")), [(17, Some(NamedDecision::Accepted("a map".to_owned())))]);
    assert_eq!(model.review.at, 9);
}

#[test]
fn marks_on_other_pages_are_not_decided_with_those_in_sight() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "<space><pagedown>");
    all_drawn(&mut model);
    assert_eq!(decisions(&press(&mut model, "3")).len(), 1, "the one in hand");
    assert_eq!(model.review.marked.len(), 1);
    assert!(screen(&model, 80, 24).contains("1 marked"));
}

#[test]
fn nothing_that_is_not_seen_is_accepted() {
    let mut model = many(40);
    press(&mut model, "g");
    assert!(decisions(&press(&mut model, "A")).is_empty(), "nothing is drawn yet");
    assert_eq!(model.review.at, 0, "the page stays");
    assert!(said(&model).contains("8 are not drawn yet"), "{}", said(&model));
    let number = model.review.grid.number;
    for (place, tile) in
        [Ok(painted()), Err(NotShown::Gone), Err(NotShown::NotPainted), Ok(painted())].into_iter().enumerate()
    {
        told(&mut model, Event::Tile { number, place, tile });
    }
    assert!(decisions(&press(&mut model, "A")).is_empty(), "they are not on the screen yet");
    update(&mut model, Message::Drawn);
    // A file that lacks data is drawn as far as it goes.
    let index = model.review.queue[3];
    let suspect = Entry { state: PictureState::Suspect, ..model.collection.entries()[index].clone() };
    model.collection.change(index, suspect);
    let accepted = decisions(&press(&mut model, "A"));
    assert_eq!(accepted.iter().map(|(picture, _)| *picture).collect::<Vec<_>>(), [1]);
    let told_of = said(&model);
    for words in ["1 picture accepted", "4 are not drawn yet", "1 is gone", "2 with something wrong"] {
        assert!(told_of.contains(words), "{words}: {told_of}");
    }
    // A digit neither decides about what is not seen.
    press(&mut model, "l");
    assert!(decisions(&press(&mut model, "3")).is_empty());
    assert!(said(&model).contains("not on the screen"));
    // Pictures of a page from before do not count for this one.
    told(&mut model, Event::Tile { number: number - 1, place: 5, tile: Ok(painted()) });
    assert!(decisions(&press(&mut model, "A")).is_empty());
}

#[test]
fn hidden_pictures_are_neither_decoded_nor_accepted() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "b");
    assert!(decisions(&press(&mut model, "A")).is_empty());
    assert!(said(&model).contains("b shows them"), "{}", said(&model));
    assert!(decisions(&press(&mut model, "3")).is_empty());
    assert_eq!(asked(&press(&mut model, "<pagedown>")), None);
    let number = model.review.grid.number;
    let shown = asked(&press(&mut model, "b"));
    assert!(shown.is_some_and(|(next, ..)| next > number), "an answer from before is none to this");
    assert!(decisions(&press(&mut model, "A")).is_empty(), "they are asked for, and not there yet");
}

#[test]
fn stale_scores_are_not_accepted() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    model.labels.revision += 1;
    assert!(decisions(&press(&mut model, "A")).is_empty());
    assert!(said(&model).contains("8 without scores were not accepted"), "{}", said(&model));
}

#[test]
fn a_picture_that_changed_is_asked_for_again_where_it_was_gone() {
    let mut model = many(40);
    press(&mut model, "g");
    let number = model.review.grid.number;
    told(&mut model, Event::Tile { number, place: 0, tile: Err(NotShown::Gone) });
    let changed = crate::backend::SessionRow {
        entry: Entry { placed: Some("a map".to_owned()), ..model.collection.entries()[0].clone() },
        decided: None,
        scores: vec![],
        is_replaced: false,
    };
    let begun = model.live.begun;
    let effects = told(
        &mut model,
        Event::Followed {
            begun,
            kept: 0,
            with: None,
            revision: 0,
            joined: vec![],
            scores: vec![],
            changed: vec![changed],
            are_arrivals: false,
        },
    );
    assert!(asked(&effects).is_some_and(|(next, ..)| next > number), "{effects:?}");
}

#[test]
fn letters_mark_the_tiles_that_they_stand_on() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "m");
    assert!(screen(&model, 80, 24).contains("h "), "letters are on the tiles");
    press(&mut model, "aqc");
    let first = model.review.queue[0];
    assert_eq!(model.review.marked.iter().copied().collect::<Vec<_>>(), [first, model.review.queue[2]]);
    assert_eq!(decisions(&press(&mut model, "2")).len(), 2);
    assert_eq!(decisions(&press(&mut model, "A")).len(), 6);
    press(&mut model, "<esc>");
    assert!(model.review.grid.is_open && !model.review.grid.has_letters);
}

#[test]
fn after_the_last_page_the_next_label_comes_and_says_so() {
    let mut model = many(20);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "A");
    all_drawn(&mut model);
    press(&mut model, "A");
    assert_eq!((model.review.filter, model.review.at), (QueueFilter::Label(1), 0));
    assert!(said(&model).ends_with("Next: a page of text, 10 pictures."), "{}", said(&model));
    for _ in 0..2 {
        all_drawn(&mut model);
        press(&mut model, "A");
    }
    assert!(said(&model).ends_with("This was the last page."), "{}", said(&model));
    assert_eq!(decided_count(&model), 20);
}

#[test]
fn the_grid_at_every_size_and_in_both_languages() {
    for (language, name) in [(Language::english(), "en"), (Language::portuguese(), "pt")] {
        let mut model = classified_in(language);
        let unsure = model.filter_letter(QueueFilter::Unsure).unwrap();
        press(&mut model, &format!("<f4>f{unsure}g"));
        all_drawn(&mut model);
        for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
            model.size = (width, height);
            update(&mut model, Message::Resized(width, height));
            all_drawn(&mut model);
            insta::assert_snapshot!(format!("{name}_grid_{width}x{height}"), screen(&model, width, height));
        }
    }
}

#[test]
fn a_click_goes_to_a_tile() {
    let mut model = many(40);
    press(&mut model, "g");
    click(&mut model, 45, 14);
    assert_eq!(model.review.at, 6);
}

#[test]
fn a_late_tile_of_a_page_of_before_is_none_of_the_page_of_now() {
    let mut model = many(40);
    press(&mut model, "g<pagedown><pageup><pagedown><pageup>");
    let number = model.review.grid.number;
    // Hidden and shown again, the next page is asked for under another number than any before.
    press(&mut model, "bb<pagedown>");
    assert!(model.review.grid.number > number, "{} after {number}", model.review.grid.number);
}
