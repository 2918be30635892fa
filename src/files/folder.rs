//! Handles of folders. All work inside a folder goes through its handle, so that swapping the folder for a link, or
//! moving it away, leads nowhere else.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::domain::picture::FileStamp;
use crate::file_system::{is_gone, keeps_file_numbers};

/// The facts of a file from `stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// Which file it is, its size and the time of its content.
    pub stamp: FileStamp,
    /// When anything about it last changed, in nanoseconds since 1970: no program can set this time.
    pub changed_ns: i128,
    /// How many names it has.
    pub links: u64,
    /// It is a regular file.
    pub is_file: bool,
}

impl FileStat {
    /// The facts of an open or found file.
    pub fn of(metadata: &Metadata) -> FileStat {
        FileStat {
            stamp: FileStamp {
                device: metadata.dev(),
                inode: metadata.ino(),
                size: metadata.size(),
                modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            },
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            links: metadata.nlink(),
            is_file: metadata.is_file(),
        }
    }

    /// True where nothing has changed since an earlier `stat`. Inode numbers are ignored on file systems that do not
    /// keep them.
    pub fn is_as(&self, earlier: &FileStat, keeps_numbers: bool) -> bool {
        let without_numbers =
            |stat: &FileStat| FileStat { stamp: FileStamp { inode: 0, ..stat.stamp }, links: 0, ..*stat };
        self == earlier || (!keeps_numbers && without_numbers(self) == without_numbers(earlier))
    }

    /// True for another name of the same file.
    pub fn is_same_file(&self, other: &FileStat) -> bool {
        (self.stamp.device, self.stamp.inode) == (other.stamp.device, other.stamp.inode)
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

// The fields have other types on other systems.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
impl From<Stat> for FileStat {
    fn from(found: Stat) -> FileStat {
        FileStat {
            stamp: FileStamp {
                device: found.st_dev as u64,
                inode: found.st_ino as u64,
                size: found.st_size as u64,
                modified_ns: nanoseconds(found.st_mtime as i64, found.st_mtime_nsec as i64),
            },
            changed_ns: nanoseconds(found.st_ctime as i64, found.st_ctime_nsec as i64),
            links: found.st_nlink as u64,
            is_file: FileType::from_raw_mode(found.st_mode) == FileType::RegularFile,
        }
    }
}

/// True where a folder is not there and its disk is not either, as far as that can be told: what is left of the way to
/// it is on another file system than `device`.
pub fn is_disk_absent(folder: &Path, device: Option<u64>) -> bool {
    match std::fs::metadata(folder) {
        Ok(_) => false,
        Err(error) if is_gone(&error) => {
            let there = folder.ancestors().find_map(|folder| std::fs::metadata(folder).ok());
            device.zip(there).is_some_and(|(device, there)| device != there.dev())
        }
        // One on a disk of its own that cannot be looked at is not there for now.
        Err(_) => device.is_some(),
    }
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    handle: File,
    path: PathBuf,
    device: u64,
    inode: u64,
    keeps_numbers: bool,
}

impl Folder {
    /// Opens a folder that a person named: links on the way to it are followed.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let handle =
            rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Folder::of(handle.into(), path.to_owned())
    }

    /// Opens a folder right in this one. A link in its place is an error of the kind `NotADirectory`.
    pub fn open_in(&self, name: &OsStr) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => Folder::of(handle.into(), self.path.join(name)),
            Err(Errno::LOOP) => Err(ErrorKind::NotADirectory.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn of(handle: File, path: PathBuf) -> io::Result<Folder> {
        let found = handle.metadata()?;
        let (device, inode) = (found.dev(), found.ino());
        let keeps_numbers = keeps_file_numbers(&path);
        Ok(Folder { handle, path, device, inode, keeps_numbers })
    }

    /// Makes a folder right in this one and brings that to disk. False where something of the name is there.
    pub fn make_in(&self, name: &OsStr) -> io::Result<bool> {
        match rustix::fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => self.sync().map(|()| true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True for the same folder, by file system and number.
    pub fn is_same(&self, other: &Folder) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// The file system that it is on.
    pub fn device(&self) -> u64 {
        self.device
    }

    /// True where files in it keep their numbers.
    pub fn keeps_numbers(&self) -> bool {
        self.keeps_numbers
    }

    /// The facts about a name in the folder; links are not followed.
    pub fn find(&self, name: &OsStr) -> io::Result<FileStat> {
        Ok(rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?.into())
    }

    /// Opens a regular file only: links are not followed, and a pipe does not block.
    pub fn open_regular(&self, name: &OsStr) -> io::Result<(File, FileStat)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.handle, name, flags, Mode::empty())?);
        let found = FileStat::of(&file.metadata()?);
        match found.is_file {
            true => Ok((file, found)),
            false => Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
        }
    }

    /// A new file that only this user may read, to be read and written.
    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Removes a file's name.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    /// Brings its entries to disk, on file systems that know how.
    pub fn sync(&self) -> io::Result<()> {
        match self.handle.sync_all() {
            // Some network file systems refuse to sync a folder: there is nothing to sync on this machine.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            synced => synced,
        }
    }

    pub(super) fn handle(&self) -> &File {
        &self.handle
    }
}
