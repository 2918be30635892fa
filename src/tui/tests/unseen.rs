//! Nothing is decided unseen, and each key says what it did.

use super::*;
use crate::tui::model::Look;

/// The notice, as it is on the screen.
fn said(model: &Model) -> String {
    model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

fn decision(model: &Model, id: i64) -> Option<Decision> {
    model.collection.entries().iter().find(|entry| entry.id.0 == id).and_then(|entry| entry.decision)
}

/// The number of the picture that is looked at.
fn current(model: &Model) -> i64 {
    model.collection.entries()[model.review.current().unwrap()].id.0
}

/// Forty pictures, all of them unsure.
fn many() -> Model {
    let mut model = classified();
    let revision = model.labels.revision;
    let entries = (7..=40).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: [0.3, 0.36, 0.34].repeat(34) });
    press(&mut model, "<f4>");
    model
}

#[test]
fn marks_out_of_sight_are_asked_about_and_the_picture_looked_at_is_not_passed_on() {
    let mut model = many();
    press(&mut model, "<space><space><space>]]");
    let marked: Vec<i64> = model.review.marked.iter().map(|index| model.collection.entries()[*index].id.0).collect();
    assert_eq!(marked.len(), 3);
    let before = current(&model);
    assert!(decisions(&press(&mut model, "3")).is_empty(), "nobody sees what would be decided");
    let shown = screen(&model, 160, 24);
    assert!(shown.contains("3 pictures are marked, 3 of them not on the screen"), "{shown}");
    assert!(shown.contains("a face; any"), "{shown}");
    // Any other key takes the question back, and with it the decision.
    assert!(decisions(&press(&mut model, "k")).is_empty());
    assert_eq!((model.question, model.review.marked.len(), current(&model)), (None, 3, before));
    let decided = decisions(&press(&mut model, "3y"));
    assert_eq!(decided.iter().map(|(picture, _)| *picture).collect::<Vec<_>>(), marked);
    assert_eq!((current(&model), decision(&model, before)), (before, None), "the one looked at was not decided");
    assert_eq!(said(&model), "3 pictures decided: a face 3. u takes them back.");
    assert!(model.review.marked.is_empty());
}

#[test]
fn marks_that_are_listed_beside_the_picture_are_not_asked_about() {
    let mut model = many();
    update(&mut model, Message::Resized(160, 50));
    assert_eq!(decisions(&press(&mut model, "<space><space>x")).len(), 2);
    assert_eq!(model.question, None);
    // On the whole screen no other picture is.
    press(&mut model, "<space><space>");
    model.review.look = Look::Whole;
    assert!(decisions(&press(&mut model, "x")).is_empty());
    assert!(matches!(model.question, Some(Question::DecideMarked(_))));
}

#[test]
fn marks_are_counted_on_the_screen_and_cleared_by_one_key() {
    let mut model = many();
    press(&mut model, "<space><space>");
    let shown = screen(&model, 80, 24);
    let rows: Vec<&str> = shown.lines().collect();
    assert!(rows[1].contains("2 marked"), "{shown}");
    assert!(rows[22].contains("Keys act on 2 marked; Esc unmarks"), "{shown}");
    assert!(said(&model).ends_with("is marked: 2 in all."), "{}", said(&model));
    // A mark is taken off by the same key.
    press(&mut model, "k<space>");
    assert!(said(&model).ends_with("is no longer marked: 1 in all."), "{}", said(&model));
    press(&mut model, "<esc>");
    assert!(model.review.marked.is_empty());
    assert_eq!(said(&model), "1 picture is no longer marked.");
    assert!(!screen(&model, 80, 24).contains("marked;"));
    // Another filter or pane does not lose them.
    press(&mut model, "<space>f<f3><f4>");
    assert_eq!(model.review.marked.len(), 1);
}

#[test]
fn a_range_says_that_it_begins_and_how_it_ends() {
    let mut model = many();
    press(&mut model, "v");
    assert!(said(&model).contains("A range begins at") && said(&model).contains("press v"), "{}", said(&model));
    press(&mut model, "jjv");
    assert_eq!(said(&model), "3 pictures are in the range, and 3 marked in all.");
    press(&mut model, "<esc>v<esc>");
    assert_eq!((said(&model).as_str(), model.review.anchor), ("The range is given up.", None));
}

