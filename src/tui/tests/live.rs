//! A session that changes by itself, as it is watched here.

use super::*;
use crate::backend::{ScoredWith, SessionRow, WatchNews, WatchStatus};
use crate::domain::decision::LabelId;
use crate::files::watcher::WatcherUnavailable;
use crate::jobs::watch::WatchedBy;
use crate::lang::Say;
use crate::tui::model::{Sorts, Watching};

/// A watch that has begun, with six pictures that were there.
fn watching(keys: &str) -> Model {
    watching_in(Language::english(), keys)
}

/// After so many presses of the space bar on the field.
fn watching_in(language: Language, keys: &str) -> Model {
    let mut model = model_in(language);
    (model.setup.is_more, model.setup.chosen) = (true, Field::Watching);
    let effects = press(&mut model, &format!("{keys}<ctrl-s>"));
    let begun = orders(&effects).into_iter().find_map(|order| match order {
        Order::Watch { number, sorts, .. } => Some((*number, *sorts)),
        _ => None,
    });
    let (number, sorts) = begun.unwrap_or_else(|| panic!("{effects:?}"));
    let effects = told(&mut model, found(0));
    assert!(matches!(orders(&effects)[..], [Order::Begin]));
    told(&mut model, Event::Begun { begun: 1 });
    let revision = model.labels.revision;
    let scores =
        [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [0.3, 0.36, 0.34]];
    let joined = (1..=6).zip(scores).map(|(number, scores)| seen(number, &scores)).collect();
    follow(&mut model, joined, vec![], false);
    assert!(model.is_scored(), "the session's own scores are those of its labels");
    let sorting = Box::new(model.sorting().unwrap());
    let effects = told(&mut model, Event::WatchBegan { number, sorting, sorts });
    assert_eq!(effects.iter().any(|effect| matches!(effect, Effect::LetSort(Some(_)))), sorts);
    told(&mut model, Event::Rescored { revision, scores: vec![f32::NAN; 18] });
    model
}

pub(super) fn seen(number: i64, scores: &[f32]) -> SessionRow {
    SessionRow { entry: entry(number), decided: None, scores: scores.to_vec(), is_replaced: false }
}

pub(super) fn decided(number: i64, label: &str) -> SessionRow {
    let entry = Entry { decision: Some(Decision::Reassigned(LabelId(99))), ..entry(number) };
    SessionRow { entry, decided: Some(label.to_owned()), scores: vec![], is_replaced: false }
}

pub(super) fn follow(
    model: &mut Model,
    joined: Vec<SessionRow>,
    changed: Vec<SessionRow>,
    are_arrivals: bool,
) -> Vec<Effect> {
    let event = followed_with(model, joined, changed, are_arrivals);
    told(model, event)
}

pub(super) fn followed_with(
    model: &Model,
    joined: Vec<SessionRow>,
    changed: Vec<SessionRow>,
    are_arrivals: bool,
) -> Event {
    let template = model.template().unwrap().text();
    let with = Some(ScoredWith { labels: model.labels.current.clone(), template });
    Event::Followed { begun: 1, kept: 0, with, revision: 0, joined, scores: vec![], changed, are_arrivals }
}

/// Pictures arrive, each with its scores.
fn arrive(model: &mut Model, pictures: &[(i64, [f32; 3])]) -> Vec<Effect> {
    let entries = pictures.iter().map(|(number, _)| (entry(*number), None)).collect();
    let scores = pictures.iter().flat_map(|(_, scores)| *scores).collect();
    let revision = model.labels.revision;
    told(model, Event::Arrived { revision, entries, scores })
}

#[test]
fn the_field_says_what_becomes_of_arrivals() {
    let mut model = model();
    (model.setup.is_more, model.setup.chosen) = (true, Field::Watching);
    for expected in [Watching::Classify, Watching::Sort, Watching::No] {
        press(&mut model, "<space>");
        assert_eq!(model.setup.watching, expected);
    }
    assert!(orders(&press(&mut model, "<ctrl-s>")).iter().any(|order| matches!(order, Order::Classify { .. })));
}

