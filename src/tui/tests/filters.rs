//! The menu of filters.

use super::*;
use crate::domain::review::QueueFilter;

/// The line of the menu with these words, without the frame.
fn line(model: &Model, words: &str) -> String {
    let shown = screen(model, 80, 40);
    let line = shown.lines().find(|line| line.contains('│') && line.contains(words));
    line.unwrap_or_else(|| panic!("{words}: {shown}")).rsplit('│').nth(1).unwrap().trim().to_owned()
}

#[test]
fn the_menu_counts_every_filter_and_letters_choose_at_once() {
    let mut model = classified();
    press(&mut model, "<f4>3x<space>f");
    for (words, ends) in [
        ("all", "6"),
        ("undecided", "4"),
        ("unsure", "0"),
        ("corrected", "1"),
        ("accepted", "0"),
        ("none of these", "1"),
        ("skipped", "0"),
        ("marked", "1"),
        ("put into a folder", "0"),
        ("with something wrong", "0"),
        ("arrived since", "0"),
        ("1 a map", "2"),
        ("3 a face", "2"),
    ] {
        assert!(line(&model, words).ends_with(&format!(" {ends}")), "{words}: {}", line(&model, words));
    }
    press(&mut model, "C");
    assert_eq!((model.review.filter, model.review.queue.len()), (QueueFilter::Corrected, 1));
    assert!(screen(&model, 80, 24).lines().nth(1).unwrap().contains("· corrected ·"));
    // Empty ones can be chosen, and say so.
    press(&mut model, "fY");
    assert_eq!(model.review.queue, [0; 0]);
    assert!(screen(&model, 80, 24).contains("No picture is in this filter: f"));
    // Back to the one before, and back again.
    press(&mut model, "F");
    assert_eq!(model.review.filter, QueueFilter::Corrected);
    press(&mut model, "F");
    assert_eq!(model.review.filter, QueueFilter::Accepted);
}

#[test]
fn a_label_is_filtered_by_its_digit_or_by_a_part_of_its_name() {
    let mut model = classified();
    press(&mut model, "<f4>f3");
    assert_eq!(model.review.filter, QueueFilter::Label(2));
    press(&mut model, "fmap<enter>");
    assert_eq!(model.review.filter, QueueFilter::Label(0));
    // What follows a slash is searched, also where a key would choose.
    press(&mut model, "f/1<backspace>");
    assert!(model.popup.is_some());
    press(&mut model, "M");
    assert!(model.popup.is_some(), "it is being typed still");
}

#[test]
fn marked_pictures_are_shown_alone_and_stay_marked() {
    let mut model = classified();
    press(&mut model, "<f4><space><down><space>fM");
    assert_eq!((model.review.queue.len(), model.review.marked.len()), (2, 2));
    // One of them is not on the screen.
    assert_eq!(decisions(&press(&mut model, "2y")).len(), 2);
}

#[test]
fn arrivals_since_the_last_look_are_shown_alone() {
    let mut model = classified();
    press(&mut model, "<f2>");
    model.live.arrived(4..6);
    press(&mut model, "<f4>fR");
    assert_eq!(model.review.queue.len(), 2);
    // Another look, with nothing new, leaves them.
    press(&mut model, "<f2><f4>");
    assert_eq!(model.review.queue.len(), 2);
    press(&mut model, "<f2>");
    model.live.arrived(3..4);
    press(&mut model, "<f4>");
    assert_eq!(model.review.queue, [3]);
}

#[test]
fn letters_of_the_menu_are_told_apart_in_every_language() {
    for language in Language::all() {
        let model = model_in(language);
        let letters: Vec<char> =
            QueueFilter::PLAIN.into_iter().map(|filter| model.filter_letter(filter).unwrap()).collect();
        let different: std::collections::BTreeSet<&char> = letters.iter().collect();
        assert_eq!(different.len(), letters.len(), "{letters:?}");
        // Words that are typed to search begin with small letters: none of them chooses, and the rest decides nothing.
        assert!(letters.iter().all(char::is_ascii_uppercase), "{letters:?}");
    }
}
