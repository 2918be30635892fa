//! Folders that runs made, and those whose times they changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::domain::run::RunId;
use crate::files::durable::{remove_empty_folder, set_folder_time};
use crate::files::read::stamp_of;
use crate::files::transfer::TransferError;
use crate::store::StoreError;
use crate::store::session::Session;

/// Notes when folders that a run took files from were last changed, and removes folders that it made for nothing. Gives
/// those whose removal the disk has not taken.
pub(super) fn tidy_folders(session: &mut Session, run: RunId) -> Result<Vec<(PathBuf, TransferError)>, StoreError> {
    let folders = session.folders_of(run)?;
    let not_on_disk = remove_empty_folders(folders.made);
    let changed = folders.changed.into_iter().map(|folder| folder.path);
    session.note_folder_times_after(run, &folder_times(changed))?;
    Ok(not_on_disk)
}

/// Removes folders that are empty. Gives those whose removal the disk has not taken.
pub(super) fn remove_empty_folders(folders: Vec<PathBuf>) -> Vec<(PathBuf, TransferError)> {
    let not_on_disk = |folder: PathBuf| {
        let source = remove_empty_folder(&folder).err()?;
        Some((folder.clone(), TransferError::FolderNotOnDisk { folder, source }))
    };
    folders.into_iter().filter_map(not_on_disk).collect()
}

/// When folders were last changed, in nanoseconds since 1970.
pub(super) fn folder_times(folders: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, i128)> {
    let time = |folder: &Path| std::fs::metadata(folder).ok().map(|metadata| stamp_of(&metadata).modified_ns);
    let folders: BTreeSet<PathBuf> = folders.into_iter().collect();
    folders.into_iter().filter_map(|folder| time(&folder).map(|modified| (folder, modified))).collect()
}

/// Removes folders that runs made and that nobody needs any more, where they are empty, and gives others the times they
/// had, unless somebody else has changed them. Gives those whose removal the disk has not taken.
pub(super) fn restore_folders(session: &Session, run: RunId) -> Result<Vec<(PathBuf, TransferError)>, StoreError> {
    let folders = session.folders_of(run)?;
    let not_on_disk = remove_empty_folders(session.folders_made_in_vain(run)?);
    for folder in folders.changed.into_iter().filter(|folder| folder.restores) {
        set_folder_time(&folder.path, folder.modified);
    }
    Ok(not_on_disk)
}
