//! The cache on disk, in the layout of huggingface_hub, so that what Python got is used here and the other way round:
//!
//! ```text
//! models--OWNER--NAME/refs/REVISION            the commit that a branch or tag stood for when it was last asked for
//! models--OWNER--NAME/blobs/HASH               a file's content under its hash
//! models--OWNER--NAME/blobs/HASH.incomplete    what has arrived of it
//! models--OWNER--NAME/snapshots/COMMIT/PATH    a relative link to ../../blobs/HASH
//! .locks/models--OWNER--NAME/HASH.lock         held by who downloads it
//! ```

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::hash::Hash;
use super::listing::is_hexadecimal;
use super::selection::{CONFIG, FileSelection, RequiredFiles, choose, shards};
use crate::engine::families;
use crate::engine::image_processor;
use crate::plain_file;

/// The largest file of the cache that is read whole: a configuration, a list of shards.
const LARGEST_SMALL: u64 = 10_000_000;

/// The longest file with a commit's name that is read; a name has forty letters.
const LONGEST_COMMIT: u64 = 1_000;

/// How deep folders of a snapshot are looked into: `onnx/model.onnx` is at the second level.
const DEEPEST: usize = 3;

/// The file that keeps backups from copying the cache (<https://bford.info/cachedir/>), in huggingface_hub's words.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This file is a cache directory tag created by huggingface_hub.\n\
    # For information about cache directory tags, see:\n\
    #\thttps://bford.info/cachedir/\n";

/// Makes a symbolic link: target, then the link's own path.
type MakeLink = fn(&Path, &Path) -> io::Result<()>;

/// The files of one model.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    root: PathBuf,
    folder: PathBuf,
    name: String,
    /// Given, so that a file system without links can be tried where there is none.
    make_link: MakeLink,
}

impl Storage {
    /// The storage of a model in the cache `root`. Creates nothing.
    pub(super) fn of(root: &Path, id: &str) -> Storage {
        let name = format!("models--{}", id.replace('/', "--"));
        let make_link: MakeLink = |target, path| std::os::unix::fs::symlink(target, path);
        Storage { root: root.to_owned(), folder: root.join(&name), name, make_link }
    }

