//! The sessions that the user's data folder knows. A session that came with somebody else's folder says where files
//! came from and are to go back to: that is obeyed only when the user says so.
//!
//! A session is the user's own where its seal is right: made with the secret that is in the data folder, over the last
//! line of its ledger. Version 0.1.0 kept a list of names instead. A session of that list is taken over once, as it is.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::regular;
use super::secret::{NoSecret, Seal, Secret, make_private_folders};
use crate::domain::picture::ContentHash;

/// The list of version 0.1.0: one name of a session a line.
const FORMER_LIST: &str = "sessions";

/// Sessions of that list that were taken over: a name and a seal a line.
const TAKEN_OVER: &str = "sessions-taken-over";

/// Bytes of a list that are read. A line has less than a hundred.
const LONGEST_LIST: u64 = 64 << 20;

/// The sessions that are the user's own, by the data folder.
#[derive(Debug, Clone)]
pub struct KnownSessions {
    folder: Option<PathBuf>,
}

impl KnownSessions {
    /// The sessions that the program's data folder knows; none without a folder.
    pub fn in_folder(folder: Option<&Path>) -> KnownSessions {
        KnownSessions { folder: folder.map(Path::to_owned) }
    }

    /// The user's secret, made where there is none.
    pub(super) fn secret(&self) -> Result<Secret, NoSecret> {
        self.folder().and_then(Secret::of_folder).map_err(|source| self.unusable(source))
    }

    /// The folder cannot be used.
    pub(super) fn unusable(&self, source: io::Error) -> NoSecret {
        NoSecret { folder: self.folder.clone(), source }
    }

    /// True where version 0.1.0 noted a session as the user's own, and it was not taken over yet, or in this very
    /// state.
    pub(super) fn may_take_over(&self, token: &str, seal: Seal) -> io::Result<bool> {
        let is_listed = self.lines(FORMER_LIST)?.iter().any(|line| line == token);
        let taken = self.lines(TAKEN_OVER)?;
        let mut of_token = taken.iter().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name == token);
        Ok(is_listed && of_token.all(|(_, noted)| noted == written(seal)))
    }

    /// Takes note, on disk, that a session of the list is taken over: from now on its name alone proves nothing.
    pub(super) fn take_over(&self, token: &str, seal: Seal) -> io::Result<()> {
        let folder = self.folder()?;
        make_private_folders(folder)?;
        let path = folder.join(TAKEN_OVER);
        let mut file = regular::open(&path, File::options().append(true).create(true))?;
        // In one piece: another process may be adding one too.
        file.write_all(format!("{token} {}\n", written(seal)).as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    }

    fn folder(&self) -> io::Result<&Path> {
        self.folder.as_deref().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn lines(&self, name: &str) -> io::Result<Vec<String>> {
        let mut text = Vec::new();
        match regular::read(&self.folder()?.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => drop(opened?.take(LONGEST_LIST).read_to_end(&mut text)?),
        }
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }
}

fn written(seal: Seal) -> String {
    ContentHash(seal).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_the_former_list_is_taken_over_once() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownSessions::in_folder(Some(folder.path()));
        assert!(!known.may_take_over("abc", [1; 32]).unwrap());
        std::fs::write(folder.path().join(FORMER_LIST), b"abc\n\xff\xfe\n").unwrap();
        assert!(known.may_take_over("abc", [1; 32]).unwrap() && !known.may_take_over("ab", [1; 32]).unwrap());
        known.take_over("abc", [1; 32]).unwrap();
        // The program may have been killed before it sealed the session: the same state may be tried again.
        assert!(known.may_take_over("abc", [1; 32]).unwrap() && !known.may_take_over("abc", [2; 32]).unwrap());
    }

    #[test]
    fn a_secret_that_was_cut_off_is_named_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownSessions::in_folder(Some(folder.path()));
        known.secret().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "").unwrap();
        assert_eq!(known.secret().unwrap_err().damaged(), Some(file.clone()));
        assert_eq!(std::fs::read(&file).unwrap(), b"");
    }

    #[test]
    fn without_a_folder_there_is_no_secret() {
        assert!(KnownSessions::in_folder(None).secret().unwrap_err().folder.is_none());
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = KnownSessions::in_folder(Some(&file.path().join("sis"))).secret().unwrap_err();
        assert_eq!(error.folder, Some(file.path().join("sis")));
    }
}
