//! `sis classify --within`: a finer sort inside one label of a destination's session, and its end.

use std::path::{Path, PathBuf};

use super::arguments::ClassifyArguments;
use super::context::Context;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::outcome::Classifying;
use super::session::open_known;
use super::settings::{labels, model, sure, table_name, template};
use super::sorting::Work;
use crate::domain::decision::LabelId;
use crate::domain::settings::Operation;
use crate::jobs::tables;
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Sorting, Which};
use crate::use_cases::narrow::{NarrowRequest, ReadyNarrow, prepare, widen};
use crate::use_cases::runtime::ChosenRuntime;
use crate::use_cases::{Machine, RunError};

pub(super) fn run(arguments: &ClassifyArguments, within: &str, context: &mut Context) -> Result<Exit, Failure> {
    let sorting = &arguments.sorting;
    let machine = context.machine(&sorting.runtime);
    if !Session::exists(&sorting.destination) {
        return Err(Failure::of(&Session::absent(&sorting.destination), &context.language).into_usage());
    }
    match arguments.widen {
        true => end(arguments, within, &machine, context),
        false => carry_out(arguments, within, &machine, context),
    }
}

fn carry_out(
    arguments: &ClassifyArguments,
    within: &str,
    machine: &Machine,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let sorting = &arguments.sorting;
    let (labels, template) = (labels(sorting, context)?, template(sorting, context)?);
    let model = sorting.model.as_ref().map(|named| model(Some(named), context));
    let request = NarrowRequest {
        destination: &sorting.destination,
        within,
        source: sorting.source.as_deref(),
        labels: &labels,
        template: &template,
        sure: sure(sorting, context)?,
        operation: sorting.operation.map(Operation::from),
        model: model.as_ref(),
        batch_size: sorting.batch_size.map(|size| size as usize),
        trust: sorting.trust,
        is_dry: arguments.dry_run,
    };
    let output = Output { json: sorting.json, verbose: sorting.verbose, ..Output::default() };
    let mut ready = face::run(context, machine, output, |run| prepare(run, request, &mut ChosenRuntime::default()))?;
    let (settings, runtime) = (ready.settings_to_tell(), ready.runtime.clone());
    let output = Output { settings: Some(&settings), runtime: Some(&runtime), ..output };
    let narrowing = face::run(context, machine, output, |run| ready.carry_out(run))?;
    let ReadyNarrow { model, mut session, root: (root, set), within, .. } = ready;
    let classification = &narrowing.classification;
    let classifying = Classifying {
        settings: &settings,
        runtime: &runtime,
        variant: model.variant(),
        classification,
        unreadable_folders: 0,
        interrupted: context.stop()?.is_requested() && classification.waiting > 0,
        arrived: None,
        limit: None,
    };
    let table_name = table_of(arguments, &session, context)?;
    let sorted = Sorted { session: &mut session, sorting: &root, set: &set, table_name: &table_name, within };
    work(arguments, machine, sorted).finish(Some(classifying), context)
}

/// A session, and the label inside which its pictures are put in place.
struct Sorted<'s> {
    session: &'s mut Session,
    sorting: &'s Sorting,
    set: &'s LabelSet,
    table_name: &'s Path,
    within: LabelId,
}

/// The work of putting the pictures of a label in place.
fn work<'w>(arguments: &ClassifyArguments, machine: &'w Machine, sorted: Sorted<'w>) -> Work<'w> {
    let Sorted { session, sorting, set, table_name, within } = sorted;
    Work {
        machine,
        session,
        sorting,
        set,
        table_name,
        which: Which::All,
        within: Some(within),
        resort: arguments.resort,
        dry_run: arguments.dry_run,
        json: arguments.sorting.json,
    }
}

/// Ends the finer sort inside a label.
fn end(arguments: &ClassifyArguments, within: &str, machine: &Machine, context: &mut Context) -> Result<Exit, Failure> {
    let sorting = &arguments.sorting;
    let failed = |error: RunError, context: &Context| Failure::of_run(&error, &context.language);
    let mut session = match arguments.dry_run {
        true => Session::open_copy(&sorting.destination).map_err(|error| failed(error.into(), context))?,
        false => open_known(&sorting.destination, sorting.trust, machine, context)?,
    };
    let label = widen(&mut session, within).map_err(|error| failed(error, context))?;
    let known = session.sorting().map_err(|error| failed(error.into(), context))?;
    let Some((root, set)) = known else {
        return Err(Failure::usage(context.language.text("store.nothing_classified")));
    };
    let table_name = table_of(arguments, &session, context)?;
    let sorted = Sorted { session: &mut session, sorting: &root, set: &set, table_name: &table_name, within: label };
    work(arguments, machine, sorted).finish(None, context)
}

/// The table that was asked for, else the one that the session has.
fn table_of(arguments: &ClassifyArguments, session: &Session, context: &Context) -> Result<PathBuf, Failure> {
    let given = table_name(&arguments.sorting, context)?;
    if arguments.sorting.output_file.is_some() {
        return Ok(given);
    }
    let known = tables::table_name(session);
    let known = known.map_err(|error: StoreError| Failure::of(&error, &context.language))?;
    Ok(known.as_deref().map_or(given, Path::to_owned))
}
