//! Reads a file once, so that the same bytes are hashed, decoded and shown.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::defect::PictureDefect;
use super::folder::FileStat;
use super::kind::{Kind, START};
use crate::domain::file_identity::FileIdentity;
use crate::domain::picture::{ContentHash, FileStamp};
use crate::file_system::{keeping_change_times, keeps_file_numbers};

/// The largest file that is read into memory. The largest photographs are a tenth of it.
pub const LARGEST_FILE: u64 = 256 << 20;

/// The result of reading a file.
#[derive(Debug)]
pub enum Reading {
    /// The content, with its hash.
    Content(FileContent),
    /// No picture by content or name; only its start was read.
    NoPicture,
    /// Something is wrong with it.
    Defect(PictureDefect),
}

/// A file's content.
#[derive(Debug)]
pub struct FileContent {
    /// The kind of the file.
    pub kind: Kind,
    /// All of its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub hash: ContentHash,
    /// The file as it was before and after it was read.
    pub stamp: FileStamp,
    /// The identity by which the content can be trusted later without reading it; `None` where a later change might not
    /// show.
    pub identity: Option<FileIdentity>,
}

/// Opens a regular file only: links are not followed, and a pipe in the file's place does not block.
pub fn open_regular(path: &Path) -> std::io::Result<(File, Metadata)> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(std::io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
    }
}

/// The stamp of an open or found file.
pub fn stamp_of(metadata: &Metadata) -> FileStamp {
    FileStat::of(metadata).stamp
}

/// The identity of a file, where the file system's ctime can be trusted. Links are not followed.
pub fn trusted_identity(path: &Path) -> Option<FileIdentity> {
    let found = std::fs::symlink_metadata(path).ok().filter(Metadata::is_file)?;
    keeping_change_times(path).map(|file_system| identity_of(&found, file_system))
}

/// The identity of a file on any file system, following links; and whether it has not changed for a while, so that a
/// later change shows. On a file system with an untrustworthy ctime this proves nothing.
pub fn stat_identity(path: &Path) -> std::io::Result<(FileIdentity, bool)> {
    let identity = identity_of(&std::fs::metadata(path)?, 0);
    Ok((identity, identity.was_settled_at(now_ns())))
}

fn identity_of(metadata: &Metadata, file_system: u64) -> FileIdentity {
    let FileStat { stamp, changed_ns, .. } = FileStat::of(metadata);
    FileIdentity { stamp, file_system, changed_ns }
}

/// The time, as file systems count it.
fn now_ns() -> i128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or_default()
}

/// Reads a file that may be a picture.
pub fn read(path: &Path) -> Reading {
    match read_content(path) {
        Ok(Some(content)) => Reading::Content(content),
        Ok(None) => Reading::NoPicture,
        Err(defect) => Reading::Defect(defect),
    }
}

fn read_content(path: &Path) -> Result<Option<FileContent>, PictureDefect> {
    let began_ns = now_ns();
    let (mut file, before) = open_regular(path).map_err(defect_of)?;
    let mut bytes = Vec::new();
    (&mut file).take(START as u64).read_to_end(&mut bytes).map_err(defect_of)?;
    let kind = Kind::of(&bytes, path);
    if kind == Kind::Other {
        return Ok(None);
    }
    if before.len() > LARGEST_FILE {
        return Err(PictureDefect::TooLarge { bytes: before.len() });
    }
    bytes.reserve_exact((before.len() as usize).saturating_sub(bytes.len()));
    // One byte more than the limit shows a file that grew past it meanwhile.
    (&mut file).take(LARGEST_FILE + 1 - bytes.len() as u64).read_to_end(&mut bytes).map_err(defect_of)?;
    let after = file.metadata().map_err(defect_of)?;
    let stamp = stamp_of(&after);
    let hash = ContentHash(Sha256::digest(&bytes).into());
    let is_size_kept = before.len() == stamp.size && stamp.size == bytes.len() as u64;
    if !is_size_kept || (stamp != stamp_of(&before) && !is_invented(path, stamp.size, hash)) {
        return Err(PictureDefect::Changed);
    }
    let identity = keeping_change_times(path).map(|file_system| identity_of(&after, file_system));
    let is_sure = |identity: &FileIdentity| {
        *identity == identity_of(&before, identity.file_system) && identity.was_settled_at(began_ns)
    };
    Ok(Some(FileContent { kind, bytes, hash, stamp, identity: identity.filter(is_sure) }))
}

/// True where the file system invents inode numbers and times until a file is complete, and a second read gives the
/// same content.
fn is_invented(path: &Path, size: u64, hash: ContentHash) -> bool {
    let is_same =
        |(file, found): (File, Metadata)| found.len() == size && hash_open(&file).is_ok_and(|again| again == hash);
    !keeps_file_numbers(path) && open_regular(path).is_ok_and(is_same)
}

/// SHA-256 of a regular file, however large.
pub fn hash_file(path: &Path) -> std::io::Result<ContentHash> {
    hash_open(&open_regular(path)?.0)
}

/// SHA-256 of a file that was just opened. A file that ends before its length is an error of the kind `UnexpectedEof`.
pub fn hash_open(mut file: &File) -> std::io::Result<ContentHash> {
    let length = file.metadata()?.len();
    let mut hasher = Sha256::new();
    let read = std::io::copy(&mut file, &mut HashWriter(&mut hasher))?;
    match read < length {
        true => Err(ErrorKind::UnexpectedEof.into()),
        false => Ok(ContentHash(hasher.finalize().into())),
    }
}

/// Lets a hasher be written to.
struct HashWriter<'h>(&'h mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn defect_of(error: std::io::Error) -> PictureDefect {
    match error.kind() {
        ErrorKind::NotFound => PictureDefect::Vanished,
        _ => PictureDefect::Unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_regular_refuses_links_folders_and_pipes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("real.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        std::os::unix::fs::symlink(path("real.png"), path("link.png")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe.png"), rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(read(&path("real.png")), Reading::Content(_)));
        for name in ["link.png", "pipe.png", "."] {
            assert!(matches!(read(&path(name)), Reading::Defect(PictureDefect::Unreadable(_))), "{name}");
        }
        assert!(matches!(read(&path("gone.png")), Reading::Defect(PictureDefect::Vanished)));
    }

    #[test]
    fn hash_of_a_file_is_that_of_its_content() {
        let file = tempfile::Builder::new().suffix(".jpg").tempfile().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        let Reading::Content(content) = read(file.path()) else { panic!("it is named like a picture") };
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(content.hash.to_string(), expected);
        assert_eq!(content.stamp.size, 3);
    }
}
