//! Data that is built into the program: the demonstration model, sample pictures, and labels for them.
//!
//! The model is a checkpoint like any other and is read by the same code. Its weights have to lie in a file, as every
//! runtime takes them from one, so it is unpacked before it is used.

use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

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

/// Puts the sample pictures into `folder`.
pub fn unpack_samples(folder: &Path) -> io::Result<()> {
    unpack("samples", folder)
}

/// Puts the sample pictures into a new folder `samples` in a temporary one, which stays, so that what is sorted there can
/// be looked at. Gives the temporary one.
pub fn samples_folder() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("sis-demo-").tempdir()?.keep();
    unpack_samples(&folder.join(SAMPLES))?;
    Ok(folder)
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
