//! Carrying out a plan.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::carry_out::{SayError, Transfers, carry_out, folder_times, tidy_folders};
use super::stop::Stop;
use crate::domain::plan::{Plan, PlannedTransfer, name_candidates};
use crate::domain::portable_name::portable_file_name;
use crate::domain::run::{Action, RunId, RunKind};
use crate::domain::unkept::Unkept;
use crate::files::transfer::{Ended, Outcome};
use crate::store::StoreError;
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
    let settings = Map::from_iter([("transfers".to_owned(), json!(plan.transfers.len()))]);
    let mut run = ApplyRun::begin(session, settings)?;
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
    /// Begins it. `settings` go to the ledger as they are.
    pub fn begin(session: &mut Session, settings: Map<String, Json>) -> Result<ApplyRun, StoreError> {
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
        let make = |position: usize| new_transfer(&plan.transfers[position], &destination);
        let transfers = Transfers { count: plan.transfers.len(), make: &make };
        let mut doubled: Vec<(usize, NewTransfer)> = Vec::new();
        carry_out(session, self.id, transfers, say, stop, &mut |position, transfer, ended| {
            let planned = &plan.transfers[position];
            // Where another run of the same plan came first, the file has left its old folder already.
            let is_there_twice = planned.from.is_some() && std::fs::symlink_metadata(&planned.source).is_ok();
            match doubled_by(transfer, &ended, is_there_twice) {
                // It is not over until the file that is there twice is there once.
                Some(removal) => doubled.push((position, removal)),
                None => {
                    *(if ended.is_ok() { &mut self.done } else { &mut self.failed }) += 1;
                    on_ended(planned, &ended);
                }
            }
        })?;
        let make = |position: usize| doubled[position].1.clone();
        let removals = Transfers { count: doubled.len(), make: &make };
        carry_out(session, self.id, removals, say, stop, &mut |position, _, ended| {
            *(if ended.is_ok() { &mut self.done } else { &mut self.failed }) += 1;
            on_ended(&plan.transfers[doubled[position].0], &ended);
        })
    }

    /// Ends it.
    pub fn end(self, session: &mut Session) -> Result<RunId, StoreError> {
        let not_on_disk = tidy_folders(session, self.id)?;
        let result = [("done", self.done), ("failed", self.failed)];
        let result = result.into_iter().map(|(key, count)| (key.to_owned(), json!(count))).collect();
        session.end_run(self.id, result)?;
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

/// The names to try: the planned one first, then those that the picture's own name would get, then such as every disk takes.
/// The witness of a removal has one name.
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

/// A file of ours that was to be moved to where its content is already: it is there twice, and one goes.
pub(super) fn doubled_by(transfer: &NewTransfer, ended: &Ended, is_ours: bool) -> Option<NewTransfer> {
    match ended {
        Ok(Outcome::AlreadyPresent { target }) if is_ours && transfer.action == Action::Move => Some(NewTransfer {
            action: Action::Remove,
            folder: target.parent()?.to_owned(),
            names: vec![target.file_name()?.to_owned()],
            relies_on: ReliesOn::Nothing,
            ..transfer.clone()
        }),
        _ => None,
    }
}
