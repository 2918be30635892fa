//! `sis classify`: classify, plan, apply, and tell what happened.

use std::path::{Path, PathBuf};

use super::arguments::{ClassifyArguments, RuntimeOptions};
use super::context::Context;
use super::events;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::outcome::Run;
use super::progress::Progress;
use super::settings::{settings, table_name};
use super::summary;
use crate::domain::folder_name::folder_names;
use crate::domain::plan::{PlannedTransfer, plan};
use crate::domain::printable::{printable, printable_text};
use crate::domain::settings::Settings;
use crate::engine::runtime::Runtime;
use crate::engine::runtime::select::cores;
use crate::files::destination;
use crate::files::output_csv::{self, Row};
use crate::files::scan::{Scan, scan};
use crate::jobs::apply::{Transferred, apply};
use crate::jobs::classify::{Classification, Classified, classify};
use crate::jobs::model::Model;
use crate::jobs::stop::Stop;
use crate::lang::{Say, Values};

pub(super) fn run(arguments: &ClassifyArguments, context: &mut Context) -> Result<Exit, Failure> {
    let request = Request {
        settings: settings(arguments, context)?,
        table_name: table_name(arguments, context)?,
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
    pub(super) dry_run: bool,
    pub(super) json: bool,
    pub(super) verbose: bool,
}

/// Classifies, plans and applies.
pub(super) fn carry_out(request: &Request, options: &RuntimeOptions, context: &mut Context) -> Result<Exit, Failure> {
    let settings = &request.settings;
    let found = find_pictures(settings, context)?;
    let selection = context.select_runtime(options)?;
    let mut model = open_model(settings, &selection.runtime, context)?;
    if !request.dry_run {
        destination::prepare(&settings.destination).map_err(|error| Failure::of(&error, &context.language))?;
        check_table_place(&settings.destination.join(&request.table_name), context)?;
    }
    let stop = interrupt::listen().map_err(|error| Failure {
        sentence: error.to_string(),
        chain: "signals".to_owned(),
        exit: Exit::Failed,
    })?;
    let (runtime, unreadable_folders) = (&selection.runtime, found.unreadable.len());
    let mut command = Command { request, settings, runtime, unreadable_folders, stop, context };
    let classification = command.classify(&found.files, &mut model)?;
    command.finish(&classification)
}

/// A run in progress.
struct Command<'c> {
    request: &'c Request,
    settings: &'c Settings,
    runtime: &'c Runtime,
    unreadable_folders: usize,
    stop: Stop,
    context: &'c mut Context,
}

