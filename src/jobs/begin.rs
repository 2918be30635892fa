//! How a run that classifies begins.

use serde_json::{Map, Value as Json, json};

use super::model::Model;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting, kept_source};

/// Begins the run, with everything that its result depends on, and `more` that is to be known of it.
pub fn begin_classify(
    session: &mut Session,
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    more: Map<String, Json>,
) -> Result<(RunId, LabelSet), StoreError> {
    let sorting = Sorting::from(settings);
    let fingerprint = model.name_of_fingerprint();
    let set = session.label_set(&sorting.labels, &sorting.template, &fingerprint)?;
    let told = [
        ("source", json!(kept_source(&settings.source))),
        ("recursive", json!(settings.recursive)),
        ("model", json!(settings.model.to_string())),
        ("model_fingerprint", json!(fingerprint)),
        ("runtime", json!(format!("{} {}", runtime.name(), runtime.version()))),
        ("device", json!(runtime.device().to_string())),
        ("variant", json!(model.variant().name())),
        ("trust_unchanged", json!(settings.trust_unchanged)),
    ];
    let told = told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more).collect();
    Ok((session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), told)?, set))
}
