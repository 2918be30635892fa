//! Changes that others make in the session on the screen.

use super::live::{decided, follow, followed_with, seen};
use super::*;
use crate::backend::{NotShown, ScoredWith, SessionRow};

/// A classified session that is followed, in its review.
fn reviewed() -> Model {
    let mut model = classified();
    told(&mut model, Event::Begun { begun: 1 });
    press(&mut model, "<f4>");
    model
}

#[test]
fn what_others_decide_and_sort_is_followed() {
    let mut model = classified();
    told(&mut model, Event::Begun { begun: 1 });
    press(&mut model, "<f4>j");
    let (queue, at) = (model.review.queue.clone(), model.review.at);
    let mut placed = decided(1, "a face");
    placed.entry.placed = Some("a face".to_owned());
    follow(&mut model, vec![], vec![placed], true);
    let entry = &model.collection.entries()[0];
    assert_eq!(entry.placed.as_deref(), Some("a face"));
    assert_eq!(entry.decision, Some(Decision::Reassigned(model.labels.numbers[2])));
    assert_eq!((model.counts.by_label.as_slice(), model.counts.pictures()), (&[1, 1, 2][..], 6));
    // Pictures that join have the session's scores where its labels are those on the screen.
    follow(&mut model, vec![seen(7, &[0.1, 0.1, 0.8])], vec![], true);
    assert_eq!((model.counts.by_label.as_slice(), model.counts.pictures()), (&[1, 1, 3][..], 7));
    assert_eq!((&model.review.queue[..6], model.review.at), (&queue[..], at));
    // Where they are others, it waits for those.
    press(&mut model, "<f3><enter>x<esc>");
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![0.9; 21] });
    let with = Some(ScoredWith { labels: vec![], template: "{}".to_owned() });
    let joined = vec![seen(8, &[0.1, 0.1, 0.8])];
    let event = Event::Followed {
        begun: 1,
        kept: 0,
        with,
        revision,
        joined,
        scores: vec![f32::NAN; 3],
        changed: vec![],
        are_arrivals: true,
    };
    told(&mut model, event);
    assert_eq!(model.collection.best(7), None);
    told(&mut model, Event::ScoredLate { revision, pictures: vec![PictureId(8)], scores: vec![0.1, 0.8, 0.1] });
    assert_eq!(model.collection.best(7).map(|best| best.label), Some(1));
    // Nothing is taken of another session.
    let mut stale = followed_with(&model, vec![seen(9, &[])], vec![], true);
    if let Event::Followed { begun, .. } = &mut stale {
        *begun = 9;
    }
    told(&mut model, stale);
    assert_eq!(model.collection.len(), 8);
}

#[test]
fn what_somebody_else_has_decided_since_is_not_taken_back() {
    let mut model = classified();
    told(&mut model, Event::Begun { begun: 1 });
    // Two at once; then somebody else says something else of the first.
    press(&mut model, "<f4>vjv2y");
    let mine: Vec<i64> = model.collection.entries().iter().filter(|e| e.decision.is_some()).map(|e| e.id.0).collect();
    assert_eq!(mine.len(), 2);
    model.live.kept(u64::MAX);
    follow(&mut model, vec![], vec![decided(mine[0], "a face")], true);
    let theirs = Some(Decision::Reassigned(model.labels.numbers[2]));
    press(&mut model, "u");
    let decision = |model: &Model, id: i64| {
        model.collection.entries().iter().find(|entry| entry.id.0 == id).and_then(|entry| entry.decision)
    };
    assert_eq!((decision(&model, mine[0]), decision(&model, mine[1])), (theirs, None));
    assert!(model.notice.as_ref().unwrap().text.contains("1 picture was decided otherwise"));
    // Nor is it done again over theirs.
    press(&mut model, "U");
    assert_eq!(decision(&model, mine[0]), theirs);
    assert!(decision(&model, mine[1]).is_some());
}

#[test]
fn a_decision_on_its_way_outranks_what_was_read_before_it_was_kept() {
    let mut model = reviewed();
    let picture = model.collection.entries()[model.review.current().unwrap()].id.0;
    press(&mut model, "x");
    let read = |model: &mut Model, steps: u64, label: &str| {
        let mut event = followed_with(model, vec![], vec![decided(picture, label)], true);
        if let Event::Followed { kept, .. } = &mut event {
            *kept = steps;
        }
        told(model, event);
        let place = model.collection.place_of(PictureId(picture)).unwrap();
        model.collection.entries()[place].decision
    };
    assert_eq!(read(&mut model, 0, "a face"), Some(Decision::NoneOfThese), "it was read before");
    // Read after it: somebody else has said something else since.
    let face = model.labels.numbers[2];
    assert_eq!(read(&mut model, 1, "a face"), Some(Decision::Reassigned(face)));
    // While the line of a label is edited, the session knows it by its text of before.
    press(&mut model, "<f3><enter>s");
    assert_eq!(model.labels.current[0].text, "sa map");
    let map = model.labels.numbers[0];
    assert_eq!(read(&mut model, 1, "a map"), Some(Decision::Reassigned(map)));
}

#[test]
fn a_picture_that_moved_before_it_was_painted_is_asked_for_where_it_is_now() {
    let mut model = reviewed();
    let number = model.collection.entries()[model.review.current().unwrap()].id.0;
    let view = model.review.view;
    told(&mut model, Event::Viewed { number: view, viewed: Err(NotShown::Gone), facts: None });
    let mut moved = seen(number, &[]);
    moved.entry.placed = Some("a face".to_owned());
    let effects = follow(&mut model, vec![], vec![moved], true);
    let [Order::View { sight, .. }] = orders(&effects)[..] else { panic!("{effects:?}") };
    // One of its name may have been there before it.
    let names: Vec<_> = [format!("{number}.jpg"), format!("{number}~{}.jpg", sight.hash.unwrap().short())]
        .map(|name| std::path::Path::new("/sorted/a face").join(name))
        .into();
    assert!(sight.others.starts_with(&names), "{sight:?}");
}

#[test]
fn what_was_replaced_counts_no_more_and_is_not_decided() {
    let mut model = reviewed();
    let current = model.review.current().unwrap();
    let number = model.collection.entries()[current].id.0;
    let replaced = SessionRow { is_replaced: true, ..seen(number, &[]) };
    follow(&mut model, vec![seen(7, &[0.9, 0.05, 0.05])], vec![replaced], true);
    assert_eq!((model.collection.pictures(), model.counts.pictures()), (6, 6));
    // The person is still where they were, and decides about nothing that is not there.
    assert_eq!(model.review.current(), Some(current));
    assert!(screen(&model, 80, 24).contains("Another content is at"));
    assert!(decisions(&press(&mut model, "1")).is_empty());
    press(&mut model, "o");
    assert!(!model.review.queue.contains(&current) && model.review.queue.len() == 6);
}
