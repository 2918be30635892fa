//! The effects of a transfer's end: for its picture, for the transfer that it takes back, for the ledger.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{OptionalExtension, Transaction};

use super::{columns, unkept};
use crate::domain::run::{Action, RunId, RunKind, TransferId};
use crate::domain::transfer::{Ending, TransferResult};
use crate::file_system::is_gone;
use crate::store::ledger::{self, LedgerEvent, TransferEnded, Word};

/// The word in the session for how a transfer ended.
pub(super) fn word(ending: &Ending) -> &'static str {
    ending.result().map_or("abandoned", TransferResult::word)
}

/// Takes note of an end everywhere but in the transfer itself.
pub(super) fn take_effect(
    change: &Transaction<'_>,
    destination: &Path,
    id: TransferId,
    ending: &Ending,
) -> rusqlite::Result<()> {
    let reverses = place_picture(change, destination, id, ending)?;
    if let Ending::Done { .. } | Ending::Gone { .. } | Ending::Unsynced { .. } = ending {
        forget_gone(change, id)?;
        change
            .prepare_cached("UPDATE transfers SET undone_by = ?2 WHERE id = ?1")?
            .execute((reverses.map(|reversed| reversed.0), id.0))?;
    }
    if *ending != Ending::Abandoned {
        ledger::add(change, &LedgerEvent::Transfer(Box::new(ended(change, id, ending)?)))?;
    }
    Ok(())
}

/// Takes note that a transfer which had its effect before is on disk now. Where the picture is may have changed since.
pub(super) fn take_effect_again(change: &Transaction<'_>, id: TransferId, ending: &Ending) -> rusqlite::Result<()> {
    change.prepare_cached("UPDATE pictures SET failure = NULL WHERE placed_by = ?1")?.execute([id.0])?;
    ledger::add(change, &LedgerEvent::Transfer(Box::new(ended(change, id, ending)?)))
}

/// Where the picture is now. Gives the transfer that this one takes back.
fn place_picture(
    change: &Transaction<'_>,
    destination: &Path,
    id: TransferId,
    ending: &Ending,
) -> rusqlite::Result<Option<TransferId>> {
    let (kind, action, source, reverses): (String, String, Vec<u8>, Option<i64>) = change
        .prepare_cached(
            "SELECT runs.kind, action, source, transfers.reverses FROM transfers JOIN runs ON runs.id = run
             WHERE transfers.id = ?1",
        )?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let is_undo = RunKind::from_word(&kind) == Some(RunKind::Undo);
    let from_inside = !source.starts_with(b"/");
    let is_move = Action::from_word(&action) == Some(Action::Move);
    match ending {
        Ending::Done { .. } | Ending::Gone { .. } | Ending::Unsynced { .. } if is_undo => {
            put_back(change, destination, id)?
        }
        // The file that it was to come back to is there already; what is to be removed is removed by another transfer.
        Ending::Present { .. } | Ending::Kept { .. } if is_undo => {}
        // The same when a file of ours is where it is to go already: it is twice in the destination until one is
        // removed.
        Ending::Present { .. } if is_move && from_inside => forget_failure(change, id)?,
        // It was put there before: whoever did that takes it back.
        Ending::Present { .. } if is_at_target(change, id)? => forget_failure(change, id)?,
        Ending::Done { .. }
        | Ending::Gone { .. }
        | Ending::Present { .. }
        | Ending::Kept { .. }
        | Ending::Unsynced { .. } => {
            // The reason for which a source stayed is told with its copy.
            let kept = ending.reason().filter(|_| matches!(ending, Ending::Kept { .. }));
            change
                .prepare_cached(
                    "UPDATE pictures SET failure = ?2, (placed, placed_by) = (SELECT target, id FROM transfers WHERE id = ?1)
                     WHERE id = (SELECT picture FROM transfers WHERE id = ?1)",
                )?
                .execute((id.0, kept))?;
        }
        Ending::Failed { reason } => {
            change
                .prepare_cached(
                    "UPDATE pictures SET failure = ?2 WHERE id = (SELECT picture FROM transfers WHERE id = ?1)",
                )?
                .execute((id.0, reason))?;
        }
        Ending::Abandoned => {}
    }
    Ok(reverses.map(TransferId))
}

