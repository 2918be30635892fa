//! Perceptual hashes of pictures, by content. They depend on no model.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{EmbeddingCache, StoreError};
use crate::domain::perceptual_hash::PerceptualHash;
use crate::domain::picture::ContentHash;

/// Pictures whose embeddings were kept before have none: it is made when they are decoded again.
pub(super) const VERSION_6: &str = "
CREATE TABLE perceptual_hashes (
    content BLOB PRIMARY KEY,     -- SHA-256 of the picture's file
    hash    BLOB NOT NULL         -- the method, signs of frequencies, brightness
) WITHOUT ROWID;
";

impl EmbeddingCache {
    /// The perceptual hashes of many contents, in their order; none where it is not known.
    pub fn perceptual_hashes(&self, contents: &[ContentHash]) -> Result<Vec<Option<PerceptualHash>>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Option<PerceptualHash>>> {
            // One look at the database instead of one for each.
            let _look = self.connection.unchecked_transaction()?;
            let mut find = self.connection.prepare_cached("SELECT hash FROM perceptual_hashes WHERE content = ?1")?;
            let mut of = |content: &ContentHash| {
                let found =
                    find.query_row([content.0], |row| Ok(PerceptualHash::from_bytes(row.get_ref(0)?.as_blob()?)));
                Ok(found.optional()?.flatten())
            };
            contents.iter().map(&mut of).collect()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Keeps perceptual hashes. One that is known stays, if it was made in the present way.
    pub fn put_perceptual_hashes(&mut self, made: &[(ContentHash, PerceptualHash)]) -> Result<(), StoreError> {
        let put = |connection: &mut Connection| -> rusqlite::Result<()> {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut insert = change.prepare_cached(
                "INSERT INTO perceptual_hashes VALUES (?1, ?2) ON CONFLICT DO UPDATE SET hash = ?2
                     WHERE substr(hash, 1, 1) IS NOT substr(?2, 1, 1)",
            )?;
            for (content, hash) in made {
                insert.execute((content.0, hash.to_bytes()))?;
            }
            drop(insert);
            change.commit()
        };
        if made.is_empty() {
            return Ok(());
        }
        put(&mut self.connection).map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(level: u8) -> PerceptualHash {
        PerceptualHash::of(2, 1, &[level, level, level, 0, 0, 0]).unwrap()
    }

    #[test]
    fn hashes_are_kept_and_the_first_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = EmbeddingCache::open(folder.path()).unwrap();
        let (one, other) = (ContentHash([1; 32]), ContentHash([2; 32]));
        cache.put_perceptual_hashes(&[(one, hash(10)), (one, hash(200))]).unwrap();
        cache.put_perceptual_hashes(&[]).unwrap();
        drop(cache);
        let mut cache = EmbeddingCache::open(folder.path()).unwrap();
        assert_eq!(cache.perceptual_hashes(&[other, one]).unwrap(), [None, Some(hash(10))]);
        // One of another method is none, and is made anew.
        cache.connection.execute("UPDATE perceptual_hashes SET hash = x'0012'", []).unwrap();
        assert_eq!(cache.perceptual_hashes(&[one]).unwrap(), [None]);
        cache.put_perceptual_hashes(&[(one, hash(200))]).unwrap();
        assert_eq!(cache.perceptual_hashes(&[one]).unwrap(), [Some(hash(200))]);
    }
}
