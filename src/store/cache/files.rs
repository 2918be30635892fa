//! Hashes of files that need not be read again while they are unchanged: the large ones of a model, and pictures, where
//! the user trusts what the file system says of them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{EmbeddingCache, NOTED_EVERY, StoreError, today};
use crate::domain::file_identity::FileIdentity;
use crate::domain::picture::ContentHash;

pub(super) const VERSION_2: &str = "
-- Pictures as they were when they were hashed last. Times are in nanoseconds since 1970.
CREATE TABLE traces (
    device   INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    changed  INTEGER NOT NULL,    -- set by the system alone
    hash     BLOB NOT NULL,
    used     INTEGER NOT NULL,    -- days since 1970
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;
";

/// Files are known by the identity of their file system as well, and large ones by the time that only the system sets;
/// those are hashed in another way than before.
pub(super) const VERSION_4: &str = "
DROP TABLE files;
DROP TABLE traces;
CREATE TABLE files (
    path        BLOB PRIMARY KEY,
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    file_system INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    modified    INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    hash        BLOB NOT NULL      -- BLAKE3
) WITHOUT ROWID;
CREATE TABLE traces (
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    file_system INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    modified    INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    hash        BLOB NOT NULL,     -- SHA-256
    used        INTEGER NOT NULL,
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;
";

/// How both are asked for what is known of a identity.
const OF_TRACE: &str =
    "device = ?1 AND inode = ?2 AND file_system = ?3 AND size = ?4 AND modified = ?5 AND changed = ?6";

impl EmbeddingCache {
    /// The hash of a large file, if one with this path and this very identity was hashed before.
    pub fn file_hash(&self, path: &Path, identity: FileIdentity) -> Result<Option<[u8; 32]>, StoreError> {
        let Some((device, inode, file_system, size, modified, changed)) = key(identity) else { return Ok(None) };
        let found = self.connection.query_row(
            &format!("SELECT hash FROM files WHERE {OF_TRACE} AND path = ?7"),
            (device, inode, file_system, size, modified, changed, path.as_os_str().as_bytes()),
            |row| row.get(0),
        );
        found.optional().map_err(|error| self.failed(error))
    }

    /// Keeps the hash of a large file.
    pub fn put_file_hash(&mut self, path: &Path, identity: FileIdentity, hash: [u8; 32]) -> Result<(), StoreError> {
        let Some((device, inode, file_system, size, modified, changed)) = key(identity) else { return Ok(()) };
        let kept = self.connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (path.as_os_str().as_bytes(), device, inode, file_system, size, modified, changed, hash),
        );
        kept.map(drop).map_err(|error| self.failed(error))
    }

    /// The hash of a picture's file, if one with this very identity was hashed before.
    pub fn hash_of(&self, identity: FileIdentity) -> Result<Option<ContentHash>, StoreError> {
        let Some(key) = key(identity) else { return Ok(None) };
        let found = || -> rusqlite::Result<Option<[u8; 32]>> {
            let mut statement = self.connection.prepare_cached(&format!("SELECT hash FROM traces WHERE {OF_TRACE}"))?;
            statement.query_row(key, |row| row.get(0)).optional()
        };
        found().map(|hash| hash.map(ContentHash)).map_err(|error| self.failed(error))
    }

    /// Keeps hashes of pictures' files, and that they were of use today.
    pub fn put_hashes(&mut self, hashed: &[(FileIdentity, ContentHash)]) -> Result<(), StoreError> {
        let today = today();
        let put = |connection: &mut Connection| -> rusqlite::Result<()> {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // A hash that is there already, as with most files of a second run, is not written again.
            let mut insert = change.prepare_cached(
                "INSERT INTO traces VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE
                     SET file_system = ?3, size = ?4, modified = ?5, changed = ?6, hash = ?7, used = ?8
                     WHERE (file_system, size, modified, changed, hash) IS NOT (?3, ?4, ?5, ?6, ?7) OR used <= ?8 - ?9",
            )?;
            for (identity, hash) in hashed {
                if let Some((device, inode, file_system, size, modified, changed)) = key(*identity) {
                    let row = (device, inode, file_system, size, modified, changed, hash.0, today, NOTED_EVERY);
                    insert.execute(row)?;
                }
            }
            drop(insert);
            change.commit()
        };
        put(&mut self.connection).map_err(|error| self.failed(error))
    }
}

/// Device, inode, file system, size, modified, changed. None for times that are centuries away: such files are read
/// every time.
fn key(identity: FileIdentity) -> Option<(i64, i64, i64, i64, i64, i64)> {
    let FileIdentity { stamp, file_system, changed_ns } = identity;
    let (modified, changed) = (i64::try_from(stamp.modified_ns).ok()?, i64::try_from(changed_ns).ok()?);
    Some((stamp.device as i64, stamp.inode as i64, file_system as i64, stamp.size as i64, modified, changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::picture::FileStamp;

    const STAMP: FileStamp = FileStamp { device: 1, inode: u64::MAX, size: 3, modified_ns: 4 };

    #[test]
    fn hashes_of_unchanged_files_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = EmbeddingCache::open(folder.path()).unwrap();
        let (path, identity) = (Path::new("/w"), FileIdentity { stamp: STAMP, file_system: 7, changed_ns: 5 });
        cache.put_file_hash(path, identity, [9; 32]).unwrap();
        assert_eq!(cache.file_hash(path, identity).unwrap(), Some([9; 32]));
        // Another file was copied over it with the time of before.
        assert_eq!(cache.file_hash(path, FileIdentity { changed_ns: 6, ..identity }).unwrap(), None);
        assert_eq!(cache.file_hash(Path::new("/v"), identity).unwrap(), None);
    }

    #[test]
    fn a_picture_is_known_by_all_of_its_trace() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = EmbeddingCache::open(folder.path()).unwrap();
        let (identity, hash) = (FileIdentity { stamp: STAMP, file_system: 7, changed_ns: -5 }, ContentHash([9; 32]));
        cache.put_hashes(&[(identity, ContentHash([8; 32])), (identity, hash)]).unwrap();
        assert_eq!(cache.hash_of(identity).unwrap(), Some(hash));
        let stamps = [
            FileStamp { device: 2, ..STAMP },
            FileStamp { inode: 2, ..STAMP },
            FileStamp { size: 2, ..STAMP },
            FileStamp { modified_ns: 2, ..STAMP },
        ];
        let others = stamps.map(|stamp| FileIdentity { stamp, ..identity });
        for other in others
            .into_iter()
            .chain([FileIdentity { changed_ns: -4, ..identity }, FileIdentity { file_system: 8, ..identity }])
        {
            assert_eq!(cache.hash_of(other).unwrap(), None, "{other:?}");
        }
        // The same file with another content is known by that one alone.
        let changed = FileIdentity { changed_ns: 7, ..identity };
        cache
            .put_hashes(&[(changed, ContentHash([7; 32])), (FileIdentity { changed_ns: i128::MAX, ..identity }, hash)])
            .unwrap();
        assert_eq!(
            (cache.hash_of(identity).unwrap(), cache.hash_of(changed).unwrap()),
            (None, Some(ContentHash([7; 32])))
        );
    }
}
