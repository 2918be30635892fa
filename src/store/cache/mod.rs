//! Embeddings that were made before, by content and model: the same picture under another name, in another run or with
//! other labels never goes through the model again. Nothing is lost with it: it can be removed at any time.

mod files;
mod perceptual_hashes;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use half::f16;
use ndarray::Array1;
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use super::database::{self, Kind};
use crate::domain::picture::ContentHash;
use crate::rights::Rights;

/// The cache's database: "sisc". It only saves work, and is waited for less than a session.
const CACHE: Kind = Kind {
    application_id: 0x7369_7363,
    patience: Duration::from_secs(10),
    migrations: &[VERSION_1, files::VERSION_2, VERSION_3, files::VERSION_4, VERSION_5, perceptual_hashes::VERSION_6],
};

const VERSION_1: &str = "
CREATE TABLE models (
    id          INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE
);
CREATE TABLE embeddings (
    model     INTEGER NOT NULL,
    hash      BLOB NOT NULL,      -- SHA-256 of the picture's file
    is_whole  INTEGER NOT NULL,   -- the file reaches its end
    used      INTEGER NOT NULL,   -- days since 1970
    embedding BLOB NOT NULL,      -- little-endian 16-bit floats, normalised
    PRIMARY KEY (model, hash)
) WITHOUT ROWID;
CREATE INDEX embeddings_used ON embeddings (used);
-- Hashes of large files, such as weights, that need not be read again while the files are unchanged.
CREATE TABLE files (
    path     BLOB PRIMARY KEY,
    device   INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    modified TEXT NOT NULL,
    hash     BLOB NOT NULL
) WITHOUT ROWID;
";

/// Rows of a kilobyte in a table without row numbers go to a page of their own each: with them a page holds two or
/// three, and those that were made one after the other lie one after the other. Without an index of `used`, which is
/// asked for when the cache is tidied alone.
const VERSION_3: &str = "
ALTER TABLE embeddings RENAME TO former;
DROP INDEX embeddings_used;
CREATE TABLE embeddings (
    id        INTEGER PRIMARY KEY,
    model     INTEGER NOT NULL,
    hash      BLOB NOT NULL,      -- SHA-256 of the picture's file
    is_whole  INTEGER NOT NULL,   -- the file reaches its end
    used      INTEGER NOT NULL,   -- days since 1970
    embedding BLOB NOT NULL,      -- little-endian 16-bit floats, normalised
    UNIQUE (model, hash)
);
INSERT INTO embeddings (model, hash, is_whole, used, embedding) SELECT model, hash, is_whole, used, embedding FROM former;
DROP TABLE former;
";

/// An embedding depends on the decoder of its picture too: one that an earlier decoder led to is made anew.
const VERSION_5: &str = "
ALTER TABLE embeddings ADD COLUMN decoder TEXT NOT NULL DEFAULT ''; -- its name and revision; '' of before they were kept
";

/// The database in the cache folder.
const DATABASE: &str = "embeddings.db";

/// The share of its limit that is kept of a cache that has grown over it, so that it is not tidied at every run.
const KEPT_SHARE: f64 = 0.8;

/// Days after which it is noted again that something was of use. To note it is to write it anew.
const NOTED_EVERY: i64 = 7;

/// An embedding and what else is known of the picture it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedEmbedding {
    /// The embedding, normalised.
    pub embedding: Array1<f16>,
    /// The picture's file reaches its end.
    pub is_whole: bool,
    /// The decoder of the picture, with its revision.
    pub decoder: String,
}

/// The model of an embedding: a number that this cache gave to a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachedModel(i64);

/// The cache, opened by one thread.
#[derive(Debug)]
pub struct EmbeddingCache {
    connection: Connection,
    path: PathBuf,
    is_removed: Cell<bool>,
}

