//! Stacks of near-duplicates: one tile, decided together once its pictures were shown beside each other.

use super::grid::{all_drawn, many, said};
use super::*;

/// The answer to the last search: stacks of pictures by their numbers.
fn found_stacks(model: &mut Model, stacks: &[&[i64]]) {
    let stacks = stacks.iter().map(|stack| stack.iter().map(|number| PictureId(*number)).collect()).collect();
    told(model, Event::NearDuplicates { number: model.review.stacks.number, stacks, unknown: 0 });
}

fn page(model: &Model) -> Vec<i64> {
    model.review.grid.tiles.iter().map(|(index, _)| model.collection.entries()[*index].id.0).collect()
}

fn pictures(effects: &[Effect]) -> Vec<i64> {
    let mut pictures: Vec<i64> = decisions(effects).into_iter().map(|(picture, _)| picture).collect();
    pictures.sort_unstable();
    pictures
}

#[test]
fn stacks_are_looked_for_when_pictures_are_there() {
    let mut model = many(6);
    let number = model.review.stacks.number;
    let effects = told(&mut model, Event::Scorable { missing: 0 });
    let searched = orders(&effects).into_iter().find_map(|order| match order {
        Order::FindDuplicates { number, pictures } => Some((*number, pictures.len())),
        _ => None,
    });
    assert_eq!(searched, Some((number + 1, 6)));
    press(&mut model, "D");
    assert_eq!(said(&model), "Near-duplicates are being looked for: 0 % done.");
    // The answer to an earlier search is none.
    told(&mut model, Event::NearDuplicates { number, stacks: vec![vec![PictureId(1), PictureId(3)]], unknown: 0 });
    assert_eq!(model.review.stacks.others(0), 0);
    found_stacks(&mut model, &[]);
    press(&mut model, "D");
    assert_eq!(said(&model), "No other picture is nearly the same as this one.");
}

#[test]
fn a_stack_is_one_tile_that_is_not_accepted_before_it_was_shown() {
    let mut model = many(40);
    found_stacks(&mut model, &[&[1, 5, 7], &[2, 4]]);
    press(&mut model, "g");
    assert_eq!(page(&model), [1, 3, 9, 11, 13, 15, 17, 19]);
    all_drawn(&mut model);
    assert!(screen(&model, 80, 24).contains("≈3"));
    assert_eq!(pictures(&press(&mut model, "A")), [3, 9, 11, 13, 15, 17, 19]);
    assert!(
        said(&model).ends_with("1 stack of near-duplicates was not accepted: D shows what is in it."),
        "{}",
        said(&model)
    );
    // Shown, and back on the page: now it goes with the others.
    press(&mut model, "<pageup>D");
    assert_eq!(page(&model), [1, 5, 7]);
    assert!(screen(&model, 80, 24).contains("3 nearly the same"));
    all_drawn(&mut model);
    press(&mut model, "<esc>");
    assert_eq!((page(&model)[0], model.review.grid.is_open), (1, true));
    all_drawn(&mut model);
    assert_eq!(pictures(&press(&mut model, "A")), [1, 5, 7]);
    assert_eq!(pictures(&press(&mut model, "u")), [1, 5, 7], "in one step");
}

#[test]
fn one_key_decides_the_stack_that_is_shown_but_for_what_was_taken_out() {
    let mut model = many(40);
    found_stacks(&mut model, &[&[1, 5, 7]]);
    press(&mut model, "gD");
    all_drawn(&mut model);
    press(&mut model, "l<space>");
    assert!(screen(&model, 80, 24).contains('✗'));
    let effects = press(&mut model, "3");
    assert_eq!(pictures(&effects), [1, 7]);
    assert!(model.review.grid.stack.is_none() && model.review.grid.is_open);
    // It is remembered, and the picture has a tile of its own from then on.
    assert_eq!(model.review.stacks.others(0), 1);
    press(&mut model, "<esc>");
    model.review.at = model.review.queue.iter().position(|index| *index == 4).unwrap();
    press(&mut model, "g");
    assert!(page(&model).contains(&5));
    // A search finds the stack again: what was taken out stays out.
    found_stacks(&mut model, &[&[1, 5, 7]]);
    assert_eq!(model.review.stacks.others(4), 0);
}

