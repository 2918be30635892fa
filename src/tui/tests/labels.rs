//! The label editor: identity of labels, advice.

use super::*;
use crate::domain::label::{Label, LabelError};

#[test]
fn labels_are_counted_anew_while_they_are_typed() {
    let mut model = classified();
    assert_eq!((model.counts.by_label.as_slice(), model.counts.unsure), (&[2, 1, 1][..], 2));
    let effects = press(&mut model, "<f3><enter>x");
    let rescores = orders(&effects).into_iter().filter(|order| matches!(order, Order::Rescore { .. })).count();
    assert_eq!(rescores, 1);
    let revision = model.labels.revision;
    // Scores of a revision before are stale.
    told(&mut model, Event::Rescored { revision: revision - 1, scores: vec![1.0; 18] });
    assert_eq!(model.counts.by_label, [2, 1, 1]);
    told(&mut model, Event::Rescored { revision, scores: [[0.0, 0.9, 0.1]; 6].concat() });
    assert_eq!(model.counts.by_label, [0, 6, 0]);
    // A text that makes no sense says so and leaves the counts.
    press(&mut model, "<backspace>");
    model.set_labels(vec!["a map".to_owned(), "a map".to_owned()]);
    assert!(model.labels.error.is_some());
    assert_eq!(model.counts.by_label, [0, 6, 0]);
}

fn renames(effects: &[Effect]) -> Vec<(String, String)> {
    let renames = orders(effects).into_iter().filter_map(|order| match order {
        Order::Rename { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    renames.collect()
}

#[test]
fn a_label_keeps_what_was_decided_for_it_when_its_line_is_edited() {
    let mut model = classified();
    press(&mut model, "<f4>1");
    assert!(renames(&press(&mut model, "<f3><enter>xy")).is_empty(), "a text that is being typed is none yet");
    assert_eq!(renames(&press(&mut model, "<esc>")), [("a map".to_owned(), "xya map".to_owned())]);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.0, 0.0, 0.9]; 6].concat() });
    assert_eq!((model.counts.by_label[0], model.counts.label_removed), (1, 0));
    // A run that began before still tells of the label by its former text.
    let decided = Entry { decision: Some(Decision::Accepted(crate::domain::decision::LabelId(7))), ..entry(9) };
    let entries = vec![(decided, Some("a map".to_owned()))];
    told(&mut model, Event::Arrived { revision, entries, scores: vec![0.0, 0.0, 0.9] });
    assert_eq!((model.counts.by_label[0], model.counts.label_removed), (2, 0));
}

#[test]
fn decisions_of_a_label_that_is_removed_go_to_no_other() {
    let mut model = classified();
    model.set_labels(["gun", "a page of text", "a face"].map(str::to_owned).to_vec());
    let revision = model.labels.revision;
    let scores = [[0.9, 0.05, 0.05]; 6].concat();
    told(&mut model, Event::Rescored { revision, scores });
    press(&mut model, "<f4>1");
    let standing = |model: &mut Model| {
        let revision = model.labels.revision;
        let width = model.labels.numbers.len();
        told(model, Event::Rescored { revision, scores: vec![0.0; 6 * width] });
        (model.counts.by_label.clone(), model.counts.label_removed)
    };
    // The line goes, and another label begins as it did.
    let mut effects = press(&mut model, "<f3><enter><ctrl-k><delete>");
    effects.extend(press(&mut model, "<esc><enter>graffiti<enter>"));
    assert_eq!(standing(&mut model), (vec![0, 0, 0], 1));
    // Written again, it is back; written on, it is another one.
    effects.extend(press(&mut model, "gun"));
    assert!(
        matches!(model.labels.editor.lines()[1].as_str(), text if text.starts_with("gun")),
        "{:?}",
        model.labels.editor.lines()
    );
    effects.extend(press(&mut model, "<enter>"));
    assert_eq!(standing(&mut model), (vec![0, 1, 0, 0], 0));
    effects.extend(press(&mut model, "<backspace> shop<enter>"));
    assert_eq!(standing(&mut model).1, 1);
    effects.extend(press(&mut model, "<esc>"));
    assert_eq!(renames(&effects), []);
    assert!(model.labels.book.find("gun").is_some(), "{:?}", model.labels.book);
}

#[test]
fn another_template_is_another_plan() {
    let mut model = classified();
    press(&mut model, "<f5>");
    told(&mut model, planned(plan()));
    let before = model.labels.revision;
    press(&mut model, "<f2>");
    (model.setup.is_more, model.setup.chosen) = (true, Field::Template);
    press(&mut model, "<enter>x<enter>");
    assert!(model.files.plan.is_none() && model.labels.revision > before, "{:?}", model.setup.chosen);
}

#[test]
fn a_list_with_commas_is_pasted_as_lines() {
    let mut model = model();
    model.set_labels(vec![String::new()]);
    press(&mut model, "<f3><enter>");
    update(&mut model, Message::Paste("a rifle, \"a tank, seen = from above\", map = a map | a plan".to_owned()));
    let texts: Vec<&str> = model.labels.current.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(texts, ["a rifle", "a tank, seen = from above", "map"]);
    assert_eq!(model.labels.current[2].prompts, ["a map", "a plan"]);
}

#[test]
fn a_list_in_json_is_pasted_as_lines() {
    let mut model = model();
    model.set_labels(vec![String::new()]);
    press(&mut model, "<f3><enter>");
    update(&mut model, Message::Paste("[\n  \"a rifle\",\n  \"a = b\",\n  \"it's\"\n]\n".to_owned()));
    assert_eq!(model.labels.editor.lines(), ["a rifle", "a \\= b", "it's"]);
    assert_eq!(model.labels.current[1], Label::named("a = b"));
}

