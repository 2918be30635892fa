//! Labels of a session, and the sets of them that predictions were made with.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use super::{Session, StoreError};
use crate::domain::decision::LabelId;
use crate::domain::label::Label;
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
        self.change(|change| label_set(change, labels, template, model))
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

    /// The texts of all labels.
    pub fn label_texts(&self) -> Result<HashMap<LabelId, String>, StoreError> {
        let texts = || -> rusqlite::Result<HashMap<LabelId, String>> {
            let mut statement = self.connection.prepare("SELECT id, text FROM labels")?;
            statement.query_map([], |row| Ok((LabelId(row.get(0)?), row.get(1)?)))?.collect()
        };
        texts().map_err(|error| self.failed(error))
    }

    /// Gives a label another text: what was decided for it stays decided. Where another label has that text already,
    /// nothing is done.
    pub fn rename_label(&mut self, from: &str, to: &str) -> Result<(), StoreError> {
        self.change(|change| {
            let renamed = change.execute("UPDATE OR IGNORE labels SET text = ?2 WHERE text = ?1", (from, to))?;
            if renamed == 0 {
                return Ok(());
            }
            ledger::add(change, &LedgerEvent::Rename { label: from.to_owned(), to: to.to_owned() })
        })?;
        self.complete_ledger()
    }

    /// Gives labels the texts of these where they were read to the letter before, with quotes around them or several
    /// blanks: what was decided for one stays decided.
    pub fn respell_labels(&mut self, labels: &[Label]) -> Result<(), StoreError> {
        let known: Vec<String> = self.label_texts()?.into_values().collect();
        for label in labels.iter().filter(|label| !known.contains(&label.text)) {
            let is_in_use = |text: &String| labels.iter().any(|label| label.text == *text);
            if let Some(before) = known.iter().filter(|text| !is_in_use(text)).find(|text| label.was_read_as(text)) {
                self.rename_label(before, &label.text)?;
            }
        }
        Ok(())
    }

    /// The number of a label by its text, new where the session does not know it.
    pub fn label(&mut self, text: &str) -> Result<LabelId, StoreError> {
        self.change(|change| label_id(change, text))
    }
}

/// The label set for labels and for what else predictions depend on, new where it is not there.
pub(super) fn label_set(
    change: &Transaction<'_>,
    labels: &[Label],
    template: &str,
    model: &str,
) -> rusqlite::Result<LabelSet> {
    let key = json!({"labels": labels, "template": template, "model": model}).to_string();
    let ids = labels.iter().map(|label| label_id(change, &label.text)).collect::<rusqlite::Result<Vec<_>>>()?;
    let numbers = json!(ids.iter().map(|id| id.0).collect::<Vec<_>>()).to_string();
    change.execute("INSERT OR IGNORE INTO label_sets (key, labels) VALUES (?1, ?2)", (&key, numbers))?;
    let id = change.query_row("SELECT id FROM label_sets WHERE key = ?1", [&key], |row| row.get(0))?;
    Ok(LabelSet { id, labels: ids })
}

/// The number of a label, new where its text is.
pub(super) fn label_id(change: &Transaction<'_>, text: &str) -> rusqlite::Result<LabelId> {
    change.prepare_cached("INSERT OR IGNORE INTO labels (text) VALUES (?1)")?.execute([text])?;
    let mut found = change.prepare_cached("SELECT id FROM labels WHERE text = ?1")?;
    found.query_row([text], |row| row.get(0).map(LabelId))
}
