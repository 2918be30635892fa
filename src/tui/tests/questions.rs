//! Setup asks three things first: a folder, what to look for, a model; and starts when there are pictures.

use super::*;
use crate::tui::input_line::InputLine;
use crate::tui::last_settings::LastSettings;
use crate::tui::model::Readiness;

/// The app at its first start, before anything is typed.
pub(super) fn first_start(language: Language) -> Model {
    Model::new(language, Defaults::load(None).unwrap(), Keys::built_in(), "/home/me".into())
}

pub(super) fn known(name: &str) -> &'static KnownModel {
    known_models().iter().find(|model| model.id == name).unwrap()
}

/// A model of the table that is to be downloaded.
pub(super) fn absent(name: &str) -> ModelChoice {
    let known = known(name);
    let place = ModelPlace::ToDownload { bytes: Some(known.download_bytes()) };
    ModelChoice { name: name.to_owned(), place, known: Some(known) }
}

pub(super) const LARGE: &str = "openai/clip-vit-large-patch14";
pub(super) const SMALL: &str = "openai/clip-vit-base-patch32";

fn counted(model: &mut Model, result: Result<Checked, BackendError>) -> Vec<Effect> {
    let number = model.setup.check;
    told(model, Event::Checked { number, result })
}

fn pictures(pictures: usize, others: usize) -> Result<Checked, BackendError> {
    Ok(Checked { pictures, others, ..Checked::default() })
}

fn missing() -> BackendError {
    BackendError::from(crate::files::scan::ScanError::Missing { folder: "/pictures".into() })
}

#[test]
fn without_pictures_nothing_is_ready_and_nothing_is_downloaded() {
    for result in [Err(missing()), pictures(0, 0)] {
        let mut model = model();
        model.setup.model = InputLine::new(LARGE);
        told(&mut model, Event::ModelFound { choice: absent(LARGE) });
        press(&mut model, "<f2>");
        counted(&mut model, result);
        let shown = screen(&model, 100, 24);
        assert!(shown.contains("waits until there are pictures") && !shown.contains("ready"), "{shown}");
        assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
        assert!(model.question.is_none() && !model.is_busy() && model.notice.as_ref().unwrap().is_error);
    }
}

#[test]
fn a_start_waits_until_the_pictures_are_counted() {
    let mut model = model();
    press(&mut model, "<enter>x<enter>");
    assert_eq!(model.readiness(), Readiness::Counting);
    assert!(screen(&model, 80, 24).contains("counting"));
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty() && !model.is_busy());
    assert!(matches!(orders(&counted(&mut model, pictures(3, 0)))[0], Order::Classify { .. }));
    // Where there are none, or somebody stops it or goes on typing, it does not begin.
    for keys in ["", "<ctrl-x>", "<enter>y"] {
        let mut model = super::model();
        press(&mut model, "<enter>x<enter><up><ctrl-s>");
        assert!(model.setup.waits_for_count);
        press(&mut model, keys);
        let found = if keys.is_empty() { 0 } else { 3 };
        let began = counted(&mut model, pictures(found, 0));
        assert!(!began.iter().any(|effect| matches!(effect, Effect::Order(Order::Classify { .. }))), "{keys}");
        assert!(!model.is_busy());
    }
}

/// Files that were carved from a disk have no names of their own: they are looked into after a question.
#[test]
fn files_without_the_names_of_pictures_are_looked_into_after_a_yes() {
    let mut model = model();
    counted(&mut model, pictures(0, 500));
    assert!(screen(&model, 80, 24).contains("waits until there are pictures"));
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty());
    let shown = screen(&model, 160, 24);
    assert!(shown.contains("None of the 500 files in the folder has the name of a picture"), "{shown}");
    assert!(orders(&press(&mut model, "n")).is_empty());
    assert!(matches!(orders(&press(&mut model, "<ctrl-s>y"))[0], Order::Classify { .. }));
}

#[test]
fn an_empty_folder_can_be_watched_and_an_emptied_one_looked_at_again() {
    let mut watching = model();
    counted(&mut watching, pictures(0, 0));
    watching.setup.watching = crate::tui::model::Watching::Classify;
    assert_eq!(watching.readiness(), Readiness::Ready);
    // Its pictures were moved into the destination, whose session is on the screen.
    let mut emptied = classified();
    counted(&mut emptied, pictures(0, 0));
    assert_eq!(emptied.readiness(), Readiness::Ready);
    emptied.setup.destination = InputLine::new("/other");
    assert_ne!(emptied.readiness(), Readiness::Ready);
}

