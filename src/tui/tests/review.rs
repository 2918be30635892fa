//! Review: decisions, undo, the audit, pictures.

use super::*;
use crate::backend::Part;

#[test]
fn nobody_accepts_what_is_not_on_the_screen() {
    let mut model = classified();
    press(&mut model, "<f3><enter>x<esc>");
    assert!(decisions(&press(&mut model, "<f4>a")).is_empty(), "its scores are those of other labels");
    assert_eq!(decisions(&press(&mut model, "2")).len(), 1);
}

#[test]
fn steps_are_taken_back_when_all_pictures_are_there() {
    let mut model = classified();
    press(&mut model, "<f4>1<ctrl-s>");
    told(&mut model, found(6));
    let said = vec![(PictureId(1), Some(NamedDecision::NoneOfThese))];
    told(&mut model, Event::Decided { steps: vec![DecisionStep { kind: StepKind::Decide, said }] });
    assert!(decisions(&press(&mut model, "<f4>u")).is_empty());
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let decided = Entry { decision: Some(Decision::NoneOfThese), ..entry(1) };
    told(&mut model, Event::Arrived { revision, entries: vec![(decided, None)], scores: vec![0.9, 0.0, 0.1] });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    assert_eq!(decisions(&press(&mut model, "uy")), [(1, None)]);
}

#[test]
fn one_key_decides_and_goes_on() {
    let mut model = classified();
    press(&mut model, "<f4>");
    // The least sure first: 6, 5, then the others.
    assert_eq!(model.review.current(), Some(5));
    let effects = press(&mut model, "3ax");
    assert_eq!(
        decisions(&effects),
        [
            (6, Some(NamedDecision::Reassigned("a face".to_owned()))),
            (5, Some(NamedDecision::Accepted("a map".to_owned()))),
            (model.collection.entries()[model.review.queue[2]].id.0, Some(NamedDecision::NoneOfThese)),
        ]
    );
    assert_eq!(model.review.at, 3);
    assert_eq!(model.counts.pictures(), 6);
    assert_eq!((model.counts.none_of_these, model.counts.unsure), (1, 0));
    // A digit that is the prediction accepts it.
    let effects = press(&mut model, "f");
    assert!(decisions(&effects).is_empty());
}

#[test]
fn one_decision_holds_for_every_picture_of_the_content() {
    let mut model = classified();
    let revision = model.labels.revision;
    let twin = |number| Entry { hash: entry(6).hash, ..entry(number) };
    let entries = vec![(twin(7), None), (twin(8), None)];
    told(&mut model, Event::Arrived { revision, entries, scores: [[0.3, 0.36, 0.34]; 2].concat() });
    press(&mut model, "<f4>");
    assert_eq!((model.review.queue.len(), model.review.current()), (6, Some(5)));
    let shown = screen(&model, 160, 24);
    assert!(shown.contains("and 2 more of the same content") && shown.contains("6.jpg +2"), "{shown}");
    let none = Some(NamedDecision::NoneOfThese);
    assert_eq!(decisions(&press(&mut model, "x")), [(6, none.clone()), (7, none.clone()), (8, none)]);
    assert_eq!((model.counts.none_of_these, model.counts.pictures()), (3, 8));
    assert!(screen(&model, 100, 24).contains("reviewed 3"), "{}", screen(&model, 100, 24));
    assert_eq!(decisions(&press(&mut model, "u")), [(6, None), (7, None), (8, None)]);
    assert_eq!((model.review.current(), model.counts.none_of_these), (Some(5), 0));
    // One that comes later is in the queue already.
    told(&mut model, Event::Arrived { revision, entries: vec![(twin(9), None)], scores: vec![0.3, 0.36, 0.34] });
    assert_eq!((model.review.queue.len(), model.counts.pictures()), (6, 9));
    assert_eq!(decisions(&press(&mut model, "U")).len(), 3);
}

#[test]
fn undo_and_redo_go_step_by_step() {
    let mut model = classified();
    press(&mut model, "<f4>3a");
    let effects = press(&mut model, "uu");
    assert_eq!(decisions(&effects), [(5, None), (6, None)]);
    assert_eq!(model.review.at, 0);
    assert!(model.collection.entries().iter().all(|entry| entry.decision.is_none()));
    let effects = press(&mut model, "U");
    assert_eq!(decisions(&effects), [(6, Some(NamedDecision::Reassigned("a face".to_owned())))]);
    assert!(decisions(&press(&mut model, "uuuu")).len() == 1);
}

#[test]
fn many_are_marked_and_decided_at_once() {
    let mut model = classified();
    let effects = press(&mut model, "<f4><space><space><down><space>2y");
    assert_eq!(decisions(&effects).len(), 3);
    assert!(model.review.marked.is_empty());
    assert_eq!(decisions(&press(&mut model, "u")).len(), 3);
    let mut model = classified();
    assert_eq!(decisions(&press(&mut model, "<f4>v<down><down>vxy")).len(), 3);
}

#[test]
fn a_picture_is_painted_for_its_room_and_anew_when_that_changes() {
    let mut model = classified();
    let viewed = |effects: &[Effect]| {
        let views = orders(effects).into_iter().filter_map(|order| match order {
            Order::View { sight, room, next, .. } => Some((sight.path.clone(), *room, next.len())),
            _ => None,
        });
        views.collect::<Vec<_>>()
    };
    let first = viewed(&press(&mut model, "<f4>"));
    assert_eq!(first, [("/pictures/6.jpg".into(), PreviewSize { columns: 56, rows: 19, generation: 0 }, 2)]);
    assert!(viewed(&update(&mut model, Message::Resized(80, 24))).is_empty(), "nothing has changed");
    let wide = viewed(&update(&mut model, Message::Resized(160, 50)));
    assert_eq!(wide, [("/pictures/6.jpg".into(), PreviewSize { columns: 98, rows: 45, generation: 0 }, 2)]);
    // Back from the background, and over a slow line.
    assert_eq!(viewed(&update(&mut model, Message::Resumed))[0].1.generation, 1);
    let effects = update(&mut model, Message::SlowLine);
    assert!(matches!(effects[0], Effect::Paint(Preview::Blocks)));
    assert_eq!(viewed(&effects)[0].1.generation, 2);
    assert!(update(&mut model, Message::SlowLine).is_empty(), "there is nothing less than blocks");
    // Of hidden ones nothing is asked but what is known of the file.
    let hidden = press(&mut model, "bj");
    assert!(orders(&hidden).iter().all(|order| matches!(order, Order::View { part: Part::Nothing, .. })), "{hidden:?}");
    assert_eq!(viewed(&hidden).len(), 2);
    assert_eq!(viewed(&press(&mut model, "b")).len(), 1);
    assert_eq!(viewed(&press(&mut model, "p"))[0].1.generation, 3);
}

#[test]
fn the_model_is_judged_by_a_fair_sample() {
    let mut model = classified();
    press(&mut model, "<f4>oooo");
    assert!(screen(&model, 160, 30).contains("a fair sample"));
    press(&mut model, "aaxaaa");
    let shown = screen(&model, 160, 30);
    assert!(shown.contains("Right among those predicted"), "{shown}");
    let rows: Vec<&str> = shown.lines().filter(|line| line.contains("/2") && line.contains('%')).collect();
    assert_eq!(rows.len(), 2, "{shown}");
    press(&mut model, "fU");
    assert!(!screen(&model, 160, 30).contains("Right among"), "only all pictures are a fair sample");
}
