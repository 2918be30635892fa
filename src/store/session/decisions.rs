//! What people decided. Every decision is in the session and in the ledger at once.

use rusqlite::OptionalExtension;
use serde_json::{Map, json};

use super::{Session, StoreError, now};
use crate::domain::decision::{Decision, LabelId};
use crate::domain::picture::PictureId;
use crate::store::ledger;

impl Session {
    /// Keeps decisions that a person made at once; `None` takes back what was decided of a picture.
    pub fn decide(&mut self, decisions: &[(PictureId, Option<Decision>)]) -> Result<(), StoreError> {
        self.change(|change| {
            for (picture, decision) in decisions {
                let (word, label) = (decision.map(Decision::word), decision.and_then(Decision::label));
                let number = label.map(|label| label.0);
                change
                    .prepare_cached("UPDATE pictures SET decision = ?2, decided = ?3 WHERE id = ?1")?
                    .execute((picture.0, word, number))?;
                change
                    .prepare_cached("INSERT INTO decisions (picture, decision, label, at) VALUES (?1, ?2, ?3, ?4)")?
                    .execute((picture.0, word, number, now()))?;
                let (shown, hash): (Vec<u8>, Vec<u8>) = change
                    .prepare_cached("SELECT shown, hash FROM pictures WHERE id = ?1")?
                    .query_row([picture.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let text: Option<String> = change
                    .prepare_cached("SELECT text FROM labels WHERE id = ?1")?
                    .query_row([number], |row| row.get(0))
                    .optional()?;
                let mut event = Map::from_iter([("event".to_owned(), json!("decision"))]);
                let path = std::path::Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&shown));
                ledger::put_path(&mut event, "picture", path);
                let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                event.insert("sha256".to_owned(), json!(hex));
                event.insert("decision".to_owned(), json!(word.unwrap_or("taken back")));
                if let Some(text) = text {
                    event.insert("label".to_owned(), json!(text));
                }
                ledger::add(change, event)?;
            }
            Ok(())
        })?;
        self.complete_ledger()
    }

    /// Gives a label another text: what was decided for it stays decided. Where another label has that text already,
    /// nothing is done.
    pub fn rename_label(&mut self, from: &str, to: &str) -> Result<(), StoreError> {
        self.change(|change| {
            change.execute("UPDATE OR IGNORE labels SET text = ?2 WHERE text = ?1", (from, to)).map(drop)
        })
    }

    /// The number of a label by its text, new where the session does not know it.
    pub fn label(&mut self, text: &str) -> Result<LabelId, StoreError> {
        self.change(|change| super::pictures::label_id(change, text))
    }
}