#[test]
fn the_pictures_are_counted_again_when_setup_is_opened() {
    let mut model = classified();
    press(&mut model, "<f4>");
    let effects = press(&mut model, "<f2>");
    assert!(matches!(orders(&effects)[..], [Order::Check { .. }]), "{effects:?}");
    // Until the answer comes, the count of before stands.
    assert!(screen(&model, 80, 24).contains("6 pictures"));
    counted(&mut model, Err(missing()));
    let shown = screen(&model, 80, 24);
    assert!(!shown.contains("6 pictures, 0 other") && shown.contains("does not exist"), "{shown}");
}

#[test]
fn the_destination_goes_with_the_folder_until_somebody_writes_one() {
    let mut model = first_start(Language::english());
    press(&mut model, "<enter>/mnt/chat<enter>");
    assert_eq!(model.destination().to_str(), Some("/mnt/chat-labelled"));
    let shown = screen(&model, 80, 24);
    assert_eq!(shown.matches("/mnt/chat-labelled").count(), 1, "{shown}");
    press(&mut model, "<up><enter><backspace><enter>");
    assert_eq!(model.destination().to_str(), Some("/mnt/cha-labelled"));
    // As before after Esc.
    press(&mut model, "<up><enter>xyz<esc>");
    assert_eq!(model.destination().to_str(), Some("/mnt/cha-labelled"));
    press(&mut model, "<down><down><down><enter><ctrl-u>/mnt/mine<enter>");
    model.setup.chosen = Field::Source;
    press(&mut model, "<enter>2<enter>");
    assert_eq!(model.destination().to_str(), Some("/mnt/mine"));
    // What an earlier version has remembered stays as it was.
    let mut later = first_start(Language::english());
    let last =
        LastSettings { source: Some("/p".into()), destination: Some("labelled".into()), ..LastSettings::default() };
    later.fill_fields(last);
    assert_eq!(later.destination().to_str(), Some("/home/me/labelled"));
}

#[test]
fn what_few_people_change_is_under_more() {
    let mut model = first_start(Language::english());
    let shown = screen(&model, 80, 24);
    assert!(shown.contains("files are copied, all else as usual"), "{shown}");
    for hidden in ["Threshold", "Margin", "Template", "Watching", "Sub-folders", "Without"] {
        assert!(!shown.contains(hidden), "{hidden}: {shown}");
    }
    model.setup.chosen = Field::More;
    assert!(screen(&model, 80, 24).contains("Enter shows it"));
    press(&mut model, "<enter>");
    for (field, name) in [(Field::Threshold, "how sure the model must be"), (Field::Margin, "ahead of the second")] {
        model.setup.chosen = field;
        assert!(screen(&model, 80, 24).contains(name), "{}", screen(&model, 80, 24));
    }
    model.setup.chosen = Field::Operation;
    press(&mut model, "<enter><down><enter><down><enter><down><enter>*.jpg<enter>");
    model.setup.threshold = InputLine::new("0.3");
    model.setup.template = InputLine::new("A {}.");
    model.setup.watching = crate::tui::model::Watching::Sort;
    model.setup.chosen = Field::More;
    press(&mut model, "<enter>");
    let shown = screen(&model, 160, 24);
    let told =
        "files are moved, no sub-folders, hidden files too, only *.jpg, watching, another sentence, threshold 0.3";
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn a_large_download_has_something_smaller_beside_it() {
    let mut model = first_start(Language::english());
    model.setup.source = InputLine::new("/pictures");
    press(&mut model, "<f2>");
    counted(&mut model, pictures(400, 0));
    let effects = told(&mut model, Event::ModelFound { choice: absent(LARGE) });
    assert!(matches!(orders(&effects)[..], [Order::OfferModel { name }] if name == LARGE), "{effects:?}");
    told(&mut model, Event::ModelOffered { name: LARGE.to_owned(), instead: Some(absent(SMALL)) });
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("slow, 1713 MB to be downloaded first"), "{shown}");
    assert!(shown.contains("Instead: openai/clip-vit-base-patch32, 607 MB, fast"), "{shown}");
    press(&mut model, "<ctrl-s>");
    assert!(screen(&model, 100, 24).contains("i = take openai/clip-vit-base-patch32 instead"));
    // It is looked up, and asked about as well.
    let effects = press(&mut model, "i");
    assert!(matches!(orders(&effects)[..], [Order::LookUpModel { name }] if name == SMALL), "{effects:?}");
    told(&mut model, Event::ModelFound { choice: absent(SMALL) });
    assert_eq!(model.question, Some(Question::Download { takes_decisions: false }));
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("about 607 MB are downloaded first") && !shown.contains("instead"), "{shown}");
    assert!(matches!(orders(&press(&mut model, "y"))[0], Order::Classify { .. }));
}

