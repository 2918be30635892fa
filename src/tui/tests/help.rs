//! The list of keys.

use super::*;
use crate::tui::action::{Action, AppAction, ReviewAction};

/// Everything that the list shows while it is walked through from its top to its end.
fn walked(model: &mut Model, width: u16, height: u16) -> String {
    update(model, Message::Resized(width, height));
    press(model, "<f1>");
    let mut shown = screen(model, width, height);
    for _ in 0..Action::all().len() + 5 {
        press(model, "<down>");
        shown.push_str(&screen(model, width, height));
    }
    model.popup = None;
    shown
}

#[test]
fn every_key_and_what_it_does_can_be_read_on_small_screens() {
    for language in Language::all() {
        let mut model = classified_in(language);
        for (width, height) in [(60, 15), (80, 24)] {
            for pane in ["<f2>", "<f3>", "<f4>", "<f5>", "<f6>"] {
                press(&mut model, pane);
                let shown = walked(&mut model, width, height);
                let lines: Vec<&str> = shown.lines().collect();
                for action in Action::all() {
                    let sentence = match model.language.has(&action.sentence()) {
                        true => model.language.text(&action.sentence()),
                        false => model.language.text(&action.word()),
                    };
                    let keys = model.keys.names(action);
                    let is_there = lines.iter().any(|line| line.contains(&sentence) && line.contains(&keys));
                    assert!(is_there, "{action} at {width}x{height}: {keys} {sentence}");
                }
                for word in ["key_help.review_digit", "key_help.review_shift_digit"] {
                    assert!(shown.contains(&model.language.text(word)), "{word}");
                }
            }
        }
    }
}

#[test]
fn keys_of_the_open_pane_come_first() {
    let mut model = classified();
    for (pane, first) in [("<f2>", "Lists"), ("<f3>", "Label editor"), ("<f4>", "Review"), ("<f5>", "Files")] {
        press(&mut model, pane);
        press(&mut model, "?");
        let shown = screen(&model, 80, 24);
        let line = shown.lines().find(|line| line.contains('│') && line.contains(first)).unwrap();
        assert_eq!(shown.lines().position(|other| other == line), Some(3), "{shown}");
        model.popup = None;
    }
}

#[test]
fn a_chosen_key_is_pressed() {
    let mut model = classified();
    let effects = press(&mut model, "<f4>?no label is right<enter>");
    assert_eq!(decisions(&effects), [(6, Some(NamedDecision::NoneOfThese))]);
    // It is found by its key and by its word too, and a list can follow.
    press(&mut model, "?ctrl-l<enter>");
    assert!(screen(&model, 80, 24).contains("Labels to begin with"));
    press(&mut model, "<esc>?give<enter>");
    assert!(screen(&model, 80, 24).contains("Label for "));
    // While text is edited, no letter is typed.
    press(&mut model, "<esc><f3><enter>");
    let lines = model.labels.editor.lines().to_vec();
    press(&mut model, "<f1>leaves<enter>");
    assert_eq!((model.labels.editor.lines(), model.popup.is_none()), (&lines[..], true));
}

#[test]
fn a_key_of_another_pane_opens_that_pane_and_decides_nothing_unseen() {
    let mut model = classified();
    press(&mut model, "<f2>");
    let effects = press(&mut model, "?predicted label is right<enter>");
    assert_eq!((model.pane, decisions(&effects)), (Pane::Review, vec![]));
    let said = &model.notice.as_ref().unwrap().text;
    assert!(said.contains(&model.keys.name(ReviewAction::Accept)) && said.contains("predicted"), "{said}");
}

#[test]
fn labels_are_given_where_the_picture_is_in_sight() {
    let mut model = classified();
    press(&mut model, "<f2>?gives that label<enter>");
    assert_eq!(model.pane, Pane::Review);
    assert!(screen(&model, 80, 24).contains("Label for 6.jpg"));
}

#[test]
fn the_line_of_keys_has_whole_entries_and_how_to_see_all() {
    for language in Language::all() {
        let mut model = classified_in(language);
        let help = format!("{} {}", model.keys.name(AppAction::Help), model.language.text("keys.everywhere_help"));
        for pane in ["<f2>", "<f3>", "<f4>", "<f5>", "<f6>", "<f4><space>"] {
            press(&mut model, pane);
            for width in [40, 60, 80, 120, 200] {
                let shown = screen(&model, width, 20);
                let line = shown.lines().nth(18).unwrap().trim_matches(['"', ' ']).to_owned();
                assert!(line.ends_with(&help), "{pane} at {width}: {line}");
                let entries: Vec<&str> = line.split("  ").map(str::trim).filter(|entry| !entry.is_empty()).collect();
                let words: Vec<String> =
                    Action::all().into_iter().map(|action| model.language.text(&action.word())).collect();
                let leave = model.keys.name(ReviewAction::Leave);
                let marks = model.language.say("app.acts_on_marked", &[("count", &1), ("leave", &leave)]);
                let is_whole = |entry: &&str| {
                    words.iter().any(|word| entry.ends_with(&format!(" {word}")))
                        || entry.ends_with(&model.language.text("keys.review_digit"))
                        || **entry == marks
                };
                assert!(entries.iter().all(is_whole), "{pane} at {width}: {line}");
            }
        }
        // The marks are said first.
        let values: crate::lang::Values<'_> = &[("count", &1), ("leave", &model.keys.name(ReviewAction::Leave))];
        let marks = model.language.say("app.acts_on_marked", values);
        let shown = screen(&model, 80, 20);
        assert!(shown.lines().nth(18).unwrap().starts_with(&format!("\"{marks}")), "{shown}");
    }
}
