//! Carrying out a plan, file by file.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::stop::Stop;
use crate::domain::plan::PlannedTransfer;
use crate::domain::settings::Operation;
use crate::files::transfer::{Journal, Outcome, Step, TransferError, transfer};

/// How one planned transfer ended.
#[derive(Debug)]
pub struct Transferred {
    /// The picture's position among the pictures that were planned.
    pub picture: usize,
    /// What came of it.
    pub result: Result<Outcome, TransferError>,
}

/// Carries out `plan` in order until it is done, a stop is requested or the disk is full. What is missing in the answer
/// was not begun.
pub fn apply(
    plan: &[PlannedTransfer],
    destination: &Path,
    operation: Operation,
    stop: &Stop,
    on_transfer: &mut dyn FnMut(&PlannedTransfer, &Transferred),
) -> Vec<Transferred> {
    let mut done = Vec::with_capacity(plan.len());
    for planned in plan {
        if stop.is_requested() {
            break;
        }
        let result = transfer(planned, destination, operation, &mut LogJournal);
        let disk_is_full = result.as_ref().is_err_and(is_disk_full);
        let transferred = Transferred { picture: planned.picture, result };
        on_transfer(planned, &transferred);
        done.push(transferred);
        if disk_is_full {
            break;
        }
    }
    done
}

/// True where every later transfer would fail as this one did.
fn is_disk_full(error: &TransferError) -> bool {
    let TransferError::Target { source, .. } = error else { return false };
    matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}

/// Writes each step to the program's log.
struct LogJournal;

impl Journal for LogJournal {
    fn record(&mut self, planned: &PlannedTransfer, step: &Step) -> io::Result<()> {
        let source = crate::domain::printable::printable(&planned.source);
        tracing::info!(source, sha256 = %planned.hash, ?step, "transfer");
        Ok(())
    }
}
