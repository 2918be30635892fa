//! `sis classify`: classify, plan, apply, and tell what happened.

use std::path::PathBuf;

use super::arguments::{ClassifyArguments, RuntimeOptions};
use super::context::Context;
use super::emptied;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::narrow;
use super::outcome::Classifying;
use super::settings::{settings, table_name};
use super::sorting::Work;
use crate::domain::settings::Settings;
use crate::jobs::classify::Classification;
use crate::store::session::{Sorting, Which};
use crate::use_cases::classify::{ClassifyRequest, NothingFound, Prepared, ReadyRun, prepare};
use crate::use_cases::narrow::complete;
use crate::use_cases::runtime::ChosenRuntime;

pub(super) fn run(arguments: &ClassifyArguments, context: &mut Context) -> Result<Exit, Failure> {
    if let Some(within) = &arguments.within {
        return narrow::run(arguments, within, context);
    }
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

/// A run that is asked for.
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
    let machine = context.machine(options);
    let output = Output { json: request.json, verbose: request.verbose, settings: Some(settings), runtime: None };
    let asked = ClassifyRequest { settings, table: &request.table_name, trust: request.trust, is_dry: request.dry_run };
    let prepared = face::run(context, &machine, output, |run| prepare(run, asked, &mut ChosenRuntime::default()))?;
    let (mut ready, text) = match prepared {
        Prepared::Ready(ready) => (ready.run, ready.text),
        Prepared::Nothing(nothing) => {
            let NothingFound { session, left_out } = *nothing;
            let nothing = Classification { left_out, ..Classification::default() };
            return emptied::finish(request, &machine, session, &nothing, context);
        }
    };
    let runtime = ready.runtime.clone();
    let output = Output { runtime: Some(&runtime), ..output };
    let report = face::run(context, &machine, output, |run| ready.carry_out(run, settings, &mut |_| {}))?;
    let ReadyRun { model, mut session, found, .. } = ready;
    let classification = &report.classification;
    if classification.pictures == 0 && classification.waiting == 0 && report.rescored.count == 0 {
        return emptied::finish(request, &machine, Some(session), classification, context);
    }
    let models = (&model, &runtime);
    face::run(context, &machine, output, |run| complete(run, &mut session, settings, models, text))?;
    let stop = context.stop()?;
    let classifying = Classifying {
        settings,
        runtime: &runtime,
        variant: model.variant(),
        classification,
        unreadable_folders: found.unreadable.len(),
        interrupted: stop.is_requested() && classification.waiting > 0,
        arrived: None,
        limit: report.limit,
    };
    let work = Work {
        machine: &machine,
        session: &mut session,
        sorting: &Sorting::from(settings),
        set: &report.set,
        table_name: &request.table_name,
        which: Which::SeenIn(report.run),
        within: None,
        resort: request.resort,
        dry_run: request.dry_run,
        json: request.json,
    };
    work.finish(Some(classifying), context)
}
