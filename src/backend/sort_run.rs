//! Plans made of the scores on the screen, carried out, and taken back.

use std::path::{Path, PathBuf};

use super::app_face::{AppFace, TOLD};
use super::context::RunnerContext;
use super::{BackendError, Event, UndoTally};
use crate::domain::folder_name::folder_names;
use crate::domain::picture::PictureId;
use crate::domain::plan::Plan;
use crate::domain::run::{RunId, RunKind};
use crate::file_system::is_gone;
use crate::jobs::sort::SortRules;
use crate::jobs::tables;
use crate::jobs::undo::Undone;
use crate::store::StoreError;
use crate::store::ledger::{RunResult, RunSettings};
use crate::store::session::{LabelSet, Session, Sorting, Which};
use crate::use_cases::undo::ToUndo;
use crate::use_cases::{self, RunContext, sort};

/// A plan that is not carried out yet, and what it was made with.
pub(super) struct PendingPlan {
    plan: Plan,
    sorting: Sorting,
    set: LabelSet,
}

/// Puts the scores of now into the session, and makes a plan of them.
pub(super) fn plan(
    run: &RunContext<'_>,
    session: &mut Session,
    sorting: Sorting,
    scores: &[(PictureId, Vec<f32>)],
    context: &RunnerContext,
) -> Result<PendingPlan, BackendError> {
    let set = set_of(session, &sorting, scores)?;
    let table = tables::table_name(session)?.unwrap_or_default();
    let folders = folder_names(&sorting.labels, &table.to_string_lossy());
    let rules = SortRules {
        sorting: &sorting,
        set: &set,
        folders: &folders,
        which: Which::All,
        resort: true,
        waiting: 0,
        within: None,
    };
    let mut sorted = sort::plan(run, session, rules)?;
    sorted.gone.extend(without_files(&mut sorted.plan));
    let unseen = sorted.unseen.into_iter().map(|unseen| unseen.path).collect();
    context.tell(Event::Planned { plan: Box::new(sorted.plan.clone()), gone: sorted.gone, unseen });
    Ok(PendingPlan { plan: sorted.plan, sorting, set })
}

/// Takes transfers out of a plan whose files are not there any more: a person is not asked to carry them out. Gives the
/// files.
fn without_files(plan: &mut Plan) -> Vec<PathBuf> {
    let is_absent = |path: &Path| std::fs::symlink_metadata(path).is_err_and(|error| is_gone(&error));
    let absent = plan.transfers.extract_if(.., |planned| is_absent(&planned.source));
    absent.map(|planned| planned.source).collect()
}

/// The session's label set for how pictures are sorted now; where that is a new one, it gets these scores.
fn set_of(session: &mut Session, sorting: &Sorting, scores: &[(PictureId, Vec<f32>)]) -> Result<LabelSet, StoreError> {
    let known = session.sorting()?;
    if let Some((_, set)) = known.as_ref().filter(|(known, _)| known == sorting) {
        return Ok(set.clone());
    }
    let model = known.map(|(_, set)| session.model_of(&set)).transpose()?.flatten().unwrap_or_default();
    let set = session.label_set(&sorting.labels, &sorting.template, &model)?;
    let run = session.begin_run(RunKind::Classify, None, Some((sorting, &set)), RunSettings::OtherLabels)?;
    session.put_scores(run, &set, scores)?;
    session.end_run(run, RunResult::None {})?;
    Ok(set)
}

/// Carries a plan out.
pub(super) fn apply(
    run: &RunContext<'_>,
    session: &mut Session,
    table: &Path,
    pending: &PendingPlan,
    face: &AppFace<'_>,
    context: &RunnerContext,
) -> Result<(), BackendError> {
    sort::check_room(session, &pending.plan)?;
    let total = pending.plan.transfers.len();
    let id = sort::apply(run, session, &pending.plan)?;
    sort::write_tables(run, session, table, &pending.set, pending.sorting.sure())?;
    tell_places(context, session)?;
    let (_, head) = session.ledger_head()?;
    let (tally, failures) = face.transferred();
    context.tell(Event::Applied { run: id, tally, failures, total, head });
    Ok(())
}

/// Tells what it would do to take a run back: the one that is named, or the last that is in force.
pub(super) fn foresee(
    session: &Session,
    wanted: Option<RunId>,
    trust: bool,
    context: &RunnerContext,
) -> Result<(), BackendError> {
    let wanted = wanted.map_or(ToUndo::Last, ToUndo::Run);
    let found = use_cases::undo::outlook(session, wanted, trust)?;
    let Some((outlook, obstacles)) = found else { return Err(BackendError::NothingToUndo) };
    let failures = obstacles.iter().take(TOLD).map(|error| context.localizer.transfer(error)).collect();
    context.tell(Event::Foreseen { outlook, failures });
    Ok(())
}

/// Takes a run back: the one that is named, or the last that is in force.
pub(super) fn undo(
    run: &RunContext<'_>,
    session: &mut Session,
    wanted: Option<RunId>,
    trust: bool,
    context: &RunnerContext,
) -> Result<(), BackendError> {
    let wanted = wanted.map_or(ToUndo::Last, ToUndo::Run);
    let runs = use_cases::undo::runs(session, wanted, trust)?.unwrap_or_default();
    let Some(wanted) = runs.into_iter().next() else { return Err(BackendError::NothingToUndo) };
    let undone = use_cases::undo::undo(run, session, wanted)?;
    sort::rewrite_tables(run, session)?;
    tell_places(context, session)?;
    let (_, head) = session.ledger_head()?;
    let failures = undone.left.iter().take(TOLD).map(|(_, error)| context.localizer.transfer(error)).collect();
    let Undone { run, own, back, removed, gone, unkept, left, waiting, .. } = undone;
    let tally = UndoTally { back, removed, gone, left: left.len() + waiting, unkept };
    context.tell(Event::Undone { run, own, tally, failures, head });
    Ok(())
}

/// Tells the folder that every picture is in now.
fn tell_places(context: &RunnerContext, session: &Session) -> Result<(), BackendError> {
    let mut folders = Vec::new();
    session.for_each_picture(None, Which::All, |picture| {
        folders.push((picture.id, picture.place.map(|place| place.folder)));
    })?;
    context.tell(Event::Places { folders });
    Ok(())
}
