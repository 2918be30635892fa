//! Where a simulation plays: pictures, a source and a destination, which are made anew for every trial.

use std::path::{Path, PathBuf};

use crate::evidence::{Sorting, draw, put};
use crate::judge::Judge;
use crate::tools::second_file_system;
use crate::tree::hashes;

/// The folders, until they are dropped.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
    sources: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Scene {
    /// With so many pictures in the folder `pictures`. The source is on another file system than the destination where
    /// `is_across` says so; none where there is no second one.
    pub(crate) fn new(pictures: usize, is_across: bool) -> Option<Scene> {
        let folder = tempfile::tempdir().unwrap();
        let sources = if is_across { second_file_system()? } else { tempfile::tempdir_in(folder.path()).unwrap() };
        draw(&folder.path().join("pictures"), pictures);
        give_attributes(&folder.path().join("pictures"));
        Some(Scene { folder, sources, home: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything as it is before a run: the pictures of this folder are in the source, or are sorted where an undo
    /// runs.
    pub(crate) fn fresh(&self, pictures: &Path, is_move: bool, is_undo: bool) -> (Sorting, Judge) {
        let (source, destination) = (self.sources.path().join("source"), self.path("destination"));
        [&source, &destination].into_iter().for_each(|folder| remove(folder));
        put(pictures, &source);
        let judge = Judge::new(&source, &source, &destination);
        let (home, folder) = (self.home.path().to_owned(), self.folder.path().to_owned());
        let sorting = Sorting { home, folder, source, destination, is_move };
        if is_undo {
            let sorted = sorting.sort();
            assert_eq!(sorted.code, Some(0), "{}", sorted.said);
        }
        (sorting, judge)
    }
}

/// Every other file below a folder is told to come from somewhere, where the file system has room for that.
pub(crate) fn give_attributes(folder: &Path) {
    for (path, _) in hashes(folder).into_iter().step_by(2) {
        let _ = rustix::fs::setxattr(folder.join(path), c"user.origin", b"a card", rustix::fs::XattrFlags::empty());
    }
}

/// Removes a folder, where it is there.
pub(crate) fn remove(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
}
