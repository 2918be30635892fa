//! Decisions of a ledger, and the pictures that they are about.

use std::path::{Path, PathBuf};

use super::super::labels;
use super::rebuild::Rebuild;
use crate::domain::decision::{Decision, LabelId};
use crate::store::ledger::Decided;

impl Rebuild<'_> {
    /// Takes a decision over. What is told in lines that follow one another is counted.
    pub(super) fn decision(&mut self, decided: &Decided, time: i64, is_sound: bool) -> rusqlite::Result<()> {
        let Some(hash) = decided.sha256 else { return Ok(()) };
        let Some(picture) = self.decided_picture(&decided.picture, &hash.0)? else {
            self.rebuilt.lost_decisions += 1;
            return Ok(());
        };
        let path: Vec<&String> = decided.within.iter().chain(&decided.label).collect();
        let path = if decided.label.is_some() { path.as_slice() } else { &[] };
        let label = labels::label_at(self.change, path)?;
        let decision = decided.decision.as_ref().and_then(|word| Decision::from_word(word, label));
        let label = decision.and_then(Decision::label).map(|LabelId(label)| label);
        let word = decision.map(Decision::word);
        self.change
            .prepare_cached("INSERT INTO decisions (picture, decision, label, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((picture, word, label, time))?;
        self.rebuilt.sound_decisions += u64::from(is_sound);
        let mut update = self.change.prepare_cached("UPDATE pictures SET decision = ?2, decided = ?3 WHERE id = ?1")?;
        update.execute((picture, word, label)).map(drop)
    }

    /// The picture of a decision, which names the path as it was given: the only one with its content, or the one of
    /// those that is called so. One that nothing was done with is where the source of that time says.
    fn decided_picture(&self, shown: &Path, hash: &[u8]) -> rusqlite::Result<Option<i64>> {
        let mut same = self.change.prepare_cached("SELECT id, path FROM pictures WHERE hash = ?1 ORDER BY id")?;
        let same: Vec<(i64, Vec<u8>)> =
            same.query_map([hash], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        let place = self.place_of(shown);
        let is_it = |path: &[u8]| place.as_deref() == Some(super::super::as_path(path));
        let found = same.iter().find(|(_, path)| is_it(path)).or(if same.len() == 1 { same.first() } else { None });
        let run: Option<i64> = self.change.query_row("SELECT max(id) FROM runs", [], |row| row.get(0))?;
        match (found, place, run) {
            (Some((id, _)), ..) => Ok(Some(*id)),
            (None, Some(place), Some(run)) => self.picture(&place, hash, None, run).map(Some),
            _ => Ok(None),
        }
    }

    /// The place of a picture whose path was shown as it was given: under the source without links.
    fn place_of(&self, shown: &Path) -> Option<PathBuf> {
        let (given, real) = (self.sources.first()?, self.sources.last()?);
        if shown.is_absolute() {
            return Some(shown.strip_prefix(given).map_or_else(|_| shown.to_owned(), |inside| real.join(inside)));
        }
        // The end of the source's path is what was given of it.
        let ends = given.ancestors().filter_map(|above| given.strip_prefix(above).ok());
        let inside =
            ends.filter(|end| !end.as_os_str().is_empty()).filter_map(|end| shown.strip_prefix(end).ok()).last();
        inside.map(|inside| real.join(inside))
    }
}
