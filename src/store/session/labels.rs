//! Labels of a session, and the sets of them that predictions were made with.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use super::{Session, SessionTree, StoreError};
use crate::domain::decision::LabelId;
use crate::domain::label::Label;
use crate::domain::label_tree::path_text;
use crate::domain::score::SureRule;
use crate::store::ledger::{self, LedgerEvent};

/// The basis of predictions: one for each combination of labels, template and model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    /// Its number in the session.
    pub id: i64,
    /// The labels' numbers, in order.
    pub labels: Vec<LabelId>,
}

impl Session {
    /// The label set for these labels and for what else predictions depend on.
    pub fn label_set(&mut self, labels: &[Label], template: &str, model: &str) -> Result<LabelSet, StoreError> {
        self.change(|change| label_set(change, None, labels, template, model))
    }

    /// The label set for these labels inside another one.
    pub fn label_set_within(
        &mut self,
        within: LabelId,
        labels: &[Label],
        template: &str,
        model: &str,
    ) -> Result<LabelSet, StoreError> {
        self.change(|change| label_set(change, Some(within), labels, template, model))
    }

    /// The labels of every label set, in order, by the set's number.
    pub fn labels_by_set(&self) -> Result<HashMap<i64, Vec<String>>, StoreError> {
        let labels = || -> rusqlite::Result<HashMap<i64, Vec<String>>> {
            let mut statement = self.connection.prepare(
                "SELECT label_sets.id, text FROM label_sets, json_each(label_sets.labels) AS number
                     JOIN labels ON labels.id = number.value ORDER BY label_sets.id, number.key",
            )?;
            let mut sets: HashMap<i64, Vec<String>> = HashMap::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                sets.entry(row.get(0)?).or_default().push(row.get(1)?);
            }
            Ok(sets)
        };
        labels().map_err(|error| self.failed(error))
    }

    /// The fingerprint of the model that a label set was made with.
    pub fn model_of(&self, set: &LabelSet) -> Result<Option<String>, StoreError> {
        let key = self
            .connection
            .query_row("SELECT key FROM label_sets WHERE id = ?1", [set.id], |row| row.get::<_, String>(0));
        let key: Option<String> = key.optional().map_err(|error| self.failed(error))?;
        let model = |key: String| {
            let key: serde_json::Value = serde_json::from_str(&key).ok()?;
            Some(key.get("model")?.as_str()?.to_owned())
        };
        Ok(key.and_then(model))
    }

    /// The labels that pictures are sorted by, the root's being these, and the name of every label that there was, as
    /// people read it.
    pub fn named_tree(
        &self,
        root: &LabelSet,
        sure: SureRule,
    ) -> Result<(SessionTree, HashMap<LabelId, String>), StoreError> {
        let paths = self.label_paths()?;
        let own_text = |label| paths.get(label).and_then(|path| path.last()).map(String::as_str).unwrap_or_default();
        let texts: Vec<&str> = root.labels.iter().map(own_text).collect();
        let tree = self.tree(root, &texts, sure)?;
        let name = |path: &Vec<String>| match path.as_slice() {
            [only] if !tree.labels.is_narrowed() => only.clone(),
            path => path_text(path),
        };
        let names = paths.iter().map(|(label, path)| (*label, name(path))).collect();
        Ok((tree, names))
    }

    /// The paths of all labels: their texts, and those of the labels that they are inside before them.
    pub fn label_paths(&self) -> Result<HashMap<LabelId, Vec<String>>, StoreError> {
        let labels = || -> rusqlite::Result<HashMap<LabelId, (i64, String)>> {
            let mut statement = self.connection.prepare("SELECT id, within, text FROM labels")?;
            statement.query_map([], |row| Ok((LabelId(row.get(0)?), (row.get(1)?, row.get(2)?))))?.collect()
        };
        let labels = labels().map_err(|error| self.failed(error))?;
        let path_of = |(within, text): &(i64, String)| {
            let above =
                std::iter::successors(labels.get(&LabelId(*within)), |(within, _)| labels.get(&LabelId(*within)));
            // No label is inside itself, whatever a session says.
            let above = above.take(labels.len()).map(|(_, text)| text.clone());
            let mut path: Vec<String> = std::iter::once(text.clone()).chain(above).collect();
            path.reverse();
            path
        };
        Ok(labels.iter().map(|(id, label)| (*id, path_of(label))).collect())
    }

    /// The label that each label inside another one is in.
    pub fn label_parents(&self) -> Result<HashMap<LabelId, LabelId>, StoreError> {
        let parents = || -> rusqlite::Result<HashMap<LabelId, LabelId>> {
            let mut statement = self.connection.prepare("SELECT id, within FROM labels WHERE within <> 0")?;
            statement.query_map([], |row| Ok((LabelId(row.get(0)?), LabelId(row.get(1)?))))?.collect()
        };
        parents().map_err(|error| self.failed(error))
    }

    /// Gives the label at the end of a path another text: what was decided for it stays decided. Where another label
    /// beside it has that text already, nothing is done.
    pub fn rename_label<T: AsRef<str>>(&mut self, path: &[T], to: &str) -> Result<(), StoreError> {
        let Some((label, above)) = path.split_last() else { return Ok(()) };
        let within: Vec<String> = above.iter().map(|text| text.as_ref().to_owned()).collect();
        self.change(|change| {
            if !rename(change, &within, label.as_ref(), to)? {
                return Ok(());
            }
            let label = label.as_ref().to_owned();
            ledger::add(change, &LedgerEvent::Rename { label, to: to.to_owned(), within })
        })?;
        self.complete_ledger()
    }

    /// Gives labels the texts of these where they were read to the letter before, with quotes around them or several
    /// blanks: what was decided for one stays decided.
    pub fn respell_labels(&mut self, labels: &[Label]) -> Result<(), StoreError> {
        let paths = self.label_paths()?.into_values();
        let known: Vec<String> = paths.filter(|path| path.len() == 1).flatten().collect();
        for label in labels.iter().filter(|label| !known.contains(&label.text)) {
            let is_in_use = |text: &String| labels.iter().any(|label| label.text == *text);
            if let Some(before) = known.iter().filter(|text| !is_in_use(text)).find(|text| label.was_read_as(text)) {
                self.rename_label(&[before], &label.text)?;
            }
        }
        Ok(())
    }

    /// The number of a label of the root by its text, new where the session does not know it.
    pub fn label(&mut self, text: &str) -> Result<LabelId, StoreError> {
        self.change(|change| label_id(change, None, text))
    }

    /// The number of the label at the end of a path, new where the session does not know it; none for an empty path.
    pub fn label_at<T: AsRef<str>>(&mut self, path: &[T]) -> Result<Option<LabelId>, StoreError> {
        self.change(|change| label_at(change, path))
    }
}

