//! Where a session's files may be: in the destination, and under the folders that pictures were said to come from when
//! they were classified. What a session says beyond that is obeyed by nobody.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::columns::hash;
use super::{Reversible, Run, Session, StoreError, to_stored_path};
use crate::domain::picture::ContentHash;
use crate::domain::run::TransferId;
use crate::domain::transfer::{Transfer, TransferResult};
use crate::store::ledger::{self, Account, Broken, Pending, Told};
use crate::store::{locks, regular};

/// Another process may be adding a line just now: the ledger is read again so often before it is called broken.
const READINGS: usize = 3;

/// The end of a transfer as the session keeps it.
pub(super) struct EndedTransfer {
    id: TransferId,
    result: String,
    action: String,
    source: Vec<u8>,
    target: Option<Vec<u8>>,
    hash: ContentHash,
}

impl EndedTransfer {
    fn is_told_by(&self, account: &Account) -> bool {
        let told = Told {
            result: &self.result,
            action: &self.action,
            source: super::as_path(&self.source),
            target: self.target.as_deref().map(super::as_path),
            hash: self.hash,
        };
        account.tells(self.id, told)
    }
}

impl Session {
    /// The ledger's account; an error where it is not the one that the session wrote.
    pub(in crate::store) fn account(&self) -> Result<Arc<Account>, StoreError> {
        let (lines, head) = self.ledger_head()?;
        let is_of_now = |account: &&Arc<Account>| (account.lines, &account.head) == (lines, &head);
        if let Some(account) = self.account.borrow().as_ref().filter(is_of_now) {
            return Ok(account.clone());
        }
        let account = Arc::new(self.read_account()?);
        *self.account.borrow_mut() = Some(account.clone());
        Ok(account)
    }

    fn read_account(&self) -> Result<Account, StoreError> {
        let path = ledger::path_in(&self.folder());
        let failed = |source| regular::failed(&path)(source);
        let mut broken_at = None;
        for _ in 0..READINGS {
            let file = match regular::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                opened => Some(opened.map_err(failed)?),
            };
            // Who adds a line holds this lock until the session knows that it is in the file.
            if let Some(file) = file.as_ref().filter(|_| self.is_kept) {
                locks::lock_shared(file).map_err(failed)?;
            }
            let (pending, lines, head) = self.read(|reading| {
                let mut statement = reading.prepare("SELECT line FROM ledger_lines ORDER BY number")?;
                let pending = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                let (lines, head, written): (i64, String, i64) =
                    reading.query_row("SELECT lines, head, written FROM ledger", [], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                    })?;
                Ok((Pending { lines: pending, written: written as u64 }, lines as u64, head))
            })?;
            match Account::read(file, &pending).map_err(failed)? {
                Ok(account) if account.lines == lines && (lines == 0 || account.head == head) => return Ok(account),
                Ok(account) => broken_at = Some(account.lines.min(lines) + 1),
                Err(Broken(line)) => broken_at = Some(line),
            }
        }
        Err(StoreError::LedgerBroken { destination: self.destination.clone(), line: broken_at.unwrap_or(1) })
    }

    /// An error where the ledger does not tell of a model that the session names: its files are not to be opened then.
    pub fn confirm_model(&self, model: &str) -> Result<(), StoreError> {
        match self.account()?.models().iter().any(|told| told == model) {
            true => Ok(()),
            false => Err(StoreError::ModelDisputed { destination: self.destination.clone(), model: model.to_owned() }),
        }
    }

    /// Files that the session and its ledger do not tell the same of: where they came from, where they went, how that
    /// ended, and where they are since. With a ledger that is broken the session is held against itself alone.
    pub fn disputed(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut disputed = self.misplaced()?;
        let account = match self.account() {
            Err(StoreError::LedgerBroken { .. }) => return Ok(disputed),
            account => account?,
        };
        let (otherwise, _) = self.told_otherwise(&account)?;
        if !otherwise.is_empty() {
            // Another process may have ended some since the ledger was read.
            let account = self.account()?;
            let otherwise = otherwise.into_iter().filter(|ended| !ended.is_told_by(&account));
            disputed.extend(otherwise.map(|ended| self.absolute_path(ended.target.as_ref().unwrap_or(&ended.source))));
        }
        Ok(disputed)
    }

    /// Transfers that the session tells otherwise than the ledger, and how many the session says have ended.
    pub(super) fn told_otherwise(&self, account: &Account) -> Result<(Vec<EndedTransfer>, usize), StoreError> {
        self.read(|reading| {
            let mut statement = reading.prepare(
                "SELECT id, step, action, source, target, hash FROM transfers
                 WHERE step IN ('done', 'present', 'kept', 'unsynced', 'failed')",
            )?;
            let mut rows = statement.query([])?;
            let (mut otherwise, mut count) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let ended = EndedTransfer {
                    id: TransferId(row.get("id")?),
                    result: row.get("step")?,
                    action: row.get("action")?,
                    source: row.get("source")?,
                    target: row.get("target")?,
                    hash: hash(row, "hash")?,
                };
                count += 1;
                if !ended.is_told_by(account) {
                    otherwise.push(ended);
                }
            }
            Ok((otherwise, count))
        })
    }

    /// The path with which a transfer would lead out of the destination and of every folder that pictures came from;
    /// none where it stays inside.
    pub fn leads_out(&self, transfer: &Transfer) -> Result<Option<PathBuf>, StoreError> {
        for path in [&transfer.source, &transfer.folder] {
            if !self.permits(path)? {
                return Ok(Some(path.clone()));
            }
        }
        let is_name = |name: &&std::ffi::OsString| {
            let mut parts = Path::new(name).components();
            matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name.as_os_str())
        };
        Ok(transfer.names.iter().find(|name| !is_name(name)).map(|name| transfer.folder.join(name)))
    }

    /// True for a path in the destination, and in a folder that pictures were said to come from: by this process, or in
    /// the ledger.
    pub(super) fn permits(&self, path: &Path) -> Result<bool, StoreError> {
        let is_under = |folder: &PathBuf| path.starts_with(folder);
        let climbs = path.components().any(|part| part == Component::ParentDir);
        if climbs || !path.is_absolute() {
            return Ok(false);
        }
        if path.starts_with(&self.destination) || self.sources.iter().any(is_under) {
            return Ok(true);
        }
        Ok(self.account()?.sources().iter().any(is_under))
    }

    /// Transfers that a run did and nothing has taken back, the last first, and of those the ones that the ledger does
    /// not tell the same of.
    pub fn reversible_as_told(&self, run: Run) -> Result<(Vec<Reversible>, Vec<Reversible>), StoreError> {
        let account = self.account()?;
        let reversible = self.reversible(run.id)?;
        Ok(reversible.into_iter().partition(|done| {
            let (source, target) =
                (to_stored_path(&self.destination, &done.source), to_stored_path(&self.destination, &done.target));
            let told = Told {
                result: if done.is_source_kept { TransferResult::Kept } else { TransferResult::Done }.word(),
                action: done.action.word(),
                source: super::as_path(&source),
                target: Some(super::as_path(&target)),
                hash: done.hash,
            };
            account.tells(done.id, told)
        }))
    }
}