    /// All models in the cache, by id.
    pub(super) fn ids(root: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| Some(name.strip_prefix("models--")?.replacen("--", "/", 1))).collect()
    }

    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    pub(super) fn blob(&self, hash: &Hash) -> PathBuf {
        self.folder.join("blobs").join(hash.text())
    }

    /// Where a file's content lies: its blob, and what a commit's snapshot holds itself, where that is no link to it.
    pub(super) fn places(&self, commit: &str, name: &str, hash: &Hash) -> Vec<PathBuf> {
        let (blob, own) = (self.blob(hash), self.snapshot(commit).join(name));
        let is_linked = blob.canonicalize().is_ok_and(|blob| own.canonicalize().is_ok_and(|own| own == blob));
        let places = [Some(blob), (!is_linked).then_some(own)];
        places.into_iter().flatten().filter(|place| place.is_file()).collect()
    }

    /// True where a commit's snapshot has a file as [`Storage::link`] leaves it.
    pub(super) fn is_in_place(&self, commit: &str, name: &str, hash: &Hash) -> bool {
        let own = self.snapshot(commit).join(name);
        match self.blob(hash).canonicalize() {
            Ok(blob) => own.canonicalize().is_ok_and(|own| own == blob),
            Err(_) => own.is_file(),
        }
    }

    /// Where a file's content gathers while it is downloaded.
    pub(super) fn incomplete(&self, hash: &Hash) -> PathBuf {
        self.folder.join("blobs").join(format!("{}.incomplete", hash.text()))
    }

    /// The file that a download holds locked.
    pub(super) fn lock(&self, hash: &Hash) -> PathBuf {
        self.root.join(".locks").join(&self.name).join(format!("{}.lock", hash.text()))
    }

    /// The commit that a revision stands for, as far as the cache knows.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        if is_hexadecimal(revision, 40) {
            return Some(revision.to_owned());
        }
        let text = plain_file::read_text(&self.folder.join("refs").join(revision), LONGEST_COMMIT).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_hexadecimal(commit, 40))
    }

    /// Notes the commit that a revision stands for; it appears whole or not at all.
    pub(super) fn note_commit(&self, revision: &str, commit: &str) -> io::Result<()> {
        if revision == commit || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.folder.join("refs").join(revision);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder)?;
        let mut fresh = tempfile::Builder::new().suffix(".tmp").permissions(shared_mode()).tempfile_in(folder)?;
        fresh.write_all(commit.as_bytes())?;
        fresh.persist(&path).map(drop).map_err(|error| error.error)
    }

    /// The commit of the conversion of a commit, where one was noted: it is found without asking the hub.
    pub(super) fn conversion(&self, of: &str) -> Option<String> {
        self.commit(&conversion_of(of))
    }

    /// Forgets the conversion of a commit, which is no longer used.
    pub(super) fn forget_conversion(&self, of: &str) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join("refs").join(conversion_of(of))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Puts a file of a commit where it belongs: a link to its blob, or the blob itself on file systems without links.
    pub(super) fn link(&self, commit: &str, name: &str, hash: &Hash) -> io::Result<()> {
        let path = self.snapshot(commit).join(name);
        let blob = self.blob(hash);
        let up = "../".repeat(name.split('/').count() + 1);
        let target = PathBuf::from(format!("{up}blobs/{}", hash.text()));
        if std::fs::read_link(&path).is_ok_and(|known| known == target) || (!blob.exists() && path.exists()) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match (self.make_link)(&target, &path) {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                std::fs::rename(&blob, &path)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    }

    /// Puts a file that lies where it belongs for one commit there for another too. Where there are no links, every
    /// snapshot has a file of its own, as Python leaves it.
    pub(super) fn link_also(&self, commit: &str, other: &str, name: &str, hash: &Hash) -> io::Result<()> {
        let (known, path) = (self.snapshot(commit).join(name), self.snapshot(other).join(name));
        if self.blob(hash).exists() || path.exists() {
            return self.link(other, name, hash);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder)?;
        let mut fresh = tempfile::Builder::new().suffix(".tmp").permissions(shared_mode()).tempfile_in(folder)?;
        io::copy(&mut plain_file::open(&known)?, &mut fresh)?;
        fresh.persist(&path).map(drop).map_err(|error| error.error)
    }

    /// Makes the folders, and marks the cache as one.
    pub(super) fn prepare(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.folder.join("blobs"))?;
        std::fs::create_dir_all(self.root.join(".locks").join(&self.name))?;
        let tag = self.root.join("CACHEDIR.TAG");
        if !tag.exists() {
            std::fs::write(tag, TAG)?;
        }
        Ok(())
    }

    /// The files of a commit's snapshot that make a whole checkpoint; none where one is missing.
    pub(super) fn complete(&self, commit: &str) -> Option<(PathBuf, FileSelection)> {
        let folder = self.snapshot(commit);
        let mut names = BTreeSet::new();
        collect(&folder, "", DEEPEST, &mut names);
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let json = |name: &str| -> Option<Json> { serde_json::from_slice(&read_small(&folder.join(name))?).ok() };
        // A model of no known family counts as complete too: opening it reports what is wrong.
        let family = families::from_config(&json(CONFIG)?).ok();
        let needs = RequiredFiles::of(family.as_deref(), json(image_processor::OUTER_FILE).as_ref());
        let mut choice = choose(&names, &needs).ok()?;
        if let Some(ending) = choice.form.shard_ending() {
            let index = choice.weights.first().and_then(|index| read_small(&folder.join(index)))?;
            choice.weights.extend(shards(&index, ending)?);
        }
        choice.weights.iter().all(|name| names.contains(name.as_str())).then_some((folder, choice))
    }

    /// A small file of a commit.
    pub(super) fn read(&self, commit: &str, name: &str) -> Option<Vec<u8>> {
        read_small(&self.snapshot(commit).join(name))
    }

    /// Bytes that the model's blobs take, half-downloaded ones with them.
    pub(super) fn bytes(&self) -> u64 {
        let entries = std::fs::read_dir(self.folder.join("blobs")).into_iter().flatten().flatten();
        entries.filter_map(|entry| std::fs::metadata(entry.path()).ok()).map(|found| found.len()).sum()
    }
}

/// The revision under which the conversion of a commit is noted.
pub(super) fn conversion_of(commit: &str) -> String {
    format!("sis/safetensors-of/{commit}")
}

/// The rights of a file of the cache before the user's mask is taken off, as for every other file there.
fn shared_mode() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

fn read_small(path: &Path) -> Option<Vec<u8>> {
    plain_file::read(path, LARGEST_SMALL).ok()
}

