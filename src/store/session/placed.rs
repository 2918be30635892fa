//! The files in the destination that pictures have as their places.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::columns::hash;
use super::labels::LabelSet;
use super::picture_rows::{IS_OURS, place};
use super::{Session, StoreError};
use crate::domain::picture::ContentHash;
use crate::domain::plan::Place;

/// A file in the destination that a picture has as its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where.
    pub place: Place,
    /// Its content.
    pub hash: ContentHash,
}

impl Session {
    /// Every file in the destination that a picture has as its place, in the order of their paths. Two pictures with
    /// the same name and content give it twice.
    pub fn placed(&self) -> Result<Vec<Placed>, StoreError> {
        let placed = || self.placed_where("placed IS NOT NULL ORDER BY placed", []);
        placed().map_err(|error| self.failed(error))
    }

    /// The same for files of these paths, relative to the destination, in the order of the paths.
    pub fn placed_at<'p>(&self, paths: impl IntoIterator<Item = &'p Path>) -> Result<Vec<Placed>, StoreError> {
        let mut placed = Vec::new();
        for path in paths {
            let at = self.placed_where("placed = ?1", [path.as_os_str().as_bytes()]);
            placed.extend(at.map_err(|error| self.failed(error))?);
        }
        Ok(placed)
    }

    /// True where any picture that has a place was scored with another label set than this one.
    pub fn is_any_sorted_otherwise(&self, set: &LabelSet) -> Result<bool, StoreError> {
        let otherwise = "SELECT EXISTS (SELECT 1 FROM pictures WHERE placed IS NOT NULL AND label_set <> ?1)";
        let found = self.connection.query_row(otherwise, [set.id], |row| row.get(0));
        found.map_err(|error| self.failed(error))
    }

    fn placed_where(&self, condition: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<Vec<Placed>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT placed, pictures.hash, {IS_OURS} AS is_ours FROM pictures
             LEFT JOIN transfers ON transfers.id = placed_by WHERE {condition}"
        ))?;
        let found = statement.query_map(parameters, |row| {
            let (kept, is_ours): (Vec<u8>, Option<bool>) = (row.get("placed")?, row.get("is_ours")?);
            let hash = hash(row, "hash")?;
            Ok(place(&kept, is_ours.unwrap_or(false)).map(|place| Placed { place, hash }))
        })?;
        Ok(found.collect::<rusqlite::Result<Vec<Option<Placed>>>>()?.into_iter().flatten().collect())
    }
}
