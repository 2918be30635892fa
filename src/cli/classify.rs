//! `sis classify`: classify, plan, apply, and tell what happened.

use std::path::{Path, PathBuf};

use serde_json::{Map, json};

use super::arguments::{ClassifyArguments, RuntimeOptions};
use super::context::Context;
use super::events;
use super::exit::Exit;
use super::failure::Failure;
use super::outcome::Classifying;
use super::progress::Progress;
use super::session::{open_copy, open_to_work};
use super::settings::{settings, table_name};
use super::sorting::Work;
use super::summary;
use crate::domain::printable::{printable, printable_text};
use crate::domain::run::{RunId, RunKind};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::files::own_file;
use crate::files::scan::{Scan, scan};
use crate::files::sums;
use crate::files::trouble::Trouble;
use crate::jobs::classify::{Classification, Classified, Pipeline, classify};
use crate::jobs::embeddings::CachePlace;
use crate::jobs::model::{Model, OpenedModel};
use crate::jobs::sink::SessionSink;
use crate::lang::{Say, Values};
use crate::store::session::{LabelSet, Session, Sorting, kept_source};

pub(super) fn run(arguments: &ClassifyArguments, context: &mut Context) -> Result<Exit, Failure> {
    let request = Request {
        settings: settings(arguments, context)?,
        table_name: table_name(arguments, context)?,
        resort: arguments.resort,
        trust: arguments.trust,
        dry_run: arguments.dry_run,
        json: arguments.json,
        verbose: arguments.verbose,
    };
    carry_out(&request, &arguments.runtime, context)
}

/// What is asked for.
pub(super) struct Request {
    pub(super) settings: Settings,
    /// The table's name in the destination.
    pub(super) table_name: PathBuf,
    /// Pictures in folders of labels that are not there any more are moved too.
    pub(super) resort: bool,
    /// The destination's session is obeyed, whoever made it.
    pub(super) trust: bool,
    pub(super) dry_run: bool,
    pub(super) json: bool,
    pub(super) verbose: bool,
}

/// Classifies, plans and applies.
pub(super) fn carry_out(request: &Request, options: &RuntimeOptions, context: &mut Context) -> Result<Exit, Failure> {
    let settings = &request.settings;
    // First of all: what a killed run left is finished, which may remove files that would be found otherwise.
    let known = match !request.dry_run && Session::exists(&settings.destination) {
        true => Some(open_to_work(&settings.destination, request.trust, context)?),
        false => None,
    };
    let found = find_pictures(settings, context)?;
    let selection = context.select_runtime(options)?;
    let runtime = &selection.runtime;
    let cache = context.cache_place();
    let model = open_model(settings, runtime, cache.as_ref(), context)?;
    let mut session = open_session(request, known, context)?;
    let stop = context.stop()?;
    let sorting = Sorting {
        labels: settings.labels.clone(),
        template: settings.template.text(),
        threshold: settings.sure.threshold,
        margin: settings.sure.margin,
        operation: settings.operation,
    };
    let failed = |error: crate::store::StoreError, context: &Context| Failure::of(&error, &context.language);
    let begun = begin(&mut session, &sorting, settings, &model, runtime);
    let (run, set) = begun.map_err(|error| failed(error, context))?;
    let pipeline =
        Pipeline { files: &found.files, model: &model, cache: cache.as_ref(), decoders: cores(), stop: &stop };
    let classification = classify_into(&mut session, run, &set, &pipeline, request, context)?;
    let result = [("pictures", classification.pictures), ("waiting", classification.waiting)];
    let result = result.into_iter().map(|(key, count)| (key.to_owned(), json!(count))).collect();
    session.end_run(run, result).map_err(|error| failed(error, context))?;
    if classification.pictures == 0 && classification.waiting == 0 {
        return Err(no_pictures(settings, &classification, context));
    }
    let classifying = Classifying {
        settings,
        runtime,
        classification: &classification,
        unreadable_folders: found.unreadable.len(),
        interrupted: stop.is_requested() && classification.waiting > 0,
    };
    let work = Work {
        session: &mut session,
        sorting: &sorting,
        set: &set,
        table_name: &request.table_name,
        only: Some(run),
        resort: request.resort,
        dry_run: request.dry_run,
        json: request.json,
        stop: &stop,
    };
    work.finish(Some(classifying), context)
}

/// The destination's session, new where it is not known, or one that is not kept.
fn open_session(request: &Request, known: Option<Session>, context: &mut Context) -> Result<Session, Failure> {
    let destination = &request.settings.destination;
    if request.dry_run {
        return open_copy(destination, context);
    }
    destination::prepare(destination).map_err(|error| Failure::of(&error, &context.language))?;
    check_table_place(&destination.join(&request.table_name), context)?;
    check_table_place(&destination.join(sums::FILE_NAME), context)?;
    known.map_or_else(|| open_to_work(destination, request.trust, context), Ok)
}

