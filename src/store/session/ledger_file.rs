//! The ledger of a session: its lines are in the database first, then in a file beside it.

use super::Session;
use crate::store::ledger::{self, Chain, CompleteError};
use crate::store::{StoreError, regular};

impl Session {
    /// The ledger's file, walked through together with what a killed program had not yet written to it.
    pub fn walk_ledger(&self) -> Result<Chain, StoreError> {
        let pending = || -> rusqlite::Result<(Vec<String>, i64)> {
            let mut statement = self.connection.prepare("SELECT line FROM ledger_lines ORDER BY number")?;
            let lines = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok((lines, self.connection.query_row("SELECT written FROM ledger", [], |row| row.get(0))?))
        };
        let (lines, written) = pending().map_err(|error| self.failed(error))?;
        let path = ledger::path_in(&self.folder());
        ledger::walk(&path, &lines, written as u64).map_err(regular::failed(&path))
    }

    /// How many lines the ledger has, and the SHA-256 of the last one.
    pub fn ledger_head(&self) -> Result<(u64, String), StoreError> {
        let head = self.connection.query_row("SELECT lines, head FROM ledger", [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, String>(1)?))
        });
        head.map_err(|error| self.failed(error))
    }

    /// Writes the lines of the ledger that are not in its file yet.
    pub fn complete_ledger(&mut self) -> Result<(), StoreError> {
        if !self.is_kept {
            return Ok(());
        }
        let path = ledger::path_in(&self.folder());
        match ledger::complete(&mut self.connection, &path) {
            Ok(()) => Ok(()),
            Err(CompleteError::Database(error)) => Err(self.failed(error)),
            Err(CompleteError::File(source)) => Err(regular::failed(&path)(source)),
        }
    }
}