#[test]
fn nothing_of_a_stack_is_decided_unseen() {
    let mut model = many(40);
    found_stacks(&mut model, &[&[1, 5, 7]]);
    press(&mut model, "gD");
    let number = model.review.grid.number;
    let painted = || crate::backend::RenderedPreview(std::sync::Arc::new(()));
    told(&mut model, Event::Tile { number, place: 1, tile: Ok(painted()) });
    update(&mut model, Message::Drawn);
    assert_eq!(pictures(&press(&mut model, "a")), [5]);
    assert!(model.review.grid.stack.is_some(), "the others may come");
    // On the page the tile stands for two more, one of which nobody has seen.
    press(&mut model, "<esc>");
    all_drawn(&mut model);
    let accepted = pictures(&press(&mut model, "A"));
    assert!(!accepted.contains(&1) && !accepted.contains(&7), "{accepted:?}");
}

#[test]
fn pictures_that_the_model_tells_apart_or_a_person_decided_are_not_gathered() {
    let mut model = many(40);
    // The second has another label; the seventh is decided already.
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "lll3<esc>");
    found_stacks(&mut model, &[&[1, 2, 3, 7]]);
    press(&mut model, "f1g");
    let page = page(&model);
    assert!(!page.contains(&3), "{page:?}");
    assert_eq!(model.review.grid.with.get(&0), Some(&vec![2]));
}

#[test]
fn pictures_that_come_while_a_stack_is_shown_wait_behind_it() {
    let mut model = many(40);
    found_stacks(&mut model, &[&[1, 5, 7]]);
    press(&mut model, "D");
    assert_eq!(model.review.queue.len(), 3);
    let revision = model.labels.revision;
    let fresh = Entry { hash: Some(ContentHash([9; 32])), ..entry(41) };
    told(&mut model, Event::Arrived { revision, entries: vec![(fresh, None)], scores: vec![0.9, 0.05, 0.05] });
    assert_eq!(model.review.queue.len(), 3);
    press(&mut model, "D");
    assert_eq!((model.review.queue.len(), model.review.grid.is_open), (41, false));
    // Another session has no stacks of this one.
    press(&mut model, "D<f2><f4>");
    assert!(model.review.grid.stack.is_none() && model.review.queue.len() == 41);
    let number = model.review.stacks.number;
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(3));
    assert!(model.review.stacks.number > number && model.review.stacks.others(0) == 0);
}

#[test]
fn a_stack_on_the_screen_in_both_languages() {
    for (language, name) in [(Language::english(), "en"), (Language::portuguese(), "pt")] {
        let mut model = classified_in(language);
        press(&mut model, "<f4>");
        found_stacks(&mut model, &[&[1, 5, 6]]);
        let first = model.review.queue.iter().position(|index| *index == 0).unwrap();
        model.review.at = first;
        press(&mut model, "D");
        all_drawn(&mut model);
        press(&mut model, "<space>");
        for (width, height) in [(60, 15), (80, 24)] {
            update(&mut model, Message::Resized(width, height));
            all_drawn(&mut model);
            insta::assert_snapshot!(format!("{name}_stack_{width}x{height}"), screen(&model, width, height));
        }
    }
}

#[test]
fn what_is_another_picture_by_now_is_not_accepted_with_its_stack() {
    let mut model = many(40);
    found_stacks(&mut model, &[&[1, 5, 7]]);
    press(&mut model, "gD");
    all_drawn(&mut model);
    press(&mut model, "<esc>");
    all_drawn(&mut model);
    model.collection.set_replaced(4, true);
    let accepted = pictures(&press(&mut model, "A"));
    assert!(accepted.contains(&1) && accepted.contains(&7) && !accepted.contains(&5), "{accepted:?}");
}
