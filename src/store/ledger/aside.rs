//! The ledger of a session that is lost is kept under another name.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::super::regular;
use crate::domain::picture::ContentHash;

/// Keeps the ledger of a session that is lost under another name, on disk when this returns, so that a new one begins
/// with its first line. Gives that name; nothing where there was no ledger.
pub(in crate::store) fn set_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut file = match regular::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut HashWriter(&mut hasher))?;
    let name = format!("ledger~{}", ContentHash(hasher.finalize().into()).short());
    let names = std::iter::once(format!("{name}.jsonl")).chain((2..).map(|number| format!("{name}.{number}.jsonl")));
    for name in names {
        let aside = path.with_file_name(name);
        match rename_to_free_name(path, &aside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            renamed => {
                renamed?;
                if let Some(folder) = path.parent() {
                    File::open(folder)?.sync_all()?;
                }
                return Ok(Some(aside));
            }
        }
    }
    Ok(None)
}

/// Renames a file to a name that nothing has. Where the file system does not know that kind of rename, the name is
/// reserved with an empty file first, which the rename replaces.
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            File::create_new(to)?;
            std::fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

/// Lets a hasher be written to.
struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_what_is_no_ledger_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        assert_eq!(set_aside(&path).unwrap(), None);
        std::fs::write(&path, "one").unwrap();
        let first = set_aside(&path).unwrap().unwrap();
        std::fs::write(&path, "one").unwrap();
        let second = set_aside(&path).unwrap().unwrap();
        assert!(first != second && !path.exists(), "{first:?} {second:?}");
        assert!([first, second].iter().all(|aside| std::fs::read(aside).unwrap() == b"one"));
        std::fs::create_dir(&path).unwrap();
        assert!(set_aside(&path).is_err() && path.is_dir());
    }
}
