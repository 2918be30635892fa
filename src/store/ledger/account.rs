//! The account that a whole ledger gives of transfers and sources: a session's tables are held against it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::chain::{Pending, follow};
use super::{path_of, text_of};
use crate::domain::picture::ContentHash;
use crate::domain::run::TransferId;

/// Words under which a run tells the folder that its pictures are from: as it was given, and without links.
const SOURCES: [&str; 2] = ["source", "real_source"];

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
            let fields = line.filter(|_| chain.broken_at.is_none());
            fields.map_or(ControlFlow::Break(()), |fields| {
                account.add(&fields);
                ControlFlow::Continue(())
            })
        })?;
        (account.lines, account.head) = (chain.lines, chain.head);
        Ok(chain.broken_at.map_or(Ok(account), |line| Err(Broken(line))))
    }

    fn add(&mut self, fields: &Map<String, Json>) {
        match text_of(fields, "event") {
            Some("run") => {
                for source in sources_in(fields) {
                    if !self.sources.contains(&source) {
                        self.sources.push(source);
                    }
                }
                let model = text_of(fields, "model").filter(|model| !self.models.iter().any(|known| known == model));
                self.models.extend(model.map(str::to_owned));
            }
            Some("transfer") => drop(self.add_transfer(fields)),
            _ => {}
        }
    }

    fn add_transfer(&mut self, fields: &Map<String, Json>) -> Option<()> {
        let id = TransferId(fields.get("transfer")?.as_i64()?);
        let (source, target) = (path_of(fields, "source")?, path_of(fields, "target"));
        let (result, action) = (text_of(fields, "result")?, text_of(fields, "action")?);
        let digest = digest(result, action, &source, target.as_deref(), text_of(fields, "sha256")?);
        self.transfers.insert(id, digest);
        Some(())
    }

    /// True where the ledger tells the same of a transfer.
    pub(in crate::store) fn tells(&self, id: TransferId, told: Told<'_>) -> bool {
        let digest = digest(told.result, told.action, told.source, told.target, &told.hash.to_string());
        self.transfers.get(&id) == Some(&digest)
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

/// The folders that a run says its pictures are from, absolute: the one that was given, and that one without links.
/// Version 0.1.0 told only of the first; the other is what it is now.
pub fn sources_in(fields: &Map<String, Json>) -> Vec<PathBuf> {
    let told: Vec<PathBuf> = SOURCES.iter().filter_map(|key| path_of(fields, key)).collect();
    let mut sources: Vec<PathBuf> = told.iter().filter(|path| path.is_absolute()).cloned().collect();
    if let [given] = sources.as_slice()
        && let Ok(real) = given.canonicalize()
        && real != *given
    {
        sources.push(real);
    }
    sources
}

fn digest(result: &str, action: &str, source: &Path, target: Option<&Path>, hash: &str) -> [u8; 32] {
    let paths = [Some(source), target].map(|path| path.map_or(&b""[..], |path| path.as_os_str().as_bytes()));
    // A transfer is done, though the disk has not taken it yet.
    let result = if result == "unsynced" { "done" } else { result };
    let parts = [result.as_bytes(), action.as_bytes(), paths[0], paths[1], hash.as_bytes()];
    // No path has a NUL in it, and no word.
    let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part).chain_update([0]));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Json) -> Map<String, Json> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn it_tells_a_transfer_from_every_other() {
        let mut account = Account::default();
        let hash = ContentHash([7; 32]);
        account.add(&fields(json!({"event": "transfer", "transfer": 3, "action": "move", "result": "done",
            "source": "/pics/1.jpg", "target": "a/1.jpg", "sha256": hash.to_string()})));
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
        let of = |value: Json| sources_in(&fields(value));
        assert_eq!(of(json!({"source": link.to_str().unwrap()})), [link.clone(), real]);
        assert_eq!(of(json!({"source": "/a", "real_source": "/b"})), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(of(json!({"source": "/a\\xff", "source_bytes": "L2H/"})).len(), 1);
        assert!(of(json!({"source": "the pictures of the session, with other labels"})).is_empty());
        assert!(of(json!({"transfers": 3})).is_empty());
    }
}