#[test]
fn arrivals_leave_cursor_and_queue_where_they_are() {
    let mut model = watching("<space>");
    press(&mut model, "<f4>jj");
    let (before, at) = (model.review.queue.clone(), model.review.at);
    assert!(
        arrive(&mut model, &[(7, [0.34, 0.33, 0.33]), (8, [0.9, 0.05, 0.05])]).is_empty(),
        "nothing else is looked at"
    );
    assert_eq!((&model.review.queue[..6], model.review.at), (&before[..], at));
    assert_eq!(model.review.queue[6..], [6, 7]);
    assert_eq!(model.counts.pictures(), 8);
    // Another order sorts them in, and begins from its top; what comes after that is at the end again.
    press(&mut model, "o");
    let looked_at = model.review.current();
    arrive(&mut model, &[(9, [0.1, 0.8, 0.1])]);
    assert_eq!((model.review.current(), model.review.queue.last()), (looked_at, Some(&8)));
    // Nor does leaving and coming back move anything.
    press(&mut model, "jj");
    let looked_at = model.review.current();
    press(&mut model, "<f3><f4>");
    assert_eq!((model.review.current(), model.review.queue.len()), (looked_at, 9));
}

#[test]
fn a_mark_counts_unsure_arrivals_that_nobody_looked_at() {
    let mut model = watching("<space>");
    assert!(!screen(&model, 80, 24).contains('•'), "what was there has not arrived");
    press(&mut model, "<f6>");
    arrive(&mut model, &[(7, [0.34, 0.33, 0.33]), (8, [0.9, 0.05, 0.05]), (9, [0.34, 0.33, 0.33])]);
    assert!(screen(&model, 80, 24).contains("Review •2 F4"));
    // The pictures that came are listed with label and score.
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("Arrived last:") && shown.contains("unsure: a map") && shown.contains("0.90"), "{shown}");
    // Somebody else decides for one of them.
    follow(&mut model, vec![], vec![decided(7, "a face")], true);
    assert!(screen(&model, 80, 24).contains("Review •1 F4"));
    press(&mut model, "<f4>");
    assert!(!screen(&model, 80, 24).contains('•'));
    // Pictures that come while the pane is open are marked until they are looked at.
    arrive(&mut model, &[(10, [0.34, 0.33, 0.33])]);
    assert!(screen(&model, 80, 24).contains("•1"));
    press(&mut model, "]]");
    assert!(!screen(&model, 80, 24).contains('•'));
}

#[test]
fn the_status_line_tells_how_the_watch_stands() {
    let mut model = watching("<space>");
    let status = WatchStatus { arrived: 12, backlog: 3, unfinished: 1, sorted: 0, ..WatchStatus::default() };
    told(&mut model, Event::Watching { status });
    assert!(screen(&model, 100, 24).contains("watching: 12 arrived, 3 waiting, 1 unfinished"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::PauseWatch(true)]));
    assert!(screen(&model, 100, 24).contains("paused"));
    assert!(matches!(press(&mut model, "<f7>")[..], [Effect::PauseWatch(false)]));
    let say = |model: &mut Model, news| {
        told(model, Event::WatchNews { news });
        model.notice.clone().map(|notice| notice.text).unwrap_or_default()
    };
    assert!(say(&mut model, WatchNews::SourceGone).contains("/pictures is not there any more"));
    assert!(screen(&model, 120, 24).contains("the source is gone"));
    assert!(say(&mut model, WatchNews::SourceBack).contains("there again"));
    assert!(!screen(&model, 120, 24).contains("the source is gone"));
    let polls = WatchNews::By(WatchedBy::Polling(Some(WatcherUnavailable::Limit)));
    assert!(say(&mut model, polls).contains("max_user_watches"));
    // An obstacle that is met again and again is said once.
    let lines = model.log.len();
    for _ in 0..3 {
        assert!(say(&mut model, WatchNews::Waits("There is no room.".to_owned())).contains("There is no room."));
    }
    assert_eq!(model.log.len(), lines + 1);
    // It is asked before the program ends, and stopped by a key.
    assert!(press(&mut model, "q").is_empty() && model.question.take().is_some());
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::StopWatch]));
    told(&mut model, Event::WatchEnded { number: 1, arrived: 12, error: None });
    assert!(model.watch.is_none() && model.notice.as_ref().unwrap().text.contains("12 pictures arrived"));
    assert!(press(&mut model, "<ctrl-x>").is_empty());
}

