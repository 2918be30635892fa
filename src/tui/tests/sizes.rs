//! Setup and Files at every size and in every language, as pictures of the screen.

use super::files::mixed_plan;
use super::questions::{LARGE, SMALL, absent, first_start};
use super::*;
use crate::store::StoreError;
use crate::tui::input_line::InputLine;

/// The screen at each size, one below the other.
fn at_all_sizes(model: &mut Model) -> String {
    let sizes = [(60, 15), (80, 24), (120, 40), (200, 60)];
    let screens = sizes.map(|(width, height)| {
        model.size = (width, height);
        format!("{width}x{height}\n{}", screen(model, width, height))
    });
    screens.join("\n")
}

/// The languages, with the name that their snapshots have.
fn languages() -> [(&'static str, Language); 2] {
    [("en", Language::english()), ("pt", Language::portuguese())]
}

fn counted(model: &mut Model, pictures: usize) {
    let number = model.setup.check;
    told(model, Event::Checked { number, result: Ok(Checked { pictures, others: 2, ..Checked::default() }) });
}

#[test]
fn setup_at_the_first_start_with_pictures_and_with_more() {
    for (name, language) in languages() {
        let mut model = first_start(language);
        let runtime = Event::Runtime {
            runtime: "tract 0.23".to_owned(),
            device: "CPU".to_owned(),
            is_built_in: true,
            is_gpu_unused: false,
        };
        told(&mut model, runtime);
        told(&mut model, Event::ModelFound { choice: absent(LARGE) });
        told(&mut model, Event::ModelOffered { name: LARGE.to_owned(), instead: Some(absent(SMALL)) });
        insta::assert_snapshot!(format!("{name}_setup_first"), at_all_sizes(&mut model));
        model.setup.source = InputLine::new("/home/me/exports/telegram 2026-03");
        model.setup.follow_source(true);
        model.last_settings.pace.insert(format!("{SMALL} · tract 0.23 · CPU"), 9.0);
        counted(&mut model, 400);
        model.setup.chosen = Field::Start;
        insta::assert_snapshot!(format!("{name}_setup_pictures"), at_all_sizes(&mut model));
        model.setup.is_more = true;
        model.setup.chosen = Field::Threshold;
        insta::assert_snapshot!(format!("{name}_setup_more"), at_all_sizes(&mut model));
    }
}

#[test]
fn files_planned_asked_and_written() {
    for (name, language) in languages() {
        let mut model = classified_in(language);
        press(&mut model, "<f5>");
        told(&mut model, planned(mixed_plan()));
        insta::assert_snapshot!(format!("{name}_files_plan"), at_all_sizes(&mut model));
        press(&mut model, "W");
        insta::assert_snapshot!(format!("{name}_files_question"), at_all_sizes(&mut model));
        press(&mut model, "y");
        let tally = Tally { done: 7, ..Tally::default() };
        let head = "5f1c0b7d9e".repeat(6);
        told(&mut model, Event::Applied { run: Some(RunId(4)), tally, failures: vec![], total: 7, head });
        insta::assert_snapshot!(format!("{name}_files_written"), at_all_sizes(&mut model));
        press(&mut model, "R");
        told(&mut model, foreseen(RunId(4)));
        insta::assert_snapshot!(format!("{name}_files_taking_back"), at_all_sizes(&mut model));
    }
}

#[test]
fn files_after_losses_and_where_nobody_trusts_the_session() {
    for (name, language) in languages() {
        let mut model = classified_in(language.clone());
        press(&mut model, "<f5>");
        let gone = vec!["/pictures/5.jpg".into(), "/pictures/6.jpg".into()];
        let plan = Plan { transfers: vec![], in_place: 4, ..plan() };
        told(&mut model, Event::Planned { plan: Box::new(plan), gone, unseen: vec![] });
        insta::assert_snapshot!(format!("{name}_files_losses"), at_all_sizes(&mut model));
        let mut model = classified_in(language);
        press(&mut model, "<f5>");
        told(&mut model, Event::Failed { error: StoreError::NotOwn { destination: "/sorted".into() }.into() });
        insta::assert_snapshot!(format!("{name}_files_untrusted"), at_all_sizes(&mut model));
    }
}
