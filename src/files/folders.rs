//! The folders that a batch of transfers works in: opened without following links below the path that a person named,
//! made where they are missing, and synced before anything is put into them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::folder::{FileStat, Folder};
use super::read::hash_open;
use crate::domain::picture::ContentHash;
use crate::file_system::is_gone;

/// Handles that are kept at the same time. Some systems let a program open no more than 256 files.
const MOST_OPEN: usize = 48;

/// How often a file is hashed that changes while it is hashed.
const HASHED_AT_MOST: usize = 3;

/// A file in an open folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The folder.
    pub folder: Rc<Folder>,
    /// The file's name in it.
    pub name: OsString,
}

impl Entry {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// The facts about a path as it is now; links are not followed.
    pub fn find(&self) -> io::Result<FileStat> {
        self.folder.find(&self.name)
    }

    /// Opens it to read it.
    pub fn open(&self) -> io::Result<(File, FileStat)> {
        self.folder.open_regular(&self.name)
    }

    /// Opens and hashes it. A file that changes meanwhile is hashed again; one that keeps changing has no hash. File
    /// systems that invent inode numbers may invent times too until a file is complete; there the same hash twice is
    /// enough.
    pub fn open_hashed(&self) -> io::Result<(File, FileStat, Option<ContentHash>)> {
        let (mut file, mut before) = self.open()?;
        let mut last = None;
        for _ in 0..HASHED_AT_MOST {
            let hash = hash_open(&file);
            let after = FileStat::of(&file.metadata()?);
            // One that was cut while it was read has changed.
            let is_cut = after != before && hash.as_ref().is_err_and(|error| error.kind() == ErrorKind::UnexpectedEof);
            if !is_cut {
                let hash = hash?;
                if after == before || (!self.folder.keeps_numbers() && last == Some(hash)) {
                    return Ok((file, after, Some(hash)));
                }
                last = Some(hash);
            }
            (file, before) = self.open()?;
        }
        Ok((file, before, None))
    }

    /// SHA-256 of its content.
    pub fn hash(&self) -> io::Result<ContentHash> {
        hash_open(&self.open()?.0)
    }

    /// True where it is a regular file with this content.
    pub fn has(&self, hash: ContentHash) -> bool {
        self.hash().is_ok_and(|found| found == hash)
    }

    /// The same, but a transient error is returned and not taken for a no.
    pub fn holds(&self, hash: ContentHash) -> io::Result<bool> {
        let is_file = match self.find() {
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            found => found?.is_file,
        };
        match is_file.then(|| self.hash()).transpose() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            found => Ok(found? == Some(hash)),
        }
    }

    /// Another name in the same folder.
    pub fn beside(&self, name: &OsStr) -> Entry {
        Entry { folder: self.folder.clone(), name: name.to_owned() }
    }
}

/// Folders by their paths.
#[derive(Debug, Default)]
pub struct Folders {
    /// Folders that people named: links on the way to them are followed, links below them are not.
    roots: Vec<PathBuf>,
    open: RefCell<BTreeMap<PathBuf, Rc<Folder>>>,
    /// Folders whose names in the folders above them are on disk.
    anchored: RefCell<BTreeSet<PathBuf>>,
}

impl Folders {
    /// Below these roots no link is followed. A folder that is below none of them must not be a link itself.
    pub fn below(roots: impl IntoIterator<Item = PathBuf>) -> Folders {
        Folders { roots: roots.into_iter().collect(), ..Folders::default() }
    }

    /// Opens a folder. A link where a folder should be is an error of the kind `NotADirectory`.
    pub fn open(&self, path: &Path) -> io::Result<Rc<Folder>> {
        self.open_with(path, &|_, _| Err(ErrorKind::NotFound.into()))
    }

    /// A file in its folder, which is opened; the file need not be there.
    pub fn entry(&self, file: &Path) -> io::Result<Entry> {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        Ok(Entry { folder: self.open(folder)?, name: name.to_owned() })
    }

    /// Opens a folder and makes it where it is missing, with those that are missing between it and its root. A root is
    /// made only with all that are missing above it. True where one was made.
    pub fn open_or_make(&self, path: &Path, makes_parents: bool) -> io::Result<(Rc<Folder>, bool)> {
        let made = RefCell::new(false);
        let folder = self.open_with(path, &|above: &Folder, name| {
            let is_last = above.path().join(name) == path;
            let is_below_root = self.roots.iter().any(|root| above.path().starts_with(root));
            if !makes_parents && !is_last && !is_below_root {
                return Err(ErrorKind::NotFound.into());
            }
            *made.borrow_mut() |= above.make_in(name)?;
            above.open_in(name)
        })?;
        self.anchor(path)?;
        Ok((folder, made.into_inner()))
    }

