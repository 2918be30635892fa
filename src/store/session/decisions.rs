//! Decisions of people. Every decision is in the session and in the ledger at once.

use std::collections::HashMap;

use rusqlite::Transaction;

use super::{Session, StoreError, labels, now};
use crate::domain::decision::{Decision, LabelId};
use crate::domain::history::{Step, StepKind};
use crate::domain::picture::{ContentHash, PictureId};
use crate::store::ledger::{self, Decided, LedgerEvent};

impl Session {
    /// Keeps decisions that a person made at once, of these pictures and no others; `None` takes back what was decided.
    pub fn decide(&mut self, step: &Step) -> Result<(), StoreError> {
        self.change(|change| keep(change, step))?;
        self.complete_ledger()
    }

    /// Every step that people made, from the first one on.
    pub fn steps(&self) -> Result<Vec<Step>, StoreError> {
        let steps = || -> rusqlite::Result<Vec<Step>> {
            let mut statement = self
                .connection
                .prepare("SELECT coalesce(step, id), kind, picture, decision, label FROM decisions ORDER BY id")?;
            let mut rows = statement.query([])?;
            let mut steps: Vec<Step> = Vec::new();
            let mut places: HashMap<i64, usize> = HashMap::new();
            while let Some(row) = rows.next()? {
                let (number, kind): (i64, String) = (row.get(0)?, row.get(1)?);
                let word: Option<String> = row.get(3)?;
                let label = row.get::<_, Option<i64>>(4)?.map(LabelId);
                let said = word.and_then(|word| Decision::from_word(&word, label));
                // A picture that came later belongs to the step that decided of its content.
                let place = *places.entry(number).or_insert_with(|| {
                    let kind = StepKind::from_word(&kind).unwrap_or(StepKind::Decide);
                    steps.push(Step { kind, said: vec![] });
                    steps.len() - 1
                });
                if let Some(step) = steps.get_mut(place) {
                    step.said.push((PictureId(row.get(2)?), said));
                }
            }
            Ok(steps)
        };
        steps().map_err(|error| self.failed(error))
    }
}

/// Keeps the decisions of a step.
pub(super) fn keep(change: &Transaction<'_>, step: &Step) -> rusqlite::Result<()> {
    let first = "SELECT coalesce(max(id), 0) + 1 FROM decisions";
    let number: i64 = change.query_row(first, [], |row| row.get(0))?;
    let kind = step.kind.word();
    step.said.iter().try_for_each(|(picture, said)| keep_one(change, *picture, *said, number, kind).map(drop))
}

/// Keeps the decision of one picture, as a part of a step. Gives the number of its row.
pub(super) fn keep_one(
    change: &Transaction<'_>,
    picture: PictureId,
    decision: Option<Decision>,
    step: i64,
    kind: &str,
) -> rusqlite::Result<i64> {
    let word = decision.map(Decision::word);
    let label = decision.and_then(Decision::label).map(|label| label.0);
    change
        .prepare_cached("UPDATE pictures SET decision = ?2, decided = ?3 WHERE id = ?1")?
        .execute((picture.0, word, label))?;
    let row = change
        .prepare_cached(
            "INSERT INTO decisions (picture, decision, label, at, step, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .insert((picture.0, word, label, now(), step, kind))?;
    ledger::add(change, &LedgerEvent::Decision(decided(change, picture.0, word, label)?))?;
    Ok(row)
}

/// A decision as the ledger tells it.
pub(super) fn decided(
    change: &Transaction<'_>,
    picture: i64,
    word: Option<&str>,
    label: Option<i64>,
) -> rusqlite::Result<Decided> {
    let (shown, hash): (Vec<u8>, Vec<u8>) = change
        .prepare_cached("SELECT shown, hash FROM pictures WHERE id = ?1")?
        .query_row([picture], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut path = match label {
        Some(label) => labels::path_of(change, label)?,
        None => vec![],
    };
    Ok(Decided {
        picture: super::as_path(&shown).to_owned(),
        sha256: <[u8; 32]>::try_from(hash).ok().map(ContentHash),
        decision: word.map(str::to_owned),
        label: path.pop(),
        within: path,
    })
}
