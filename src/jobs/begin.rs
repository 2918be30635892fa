//! How a run that classifies begins.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::model::Model;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::store::StoreError;
use crate::store::ledger::put_path;
use crate::store::session::{LabelSet, Session, Sorting, absolute_source};

/// Begins the run, with everything that its result depends on, and `more` that is to be known of it.
pub fn begin_classify(
    session: &mut Session,
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    more: Map<String, Json>,
) -> Result<(RunId, LabelSet), StoreError> {
    let sorting = Sorting::from(settings);
    session.respell_labels(&sorting.labels)?;
    let fingerprint = model.name_of_fingerprint();
    let set = session.label_set(&sorting.labels, &sorting.template, &fingerprint)?;
    let mut told = Map::new();
    put_source(&mut told, &settings.source);
    let more_told = [
        ("recursive", json!(settings.recursive)),
        ("hidden", json!(settings.choice.hidden)),
        ("include", json!(settings.choice.include.texts().collect::<Vec<_>>())),
        ("exclude", json!(settings.choice.exclude.texts().collect::<Vec<_>>())),
        ("model", json!(settings.model.to_string())),
        ("model_fingerprint", json!(fingerprint)),
        ("runtime", json!(format!("{} {}", runtime.name(), runtime.version()))),
        ("device", json!(runtime.device().to_string())),
        ("variant", json!(model.variant().name())),
        ("trust_unchanged", json!(settings.trust_unchanged)),
    ];
    told.extend(more_told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more));
    Ok((session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told)?, set))
}

/// The source as it was given, and without links where that is another path: what is done later with the files that
/// came from there is held against both.
fn put_source(told: &mut Map<String, Json>, source: &Path) {
    let given = absolute_source(source);
    put_path(told, "source", &given);
    if let Ok(real) = source.canonicalize()
        && real != given
    {
        put_path(told, "real_source", &real);
    }
}
