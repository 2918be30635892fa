//! Data that is built into the program: the demonstration model, sample pictures, and labels for them.
//!
//! The model is a checkpoint like any other and is read by the same code. Its weights have to lie in a file, as every
//! runtime takes them from one, so it is unpacked before it is used.

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use tempfile::TempDir;

use crate::plain_file;

/// The folders `model` and `samples`, and `labels.txt`.
static DEMO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/demo");

/// The samples' folder in the temporary one.
pub const SAMPLES: &str = "samples";

/// Puts the model into a folder in `cache`, unless it is there already, and returns that folder.
pub fn unpack_model(cache: &Path) -> io::Result<PathBuf> {
    let folder = cache.join("demo");
    unpack("model", &folder)?;
    Ok(folder)
}

/// Unpacks the model: into the program's cache folder, or where nothing can be written there, into a temporary one,
/// which goes with this.
#[derive(Debug)]
pub struct Unpacker {
    cache: Option<PathBuf>,
    temporary: OnceCell<TempDir>,
}

/// The built-in model could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[error("the built-in model cannot be unpacked into {folder}")]
pub struct UnpackError {
    /// The last folder that was tried.
    pub folder: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

impl Unpacker {
    /// A place in the cache folder, where there is one.
    pub fn new(cache: Option<PathBuf>) -> Unpacker {
        Unpacker { cache, temporary: OnceCell::new() }
    }

    /// Puts the model there, unless it is there already, and returns its folder.
    pub fn unpack(&self) -> Result<PathBuf, UnpackError> {
        let in_cache = self.cache.as_deref().filter(|_| self.temporary.get().is_none()).map(unpack_model);
        match in_cache {
            Some(Ok(folder)) => return Ok(folder),
            Some(Err(error)) => tracing::warn!("the built-in model is unpacked into a temporary folder: {error}"),
            None => {}
        }
        let failed = |folder: &Path, source| UnpackError { folder: folder.to_owned(), source };
        let temporary = match self.temporary.get() {
            Some(temporary) => temporary,
            None => {
                let made = tempfile::Builder::new().prefix("sis-").tempdir();
                let made = made.map_err(|error| failed(&std::env::temp_dir(), error))?;
                self.temporary.get_or_init(|| made)
            }
        };
        unpack_model(temporary.path()).map_err(|error| failed(temporary.path(), error))
    }
}

/// Puts the sample pictures into `folder`.
pub fn unpack_samples(folder: &Path) -> io::Result<()> {
    unpack("samples", folder)
}

/// Puts the sample pictures into a new folder `samples` in a temporary one, which stays, so that what is sorted there
/// can be looked at. Gives the temporary one.
pub fn samples_folder() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("sis-demo-").tempdir()?.keep();
    unpack_samples(&folder.join(SAMPLES))?;
    Ok(folder)
}

/// Removes a folder that [`samples_folder`] has made, if it has the samples as they were unpacked and nothing else.
/// False where anything is new, missing or changed: then nothing is removed.
pub fn remove_untouched(folder: &Path) -> io::Result<bool> {
    let samples = folder.join(SAMPLES);
    let known: Vec<_> = DEMO.get_dir(SAMPLES).into_iter().flat_map(Dir::files).collect();
    let names = |folder: &Path| -> io::Result<Vec<_>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    };
    if names(folder)? != [SAMPLES] || names(&samples)?.len() != known.len() {
        return Ok(false);
    }
    let is_unchanged = |path: &Path, content: &[u8]| {
        let is_file = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
        is_file && plain_file::read(path, content.len() as u64).is_ok_and(|read| read == content)
    };
    let files: Vec<_> =
        known.iter().map(|file| (samples.join(file.path().file_name().unwrap_or_default()), file.contents())).collect();
    if !files.iter().all(|(path, content)| is_unchanged(path, content)) {
        return Ok(false);
    }
    files.iter().try_for_each(|(path, _)| std::fs::remove_file(path))?;
    // A folder in which something has come meanwhile is not empty, and stays.
    std::fs::remove_dir(&samples)?;
    std::fs::remove_dir(folder)?;
    Ok(true)
}

