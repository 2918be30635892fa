//! A session or a ledger that is gone while the other one is there: nothing is begun in its place.

use std::path::Path;

use super::{DATABASE, FOLDER, Session, StoreError};
use crate::store::{ledger, regular};

impl Session {
    /// The error for a destination that has no session: it never had one, or it is lost.
    pub fn absent(destination: &Path) -> StoreError {
        let none = StoreError::NoSession { destination: destination.to_owned() };
        check_not_lost(destination).err().unwrap_or(none)
    }

    /// An error where the ledger's file is not there, or shorter than it was: what is added would begin in the middle.
    pub(super) fn check_ledger(&self) -> Result<(), StoreError> {
        let written: i64 =
            self.read(|reading| reading.query_row("SELECT written FROM ledger", [], |row| row.get(0)))?;
        let path = ledger::path_in(&self.folder());
        let length = match regular::is_there(&path).map_err(regular::failed(&path))? {
            true => std::fs::symlink_metadata(&path).map_err(regular::failed(&path))?.len(),
            false => 0,
        };
        match length < written as u64 {
            true => Err(StoreError::LedgerLost { destination: self.destination.clone() }),
            false => Ok(()),
        }
    }
}

/// An error where there is a ledger and no session: a new one would make the way back unreachable. Only where there
/// certainly is none: an error that passes is no loss of the session.
pub(super) fn check_not_lost(destination: &Path) -> Result<(), StoreError> {
    let folder = destination.join(FOLDER);
    match regular::has_content(&folder.join(DATABASE))? || !regular::has_content(&ledger::path_in(&folder))? {
        true => Ok(()),
        false => Err(StoreError::SessionLost { destination: destination.to_owned() }),
    }
}