/// Begins the run, with everything that its result depends on.
fn begin(
    session: &mut Session,
    sorting: &Sorting,
    settings: &Settings,
    model: &Model<'_>,
    runtime: &Runtime,
) -> Result<(RunId, LabelSet), crate::store::StoreError> {
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
    let told: Map<String, _> = told.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Ok((session.begin_run(RunKind::Classify, None, Some((sorting, &set)), told)?, set))
}

fn classify_into(
    session: &mut Session,
    run: RunId,
    set: &LabelSet,
    pipeline: &Pipeline<'_>,
    request: &Request,
    context: &mut Context,
) -> Result<Classification, Failure> {
    let mut progress = Progress::new(pipeline.files.len(), &context.console);
    let mut said_stopping = false;
    let language = context.language.clone();
    let mut on_picture = |classified: Option<&Classified>| {
        if let Some(line) = classified.and_then(|classified| line_of(classified, request, context)) {
            progress.aside(|| context.console.out(&line));
            context.console.flush();
        }
        if pipeline.stop.is_requested() && !std::mem::replace(&mut said_stopping, true) {
            let line = context.language.text("classify.interrupting");
            progress.aside(|| context.console.err(&line));
        }
        progress.advance(&mut context.console, &context.language);
    };
    let mut on_stored = |_| {};
    let say = |trouble: &Trouble| trouble.say(&language);
    let mut sink = SessionSink::new(session, run, set, &request.settings.source, &say, &mut on_picture, &mut on_stored);
    let classified = classify(pipeline, &mut sink);
    progress.finish();
    classified.map_err(|error| Failure::of(&error, &context.language))
}

/// The line to print for a picture, if one is wanted.
fn line_of(classified: &Classified, request: &Request, context: &Context) -> Option<String> {
    let (language, settings) = (&context.language, &request.settings);
    if request.json {
        return Some(events::picture(classified, settings, language));
    }
    if !request.verbose {
        return None;
    }
    let picture = &classified.picture;
    let path = printable(&picture.path);
    if let Some(trouble) = &classified.trouble {
        let (state, trouble) = (picture.state.say(language), trouble.say(language));
        let values: Values<'_> = &[("path", &path), ("state", &state), ("trouble", &trouble)];
        return Some(language.say("classify.picture_trouble", values));
    }
    let prediction = picture.prediction.as_ref()?;
    let key = if settings.sure.is_sure(prediction) { "classify.picture" } else { "classify.picture_unsure" };
    let label = printable_text(&settings.labels.get(prediction.label)?.text);
    let score = format!("{:.4}", prediction.score);
    Some(language.say(key, &[("path", &path), ("label", &label), ("score", &score)]))
}

/// Finds the files and says what is not looked at.
fn find_pictures(settings: &Settings, context: &mut Context) -> Result<Scan, Failure> {
    let checked = destination::check(&settings.destination, &settings.source);
    checked.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let found = scan(&settings.source, settings.recursive, &settings.destination)
        .map_err(|error| Failure::of(&error, &context.language))?;
    for (path, error) in &found.unreadable {
        let values: Values<'_> = &[("path", &printable(path)), ("detail", error)];
        let note = context.language.say("source.unreadable_folder", values);
        context.note_text(&note);
    }
    for (key, skipped) in [("source.links", &found.links), ("source.special", &found.special)] {
        if let Some(first) = skipped.first() {
            let values: Values<'_> = &[("count", &skipped.len()), ("path", &printable(first))];
            let note = context.language.say(key, values);
            context.note_text(&note);
        }
    }
    if found.files.is_empty() {
        return Err(no_pictures(settings, &Classification::default(), context));
    }
    let values: Values<'_> = &[("files", &found.files.len()), ("source", &printable(&settings.source))];
    let line = context.language.say("classify.found", values);
    context.console.err(&line);
    Ok(found)
}

fn no_pictures(settings: &Settings, classification: &Classification, context: &Context) -> Failure {
    let language = &context.language;
    let count: usize = classification.other_files.values().sum();
    let key = if count == 0 { "source.no_pictures" } else { "source.only_others" };
    let kinds = summary::kinds(&classification.other_files, language);
    let values: Values<'_> = &[("folder", &printable(&settings.source)), ("count", &count), ("kinds", &kinds)];
    let sentence = language.say(key, values);
    Failure { chain: sentence.clone(), sentence, exit: Exit::Failed }
}

/// Opens the model, and says what had to be assumed about it.
fn open_model<'m>(
    settings: &Settings,
    runtime: &'m Runtime,
    cache: Option<&CachePlace>,
    context: &mut Context,
) -> Result<Model<'m>, Failure> {
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