    /// False where the path of an open folder leads elsewhere by now, or nowhere. Where inode numbers are invented it
    /// cannot be known. A transient error, such as too many open files, proves neither.
    pub fn is_in_place(&self, folder: &Folder) -> io::Result<bool> {
        if !folder.keeps_numbers() {
            return Ok(true);
        }
        match Folders::below(self.roots.clone()).open(folder.path()) {
            Ok(found) => Ok(found.is_same(folder)),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Closes every folder: the next batch opens them again.
    pub fn close(&self) {
        self.open.borrow_mut().clear();
    }

    fn open_with(
        &self,
        path: &Path,
        missing: &dyn Fn(&Folder, &OsStr) -> io::Result<Folder>,
    ) -> io::Result<Rc<Folder>> {
        if let Some(folder) = self.open.borrow().get(path) {
            return Ok(folder.clone());
        }
        let (mut folder, rest) = self.start(path)?;
        for part in rest.components() {
            // An honest path has no `..`.
            let Component::Normal(name) = part else { return Err(ErrorKind::InvalidInput.into()) };
            folder = match folder.open_in(name) {
                Err(error) if error.kind() == ErrorKind::NotFound => missing(&folder, name)?,
                opened => opened?,
            };
        }
        let folder = Rc::new(folder);
        let mut open = self.open.borrow_mut();
        if open.len() >= MOST_OPEN {
            // Folders in use stay open: opening them again would hold two handles.
            open.retain(|_, folder| Rc::strong_count(folder) > 1);
        }
        open.insert(path.to_owned(), folder.clone());
        Ok(folder)
    }

    /// The folder on the way to a path that a person named, or its next existing parent; and the remaining path.
    fn start<'p>(&self, path: &'p Path) -> io::Result<(Folder, &'p Path)> {
        let root = self.roots.iter().filter(|root| path.starts_with(root)).max_by_key(|root| root.as_os_str().len());
        let mut base = root.map_or_else(|| path.parent().unwrap_or(path), PathBuf::as_path);
        let folder = loop {
            match (Folder::open(base), base.parent()) {
                (Err(error), Some(above)) if error.kind() == ErrorKind::NotFound => base = above,
                (opened, _) => break opened?,
            }
        };
        let rest = path.strip_prefix(base).map_err(|_| ErrorKind::InvalidInput)?;
        Ok((folder, rest))
    }

    /// Brings to disk, once, that a folder is where it is: its name in the folder above it, and so on up to the root of
    /// its file system. A run that was killed may have made it a moment before.
    pub fn anchor(&self, path: &Path) -> io::Result<()> {
        let mut below = Folder::open(path)?.device();
        let mut child = path;
        let mut on_disk = Vec::new();
        while let Some(above) = child.parent().filter(|_| !self.anchored.borrow().contains(child)) {
            match Folder::open(above) {
                Ok(folder) if folder.device() != below => break,
                Ok(folder) => {
                    folder.sync()?;
                    below = folder.device();
                }
                // A folder that this user may not look into was not made by this user.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => break,
                Err(error) => return Err(error),
            }
            on_disk.push(child.to_owned());
            child = above;
        }
        // Only once all of them are there: a walk that failed has to be done again.
        self.anchored.borrow_mut().extend(on_disk);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_to_a_root_and_not_below() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        std::fs::create_dir_all(path("real/label")).unwrap();
        std::fs::create_dir_all(path("outside/inner")).unwrap();
        symlink(path("real"), path("named")).unwrap();
        symlink(path("outside"), path("real/swapped")).unwrap();
        let folders = Folders::below([path("named")]);
        folders.open(&path("named/label")).unwrap();
        for swapped in ["named/swapped", "named/swapped/inner"] {
            assert_eq!(folders.open(&path(swapped)).unwrap_err().kind(), ErrorKind::NotADirectory, "{swapped}");
            let made = folders.open_or_make(&path(swapped), true);
            assert_eq!(made.unwrap_err().kind(), ErrorKind::NotADirectory, "{swapped}");
        }
        assert_eq!(folders.open(&path("named/../outside")).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn open_or_make_makes_missing_folders_below_a_root_and_no_root_by_itself() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("disk/sorted");
        let folders = Folders::below([root.clone()]);
        let deep = root.join("a/b");
        assert_eq!(folders.open_or_make(&deep, false).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!temporary.path().join("disk").exists());
        assert!(folders.open_or_make(&deep, true).unwrap().1);
        assert!(!folders.open_or_make(&deep, true).unwrap().1);
        assert!(folders.open_or_make(&root.join("c/d"), false).unwrap().1);
        assert!(folders.open_or_make(&root.join("e"), false).unwrap().1);
    }

    #[test]
    fn open_folder_stays_itself_when_swapped() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        std::fs::create_dir_all(path("label")).unwrap();
        std::fs::create_dir_all(path("outside")).unwrap();
        let folders = Folders::below([temporary.path().to_owned()]);
        let folder = folders.open(&path("label")).unwrap();
        std::fs::rename(path("label"), path("moved")).unwrap();
        symlink(path("outside"), path("label")).unwrap();
        folder.create_new(OsStr::new("a")).unwrap();
        assert!(path("moved/a").exists() && !path("outside/a").exists());
        folders.close();
        assert_eq!(folders.open(&path("label")).unwrap_err().kind(), ErrorKind::NotADirectory);
    }
}
