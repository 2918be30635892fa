//! Carrying out transfers: planned in the session, done batch by batch, recorded step by step.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::cancel_token::CancelToken;
use crate::crash::{self, Moment};
use crate::domain::run::{RunId, TransferId};
use crate::domain::transfer::{Ending, Step, Transfer};
use crate::files::durable::{leaving_name, temporary_name};
use crate::files::folders::Folders;
use crate::files::transfer::{Ended, Journal, PreparedTransfer, TransferError, transfer_batch};
use crate::store::StoreError;
use crate::store::session::Session;

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
    pub(super) make: &'t dyn Fn(usize) -> Transfer,
}

impl Transfers<'_> {
    /// As many from the `first` on as go together.
    fn batch(self, first: usize) -> Vec<Transfer> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut folders = BTreeSet::new();
        let is_full = |batch: &[Transfer], bytes| batch.len() >= BATCH || bytes >= BATCH_BYTES;
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
    stop: &CancelToken,
    on_ended: &mut dyn FnMut(usize, &Transfer, Ended),
) -> Result<(), StoreError> {
    let folders = folders_of(session)?;
    let mut first = 0;
    while first < transfers.count && stop.wait_while_paused(|| false) {
        let mut batch: Vec<(usize, Transfer)> = (first..).zip(transfers.batch(first)).collect();
        first += batch.len();
        refuse_outside(session, &mut batch, on_ended)?;
        let (positions, batch): (Vec<usize>, Vec<Transfer>) = batch.into_iter().unzip();
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
    batch: &mut Vec<(usize, Transfer)>,
    on_ended: &mut dyn FnMut(usize, &Transfer, Ended),
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
fn missing_folders(transfers: &[Transfer]) -> Vec<PathBuf> {
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
pub(super) fn folders_of(session: &Session) -> Result<Folders, StoreError> {
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

pub(super) fn prepare(session: &Session, planned: &Transfer, id: TransferId) -> PreparedTransfer {
    let (temporary, leaving) = private_names(session, id);
    PreparedTransfer { id, planned: planned.clone(), temporary, leaving, device: None, folder_device: None }
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
    let steps: Vec<_> = rest.map(|(_, id)| (*id, Step::Ended(Ending::Abandoned))).collect();
    session.record(&steps)
}

/// Records each step in the session.
struct SessionJournal<'j> {
    session: &'j mut Session,
    say: SayError<'j>,
    /// The session's error when it failed.
    failure: Option<StoreError>,
}

impl Journal for SessionJournal<'_> {
    fn record(&mut self, steps: Vec<(TransferId, Step)>) -> io::Result<()> {
        self.session.record(&steps).map_err(|error| {
            let told = io::Error::other(error.to_string());
            self.failure = Some(error);
            told
        })
    }

    fn say(&self, error: &TransferError) -> String {
        (self.say)(error)
    }
}
