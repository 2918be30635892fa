//! Carrying out a plan.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::carry_out::{SayError, Transfers, carry_out, folder_times, tidy_folders};
use super::stop::Stop;
use crate::domain::plan::{Plan, PlannedTransfer, name_candidates};
use crate::domain::portable_name::portable_file_name;
use crate::domain::run::{Action, RunId, RunKind};
use crate::domain::unkept::Unkept;
use crate::file_system::is_gone;
use crate::files::transfer::{Ended, Outcome, TransferError, has_all_of};
use crate::store::StoreError;
use crate::store::ledger::{RunResult, RunSettings};
use crate::store::session::{NewTransfer, ReliesOn, Session};

/// Carries out a plan as a run of its own. `on_ended` is told of each transfer that was begun, or overtaken by a
/// decision. A plan with nothing to do is no run.
pub fn apply(
    session: &mut Session,
    plan: &Plan,
    say: SayError<'_>,
    stop: &Stop,
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
        stop: &Stop,
        on_ended: &mut dyn FnMut(&PlannedTransfer, &Ended),
    ) -> Result<(), StoreError> {
        let leaving = plan.transfers.iter().filter(|planned| planned.action != Action::Copy);
        let emptied = leaving.filter_map(|planned| planned.source.parent().map(Path::to_owned));
        session.note_folder_times(self.id, &folder_times(emptied))?;
        let destination = session.destination().to_owned();
        // A file that is there twice is not over until it is there once, or has a name of its own beside the other.
        let mut again: Option<Vec<(usize, NewTransfer)>> = None;
        loop {
            let (count, again_at) = (again.as_ref().map_or(plan.transfers.len(), Vec::len), again.as_ref());
            let position = |at: usize| again_at.map_or(at, |again| again[at].0);
            let make = |at: usize| match again_at {
                Some(again) => again[at].1.clone(),
                None => new_transfer(&plan.transfers[at], &destination),
            };
            let mut doubled = Vec::new();
            carry_out(session, self.id, Transfers { count, make: &make }, say, stop, &mut |at, transfer, ended| {
                let planned = &plan.transfers[position(at)];
                // Where another run of the same plan came first, the file has left its old folder already.
                let is_ours =
                    || std::fs::symlink_metadata(&planned.source).map_or_else(|error| !is_gone(&error), |_| true);
                match Twice::of(transfer, &ended).filter(|_| planned.from.is_some() && is_ours()) {
                    Some(twice) => doubled.push((position(at), twice)),
                    None => self.count(planned, &ended, on_ended),
                }
            })?;
            let mut next = Vec::with_capacity(doubled.len());
            for (position, twice) in doubled {
                match ended_by(session, &twice)? {
                    Some(transfer) => next.push((position, transfer)),
                    None => self.count(&plan.transfers[position], &Err(twice.stays()), on_ended),
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

fn new_transfer(planned: &PlannedTransfer, destination: &Path) -> NewTransfer {
    NewTransfer {
        picture: planned.picture,
        action: planned.action,
        source: planned.source.clone(),
        folder: destination.join(&planned.folder),
        names: names(planned),
        hash: planned.hash,
        size: planned.size,
        reverses: None,
        restores: Unkept::default(),
        relies_on: ReliesOn::Decision(planned.decision),
    }
}

/// The names to try: the planned one first, then those that the picture's own name would get, then such as every disk
/// takes. The witness of a removal has one name.
fn names(planned: &PlannedTransfer) -> Vec<OsString> {
    let mut names = vec![planned.file_name.clone()];
    if planned.action == Action::Remove {
        return names;
    }
    let portable = portable_file_name(&planned.own_name);
    let suffixed = name_candidates(&planned.own_name, planned.hash).skip(1);
    for name in suffixed.chain(name_candidates(&portable, planned.hash)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A file of ours that was to be moved to where its content is already.
#[derive(Debug)]
pub(super) struct Twice {
    transfer: NewTransfer,
    /// The other file with its content.
    twin: PathBuf,
}

impl Twice {
    /// Where a transfer of a file of ours ended so.
    pub(super) fn of(transfer: &NewTransfer, ended: &Ended) -> Option<Twice> {
        match ended {
            Ok(Outcome::AlreadyPresent { target }) if transfer.action == Action::Move => {
                Some(Twice { transfer: transfer.clone(), twin: target.clone() })
            }
            _ => None,
        }
    }

    /// The removal of our file, with the other one as witness; none where times, mode or attributes would be lost with
    /// it.
    pub(super) fn removal(&self) -> Option<NewTransfer> {
        let (folder, name) = (self.twin.parent()?.to_owned(), self.twin.file_name()?.to_owned());
        has_all_of(&self.twin, &self.transfer.source, self.transfer.restores).then(|| NewTransfer {
            action: Action::Remove,
            folder,
            names: vec![name],
            relies_on: ReliesOn::Nothing,
            ..self.transfer.clone()
        })
    }

    /// The same under the next of its names.
    fn beside(&self) -> Option<NewTransfer> {
        let names = &self.transfer.names;
        let taken = names.iter().position(|name| Some(name.as_os_str()) == self.twin.file_name())?;
        let names = names.get(taken + 1..).filter(|names| !names.is_empty())?.to_vec();
        Some(NewTransfer { names, ..self.transfer.clone() })
    }

    /// The error where both stay.
    pub(super) fn stays(self) -> TransferError {
        TransferError::OtherTwin { path: self.transfer.source, twin: self.twin }
    }
}

/// The end of a file that is there twice: ours goes where a run has put the other there, with the same times, mode and
/// attributes. Otherwise both stay, and ours gets the next of its names; nothing where there is none.
fn ended_by(session: &Session, twice: &Twice) -> Result<Option<NewTransfer>, StoreError> {
    let inside = twice.twin.strip_prefix(session.destination()).ok();
    let placed = inside.map(|inside| session.placed_at([inside])).transpose()?.unwrap_or_default();
    let is_ours = placed.iter().any(|placed| placed.place.is_ours);
    Ok(if is_ours { twice.removal() } else { None }.or_else(|| twice.beside()))
}
