//! Carrying out transfers: planned in the session, done batch by batch, recorded step by step.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::stop::Stop;
use super::undo::restore_folders;
use crate::crash::{self, Moment};
use crate::domain::printable::printable;
use crate::domain::run::{RunId, RunKind, TransferId};
use crate::file_system::is_gone;
use crate::files::durable::{has_leaving, leaving_name, remove_empty_folder, remove_temporary_results, temporary_name};
use crate::files::folders::Folders;
use crate::files::read::stamp_of;
use crate::files::transfer::{
    Ended, Journal, Outcome, Reached, Step, Transfer, TransferError, give_name_back, recover, transfer_batch,
};
use crate::store::StoreError;
use crate::store::ledger::RunResult;
use crate::store::session::{Ending, NewTransfer, Recorded, Session, Unfinished};

/// Transfers of a batch: what is brought to disk together, and what a killed program can leave unfinished.
const BATCH: usize = 128;

/// Bytes after which a batch is full.
const BATCH_BYTES: u64 = 64 << 20;

/// Folders after which a batch is full: each is held open. Some systems let a program open no more than 256 files.
const BATCH_FOLDERS: usize = 96;

/// How a transfer's error is told to people.
pub type SayError<'s> = &'s dyn Fn(&TransferError) -> String;

/// Transfers that are made one by one: all of them at once would fill the memory with names.
#[derive(Clone, Copy)]
pub(super) struct Transfers<'t> {
    pub(super) count: usize,
    /// Makes the one at a position.
    pub(super) make: &'t dyn Fn(usize) -> NewTransfer,
}

impl Transfers<'_> {
    /// As many from the `first` on as go together.
    fn batch(self, first: usize) -> Vec<NewTransfer> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut folders = BTreeSet::new();
        let is_full = |batch: &[NewTransfer], bytes| batch.len() >= BATCH || bytes >= BATCH_BYTES;
        while first + batch.len() < self.count && !is_full(&batch, bytes) && folders.len() < BATCH_FOLDERS {
            let transfer = (self.make)(first + batch.len());
            bytes += transfer.size;
            folders.extend(transfer.source.parent().map(Path::to_owned));
            folders.insert(transfer.folder.clone());
            batch.push(transfer);
        }
        batch
    }
}

