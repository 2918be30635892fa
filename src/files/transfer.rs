//! Copying and moving a file so that nothing is lost on any path out.
//!
//! 1. The copy is written under a temporary name in the target folder and hashed on the way.
//! 2. The source must still be what was classified: same hash, same file.
//! 3. Times and mode are set, the copy is brought to disk, read again and hashed again.
//! 4. It gets its name only if that name is free; the folder is brought to disk.
//! 5. A move removes the source only now, and only if it is still that file.
//!
//! Nothing is ever overwritten. Each step is told to a [`Journal`] before or after it is done.

use std::ffi::OsString;
use std::fs::{File, FileTimes, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::durable::{sync_folder, temporary_file};
use super::read::{hash_file, open_regular, stamp_of};
use crate::domain::picture::{ContentHash, FileStamp};
use crate::domain::plan::{PlannedTransfer, name_candidates};
use crate::domain::settings::Operation;

/// Bytes that are read and written at a time.
const BLOCK: usize = 1 << 20;

/// A step of a transfer, in the order in which they happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// About to begin.
    Planned,
    /// The copy is on disk, whole and verified, under a temporary name.
    Copied {
        /// Its temporary place.
        temporary: PathBuf,
    },
    /// The copy has its name.
    Published {
        /// Its place.
        target: PathBuf,
    },
    /// The source is gone, after a move.
    Unlinked,
}

/// Who is told of every step. An error stops the transfer where it is: what cannot be recorded is not done.
pub trait Journal {
    /// A step of the transfer of `planned`.
    fn record(&mut self, planned: &PlannedTransfer, step: &Step) -> io::Result<()>;
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The copy has its name; the source stays.
    Copied {
        /// The copy.
        target: PathBuf,
    },
    /// The copy has its name; the source is gone.
    Moved {
        /// The copy.
        target: PathBuf,
    },
    /// A file with the same content has the name already; the source stays.
    AlreadyPresent {
        /// That file.
        target: PathBuf,
    },
}

impl Outcome {
    /// Where the content is now.
    pub fn target(&self) -> &Path {
        match self {
            Outcome::Copied { target } | Outcome::Moved { target } | Outcome::AlreadyPresent { target } => target,
        }
    }

    /// The word for it in `output.csv` and in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Copied { .. } => "copied",
            Outcome::Moved { .. } => "moved",
            Outcome::AlreadyPresent { .. } => "already present",
        }
    }
}

