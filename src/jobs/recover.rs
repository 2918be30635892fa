//! Ending what killed runs left: transfers are finished or cleaned up, and the runs ended.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::carry_out::{SayError, folders_of, prepare};
use super::run_folders::{restore_folders, tidy_folders};
use crate::domain::printable::printable;
use crate::domain::run::RunKind;
use crate::domain::transfer::{Reached, Step};
use crate::file_system::is_gone;
use crate::files::durable::{has_leaving, remove_temporary_results};
use crate::files::folders::Folders;
use crate::files::transfer::{PreparedTransfer, TransferError, ending, give_name_back, recover};
use crate::store::StoreError;
use crate::store::ledger::RunResult;
use crate::store::session::{Session, Unfinished};

/// The fate of transfers that killed runs left.
#[derive(Debug, Default)]
pub struct Recovered {
    /// So many are finished or cleaned up.
    pub ended: usize,
    /// So many of these are copies without their times, permissions or attributes.
    pub unkept: usize,
    /// Transfers that would lead out of the destination and of the sources are left as they are: the paths.
    pub refused: Vec<PathBuf>,
    /// Transfers that cannot be finished yet, because of a disk or a folder: the next run tries again.
    pub waiting: Vec<TransferError>,
}

/// Finishes or cleans up what killed runs left, and ends them.
pub fn recover_session(session: &mut Session, say: SayError<'_>) -> Result<Recovered, StoreError> {
    remove_temporary_results(&session.folder());
    let mut recovered = recover_transfers(session, say)?;
    for run in session.runs_cut_short()? {
        if let (RunKind::Undo, Some(reversed)) = (run.kind, run.reverses)
            && session.reversible(reversed)?.is_empty()
        {
            // It was killed after its last file, and has still to put the folders right.
            recovered.waiting.extend(restore_folders(session, reversed)?.into_iter().map(|(_, error)| error));
        }
        recovered.waiting.extend(tidy_folders(session, run.id)?.into_iter().map(|(_, error)| error));
        session.end_run(run.id, RunResult::CUT_SHORT)?;
    }
    session.complete_ledger()?;
    Ok(recovered)
}

/// Finishes or cleans up transfers that were begun and not ended.
pub(super) fn recover_transfers(session: &mut Session, say: SayError<'_>) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    let folders = folders_of(session)?;
    for left in &session.unfinished()? {
        if let Some(path) = leads_out(session, left)? {
            tracing::error!(transfer = left.id.0, path = printable(&path), "leads out, and is left as it is");
            recovered.refused.push(path);
            continue;
        }
        let transfer = prepare_left(session, left);
        let ended = recover(&transfer, &left.reached, &folders);
        folders.close();
        tracing::info!(transfer = left.id.0, ?ended, "recovered");
        match ended {
            Err(error) if error.is_unfinished() || matches!(error, TransferError::OtherDisk { .. }) => {
                recovered.waiting.push(error);
                continue;
            }
            // It is known already.
            Err(error @ TransferError::NotOnDisk { .. }) if matches!(left.reached, Reached::NotOnDisk { .. }) => {
                recovered.waiting.push(error);
                continue;
            }
            _ => {}
        }
        session.record(&[(left.id, Step::Ended(ending(&ended, say)))])?;
        let is_there = ended.as_ref().map_or_else(|error| error.target().is_some(), |_| true);
        recovered.unkept += usize::from(is_there && left.unkept.any());
        match ended {
            // The copy is there. The next run that moves removes the source, once its disk is there again.
            Err(TransferError::SourceKept { reason, .. }) if matches!(*reason, TransferError::OtherDisk { .. }) => {
                recovered.waiting.push(*reason)
            }
            Err(error @ TransferError::Missing { .. }) => recovered.waiting.push(error),
            _ => recovered.ended += 1,
        }
    }
    give_names_back(session, &folders, &mut recovered)?;
    session.complete_ledger()?;
    Ok(recovered)
}

/// A file of ours in the destination is on another disk than the picture was found on.
fn prepare_left(session: &Session, left: &Unfinished) -> PreparedTransfer {
    let found_on = |folder: &Path| left.device.filter(|_| !folder.starts_with(session.destination()));
    let (device, folder_device) = (found_on(&left.transfer.source), found_on(&left.transfer.folder));
    PreparedTransfer { device, folder_device, ..prepare(session, &left.transfer, left.id) }
}

/// Sources that a killed run left under their private names on a disk that was away when the run was ended for it.
fn give_names_back(session: &Session, folders: &Folders, recovered: &mut Recovered) -> Result<(), StoreError> {
    // There may be very many, on a disk that cannot be written, and a share answers slowly: each folder is read once.
    let mut looked_into: HashMap<PathBuf, bool> = HashMap::new();
    for left in session.kept_moves()?.iter().filter(|left| !left.is_superseded) {
        let Some(folder) = left.transfer.source.parent() else { continue };
        let may_have = *looked_into.entry(folder.to_owned()).or_insert_with(|| may_have_leaving(folder));
        if !may_have || leads_out(session, left)?.is_some() {
            continue;
        }
        if let Err(error) = give_name_back(&prepare_left(session, left), folders) {
            recovered.waiting.push(error);
        }
    }
    folders.close();
    Ok(())
}

/// False for a folder that certainly has no file under a private name, and for one that is closed to us: a later run
/// looks again.
fn may_have_leaving(folder: &Path) -> bool {
    match has_leaving(folder) {
        Ok(has) => has,
        Err(error) => !is_gone(&error) && error.kind() != io::ErrorKind::PermissionDenied,
    }
}

/// The path with which an unfinished transfer would lead out; also where the ledger does not tell of any source.
fn leads_out(session: &Session, left: &Unfinished) -> Result<Option<PathBuf>, StoreError> {
    let transfer = &left.transfer;
    let target = left.reached.target().filter(|target| target.parent() != Some(&transfer.folder));
    if let Some(target) = target {
        return Ok(Some(target.to_owned()));
    }
    match session.leads_out(transfer) {
        Err(StoreError::LedgerBroken { .. }) => Ok(Some(transfer.source.clone())),
        found => found,
    }
}
