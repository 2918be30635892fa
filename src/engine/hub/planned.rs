//! A file of a plan, and what is in the cache of it.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::cache::Storage;
use super::check::is_whole;
use super::choice::beside;
use super::hash::Hash;
use super::listing::ListedFile;
use super::{Control, Hub, HubError, Plan};

/// A file that is needed.
#[derive(Debug, Clone)]
pub struct PlannedFile {
    /// Its path in the repository.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Bytes of it that are in the cache already. For that, the content of a small file was looked at, and the length
    /// of a large one.
    pub there: u64,
    pub(super) hash: Hash,
    /// It is read before the weights are downloaded.
    pub(super) is_small: bool,
    /// It lies where it belongs in the commit's snapshot.
    pub(super) is_in_place: bool,
}

impl PlannedFile {
    /// A file of a commit, with what is in the cache of it.
    pub(super) fn looked_up(
        file: ListedFile,
        is_small: bool,
        storage: &Storage,
        commit: &str,
        control: &Control<'_>,
    ) -> Result<PlannedFile, HubError> {
        let ListedFile { name, size, hash } = file;
        let mut there = None;
        for place in storage.places(commit, &name, &hash) {
            let is_there = match is_small {
                true => is_whole(&place, size, &hash, control.stop, &mut |_| {}),
                false => place.metadata().map(|found| found.len() == size),
            };
            match is_there {
                Ok(true) => there = Some(size),
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(HubError::Cancelled),
                // A file that cannot be read is of no use; that is said where it is to be replaced.
                Ok(false) | Err(_) => {}
            }
        }
        let incomplete = || std::fs::metadata(storage.incomplete(&hash)).ok().map(|found| found.len());
        let there = there.or_else(|| incomplete().filter(|there| *there <= size)).unwrap_or(0);
        let is_in_place = storage.is_in_place(commit, &name, &hash);
        Ok(PlannedFile { name, size, there, hash, is_small, is_in_place })
    }
}

impl Hub {
    /// Adds to a plan what lies in the commit's snapshot besides, and what an export lacks that lies there.
    pub(super) fn add_what_lies_there(&self, plan: &mut Plan, control: &Control<'_>) -> Result<(), HubError> {
        let storage = self.storage(&plan.model.id)?;
        let snapshot = storage.snapshot(&plan.commit);
        let lies_there = |name: &str| snapshot.join(name).is_file();
        let names: BTreeSet<&str> = plan.others.iter().map(|file| file.name.as_str()).collect();
        let lacking = beside(&names, &lies_there);
        for file in plan.others.iter().filter(|file| lies_there(&file.name) || lacking.contains(&file.name)) {
            plan.files.push(PlannedFile::looked_up(file.clone(), false, &storage, &plan.commit, control)?);
        }
        Ok(())
    }

    /// Looks up again what is in the cache of a plan's files.
    pub(super) fn look_up(&self, plan: &mut Plan, control: &Control<'_>) -> Result<(), HubError> {
        let storage = self.storage(&plan.model.id)?;
        for file in &mut plan.files {
            let PlannedFile { name, size, hash, is_small, .. } = file.clone();
            *file = PlannedFile::looked_up(ListedFile { name, size, hash }, is_small, &storage, &plan.commit, control)?;
        }
        Ok(())
    }
}
