//! Inside a label: its pictures alone, labels of their own, and the way back out.

use super::*;
use crate::domain::decision::LabelId;
use crate::domain::label::Label;
use crate::store::session::Sorting;

/// Everything is scored by the labels of now, which are two: all but the first picture suit the second.
fn scored_by_two(model: &mut Model) {
    let revision = model.labels.revision;
    let scores: Vec<f32> =
        (0..model.collection.len()).flat_map(|at| if at == 0 { [0.9, 0.1] } else { [0.1, 0.9] }).collect();
    told(model, Event::Rescored { revision, scores });
}

/// The key that leads back out, which begins a name in angle brackets.
fn come_out(model: &mut Model) -> Vec<Effect> {
    update(model, Message::Key(KeyEvent::new(KeyCode::Char('<'), KeyModifiers::NONE)))
}

/// The scores of the pictures outside, as they are in the beginning.
fn scores() -> Vec<f32> {
    [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [0.3, 0.36, 0.34]]
        .concat()
}

/// The label inside which is sorted by order, the labels inside it, and how many pictures.
fn narrowed(effects: &[Effect]) -> Option<(String, Vec<String>, usize)> {
    orders(effects).into_iter().find_map(|order| match order {
        Order::Narrow { within, sorting, scores, .. } => {
            Some((within.clone(), sorting.labels.iter().map(|label| label.text.clone()).collect(), scores.len()))
        }
        _ => None,
    })
}

fn sorted_inside(labels: [&str; 2]) -> Vec<(String, Sorting)> {
    let model = classified();
    let labels = labels.map(Label::named).to_vec();
    vec![("a map".to_owned(), Sorting { labels, ..model.sorting().unwrap() })]
}

#[test]
fn labels_are_written_and_counted_inside_a_label_and_kept_on_the_way_out() {
    let mut model = classified();
    let before = (model.counts.clone(), model.labels.current.clone());
    let pictures = model.counts.by_label[0];
    assert_eq!(pictures, 2);
    press(&mut model, "<f3>>");
    assert!(model.labels.is_editing, "there are none yet");
    assert!(screen(&model, 80, 24).contains("Labels inside: a map"), "{}", screen(&model, 80, 24));
    assert_eq!(model.counts.pictures(), pictures);
    let effects = press(&mut model, "old<enter>new");
    let asked = orders(&effects).into_iter().rev().find_map(|order| match order {
        Order::Rescore { labels, .. } => Some(labels.iter().map(|label| label.text.clone()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(asked, Some(vec!["old".to_owned(), "new".to_owned()]));
    scored_by_two(&mut model);
    assert_eq!(model.counts.by_label.iter().sum::<usize>(), pictures, "only pictures of the label are counted");
    press(&mut model, "<esc>");
    let effects = come_out(&mut model);
    let labels = ["old", "new"].map(str::to_owned).to_vec();
    assert_eq!(narrowed(&effects), Some(("a map".to_owned(), labels, pictures)));
    assert!(orders(&effects).iter().any(|order| matches!(order, Order::Rescore { labels, .. } if labels.len() == 3)));
    assert_eq!(model.labels.current, before.1);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: scores() });
    assert_eq!(model.counts, before.0);
    // The same labels are there again.
    press(&mut model, ">");
    assert_eq!(model.labels.current.iter().map(|label| label.text.as_str()).collect::<Vec<_>>(), ["old", "new"]);
    assert!(!model.labels.is_editing);
}

#[test]
fn the_queue_is_whole_and_in_order_on_both_ways() {
    let mut model = classified();
    told(&mut model, Event::Inside { labels: sorted_inside(["old", "new"]) });
    press(&mut model, "<f4>a");
    press(&mut model, "f1");
    let outside = (model.review.filter, model.review.queue.clone());
    assert!(outside.1.len() > 1);
    press(&mut model, ">");
    let revision = model.labels.revision;
    let inner = (0..model.collection.len()).flat_map(|at| [0.6 + at as f32 / 100.0, 0.3]).collect();
    told(&mut model, Event::Rescored { revision, scores: inner });
    let margins = model.review.queue.iter().map(|index| model.collection.best(*index).unwrap().margin);
    assert!(margins.is_sorted() && model.review.queue.len() == outside.1.len());
    assert_eq!(model.review.at, 0);
    come_out(&mut model);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: scores() });
    assert_eq!((model.review.filter, model.review.queue.clone()), outside);
}

#[test]
fn decisions_inside_a_label_say_that_label_too() {
    let mut model = classified();
    told(&mut model, Event::Inside { labels: sorted_inside(["old", "new"]) });
    press(&mut model, "<f3>><f4>");
    scored_by_two(&mut model);
    press(&mut model, "<f3><f4>");
    assert_eq!(model.review.queue.len(), 2);
    let [first, second] = [0, 1].map(|at| model.collection.entries()[model.review.queue[at]].id.0);
    let said = |key: &str| Some(NamedDecision::Reassigned(key.to_owned()));
    assert_eq!(decisions(&press(&mut model, "1")).len(), 1);
    press(&mut model, "u");
    press(&mut model, "x");
    let none = Some(NamedDecision::NoneInside("a map".to_owned()));
    let step = model.collection.entries().iter().filter_map(|entry| entry.decision).collect::<Vec<_>>();
    assert!(matches!(step.as_slice(), [Decision::NoneInside(_)]), "{step:?}");
    assert_eq!(decisions(&press(&mut model, "u"))[0].1, None);
    assert_eq!(decisions(&press(&mut model, "x")), [(first, none)]);
    let label = decisions(&press(&mut model, "2")).remove(0);
    assert_eq!(label.0, second);
    assert!(label.1 == said("a map\nnew") || label.1 == Some(NamedDecision::Accepted("a map\nnew".to_owned())));
    // Outside both are of the label.
    come_out(&mut model);
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: [[0.1, 0.8, 0.1]; 6].concat() });
    assert_eq!((model.counts.by_label[0], model.counts.none_of_these, model.counts.label_removed), (2, 0, 0));
}

