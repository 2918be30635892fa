//! The setup: fields, questions, the model, the mouse.

use super::*;

#[test]
fn from_the_welcome_to_a_start() {
    let mut model = model();
    model.welcome = Some(0);
    assert!(matches!(press(&mut model, "<enter>")[..], [Effect::OpenSamples]));
    press(&mut model, "<down><enter>");
    assert_eq!(model.welcome, None);
    // The source is edited, and counted with every key.
    let effects = press(&mut model, "<enter>x<enter>");
    assert_eq!(model.setup.source.text(), "/picturesx");
    assert!(matches!(orders(&effects)[0], Order::Check { .. }));
    let number = model.setup.check;
    told(
        &mut model,
        Event::Checked { number: number - 1, result: Ok(Checked { pictures: 9, others: 0, ..Checked::default() }) },
    );
    assert!(model.setup.checked.is_none(), "a stale answer is dropped");
    told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 3, others: 1, ..Checked::default() }) });
    assert!(model.setup.checked.is_some());
    let effects = press(&mut model, "<ctrl-s>");
    let Order::Classify { settings, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!((settings.labels.len(), settings.source.to_str()), (3, Some("/picturesx")));
    assert!(model.is_busy() && model.pane == Pane::Labels);
    // A second start waits for the end of the first.
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
}

#[test]
fn what_is_missing_is_said_and_nothing_begins() {
    let mut model = model();
    model.setup.source = crate::tui::input_line::InputLine::default();
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    assert!(model.notice.as_ref().unwrap().is_error);
    model.setup.source = crate::tui::input_line::InputLine::new("/pictures");
    model.setup.threshold = crate::tui::input_line::InputLine::new("much");
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    model.setup.threshold = crate::tui::input_line::InputLine::new("0.5");
    model.set_labels(vec!["one".to_owned()]);
    assert!(press(&mut model, "<ctrl-s>").is_empty());
    assert_eq!(model.work, Work::Idle);
}

#[test]
fn files_are_chosen_by_patterns_which_a_later_start_has_again() {
    let mut model = model();
    let press_field = |model: &mut Model, field: Field, keys: &str| {
        press(model, "<f2>");
        (model.setup.is_more, model.setup.chosen) = (true, field);
        press(model, keys)
    };
    let effects = press_field(&mut model, Field::Exclude, "<enter>raw {a<enter>");
    assert!(orders(&effects).iter().any(|order| matches!(order, Order::Check { choice, .. } if !choice.hidden)));
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("“{a” cannot be used"), "{shown}");
    assert!(press(&mut model, "<ctrl-s>").is_empty() && model.notice.as_ref().unwrap().is_error);
    press_field(&mut model, Field::Exclude, "<enter><backspace><backspace>\"a b\"<enter>");
    press_field(&mut model, Field::Include, "<enter>*.jpg<enter>");
    let effects = press_field(&mut model, Field::Hidden, "<space>");
    let Order::Check { choice, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert!(choice.hidden && choice.include.texts().eq(["*.jpg"]) && choice.exclude.texts().eq(["raw", "a b"]));
    press(&mut model, "<ctrl-s>");
    let number = model.setup.check;
    let effects =
        told(&mut model, Event::Checked { number, result: Ok(Checked { pictures: 6, ..Checked::default() }) });
    let Order::Classify { settings, .. } = orders(&effects)[0] else { panic!("{effects:?}") };
    assert_eq!(settings.choice, *choice);
    let remembered = effects.iter().find_map(|effect| match effect {
        Effect::Remember(values) => Some(values),
        _ => None,
    });
    let mut later = super::model();
    later.fill_fields((**remembered.unwrap()).clone());
    assert_eq!(later.choice().unwrap(), *choice);
    // All rows of the setup are reached on a small screen.
    let number = later.setup.check;
    let left_out = LeftOutCounts { litter: 606, hidden: 3, excluded: 2 };
    told(&mut later, Event::Checked { number, result: Ok(Checked { pictures: 606, others: 1, left_out }) });
    assert!(screen(&later, 80, 24).contains("606 pictures, 1 other file · 606 litter · 3 hidden · 2"));
    later.setup.chosen = Field::Start;
    let shown = screen(&later, 80, 16);
    assert!(shown.contains("> [ Start ]") && shown.contains("i installs ONNX Runtime"), "{shown}");
}