/// The files below a folder whose content is there, by their paths from it.
fn collect(folder: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{prefix}{name}");
        // The file that a link leads to: one that leads nowhere is no file.
        match std::fs::metadata(entry.path()) {
            Ok(found) if found.is_file() => drop(names.insert(name)),
            Ok(found) if found.is_dir() && depth > 1 => collect(&entry.path(), &format!("{name}/"), depth - 1, names),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn storage() -> (tempfile::TempDir, Storage) {
        let root = tempfile::tempdir().unwrap();
        let storage = Storage::of(root.path(), "owner/name");
        storage.prepare().unwrap();
        (root, storage)
    }

    fn put(storage: &Storage, name: &str, content: &[u8]) {
        let hash = Hash::Git(format!("{:0>40}", name.len()));
        std::fs::write(storage.blob(&hash), content).unwrap();
        storage.link(COMMIT, name, &hash).unwrap();
        storage.link(COMMIT, name, &hash).unwrap();
    }

    #[test]
    fn snapshot_link_is_relative_and_leads_to_the_blob() {
        let (root, storage) = storage();
        put(&storage, "onnx/model.onnx", b"content");
        let path = root.path().join("models--owner--name/snapshots").join(COMMIT).join("onnx/model.onnx");
        assert!(std::fs::read_link(&path).unwrap().starts_with("../../../blobs"));
        assert_eq!(std::fs::read(&path).unwrap(), b"content");
        assert_eq!(Storage::ids(root.path()), BTreeSet::from(["owner/name".to_owned()]));
        assert_eq!(storage.bytes(), 7);
        assert!(root.path().join("CACHEDIR.TAG").exists());
    }

    #[test]
    fn snapshot_without_links_has_its_own_files() {
        const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";
        let (_root, linking) = storage();
        let refusing: MakeLink = |_, _| Err(ErrorKind::PermissionDenied.into());
        let linkless = Storage { make_link: refusing, ..linking };
        let hash = Hash::Git("0".repeat(40));
        std::fs::write(linkless.blob(&hash), b"content").unwrap();
        for _ in 0..2 {
            linkless.link(COMMIT, "onnx/model.onnx", &hash).unwrap();
            linkless.link_also(COMMIT, OTHER, "onnx/model.onnx", &hash).unwrap();
            for commit in [COMMIT, OTHER] {
                let path = linkless.snapshot(commit).join("onnx/model.onnx");
                assert!(path.symlink_metadata().unwrap().is_file());
                assert_eq!(std::fs::read(path).unwrap(), b"content");
            }
            assert!(!linkless.blob(&hash).exists(), "it is there once for each snapshot, and not once more");
        }
        let entries = std::fs::read_dir(linkless.snapshot(OTHER).join("onnx")).unwrap();
        assert_eq!(entries.count(), 1, "no half-written file is left");
    }

    #[test]
    fn revision_resolves_to_its_noted_commit() {
        let (_root, storage) = storage();
        assert_eq!(storage.commit("main"), None);
        storage.note_commit("main", COMMIT).unwrap();
        storage.note_commit("refs/pr/1", COMMIT).unwrap();
        assert_eq!(storage.commit("main").as_deref(), Some(COMMIT));
        assert_eq!(storage.commit("refs/pr/1").as_deref(), Some(COMMIT));
        assert_eq!(storage.commit(COMMIT).as_deref(), Some(COMMIT));
        std::fs::write(storage.folder.join("refs/evil"), "../../elsewhere").unwrap();
        assert_eq!(storage.commit("evil"), None);
    }

    #[test]
    fn snapshot_with_all_needed_files_is_complete() {
        let (_root, storage) = storage();
        let is_complete = || storage.complete(COMMIT).is_some();
        for name in ["config.json", "preprocessor_config.json", "tokenizer.json"] {
            put(&storage, name, b"{}");
            assert!(!is_complete());
        }
        let index = br#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "m2.safetensors"}}"#;
        put(&storage, "model.safetensors.index.json", index);
        put(&storage, "model-00001-of-00002.safetensors", b"a");
        assert!(!is_complete());
        put(&storage, "m2.safetensors", b"b");
        assert!(is_complete());
        std::fs::remove_file(storage.snapshot(COMMIT).join("m2.safetensors").canonicalize().unwrap()).unwrap();
        assert!(!is_complete(), "a link that leads nowhere is no file");
    }
}
