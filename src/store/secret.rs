//! The secret by which a user's sessions are known: random bytes in the program's data folder, which nobody else reads.
//! A seal made with it proves that a program of this user's wrote the session.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::regular;

/// The file in the data folder.
const FILE: &str = "secret";

/// Bytes of the secret.
const LENGTH: usize = 32;

/// Bytes that SHA-256 takes at once.
const BLOCK: usize = 64;

/// The secret cannot be had, so that nothing tells this user's sessions from others.
#[derive(Debug, thiserror::Error)]
#[error("the secret in the data folder cannot be used")]
pub struct NoSecret {
    /// The data folder; none without a home.
    pub folder: Option<PathBuf>,
    /// The system's error.
    #[source]
    pub source: io::Error,
}

impl NoSecret {
    /// The secret's file, where that is there and does not hold a secret.
    pub fn damaged(&self) -> Option<PathBuf> {
        let is_damaged = self.source.get_ref().is_some_and(|inner| inner.is::<Damaged>());
        self.folder.as_ref().filter(|_| is_damaged).map(|folder| folder.join(FILE))
    }
}

/// The secret's file has been cut off, or holds something else.
#[derive(Debug, thiserror::Error)]
#[error("not 32 bytes")]
struct Damaged;

/// The secret.
#[derive(Clone)]
pub(super) struct Secret([u8; LENGTH]);

/// The proof that vouches for a state of a session.
pub(super) type Seal = [u8; 32];

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The secret of a data folder, made where there is none. It is on disk when this returns.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Secret> {
        match Secret::read(&folder.join(FILE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Secret::make(folder),
            read => read,
        }
    }

    fn read(path: &Path) -> io::Result<Secret> {
        let mut bytes = Vec::new();
        regular::read(path)?.take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
        let bytes = bytes.try_into().map_err(|_| io::Error::new(ErrorKind::InvalidData, Damaged))?;
        Ok(Secret(bytes))
    }

    /// One that nobody keeps.
    pub(super) fn passing() -> io::Result<Secret> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Secret(bytes))
    }

    /// Two processes may make one at the same time: the first one holds.
    fn make(folder: &Path) -> io::Result<Secret> {
        make_private_folders(folder)?;
        let Secret(bytes) = Secret::passing()?;
        let mut naming = tempfile::Builder::new();
        let mut file = naming.permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        let path = folder.join(FILE);
        match file.persist_noclobber(&path) {
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            kept => drop(kept.map_err(|error| error.error)?),
        }
        File::open(folder)?.sync_all()?;
        Secret::read(&path)
    }

    /// The seal of a session's state: its ledger has so many lines, and its last one this hash.
    pub(super) fn seal(&self, token: &str, lines: i64, head: &str) -> Seal {
        hmac(&self.0, &[b"sis session 1\0", token.as_bytes(), b"\0", &lines.to_le_bytes(), head.as_bytes()])
    }

    /// The proof of a value that a session keeps under a key.
    pub(super) fn prove(&self, token: &str, key: &str, value: &[u8]) -> Seal {
        hmac(&self.0, &[b"sis value 1\0", token.as_bytes(), b"\0", key.as_bytes(), b"\0", value])
    }
}

/// Makes a folder and those above it that are not there, for this user alone, each on disk in the one above it.
pub(super) fn make_private_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_folders(parent)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    File::open(parent)?.sync_all()
}

/// HMAC-SHA256 of parts that are put together (RFC 2104).
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    match key.len() {
        0..=BLOCK => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let begin = |pad: u8| Sha256::new_with_prefix(block.map(|byte| byte ^ pad));
    let inner = parts.iter().fold(begin(0x36), |hasher, part| hasher.chain_update(part)).finalize();
    begin(0x5c).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::ContentHash;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        for (key, text, expected) in [
            (vec![0x0b; 20], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let (begin, end) = text.split_at(3);
            assert_eq!(ContentHash(hmac(&key, &[begin, end])).to_string(), expected);
        }
    }

    #[test]
    fn it_is_made_once_for_this_user_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("share/sis");
        let secret = Secret::of_folder(&folder).unwrap();
        assert_eq!(Secret::of_folder(&folder).unwrap().0, secret.0);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(FILE))), (0o700, 0o600));
        assert_ne!(Secret::of_folder(&home.path().join("other")).unwrap().0, secret.0);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn what_is_in_its_place_is_neither_used_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for content in ["", "short", "longer than what a secret is, by a little"] {
            std::fs::write(&path, content).unwrap();
            assert!(Secret::of_folder(folder.path()).is_err(), "{content}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        std::fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        assert!(Secret::of_folder(folder.path()).is_err());
    }

    #[test]
    fn a_seal_is_of_one_session_and_one_state() {
        let (secret, other) = (Secret([1; LENGTH]), Secret([2; LENGTH]));
        let seal = secret.seal("a", 1, "head");
        for another in [
            secret.seal("b", 1, "head"),
            secret.seal("a", 2, "head"),
            secret.seal("a", 1, "hea"),
            other.seal("a", 1, "head"),
        ] {
            assert_ne!(seal, another);
        }
        assert_eq!(seal, secret.seal("a", 1, "head"));
    }
}
