//! What has to be there before the first picture is looked at: the destination with its session, the model, the run.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::session::open_to_work;
use crate::domain::printable::printable;
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::{destination, own_file, sums};
use crate::jobs::embeddings::CachePlace;
use crate::jobs::model::{Model, OpenedModel};
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting, kept_source};

/// The destination's session, made where there is none, and the destination too.
pub(super) fn open_destination(
    destination: &Path,
    table_name: &Path,
    trust: bool,
    known: Option<Session>,
    context: &mut Context,
) -> Result<Session, Failure> {
    destination::prepare(destination).map_err(|error| Failure::of(&error, &context.language))?;
    check_table_place(&destination.join(table_name), context)?;
    check_table_place(&destination.join(sums::FILE_NAME), context)?;
    known.map_or_else(|| open_to_work(destination, trust, context), Ok)
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

/// Begins the run, with everything that its result depends on, and `more` that is to be known of it.
pub(super) fn begin(
    session: &mut Session,
    sorting: &Sorting,
    settings: &Settings,
    model: &Model,
    runtime: &Runtime,
    more: Map<String, Json>,
) -> Result<(RunId, LabelSet), StoreError> {
    let fingerprint: String = model.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    let set = session.label_set(&sorting.labels, &sorting.template, &fingerprint)?;
    let told = [
        ("source", json!(kept_source(&settings.source))),
        ("recursive", json!(settings.recursive)),
        ("model", json!(settings.model.to_string())),
        ("model_sha256", json!(fingerprint)),
        ("runtime", json!(format!("{} {}", runtime.name(), runtime.version()))),
        ("device", json!(runtime.device().to_string())),
    ];
    let told = told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more).collect();
    Ok((session.begin_run(RunKind::Classify, None, Some((sorting, &set)), told)?, set))
}

/// Opens the model, and says what had to be assumed about it.
pub(super) fn open_model(
    settings: &Settings,
    runtime: &Runtime,
    cache: Option<&CachePlace>,
    context: &mut Context,
) -> Result<Model, Failure> {
    let line = context.language.say("classify.opening", &[("model", &settings.model)]);
    context.console.err(&line);
    let folder = context.model_folder(&settings.model)?;
    let opened = Model::open(&folder, settings, runtime, cores(), cache);
    let opened = opened.map_err(|error| Failure::of(&error, &context.language))?;
    let OpenedModel { model, scale_is_assumed, .. } = opened;
    if scale_is_assumed {
        let note = context.language.text("engine.scale_assumed");
        context.note_text(&note);
    }
    Ok(model)
}

fn check_table_place(path: &Path, context: &Context) -> Result<(), Failure> {
    match own_file::is_free(path) {
        true => Ok(()),
        false => {
            let sentence = context.language.say("destination.table_in_the_way", &[("path", &printable(path))]);
            Err(Failure { chain: sentence.clone(), sentence, exit: Exit::Failed })
        }
    }
}
