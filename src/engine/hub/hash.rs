//! Hashes that a file is checked against before it gets its name.

use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::domain::hex::hex;
use crate::plain_file;

/// Bytes that are read and hashed together.
const PIECE: usize = 256 << 10;

/// The hash that a file's bytes are checked against; its name in the cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    /// SHA-256 of the content, for files in large file storage, in hexadecimal digits.
    Sha256(String),
    /// The name of a blob in git: SHA-1 of `blob`, its length and the content, in hexadecimal digits.
    Git(String),
}

impl Hash {
    /// The file's name under `blobs`.
    pub(super) fn text(&self) -> &str {
        match self {
            Hash::Sha256(text) | Hash::Git(text) => text,
        }
    }
}

/// The hasher of a file's bytes.
pub(super) enum Hasher {
    Sha256(Sha256),
    Git(Sha1, u64),
}

impl Hasher {
    pub(super) fn new(hash: &Hash, size: u64) -> Hasher {
        match hash {
            Hash::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Hash::Git(_) => Hasher::Git(Sha1::new_with_prefix(format!("blob {size}\0")), size),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Git(hasher, _) => hasher.update(bytes),
        }
    }

    pub(super) fn restart(&mut self) {
        *self = match self {
            Hasher::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Hasher::Git(_, size) => Hasher::Git(Sha1::new_with_prefix(format!("blob {size}\0")), *size),
        };
    }

    pub(super) fn has(self, wanted: &Hash) -> bool {
        let found = match self {
            Hasher::Sha256(hasher) => hex(&hasher.finalize()),
            Hasher::Git(hasher, _) => hex(&hasher.finalize()),
        };
        found == wanted.text()
    }
}

/// True where these bytes are what a hash was made of.
pub(super) fn is_as_published(bytes: &[u8], hash: &Hash) -> bool {
    let mut hasher = Hasher::new(hash, bytes.len() as u64);
    hasher.update(bytes);
    hasher.has(hash)
}

/// True where a file has this size and hash. `on_read` is called with the bytes read so far. A stop is an error of the
/// kind `Interrupted`.
pub(super) fn is_whole(
    path: &Path,
    size: u64,
    hash: &Hash,
    stop: &AtomicBool,
    on_read: &mut dyn FnMut(u64),
) -> io::Result<bool> {
    let mut file = plain_file::open(path)?;
    if file.metadata()?.len() != size {
        return Ok(false);
    }
    let mut hasher = Hasher::new(hash, size);
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        match file.read(&mut piece)? {
            0 => return Ok(hasher.has(hash)),
            read => {
                hasher.update(&piece[..read]);
                done += read as u64;
                on_read(done);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_those_of_git_and_of_large_file_storage() {
        // git hash-object and sha256sum of "content\n".
        let git = Hash::Git("d95f3ad14dee633a758d2e331151e950dd13e4ed".to_owned());
        let sha256 = "434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53";
        assert!(is_as_published(b"content\n", &git));
        assert!(is_as_published(b"content\n", &Hash::Sha256(sha256.to_owned())));
        assert!(!is_as_published(b"content", &git));
    }
}
