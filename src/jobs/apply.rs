//! Carrying out a plan.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Map, json};

use super::carry_out::{SayError, Transfers, carry_out, folder_times, tidy_folders};
use super::stop::Stop;
use crate::domain::plan::{Plan, PlannedTransfer, name_candidates};
use crate::domain::run::{Action, RunId, RunKind};
use crate::files::transfer::{Ended, Outcome};
use crate::store::StoreError;
use crate::store::session::{NewTransfer, Session};

/// Carries out a plan as a run of its own. `on_ended` is told of each transfer that was begun. A plan with nothing to do
/// is no run.
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
    let run = session.begin_run(RunKind::Apply, None, None, settings)?;
    let moved = plan.transfers.iter().filter(|planned| planned.action == Action::Move);
    let emptied = moved.filter_map(|planned| planned.source.parent().map(Path::to_owned));
    session.note_folder_times(run, &folder_times(emptied))?;
    let destination = session.destination().to_owned();
    let make = |position: usize| new_transfer(&plan.transfers[position], &destination);
    let transfers = Transfers { count: plan.transfers.len(), make: &make };
    let mut doubled: Vec<(usize, NewTransfer)> = Vec::new();
    let (mut done, mut failed) = (0usize, 0usize);
    carry_out(session, run, transfers, say, stop, &mut |position, transfer, ended| {
        let planned = &plan.transfers[position];
        match doubled_by(transfer, &ended, planned.from.is_some()) {
            // It is not over until the file that is there twice is there once.
            Some(removal) => doubled.push((position, removal)),
            None => {
                *(if ended.is_ok() { &mut done } else { &mut failed }) += 1;
                on_ended(planned, &ended);
            }
        }
    })?;
    let make = |position: usize| doubled[position].1.clone();
    let removals = Transfers { count: doubled.len(), make: &make };
    carry_out(session, run, removals, say, stop, &mut |position, _, ended| {
        *(if ended.is_ok() { &mut done } else { &mut failed }) += 1;
        on_ended(&plan.transfers[doubled[position].0], &ended);
    })?;
    tidy_folders(session, run)?;
    session.end_run(run, Map::from_iter([("done".to_owned(), json!(done)), ("failed".to_owned(), json!(failed))]))?;
    Ok(Some(run))
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
    }
}

/// The names to try: the planned one first, then those that the picture's own name would get.
fn names(planned: &PlannedTransfer) -> Vec<OsString> {
    let suffixed = name_candidates(&planned.own_name, planned.hash).skip(1);
    std::iter::once(planned.file_name.clone()).chain(suffixed.filter(|name| *name != planned.file_name)).collect()
}

/// A file of ours that was to be moved to where its content is already: it is there twice, and one goes.
pub(super) fn doubled_by(transfer: &NewTransfer, ended: &Ended, is_ours: bool) -> Option<NewTransfer> {
    match ended {
        Ok(Outcome::AlreadyPresent { target }) if is_ours && transfer.action == Action::Move => Some(NewTransfer {
            action: Action::Remove,
            folder: target.parent()?.to_owned(),
            names: vec![target.file_name()?.to_owned()],
            ..transfer.clone()
        }),
        _ => None,
    }
}
