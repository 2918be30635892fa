//! Pictures and what the model said of them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{OptionalExtension, Transaction};

use super::arrivals::owe_alert;
use super::changes::Which;
use super::contents::DecidedContents;
use super::labels::LabelSet;
use super::picture_rows::{SessionPicture, picture, place, select};
use super::{Session, StoreError, to_stored_path};
use crate::domain::collection::BestLabel;
use crate::domain::decision::{Decision, LabelId};
use crate::domain::picture::{Picture, PictureId};
use crate::domain::run::RunId;

/// A picture as a classify found it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'f> {
    /// The picture, with its path as it was given.
    pub picture: &'f Picture,
    /// The same path, absolute and without links in the source folder's part: one file has one.
    pub path: &'f Path,
    /// The trouble with it, in words.
    pub trouble: Option<&'f str>,
    /// The label whose command is owed for it if it was not there before.
    pub alert: Option<&'f str>,
}

/// A picture that was found, now or before, as a session knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub id: PictureId,
    /// A person's decision.
    pub decision: Option<Decision>,
    /// The folder in the destination that it was put into.
    pub folder: Option<String>,
    /// It was not there before, or was scored with other labels.
    pub is_new: bool,
}

impl Session {
    /// Puts pictures into the session as they were found in a run. What people decided and where files were put stays;
    /// what was decided of a content holds for a picture that comes with it.
    pub fn put_pictures(&mut self, run: RunId, set: &LabelSet, found: &[Found<'_>]) -> Result<Vec<Known>, StoreError> {
        let destination = self.destination.clone();
        // Read anew where the transaction fails: it may have gone further than what stays.
        let mut decided = std::mem::take(&mut self.decided);
        let known = self.change(|change| {
            let put = |found: &Found<'_>| put(change, &destination, run, set, *found, &mut decided);
            found.iter().map(put).collect()
        })?;
        let has_passed_on = std::mem::take(&mut decided.has_passed_on);
        self.decided = decided;
        if has_passed_on {
            self.complete_ledger()?;
        }
        Ok(known)
    }

    /// Replaces the predictions of pictures by those for another label set.
    pub fn put_scores(
        &mut self,
        run: RunId,
        set: &LabelSet,
        scores: &[(PictureId, Vec<f32>)],
    ) -> Result<(), StoreError> {
        self.change(|change| {
            let mut statement = change.prepare_cached(
                "UPDATE pictures SET seen = ?2, label_set = ?3, label = ?4, score = ?5, margin = ?6, scores = ?7
                 WHERE id = ?1",
            )?;
            scores.iter().try_for_each(|(picture, scores)| {
                // A picture without scores for these labels keeps those that it has for others.
                let Some(best) = BestLabel::of(scores) else { return Ok(()) };
                let bytes = scores.iter().flat_map(|score| score.to_le_bytes()).collect::<Vec<u8>>();
                let (label, score, margin) = (best.label as i64, best.score, best.margin);
                statement.execute((picture.0, run.0, set.id, label, score, margin, bytes)).map(drop)
            })
        })
    }

    /// Pictures in the order in which they were found first, one at a time. With a label set, they have only
    /// predictions that were made with it.
    pub fn for_each_picture(
        &self,
        set: Option<&LabelSet>,
        which: Which,
        mut work: impl FnMut(SessionPicture),
    ) -> Result<(), StoreError> {
        let mut each = || -> rusqlite::Result<()> {
            let (condition, value) = which.condition();
            let statement = format!("{} WHERE {condition} ORDER BY pictures.id", select());
            let mut statement = self.connection.prepare_cached(&statement)?;
            let mut rows = statement.query([value])?;
            while let Some(row) = rows.next()? {
                if let Some(picture) = picture(row, &self.destination, set.map(|set| set.id))? {
                    work(picture);
                }
            }
            Ok(())
        };
        each().map_err(|error| self.failed(error))
    }

    /// One picture.
    pub fn picture(&self, id: PictureId, set: Option<&LabelSet>) -> Result<Option<SessionPicture>, StoreError> {
        let found = self.connection.query_row(&format!("{} WHERE pictures.id = ?1", select()), [id.0], |row| {
            picture(row, &self.destination, set.map(|set| set.id))
        });
        found.optional().map(Option::flatten).map_err(|error| self.failed(error))
    }
}

fn put(
    change: &Transaction<'_>,
    destination: &Path,
    run: RunId,
    set: &LabelSet,
    found: Found<'_>,
    decided: &mut DecidedContents,
) -> rusqlite::Result<Known> {
    let picture = found.picture;
    let hash = picture.hash.map(|hash| hash.0.to_vec()).unwrap_or_default();
    let stamp = picture.stamp;
    let prediction = picture.prediction.as_ref();
    let scores = prediction.map(|p| p.scores.iter().flat_map(|score| score.to_le_bytes()).collect::<Vec<u8>>());
    let mut before = change.prepare_cached("SELECT label_set FROM pictures WHERE path = ?1 AND hash = ?2")?;
    let before: Option<Option<i64>> =
        before.query_row((to_stored_path(destination, found.path), &hash), |row| row.get(0)).optional()?;
    let mut statement = change.prepare_cached(
        "INSERT INTO pictures (path, shown, hash, device, inode, size, modified, state, trouble, seen, label_set, label,
             score, margin, scores)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (path, hash) DO UPDATE SET shown = ?2, device = ?4, inode = ?5, size = ?6, modified = ?7,
             state = ?8, trouble = ?9, seen = ?10, label_set = ?11, label = ?12, score = ?13, margin = ?14, scores = ?15, replaced = 0
         RETURNING id, decision, decided, placed",
    )?;
    let mut known = statement.query_row(
        rusqlite::params![
            to_stored_path(destination, found.path),
            picture.path.as_os_str().as_bytes(),
            &hash,
            stamp.map(|stamp| stamp.device as i64),
            stamp.map(|stamp| stamp.inode as i64),
            stamp.map(|stamp| stamp.size as i64),
            stamp.map(|stamp| stamp.modified_ns.to_string()),
            picture.state.word(),
            found.trouble,
            run.0,
            prediction.map(|_| set.id),
            prediction.map(|p| p.label as i64),
            prediction.map(|p| p.score),
            prediction.map(|p| p.margin),
            scores,
        ],
        |row| {
            let (decision, decided): (Option<String>, Option<i64>) = (row.get(1)?, row.get(2)?);
            let placed: Option<Vec<u8>> = row.get(3)?;
            Ok(Known {
                id: PictureId(row.get(0)?),
                decision: decision.and_then(|word| Decision::from_word(&word, decided.map(LabelId))),
                folder: placed.and_then(|placed| place(&placed, true)).map(|place| place.folder),
                is_new: before != Some(prediction.map(|_| set.id)),
            })
        },
    )?;
    if before.is_none() && !hash.is_empty() {
        known.decision = decided.pass_on(change, known.id, &hash)?;
    }
    if let (None, Some(label)) = (before, found.alert) {
        owe_alert(change, &known, label)?;
    }
    // The former content of its path is no picture of the source any more, unless something was done with it.
    let mut replaced = change.prepare_cached(
        "UPDATE pictures SET replaced = 1 WHERE path = ?1 AND hash <> ?2 AND placed IS NULL AND decision IS NULL",
    )?;
    replaced.execute((to_stored_path(destination, found.path), hash))?;
    Ok(known)
}