/// Labels for the samples, one a line.
pub fn sample_labels() -> &'static str {
    DEMO.get_file("labels.txt").and_then(|file| file.contents_utf8()).unwrap_or_default()
}

/// Writes the files of one built-in folder. A file that is there with the same content is left alone; any other is
/// replaced in one step, so that another process that reads it never sees half of it.
fn unpack(name: &str, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for file in DEMO.get_dir(name).into_iter().flat_map(Dir::files) {
        let target = folder.join(file.path().file_name().unwrap_or_default());
        if plain_file::read(&target, file.contents().len() as u64).is_ok_and(|content| content == file.contents()) {
            continue;
        }
        let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut fresh, file.contents())?;
        fresh.persist(target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_cache_cannot_be_written_it_goes_into_a_folder_that_is_removed_again() {
        let cache = tempfile::tempdir().unwrap();
        let place = Unpacker::new(Some(cache.path().join("built-in")));
        assert_eq!(place.unpack().unwrap(), cache.path().join("built-in/demo"));
        // A file where the folder should be stops root as well.
        std::fs::write(cache.path().join("file"), "").unwrap();
        for cache in [Some(cache.path().join("file/built-in")), None] {
            let place = Unpacker::new(cache);
            let folder = place.unpack().unwrap();
            assert!(folder.starts_with(std::env::temp_dir()) && folder.join("model.safetensors").is_file());
            assert_eq!(place.unpack().unwrap(), folder);
            drop(place);
            assert!(!folder.exists());
        }
    }

    #[test]
    fn a_folder_of_samples_goes_only_as_it_was_unpacked() {
        let changes: [fn(&Path); 5] = [
            |folder| drop(std::fs::write(folder.join("mine.jpg"), "mine")),
            |folder| drop(std::fs::write(folder.join(SAMPLES).join("mine.jpg"), "mine")),
            |folder| drop(std::fs::create_dir(folder.join("sorted"))),
            |folder| drop(std::fs::write(first_sample(folder), "mine")),
            |folder| {
                std::fs::remove_file(first_sample(folder)).unwrap();
                std::os::unix::fs::symlink("/etc/hostname", first_sample(folder)).unwrap();
            },
        ];
        for change in changes {
            let folder = samples_folder().unwrap();
            change(&folder);
            let count = || std::fs::read_dir(folder.join(SAMPLES)).unwrap().count();
            let before = count();
            assert!(!remove_untouched(&folder).unwrap());
            assert_eq!(count(), before);
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let folder = samples_folder().unwrap();
        assert!(remove_untouched(&folder).unwrap());
        assert!(!folder.exists());
        assert!(remove_untouched(&folder).is_err());
    }

    fn first_sample(folder: &Path) -> PathBuf {
        let samples = folder.join(SAMPLES);
        let name = DEMO.get_dir(SAMPLES).unwrap().files().next().unwrap().path().file_name().unwrap().to_owned();
        samples.join(name)
    }

    #[test]
    fn it_is_all_there_and_a_damaged_copy_is_mended() {
        let cache = tempfile::tempdir().unwrap();
        let folder = unpack_model(cache.path()).unwrap();
        let weights = folder.join("model.safetensors");
        let content = std::fs::read(&weights).unwrap();
        std::fs::write(&weights, b"damaged").unwrap();
        assert_eq!(unpack_model(cache.path()).unwrap(), folder);
        assert_eq!(std::fs::read(&weights).unwrap(), content);
        unpack_samples(&cache.path().join("samples")).unwrap();
        assert!(std::fs::read_dir(cache.path().join("samples")).unwrap().count() >= 40);
        assert!(sample_labels().lines().count() >= 8);
    }
}