#[test]
fn a_plan_is_made_of_all_labels_and_waits_for_their_scores() {
    let mut model = classified();
    told(&mut model, Event::Inside { labels: sorted_inside(["old", "new"]) });
    press(&mut model, "<f3>>");
    scored_by_two(&mut model);
    let effects = press(&mut model, "<f5>");
    assert!(model.labels.outside.is_empty());
    assert!(narrowed(&effects).is_some());
    assert!(!orders(&effects).iter().any(|order| matches!(order, Order::Plan { .. })));
    let revision = model.labels.revision;
    let effects = told(&mut model, Event::Rescored { revision, scores: scores() });
    let planned = orders(&effects).into_iter().find_map(|order| match order {
        Order::Plan { sorting, scores, .. } => Some((sorting.labels.len(), scores.len())),
        _ => None,
    });
    assert_eq!(planned, Some((3, 6)));
}

#[test]
fn a_finer_sort_that_is_as_it_was_keeps_its_own_threshold() {
    let mut model = classified();
    let mut labels = sorted_inside(["old", "new"]);
    labels[0].1.threshold = 0.125;
    told(&mut model, Event::Inside { labels });
    press(&mut model, "<f3>>");
    scored_by_two(&mut model);
    let effects = come_out(&mut model);
    let kept = orders(&effects).into_iter().find_map(|order| match order {
        Order::Narrow { sorting, .. } => Some(sorting.threshold),
        _ => None,
    });
    assert_eq!(kept, Some(0.125));
}

#[test]
fn what_makes_no_sense_inside_is_said_and_not_kept() {
    let mut model = classified();
    come_out(&mut model);
    assert!(screen(&model, 80, 24).contains("outermost labels already"));
    press(&mut model, "<f2>>");
    assert!(screen(&model, 80, 24).contains("No label here to go inside"));
    press(&mut model, "<f3>>only one");
    press(&mut model, "<esc>");
    let effects = come_out(&mut model);
    assert_eq!(narrowed(&effects), None);
    assert_eq!(model.labels.current.len(), 3);
    // While the labels are not scored, nobody goes inside one.
    press(&mut model, ">");
    assert!(model.labels.outside.is_empty());
    assert_eq!(model.collection.within(), None::<LabelId>);
}

#[test]
fn the_grid_accepts_inside_a_label_what_is_accepted_outside() {
    let mut model = classified();
    told(&mut model, Event::Inside { labels: sorted_inside(["old", "new"]) });
    press(&mut model, "<f4>f1");
    assert_eq!(decisions(&press(&mut model, "a")).len() + decisions(&press(&mut model, "a")).len(), 2);
    press(&mut model, ">");
    scored_by_two(&mut model);
    press(&mut model, "g");
    super::grid::all_drawn(&mut model);
    let shown = screen(&model, 80, 24);
    assert!(!shown.contains("✓a map") && shown.contains("new"), "{shown}");
    let accepted = |key: &str| Some(NamedDecision::Accepted(key.to_owned()));
    let accept =
        |model: &mut Model| -> Vec<_> { decisions(&press(model, "A")).into_iter().map(|(_, said)| said).collect() };
    assert_eq!(accept(&mut model), [accepted("a map\nold")]);
    // The grid goes on to the other label inside, of which a picture is open.
    super::grid::all_drawn(&mut model);
    assert_eq!(accept(&mut model), [accepted("a map\nnew")]);
}

#[test]
fn going_inside_a_label_ends_what_was_looked_for_and_the_filter_before() {
    let mut model = classified();
    told(&mut model, Event::Inside { labels: sorted_inside(["old", "new"]) });
    press(&mut model, "<f4>f3f1/jpg<tab>");
    assert!(model.find.is_active());
    press(&mut model, ">");
    scored_by_two(&mut model);
    assert!(!model.find.is_active());
    // A third label is not there inside.
    press(&mut model, "<esc>F");
    assert_eq!(model.review.filter, crate::domain::review::QueueFilter::All);
}

#[test]
fn a_step_about_pictures_outside_is_taken_back_outside() {
    let mut model = classified();
    press(&mut model, "<f4>");
    // A picture that stands for another label.
    model.review.at = model.review.queue.iter().position(|index| *index == 2).unwrap();
    assert_eq!(decisions(&press(&mut model, "x")).len(), 1);
    press(&mut model, "<f3>>old<enter>new<esc>");
    scored_by_two(&mut model);
    assert!(decisions(&press(&mut model, "<f4>u")).is_empty());
    let notice = model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    assert!(notice.contains("not inside this label") && notice.contains('<'), "{notice}");
    come_out(&mut model);
    assert_eq!(decisions(&press(&mut model, "<f4>u")), [(3, None)]);
}
