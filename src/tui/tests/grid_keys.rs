//! The grid: keys of other places that act in it, and what is not drawn.

use super::grid::*;
use super::*;

#[test]
fn the_list_of_labels_says_what_it_decides_in_the_grid() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "<space><pagedown>");
    all_drawn(&mut model);
    let name = model.file_name(model.review.current().unwrap());
    // In the grid the key of the list goes to the right; the list of keys still opens it.
    press(&mut model, "?lists all labels<enter>");
    let title = |model: &Model| match &model.popup {
        Some(crate::tui::model::Popup::Chooser(list)) => list.title.clone(),
        _ => String::new(),
    };
    // The mark is on another page: the picture in hand gets the label.
    assert!(title(&model).contains(&name), "{}", title(&model));
    press(&mut model, "<esc><space>?lists all labels<enter>");
    assert!(title(&model).contains('1') && !title(&model).contains(&name), "{}", title(&model));
}

#[test]
fn a_marked_picture_that_is_accepted_by_itself_is_marked_no_longer() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    press(&mut model, "<space><space>h");
    assert_eq!(model.review.marked.len(), 2);
    assert_eq!(decisions(&press(&mut model, "a")).len(), 1);
    assert_eq!(model.review.marked.len(), 1);
}

#[test]
fn without_colours_no_page_is_accepted_that_is_not_drawn() {
    let mut model = many(40);
    model.has_colours = false;
    let effects = press(&mut model, "g");
    assert_eq!(asked(&effects), None, "nothing is decoded that is not drawn");
    all_drawn(&mut model);
    assert!(decisions(&press(&mut model, "A")).is_empty());
    assert!(said(&model).contains("not on the screen"), "{}", said(&model));
    // A way of drawing that a person chose draws all the same.
    press(&mut model, "p");
    all_drawn(&mut model);
    assert_eq!(decisions(&press(&mut model, "A")).len(), 8);
}

#[test]
fn a_page_is_accepted_as_it_was_drawn() {
    let mut model = many(40);
    press(&mut model, "g");
    all_drawn(&mut model);
    // Other scores come, and the page with their labels is not on the screen yet.
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [0.1, 0.1, 0.8].repeat(40) });
    assert!(decisions(&press(&mut model, "A")).is_empty());
    assert!(said(&model).contains("8 are not drawn yet"), "{}", said(&model));
    update(&mut model, Message::Drawn);
    let accepted = decisions(&press(&mut model, "A"));
    assert_eq!(accepted.len(), 8);
    // The next page came with the key: nobody has seen it, though its pictures are painted.
    let number = model.review.grid.number;
    for place in 0..model.review.grid.tiles.len() {
        told(&mut model, Event::Tile { number, place, tile: Ok(painted()) });
    }
    assert!(decisions(&press(&mut model, "A")).is_empty());
    update(&mut model, Message::Drawn);
    assert_eq!(decisions(&press(&mut model, "A")).len(), 8);
}
