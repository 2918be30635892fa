//! Going through the queue: first, last, pages, numbers; the list of labels and of decisions.

use super::*;
use crate::domain::review::QueueFilter;

#[test]
fn first_last_page_and_ten() {
    let mut model = classified();
    let revision = model.labels.revision;
    let entries: Vec<_> = (7..=60).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: [0.9, 0.05, 0.05].repeat(54) });
    press(&mut model, "<f4>");
    let page = crate::tui::layout::page(model.size) as usize;
    let mut at = vec![];
    for key in ["<end>", "<pageup>", "<home>", "<pagedown>", "]", "["] {
        press(&mut model, key);
        at.push(model.review.at);
    }
    assert_eq!(at, [59, 59 - page, 0, page, page + 10, page]);
}

#[test]
fn a_number_is_gone_to_and_a_bad_one_is_said() {
    let mut model = classified();
    press(&mut model, "<f4>:4");
    assert!(screen(&model, 60, 15).contains("Number of the picture, 1 to 6: 4"), "{}", screen(&model, 60, 15));
    press(&mut model, "<enter>");
    assert_eq!((model.review.at, &model.popup), (3, &None));
    for bad in ["0", "7", "x", "", "99999999999999999999999"] {
        press(&mut model, &format!(":{bad}<enter>"));
        let notice = model.notice.clone().unwrap();
        assert!(notice.is_error && notice.text.contains(&format!("“{bad}” is no number from 1 to 6")), "{notice:?}");
        assert_eq!(model.review.at, 3);
    }
    press(&mut model, ":2<esc>");
    assert_eq!((model.review.at, &model.popup), (3, &None));
    // Digits that are typed here give no label.
    assert!(decisions(&press(&mut model, ":12<backspace><enter>")).is_empty());
    assert_eq!(model.review.at, 0);
}

#[test]
fn the_last_decisions_are_listed_and_gone_to() {
    let mut model = classified();
    press(&mut model, "<f4>h");
    assert!(screen(&model, 80, 24).contains("Nothing was decided yet."));
    press(&mut model, "3x");
    press(&mut model, "k3h");
    let shown = screen(&model, 80, 24);
    let lines: Vec<&str> = shown.lines().filter(|line| line.contains('→')).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].contains("5.jpg: none of these → a face"), "{shown}");
    assert!(lines[1].contains("5.jpg: not reviewed → none of these"), "{shown}");
    assert!(lines[2].contains("6.jpg: not reviewed → a face"), "{shown}");
    // The picture is not in the filter, which is left for it.
    press(&mut model, "<esc>fU");
    assert_eq!(model.review.queue.len(), 4);
    press(&mut model, "h6.jpg<enter>");
    assert_eq!((model.review.filter, model.review.current()), (QueueFilter::All, Some(5)));
    press(&mut model, "F");
    assert_eq!(model.review.filter, QueueFilter::Undecided);
}

#[test]
fn the_list_of_labels_has_the_best_first_and_gives_one() {
    let mut model = classified();
    press(&mut model, "<f4>l");
    let shown = screen(&model, 80, 24);
    let row = |text: &str| shown.lines().position(|line| line.contains('│') && line.contains(text)).unwrap();
    assert!(row("2 a page of text") < row("3 a face") && row("3 a face") < row("1 a map"), "{shown}");
    assert!(shown.contains("0.36      1") && shown.contains("Label for 6.jpg"), "{shown}");
    let effects = press(&mut model, "face<enter>");
    assert_eq!(decisions(&effects), [(6, Some(NamedDecision::Reassigned("a face".to_owned())))]);
    // The best label is the predicted one.
    assert_eq!(decisions(&press(&mut model, "l<enter>")), [(5, Some(NamedDecision::Accepted("a map".to_owned())))]);
    // Marks hold as for digits, and digits act at once.
    assert_eq!(decisions(&press(&mut model, "<space><space>l2y")).len(), 2);
}

