//! The account that a whole ledger gives of transfers and sources: a session's tables are held against it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::chain::{Pending, follow};
use super::event::{LedgerEvent, RunBegan, TransferEnded};
use super::fields::text_in;
use super::sources_in;
use crate::domain::picture::ContentHash;
use crate::domain::run::TransferId;
use crate::domain::transfer::TransferResult;

/// The account of a ledger, each line of which follows the one before.
#[derive(Debug, Default)]
pub struct Account {
    /// Its lines.
    pub(in crate::store) lines: u64,
    /// The hash of the last one.
    pub(in crate::store) head: String,
    /// Each transfer that has ended, as a digest: a ledger may tell of a million.
    transfers: HashMap<TransferId, [u8; 32]>,
    sources: Vec<PathBuf>,
    models: Vec<String>,
}

/// The line of a ledger that does not follow the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Broken(pub(in crate::store) u64);

/// The end of a transfer as session and ledger both tell it. Paths are as they are kept: relative inside the
/// destination.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Told<'t> {
    /// The word for how it ended.
    pub(in crate::store) result: &'t str,
    /// The word for what was done.
    pub(in crate::store) action: &'t str,
    /// The file as it was before.
    pub(in crate::store) source: &'t Path,
    /// Where it went; nowhere if it failed.
    pub(in crate::store) target: Option<&'t Path>,
    /// Its content.
    pub(in crate::store) hash: ContentHash,
}

impl Account {
    /// Reads a ledger's file, if there is one, and the lines that are not in it yet; as far as the first that does not
    /// follow.
    pub(in crate::store) fn read(file: Option<File>, pending: &Pending) -> io::Result<Result<Account, Broken>> {
        let mut account = Account::default();
        let chain = follow(file, pending, &mut |chain, line| {
            let line = line.filter(|_| chain.broken_at.is_none());
            line.map_or(ControlFlow::Break(()), |line| {
                line.event.iter().for_each(|event| account.add(event));
                ControlFlow::Continue(())
            })
        })?;
        (account.lines, account.head) = (chain.lines, chain.head);
        Ok(chain.broken_at.map_or(Ok(account), |line| Err(Broken(line))))
    }

    fn add(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::Run(began) => self.add_run(began),
            LedgerEvent::Transfer(ended) => self.add_transfer(ended),
            _ => {}
        }
    }

    fn add_run(&mut self, began: &RunBegan) {
        for source in sources_in(&began.settings) {
            if !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
        let model = text_in(&began.settings, "model").filter(|model| !self.models.iter().any(|known| known == model));
        self.models.extend(model.map(str::to_owned));
    }

    fn add_transfer(&mut self, ended: &TransferEnded) {
        let told = Told {
            result: ended.result.text(),
            action: ended.action.text(),
            source: &ended.source,
            target: ended.target.as_deref(),
            hash: ended.sha256,
        };
        self.transfers.insert(ended.transfer, digest(told));
    }

    /// True where the ledger tells the same of a transfer.
    pub(in crate::store) fn tells(&self, id: TransferId, told: Told<'_>) -> bool {
        self.transfers.get(&id) == Some(&digest(told))
    }

    /// How many transfers it tells of.
    pub(in crate::store) fn transfers(&self) -> usize {
        self.transfers.len()
    }

    /// The models that pictures were scored by, by the names that they were given under.
    pub(in crate::store) fn models(&self) -> &[String] {
        &self.models
    }

    /// The folders that pictures came from.
    pub(in crate::store) fn sources(&self) -> &[PathBuf] {
        &self.sources
    }
}

fn digest(told: Told<'_>) -> [u8; 32] {
    // A transfer is done, though the disk has not taken it yet.
    let is_unsynced = told.result == TransferResult::Unsynced.word();
    let result = if is_unsynced { TransferResult::Done.word() } else { told.result };
    let paths = [Some(told.source), told.target].map(|path| path.map_or(&b""[..], |path| path.as_os_str().as_bytes()));
    let parts = [result.as_bytes(), told.action.as_bytes(), paths[0], paths[1], &told.hash.0];
    // No path has a NUL in it, and no word; the hash is the last.
    let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part).chain_update([0]));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn it_tells_a_transfer_from_every_other() {
        let mut account = Account::default();
        let hash = ContentHash([7; 32]);
        let line = json!({"event": "transfer", "run": 1, "transfer": 3, "action": "move", "result": "done",
            "source": "/pics/1.jpg", "target": "a/1.jpg", "sha256": hash.to_string()});
        account.add(&LedgerEvent::of(line.as_object().unwrap()).unwrap());
        let told = Told {
            result: "done",
            action: "move",
            source: Path::new("/pics/1.jpg"),
            target: Some(Path::new("a/1.jpg")),
            hash,
        };
        assert!(account.tells(TransferId(3), told) && !account.tells(TransferId(4), told));
        for other in [
            Told { result: "kept", ..told },
            Told { action: "copy", ..told },
            Told { source: Path::new("/home/1.jpg"), ..told },
            Told { target: Some(Path::new("b/1.jpg")), ..told },
            Told { target: None, ..told },
            Told { hash: ContentHash([8; 32]), ..told },
        ] {
            assert!(!account.tells(TransferId(3), other), "{other:?}");
        }
    }

    #[test]
    fn sources_are_absolute_and_exact() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().canonicalize().unwrap().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let of = |value: Json| sources_in(value.as_object().unwrap());
        assert_eq!(of(json!({"source": link.to_str().unwrap()})), [link.clone(), real]);
        assert_eq!(of(json!({"source": "/a", "real_source": "/b"})), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(of(json!({"source": "/a\\xff", "source_bytes": "L2H/"})).len(), 1);
        assert!(of(json!({"source": "the pictures of the session, with other labels"})).is_empty());
        assert!(of(json!({"transfers": 3})).is_empty());
    }
}
