//! Sorting what a session knows: a plan, carried out, and the tables that mirror the session.

use std::path::Path;

use super::{Notice, RunContext, RunError, RunEvent};
use crate::domain::plan::Plan;
use crate::domain::run::RunId;
use crate::domain::score::SureRule;
use crate::files::destination;
use crate::jobs::sort::{SortRules, Sorted};
use crate::jobs::tables::{self, Written};
use crate::jobs::{apply, sort};
use crate::store::session::{LabelSet, Session};

/// Makes a plan, and tells where the destination cannot keep what the plan needs.
pub fn plan(context: &RunContext<'_>, session: &mut Session, rules: SortRules<'_>) -> Result<Sorted, RunError> {
    let sorted = sort::sort(session, rules)?;
    if !sorted.plan.transfers.is_empty() {
        tell_weakness(context, session.destination());
    }
    Ok(sorted)
}

/// Tells of a promise that a destination cannot keep.
pub(super) fn tell_weakness(context: &RunContext<'_>, destination: &Path) {
    if let Some(weakness) = destination::weakness(destination) {
        context.note(Notice::Weak(weakness));
    }
}

/// An error where the files of a plan do not fit into the destination.
pub fn check_room(session: &Session, plan: &Plan) -> Result<(), RunError> {
    Ok(destination::check_room(session.destination(), &plan.transfers)?)
}

/// Carries a plan out as far as it goes before a stop. A plan with nothing to do is no run.
pub fn apply(context: &RunContext<'_>, session: &mut Session, plan: &Plan) -> Result<Option<RunId>, RunError> {
    let localizer = context.face.localizer();
    context.tell(RunEvent::StageBegins { total: plan.transfers.len() });
    let applied =
        apply::apply(session, plan, &|error| localizer.transfer(error), context.stop, &mut |planned, ended| {
            context.tell(RunEvent::Transferred { planned, ended });
        });
    Ok(applied?)
}

/// Writes the table and the list of checksums, and tells of files of somebody else's that had their places.
pub fn write_tables(
    context: &RunContext<'_>,
    session: &mut Session,
    table: &Path,
    set: &LabelSet,
    sure: SureRule,
) -> Result<Written, RunError> {
    let written = tables::write(session, table, Some(set), sure)?;
    tell_kept_aside(context, &written);
    Ok(written)
}

/// Writes them again as they were written last, if they were.
pub fn rewrite_tables(context: &RunContext<'_>, session: &mut Session) -> Result<(), RunError> {
    if let Some(written) = tables::rewrite(session)? {
        tell_kept_aside(context, &written);
    }
    Ok(())
}

fn tell_kept_aside(context: &RunContext<'_>, written: &Written) {
    written.kept_aside.iter().for_each(|path| context.note(Notice::KeptAside { path: path.clone() }));
}