#[test]
fn the_status_line_counts_what_is_sorted_while_it_is() {
    let status = WatchStatus { arrived: 12, backlog: 3, unfinished: 1, sorted: 7, ..WatchStatus::default() };
    let mut model = watching("<space>");
    told(&mut model, Event::Watching { status });
    assert!(screen(&model, 120, 24).contains("12 arrived, 3 waiting, 1 unfinished"));
    let mut model = watching("<space><space>");
    assert!(screen(&model, 120, 24).contains("0 arrived, 0 waiting, 0 sorted"));
    told(&mut model, Event::Watching { status });
    assert!(screen(&model, 120, 24).contains("12 arrived, 3 waiting, 7 sorted, 1 unfinished"));
    press(&mut model, "<f2><space>");
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("not sorting") && !shown.contains("7 sorted"), "{shown}");
}

#[test]
fn people_plan_apply_and_take_back_while_it_goes_on() {
    let mut model = watching("<space>");
    assert!(matches!(orders(&press(&mut model, "<f5>"))[..], [Order::Plan { .. }]));
    told(&mut model, planned(plan()));
    assert!(matches!(orders(&press(&mut model, "Wy"))[..], [Order::Apply { .. }]));
    // A stop is for what is being applied, then for the watch.
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    let tally = Tally { done: 1, ..Tally::default() };
    told(&mut model, Event::Applied { run: None, tally, failures: vec![], total: 1, head: String::new() });
    assert!(model.watch.is_some());
    assert!(matches!(orders(&press(&mut model, "R"))[..], [Order::Foresee { .. }]));
    told(&mut model, foreseen(RunId(2)));
    assert!(matches!(orders(&press(&mut model, "y"))[..], [Order::Undo { .. }]));
    told(&mut model, Event::Failed { error: BackendError::NothingToUndo });
    // A plan of before is made anew when its pane is opened.
    told(&mut model, planned(plan()));
    assert!(orders(&press(&mut model, "<f3><f5>")).is_empty());
    arrive(&mut model, &[(7, [0.9, 0.05, 0.05])]);
    assert!(matches!(orders(&press(&mut model, "<f3><f5>"))[..], [Order::Plan { .. }]));
}

#[test]
fn what_is_sorted_by_itself_goes_by_what_is_on_the_screen() {
    for keys in ["<f3><enter>x", "<f2><down><enter>x", "<f2><down><down><enter>1", "<f2><up><up><up><up><up><enter>"] {
        let mut model = watching("<space><space>");
        assert_eq!(model.watch.as_ref().unwrap().sorts, Sorts::Yes);
        // Pictures that are taken back would be sorted again at once.
        assert!(orders(&press(&mut model, "<f5>R")).iter().all(|order| !matches!(order, Order::Foresee { .. })));
        told(&mut model, planned(Plan::default()));
        let effects = press(&mut model, keys);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::LetSort(None))), "{keys}: {effects:?}");
        assert_eq!(model.watch.as_ref().unwrap().sorts, Sorts::Held);
        assert!(model.log.last().unwrap().contains("no longer sorted"), "{keys}");
        assert!(screen(&model, 120, 24).contains("not sorting"));
        // A start begins anew, with what is on the screen now.
        press(&mut model, "<esc>");
        let effects = press(&mut model, "<ctrl-s>");
        assert!(orders(&effects).iter().any(|order| matches!(order, Order::Watch { sorts: true, number: 2, .. })));
    }
}

#[test]
fn a_field_that_says_no_holds_the_sorting() {
    // After one press it says no, after two that arrivals are classified only.
    for keys in ["<f2><space>", "<f2><space><space>"] {
        let mut model = watching("<space><space>");
        let effects = press(&mut model, keys);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::LetSort(None))), "{keys}: {effects:?}");
        assert_eq!(model.watch.as_ref().unwrap().sorts, Sorts::Held);
        assert!(model.log.last().unwrap().contains("no longer sorted"), "{keys}");
        assert!(screen(&model, 120, 24).contains("not sorting"));
        // Nothing is sorted again unasked when it says yes again.
        let effects = press(&mut model, "<space><space>");
        assert!(effects.iter().all(|effect| !matches!(effect, Effect::LetSort(_))), "{keys}: {effects:?}");
    }
}

#[test]
fn labels_that_were_edited_while_it_began_are_not_sorted_against() {
    let mut model = model();
    model.setup.watching = Watching::Sort;
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(0));
    let sorting = Box::new(model.sorting().unwrap());
    press(&mut model, "<enter>x");
    let effects = told(&mut model, Event::WatchBegan { number: 1, sorting, sorts: true });
    assert!(matches!(effects[..], [Effect::LetSort(None)]), "{effects:?}");
}

