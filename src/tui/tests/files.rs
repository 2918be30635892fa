//! The files pane asks before it touches anything, and tells the truth about what is gone.

use super::*;
use crate::domain::plan::{Place, PlannedTransfer};
use crate::domain::run::Action;
use crate::store::StoreError;

/// Three copies, two moves, a regrouping, and a source that an earlier move left.
pub(super) fn mixed_plan() -> Plan {
    let transfer = |number: i64, action, from: Option<&str>| PlannedTransfer {
        picture: PictureId(number),
        action,
        size: 11_000_000,
        from: from.map(|folder| Place {
            folder: folder.to_owned(),
            file_name: format!("{number}.jpg").into(),
            is_ours: true,
        }),
        ..plan().transfers.remove(0)
    };
    let transfers = vec![
        transfer(1, Action::Copy, None),
        transfer(2, Action::Copy, None),
        transfer(3, Action::Copy, None),
        transfer(4, Action::Move, None),
        transfer(5, Action::Move, None),
        transfer(6, Action::Move, Some("a face")),
        transfer(7, Action::Remove, None),
    ];
    Plan { transfers, ..plan() }
}

fn in_files(plan: Plan) -> Model {
    let mut model = classified();
    press(&mut model, "<f5>");
    told(&mut model, planned(plan));
    model
}

#[test]
fn files_are_written_after_a_yes_to_the_numbers() {
    let mut model = in_files(mixed_plan());
    assert!(orders(&press(&mut model, "W")).is_empty() && model.question == Some(Question::Apply));
    let shown = screen(&model, 160, 24);
    let asked = "Apply: copies 3, moves 2, puts 1 into another label's folder, removes 1 source that an earlier move left \
                 (77 MB), into /sorted. y = yes";
    assert!(shown.contains(asked), "{shown}");
    for key in ["n", "<enter>", "<esc>", "W", "a"] {
        assert!(orders(&press(&mut model, key)).is_empty() && model.question.is_none(), "{key}");
        press(&mut model, "W");
    }
    assert!(matches!(orders(&press(&mut model, "y"))[..], [Order::Apply { .. }]));
    // None is said as well.
    let mut model = in_files(plan());
    press(&mut model, "W");
    assert!(screen(&model, 100, 24).contains("copies 1, moves 0 (70 kB), into /sorted."));
}

/// Somebody who presses one Tab too many goes on with the keys of Review.
#[test]
fn keys_that_decide_in_review_do_nothing_to_files() {
    let mut model = in_files(plan());
    for key in
        ["a", "<enter>", "x", "s", "u", "U", "n", "N", "v", "<space>", "1", "9", "0", "j", "k", "o", "f", "i", "b"]
    {
        assert!(orders(&press(&mut model, key)).is_empty(), "{key}");
        assert!(model.question.is_none() && model.work == Work::Idle && model.files.plan.is_some(), "{key}");
    }
    // After something was done, neither.
    let tally = Tally { done: 1, ..Tally::default() };
    told(&mut model, Event::Applied { run: Some(RunId(4)), tally, failures: vec![], total: 1, head: "ab".to_owned() });
    for key in ["a", "<enter>", "x", "s", "u", "U", "<space>", "1"] {
        assert!(orders(&press(&mut model, key)).is_empty() && model.question.is_none(), "{key}");
    }
    let shown = screen(&model, 160, 24);
    assert!(shown.contains("Run 4: 1 copied or moved into /sorted") && shown.contains("R takes it back"), "{shown}");
    assert!(shown.contains("The table of all pictures is output.csv in there. Next: F4 goes on"), "{shown}");
}

#[test]
fn taking_back_asks_with_what_the_session_says() {
    let mut model = in_files(plan());
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: None, .. }]));
    // A yes that is typed before the question is none.
    assert!(orders(&press(&mut model, "y")).is_empty());
    let outlook = Outlook { run: RunId(4), kind: RunKind::Undo, moved: 12, removed: 1834, copied: 2, gone: 3, left: 5 };
    told(&mut model, Event::Foreseen { outlook, failures: vec!["5.jpg is in use".to_owned()] });
    let shown = screen(&model, 160, 24);
    let asked = "Take run 4 back: removes 1834 copies, moves 12 back, copies 2 back, 3 are gone already, leaves 5 alone. \
                 y = yes";
    assert!(shown.contains(asked) && shown.contains("5.jpg is in use"), "{shown}");
    press(&mut model, "n");
    assert!(model.question.is_none() && !model.is_busy() && model.files.plan.is_some());
    press(&mut model, "R");
    told(&mut model, Event::Foreseen { outlook, failures: vec![] });
    assert!(matches!(orders(&press(&mut model, "y"))[..], [Order::Undo { run: Some(RunId(4)), .. }]));
    // What was taken back is done again after the same question.
    let tally = UndoTally { removed: 1834, ..UndoTally::default() };
    told(&mut model, Event::Undone { run: RunId(4), own: RunId(5), tally, failures: vec![], head: "cd".to_owned() });
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { run: Some(RunId(5)), .. }]));
    let outlook = Outlook { run: RunId(5), kind: RunKind::Redo, moved: 0, removed: 0, copied: 1834, gone: 0, left: 0 };
    told(&mut model, Event::Foreseen { outlook, failures: vec![] });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("Do again what run 5 took back: copies 1834. y = yes"), "{shown}");
}

