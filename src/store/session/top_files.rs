//! Files at the top of the destination that are no pictures, and what the ledger tells of them: what is in the session
//! alone, somebody else could have put there.

use rusqlite::Transaction;

use super::{Session, StoreError};
use crate::store::ledger::{self, FileEvent, LedgerEvent};
use crate::store::secret::Secret;

/// The key of the table's name.
pub const TABLE_NAME: &str = "table";

/// Begins the key of the contents of a file that were the program's own, with a proof.
pub const OWN: &str = "own ";

/// Begins the key that says that a file of somebody else's got this name from a run.
pub const ASIDE: &str = "aside ";

/// Begins the key that says that the ledger tells of a file, with a proof.
const TOLD: &str = "told ";

fn told_key(event: FileEvent, name: &str) -> String {
    format!("{TOLD}{} {name}", event.word())
}

impl Session {
    /// Tells in the ledger, once, of a file at the top of the destination. The first time it tells of those too that an
    /// earlier version wrote.
    pub fn tell_of_file(&mut self, event: FileEvent, name: &str) -> Result<(), StoreError> {
        let mut untold = Vec::new();
        if self.keys_after(TOLD)?.is_empty() {
            for own in self.keys_after(OWN)? {
                // Without a proof anybody can have put the name there.
                if self.proved_value(&format!("{OWN}{own}"))?.is_some() {
                    untold.push((FileEvent::Table, own));
                }
            }
            untold.extend(self.keys_after(ASIDE)?.into_iter().map(|aside| (FileEvent::Aside, aside)));
        }
        if !untold.iter().any(|(known, own)| (*known, own.as_str()) == (event, name)) {
            untold.push((event, name.to_owned()));
        }
        for (event, name) in untold {
            let key = told_key(event, &name);
            if self.proved_value(&key)?.is_none() {
                self.change(|change| ledger::add(change, &LedgerEvent::File(event, name)))?;
                self.set_proved_value(&key, b"")?;
            }
        }
        self.complete_ledger()
    }

    /// Tells of all such files again, in a ledger that is made anew: those that were noted with this secret.
    pub(super) fn tell_of_files_again(&mut self, secret: &Secret) -> Result<(), StoreError> {
        let mut events = Vec::new();
        for key in self.keys_after(TOLD)? {
            let is_proved = self.value_proved_with(&format!("{TOLD}{key}"), secret)?.is_some();
            let told = key.split_once(' ').filter(|_| is_proved);
            events.extend(
                told.and_then(|(word, name)| Some(LedgerEvent::File(FileEvent::from_word(word)?, name.to_owned()))),
            );
        }
        self.change(|change| events.iter().try_for_each(|event| ledger::add(change, event)))?;
        self.complete_ledger()
    }

    /// Proves what a session that was made from its ledger says of them.
    pub(super) fn prove_told(&mut self) -> Result<(), StoreError> {
        for key in self.keys_after(TOLD)? {
            self.set_proved_value(&format!("{TOLD}{key}"), b"")?;
        }
        Ok(())
    }
}

/// Takes over what a line of the ledger tells of a file, into a session that is made from it. The content of a table is
/// not told: the next one keeps it under another name.
pub(super) fn take(change: &Transaction<'_>, event: FileEvent, name: &str) -> rusqlite::Result<()> {
    let own = match event {
        FileEvent::Table => format!("{OWN}{name}"),
        FileEvent::Aside => format!("{ASIDE}{name}"),
    };
    for key in [own, told_key(event, name)] {
        change.execute("INSERT OR REPLACE INTO session VALUES (?1, x'')", [key])?;
    }
    Ok(())
}