#[test]
fn a_text_that_is_no_label_becomes_one_and_is_given() {
    let mut model = classified();
    let before = model.labels.revision;
    let effects = press(&mut model, "<f4>la ship = a photo of a ship<enter>");
    assert_eq!(decisions(&effects), [(6, Some(NamedDecision::Reassigned("a ship".to_owned())))]);
    assert!(orders(&effects).iter().any(|order| matches!(order, Order::Rescore { labels, .. } if labels.len() == 4)));
    assert_eq!(model.labels.editor.lines()[3], "a ship = a photo of a ship");
    assert!(model.labels.revision > before && !model.labels.is_editing);
    // Its scores come, and it counts.
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.9, 0.1, 0.0, 0.0]; 6].concat() });
    assert_eq!((model.counts.by_label[3], model.counts.label_removed), (1, 0));
    // A line that is none is refused, and nothing is given.
    let lines = model.labels.editor.lines().to_vec();
    for bad in ["#comment", "a map = | ="] {
        assert!(decisions(&press(&mut model, &format!("l{bad}<end><enter>"))).is_empty(), "{bad}");
        assert!(model.notice.as_ref().unwrap().is_error);
        assert_eq!(model.labels.editor.lines(), lines);
    }
    assert_eq!(model.labels.error, None);
}

#[test]
fn shifted_digits_give_the_labels_from_eleven_to_twenty() {
    let mut model = classified();
    model.set_labels((1..=21).map(|number| format!("label number {number}")).collect());
    press(&mut model, "<f4>");
    let given = |effects: Vec<Effect>| match &decisions(&effects)[..] {
        [(_, Some(NamedDecision::Reassigned(text)))] => text.clone(),
        other => panic!("{other:?}"),
    };
    for (key, number) in [("1", 1), ("0", 10), ("!", 11), ("@", 12), ("^", 16), (")", 20)] {
        assert_eq!(given(press(&mut model, key)), format!("label number {number}"));
        press(&mut model, "u");
    }
    let shifted = KeyEvent::new(KeyCode::Char('3'), KeyModifiers::SHIFT);
    assert_eq!(given(update(&mut model, Message::Key(shifted))), "label number 13");
    press(&mut model, "l");
    let shown = screen(&model, 80, 30);
    assert!(shown.contains("Shift-1 label number 11") && shown.contains("Shift-0 label number 20"), "{shown}");
    let mut few = classified();
    assert!(decisions(&press(&mut few, "<f4>!")).is_empty());
    assert!(few.notice.unwrap().text.contains("There are 3 labels: l lists them."));
}

#[test]
fn a_pack_of_labels_can_be_taken_and_taken_back() {
    let mut model = classified();
    let before = model.labels.editor.lines().to_vec();
    press(&mut model, "<f2><ctrl-l>war<enter>");
    assert_eq!(model.pane, Pane::Labels);
    assert!(
        model.labels.current.iter().any(|label| label.text == "a person with a rifle"),
        "{:?}",
        model.labels.current
    );
    assert_eq!(model.labels.error, None);
    press(&mut model, "<ctrl-u>");
    assert_eq!(model.labels.editor.lines(), before);
}

#[test]
fn every_pack_is_a_list_of_labels_with_one_for_the_rest() {
    for language in Language::all() {
        let model = model_in(language);
        for pack in crate::tui::model::PACKS {
            let lines = crate::tui::model::pack_lines(&model.language, &pack).join("\n");
            let labels = crate::domain::label::from_lines(&lines).unwrap();
            assert!((8..=10).contains(&labels.len()), "{pack:?}: a digit for each");
            assert!(crate::domain::advice::catches_the_rest(&labels), "{pack:?}");
            // Models read English captions, whatever the folders are called.
            let english = |prompt: &String| {
                prompt.is_ascii()
                    && crate::domain::advice::advice(&crate::domain::label::Label::named(prompt.as_str()))
                        != Some(crate::domain::advice::Advice::Long)
            };
            assert!(labels.iter().all(|label| label.prompts.iter().all(english)), "{labels:?}");
        }
    }
}