#[test]
fn the_last_words_of_a_watch_are_not_those_of_the_next() {
    let mut model = watching("<space>");
    press(&mut model, "<ctrl-s>");
    assert_eq!(model.collection.len(), 6, "until the next one begins");
    told(&mut model, found(0));
    assert!(model.watch.is_none() && model.collection.is_empty());
    // Its last words come after that.
    arrive(&mut model, &[(7, [0.9, 0.05, 0.05])]);
    follow(&mut model, vec![seen(8, &[])], vec![], true);
    told(&mut model, Event::WatchEnded { number: 1, arrived: 0, error: None });
    assert!(model.collection.is_empty() && model.is_busy());
    told(&mut model, Event::Begun { begun: 2 });
    arrive(&mut model, &[(7, [0.9, 0.05, 0.05])]);
    assert_eq!(model.collection.len(), 1);
}

#[test]
fn a_watch_that_cannot_begin_is_none() {
    let mut model = model();
    model.setup.watching = Watching::Classify;
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Failed { error: BackendError::NoDataFolder });
    assert!(model.watch.is_none() && !model.is_busy() && model.pane == Pane::Setup);
}

#[test]
fn a_start_that_fails_says_that_the_watch_before_it_is_over() {
    let failed = || Event::Failed { error: BackendError::NoDataFolder };
    let ended = || Event::WatchEnded { number: 1, arrived: 2, error: None };
    for (language, says) in
        [(Language::english(), "watching has ended"), (Language::portuguese(), "a vigilância terminou")]
    {
        // Whichever of them is heard of first.
        for events in [[ended(), failed()], [failed(), ended()]] {
            let mut model = watching_in(language.clone(), "<space>");
            press(&mut model, "<ctrl-s>");
            for event in events {
                told(&mut model, event);
            }
            let notice = model.notice.clone().unwrap();
            assert!(notice.is_error && notice.text.contains(says), "{}", notice.text);
            assert!(notice.text.contains(&BackendError::NoDataFolder.say(&model.language)), "{}", notice.text);
            assert!(model.watch.is_none() && !model.is_busy());
            assert_eq!(model.collection.len(), 6, "what was there is looked at still");
            // The next failure ends no watch.
            press(&mut model, "<ctrl-s>");
            told(&mut model, failed());
            assert!(!model.notice.clone().unwrap().text.contains(says));
        }
    }
}

#[test]
fn a_sample_is_fair_only_once_all_that_came_is_in_it() {
    let mut model = watching("<space>");
    press(&mut model, "<f4>oooo");
    let is_judged = |model: &Model| screen(model, 100, 30).contains("a fair sample");
    assert!(is_judged(&model));
    // Files wait.
    let status = |backlog| Event::Watching { status: WatchStatus { backlog, ..WatchStatus::default() } };
    told(&mut model, status(1));
    assert!(!is_judged(&model));
    // They came, and are at the end of the queue until it is made anew.
    arrive(&mut model, &[(7, [0.9, 0.05, 0.05])]);
    told(&mut model, status(0));
    assert!(!is_judged(&model));
    press(&mut model, "<f3><f4>");
    assert!(is_judged(&model));
}

#[test]
fn a_watch_on_the_screen() {
    for (language, tag) in [(Language::english(), ""), (Language::portuguese(), "pt_")] {
        let mut model = watching_in(language, "<space><space>");
        arrive(&mut model, &[(7, [0.34, 0.33, 0.33]), (8, [0.9, 0.05, 0.05])]);
        let status = WatchStatus { arrived: 2, backlog: 1, unfinished: 0, sorted: 1, ..WatchStatus::default() };
        told(&mut model, Event::Watching { status });
        model.notice = None;
        for (pane, key) in [("setup", "<f2>"), ("log", "<f6>"), ("review", "<f4>")] {
            press(&mut model, key);
            if pane == "review" {
                arrive(&mut model, &[(9, [0.34, 0.33, 0.33])]);
            }
            for (width, height) in [(80, 24), (160, 50)] {
                insta::assert_snapshot!(
                    format!("{tag}watching_{pane}_{width}x{height}"),
                    screen(&model, width, height)
                );
            }
        }
    }
}