impl EmbeddingCache {
    /// Opens the cache in `folder` and makes it if it is not there. One that is damaged is begun anew.
    pub fn open(folder: &Path) -> Result<EmbeddingCache, StoreError> {
        Rights::OWN.make_folders(folder).map_err(|source| StoreError::File { path: folder.to_owned(), source })?;
        let path = folder.join(DATABASE);
        let rights = Rights::beside(folder);
        rights.give(folder);
        database::names(DATABASE).for_each(|name| rights.give(&folder.join(name)));
        let opened = match database::open(&path, &CACHE) {
            Err(StoreError::Database { source, .. }) if database::is_damaged(&source) => {
                tracing::warn!("the cache is damaged and begun anew: {source}");
                clear(folder)?;
                database::open(&path, &CACHE)
            }
            opened => opened,
        };
        let connection = opened?;
        // Embeddings that a crash loses are made again; no run waits for a disk because of them.
        let relaxed = connection.pragma_update(None, "synchronous", "NORMAL");
        relaxed.map_err(|source| StoreError::Database { path: path.clone(), source })?;
        Ok(EmbeddingCache { connection, path, is_removed: Cell::new(false) })
    }

    /// The number for a model's fingerprint.
    pub fn model(&mut self, fingerprint: &[u8; 32]) -> Result<CachedModel, StoreError> {
        let number = || {
            let number = "SELECT id FROM models WHERE fingerprint = ?1";
            self.connection.query_row(number, [fingerprint], |row| row.get(0)).optional()
        };
        let found = || -> rusqlite::Result<i64> {
            // A process that only reads does not wait for those that write.
            if let Some(known) = number()? {
                return Ok(known);
            }
            self.connection.execute("INSERT OR IGNORE INTO models (fingerprint) VALUES (?1)", [fingerprint])?;
            number()?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        };
        found().map(CachedModel).map_err(|error| self.failed(error))
    }

