//! Checks the cache against the hub's hashes, because other programs write there too and disks fail.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::control::{DownloadControl, DownloadEvent};
use super::hash::is_whole;
use super::listing::ListedFile;
use super::planned::{Plan, PlannedFile};
use super::selection::beside;
use super::{Hub, HubError};
use crate::domain::hub_model::HubModel;

/// The result of repairing a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The checkpoint's folder.
    pub folder: PathBuf,
    /// Files that were not as they were published, and were removed or downloaded again.
    pub damaged: Vec<String>,
    /// True where no file was damaged or missing.
    pub was_whole: bool,
}

impl Hub {
    /// Checks a model's files in the cache and downloads damaged or missing ones again: those that are needed, and
    /// those beside them that other programs got and a runtime may prefer.
    pub fn repair(&self, model: &HubModel, control: &mut DownloadControl<'_>) -> Result<Repaired, HubError> {
        let mut plan = self.plan(model, control)?;
        self.add_what_lies_there(&mut plan, control)?;
        let damaged = self.remove_all_damaged(&plan, control)?;
        // Removed files have to be downloaded.
        self.look_up(&mut plan, control)?;
        let was_whole = damaged.is_empty() && plan.is_whole();
        Ok(Repaired { folder: self.fetch(&plan, control)?, damaged, was_whole })
    }

    /// Adds to a plan the other files in the commit's snapshot, and the missing parts of an export there.
    fn add_what_lies_there(&self, plan: &mut Plan, control: &DownloadControl<'_>) -> Result<(), HubError> {
        let storage = self.storage(&plan.model.id)?;
        let snapshot = storage.snapshot(&plan.commit);
        let lies_there = |name: &str| snapshot.join(name).is_file();
        let names: BTreeSet<&str> = plan.others.iter().map(|file| file.name.as_str()).collect();
        let lacking = beside(&names, &lies_there);
        for file in plan.others.iter().filter(|file| lies_there(&file.name) || lacking.contains(&file.name)) {
            plan.files.push(PlannedFile::looked_up(file.clone(), false, &storage, &plan.commit, control.stop)?);
        }
        Ok(())
    }

    /// Looks up again which bytes of a plan's files are in the cache.
    fn look_up(&self, plan: &mut Plan, control: &DownloadControl<'_>) -> Result<(), HubError> {
        let storage = self.storage(&plan.model.id)?;
        for file in &mut plan.files {
            let PlannedFile { name, size, hash, is_small, .. } = file.clone();
            *file = PlannedFile::looked_up(
                ListedFile { name, size, hash },
                is_small,
                &storage,
                &plan.commit,
                control.stop,
            )?;
        }
        Ok(())
    }

    /// Removes those of a plan's files from the cache that are not as they were published, and returns their names.
    fn remove_all_damaged(&self, plan: &Plan, control: &mut DownloadControl<'_>) -> Result<Vec<String>, HubError> {
        let storage = self.storage(&plan.model.id)?;
        let places = plan.files.iter().map(|file| (file, storage.places(&plan.commit, &file.name, &file.hash)));
        let places: Vec<(&PlannedFile, Vec<PathBuf>)> = places.collect();
        let bytes = |(file, places): &(&PlannedFile, Vec<PathBuf>)| file.size.saturating_mul(places.len() as u64);
        let total = places.iter().map(bytes).fold(0, u64::saturating_add);
        let (mut before, mut damaged) = (0_u64, Vec::new());
        for (file, places) in &places {
            let mut was_damaged = false;
            for place in places {
                let mut on_read =
                    |read: u64| (control.tell)(DownloadEvent::Checking { done: before.saturating_add(read), total });
                was_damaged |= !keep_whole(place, file, control.stop, &mut on_read)?;
                before = before.saturating_add(file.size);
            }
            damaged.extend(was_damaged.then(|| file.name.clone()));
        }
        Ok(damaged)
    }
}

/// Removes a file that is not as it was published. True if it is, or if there is none.
pub(super) fn keep_whole(
    place: &Path,
    file: &PlannedFile,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(u64),
) -> Result<bool, HubError> {
    let unusable = |source| HubError::File { path: place.to_owned(), source };
    match is_whole(place, file.size, &file.hash, stop, on_read) {
        Ok(true) => Ok(true),
        Ok(false) => std::fs::remove_file(place).map(|()| false).map_err(unusable),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(HubError::Cancelled),
        Err(error) => Err(unusable(error)),
    }
}
