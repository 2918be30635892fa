//! Rights of the program's own files: the user alone, whatever the user's mask would let through. Only where a
//! destination is a folder that others may write into, they may work in its session too.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Readers and writers beside the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// This group.
    group: Option<u32>,
    /// Everybody.
    others: bool,
}

impl Rights {
    /// The user alone.
    pub const OWN: Rights = Rights { group: None, others: false };

    /// The rights that follow from a folder of sorted pictures: users who may put files into it and take any of them
    /// away may do so with the program's own. In a folder where only a file's owner may take it away, that is the user
    /// alone.
    pub fn beside(destination: &Path) -> Rights {
        let Ok(found) = std::fs::metadata(destination) else { return Rights::OWN };
        let may = |bit: u32| found.mode() & bit != 0;
        Rights { group: may(0o020).then(|| found.gid()), others: may(0o002) && !may(0o1000) }
    }

    fn of_file(self) -> u32 {
        0o600 | if self.group.is_some() { 0o060 } else { 0 } | if self.others { 0o006 } else { 0 }
    }

    /// A file that is made in a folder of a group belongs to that group too.
    fn of_folder(self) -> u32 {
        0o700 | if self.group.is_some() { 0o2070 } else { 0 } | if self.others { 0o007 } else { 0 }
    }

    /// Takes the right to write from others in a destination that was just made, whatever the user's mask lets through:
    /// whoever is to work there is given that on purpose. A group keeps it in a folder that it may write into itself.
    pub fn close(made: &Path) {
        let parent = made.parent().and_then(|parent| std::fs::metadata(parent).ok());
        let is_shared = parent.is_some_and(|parent| parent.mode() & 0o020 != 0);
        let closed = if is_shared { 0o002 } else { 0o022 };
        let narrowed = std::fs::symlink_metadata(made).and_then(|found| {
            let mode = found.mode() & 0o7777;
            if mode & closed == 0 {
                Ok(())
            } else {
                std::fs::set_permissions(made, Permissions::from_mode(mode & !closed))
            }
        });
        if let Err(error) = narrowed {
            tracing::warn!("the new destination keeps its rights: {error}");
        }
    }

    /// Makes a folder. False where something has the name.
    pub fn make_folder(self, folder: &Path) -> io::Result<bool> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {
                self.give(folder);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder and those above it that are not there.
    pub fn make_folders(self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.make_folders(parent)?;
        }
        match self.make_folder(folder)? || folder.is_dir() {
            true => Ok(()),
            false => Err(ErrorKind::AlreadyExists.into()),
        }
    }

    /// Makes an empty file. False where something has the name.
    pub fn make_file(self, file: &Path) -> io::Result<bool> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(file, flags, Mode::RUSR | Mode::WUSR) {
            Ok(_) => {
                self.give(file);
                Ok(true)
            }
            Err(rustix::io::Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file or folder of this user's these rights, no fewer and no more. Links are left alone, and so is what
    /// belongs to somebody else. Where it cannot be, the log tells: no work is left undone for it.
    pub fn give(self, path: &Path) {
        match self.try_give(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(path = crate::domain::printable::printable(path), "keeps its rights: {error}");
            }
            _ => {}
        }
    }

    fn try_give(self, path: &Path) -> io::Result<()> {
        let held = Held::of(path)?;
        let found = std::fs::metadata(&held.path)?;
        if !(found.is_file() || found.is_dir()) || found.uid() != rustix::process::geteuid().as_raw() {
            return Ok(());
        }
        let rights = match self.group {
            // Not a group of this user's: its members get nothing, and nor do those of the one that the file has.
            Some(group) if group != found.gid() && std::os::unix::fs::chown(&held.path, None, Some(group)).is_err() => {
                Rights { group: None, ..self }
            }
            _ => self,
        };
        let wanted = rights.mode_of(&found);
        match found.mode() & 0o7777 == wanted {
            true => Ok(()),
            false => std::fs::set_permissions(&held.path, Permissions::from_mode(wanted)),
        }
    }

    /// A folder keeps what it has beside rights.
    fn mode_of(self, found: &Metadata) -> u32 {
        if found.is_dir() { self.of_folder() | (found.mode() & 0o7000) } else { self.of_file() }
    }
}

/// A file that stays the same one while its rights are looked at and changed.
struct Held {
    path: PathBuf,
    _handle: Option<OwnedFd>,
}

impl Held {
    /// Opened as a mere path: closing any other handle would drop the locks that SQLite holds on a database.
    #[cfg(target_os = "linux")]
    fn of(path: &Path) -> io::Result<Held> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())?;
        if std::fs::symlink_metadata(path)?.is_symlink() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Held { path: format!("/proc/self/fd/{}", handle.as_raw_fd()).into(), _handle: Some(handle) })
    }

    #[cfg(not(target_os = "linux"))]
    fn of(path: &Path) -> io::Result<Held> {
        match std::fs::symlink_metadata(path)?.is_symlink() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(Held { path: path.to_owned(), _handle: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn the_rights_of_a_destination_say_who_else_may() {
        let folder = tempfile::tempdir().unwrap();
        for (destination, of_folder, of_file) in [
            (0o700, 0o700, 0o600),
            (0o755, 0o700, 0o600),
            (0o770, 0o2770, 0o660),
            (0o2775, 0o2770, 0o660),
            (0o777, 0o2777, 0o666),
            (0o1777, 0o2770, 0o660),
            (0o1757, 0o700, 0o600),
        ] {
            std::fs::set_permissions(folder.path(), Permissions::from_mode(destination)).unwrap();
            let rights = Rights::beside(folder.path());
            let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/file"));
            assert!(rights.make_folder(&inner).unwrap() && !rights.make_folder(&inner).unwrap());
            rights.make_file(&file).unwrap();
            let kept_bits = mode(folder.path()) & 0o2000;
            assert_eq!((mode(&inner), mode(&file)), (of_folder | kept_bits, of_file), "{destination:o}");
            std::fs::remove_dir_all(inner).unwrap();
        }
    }

    #[test]
    fn what_was_wider_is_narrowed_and_a_link_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Rights::OWN.give(&link);
        assert_eq!(mode(&file), 0o666);
        Rights::OWN.give(&file);
        assert_eq!(mode(&file), 0o600);
        Rights::OWN.give(&folder.path().join("nothing"));
        let deep = folder.path().join("a/b");
        Rights::OWN.make_folders(&deep).unwrap();
        Rights::OWN.make_folders(&deep).unwrap();
        assert_eq!((mode(&deep), mode(deep.parent().unwrap())), (0o700, 0o700));
        assert!(Rights::OWN.make_folders(&file).is_err());
    }
}