#[test]
fn the_fields_of_patterns_say_what_they_are_for() {
    for language in Language::all() {
        let mut model = classified_in(language);
        press(&mut model, "<f2>");
        model.setup.is_more = true;
        let said = |model: &Model, key: &str| screen(model, 80, 24).contains(&model.language.text(key));
        assert!(said(&model, "app.include_empty") && said(&model, "app.exclude_empty"), "{}", screen(&model, 80, 24));
        assert!(!said(&model, "app.patterns_hint"));
        model.setup.chosen = Field::Include;
        let shown = screen(&model, 80, 24);
        let start = format!("[ {} ]", model.language.text("app.field_start"));
        assert!(said(&model, "app.include_hint") && shown.contains(&start), "{shown}");
        // What is written takes the place of what it would mean to write nothing.
        press(&mut model, "<enter>");
        assert!(!said(&model, "app.include_empty") && said(&model, "app.exclude_empty"));
        press(&mut model, "*.jpg<enter>");
        assert!(!said(&model, "app.include_empty"));
        model.setup.chosen = Field::Exclude;
        assert!(said(&model, "app.patterns_hint") && !said(&model, "app.include_hint"));
    }
}

#[test]
fn letters_are_letters_where_text_is_edited() {
    let mut model = model();
    press(&mut model, "<f3><enter>q?<esc>");
    assert!(model.labels.editor.lines()[0].contains("q?"));
    assert!(matches!(press(&mut model, "q")[..], [Effect::Quit]));
}

#[test]
fn decisions_come_along_whatever_comes_between() {
    let mut model = classified();
    press(&mut model, "<f4>1");
    model.setup.destination = crate::tui::input_line::InputLine::new("/other");
    press(&mut model, "<ctrl-s>t");
    told(&mut model, found(6));
    told(&mut model, Event::Failed { error: BackendError::NoDataFolder });
    let taken = |effects: Vec<Effect>| {
        orders(&effects).into_iter().find_map(|order| match order {
            Order::Classify { decisions_of, .. } => Some(decisions_of.clone()),
            _ => None,
        })
    };
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(Some("/sorted".into())));
    told(&mut model, Event::Classified { remembered: 0, waiting: 3, rescored: 0, per_second: None });
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(Some("/sorted".into())));
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    assert_eq!(taken(press(&mut model, "<ctrl-s>")), Some(None));
}

#[test]
fn another_destination_that_is_typed_is_not_that_of_these_pictures() {
    let mut model = classified();
    model.setup.destination = crate::tui::input_line::InputLine::new("/somebody/elses");
    let mut effects = press(&mut model, "<f4>1<f5>");
    told(&mut model, planned(plan()));
    effects.extend(press(&mut model, "Wy"));
    let destinations = orders(&effects).into_iter().filter_map(|order| match order {
        Order::Decide { destination, .. } | Order::Plan { destination, .. } | Order::Apply { destination, .. } => {
            Some(destination.to_str().unwrap())
        }
        _ => None,
    });
    assert_eq!(destinations.collect::<Vec<_>>(), ["/sorted"; 3]);
}