#[test]
fn labels_of_an_earlier_session_keep_their_quotes_and_blanks() {
    let mut model = model();
    let labels = ["\"a gun\"", "a  map", "'a' or 'b'"].map(Label::named).to_vec();
    model.open_labels(labels.clone());
    assert_eq!((model.labels.parsed(), &model.labels.current), (Ok(labels.clone()), &labels));
}

#[test]
fn a_comment_is_no_label_and_takes_no_hint() {
    let mut model = classified();
    model.set_labels(["#memes", "gun,", "a face"].map(str::to_owned).to_vec());
    let texts: Vec<&str> = model.labels.current.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(texts, ["gun", "a face"]);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.9, 0.05]; 6].concat() });
    press(&mut model, "<f3><enter><ctrl-t>");
    assert_eq!(model.labels.editor.lines()[0], "#memes");
    let row = screen(&model, 100, 24).lines().find(|line| line.contains("gun,")).unwrap().to_owned();
    assert!(row.contains("100 %"), "{row}");
    press(&mut model, "<down><ctrl-t>");
    assert_eq!(model.labels.editor.lines()[1], "gun = a photo of a gun");
}

/// Sessions of before have labels that nobody could write now: they are shown, and count as they are.
#[test]
fn labels_of_an_earlier_session_stay_the_same_labels() {
    let mut model = classified();
    let labels: Vec<Label> = ["# a map", "a = b | c", "Face,", "face,"].into_iter().map(Label::named).collect();
    model.open_labels(labels.clone());
    assert_eq!((&model.labels.current, &model.labels.error), (&labels, &None));
    // What is written next is looked at as always.
    press(&mut model, "<f3><enter>x");
    let error = LabelError::OneName { first: "Face,".to_owned(), second: "face,".to_owned() };
    assert_eq!(model.labels.error, Some(error));
    model.open_labels(labels[..3].to_vec());
    press(&mut model, "more<enter>");
    assert_eq!(model.labels.error, None);
    assert_eq!(model.labels.current[1..], labels[..3]);
}

#[test]
fn a_long_line_moves_alone_and_the_other_labels_stay_in_sight() {
    let mut model = classified();
    let long = format!("a crowd {}", "of very many people ".repeat(6));
    model.set_labels(vec!["a map".to_owned(), long, "a face".to_owned()]);
    press(&mut model, "<f3><enter><down><end>");
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("a map") && shown.contains("a face"), "{shown}");
    assert!(shown.lines().nth(3).unwrap().starts_with("\"…"), "{shown}");
}

#[test]
fn labels_are_advised() {
    let mut model = classified();
    model.set_labels(["gun", "a rifle", "a long gun"].map(str::to_owned).to_vec());
    let revision = model.labels.revision;
    told(&mut model, Event::Alike { revision: revision - 1, pairs: vec![(0, 1)] });
    assert!(model.labels.alike.is_empty(), "a stale answer is dropped");
    told(&mut model, Event::Alike { revision, pairs: vec![(1, 2)] });
    press(&mut model, "<f3>");
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("much like “a long gun”") && shown.contains("much like “a rifle”"), "{shown}");
    assert!(shown.contains("one word: try Ctrl-T") && shown.contains("No label takes the rest"), "{shown}");
    press(&mut model, "<enter><ctrl-t>");
    assert_eq!(model.labels.editor.lines()[0], "gun = a photo of a gun");
    assert!(model.labels.alike.is_empty());
    press(&mut model, "<ctrl-u><ctrl-u>");
    assert_eq!(model.labels.editor.lines()[0], "gun");
    // A label that the model cannot read is named, and the text that is wrong.
    let error = EngineError::LabelTooLong { label: "a rifle".to_owned(), tokens: 92, limit: 77 };
    let revision = model.labels.revision;
    told(&mut model, Event::LabelsFailed { revision, label: Some(1), error: error.into() });
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("too long: use fewer") && shown.contains("the model reads 77"), "{shown}");
}

#[test]
fn a_decision_for_a_label_inside_another_counts_for_that_one_and_stays_what_it_is() {
    let mut model = classified();
    let before = model.counts.by_label.clone();
    let key = || "a face\nsmiling".to_owned();
    let decided = Entry { decision: Some(Decision::Reassigned(crate::domain::decision::LabelId(70))), ..entry(9) };
    let revision = model.labels.revision;
    let entries = vec![(decided, Some(key()))];
    told(&mut model, Event::Arrived { revision, entries, scores: vec![0.9, 0.05, 0.05] });
    assert_eq!((model.counts.by_label[2], model.counts.label_removed), (before[2] + 1, 0));
    press(&mut model, "<f4>");
    let index = model.collection.place_of(PictureId(9)).unwrap();
    model.review.at = model.review.queue.iter().position(|queued| *queued == index).unwrap();
    assert!(screen(&model, 120, 40).contains("a face/smiling"), "{}", screen(&model, 120, 40));
    // What is taken back is the very decision that there was.
    press(&mut model, "1");
    assert_eq!(decisions(&press(&mut model, "u")), [(9, Some(NamedDecision::Reassigned(key())))]);
    // The label outside is renamed, and the one inside with it, which is no rename of its own.
    press(&mut model, "<f3><enter><down><down>x");
    assert_eq!(renames(&press(&mut model, "<esc>")), [("a face".to_owned(), "xa face".to_owned())]);
    press(&mut model, "<f4>");
    model.review.at = model.review.queue.iter().position(|queued| *queued == index).unwrap();
    press(&mut model, "1");
    let now = NamedDecision::Reassigned("xa face\nsmiling".to_owned());
    assert_eq!(decisions(&press(&mut model, "u")), [(9, Some(now))]);
}
