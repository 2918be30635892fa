//! The judge looks, after something went wrong, at the files that are there: nothing of the program's own code is
//! asked. A fault is a sentence that begins with its kind: `lost: …`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// A picture as it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    hash: String,
    mode: u32,
    modified: SystemTime,
    /// Extended attributes that people and programs give.
    attributes: BTreeMap<String, Vec<u8>>,
}

/// Metadata that need not come back with a picture, as the program tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgiven {
    Nothing,
    /// Extended attributes, which nothing keeps once they are lost.
    Attributes,
    /// Times and modes too.
    Metadata,
}

impl Picture {
    fn of(file: &Path) -> io::Result<Picture> {
        let metadata = std::fs::symlink_metadata(file)?;
        let (mode, modified) = (metadata.permissions().mode(), metadata.modified()?);
        Ok(Picture { hash: hash(file)?, mode, modified, attributes: attributes(file) })
    }

    /// The same, but for what is forgiven.
    fn is_like(&self, other: &Picture, forgiven: Forgiven) -> bool {
        match forgiven {
            Forgiven::Nothing => self == other,
            Forgiven::Attributes => (&self.hash, self.mode, self.modified) == (&other.hash, other.mode, other.modified),
            Forgiven::Metadata => self.hash == other.hash,
        }
    }
}

/// The pictures that there were, and where to look for them.
pub(crate) struct Judge {
    pub(crate) source: PathBuf,
    pub(crate) destination: PathBuf,
    /// The pictures, by their place below the source.
    pictures: BTreeMap<PathBuf, Picture>,
    /// Metadata that may have been lost, which the program tells.
    pub(crate) forgiven: Forgiven,
}

impl Judge {
    /// The pictures are in `originals`, and are or come into `source`.
    pub(crate) fn new(originals: &Path, source: &Path, destination: &Path) -> Judge {
        let pictures = files(originals)
            .into_iter()
            .map(|file| (file.strip_prefix(originals).unwrap().to_owned(), Picture::of(&file).unwrap()));
        let pictures = pictures.collect();
        let (source, destination) = (source.to_owned(), destination.to_owned());
        Judge { source, destination, pictures, forgiven: Forgiven::Nothing }
    }

    fn wanted(&self) -> BTreeSet<&str> {
        self.pictures.values().map(|picture| picture.hash.as_str()).collect()
    }

    /// The contents that are whole somewhere, under whatever name.
    pub(crate) fn whole(&self) -> BTreeSet<String> {
        let all = files(&self.source).into_iter().chain(files(&self.destination));
        let wanted = self.wanted();
        all.filter_map(|file| hash(&file).ok()).filter(|hash| wanted.contains(hash.as_str())).collect()
    }

    /// The pictures that are whole nowhere.
    pub(crate) fn lost(&self) -> Vec<String> {
        let whole = self.whole();
        let lost = self.pictures.iter().filter(|(_, picture)| !whole.contains(&picture.hash));
        lost.map(|(path, _)| format!("lost: {}", path.display())).collect()
    }

    /// Final names in the label folders of the destination, and their hashes.
    fn sorted(&self) -> BTreeMap<PathBuf, String> {
        let of_labels = |file: &PathBuf| file.parent() != Some(&self.destination) && !is_own(file, &self.destination);
        self.read(files(&self.destination).into_iter().filter(of_labels))
    }

    /// Final names in the source, and their hashes.
    fn unsorted(&self) -> BTreeMap<PathBuf, String> {
        self.read(files(&self.source).into_iter().filter(|file| !is_own(file, &self.source)))
    }

    fn read(&self, files: impl Iterator<Item = PathBuf>) -> BTreeMap<PathBuf, String> {
        files.map(|file| (hash(&file).unwrap_or_else(|error| error.to_string()), file)).map(|(h, f)| (f, h)).collect()
    }

    /// Final names in the destination that hold what no picture is.
    pub(crate) fn wrong_in_destination(&self) -> Vec<String> {
        self.wrong(self.sorted())
    }

    /// Final names anywhere that hold what no picture is.
    pub(crate) fn wrong_anywhere(&self) -> Vec<String> {
        self.wrong(self.sorted().into_iter().chain(self.unsorted()).collect())
    }

    fn wrong(&self, found: BTreeMap<PathBuf, String>) -> Vec<String> {
        let wanted = self.wanted();
        let wrong = found.iter().filter(|(_, hash)| !wanted.contains(hash.as_str()));
        wrong.map(|(file, hash)| format!("wrong: {} has {hash}", file.display())).collect()
    }

