//! The program's own files in a destination, replaced without losing anything else. The file that has the name gets a
//! private one and is examined there: one that the program did not write, or that somebody changed since, is kept under
//! another name.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::durable::temporary_result;
use super::folder::Folder;
use super::free_name::{exchange, rename_to_free_name, rename_to_private};
use super::read::{hash_file, hash_open, open_regular};
use crate::domain::picture::ContentHash;
use crate::domain::plan::name_candidates;
use crate::rights::Rights;

/// True where the path is free or has a regular file.
pub fn is_free(path: &Path) -> bool {
    std::fs::symlink_metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// The beginning of the private name of a file that is exchanged with the one in place.
const REPLACED: &str = "replaced-";

/// The beginning of the private name of a file that is moved away first, where names cannot be exchanged.
const FORMER: &str = "former-";

/// The number of tries while other programs keep taking the name.
const TRIES: usize = 8;

/// A new content for a file, whole and on disk under a temporary name.
pub struct StagedFile {
    file: NamedTempFile,
    path: PathBuf,
    staging: PathBuf,
    /// The hash of its content. Record it before the file is put in place, so that it is recognised as ours later.
    pub hash: ContentHash,
}

impl StagedFile {
    /// Writes the new content of the file at `path`, for the time being in `staging`, a folder of the program's own on
    /// the same file system.
    pub fn write(
        path: &Path,
        staging: &Path,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<StagedFile> {
        let mut file = temporary_result(staging)?;
        Rights::beside(path.parent().unwrap_or(Path::new("."))).give(file.path());
        let mut hasher = Sha256::new();
        write_and_hash(file.as_file_mut(), &mut hasher, content)?;
        let hash = ContentHash(hasher.finalize().into());
        file.as_file().sync_all()?;
        Ok(StagedFile { file, path: path.to_owned(), staging: staging.to_owned(), hash })
    }

    /// Puts it in place. The file that was there is removed if its hash is one of `known`, and otherwise kept under
    /// another name. Returns those names.
    pub fn put_in_place(self, known: &[ContentHash]) -> io::Result<Vec<PathBuf>> {
        let place = Place::of(&self.path, &self.staging, known, self.hash)?;
        // A file that cannot be read is not touched.
        match open_regular(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => drop(opened?),
        }
        let mut asides = place.settle()?;
        let (_, temporary) = self.file.keep().map_err(|error| error.error)?;
        let temporary = temporary.file_name().unwrap_or_default();
        rename_to_private(&place.staging, temporary, &place.staging, &place.replaced)?;
        place.put(exchange)?;
        asides.extend(place.settle()?);
        Ok(asides)
    }
}

/// The place of a file of the program's own, and the private names of what had it.
struct Place {
    folder: Folder,
    name: OsString,
    staging: Folder,
    replaced: OsString,
    former: OsString,
    /// Contents that the program wrote.
    ours: Vec<ContentHash>,
}

/// A way of changing the names of two files: false where there is none.
type Exchange = fn(&Folder, &OsStr, &Folder, &OsStr) -> io::Result<bool>;

impl Place {
    fn of(path: &Path, staging: &Path, known: &[ContentHash], new: ContentHash) -> io::Result<Place> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
        let private = |beginning: &str| {
            let mut private = OsString::from(beginning);
            private.push(&name);
            private
        };
        Ok(Place {
            folder: Folder::open(path.parent().unwrap_or(Path::new(".")))?,
            staging: Folder::open(staging)?,
            replaced: private(REPLACED),
            former: private(FORMER),
            name,
            ours: known.iter().copied().chain([new]).collect(),
        })
    }

    /// Gives the new file its name. What had it at that moment has a private one when this returns.
    fn put(&self, exchange: Exchange) -> io::Result<()> {
        for _ in 0..TRIES {
            match exchange(&self.staging, &self.replaced, &self.folder, &self.name) {
                Ok(true) => return self.sync(),
                Ok(false) => match rename_to_private(&self.folder, &self.name, &self.staging, &self.former) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            match rename_to_free_name(&self.staging, &self.replaced, &self.folder, &self.name) {
                Ok(()) => return self.sync(),
                // Another program was quicker: its file is set aside too.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => drop(self.settle_one(&self.former)?),
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.folder.sync()?;
        self.staging.sync()
    }

    /// Removes known files under private names, those of a killed program too, and keeps unknown ones under another
    /// name.
    fn settle(&self) -> io::Result<Vec<PathBuf>> {
        let mut asides = Vec::new();
        for private in [&self.replaced, &self.former] {
            asides.extend(self.settle_one(private)?);
        }
        Ok(asides)
    }

    fn settle_one(&self, private: &OsStr) -> io::Result<Option<PathBuf>> {
        let hash = match self.staging.open_regular(private) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => hash_open(&opened?.0)?,
        };
        if self.ours.contains(&hash) {
            self.staging.remove(private)?;
            return Ok(None);
        }
        let aside = self.keep_aside(private, hash)?;
        self.sync()?;
        Ok(Some(aside))
    }

    /// Gives a file the name `output~<sha8>.csv`. One of that name may have the same content.
    fn keep_aside(&self, private: &OsStr, hash: ContentHash) -> io::Result<PathBuf> {
        for name in name_candidates(&self.name, hash).skip(1) {
            let aside = self.folder.path().join(&name);
            match rename_to_free_name(&self.staging, private, &self.folder, &name) {
                Ok(()) => return Ok(aside),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && hash_file(&aside)? == hash => {
                    File::open(&aside)?.sync_all()?;
                    self.folder.sync()?;
                    self.staging.remove(private)?;
                    return Ok(aside);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(path: &Path, text: &str) -> StagedFile {
        StagedFile::write(path, path.parent().unwrap(), |out| out.write_all(text.as_bytes())).unwrap()
    }

    fn contents(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut contents: Vec<String> =
            entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        contents.sort();
        contents
    }

    #[test]
    fn known_file_is_replaced_and_another_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.csv");
        let first = staged(&path, "one");
        let known = [first.hash];
        assert!(first.put_in_place(&[]).unwrap().is_empty());
        assert!(staged(&path, "two").put_in_place(&known).unwrap().is_empty());
        std::fs::write(&path, "theirs").unwrap();
        let asides = staged(&path, "three").put_in_place(&known).unwrap();
        assert!(asides[0].file_name().unwrap().to_str().unwrap().starts_with("output~"));
        assert_eq!(std::fs::read_to_string(&asides[0]).unwrap(), "theirs");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(contents(folder.path()), ["theirs", "three"]);
        // The same content once more is not kept twice.
        std::fs::write(&path, "theirs").unwrap();
        assert_eq!(staged(&path, "four").put_in_place(&known).unwrap(), asides);
        assert_eq!(contents(folder.path()), ["four", "theirs"]);
    }

    /// Between the look at a file and the moment in which its name is given away, somebody gives the name to another
    /// file.
    #[test]
    fn file_that_appears_at_the_last_moment_is_kept() {
        let quick: [Exchange; 2] = [
            |from, name, to, other| {
                std::fs::write(to.path().join("theirs"), "a picture")?;
                std::fs::rename(to.path().join("theirs"), to.path().join(other))?;
                exchange(from, name, to, other)
            },
            // A disk that cannot change names.
            |_, _, to, other| {
                std::fs::write(to.path().join("theirs"), "a picture")?;
                std::fs::rename(to.path().join("theirs"), to.path().join(other))?;
                Ok(false)
            },
        ];
        for quick in quick {
            let (folder, staging) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let path = folder.path().join("output.csv");
            std::fs::write(&path, "ours").unwrap();
            let ours = hash_file(&path).unwrap();
            std::fs::write(staging.path().join("replaced-output.csv"), "new").unwrap();
            let new = hash_file(&staging.path().join("replaced-output.csv")).unwrap();
            let place = Place::of(&path, staging.path(), &[ours], new).unwrap();
            place.put(quick).unwrap();
            assert_eq!(place.settle().unwrap().len(), 1);
            assert_eq!(contents(folder.path()), ["a picture", "new"]);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
            assert!(contents(staging.path()).is_empty());
        }
    }

    /// A killed program leaves what was there, and the new file, under private names.
    #[test]
    fn files_of_a_killed_program_are_kept_or_removed() {
        for private in ["replaced-output.csv", "former-output.csv"] {
            let (folder, staging) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let path = folder.path().join("output.csv");
            let write =
                |text: &str| StagedFile::write(&path, staging.path(), |out| out.write_all(text.as_bytes())).unwrap();
            std::fs::write(staging.path().join(private), "a picture").unwrap();
            let one = write("one");
            let known = [one.hash];
            assert_eq!(one.put_in_place(&[]).unwrap().len(), 1);
            std::fs::write(staging.path().join(private), "one").unwrap();
            assert!(write("two").put_in_place(&known).unwrap().is_empty());
            assert_eq!(contents(folder.path()), ["a picture", "two"]);
            assert!(contents(staging.path()).is_empty());
        }
    }
}
