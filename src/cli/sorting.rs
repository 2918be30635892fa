//! Plan, apply, tell: what `sis classify` and `sis apply` have in common.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::events;
use super::exit::Exit;
use super::failure::{Failure, chain};
use super::outcome::{Classifying, Report, Tally};
use super::progress::Progress;
use super::summary;
use crate::domain::folder_name::folder_names;
use crate::domain::plan::PlannedTransfer;
use crate::domain::printable::printable;
use crate::files::destination;
use crate::files::transfer::Ended;
use crate::jobs::apply::apply;
use crate::jobs::sort::{SortRules, sort};
use crate::jobs::stop::Stop;
use crate::jobs::tables::{self, Written};
use crate::lang::Say;
use crate::store::session::{LabelSet, Session, Sorting, Which};

/// Pictures in a session that are to be sorted.
pub(super) struct Work<'w> {
    pub(super) session: &'w mut Session,
    pub(super) sorting: &'w Sorting,
    pub(super) set: &'w LabelSet,
    /// The table's name in the destination.
    pub(super) table_name: &'w Path,
    /// Which pictures.
    pub(super) which: Which,
    pub(super) resort: bool,
    pub(super) dry_run: bool,
    pub(super) json: bool,
    pub(super) stop: &'w Stop,
}

impl Work<'_> {
    /// Plans, applies, writes the tables and tells.
    pub(super) fn finish(self, classifying: Option<Classifying<'_>>, context: &mut Context) -> Result<Exit, Failure> {
        let folders = folder_names(&self.sorting.labels, &self.table_name.to_string_lossy());
        let rules = SortRules {
            sorting: self.sorting,
            set: self.set,
            folders: &folders,
            which: self.which,
            resort: self.resort,
            waiting: classifying.as_ref().map_or(0, |classifying| classifying.classification.waiting),
        };
        let sorted = sort(self.session, rules).map_err(|error| Failure::of(&error, &context.language))?;
        let destination = self.session.destination().to_owned();
        let mut report = Report {
            classifying,
            destination: &destination,
            sorting: self.sorting,
            folders: &folders,
            sorted: &sorted,
            tally: Tally::default(),
            run: None,
            dry_run: self.dry_run,
            interrupted: false,
        };
        let (json, table_name) = (self.json, self.table_name);
        if !sorted.plan.transfers.is_empty()
            && let Some(weakness) = destination::weakness(&destination)
        {
            context.note(&weakness);
        }
        let room = match report.dry_run || report.was_interrupted() {
            true => Ok(()),
            false => check_room(&report, context),
        };
        let applied = match room.is_err() || report.dry_run || report.was_interrupted() {
            true => Ok(()),
            // Where the session fails, nothing that could be told of the run would be sure.
            false => carry_out(self.session, &mut report, self.stop, json, context),
        };
        applied?;
        let table = match report.dry_run {
            true => Ok(None),
            false => write_tables(self.session, self.set, self.sorting, table_name, context).map(Some),
        };
        match json {
            true => {
                let left_out = report.classifying.as_ref().map(|classifying| &classifying.classification.left_out);
                left_out.into_iter().flat_map(events::left_out).for_each(|line| context.console.out(&line));
                context.console.out(&events::summary(&report));
            }
            false => {
                let table = table.as_ref().ok().and_then(Option::as_deref);
                summary::print(&report, table, &context.language, &mut context.console);
            }
        }
        room.and(table).map(|_| report.exit())
    }
}

fn check_room(report: &Report<'_>, context: &Context) -> Result<(), Failure> {
    let room = destination::check_room(report.destination, &report.sorted.plan.transfers);
    room.map_err(|error| Failure::of(&error, &context.language))
}

fn carry_out(
    session: &mut Session,
    report: &mut Report<'_>,
    stop: &Stop,
    json: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let plan = &report.sorted.plan;
    let mut progress = Progress::new(plan.transfers.len(), &context.console);
    let (tally, language) = (&mut report.tally, context.language.clone());
    let mut on_ended = |planned: &PlannedTransfer, ended: &Ended| {
        tally.add(planned, ended, &language);
        if json {
            let line = events::transfer(planned, ended, &language);
            progress.aside(|| context.console.out(&line));
            context.console.flush();
        }
        if let Err(error) = ended {
            tracing::error!(source = printable(&planned.source), chain = chain(error), "transfer failed");
        }
        progress.advance(&mut context.console, &language);
    };
    let applied = apply(session, plan, &|error| error.say(&language), stop, &mut on_ended);
    progress.finish();
    report.interrupted = stop.is_requested() && report.tally.begun < plan.transfers.len();
    report.run = applied.map_err(|error| Failure::of(&error, &context.language))?;
    Ok(())
}

/// Writes the table and the list of checksums; gives where the table is.
pub(super) fn write_tables(
    session: &mut Session,
    set: &LabelSet,
    sorting: &Sorting,
    table_name: &Path,
    context: &mut Context,
) -> Result<PathBuf, Failure> {
    let written = tables::write(session, table_name, Some(set), sorting.sure());
    let written = written.map_err(|error| Failure::of(&error, &context.language))?;
    tell_kept_aside(&written, context);
    Ok(written.table)
}

/// Tells of files of somebody else's that had the places of the program's own.
pub(super) fn tell_kept_aside(written: &Written, context: &mut Context) {
    for aside in &written.kept_aside {
        let note = context.language.say("classify.kept_aside", &[("path", &printable(aside))]);
        context.note_text(&note);
    }
}
