//! Plan, apply, tell: what `sis classify` and `sis apply` have in common.

use std::path::Path;

use super::context::Context;
use super::events;
use super::exit::Exit;
use super::face::{self, Output};
use super::failure::Failure;
use super::outcome::{Classifying, Counted, Report, Tally};
use super::summary;
use crate::domain::decision::LabelId;
use crate::domain::folder_name::folder_names;
use crate::jobs::sort::SortRules;
use crate::store::session::{LabelSet, Session, Sorting, Which};
use crate::use_cases::{Machine, sort};

/// Pictures in a session that are to be sorted.
pub(super) struct Work<'w> {
    pub(super) machine: &'w Machine,
    pub(super) session: &'w mut Session,
    pub(super) sorting: &'w Sorting,
    pub(super) set: &'w LabelSet,
    /// The table's name in the destination.
    pub(super) table_name: &'w Path,
    /// Which pictures.
    pub(super) which: Which,
    /// Only pictures that stand for this label, or for one inside it.
    pub(super) within: Option<LabelId>,
    pub(super) resort: bool,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

impl Work<'_> {
    /// Plans, applies, writes the tables and tells.
    pub(super) fn finish(self, classifying: Option<Classifying<'_>>, context: &mut Context) -> Result<Exit, Failure> {
        let Work { machine, session, sorting, set, table_name, which, within, resort, dry_run, json } = self;
        let output = Output { json, ..Output::default() };
        let folders = folder_names(&sorting.labels, &table_name.to_string_lossy());
        let waiting = classifying.as_ref().map_or(0, |classifying| classifying.classification.waiting);
        let rules = SortRules { sorting, set, folders: &folders, which, resort, waiting, within };
        let sorted = face::run(context, machine, output, |run| sort::plan(run, session, rules))?;
        let destination = session.destination().to_owned();
        let mut report = Report {
            classifying,
            destination: &destination,
            sorting,
            sorted: &sorted,
            tally: Tally::default(),
            run: None,
            dry_run,
            interrupted: false,
        };
        let has_room = match dry_run || report.was_interrupted() {
            true => Ok(()),
            false => {
                sort::check_room(session, &sorted.plan).map_err(|error| Failure::of_run(&error, &context.language))
            }
        };
        if has_room.is_ok() && !dry_run && !report.was_interrupted() {
            let applied =
                face::run_counting(context, machine, output, None, |run| sort::apply(run, session, &sorted.plan))?;
            let (run, Counted { tally, .. }) = applied;
            // Where the session fails, nothing that could be told of the run would be sure.
            report.run = run?;
            report.interrupted = context.stop()?.is_requested() && tally.begun < sorted.plan.transfers.len();
            report.tally = tally;
        }
        let table = match dry_run {
            true => Ok(None),
            false => face::run(context, machine, output, |run| {
                sort::write_tables(run, session, table_name, set, sorting.sure())
            })
            .map(|written| Some(written.table)),
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
        has_room.and(table).map(|_| report.exit())
    }
}
