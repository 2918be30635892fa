//! Checking what is in the cache: other programs write there too, and disks fail.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::hash::{Hash, Hasher};
use super::{Control, Hub, HubError, Plan, PlannedFile, Step};
use crate::domain::hub_model::HubModel;
use crate::plain_file;

/// Bytes that are read and hashed together.
const PIECE: usize = 256 << 10;

/// The result of looking through a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The checkpoint's folder.
    pub folder: PathBuf,
    /// Files that were not as they were published, and were removed or downloaded again.
    pub damaged: Vec<String>,
    /// True where nothing was damaged and nothing missing.
    pub was_whole: bool,
}

impl Hub {
    /// Looks through what is in the cache of a model, and downloads again what is damaged or missing: of what is
    /// needed, and of what lies beside it, which other programs got and a runtime may prefer.
    pub fn repair(&self, model: &HubModel, control: &mut Control<'_>) -> Result<Repaired, HubError> {
        let mut plan = self.plan(model, control)?;
        self.add_what_lies_there(&mut plan, control)?;
        let damaged = self.remove_all_damaged(&plan, control)?;
        // Less of some files is there now.
        self.look_up(&mut plan, control)?;
        let was_whole = damaged.is_empty() && plan.is_whole();
        Ok(Repaired { folder: self.fetch(&plan, control)?, damaged, was_whole })
    }

    /// Removes from the cache what is there of a plan's files and is not as it was published. Gives their names.
    fn remove_all_damaged(&self, plan: &Plan, control: &mut Control<'_>) -> Result<Vec<String>, HubError> {
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
                    |read: u64| (control.tell)(Step::Checking { done: before.saturating_add(read), total });
                was_damaged |= !keep_whole(place, file, control.stop, &mut on_read)?;
                before = before.saturating_add(file.size);
            }
            damaged.extend(was_damaged.then(|| file.name.clone()));
        }
        Ok(damaged)
    }
}

/// Removes what lies in a file's place, unless it is as it was published. True where it is; a file that is gone does no
/// harm.
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

/// True where a file holds what a hash was made of; `on_read` hears how much of it was read. A request to stop is an
/// error of the kind `Interrupted`.
pub(super) fn is_whole(
    path: &Path,
    size: u64,
    hash: &Hash,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(u64),
) -> io::Result<bool> {
    let mut file = plain_file::open(path)?;
    if file.metadata()?.len() != size {
        return Ok(false);
    }
    let mut hasher = Hasher::new(hash, size);
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match file.read(&mut piece)? {
            0 => return Ok(hasher.has(hash)),
            read => {
                hasher.update(&piece[..read]);
                done += read as u64;
                on_read(done);
            }
        }
    }
}
