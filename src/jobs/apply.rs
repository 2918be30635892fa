//! Carrying out a plan.

use std::io;
use std::path::Path;

use super::cancel_token::CancelToken;
use super::carry_out::{SayError, Transfers, carry_out};
use super::duplicate::Duplicate;
use super::run_folders::{folder_times, tidy_folders};
use crate::domain::plan::{Plan, PlannedTransfer};
use crate::domain::run::{Action, RunId, RunKind};
use crate::domain::transfer::Transfer;
use crate::file_system::is_gone;
use crate::files::transfer::Ended;
use crate::store::StoreError;
use crate::store::ledger::{RunResult, RunSettings};
use crate::store::session::Session;

/// Carries out a plan as a run of its own. `on_ended` is told of each transfer that was begun, or overtaken by a
/// decision. A plan with nothing to do is no run.
pub fn apply(
    session: &mut Session,
    plan: &Plan,
    say: SayError<'_>,
    stop: &CancelToken,
    on_ended: &mut dyn FnMut(&PlannedTransfer, &Ended),
) -> Result<Option<RunId>, StoreError> {
    if plan.transfers.is_empty() {
        return Ok(None);
    }
    let mut run = ApplyRun::begin(session, RunSettings::Transfers(plan.transfers.len()))?;
    run.carry_out(session, plan, say, stop, on_ended)?;
    run.end(session).map(Some)
}

/// A run that carries out plans, one after the other.
#[derive(Debug)]
pub struct ApplyRun {
    id: RunId,
    done: usize,
    failed: usize,
}

impl ApplyRun {
    /// Begins it.
    pub fn begin(session: &mut Session, settings: RunSettings) -> Result<ApplyRun, StoreError> {
        let id = session.begin_run(RunKind::Apply, None, None, settings)?;
        Ok(ApplyRun { id, done: 0, failed: 0 })
    }

    /// Carries out a plan. `on_ended` is told of each transfer that was begun, or overtaken by a decision.
    pub fn carry_out(
        &mut self,
        session: &mut Session,
        plan: &Plan,
        say: SayError<'_>,
        stop: &CancelToken,
        on_ended: &mut dyn FnMut(&PlannedTransfer, &Ended),
    ) -> Result<(), StoreError> {
        let leaving = plan.transfers.iter().filter(|planned| planned.action != Action::Copy);
        let emptied = leaving.filter_map(|planned| planned.source.parent().map(Path::to_owned));
        session.note_folder_times(self.id, &folder_times(emptied))?;
        let destination = session.destination().to_owned();
        // A file that is there twice is not over until it is there once, or has a name of its own beside the other.
        let mut again: Option<Vec<(usize, Transfer)>> = None;
        loop {
            let (count, again_at) = (again.as_ref().map_or(plan.transfers.len(), Vec::len), again.as_ref());
            let position = |at: usize| again_at.map_or(at, |again| again[at].0);
            let make = |at: usize| match again_at {
                Some(again) => again[at].1.clone(),
                None => Transfer::of_plan(&plan.transfers[at], &destination),
            };
            let mut doubled = Vec::new();
            carry_out(session, self.id, Transfers { count, make: &make }, say, stop, &mut |at, transfer, ended| {
                let planned = &plan.transfers[position(at)];
                // Where another run of the same plan came first, the file has left its old folder already.
                let is_ours =
                    || std::fs::symlink_metadata(&planned.source).map_or_else(|error| !is_gone(&error), |_| true);
                match Duplicate::of(transfer, &ended).filter(|_| planned.from.is_some() && is_ours()) {
                    Some(duplicate) => doubled.push((position(at), duplicate)),
                    None => self.count(planned, &ended, on_ended),
                }
            })?;
            let mut next = Vec::with_capacity(doubled.len());
            for (position, duplicate) in doubled {
                match ended_by(session, &duplicate)? {
                    Some(transfer) => next.push((position, transfer)),
                    None => self.count(&plan.transfers[position], &Err(duplicate.stays()), on_ended),
                }
            }
            if next.is_empty() {
                return Ok(());
            }
            again = Some(next);
        }
    }

    fn count(&mut self, planned: &PlannedTransfer, ended: &Ended, on_ended: &mut dyn FnMut(&PlannedTransfer, &Ended)) {
        *(if ended.is_ok() { &mut self.done } else { &mut self.failed }) += 1;
        on_ended(planned, ended);
    }

    /// Ends it.
    pub fn end(self, session: &mut Session) -> Result<RunId, StoreError> {
        let not_on_disk = tidy_folders(session, self.id)?;
        session.end_run(self.id, RunResult::Applied { done: self.done, failed: self.failed })?;
        match not_on_disk.into_iter().next() {
            Some((path, error)) => Err(StoreError::File { path, source: io::Error::other(error) }),
            None => Ok(self.id),
        }
    }
}

/// The end of a file that is there twice: ours goes where a run has put the other there, with the same times, mode and
/// attributes. Otherwise both stay, and ours gets the next of its names; nothing where there is none.
fn ended_by(session: &Session, duplicate: &Duplicate) -> Result<Option<Transfer>, StoreError> {
    let inside = duplicate.twin().strip_prefix(session.destination()).ok();
    let placed = inside.map(|inside| session.placed_at([inside])).transpose()?.unwrap_or_default();
    let is_ours = placed.iter().any(|placed| placed.place.is_ours);
    Ok(if is_ours { duplicate.removal() } else { None }.or_else(|| duplicate.beside()))
}