#[test]
fn another_destination_asks_what_becomes_of_the_decisions() {
    let begun = |key: &str| {
        let mut model = classified();
        press(&mut model, "<f4>1");
        model.setup.destination = crate::tui::input_line::InputLine::new("/other");
        assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
        assert_eq!(model.question, Some(Question::OtherDestination));
        assert!(screen(&model, 80, 24).contains("/other"));
        let effects = press(&mut model, key);
        let taken = orders(&effects).into_iter().find_map(|order| match order {
            Order::Classify { decisions_of, .. } => Some(decisions_of.clone()),
            _ => None,
        });
        (model, taken)
    };
    assert_eq!(begun("t").1, Some(Some("/sorted".into())));
    assert_eq!(begun("b").1, Some(None));
    let (model, taken) = begun("<esc>");
    assert_eq!((taken, model.collection.len()), (None, 6));
    // Decisions that were taken along count, and can be taken back at once.
    let (mut model, _) = begun("t");
    told(&mut model, found(2));
    let revision = model.labels.revision;
    let scores = vec![0.9, 0.05, 0.05, 0.9, 0.05, 0.05];
    told(&mut model, Event::Rescored { revision, scores: vec![] });
    told(&mut model, Event::Arrived { revision, entries: vec![(entry(1), None), (entry(2), None)], scores });
    let said = vec![(PictureId(1), Some(NamedDecision::Reassigned("a face".to_owned())))];
    told(&mut model, Event::TakenOver { step: DecisionStep { kind: StepKind::Decide, said } });
    told(&mut model, Event::Classified { remembered: 0, waiting: 0, rescored: 0, per_second: None });
    assert_eq!(model.counts.by_label, [1, 0, 1]);
    assert_eq!(decisions(&press(&mut model, "<f4>u")), [(1, None)]);
}

#[test]
fn a_question_names_its_answers_and_takes_them_small_and_capital() {
    for (answer, quits) in [("y", true), ("Y", true), ("n", false), ("s", false), ("<enter>", false)] {
        let mut model = classified();
        press(&mut model, "<ctrl-s>q");
        assert!(screen(&model, 80, 24).contains("Quit? y = yes"));
        assert_eq!(press(&mut model, answer).len(), if quits { 2 } else { 0 }, "{answer}");
        assert_eq!(model.question, None);
    }
}

#[test]
fn a_model_is_chosen_from_those_that_there_are() {
    let mut model = model();
    let effects = press(&mut model, "<down><down><enter>");
    assert!(matches!(orders(&effects)[..], [Order::ListModels { .. }]));
    let choice = |name: &str| ModelChoice { name: name.to_owned(), place: ModelPlace::Folder, known: None };
    let found = vec![choice("demo"), choice("/m/clip")];
    told(&mut model, Event::Models { typed: "stale".to_owned(), found: found.clone() });
    assert!(model.setup.models.is_empty());
    told(&mut model, Event::Models { typed: "demo".to_owned(), found });
    press(&mut model, "<esc>");
    assert!(model.setup.models.is_empty() && model.setup.model.text() == "demo", "as before");
    press(&mut model, "<enter>");
    let found = vec![choice("demo"), choice("/m/clip")];
    told(&mut model, Event::Models { typed: "demo".to_owned(), found });
    press(&mut model, "<down><down><enter>");
    assert_eq!((model.setup.model.text(), model.setup.editing.clone()), ("/m/clip", None));
    assert_eq!(model.setup.chosen, Field::Destination);
}