    /// Faults that keep the pictures from being sorted, each once.
    pub(crate) fn unsorted_yet(&self, is_move: bool) -> Vec<String> {
        let mut there: Vec<String> = self.sorted().into_values().collect();
        let mut wanted: Vec<String> = self.pictures.values().map(|picture| picture.hash.clone()).collect();
        there.sort_unstable();
        wanted.sort_unstable();
        let mut faults = vec![];
        if there != wanted {
            faults.push(format!("unfinished: {} of {} pictures are sorted", there.len(), wanted.len()));
        }
        let (in_source, should) = (self.unsorted().len(), if is_move { 0 } else { self.pictures.len() });
        if in_source != should {
            faults.push(format!("unfinished: {in_source} files are in the source and not {should}"));
        }
        faults
    }

    /// Faults that keep the pictures from being where they were, as they were, and only there.
    pub(crate) fn not_back_yet(&self) -> Vec<String> {
        let mut faults = vec![];
        for (path, picture) in &self.pictures {
            let file = self.source.join(path);
            match Picture::of(&file) {
                Ok(found) if found.is_like(picture, self.forgiven) => {}
                Ok(found) => faults.push(format!("not as it was: {} was {picture:?} and is {found:?}", path.display())),
                Err(error) => faults.push(format!("not back: {}: {error}", path.display())),
            }
        }
        let added = self.unsorted().into_keys().filter(|file| {
            let inside = file.strip_prefix(&self.source).unwrap();
            !self.pictures.contains_key(inside)
        });
        faults.extend(added.map(|file| format!("not back: {} is new", file.display())));
        faults.extend(
            self.sorted().into_keys().map(|file| format!("not back: {} is in the destination", file.display())),
        );
        faults
    }

    /// True where a picture is without its time, mode or attributes, in the destination or back in the source.
    pub(crate) fn is_any_unkept(&self, is_undo: bool) -> bool {
        let of_hash = |hash: &str| self.pictures.values().find(|picture| picture.hash == hash);
        let is_like = |file: &PathBuf, picture: &Picture| {
            Picture::of(file).is_ok_and(|found| found.is_like(picture, Forgiven::Nothing))
        };
        match is_undo {
            true => self.pictures.iter().any(|(path, picture)| {
                let file = self.source.join(path);
                file.exists() && !is_like(&file, picture)
            }),
            false => {
                self.sorted().iter().any(|(file, hash)| of_hash(hash).is_some_and(|picture| !is_like(file, picture)))
            }
        }
    }

    /// Temporary files that are left.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let own = [&self.source, &self.destination].into_iter().flat_map(|root| {
            let own = files(root).into_iter().filter(|file| is_own(file, root));
            own.filter(move |file| file.strip_prefix(root).unwrap().iter().next() != Some(OsStr::new(".sis")))
        });
        own.map(|file| format!("left behind: {}", file.display())).collect()
    }

    /// False words of the destination's records: `SHA256SUMS`, and the ledger's chain and transfers.
    pub(crate) fn false_records(&self) -> Vec<String> {
        let inside = |file: PathBuf| file.strip_prefix(&self.destination).unwrap().to_owned();
        let sorted: BTreeMap<PathBuf, String> = self.sorted().into_iter().map(|(file, h)| (inside(file), h)).collect();
        let mut faults = vec![];
        match std::fs::read_to_string(self.destination.join("SHA256SUMS")) {
            Ok(text) => {
                let line =
                    |line: &str| line.split_once("  ").map(|(hash, path)| (PathBuf::from(path), hash.to_owned()));
                let listed: BTreeMap<PathBuf, String> = text.lines().filter_map(line).collect();
                faults.extend(differences("SHA256SUMS", &listed, &sorted));
            }
            Err(error) => faults.push(format!("untrue: SHA256SUMS: {error}")),
        }
        match std::fs::read_to_string(self.destination.join(".sis/ledger.jsonl")) {
            Ok(text) => match told_by(&text) {
                Ok(told) => faults.extend(differences("the ledger", &told, &sorted)),
                Err(fault) => faults.push(fault),
            },
            Err(error) => faults.push(format!("untrue: the ledger: {error}")),
        }
        faults
    }
}

/// How many faults there are of each kind.
pub(crate) fn kinds<'f>(faults: impl IntoIterator<Item = &'f String>) -> BTreeMap<&'f str, usize> {
    let mut kinds = BTreeMap::new();
    for fault in faults {
        *kinds.entry(fault.split(':').next().unwrap_or_default()).or_default() += 1;
    }
    kinds
}

