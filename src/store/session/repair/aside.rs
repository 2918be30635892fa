//! Everything as it was before a repair is kept: copies in a folder of their own, on disk before anything is changed.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::super::{DATABASE, StoreError};
use super::sync_folder;
use crate::domain::picture::ContentHash;
use crate::store::{ledger, regular};

/// How the folder's name begins; a number follows.
const FOLDER: &str = "before-repair-";

/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// The copies that were kept.
pub(super) struct Aside {
    pub(super) folder: PathBuf,
    /// Each file with its content's hash.
    pub(super) files: Vec<(String, ContentHash)>,
}

impl Aside {
    /// Keeps copies of the session's files.
    pub(super) fn keep(folder: &Path) -> Result<Aside, StoreError> {
        let aside = make_folder(folder).map_err(regular::failed(folder))?;
        let mut files = Vec::new();
        let names = regular::DATABASE_ENDINGS.map(|ending| format!("{DATABASE}{ending}"));
        for name in names.into_iter().chain([ledger::FILE_NAME.to_owned()]) {
            let from = folder.join(&name);
            if let Some(hash) = copy(&from, &aside.join(&name)).map_err(regular::failed(&from))? {
                files.push((name, hash));
            }
        }
        sync_folder(&aside)?;
        sync_folder(folder)?;
        Ok(Aside { folder: aside, files })
    }
}

fn make_folder(folder: &Path) -> io::Result<PathBuf> {
    let mut number = 1_u64;
    loop {
        let aside = folder.join(format!("{FOLDER}{number}"));
        match DirBuilder::new().mode(0o700).create(&aside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| aside),
        }
    }
}

/// Copies a file, if it is there, and brings the copy to disk. Gives the hash of what was copied.
fn copy(from: &Path, to: &Path) -> io::Result<Option<ContentHash>> {
    let mut file = match regular::read(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut copy = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            copy.sync_all()?;
            return Ok(Some(ContentHash(hasher.finalize().into())));
        }
        hasher.update(&piece[..count]);
        copy.write_all(&piece[..count])?;
    }
}
