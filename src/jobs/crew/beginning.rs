//! What a classify and a watch begin with: the model, the destination's session, the labels, the run.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::CrewError;
use super::opening::tell_decisions;
use super::runner::Desk;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::encoder::TextEncoder;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::jobs::model::{Model, OpenedModel};
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting, kept_source};

/// A model and a session that are ready.
pub(super) struct Ready {
    pub(super) model: Model,
    pub(super) text: TextEncoder,
    pub(super) session: Session,
}

/// Opens the model, then the session, and tells what was decided there.
pub(super) fn make_ready(desk: &Desk, settings: &Settings, runtime: &Runtime) -> Result<Ready, CrewError> {
    destination::check(&settings.destination, &settings.source)?;
    let folder = desk.model_folder(&settings.model)?;
    let cache = desk.surroundings.cache.as_ref();
    let OpenedModel { model, text, .. } = Model::open(&folder, settings, runtime, cores(), cache)?;
    destination::prepare(&settings.destination)?;
    let session = desk.session(&settings.destination)?;
    tell_decisions(desk, &session)?;
    Ok(Ready { model, text, session })
}

/// The labels' numbers in the session.
pub(super) fn label_set(session: &mut Session, sorting: &Sorting, model: &Model) -> Result<LabelSet, StoreError> {
    session.label_set(&sorting.labels, &sorting.template, &hexadecimal(&model.fingerprint))
}

/// Begins the run, with everything that its result depends on, and `more` that is to be known of it.
pub(super) fn begin_run(
    session: &mut Session,
    (sorting, set): (&Sorting, &LabelSet),
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    more: Map<String, Json>,
) -> Result<RunId, StoreError> {
    let told = [
        ("source", json!(kept_source(&settings.source))),
        ("recursive", json!(settings.recursive)),
        ("model", json!(settings.model.to_string())),
        ("model_sha256", json!(hexadecimal(&model.fingerprint))),
        ("runtime", json!(format!("{} {}", runtime.name(), runtime.version()))),
        ("device", json!(runtime.device().to_string())),
    ];
    let told = told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more).collect();
    session.begin_run(RunKind::Classify, None, Some((sorting, set)), told)
}

/// How a session keeps what the settings say of sorting.
pub(super) fn sorting_of(settings: &Settings) -> Sorting {
    Sorting {
        labels: settings.labels.clone(),
        template: settings.template.text(),
        threshold: settings.sure.threshold,
        margin: settings.sure.margin,
        operation: settings.operation,
    }
}

/// A source that is not there when a watch begins is a mistake in its name; one that goes later is waited for.
pub(super) fn check_source(source: &Path) -> Result<(), CrewError> {
    use crate::files::scan::ScanError;
    use std::io::ErrorKind;
    let folder = source.to_owned();
    match std::fs::read_dir(source) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(ScanError::Missing { folder }.into()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(ScanError::NoFolder { path: folder }.into()),
        Err(source) => Err(ScanError::Unreadable { folder, source }.into()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