impl Command<'_> {
    fn classify(&mut self, files: &[PathBuf], model: &mut Model) -> Result<Classification, Failure> {
        let mut progress = Progress::new(files.len(), &self.context.console);
        let stop = self.stop.clone();
        let mut said_stopping = false;
        let mut on_picture = |classified: Option<&Classified>| {
            if let Some(line) = classified.and_then(|classified| self.line_of(classified)) {
                progress.aside(|| self.context.console.out(&line));
                self.context.console.flush();
            }
            if stop.is_requested() && !std::mem::replace(&mut said_stopping, true) {
                let line = self.context.language.text("classify.interrupting");
                progress.aside(|| self.context.console.err(&line));
            }
            progress.advance(&mut self.context.console, &self.context.language);
        };
        let classified = classify(files, model, cores(), &stop, &mut on_picture);
        progress.finish();
        classified.map_err(|error| Failure::of(&error, &self.context.language))
    }

    /// The line to print for a picture, if one is wanted.
    fn line_of(&self, classified: &Classified) -> Option<String> {
        let language = &self.context.language;
        if self.request.json {
            return Some(events::picture(classified, self.settings, language));
        }
        if !self.request.verbose {
            return None;
        }
        let picture = &classified.picture;
        let path = printable(&picture.path);
        if let Some(trouble) = &classified.trouble {
            let trouble = trouble.say(language);
            let values: Values<'_> = &[("path", &path), ("state", &picture.state), ("trouble", &trouble)];
            return Some(language.say("classify.picture_trouble", values));
        }
        let prediction = picture.prediction.as_ref()?;
        let key = if self.settings.sure.is_sure(prediction) { "classify.picture" } else { "classify.picture_unsure" };
        let label = printable_text(&self.settings.labels.get(prediction.label)?.text);
        let score = format!("{:.4}", prediction.score);
        Some(language.say(key, &[("path", &path), ("label", &label), ("score", &score)]))
    }

    /// Plans, applies and tells.
    fn finish(&mut self, classification: &Classification) -> Result<Exit, Failure> {
        if classification.pictures.is_empty() && classification.waiting == 0 {
            return Err(no_pictures(self.settings, classification, self.context));
        }
        let folders = folder_names(&self.settings.labels, &self.request.table_name.to_string_lossy());
        let plan = plan(classification.pictures.iter().map(|c| &c.picture), &folders, self.settings.sure);
        let mut run = Run {
            settings: self.settings,
            runtime: self.runtime,
            folders: &folders,
            classification,
            plan: &plan,
            transferred: vec![],
            unreadable_folders: self.unreadable_folders,
            interrupted: self.stop.is_requested(),
            dry_run: self.request.dry_run,
        };
        let applied = if run.interrupted || run.dry_run { Ok(()) } else { self.apply(&mut run) };
        let table = self.write_table(&run, run.rows(&self.context.language));
        match self.request.json {
            true => self.context.console.out(&events::summary(&run)),
            false => summary::print(
                &run,
                table.as_ref().ok().and_then(Option::as_deref),
                &self.context.language,
                &mut self.context.console,
            ),
        }
        applied.and(table).map(|_| exit_of(&run))
    }

    /// Carries out the plan. The table is written first, with what is planned: should the program be killed, it tells
    /// where each file went or was to go.
    fn apply(&mut self, run: &mut Run<'_>) -> Result<(), Failure> {
        let Settings { destination, operation, .. } = self.settings;
        let room = destination::check_room(destination, run.plan, *operation);
        room.map_err(|error| Failure::of(&error, &self.context.language))?;
        self.write_table(run, run.planned_rows(&self.context.language))?;
        let mut progress = Progress::new(run.plan.len(), &self.context.console);
        let json = self.request.json;
        let context = &mut *self.context;
        let mut on_transfer = |planned: &PlannedTransfer, transferred: &Transferred| {
            if json {
                let classified = &run.classification.pictures[planned.picture];
                let line = events::transfer(classified, transferred, &context.language);
                progress.aside(|| context.console.out(&line));
                context.console.flush();
            }
            if let Err(error) = &transferred.result {
                let source = printable(&planned.source);
                tracing::error!(source, chain = super::failure::chain(error), "transfer failed");
            }
            progress.advance(&mut context.console, &context.language);
        };
        run.transferred = apply(run.plan, destination, *operation, &self.stop, &mut on_transfer);
        run.interrupted = self.stop.is_requested() && run.transferred.len() < run.plan.len();
        progress.finish();
        Ok(())
    }

    /// Writes the table, unless nothing may be written; returns where it is.
    fn write_table(&mut self, run: &Run<'_>, rows: Vec<Row>) -> Result<Option<PathBuf>, Failure> {
        if run.dry_run {
            return Ok(None);
        }
        let path = self.settings.destination.join(&self.request.table_name);
        match output_csv::write(&path, &rows) {
            Ok(Some(aside)) => {
                let values: Values<'_> = &[("path", &printable(aside))];
                let note = self.context.language.say("classify.kept_aside", values);
                self.context.note_text(&note);
                Ok(Some(path))
            }
            Ok(None) => Ok(Some(path)),
            Err(error) => {
                let values: Values<'_> = &[("path", &printable(&path)), ("detail", &error)];
                let sentence = self.context.language.say("classify.output_failed", values);
                Err(Failure { chain: error.to_string(), sentence, exit: Exit::Failed })
            }
        }
    }
}

fn exit_of(run: &Run<'_>) -> Exit {
    let counts = run.counts();
    let incomplete = run.unreadable_folders > 0 || (!run.dry_run && run.transferred.len() < run.plan.len());
    match run.interrupted {
        true => Exit::Interrupted,
        false if counts.suspect + counts.failed() + run.transfers_failed() > 0 || incomplete => Exit::Partly,
        false => Exit::Done,
    }
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
    let others = match count {
        0 => String::new(),
        _ => {
            let kinds = summary::kinds(&classification.other_files, language);
            language.say("source.others", &[("count", &count), ("kinds", &kinds)])
        }
    };
    let sentence = language.say("source.no_pictures", &[("folder", &printable(&settings.source)), ("others", &others)]);
    Failure { chain: sentence.clone(), sentence, exit: Exit::Failed }
}

/// Opens the model, and says what had to be assumed about it.
fn open_model(settings: &Settings, runtime: &Runtime, context: &mut Context) -> Result<Model, Failure> {
    let line = context.language.say("classify.opening", &[("model", &settings.model)]);
    context.console.err(&line);
    let folder = context.model_folder(&settings.model)?;
    let opened = Model::open(&folder, settings, runtime, cores());
    let (model, scale_is_assumed) = opened.map_err(|error| Failure::of(&error, &context.language))?;
    if scale_is_assumed {
        let note = context.language.text("engine.scale_assumed");
        context.note_text(&note);
    }
    Ok(model)
}

fn check_table_place(path: &Path, context: &Context) -> Result<(), Failure> {
    match output_csv::is_free_for_table(path) {
        true => Ok(()),
        false => {
            let sentence = context.language.say("destination.table_in_the_way", &[("path", &printable(path))]);
            Err(Failure { chain: sentence.clone(), sentence, exit: Exit::Failed })
        }
    }
}