/// The label set for labels and for what else predictions depend on, new where it is not there. The labels may be
/// inside another one.
pub(super) fn label_set(
    change: &Transaction<'_>,
    within: Option<LabelId>,
    labels: &[Label],
    template: &str,
    model: &str,
) -> rusqlite::Result<LabelSet> {
    let mut key = json!({"labels": labels, "template": template, "model": model});
    if let Some(LabelId(within)) = within {
        key["within"] = within.into();
    }
    let key = key.to_string();
    let ids = labels.iter().map(|label| label_id(change, within, &label.text)).collect::<rusqlite::Result<Vec<_>>>()?;
    let numbers = json!(ids.iter().map(|id| id.0).collect::<Vec<_>>()).to_string();
    // The set may be known from labels that had these texts, and were renamed since.
    change.execute(
        "INSERT INTO label_sets (key, labels) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET labels = ?2 WHERE labels IS NOT ?2",
        (&key, numbers),
    )?;
    let id = change.query_row("SELECT id FROM label_sets WHERE key = ?1", [&key], |row| row.get(0))?;
    Ok(LabelSet { id, labels: ids })
}

/// The number of a label, new where its text is, beside others inside the same one.
fn label_id(change: &Transaction<'_>, within: Option<LabelId>, text: &str) -> rusqlite::Result<LabelId> {
    let within = within.map_or(0, |label| label.0);
    change.prepare_cached("INSERT OR IGNORE INTO labels (within, text) VALUES (?1, ?2)")?.execute((within, text))?;
    let mut found = change.prepare_cached("SELECT id FROM labels WHERE within = ?1 AND text = ?2")?;
    found.query_row((within, text), |row| row.get(0).map(LabelId))
}

/// The number of the label at the end of a path, new where it is not there.
pub(super) fn label_at<T: AsRef<str>>(change: &Transaction<'_>, path: &[T]) -> rusqlite::Result<Option<LabelId>> {
    let mut at = None;
    for text in path {
        at = Some(label_id(change, at, text.as_ref())?);
    }
    Ok(at)
}

/// The texts of a label and of those that it is inside, the outermost first; nothing where it is not there.
pub(super) fn path_of(change: &Transaction<'_>, label: i64) -> rusqlite::Result<Vec<String>> {
    // Paths do not go round: UNION leaves out what was there.
    let mut statement = change.prepare_cached(
        "WITH RECURSIVE above (id, within, text) AS (
             SELECT id, within, text FROM labels WHERE id = ?1
             UNION SELECT labels.id, labels.within, labels.text FROM above JOIN labels ON labels.id = above.within
         ) SELECT text FROM above",
    )?;
    let mut path: Vec<String> = statement.query_map([label], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    path.reverse();
    Ok(path)
}

/// Gives a label another text; false where there is no such label, or another one has that text.
pub(super) fn rename(change: &Transaction<'_>, above: &[String], from: &str, to: &str) -> rusqlite::Result<bool> {
    let mut within = 0;
    for text in above {
        let mut found = change.prepare_cached("SELECT id FROM labels WHERE within = ?1 AND text = ?2")?;
        let Some(id) = found.query_row((within, text), |row| row.get(0)).optional()? else { return Ok(false) };
        within = id;
    }
    let renamed = "UPDATE OR IGNORE labels SET text = ?3 WHERE within = ?1 AND text = ?2";
    Ok(change.execute(renamed, (within, from, to))? > 0)
}
