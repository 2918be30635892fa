//! Checking what is in the cache: other programs write there too, and disks fail.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::hash::{Hash, Hasher};
use super::{Control, Hub, HubError, Plan, Step};
use crate::domain::hub_model::HubModel;

/// Bytes that are read and hashed together.
const PIECE: usize = 256 << 10;

/// What became of a model that was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The checkpoint's folder.
    pub folder: PathBuf,
    /// Files that were not as they were published, and were downloaded again.
    pub damaged: Vec<String>,
    /// True where nothing was damaged and nothing missing.
    pub was_whole: bool,
}

impl Hub {
    /// Looks through what is in the cache of a model, and downloads again what is damaged or missing.
    pub fn repair(&self, model: &HubModel, control: &mut Control<'_>) -> Result<Repaired, HubError> {
        let mut plan = self.plan(model, control)?;
        let damaged = self.remove_damaged(&plan, control)?;
        if !damaged.is_empty() {
            plan = self.plan(model, control)?;
        }
        let was_whole = plan.missing() == 0;
        Ok(Repaired { folder: self.fetch(&plan, control)?, damaged, was_whole })
    }

    /// Removes from the cache what is there whole of a plan's files and is not as it was published. Gives their names; the
    /// plan has to be made anew where there are any.
    fn remove_damaged(&self, plan: &Plan, control: &mut Control<'_>) -> Result<Vec<String>, HubError> {
        let storage = self.storage(&plan.model.id)?;
        let mut damaged = Vec::new();
        let whole = || plan.files.iter().filter(|file| file.there == file.size);
        let (mut before, total) = (0_u64, whole().fold(0, |sum: u64, file| sum.saturating_add(file.size)));
        for file in whole() {
            for path in [storage.blob(&file.hash), storage.snapshot(&plan.commit).join(&file.name)] {
                let unusable = |source| HubError::File { path: path.clone(), source };
                let mut on_read = |control: &mut Control<'_>, read: u64| {
                    (control.tell)(Step::Checking { done: before.saturating_add(read), total });
                };
                match is_whole(&path, file.size, &file.hash, control, &mut on_read) {
                    Ok(true) => {}
                    Ok(false) => {
                        std::fs::remove_file(&path).map_err(unusable)?;
                        damaged.push(file.name.clone());
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) if error.kind() == ErrorKind::Interrupted => return Err(HubError::Cancelled),
                    Err(error) => return Err(unusable(error)),
                }
                // The other place holds the same, by a link.
                break;
            }
            before = before.saturating_add(file.size);
        }
        Ok(damaged)
    }
}

/// True where a file holds what a hash was made of; `on_read` hears how much of it was read. A request to stop is an error
/// of the kind `Interrupted`.
fn is_whole(
    path: &Path,
    size: u64,
    hash: &Hash,
    control: &mut Control<'_>,
    on_read: &mut dyn FnMut(&mut Control<'_>, u64),
) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new(hash, size);
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        if control.stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match file.read(&mut piece)? {
            0 => return Ok(hasher.has(hash)),
            read => {
                hasher.update(&piece[..read]);
                done += read as u64;
                on_read(control, done);
            }
        }
    }
}