fn differences(who: &str, told: &BTreeMap<PathBuf, String>, there: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let untrue = told.iter().filter(|(path, hash)| there.get(*path) != Some(hash));
    let untrue = untrue.map(|(path, _)| format!("untrue: {who} tells of {} what is not so", path.display()));
    let untold = there.keys().filter(|path| !told.contains_key(*path));
    untrue.chain(untold.map(|path| format!("untrue: {who} does not tell of {}", path.display()))).collect()
}

/// The files that are in the destination by what the ledger tells, whose lines must be a chain.
fn told_by(ledger: &str) -> Result<BTreeMap<PathBuf, String>, String> {
    let (mut previous, mut there) = ("0".repeat(64), BTreeMap::new());
    for (number, line) in ledger.lines().enumerate() {
        let broken = || format!("untrue: the ledger's chain is broken at line {}", number + 1);
        let event: Json = serde_json::from_str(line).map_err(|_| broken())?;
        if event["previous"] != previous.as_str() || event["line"] != number + 1 {
            return Err(broken());
        }
        previous = hex(&Sha256::digest(line.as_bytes()));
        if event["event"] != "transfer" || event["result"] == "failed" {
            continue;
        }
        let path = |key: &str| event[key].as_str().map(PathBuf::from).filter(|path| path.is_relative());
        if event["result"] == "done" && event["action"] != "copy" {
            path("source").map(|source| there.remove(&source));
        }
        if let Some(target) = path("target") {
            there.insert(target, event["sha256"].as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(there)
}

/// True for what the program keeps for itself: its folder, and its temporary files.
fn is_own(file: &Path, root: &Path) -> bool {
    let inside = file.strip_prefix(root).unwrap();
    inside.iter().any(|part| {
        let part = part.as_encoded_bytes();
        part.starts_with(b".sis") || part.starts_with(b".tmp")
    })
}

/// The files below a folder; links are none.
fn files(root: &Path) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(root).into_iter().flatten();
    found.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// The hash of every file below a folder that can be read, by path.
pub(crate) fn hashes_below(root: &Path) -> BTreeMap<PathBuf, String> {
    files(root).into_iter().filter_map(|file| Some((file.clone(), hash(&file).ok()?))).collect()
}

/// The attributes of a file whose names begin with `user.`; none where its file system knows none.
fn attributes(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 1 << 16];
    let length = rustix::fs::listxattr(file, &mut names[..]).unwrap_or_default();
    let names = String::from_utf8_lossy(&names[..length]).into_owned();
    let value = |name: &str| {
        let mut value = vec![0; 1 << 10];
        let length = rustix::fs::getxattr(file, name, &mut value[..]).unwrap();
        value.truncate(length);
        (name.to_owned(), value)
    };
    names.split('\0').filter(|name| name.starts_with("user.")).map(value).collect()
}

/// The SHA-256 of a file's content.
fn hash(file: &Path) -> io::Result<String> {
    Ok(hex(&Sha256::digest(std::fs::read(file)?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_lost_wrong_left_or_untrue_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let at = |name: &str| folder.path().join(name);
    ["from/1.png", "from/x/2.png"].into_iter().for_each(|name| write(name, name));
    let judge = Judge::new(&at("from"), &at("from"), &at("to"));
    assert_eq!(judge.lost().len() + judge.wrong_anywhere().len() + judge.not_back_yet().len(), 0);
    std::fs::remove_file(at("from/1.png")).unwrap();
    assert_eq!(judge.lost(), ["lost: 1.png"]);
    write("to/.sis-7.partial", "from/1.png");
    assert_eq!((judge.lost().len(), judge.left_behind().len()), (0, 1));
    write("to/red/1.png", "from/1.pn");
    assert_eq!((judge.wrong_in_destination().len(), judge.wrong_anywhere().len()), (1, 1));
    assert!(!judge.unsorted_yet(true).is_empty() && !judge.not_back_yet().is_empty());
    let ledger = format!("{{\"line\":1,\"event\":\"run\",\"previous\":\"{}\"}}\n", "0".repeat(64));
    write("to/.sis/ledger.jsonl", &ledger);
    write("to/SHA256SUMS", "00  red/2.png\n");
    // Two of the list of checksums, one of the ledger.
    assert_eq!(judge.false_records().len(), 3, "{:?}", judge.false_records());
    write("to/.sis/ledger.jsonl", &ledger.replace("000", "001"));
    assert!(judge.false_records()[2].contains("chain is broken"), "{:?}", judge.false_records());
}
