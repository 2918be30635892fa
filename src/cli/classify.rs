//! `sis classify`: classify, plan, apply, and tell what happened.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::arguments::{ClassifyArguments, RuntimeOptions};
use super::context::Context;
use super::emptied;
use super::events;
use super::exit::Exit;
use super::failure::Failure;
use super::opening::{open_destination, open_model};
use super::outcome::Classifying;
use super::picture_line::picture_line;
use super::progress::Progress;
use super::session::{open_copy, open_to_work};
use super::settings::{settings, table_name};
use super::sorting::Work;
use crate::domain::printable::printable;
use crate::domain::run::RunId;
use crate::domain::settings::{Operation, Settings};
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::files::scan::{Kept, Scan, Scope};
use crate::files::trouble::Trouble;
use crate::jobs::begin::begin_classify;
use crate::jobs::classify::{Classification, Classified, Encoders, Pipeline, classify};
use crate::jobs::effort::{Clocks, LimitOfLate};
use crate::jobs::kept::kept;
use crate::jobs::rescore::{Rescored, rescore};
use crate::jobs::sink::{Hooks, SessionSink, SourceFolder};
use crate::lang::{Say, Values};
use crate::store::session::{LabelSet, Session, Sorting, Which};

pub(super) fn run(arguments: &ClassifyArguments, context: &mut Context) -> Result<Exit, Failure> {
    let trust_unchanged =
        arguments.trust_unchanged || (context.defaults.trust_unchanged && !arguments.no_trust_unchanged);
    let request = Request {
        settings: Settings { trust_unchanged, ..settings(&arguments.sorting, context)? },
        table_name: table_name(&arguments.sorting, context)?,
        resort: arguments.resort,
        trust: arguments.sorting.trust,
        dry_run: arguments.dry_run,
        json: arguments.sorting.json,
        verbose: arguments.sorting.verbose,
    };
    carry_out(&request, &arguments.sorting.runtime, context)
}

/// The request.
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
    let mut known = match (Session::exists(&settings.destination), request.dry_run) {
        (true, false) => Some(open_to_work(&settings.destination, request.trust, context)?),
        (true, true) => Some(open_copy(&settings.destination, context)?),
        (false, _) => None,
    };
    let failed = |error: crate::store::StoreError, context: &Context| Failure::of(&error, &context.language);
    let kept = known.as_ref().map_or_else(|| Ok(Kept::new()), |session| kept(session, settings));
    let kept = kept.map_err(|error| failed(error, context))?;
    let mut found = find_pictures(settings, &kept, context)?;
    if found.files.is_empty() {
        match known {
            // The pictures that were moved from there are sorted anew.
            Some(session) if emptied::sorts_otherwise(request, &session, context)? => known = Some(session),
            session => {
                let nothing = Classification { left_out: found.left_out, ..Classification::default() };
                return emptied::finish(request, session, &nothing, context);
            }
        }
    }
    let selection = context.select_runtime(options)?;
    let runtime = &selection.runtime;
    let cache = context.cache_place();
    let model = open_model(settings, runtime, cache.as_ref(), Some(found.files.len()), context)?;
    let mut session = match request.dry_run {
        true => known.map_or_else(|| open_copy(&settings.destination, context), Ok)?,
        false => open_destination(&settings.destination, &request.table_name, request.trust, known, context)?,
    };
    let stop = context.stop()?;
    let sorting = Sorting::from(settings);
    let begun = begin_classify(&mut session, settings, &model, runtime, None);
    let (run, set) = begun.map_err(|error| failed(error, context))?;
    let clocks = Clocks::default();
    let pipeline = Pipeline {
        files: &found.files,
        model: &model,
        cache: cache.as_ref(),
        decoders: cores(),
        clocks: &clocks,
        awaits_rest: &|_| false,
        trusts_unchanged: settings.trust_unchanged,
        stop: &stop,
    };
    let mut classification = classify_into(&mut session, run, &set, &pipeline, request, runtime, context)?;
    classification.left_out = std::mem::take(&mut found.left_out);
    let rescored = match stop.is_requested() {
        true => Ok(Rescored::default()),
        false => rescore(&mut session, (run, &set), &SourceFolder::new(&settings.source), &model, cache.as_ref()),
    };
    let rescored = rescored.map_err(|error| failed(error, context))?;
    session.end_run(run, classification.result()).map_err(|error| failed(error, context))?;
    tell_rescored(rescored, &settings.destination, context);
    if classification.pictures == 0 && classification.waiting == 0 && rescored.count == 0 {
        return emptied::finish(request, Some(session), &classification, context);
    }
    let classifying = Classifying {
        settings,
        runtime,
        variant: model.variant(),
        classification: &classification,
        unreadable_folders: found.unreadable.len(),
        interrupted: stop.is_requested() && classification.waiting > 0,
        arrived: None,
        limit: clocks.so_far().limit(),
    };
    let work = Work {
        session: &mut session,
        sorting: &sorting,
        set: &set,
        table_name: &request.table_name,
        which: Which::SeenIn(run),
        resort: request.resort,
        dry_run: request.dry_run,
        json: request.json,
        stop: &stop,
    };
    work.finish(Some(classifying), context)
}

