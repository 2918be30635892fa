//! Checking what is in the cache: other programs write there too, and disks fail.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::hash::{Hash, Hasher};
use super::{Control, Hub, HubError, Plan};

/// Bytes that are read and hashed together.
const PIECE: usize = 256 << 10;

impl Hub {
    /// Removes from the cache what is there whole of a plan's files and is not as it was published. Gives their names; the
    /// plan has to be made anew where there are any.
    pub fn remove_damaged(&self, plan: &Plan, control: &mut Control<'_>) -> Result<Vec<String>, HubError> {
        let storage = self.storage(&plan.model.id)?;
        let mut damaged = Vec::new();
        for file in plan.files.iter().filter(|file| file.there == file.size) {
            for path in [storage.blob(&file.hash), storage.snapshot(&plan.commit).join(&file.name)] {
                let unusable = |source| HubError::File { path: path.clone(), source };
                match is_whole(&path, file.size, &file.hash, control) {
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
        }
        Ok(damaged)
    }
}

/// True where a file holds what a hash was made of. A request to stop is an error of the kind `Interrupted`.
fn is_whole(path: &Path, size: u64, hash: &Hash, control: &Control<'_>) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new(hash, size);
    let mut piece = vec![0; PIECE];
    loop {
        if control.stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match file.read(&mut piece)? {
            0 => return Ok(hasher.has(hash)),
            read => hasher.update(&piece[..read]),
        }
    }
}
