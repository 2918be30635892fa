//! A model of which files in the cache are damaged: it is said, and mended by a key.

use super::*;
use crate::domain::hub_model::HubModel;
use crate::domain::settings::ModelName;
use crate::engine::tokenizer::TokenizerError;
use crate::jobs::model::ModelError;

const ID: &str = "owner/name";

fn damage() -> EngineError {
    TokenizerError::Damaged { path: "/cache/tokenizer.json".into(), source: "it is".into() }.into()
}

/// The error of a damaged file when a model is named so.
fn failed(name: &ModelName) -> Event {
    Event::Failed { error: ModelError::of(name, damage()).into() }
}

fn hub_model() -> HubModel {
    HubModel::parse(ID).unwrap()
}

/// A start with a model of the cache that failed, because of a damaged file.
fn with_damage() -> Model {
    let mut model = model();
    model.setup.model = crate::tui::input_line::InputLine::new(ID);
    let place = ModelPlace::Cached { bytes: 3 };
    told(&mut model, Event::ModelFound { choice: ModelChoice { name: ID.to_owned(), place, known: None } });
    press(&mut model, "<ctrl-s>");
    told(&mut model, failed(&ModelName::Hub(hub_model())));
    model
}

#[test]
fn a_damaged_model_of_the_cache_is_mended_by_a_key() {
    let mut model = with_damage();
    let said = model.notice.clone().unwrap().text;
    assert!(
        said.contains("tokenizer.json is damaged: download it again. For a model of the hub that is one command")
            && said.contains("`sis model pull owner/name --check`"),
        "{said}"
    );
    assert_eq!(model.pane, Pane::Setup);
    assert!(screen(&model, 80, 24).contains("its files may be damaged: r checks and mends them"));
    // It may download something, and so it asks.
    assert!(orders(&press(&mut model, "r")).is_empty());
    assert!(orders(&press(&mut model, "n")).is_empty() && !model.is_busy());
    let effects = press(&mut model, "ry");
    assert!(matches!(orders(&effects)[..], [Order::Repair { model }] if *model == hub_model()), "{effects:?}");
    told(&mut model, Event::Checking { done: 11_000_000, total: 40_000_000 });
    assert!(screen(&model, 80, 24).contains("checking the model: 11 MB of 40 MB"));
    assert!(orders(&press(&mut model, "<ctrl-s>")).is_empty(), "one thing at a time");
    assert!(matches!(press(&mut model, "<ctrl-x>")[..], [Effect::Stop]));
    told(&mut model, Event::Downloading { done: 1, total: 2, per_second: None });
    let effects = told(&mut model, Event::Repaired { model: hub_model(), was_whole: false });
    assert!(matches!(orders(&effects)[..], [Order::LookUpModel { .. }]), "{effects:?}");
    let said = model.notice.clone().unwrap();
    assert!(!said.is_error && said.text.contains("Start again with Ctrl-S"), "{said:?}");
    assert!(!model.setup.is_damaged() && !model.is_busy());
}

#[test]
fn a_model_that_is_as_published_and_cannot_be_used_is_said_to_be_so() {
    let mut model = with_damage();
    press(&mut model, "ry");
    told(&mut model, Event::Repaired { model: hub_model(), was_whole: true });
    let said = model.notice.clone().unwrap();
    assert!(said.is_error && said.text.contains("the model itself cannot be used"), "{said:?}");
    // One that was only looked through is well.
    press(&mut model, "ry");
    told(&mut model, Event::Repaired { model: hub_model(), was_whole: true });
    let said = model.notice.clone().unwrap();
    assert!(!said.is_error && said.text.ends_with("is as it was published."), "{said:?}");
}

#[test]
fn mending_that_fails_has_the_model_looked_up_again() {
    let mut model = with_damage();
    press(&mut model, "ry");
    let effects = told(&mut model, Event::Failed { error: BackendError::NotChecked { model: hub_model() } });
    assert!(matches!(orders(&effects)[..], [Order::LookUpModel { .. }]), "what was damaged is gone from the cache");
    assert!(model.setup.is_damaged() && !model.is_busy());
}

#[test]
fn what_a_check_cannot_mend_is_not_sent_to_one() {
    let folder = ModelName::Folder("/models/clip".into());
    let unsupported = crate::engine::checkpoint::CheckpointError::Family {
        folder: "/cache".into(),
        source: crate::engine::families::FamilyError::Unknown { found: "bert".to_owned(), known: vec!["clip"] },
    };
    let hub = ModelName::Hub(hub_model());
    let of_the_hub = Event::Failed { error: ModelError::of(&hub, unsupported.into()).into() };
    for event in [failed(&folder), failed(&ModelName::Demo), of_the_hub] {
        let mut model = model();
        told(&mut model, event);
        let said = model.notice.clone().unwrap();
        assert!(said.is_error && !said.text.contains("--check"), "{said:?}");
        assert!(orders(&press(&mut model, "ry")).is_empty() && model.question.is_none());
    }
}

#[test]
fn a_session_whose_model_is_damaged_says_so_too() {
    let mut model = classified();
    model.setup.model = crate::tui::input_line::InputLine::new(ID);
    told(&mut model, Event::NotScorable { error: ModelError::of(&ModelName::Hub(hub_model()), damage()).into() });
    assert!(model.notice.as_ref().unwrap().text.contains("--check"));
    assert!(matches!(orders(&press(&mut model, "<f2>ry"))[..], [Order::Check { .. }, Order::Repair { .. }]));
}