#[test]
fn nobody_is_asked_in_another_pane_or_where_nothing_can_be_taken_back() {
    let mut model = in_files(plan());
    press(&mut model, "R<f4>");
    told(&mut model, foreseen(RunId(4)));
    assert!(model.question.is_none() && !model.is_busy());
    press(&mut model, "<f5>R");
    let outlook = Outlook { run: RunId(4), kind: RunKind::Undo, moved: 0, removed: 0, copied: 0, gone: 0, left: 32 };
    told(&mut model, Event::Foreseen { outlook, failures: vec!["run 5 has put it elsewhere".to_owned()] });
    assert!(model.question.is_none() && model.notice.as_ref().unwrap().is_error);
    let shown = screen(&model, 120, 24);
    let said =
        "Nothing of run 4 is taken back: 32 files stay where they are. Files says why; see to that, and press R again.";
    assert!(shown.contains("run 5 has put it elsewhere") && shown.contains(said), "{shown}");
    // Nothing to take back leaves the plan as it is.
    press(&mut model, "R");
    told(&mut model, Event::Failed { error: BackendError::NothingToUndo });
    assert!(model.files.plan.is_some() && !model.is_busy());
}

/// A run of which nothing came back is not said to be taken back, whatever the numbers.
#[test]
fn nothing_back_is_said_as_an_error() {
    for left in [0, 32] {
        let mut model = in_files(plan());
        let tally = UndoTally { left, ..UndoTally::default() };
        told(
            &mut model,
            Event::Undone { run: RunId(4), own: RunId(6), tally, failures: vec![], head: "cd".to_owned() },
        );
        let notice = model.notice.clone().unwrap();
        assert!(notice.is_error && notice.text.starts_with("Nothing of run 4 is taken back"), "{notice:?}");
        assert!(!screen(&model, 120, 24).contains("0 back"), "{}", screen(&model, 120, 24));
    }
}

/// The source and a label's folder were removed meanwhile.
#[test]
fn what_is_gone_is_counted_beside_what_is_in_place() {
    let mut model = classified();
    press(&mut model, "<f5>");
    let gone: Vec<std::path::PathBuf> = (1..=17).map(|number| format!("/pictures/{number}.jpg").into()).collect();
    let plan = Plan { transfers: vec![], in_place: 15, ..plan() };
    told(&mut model, Event::Planned { plan: Box::new(plan), gone, unseen: vec![] });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("15  in place already"), "{shown}");
    assert!(shown.contains("17  gone: neither where they were found nor in this destination"), "{shown}");
    assert!(!shown.contains("every picture lies where it belongs"), "{shown}");
    assert!(orders(&press(&mut model, "W")).is_empty() && model.question.is_none());
    let said = model.notice.clone().unwrap();
    assert!(said.is_error && said.text.contains("17 pictures are gone"), "{said:?}");
}

/// The session that is not obeyed is another one than that of the pictures: theirs is planned and written as ever.
#[test]
fn another_session_that_is_not_trusted_says_nothing_of_this_one() {
    let mut model = classified();
    model.setup.destination = crate::tui::input_line::InputLine::new("/other");
    press(&mut model, "<ctrl-s>");
    let not_own = StoreError::NotOwn { destination: "/other".into() };
    told(&mut model, Event::Failed { error: not_own.into() });
    assert!(model.untrusted.is_some() && !model.is_untrusted());
    press(&mut model, "<f5>");
    told(&mut model, planned(Plan::default()));
    assert!(screen(&model, 120, 24).contains("Nothing to do"));
}

/// Who waits in the pane for the plan does not have to ask for it.
#[test]
fn the_plan_is_made_once_all_pictures_are_looked_at() {
    let mut model = classified();
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(6));
    let revision = model.labels.revision;
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    let entries = (1..=2).map(|number| (entry(number), None)).collect();
    told(&mut model, Event::Arrived { revision, entries, scores: vec![0.9, 0.05, 0.05, 0.1, 0.8, 0.1] });
    assert!(orders(&press(&mut model, "<f5>")).is_empty());
    let effects = told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    assert!(orders(&effects).iter().any(|order| matches!(order, Order::Plan { .. })), "{effects:?}");
}

/// Work that began after a question is not joined by what was asked.
#[test]
fn a_yes_that_comes_too_late_begins_nothing() {
    let mut model = in_files(plan());
    press(&mut model, "W");
    told(&mut model, found(190));
    assert!(orders(&press(&mut model, "y")).is_empty());
    assert_eq!(model.work, Work::Classifying { files: 190, others: 0 });
}
