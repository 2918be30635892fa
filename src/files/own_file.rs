//! Files of the program's own in a destination, replaced in one step. One of that name that the program did not write,
//! or that somebody changed since, is kept under another name.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::durable::{sync_folder, temporary_result};
use super::folders::Folders;
use super::free_name::rename_to_free_name;
use super::read::hash_file;
use crate::domain::picture::ContentHash;
use crate::domain::plan::name_candidates;
use crate::rights::Rights;

/// True where the file can have this place: nothing is there, or a file.
pub fn is_free(path: &Path) -> bool {
    std::fs::symlink_metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// A new content for a file, whole and on disk under a temporary name.
pub struct Fresh {
    file: NamedTempFile,
    path: PathBuf,
    /// Its content. To be remembered before the file gets its place, so that it is known for ours afterwards.
    pub hash: ContentHash,
}

impl Fresh {
    /// Writes the new content of the file at `path`, for the time being in `staging`, a folder of the program's own on the
    /// same file system.
    pub fn write(
        path: &Path,
        staging: &Path,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Fresh> {
        let mut file = temporary_result(staging)?;
        Rights::beside(path.parent().unwrap_or(Path::new("."))).give(file.path());
        let mut hasher = Sha256::new();
        write_and_hash(file.as_file_mut(), &mut hasher, content)?;
        let hash = ContentHash(hasher.finalize().into());
        file.as_file().sync_all()?;
        Ok(Fresh { file, path: path.to_owned(), hash })
    }

    /// Puts it in place of what is there. That is replaced if it is one of `known`, and otherwise kept under another
    /// name, which is returned.
    pub fn put_in_place(self, known: &[ContentHash]) -> io::Result<Option<PathBuf>> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let aside = match hash_file(&self.path) {
            Ok(found) if known.contains(&found) || found == self.hash => None,
            Ok(found) => {
                let aside = keep_aside(&self.path, found)?;
                // It has its new name on disk before its old one is given away.
                sync_folder(folder)?;
                Some(aside)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        self.file.persist(&self.path)?;
        sync_folder(folder)?;
        Ok(aside)
    }
}

fn write_and_hash(
    file: &mut File,
    hasher: &mut Sha256,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut hashing = Hashing { hasher, inner: BufWriter::new(file) };
    content(&mut hashing)?;
    hashing.flush()
}

struct Hashing<'h> {
    hasher: &'h mut Sha256,
    inner: BufWriter<&'h mut File>,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Renames a file to `output~<sha8>.csv`. One of that name has the same content.
fn keep_aside(path: &Path, hash: ContentHash) -> io::Result<PathBuf> {
    let entry = Folders::default().entry(path)?;
    for name in name_candidates(&entry.name, hash).skip(1) {
        let aside = path.with_file_name(&name);
        match rename_to_free_name(&entry.folder, &entry.name, &entry.folder, &name) {
            Ok(()) => return Ok(aside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && hash_file(&aside)? == hash => {
                return Ok(aside);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_replaced_and_another_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.csv");
        let write = |text: &str| Fresh::write(&path, folder.path(), |out| out.write_all(text.as_bytes())).unwrap();
        let first = write("one");
        let known = [first.hash];
        assert_eq!(first.put_in_place(&[]).unwrap(), None);
        assert_eq!(write("two").put_in_place(&known).unwrap(), None);
        std::fs::write(&path, "theirs").unwrap();
        let aside = write("three").put_in_place(&known).unwrap().unwrap();
        assert!(aside.file_name().unwrap().to_str().unwrap().starts_with("output~"));
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "theirs");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "three");
    }
}