/// Carries out transfers of a run in order until they are done, a stop is requested or an error concerns all that
/// follow. `on_ended` is told of each that was begun, by its position.
pub(super) fn carry_out(
    session: &mut Session,
    run: RunId,
    transfers: Transfers<'_>,
    say: SayError<'_>,
    stop: &Stop,
    on_ended: &mut dyn FnMut(usize, &NewTransfer, Ended),
) -> Result<(), StoreError> {
    let folders = folders_of(session)?;
    let mut first = 0;
    while first < transfers.count && stop.goes_on(|| false) {
        let mut batch: Vec<(usize, NewTransfer)> = (first..).zip(transfers.batch(first)).collect();
        first += batch.len();
        refuse_outside(session, &mut batch, on_ended)?;
        let (positions, batch): (Vec<usize>, Vec<NewTransfer>) = batch.into_iter().unzip();
        let batch = batch.as_slice();
        let ids = session.plan_transfers(run, batch, &missing_folders(batch))?;
        crash::point(Moment::Planned);
        let mut begun: Vec<(usize, TransferId)> = Vec::with_capacity(batch.len());
        for (position, id) in ids.into_iter().enumerate() {
            match id {
                Some(id) => begun.push((position, id)),
                None => on_ended(positions[position], &batch[position], Err(TransferError::Overtaken)),
            }
        }
        let prepared = begun.iter().map(|(position, id)| prepare(session, &batch[*position], *id)).collect::<Vec<_>>();
        let mut journal = SessionJournal { session, say, failure: None };
        let ended = transfer_batch(&prepared, &folders, &mut journal, &|| stop.is_requested());
        let ended = match (ended, journal.failure) {
            (Ok(ended), _) => ended,
            (Err(_), Some(failure)) => return Err(failure),
            (Err(error), None) => {
                return Err(StoreError::File {
                    path: session.destination().to_owned(),
                    source: io::Error::other(error),
                });
            }
        };
        crash::point(Moment::EndRecorded);
        abandon_rest(session, &begun, &ended)?;
        session.complete_ledger()?;
        let concerns_all = ended.iter().any(|(_, result)| result.as_ref().is_err_and(TransferError::concerns_all));
        // Those that came to an end are the first ones, in order.
        for ((position, _), (_, result)) in begun.into_iter().zip(ended) {
            on_ended(positions[position], &batch[position], result);
        }
        if concerns_all {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes out what would lead out of the destination and of the sources: it is not begun, whoever asks for it.
fn refuse_outside(
    session: &Session,
    batch: &mut Vec<(usize, NewTransfer)>,
    on_ended: &mut dyn FnMut(usize, &NewTransfer, Ended),
) -> Result<(), StoreError> {
    let mut inside = Vec::with_capacity(batch.len());
    for (position, transfer) in batch.drain(..) {
        match session.leads_out(&transfer)? {
            Some(path) => on_ended(position, &transfer, Err(TransferError::Outside { path })),
            None => inside.push((position, transfer)),
        }
    }
    *batch = inside;
    Ok(())
}

/// Folders that transfers need and that are not there.
fn missing_folders(transfers: &[NewTransfer]) -> Vec<PathBuf> {
    let folders: BTreeSet<&Path> = transfers.iter().map(|transfer| transfer.folder.as_path()).collect();
    let missing = folders.into_iter().flat_map(|folder| folder.ancestors().take_while(|folder| is_missing(folder)));
    missing.map(Path::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// True where nothing has the path. One that cannot be looked at is there: it was not made by a run.
fn is_missing(path: &Path) -> bool {
    path.try_exists().is_ok_and(|is_there| !is_there)
}

/// The folders that transfers of a session work in. Links are followed on the way to the destination and to the
/// sources, as people named them, and nowhere below.
fn folders_of(session: &Session) -> Result<Folders, StoreError> {
    let sources = session.sources()?.into_iter().flat_map(|source| {
        let real = source.canonicalize().ok().filter(|real| *real != source);
        std::iter::once(source).chain(real)
    });
    Ok(Folders::below(sources.chain([session.destination().to_owned()])))
}

/// The private names of a transfer: of its copy until that is whole, and of its source while it is removed.
pub(super) fn private_names(session: &Session, id: TransferId) -> (OsString, OsString) {
    let token = format!("{:.8}-{}", session.token(), id.0);
    (temporary_name(&token), leaving_name(&token))
}

fn prepare(session: &Session, new: &NewTransfer, id: TransferId) -> Transfer {
    let (temporary, leaving) = private_names(session, id);
    Transfer {
        id,
        action: new.action,
        source: new.source.clone(),
        folder: new.folder.clone(),
        names: new.names.clone(),
        hash: new.hash,
        size: new.size,
        temporary,
        leaving,
        makes_parents: new.reverses.is_some(),
        device: None,
        folder_device: None,
        restores: new.restores,
    }
}

/// A transfer that was planned and not begun does not count.
fn abandon_rest(
    session: &mut Session,
    planned: &[(usize, TransferId)],
    ended: &[(TransferId, Ended)],
) -> Result<(), StoreError> {
    if ended.len() == planned.len() {
        return Ok(());
    }
    let begun: BTreeSet<TransferId> = ended.iter().map(|(id, _)| *id).collect();
    let rest = planned.iter().filter(|(_, id)| !begun.contains(id));
    let steps: Vec<_> = rest.map(|(_, id)| (*id, Recorded::Ended(Ending::Abandoned))).collect();
    session.record(&steps)
}

/// The fate of transfers that killed runs left.
#[derive(Debug, Default)]
pub struct Recovered {
    /// So many are finished or cleaned up.
    pub ended: usize,
    /// So many of these are copies without their times, permissions or attributes.
    pub unkept: usize,
    /// Those that would lead out of the destination and of the sources are left as they are: the paths.
    pub refused: Vec<PathBuf>,
    /// Those that cannot be finished yet, because of a disk or a folder: the next run tries again.
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
        let reached = match &left.reached {
            Some(Recorded::Copied { inode, .. }) => Reached::Copied { inode: *inode },
            Some(Recorded::Published { target }) => Reached::Published { target: target.clone() },
            Some(Recorded::Ended(Ending::Unsynced { target, .. })) => Reached::NotOnDisk { target: target.clone() },
            _ if left.is_superseded => Reached::Superseded,
            _ => Reached::Planned,
        };
        let ended = recover(&transfer, &reached, &folders);
        folders.close();
        tracing::info!(transfer = left.id.0, ?ended, "recovered");
        match ended {
            Err(error) if error.is_unfinished() || matches!(error, TransferError::OtherDisk { .. }) => {
                recovered.waiting.push(error);
                continue;
            }
            // It is known already.
            Err(error @ TransferError::NotOnDisk { .. }) if matches!(reached, Reached::NotOnDisk { .. }) => {
                recovered.waiting.push(error);
                continue;
            }
            _ => {}
        }
        session.record(&[(left.id, Recorded::Ended(ending(&ended, say)))])?;
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
fn prepare_left(session: &Session, left: &Unfinished) -> Transfer {
    let found_on = |folder: &Path| left.device.filter(|_| !folder.starts_with(session.destination()));
    let (device, folder_device) = (found_on(&left.transfer.source), found_on(&left.transfer.folder));
    Transfer { device, folder_device, ..prepare(session, &left.transfer, left.id) }
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
    let target = match &left.reached {
        Some(Recorded::Published { target } | Recorded::Ended(Ending::Unsynced { target, .. })) => Some(target),
        _ => None,
    };
    if let Some(target) = target.filter(|target| target.parent() != Some(&transfer.folder)) {
        return Ok(Some(target.clone()));
    }
    match session.leads_out(transfer) {
        Err(StoreError::LedgerBroken { .. }) => Ok(Some(transfer.source.clone())),
        found => found,
    }
}

/// Notes when folders that a run took files from were last changed, and removes folders that it made for nothing. Gives
/// those whose removal the disk has not taken.
pub(super) fn tidy_folders(session: &mut Session, run: RunId) -> Result<Vec<(PathBuf, TransferError)>, StoreError> {
    let folders = session.folders_of(run)?;
    let not_on_disk = remove_empty_folders(folders.made);
    let changed = folders.changed.into_iter().map(|folder| folder.path);
    session.note_folder_times_after(run, &folder_times(changed))?;
    Ok(not_on_disk)
}

/// Removes folders that are empty. Gives those whose removal the disk has not taken.
pub(super) fn remove_empty_folders(folders: Vec<PathBuf>) -> Vec<(PathBuf, TransferError)> {
    let not_on_disk = |folder: PathBuf| {
        let source = remove_empty_folder(&folder).err()?;
        Some((folder.clone(), TransferError::FolderNotOnDisk { folder, source }))
    };
    folders.into_iter().filter_map(not_on_disk).collect()
}

/// When folders were last changed, in nanoseconds since 1970.
pub(super) fn folder_times(folders: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, i128)> {
    let time = |folder: &Path| std::fs::metadata(folder).ok().map(|metadata| stamp_of(&metadata).modified_ns);
    let folders: BTreeSet<PathBuf> = folders.into_iter().collect();
    folders.into_iter().filter_map(|folder| time(&folder).map(|modified| (folder, modified))).collect()
}

/// Records each step in the session.
struct SessionJournal<'j> {
    session: &'j mut Session,
    say: SayError<'j>,
    /// The session's error when it failed.
    failure: Option<StoreError>,
}

impl Journal for SessionJournal<'_> {
    fn record(&mut self, steps: &[(TransferId, Step<'_>)]) -> io::Result<()> {
        let recorded = |step: &Step<'_>| match step {
            Step::Copied { inode, unkept } => Recorded::Copied { inode: *inode, unkept: *unkept },
            Step::Published { target } => Recorded::Published { target: target.to_path_buf() },
            Step::Ended(result) => Recorded::Ended(ending(result, self.say)),
        };
        let steps: Vec<_> = steps.iter().map(|(id, step)| (*id, recorded(step))).collect();
        self.session.record(&steps).map_err(|error| {
            let told = io::Error::other(error.to_string());
            self.failure = Some(error);
            told
        })
    }
}

fn ending(result: &Ended, say: SayError<'_>) -> Ending {
    match result {
        Ok(Outcome::Copied { target, .. } | Outcome::Moved { target, .. } | Outcome::Removed { witness: target }) => {
            Ending::Done { target: target.clone() }
        }
        Ok(Outcome::AlreadyPresent { target }) => Ending::Present { target: target.clone() },
        Err(TransferError::SourceKept { target, reason }) => {
            Ending::Kept { target: target.clone(), reason: say(reason) }
        }
        Err(error @ TransferError::NotOnDisk { target, .. }) => {
            Ending::Unsynced { target: target.clone(), reason: say(error) }
        }
        Err(TransferError::Abandoned) => Ending::Abandoned,
        Err(error) => Ending::Failed { reason: say(error) },
    }
}