    /// The embedding of a picture's content.
    pub fn embedding(&self, model: CachedModel, hash: ContentHash) -> Result<Option<CachedEmbedding>, StoreError> {
        let found = || -> rusqlite::Result<Option<CachedEmbedding>> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT embedding, is_whole, decoder FROM embeddings WHERE model = ?1 AND hash = ?2")?;
            statement.query_row((model.0, hash.0), remembered).optional()
        };
        found().map_err(|error| self.failed(error))
    }

    /// The embeddings of many contents, each with its position in `hashes`, in the order in which they lie on the disk:
    /// far quicker than one by one.
    pub fn embeddings(
        &self,
        model: CachedModel,
        hashes: &[ContentHash],
        mut each: impl FnMut(usize, CachedEmbedding),
    ) -> Result<(), StoreError> {
        let mut read = || -> rusqlite::Result<()> {
            // One look at the database instead of one for each.
            let _look = self.connection.unchecked_transaction()?;
            let mut order: Vec<usize> = (0..hashes.len()).collect();
            order.sort_unstable_by_key(|position| hashes[*position]);
            let mut find =
                self.connection.prepare_cached("SELECT id FROM embeddings WHERE model = ?1 AND hash = ?2")?;
            let mut places: Vec<(i64, usize)> = Vec::with_capacity(hashes.len());
            for position in order {
                let found = find.query_row((model.0, hashes[position].0), |row| row.get(0)).optional()?;
                places.extend(found.map(|id| (id, position)));
            }
            places.sort_unstable();
            let mut get =
                self.connection.prepare_cached("SELECT embedding, is_whole, decoder FROM embeddings WHERE id = ?1")?;
            places.into_iter().try_for_each(|(id, position)| {
                each(position, get.query_row([id], remembered)?);
                Ok(())
            })
        };
        read().map_err(|error| self.failed(error))
    }

    /// Keeps embeddings, and takes note that those of `used` were of use today, or this week.
    pub fn put(
        &mut self,
        model: CachedModel,
        fresh: &[(ContentHash, CachedEmbedding)],
        used: &[ContentHash],
    ) -> Result<(), StoreError> {
        let today = today();
        let put = |connection: &mut Connection| -> rusqlite::Result<()> {
            let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let mut insert = change.prepare_cached(
                "INSERT INTO embeddings (model, hash, is_whole, used, embedding, decoder) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET is_whole = ?3, used = ?4, embedding = ?5, decoder = ?6",
            )?;
            for (hash, remembered) in fresh {
                let CachedEmbedding { embedding, is_whole, decoder } = remembered;
                insert.execute((model.0, hash.0, is_whole, today, to_bytes(embedding), decoder))?;
            }
            let mut update = change
                .prepare_cached("UPDATE embeddings SET used = ?3 WHERE model = ?1 AND hash = ?2 AND used <= ?3 - ?4")?;
            for hash in used {
                update.execute((model.0, hash.0, today, NOTED_EVERY))?;
            }
            drop((insert, update));
            change.commit()
        };
        put(&mut self.connection).map_err(|error| self.failed(error))
    }

    /// Removes what was of no use for the longest time, where the cache is larger than `limit` bytes. Gives how many
    /// embeddings were removed.
    pub fn tidy(&mut self, limit: u64) -> Result<usize, StoreError> {
        let tidied = || -> rusqlite::Result<usize> {
            let number = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let used = ((number("page_count")? - number("freelist_count")?) * number("page_size")?) as u64;
            if used <= limit {
                return Ok(0);
            }
            // All rows of a table have about the same size, so that the same share of each is what fits.
            let dropped_share = 1.0 - KEPT_SHARE * limit as f64 / used as f64;
            let drop_oldest = |table: &str, key: &str| -> rusqlite::Result<usize> {
                let count = format!("SELECT count(*) FROM {table}");
                let rows: i64 = self.connection.query_row(&count, [], |row| row.get(0))?;
                let delete =
                    format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} ORDER BY used LIMIT ?1)");
                self.connection.execute(&delete, [(rows as f64 * dropped_share).ceil() as i64])
            };
            let removed = drop_oldest("embeddings", "id")?;
            drop_oldest("traces", "device, inode")?;
            // A perceptual hash is of use beside an embedding alone.
            let of_none = "DELETE FROM perceptual_hashes WHERE content NOT IN (SELECT hash FROM embeddings)";
            self.connection.execute(of_none, [])?;
            // Gives the room back to the disk. With another process in the cache it has to wait for another time.
            if let Err(error) = self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)") {
                tracing::info!("the cache was not made smaller on disk: {error}");
            }
            Ok(removed)
        };
        tidied().map_err(|error| self.failed(error))
    }

    /// One that turns out to be damaged is removed, once, so that the next to open it begins it anew; this one goes on
    /// without.
    fn failed(&self, source: rusqlite::Error) -> StoreError {
        if database::is_damaged(&source) && !self.is_removed.replace(true) {
            tracing::warn!("the cache is damaged and removed: {source}");
            if let Some(Err(error)) = self.path.parent().map(clear) {
                tracing::warn!("it could not be: {error}");
            }
        }
        StoreError::Database { path: self.path.clone(), source }
    }
}

/// Removes the cache in `folder`. Gives how many bytes it had.
pub fn clear(folder: &Path) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for ending in ["", "-wal", "-shm", "-journal"] {
        let path = folder.join(format!("{DATABASE}{ending}"));
        bytes += std::fs::metadata(&path).map(|metadata| metadata.len()).unwrap_or(0);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::File { path, source: error });
            }
            _ => {}
        }
    }
    Ok(bytes)
}

fn today() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() / 86_400) as i64
}

fn to_bytes(embedding: &Array1<f16>) -> Vec<u8> {
    embedding.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn remembered(row: &Row<'_>) -> rusqlite::Result<CachedEmbedding> {
    Ok(CachedEmbedding {
        embedding: from_bytes(row.get_ref(0)?.as_blob()?),
        is_whole: row.get(1)?,
        decoder: row.get(2)?,
    })
}

fn from_bytes(bytes: &[u8]) -> Array1<f16> {
    bytes.chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect()
}

#[cfg(test)]
impl EmbeddingCache {
    /// How long a statement waits for another process.
    pub(crate) fn set_patience(&self, patience: Duration) {
        self.connection.busy_timeout(patience).unwrap();
    }

    /// Keeps others from writing while `act` is at work.
    pub(crate) fn while_writing(&mut self, act: impl FnOnce()) {
        let change = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        act();
        change.commit().unwrap();
    }
}

#[cfg(test)]
mod tests;