#[test]
fn undo_goes_to_the_picture_and_says_what_it_is_again() {
    let mut model = classified();
    press(&mut model, "<f4>");
    assert_eq!(current(&model), 6);
    press(&mut model, "3");
    assert_eq!(said(&model), "6.jpg → a face (changed). u takes it back.");
    press(&mut model, "u");
    assert_eq!(said(&model), "6.jpg: a face (changed) → not reviewed. U changes it back.");
    press(&mut model, "U");
    assert_eq!(said(&model), "6.jpg: not reviewed → a face (changed). u changes it back.");
    // In another filter, where it is not: the filter is left.
    press(&mut model, "f1");
    assert_eq!(model.filter_name(), "a map");
    assert_ne!(current(&model), 6);
    press(&mut model, "u");
    assert_eq!((current(&model), model.filter_name().as_str()), (6, "all"));
    assert!(said(&model).contains("→ not reviewed") && said(&model).contains("all pictures are in the queue now"));
    // Nor is a way of looking left for it.
    press(&mut model, "xj");
    model.review.look = Look::Whole;
    press(&mut model, "u");
    assert_eq!((current(&model), model.review.look), (6, Look::Whole));
}

#[test]
fn undo_of_several_pictures_says_how_many() {
    let mut model = classified();
    press(&mut model, "<f4><space><space>xyu");
    assert_eq!(said(&model), "2 pictures changed back: not reviewed 2. U does the opposite.");
}

#[test]
fn a_step_of_an_earlier_session_is_asked_about_first() {
    let mut model = classified();
    let said_before = |picture, said| DecisionStep { kind: StepKind::Decide, said: vec![(PictureId(picture), said)] };
    let none = Some(NamedDecision::NoneOfThese);
    told(&mut model, Event::Decided { steps: vec![said_before(1, none.clone()), said_before(2, none)] });
    for index in [0, 1] {
        model.collection.decide(index, Some(Decision::NoneOfThese));
    }
    press(&mut model, "<f4>x");
    assert_eq!(decisions(&press(&mut model, "u")).len(), 1, "it was decided since");
    assert!(decisions(&press(&mut model, "u")).is_empty());
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("decided before this session was opened") && shown.contains("2.jpg"), "{shown}");
    assert!(decisions(&press(&mut model, "n")).is_empty());
    assert_eq!(decision(&model, 2), Some(Decision::NoneOfThese));
    assert_eq!(decisions(&press(&mut model, "uy")), [(2, None)]);
    assert_eq!(decisions(&press(&mut model, "u")), [(1, None)], "one answer is enough");
}

#[test]
fn a_picture_that_is_gone_is_not_decided() {
    for (why, words) in [(NotShown::Gone, "This picture is gone"), (NotShown::OtherContent, "Another content")] {
        let mut model = classified();
        press(&mut model, "<f4>");
        let number = model.review.view;
        told(&mut model, Event::Viewed { number, viewed: Err(why), facts: None });
        assert!(screen(&model, 80, 24).contains(words));
        for key in ["a", "2", "x"] {
            let effects = press(&mut model, key);
            assert!(decisions(&effects).is_empty(), "{key}");
            assert_eq!(current(&model), 6, "{key}");
            assert!(said(&model).contains(words) && said(&model).contains("s skips it"), "{}", said(&model));
            assert!(matches!(orders(&effects)[..], [Order::View { .. }]), "it may be there again");
        }
        // Marked among others, it stays marked.
        press(&mut model, "<space><space>");
        assert_eq!(decisions(&press(&mut model, "xy")).len(), 1);
        assert!(said(&model).contains("1 picture stays marked"), "{}", said(&model));
        assert_eq!((decision(&model, 6), model.review.marked.len()), (None, 1));
        press(&mut model, "<esc>kk");
        assert_eq!(decisions(&press(&mut model, "s")), [(6, Some(NamedDecision::Skipped))]);
        // It is there again.
        press(&mut model, "k");
        let (number, viewed) = (model.review.view, Err(NotShown::NotPainted));
        told(&mut model, Event::Viewed { number, viewed, facts: None });
        assert_eq!(decisions(&press(&mut model, "x")).len(), 1);
    }
}