/// Says what became of pictures that were sorted before and are not in the source.
fn tell_rescored(rescored: Rescored, destination: &Path, context: &mut Context) {
    let values: Values<'_> = &[("destination", &printable(destination))];
    let told = [("classify.rescored", rescored.count), ("classify.not_rescored", rescored.missing)];
    for (key, count) in told.into_iter().filter(|(_, count)| *count > 0) {
        let note = context.language.say(key, &[values, &[("count", &count)]].concat());
        context.note_text(&note);
    }
}

fn classify_into(
    session: &mut Session,
    run: RunId,
    set: &LabelSet,
    pipeline: &Pipeline<'_>,
    request: &Request,
    runtime: &Runtime,
    context: &mut Context,
) -> Result<Classification, Failure> {
    let language = context.language.clone();
    let progress = Progress::new(pipeline.files.len(), &context.console);
    let (said_stopping, limit) = (false, LimitOfLate::default());
    let shown = RefCell::new(Shown { request, pipeline, runtime, context, progress, said_stopping, limit });
    let say = |trouble: &Trouble| trouble.say(&language);
    let hooks = Hooks {
        say: &say,
        alert: &|_| None,
        on_picture: &mut |classified| shown.borrow_mut().picture(classified),
        on_silence: &mut || shown.borrow_mut().silence(),
        on_stored: &mut |_| {},
    };
    let mut sink = SessionSink::new(session, run, set, SourceFolder::new(&request.settings.source), hooks);
    let classified = classify(pipeline, &mut Encoders::default(), &mut sink);
    shown.into_inner().progress.finish();
    classified.map_err(|error| Failure::of(&error, &language))
}

/// The screen while pictures are classified.
struct Shown<'s> {
    request: &'s Request,
    pipeline: &'s Pipeline<'s>,
    runtime: &'s Runtime,
    context: &'s mut Context,
    progress: Progress,
    said_stopping: bool,
    limit: LimitOfLate,
}

impl Shown<'_> {
    fn picture(&mut self, classified: Option<&Classified>) {
        let Shown { request, pipeline, runtime, context, progress, said_stopping, limit } = self;
        if let Some(line) = classified.and_then(|classified| line_of(classified, request, context)) {
            progress.aside(|| context.console.out(&line));
            context.console.flush();
        }
        if pipeline.stop.is_requested() && !std::mem::replace(said_stopping, true) {
            let line = context.language.text("classify.interrupting");
            progress.aside(|| context.console.err(&line));
        }
        progress.limited_by(limit.at(Instant::now(), pipeline.clocks), runtime.device());
        progress.advance(&mut context.console, &context.language);
    }

    fn silence(&mut self) {
        let Shown { context, progress, .. } = self;
        progress.aside(|| context.say_silence());
    }
}

/// The line to print for a picture, if one is wanted.
fn line_of(classified: &Classified, request: &Request, context: &Context) -> Option<String> {
    let (language, settings) = (&context.language, &request.settings);
    if request.json {
        return Some(events::picture(classified, settings, language));
    }
    if request.verbose { picture_line(classified, settings, language) } else { None }
}

/// Finds the files and says what is not looked at.
fn find_pictures(settings: &Settings, kept: &Kept, context: &mut Context) -> Result<Scan, Failure> {
    let checked = destination::check(&settings.destination, &settings.source);
    checked.map_err(|error| Failure::of(&error, &context.language).into_usage())?;
    let found = Scope::of(settings, kept).scan().map_err(|error| Failure::of(&error, &context.language))?;
    for (path, error) in &found.unreadable {
        let values: Values<'_> = &[("path", &printable(path)), ("detail", error)];
        let note = context.language.say("source.unreadable_folder", values);
        context.note_text(&note);
    }
    for (key, skipped) in
        [("source.links", &found.links), ("source.special", &found.special), ("source.own_names", &found.own)]
    {
        if let Some(first) = skipped.first() {
            let values: Values<'_> = &[("count", &skipped.len()), ("path", &printable(first))];
            let note = context.language.say(key, values);
            context.note_text(&note);
        }
    }
    if settings.operation == Operation::Move && Session::exists(&settings.source) {
        let note = context.language.say("source.is_sorted", &[("folder", &printable(&settings.source))]);
        context.note_text(&note);
    }
    if found.files.is_empty() {
        return Ok(found);
    }
    let values: Values<'_> = &[("files", &found.files.len()), ("source", &printable(&settings.source))];
    let line = context.language.say("classify.found", values);
    context.console.err(&line);
    Ok(found)
}
