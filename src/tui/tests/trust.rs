//! A session of which nothing shows that it is the user's own: it is said, asked, and obeyed only after a yes.

use super::*;
use crate::store::StoreError;
use crate::use_cases::RunError;

fn not_own() -> BackendError {
    StoreError::NotOwn { destination: "/sorted".into() }.into()
}

/// Six pictures of a session that is not obeyed.
fn untrusted() -> Model {
    let mut model = classified();
    told(&mut model, Event::NotScorable { error: not_own() });
    model
}

#[test]
fn the_app_offers_to_trust_and_says_what_that_means() {
    let mut model = untrusted();
    let said = model.notice.clone().unwrap();
    assert!(
        said.is_error && said.text.contains("Nothing shows") && said.text.ends_with("If you trust it: T."),
        "{said:?}"
    );
    assert!(orders(&press(&mut model, "T")).is_empty());
    assert!(screen(&model, 80, 24).contains("Trusting the session in /sorted means"));
    assert!(orders(&press(&mut model, "n")).is_empty() && model.untrusted.is_some() && !model.is_busy());
    let effects = press(&mut model, "<f8>y");
    assert!(
        matches!(orders(&effects)[..], [Order::Trust { destination }] if destination.to_str() == Some("/sorted")),
        "{effects:?}"
    );
    assert!(model.is_busy());
    let effects = told(&mut model, Event::Trusted { destination: "/sorted".into() });
    assert!(matches!(orders(&effects)[..], [Order::Open { .. }]), "{effects:?}");
    assert!(model.untrusted.is_none() && !model.labels.is_fixed);
    // They come once more, in the place of those that were on the screen.
    assert!(model.collection.is_empty());
}

#[test]
fn nobody_is_told_that_there_is_nothing_to_do() {
    let mut model = untrusted();
    press(&mut model, "<f5>");
    told(&mut model, Event::Failed { error: not_own() });
    assert!(screen(&model, 80, 24).contains("nothing shows that this session is your"));
    press(&mut model, "W");
    let said = model.notice.clone().unwrap().text;
    assert!(said.contains("T asks whether to trust it") && !said.contains("Nothing to do"), "{said}");
    // Without a plan nobody knows whether there is anything to do.
    let mut model = classified();
    press(&mut model, "<f5>");
    told(&mut model, Event::Failed { error: RunError::Stopped.into() });
    press(&mut model, "W");
    let said = model.notice.clone().unwrap().text;
    assert!(said.contains("works out what goes where"), "{said}");
}

#[test]
fn a_start_into_such_a_destination_can_be_trusted_and_begun_again() {
    let mut model = classified();
    model.setup.destination = crate::tui::input_line::InputLine::new("/other");
    press(&mut model, "<ctrl-s>");
    told(&mut model, Event::Failed { error: not_own() });
    let effects = press(&mut model, "Ty");
    assert!(
        matches!(orders(&effects)[..], [Order::Trust { destination }] if destination.to_str() == Some("/other")),
        "{effects:?}"
    );
    // The session on the screen is another one: it stays.
    assert!(orders(&told(&mut model, Event::Trusted { destination: "/other".into() })).is_empty());
    assert!(!model.is_busy() && model.collection.len() == 6);
}

#[test]
fn there_is_nothing_to_trust_in_a_session_of_ones_own() {
    let mut model = classified();
    assert!(orders(&press(&mut model, "T")).is_empty() && model.question.is_none());
}
