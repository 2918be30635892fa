//! Renaming without ever replacing a file, on file systems without such a rename too.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read, Write};

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::folder::Folder;

/// Renames a file to a free name atomically. A taken name is an error of the kind `AlreadyExists`. False, and nothing
/// is done, where the file system has no such rename.
pub fn rename_at_once(from: &Folder, name: &OsStr, to: &Folder, new_name: &OsStr) -> io::Result<bool> {
    match rustix::fs::renameat_with(from.handle(), name, to.handle(), new_name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        renamed => Ok(renamed.map(|()| true)?),
    }
}

/// Renames a file to a private name in its folder, which no other program uses.
pub fn rename_aside(folder: &Folder, name: &OsStr, private: &OsStr) -> io::Result<()> {
    rename_to_private(folder, name, folder, private)
}

/// Renames whatever has a name at this moment to a private name, possibly in another folder.
pub fn rename_to_private(from: &Folder, name: &OsStr, to: &Folder, private: &OsStr) -> io::Result<()> {
    if rename_at_once(from, name, to, private)? {
        return Ok(());
    }
    match to.find(private) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(rustix::fs::renameat(from.handle(), name, to.handle(), private)?)
        }
        found => found.and(Err(ErrorKind::AlreadyExists.into())),
    }
}

/// Exchanges the names of two files atomically. False, and nothing is done, where the file system cannot.
pub fn exchange(from: &Folder, name: &OsStr, to: &Folder, other: &OsStr) -> io::Result<bool> {
    match rustix::fs::renameat_with(from.handle(), name, to.handle(), other, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        exchanged => Ok(exchanged.map(|()| true)?),
    }
}

/// Renames a file to a free name. A taken name is an error of the kind `AlreadyExists`. The file's present name must be
/// private, because some file systems need two steps.
pub fn rename_to_free_name(from: &Folder, name: &OsStr, to: &Folder, new_name: &OsStr) -> io::Result<()> {
    if rename_at_once(from, name, to, new_name)? {
        return Ok(());
    }
    // The file system does not know that kind of rename: a link never replaces anything either.
    match rustix::fs::linkat(from.handle(), name, to.handle(), new_name, AtFlags::empty()) {
        Ok(()) => return remove_linked(from, name, to, new_name),
        Err(Errno::EXIST) => return Err(ErrorKind::AlreadyExists.into()),
        // It knows no links either, as on memory cards and on many network shares, and says so in many ways: some with
        // an error of the disk. A real one shows again.
        Err(_) => {}
    }
    rename_to_reserved_name(from, name, to, new_name)
}

/// The old name could not be removed, and may be gone all the same: the answer of a server can be lost.
#[derive(Debug, thiserror::Error)]
#[error("a file may have two names")]
struct Halfway(#[source] io::Error);

/// True where a rename was cut off in its middle: the file has its old name, its new one or both.
pub fn is_halfway(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Halfway>())
}

/// The second half of a rename by link. Where it is refused to remove the old name, the new one goes.
fn remove_linked(from: &Folder, name: &OsStr, to: &Folder, new_name: &OsStr) -> io::Result<()> {
    match from.remove(name) {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            // The old name is looked for first: the new one may be the only one.
            if from.find(name).is_ok()
                && let Err(error) = to.remove(new_name)
            {
                tracing::warn!("a second name of a file is left: {error}");
            }
            Err(error)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io::Error::other(Halfway(error))),
        _ => Ok(()),
    }
}

/// Reserves the name with a file that no other program can have made, and renames over that reservation after checking
/// that it is still there.
fn rename_to_reserved_name(from: &Folder, name: &OsStr, to: &Folder, new_name: &OsStr) -> io::Result<()> {
    let mark = reservation_mark(name);
    let mut reservation = to.create_new(new_name)?;
    reservation.write_all(&mark)?;
    drop(reservation);
    if !is_reservation(to, new_name, &mark) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let renamed = match rustix::fs::renameat(from.handle(), name, to.handle(), new_name) {
        // A server that never replaces anything, not even this: there the name can be freed for the rename.
        Err(Errno::EXIST | Errno::PERM) => {
            to.remove(new_name)?;
            rustix::fs::renameat(from.handle(), name, to.handle(), new_name)
        }
        renamed => renamed,
    };
    if renamed.is_err()
        && let Err(error) = release(to, new_name, name)
    {
        tracing::warn!("the reservation of a name is left: {error}");
    }
    Ok(renamed?)
}

/// Removes what [`rename_to_free_name`] left where it was interrupted: a reservation for the file `name`.
pub fn release(to: &Folder, new_name: &OsStr, name: &OsStr) -> io::Result<()> {
    if is_reservation(to, new_name, &reservation_mark(name)) { to.remove(new_name) } else { Ok(()) }
}

/// The content of a reservation: that it is one, and for which file.
fn reservation_mark(name: &OsStr) -> Vec<u8> {
    [b"sis has reserved this name for ", name.as_encoded_bytes(), b"\n"].concat()
}

fn is_reservation(folder: &Folder, name: &OsStr, mark: &[u8]) -> bool {
    let read = || -> io::Result<Vec<u8>> {
        let (file, found) = folder.open_regular(name)?;
        let mut content = Vec::new();
        if found.stamp.size == mark.len() as u64 {
            file.take(mark.len() as u64 + 1).read_to_end(&mut content)?;
        }
        Ok(content)
    };
    read().is_ok_and(|content| content == mark)
}

/// True where the file system takes no such name: one with a colon or a final dot on a disk of Windows, or one that is
/// no text on a disk that has only text.
pub fn is_name_refused(error: &io::Error) -> bool {
    let refusals = [Errno::INVAL, Errno::ILSEQ].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| refusals.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join("a"), "one").unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        (temporary, folder)
    }

    type Rename = fn(&Folder, &OsStr, &Folder, &OsStr) -> io::Result<()>;

    fn by_link(from: &Folder, name: &OsStr, to: &Folder, new_name: &OsStr) -> io::Result<()> {
        rustix::fs::linkat(from.handle(), name, to.handle(), new_name, AtFlags::empty())?;
        remove_linked(from, name, to, new_name)
    }

    #[test]
    fn renaming_in_each_way_never_replaces() {
        let ways: [Rename; 3] = [rename_to_free_name, by_link, rename_to_reserved_name];
        for rename in ways {
            let (temporary, folder) = scene();
            let path = |name: &str| temporary.path().join(name);
            rename(&folder, OsStr::new("a"), &folder, OsStr::new("b")).unwrap();
            assert_eq!(std::fs::read_to_string(path("b")).unwrap(), "one");
            assert!(!path("a").exists());
            std::fs::write(path("a"), "two").unwrap();
            let taken = rename(&folder, OsStr::new("a"), &folder, OsStr::new("b")).unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read_to_string(path("a")).unwrap(), "two");
            assert_eq!(std::fs::read_to_string(path("b")).unwrap(), "one");
            assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn release_removes_only_the_files_own_reservation() {
        let (temporary, folder) = scene();
        for (content, stays) in [(reservation_mark(OsStr::new("a")), false), (reservation_mark(OsStr::new("c")), true)]
        {
            std::fs::write(temporary.path().join("b"), content).unwrap();
            release(&folder, OsStr::new("b"), OsStr::new("a")).unwrap();
            assert_eq!(temporary.path().join("b").exists(), stays);
        }
    }

    #[test]
    fn failed_rename_leaves_no_reservation() {
        let (temporary, folder) = scene();
        let failed = rename_to_reserved_name(&folder, OsStr::new("missing"), &folder, OsStr::new("b"));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!temporary.path().join("b").exists());
    }
}