/// Gives the picture the place that it had before the transfer that is taken back, unless another one has put it
/// elsewhere since: the same content was there before, and there it stays.
fn put_back(change: &Transaction<'_>, destination: &Path, id: TransferId) -> rusqlite::Result<()> {
    let back = "UPDATE pictures SET failure = NULL, (placed, placed_by) = (
                    SELECT iif(?2, NULL, reversed.was_placed), iif(?2, NULL, reversed.was_by)
                    FROM transfers JOIN transfers AS reversed ON reversed.id = transfers.reverses
                    WHERE transfers.id = ?1)
                WHERE id = (SELECT picture FROM transfers WHERE id = ?1)
                AND (placed IS NULL OR placed = (SELECT source FROM transfers WHERE id = ?1)
                    OR placed_by = (SELECT reverses FROM transfers WHERE id = ?1))";
    let is_gone = is_place_before_gone(change, destination, id)?;
    change.prepare_cached(back)?.execute((id.0, is_gone)).map(drop)
}

/// True where the file that was the picture's place before is not there any more, because it was taken away on behalf
/// of another picture, which shared it.
fn is_place_before_gone(change: &Transaction<'_>, destination: &Path, id: TransferId) -> rusqlite::Result<bool> {
    let taken =
        "SELECT reversed.was_placed FROM transfers JOIN transfers AS reversed ON reversed.id = transfers.reverses
                 JOIN transfers AS taken ON taken.source = reversed.was_placed
                 WHERE transfers.id = ?1 AND taken.action <> 'copy' AND taken.step IN ('done', 'unsynced')
                 AND taken.picture <> transfers.picture LIMIT 1";
    let taken: Option<Vec<u8>> = change.prepare_cached(taken)?.query_row([id.0], |row| row.get(0)).optional()?;
    let is_gone = |path: &Vec<u8>| {
        let found = std::fs::symlink_metadata(destination.join(OsStr::from_bytes(path)));
        found.is_err_and(|error| is_gone(&error))
    };
    Ok(taken.as_ref().is_some_and(is_gone))
}

/// True where the picture's place is the file that its transfer found.
fn is_at_target(change: &Transaction<'_>, id: TransferId) -> rusqlite::Result<bool> {
    let same = "SELECT placed IS NOT NULL AND placed_by IS NOT NULL AND placed = target
                FROM transfers JOIN pictures ON pictures.id = picture WHERE transfers.id = ?1";
    change.prepare_cached(same)?.query_row([id.0], |row| row.get::<_, Option<bool>>(0)).map(Option::unwrap_or_default)
}

fn forget_failure(change: &Transaction<'_>, id: TransferId) -> rusqlite::Result<()> {
    let forgotten = "UPDATE pictures SET failure = NULL WHERE id = (SELECT picture FROM transfers WHERE id = ?1)";
    change.prepare_cached(forgotten)?.execute([id.0]).map(drop)
}

/// A file that is not there any more is nobody's place: another picture with its name and content had it too.
fn forget_gone(change: &Transaction<'_>, id: TransferId) -> rusqlite::Result<()> {
    let gone = "UPDATE pictures SET placed = NULL, placed_by = NULL
                WHERE placed = (SELECT source FROM transfers WHERE id = ?1 AND action <> 'copy')
                AND id <> (SELECT picture FROM transfers WHERE id = ?1)";
    change.prepare_cached(gone)?.execute([id.0]).map(drop)
}

/// The end of a transfer as the ledger tells it.
pub(super) fn ended(change: &Transaction<'_>, id: TransferId, ending: &Ending) -> rusqlite::Result<TransferEnded> {
    let mut statement = change.prepare_cached(
        "SELECT transfers.run, action, source, target, transfers.hash, transfers.size, modified, transfers.reverses,
                unkept, device
         FROM transfers JOIN pictures ON pictures.id = picture WHERE transfers.id = ?1",
    )?;
    let is_done = matches!(ending, Ending::Done { .. } | Ending::Kept { .. } | Ending::Unsynced { .. });
    statement.query_row([id.0], |row| {
        Ok(TransferEnded {
            run: RunId(row.get("run")?),
            transfer: id,
            action: Word::of(&row.get::<_, String>("action")?),
            result: Word::of(word(ending)),
            source: columns::path(row, "source")?.unwrap_or_default(),
            target: columns::path(row, "target")?,
            sha256: columns::hash(row, "hash")?,
            size: Some(row.get("size")?),
            modified: row.get::<_, Option<String>>("modified")?.and_then(|text| columns::time_of(text.parse().ok()?)),
            device: row.get("device")?,
            reverses: row.get::<_, Option<i64>>("reverses")?.map(TransferId),
            unkept: unkept::kept(unkept::in_row(row, "unkept")?).filter(|_| is_done),
            is_gone: matches!(ending, Ending::Gone { .. }),
            reason: ending.reason().map(str::to_owned),
        })
    })
}