/// Why a file was not transferred. The source is where it was in every case.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The source is not what was classified.
    #[error("{path} changed since it was classified")]
    SourceChanged {
        /// The source.
        path: PathBuf,
    },
    /// The source cannot be read.
    #[error("{path} cannot be read")]
    Source {
        /// The source.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy cannot be written.
    #[error("{path} cannot be written")]
    Target {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("the copy in {folder} does not read back as it was written")]
    NotAsWritten {
        /// The folder.
        folder: PathBuf,
    },
    /// The label's folder is a link or a file, or leads out of the destination.
    #[error("{path} is not a folder of the destination")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Every name that the file could have is taken by another content.
    #[error("no free name in {folder}")]
    NoFreeName {
        /// The folder.
        folder: PathBuf,
    },
    /// The source of a move cannot be removed.
    #[error("{path} cannot be removed")]
    NotRemoved {
        /// The source.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy has its name, whole and verified, but what was to follow was not done: the source is there as well.
    #[error("the copy is {target}, and the source was kept")]
    SourceKept {
        /// The copy.
        target: PathBuf,
        /// Why.
        #[source]
        reason: Box<TransferError>,
    },
    /// The journal did not take a step.
    #[error("the step could not be recorded")]
    Journal(#[source] io::Error),
}

impl TransferError {
    /// Where the copy is, if there is one all the same.
    pub fn target(&self) -> Option<&Path> {
        match self {
            TransferError::SourceKept { target, .. } => Some(target),
            _ => None,
        }
    }
}

/// Transfers one file into its folder under `destination`.
pub fn transfer(
    planned: &PlannedTransfer,
    destination: &Path,
    operation: Operation,
    journal: &mut impl Journal,
) -> Result<Outcome, TransferError> {
    let folder = make_folder(destination, &planned.folder)?;
    let mut record = |step: &Step| journal.record(planned, step).map_err(TransferError::Journal);
    record(&Step::Planned)?;
    let names: Vec<OsString> = names(planned);
    if let Some(target) = present_already(&folder, &names, planned.hash) {
        return Ok(Outcome::AlreadyPresent { target });
    }
    let (copy, copied_from) = copy_verified(planned, &folder)?;
    record(&Step::Copied { temporary: copy.path().to_owned() })?;
    let published = publish(copy, &folder, &names, planned.hash)?;
    let Outcome::Copied { target } = published else { return Ok(published) };
    finish(&planned.source, copied_from, target, &folder, operation, &mut record)
}

/// What is left once the copy has its name. From here on, every error tells where the copy is.
fn finish(
    source: &Path,
    copied_from: FileStamp,
    target: PathBuf,
    folder: &Path,
    operation: Operation,
    record: &mut dyn FnMut(&Step) -> Result<(), TransferError>,
) -> Result<Outcome, TransferError> {
    let source_kept = |error| TransferError::SourceKept { target: target.clone(), reason: Box::new(error) };
    let unwritable = |source| TransferError::Target { path: folder.to_owned(), source };
    sync_folder(folder).map_err(unwritable).map_err(source_kept)?;
    record(&Step::Published { target: target.clone() }).map_err(source_kept)?;
    if operation == Operation::Copy {
        return Ok(Outcome::Copied { target });
    }
    unlink_source(source, copied_from).map_err(source_kept)?;
    // The file is moved, whatever happens now: a step that cannot be recorded is in the log.
    if let Err(error) = record(&Step::Unlinked) {
        tracing::error!("{error}");
    }
    Ok(Outcome::Moved { target })
}

/// The names to try: the planned one first, then those that its own name would get.
fn names(planned: &PlannedTransfer) -> Vec<OsString> {
    let own = planned.source.file_name().unwrap_or(&planned.file_name);
    let suffixed = name_candidates(own, planned.hash).skip(1);
    std::iter::once(planned.file_name.clone()).chain(suffixed.filter(|name| *name != planned.file_name)).collect()
}

/// Makes the label's folder, which must be a real folder right under the destination.
fn make_folder(destination: &Path, name: &str) -> Result<PathBuf, TransferError> {
    let folder = destination.join(name);
    let failed = |source| TransferError::Target { path: folder.clone(), source };
    match std::fs::create_dir(&folder) {
        Ok(()) => sync_folder(destination).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !std::fs::symlink_metadata(&folder).map_err(failed)?.is_dir() {
                return Err(TransferError::NotAFolder { path: folder });
            }
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(folder)
}

/// The first of the names in use, up to the first free one, that has the same content.
fn present_already(folder: &Path, names: &[OsString], hash: ContentHash) -> Option<PathBuf> {
    let targets = names.iter().map(|name| folder.join(name));
    let mut taken = targets.take_while(|target| std::fs::symlink_metadata(target).is_ok());
    taken.find(|target| hash_file(target).is_ok_and(|found| found == hash))
}

/// A whole, verified copy of the source under a temporary name, removed again if anything goes wrong.
/// With it, the source as it was while it was copied.
fn copy_verified(planned: &PlannedTransfer, folder: &Path) -> Result<(NamedTempFile, FileStamp), TransferError> {
    let unreadable = |source| TransferError::Source { path: planned.source.clone(), source };
    let unwritable = |source| TransferError::Target { path: folder.to_owned(), source };
    let changed = || TransferError::SourceChanged { path: planned.source.clone() };
    let (mut source, metadata) = open_regular(&planned.source).map_err(unreadable)?;
    // Some file systems invent inode numbers and change them: the content says whether it is the same file.
    let opened = stamp_of(&metadata);
    if (opened.size, opened.modified_ns) != (planned.stamp.size, planned.stamp.modified_ns) {
        return Err(changed());
    }
    let mut copy = temporary_file(folder).map_err(unwritable)?;
    let hash = match copy_and_hash(&mut source, copy.as_file_mut()) {
        Ok(hash) => hash,
        Err(CopyError::Read(error)) => return Err(unreadable(error)),
        Err(CopyError::Write(error)) => return Err(unwritable(error)),
    };
    if hash != planned.hash || stamp_of(&source.metadata().map_err(unreadable)?) != opened {
        return Err(changed());
    }
    keep_times_and_mode(copy.as_file(), &metadata).map_err(unwritable)?;
    copy.as_file().sync_all().map_err(unwritable)?;
    forget_cached(copy.as_file());
    match hash_file(copy.path()) {
        Ok(found) if found == planned.hash => Ok((copy, opened)),
        Ok(_) => Err(TransferError::NotAsWritten { folder: folder.to_owned() }),
        Err(error) => Err(unwritable(error)),
    }
}

/// Which side of a copy failed.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

/// One loop that reads, hashes and writes. The kernel's own copying is not used: it has left holes and wrong lengths
/// on some file systems, and the bytes have to pass by here anyway.
fn copy_and_hash(from: &mut File, to: &mut impl Write) -> Result<ContentHash, CopyError> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(ContentHash(hasher.finalize().into())),
            Ok(count) => {
                hasher.update(&block[..count]);
                to.write_all(&block[..count]).map_err(CopyError::Write)?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

/// Gives the copy the source's times and permissions, on file systems that have them.
fn keep_times_and_mode(copy: &File, source: &std::fs::Metadata) -> io::Result<()> {
    let times = FileTimes::new().set_accessed(source.accessed()?).set_modified(source.modified()?);
    // Set-user and set-group bits are not for a copy that may have another owner.
    let mode = Permissions::from_mode(source.permissions().mode() & 0o777);
    for kept in [copy.set_times(times), copy.set_permissions(mode)] {
        match kept {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                tracing::warn!("times or permissions could not be kept: {error}");
            }
            kept => kept?,
        }
    }
    Ok(())
}

/// Drops what the system remembers of a file, so that reading it again reads the disk.
#[cfg(target_os = "linux")]
fn forget_cached(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn forget_cached(_: &File) {}

/// Gives the copy the first name that is free.
fn publish(
    mut copy: NamedTempFile,
    folder: &Path,
    names: &[OsString],
    hash: ContentHash,
) -> Result<Outcome, TransferError> {
    for name in names {
        let target = folder.join(name);
        match copy.persist_noclobber(&target) {
            Ok(_) => return Ok(Outcome::Copied { target }),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
                if hash_file(&target).is_ok_and(|found| found == hash) {
                    return Ok(Outcome::AlreadyPresent { target });
                }
                copy = failed.file;
            }
            Err(failed) => return Err(TransferError::Target { path: target, source: failed.error }),
        }
    }
    Err(TransferError::NoFreeName { folder: folder.to_owned() })
}

/// Removes the source of a move, if it is still the file that was copied.
fn unlink_source(path: &Path, copied_from: FileStamp) -> Result<(), TransferError> {
    let not_removed = |source| TransferError::NotRemoved { path: path.to_owned(), source };
    if stamp_of(&std::fs::symlink_metadata(path).map_err(not_removed)?) != copied_from {
        return Err(TransferError::SourceChanged { path: path.to_owned() });
    }
    std::fs::remove_file(path).map_err(not_removed)?;
    // Without this, loss of power may bring the source back: a file too many, none too few.
    if let Some(Err(error)) = path.parent().map(sync_folder) {
        tracing::warn!("a source's folder could not be brought to disk: {error}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source with one picture, a destination, and what happens to the files at which step.
    struct Scene {
        folder: tempfile::TempDir,
        planned: PlannedTransfer,
    }

    impl Scene {
        fn new() -> Scene {
            let folder = tempfile::tempdir().unwrap();
            let source = folder.path().join("1.jpg");
            std::fs::write(&source, b"a picture").unwrap();
            std::fs::create_dir(folder.path().join("to")).unwrap();
            let stamp = stamp_of(&std::fs::metadata(&source).unwrap());
            let hash = hash_file(&source).unwrap();
            let (folder_name, file_name) = ("label".to_owned(), "1.jpg".into());
            Scene {
                folder,
                planned: PlannedTransfer { picture: 0, source, hash, stamp, folder: folder_name, file_name },
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn transfer(
            &self,
            operation: Operation,
            mut at: impl FnMut(&Step) -> io::Result<()>,
        ) -> Result<Outcome, TransferError> {
            transfer(&self.planned, &self.path("to"), operation, &mut At(&mut at))
        }

        /// Names in the label's folder.
        fn arrived(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.path("to/label")).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_str().unwrap().to_owned()).collect()
        }
    }

    /// Does something at each step.
    struct At<'f>(&'f mut dyn FnMut(&Step) -> io::Result<()>);

    impl Journal for At<'_> {
        fn record(&mut self, _: &PlannedTransfer, step: &Step) -> io::Result<()> {
            (self.0)(step)
        }
    }

    fn name(step: &Step) -> &'static str {
        match step {
            Step::Planned => "planned",
            Step::Copied { .. } => "copied",
            Step::Published { .. } => "published",
            Step::Unlinked => "unlinked",
        }
    }

    #[test]
    fn the_steps_come_in_order_and_the_source_goes_last() {
        let scene = Scene::new();
        let mut steps = vec![];
        let outcome = scene.transfer(Operation::Move, |step| {
            assert_eq!(scene.planned.source.exists(), *step != Step::Unlinked);
            assert_eq!(scene.path("to/label/1.jpg").exists(), !matches!(step, Step::Planned | Step::Copied { .. }));
            steps.push(name(step));
            Ok(())
        });
        assert_eq!(outcome.unwrap(), Outcome::Moved { target: scene.path("to/label/1.jpg") });
        assert_eq!(steps, ["planned", "copied", "published", "unlinked"]);
    }

    #[test]
    fn what_cannot_be_recorded_is_not_done_and_nothing_is_lost() {
        for (stopped_at, arrived) in [("planned", 0), ("copied", 0), ("published", 1)] {
            let scene = Scene::new();
            let full = || Err(ErrorKind::StorageFull.into());
            let outcome =
                scene.transfer(Operation::Move, |step| if name(step) == stopped_at { full() } else { Ok(()) });
            let error = outcome.unwrap_err();
            assert_eq!(error.target().is_some(), arrived == 1, "{stopped_at}");
            assert_eq!(scene.arrived().len(), arrived, "{stopped_at}: no temporary file is left");
            assert_eq!(std::fs::read(&scene.planned.source).unwrap(), b"a picture", "{stopped_at}");
        }
    }

    #[test]
    fn a_source_that_changes_is_left_alone() {
        for (changed_at, arrived) in [("planned", 0), ("published", 1)] {
            let scene = Scene::new();
            let outcome = scene.transfer(Operation::Move, |step| match name(step) == changed_at {
                true => std::fs::write(&scene.planned.source, b"another picture"),
                false => Ok(()),
            });
            assert!(outcome.is_err());
            assert_eq!(scene.arrived().len(), arrived, "{changed_at}");
            assert_eq!(std::fs::read(&scene.planned.source).unwrap(), b"another picture", "{changed_at}");
        }
    }

    #[test]
    fn a_name_that_is_taken_meanwhile_is_not_overwritten() {
        let scene = Scene::new();
        let outcome = scene.transfer(Operation::Copy, |step| match step {
            Step::Copied { .. } => std::fs::write(scene.path("to/label/1.jpg"), b"somebody else's"),
            _ => Ok(()),
        });
        let target = outcome.unwrap().target().to_owned();
        assert_eq!(target.file_name().unwrap().to_str().unwrap(), format!("1~{}.jpg", scene.planned.hash.short()));
        assert_eq!(std::fs::read(scene.path("to/label/1.jpg")).unwrap(), b"somebody else's");
        assert_eq!(std::fs::read(target).unwrap(), b"a picture");
    }

    #[test]
    fn every_name_taken_is_an_error() {
        let scene = Scene::new();
        std::fs::create_dir(scene.path("to/label")).unwrap();
        for name in names(&scene.planned) {
            std::fs::create_dir(scene.path("to/label").join(name)).unwrap();
        }
        assert!(matches!(scene.transfer(Operation::Move, |_| Ok(())), Err(TransferError::NoFreeName { .. })));
        assert!(scene.planned.source.exists());
    }
}