#[test]
fn minutes_are_measured_or_judged_by_another_model() {
    let mut model = model();
    counted(&mut model, pictures(3000, 0));
    assert!(screen(&model, 100, 24).contains("time not known yet"));
    model.last_settings.pace.insert("demo · tract 0.23 · CPU".to_owned(), 50.0);
    assert!(screen(&model, 100, 24).contains("3000 pictures, about 60 s"), "{}", screen(&model, 100, 24));
    // Ten a second with a fast one are two thirds of one with a slow one.
    model.last_settings.pace.insert(format!("{SMALL} · tract 0.23 · CPU"), 10.0);
    model.last_settings.pace.insert(format!("{SMALL} · ONNX Runtime 1.32 · CUDA"), 1000.0);
    let estimate = model.estimate(LARGE).unwrap();
    assert!(!estimate.is_measured && (estimate.seconds - 4500.0).abs() < 1e-6, "{estimate:?}");
    assert!(model.estimate(SMALL).unwrap().is_measured);
    assert_eq!(model.estimate("somebody/unknown"), None);
    model.setup.model = InputLine::new(LARGE);
    told(&mut model, Event::ModelFound { choice: absent(LARGE) });
    let shown = screen(&model, 100, 24);
    assert!(shown.contains("slow, roughly 75 min, 1713 MB to be downloaded first"), "{shown}");
}

/// A hint that is cut helps nobody.
#[test]
fn hints_are_not_cut() {
    for language in Language::all() {
        for width in [60, 80] {
            let mut model = first_start(language.clone());
            for field in [Field::Source, Field::Labels, Field::Model, Field::Destination, Field::More] {
                model.setup.chosen = field;
                let shown = screen(&model, width, 24);
                // The labels themselves and the line with the model's name may be.
                let of_labels = model.language.text("app.field_labels");
                let lines = shown.lines().take(23).filter(|line| line.contains('…') && !line.contains(&of_labels));
                let cut: Vec<&str> = lines.collect();
                assert!(cut.is_empty(), "{cut:?}");
            }
        }
    }
}

#[test]
fn a_session_opens_on_review_as_soon_as_there_are_pictures() {
    let open = |pictures: i64| {
        let mut model = model();
        model.work = Work::Opening;
        model.lands_in_review = true;
        model.session = Some("/sorted".into());
        told(&mut model, Event::Opened { sorting: None, origin: None });
        assert_eq!(model.pane, Pane::Setup);
        let entries = (1..=pictures).map(|number| (entry(number), None)).collect();
        told(&mut model, Event::Arrived { revision: 0, entries, scores: vec![] });
        model
    };
    assert_eq!(open(3).pane, Pane::Review);
    let empty = open(0);
    let said = empty.notice.clone().unwrap();
    assert!(empty.pane == Pane::Setup && said.is_error && said.text.contains("no picture in /sorted"), "{said:?}");
    // Somebody who has gone elsewhere meanwhile stays there.
    let mut elsewhere = model();
    (elsewhere.work, elsewhere.lands_in_review) = (Work::Opening, true);
    press(&mut elsewhere, "<f6>");
    told(&mut elsewhere, Event::Arrived { revision: 0, entries: vec![(entry(1), None)], scores: vec![] });
    assert_eq!(elsewhere.pane, Pane::Log);
}

/// No picture was looked at yet: what is told of their pace is of those that the cache remembers.
#[test]
fn there_is_no_pace_before_the_first_picture() {
    let mut model = model();
    press(&mut model, "<ctrl-s>");
    told(&mut model, found(2000));
    told(&mut model, Event::Pace { per_second: 146.6, limit: None });
    let shown = screen(&model, 120, 24);
    assert!(shown.contains("0 of 2000 looked at") && !shown.contains("146.6"), "{shown}");
}

#[test]
fn a_question_about_the_pictures_of_before_is_none_about_others() {
    let mut model = classified();
    model.question = Some(Question::TakeBackEarlier);
    let begun = model.live.begun + 1;
    told(&mut model, Event::Begun { begun });
    assert_eq!(model.question, None);
    // One that is not about pictures stays.
    model.question = Some(Question::Quit);
    told(&mut model, Event::Begun { begun: begun + 1 });
    assert_eq!(model.question, Some(Question::Quit));
}