#[test]
fn a_picture_on_its_way_and_one_that_is_hidden_are_decided_as_fast_as_keys_come() {
    let mut model = classified();
    assert_eq!(decisions(&press(&mut model, "<f4>aaa")).len(), 3);
    assert_eq!(decisions(&press(&mut model, "bx")).len(), 1);
}

#[test]
fn each_reason_has_its_sentence() {
    use crate::files::defect::PictureDefect;
    let mut model = classified();
    press(&mut model, "<f4>");
    for (why, words) in [
        (NotShown::Gone, "neither where it was found"),
        (NotShown::OtherContent, "Another content"),
        (NotShown::NeverRead, "could not be read when it was found"),
        (NotShown::Defect(PictureDefect::TooLarge { bytes: 300 << 20 }), "more than the"),
        (NotShown::Defect(PictureDefect::Empty), "the file is empty"),
        (NotShown::NotPainted, "cannot be drawn in this way"),
    ] {
        let number = model.review.view;
        told(&mut model, Event::Viewed { number, viewed: Err(why), facts: None });
        let shown = screen(&model, 160, 24);
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn after_the_last_picture_something_says_what_is_left() {
    let mut model = classified();
    press(&mut model, "<f4>jjjjjx");
    assert!(said(&model).contains("the last one; 5 before it are not reviewed: N goes back"), "{}", said(&model));
    press(&mut model, "NsNxNxNx");
    assert!(!said(&model).contains("Every picture"), "{}", said(&model));
    press(&mut model, "Nx");
    let text = said(&model);
    assert!(text.contains("Every picture of this queue is reviewed: F5 puts the files in place"), "{text}");
    assert!(text.contains("1 of them was only skipped"), "{text}");
    press(&mut model, &"k".repeat(9));
    assert_eq!(said(&model), "This is the first one.");
    press(&mut model, &"j".repeat(9));
    assert_eq!(said(&model), "This is the last one.");
}

#[test]
fn keys_that_change_the_view_say_what_they_did() {
    let mut model = classified();
    press(&mut model, "<f4>o");
    assert_eq!(said(&model), "Filter: all. Order: most sure first. 6 pictures.");
    press(&mut model, "fS");
    assert_eq!(said(&model), "Filter: unsure. Order: most sure first. 2 pictures.");
    for (key, words) in [("i", "scroll it, i closes"), ("i", "closed"), ("b", "hidden; b"), ("b", "shown")] {
        press(&mut model, key);
        assert!(said(&model).contains(words), "{key}: {}", said(&model));
    }
    // Lines about keys are not worth the log.
    assert!(!model.log.iter().any(|line| line.contains("Order:")));
}

#[test]
fn the_prediction_is_on_the_screen_whatever_the_labels_and_the_size() {
    let mut model = model();
    model.set_labels((1..=40).map(|number| format!("label number {number}")).collect());
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(1));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let scores = (1..=40).map(|number| if number == 31 { 0.7 } else { 0.3 / 39.0 }).collect();
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(1), None)], scores });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    press(&mut model, "<f4>");
    for (width, height) in [(40, 10), (40, 24), (60, 15), (80, 24), (120, 40), (200, 60)] {
        for look in [Look::One, Look::Whole] {
            model.size = (width, height);
            model.review.look = look;
            let shown = screen(&model, width, height);
            assert!(shown.contains('▶'), "{width}x{height} {look:?}: {shown}");
            assert!(shown.contains("31"), "{width}x{height} {look:?}: {shown}");
        }
    }
    model.review.look = Look::One;
    // What was decided has another sign, and a key says its digit wherever its label is listed.
    press(&mut model, "2");
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("✓ label number 2"), "{shown}");
    assert!(screen(&model, 120, 40).lines().any(|line| line.contains("▶") && line.contains("0.70")));
}