#[test]
fn a_model_that_is_not_there_is_downloaded_after_asking() {
    let mut model = model();
    let id = "openai/clip-vit-large-patch14";
    model.setup.model = crate::tui::input_line::InputLine::new(id);
    let known = known_models().iter().find(|known| known.id == id);
    let place = ModelPlace::ToDownload { bytes: known.map(KnownModel::download_bytes) };
    // A start before it is looked up waits for that.
    assert!(matches!(orders(&press(&mut model, "<ctrl-s>"))[..], [Order::LookUpModel { .. }]));
    told(&mut model, Event::ModelFound { choice: ModelChoice { name: id.to_owned(), place, known } });
    assert_eq!(model.question, Some(Question::Download { takes_decisions: false }));
    press(&mut model, "n");
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("photographs in general, slow, 1713 MB to be downloaded first"), "{shown}");
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("about 1713 MB are downloaded first. y = yes"), "{shown}");
    assert!(orders(&press(&mut model, "n")).is_empty() && model.work == Work::Idle);
    let effects = press(&mut model, "<ctrl-s>y");
    assert!(matches!(orders(&effects)[0], Order::Classify { .. }));
    told(&mut model, Event::Downloading { done: 13_000_000, total: 1_713_000_000, per_second: Some(10_000_000.0) });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("13 MB of 1713 MB · 10 MB a second, 3 min left"), "{shown}");
    // It knows no pause, and a stop; the key that does nothing is not shown, and says so.
    assert!(!shown.contains("pause, go on") && shown.contains("Ctrl-X"), "{shown}");
    assert!(press(&mut model, "<f7>").is_empty() && !model.is_paused);
    let said = model.notice.clone().unwrap().text;
    assert!(said.contains("knows no pause: stop it with Ctrl-X"), "{said}");
    press(&mut model, "<f5>");
    assert!(!screen(&model, 120, 24).contains("pause, go on"));
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    let effects = told(&mut model, Event::Downloaded);
    assert!(matches!(orders(&effects)[..], [Order::LookUpModel { .. }]));
    assert_eq!(model.work, Work::Classifying { files: 0, others: 0 });
    // One that is looked up for another name says nothing about this one.
    let choice = ModelChoice { name: "other".to_owned(), place: ModelPlace::NoFolder, known: None };
    told(&mut model, Event::ModelFound { choice });
    assert_eq!(model.setup.found(), None);
}

#[test]
fn a_path_is_completed_while_it_is_typed_still() {
    let mut model = model();
    let effects = press(&mut model, "<enter><tab>");
    assert!(matches!(orders(&effects)[..], [Order::Complete { typed }] if typed == "/pictures"));
    let completed = |typed: &str| Event::Completed { typed: typed.to_owned(), text: "/pictures2/".to_owned() };
    told(&mut model, completed("/pict"));
    assert_eq!(model.setup.source.text(), "/pictures");
    told(&mut model, completed("/pictures"));
    assert_eq!(model.setup.source.text(), "/pictures2/");
}

#[test]
fn a_click_finds_panes_fields_and_pictures() {
    let mut model = classified();
    model.review.order = crate::domain::review::QueueOrder::Newest;
    update(&mut model, Message::Resized(120, 24));
    let at = |model: &Model, text: &str| {
        let shown = screen(model, 120, 24);
        let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
        // The text of a screen has a quote before each line.
        (line.split(text).next().unwrap().chars().count() as u16 - 1, row as u16)
    };
    let (column, row) = at(&model, "Review F4");
    click(&mut model, column, row);
    assert_eq!(model.pane, Pane::Review);
    let (column, row) = at(&model, "3.jpg");
    click(&mut model, column, row);
    assert_eq!(model.review.current(), Some(2));
    update(&mut model, Message::Wheel(1));
    assert_eq!(model.review.current(), Some(1));
    let (column, row) = at(&model, "Setup F2");
    click(&mut model, column, row);
    model.setup.is_more = true;
    let (column, row) = at(&model, "Operation");
    click(&mut model, column, row);
    assert_eq!(model.setup.chosen, Field::Operation);
    let before = model.setup.operation;
    click(&mut model, column, row);
    assert_ne!(model.setup.operation, before);
    for (column, row) in [(0, 0), (79, 23), (500, 500), (40, 12)] {
        click(&mut model, column, row);
    }
}

#[test]
fn a_portuguese_question_takes_s_and_y() {
    for (answer, quits) in [("s", true), ("S", true), ("y", true), ("n", false)] {
        let mut model = classified_in(Language::portuguese());
        press(&mut model, "<ctrl-s>q");
        assert!(screen(&model, 80, 24).contains("Sair? s = sim"));
        assert_eq!(press(&mut model, answer).len(), if quits { 2 } else { 0 }, "{answer}");
    }
}
