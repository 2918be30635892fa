//! A batch of transfers, phase by phase.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::copy::{copy, verify};
use super::removal::Removal;
use super::rename::{end_renaming, go_back, move_by_renaming};
use super::state::State;
use super::target::{open_folder, present_already, publish};
use super::{Ended, Journal, Outcome, PreparedTransfer, TransferError, ending};
use crate::crash::{self, Moment};
use crate::domain::run::{Action, TransferId};
use crate::domain::transfer::Step;
use crate::domain::unkept::Unkept;
use crate::files::folders::{Entry, Folders};
use crate::files::to_disk::{NotOnDisk, ToDisk, copy_of};

/// A transfer and how far it is.
struct InHand<'t> {
    transfer: &'t PreparedTransfer,
    state: State,
}

/// Carries out a batch. What is missing in the answer was not begun, because of a stop or of an error that concerns
/// all. An error of the journal ends the batch; the transfers that it leaves unfinished are found by
/// [`super::recover()`].
pub fn transfer_batch(
    batch: &[PreparedTransfer],
    folders: &Folders,
    journal: &mut impl Journal,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<(TransferId, Ended)>, TransferError> {
    let mut hands: Vec<InHand<'_>> = Vec::with_capacity(batch.len());
    for transfer in batch {
        if stop() {
            break;
        }
        let state = begin(transfer, folders).unwrap_or_else(|error| State::Ended(Err(error)));
        let stops = matches!(&state, State::Ended(Err(error)) if error.concerns_all());
        hands.push(InHand { transfer, state });
        if stops {
            break;
        }
    }
    settle(&mut hands, journal)?;
    publish_all(&mut hands, journal, folders)?;
    remove_all(&mut hands, folders);
    folders.close();
    // A transfer that ended in a phase before the last is recorded with the last: only then are its folders on disk.
    let ended = hands.iter().filter_map(|hand| hand.ended(journal)).collect();
    journal.record(ended).map_err(TransferError::Journal)?;
    let over = |hand: InHand<'_>| match hand.state {
        State::Ended(result) => Some((hand.transfer.id, result)),
        _ => None,
    };
    Ok(hands.into_iter().filter_map(over).collect())
}

impl InHand<'_> {
    fn ended(&self, journal: &impl Journal) -> Option<(TransferId, Step)> {
        match &self.state {
            State::Ended(Err(error)) if error.is_unfinished() => None,
            State::Ended(ended) => Some((self.transfer.id, Step::Ended(ending(ended, |error| journal.say(error))))),
            _ => None,
        }
    }
}

/// Changes each hand's state for which `step` has a next one.
fn advance(hands: &mut [InHand<'_>], mut step: impl FnMut(&PreparedTransfer, State) -> State) {
    for hand in hands {
        let state = std::mem::replace(&mut hand.state, State::Ended(Err(TransferError::Abandoned)));
        hand.state = step(hand.transfer, state);
    }
}

fn begin(transfer: &PreparedTransfer, folders: &Folders) -> Result<State, TransferError> {
    if transfer.planned.action == Action::Remove {
        let removal = Removal::find(transfer, folders)?;
        let outcome = Outcome::Removed { witness: removal.witness.path() };
        return Ok(State::Leaving { removal, outcome });
    }
    let folder = open_folder(transfer, folders)?;
    if transfer.planned.action == Action::Move
        && let Some((target, source)) = end_renaming(transfer, folders, &folder)?
    {
        return Ok(State::Renamed { target, left: source.folder });
    }
    if let Some(target) = present_already(transfer, &folder) {
        return Ok(State::Ended(Ok(Outcome::AlreadyPresent { target: target.path() })));
    }
    if transfer.planned.action == Action::Move
        && let Some((target, source)) = move_by_renaming(transfer, folders, &folder)?
    {
        return Ok(State::Renamed { target, left: source.folder });
    }
    copy(transfer, folders, &folder).map(State::Copied)
}

/// Brings the copies to disk and reads them back.
fn settle(hands: &mut [InHand<'_>], journal: &mut impl Journal) -> Result<(), TransferError> {
    advance(hands, |transfer, state| match state {
        State::Copied(copy) => match verify(&copy, transfer.planned.hash, &transfer.planned.folder) {
            Ok(written) => State::Verified(copy, written),
            Err(error) => State::Ended(Err(error)),
        },
        state => state,
    });
    let verified = |hand: &InHand<'_>| match &hand.state {
        State::Verified(copy, written) => {
            Some((hand.transfer.id, Step::Copied { inode: written.stamp.inode, unkept: copy.unkept }))
        }
        _ => None,
    };
    let steps: Vec<_> = hands.iter().filter_map(verified).collect();
    if steps.is_empty() {
        return Ok(());
    }
    crash::point(Moment::CopiesVerified);
    journal.record(steps).map_err(TransferError::Journal)?;
    crash::point(Moment::CopiesRecorded);
    Ok(())
}

/// Gives every copy its name and brings the folders to disk, those of renamed files too.
fn publish_all(hands: &mut [InHand<'_>], journal: &mut impl Journal, folders: &Folders) -> Result<(), TransferError> {
    advance(hands, |transfer, state| match state {
        State::Verified(copy, written) => publish(transfer, copy, &written),
        state => state,
    });
    let failed = bring_targets(hands);
    leave_displaced(hands, folders);
    advance(hands, |transfer, state| match state {
        State::Published { target, seen, copied_from, unkept } => match failed.of(&target.path()) {
            Some(source) if transfer.planned.action == Action::Copy => {
                State::Ended(Err(TransferError::NotOnDisk { target: target.path(), source }))
            }
            Some(source) => {
                let reason = Box::new(TransferError::Target { path: transfer.planned.folder.clone(), source });
                State::Ended(Err(TransferError::SourceKept { target: target.path(), reason }))
            }
            None => State::Published { target, seen, copied_from, unkept },
        },
        State::Renamed { target, left } => match failed.of(&target.path()) {
            Some(source) => State::Ended(Err(TransferError::NotOnDisk { target: target.path(), source })),
            None => {
                let outcome = Outcome::Moved { target: target.path(), unkept: Unkept::default() };
                State::Left { outcome, folder: left }
            }
        },
        state => state,
    });
    // A file that was renamed is on disk in its new folder before it is gone from its old one.
    end_left(hands);
    crash::point(Moment::FoldersSynced);
    advance(hands, |transfer, state| match state {
        State::Published { target, unkept, .. } if transfer.planned.action == Action::Copy => {
            State::Ended(Ok(Outcome::Copied { target: target.path(), unkept }))
        }
        state => state,
    });
    let steps: Vec<_> = hands.iter().filter_map(published).collect();
    if steps.is_empty() {
        return Ok(());
    }
    journal.record(steps).map_err(TransferError::Journal)?;
    crash::point(Moment::PublishedRecorded);
    Ok(())
}

/// A folder that somebody has moved away meanwhile, or put another thing in place of, has taken its new files along:
/// they are not where they were to be. Nothing is removed for their sake, and a file that was renamed goes back.
fn leave_displaced(hands: &mut [InHand<'_>], folders: &Folders) {
    let mut known: BTreeMap<PathBuf, io::Result<bool>> = BTreeMap::new();
    advance(hands, |transfer, state| {
        let (State::Published { target, .. } | State::Renamed { target, .. }) = &state else { return state };
        let path = target.folder.path();
        match known.entry(path.to_owned()).or_insert_with(|| folders.is_in_place(&target.folder)) {
            Ok(true) => return state,
            Ok(false) => {}
            // The next run finds out, which ends what was begun.
            Err(error) => {
                let source = copy_of(error);
                return State::Ended(Err(TransferError::NotRecovered { path: target.path(), source }));
            }
        }
        let error = TransferError::TargetChanged { path: target.path() };
        State::Ended(Err(match (&state, transfer.planned.source.file_name()) {
            (State::Renamed { target, left }, Some(name)) => {
                go_back(target, &Entry { folder: left.clone(), name: name.to_owned() }, error)
            }
            _ => error,
        }))
    });
}

fn published(hand: &InHand<'_>) -> Option<(TransferId, Step)> {
    match &hand.state {
        State::Published { target, .. } => Some((hand.transfer.id, Step::Published { target: target.path() })),
        _ => None,
    }
}

/// Brings to disk the folders that files got a name in, and what was renamed: nobody may have done that since it was
/// written.
fn bring_targets(hands: &[InHand<'_>]) -> NotOnDisk {
    let mut to_disk = ToDisk::default();
    for hand in hands {
        match &hand.state {
            State::Published { target, .. } => to_disk.folder(&target.folder),
            State::Renamed { target, .. } => to_disk.file(target),
            _ => {}
        }
    }
    to_disk.bring()
}

/// Removes the sources of the moves whose copies are published, and copies whose witnesses are whole.
fn remove_all(hands: &mut [InHand<'_>], folders: &Folders) {
    advance(hands, |transfer, state| match state {
        State::Published { target, seen, copied_from, unkept } => {
            let outcome = Outcome::Moved { target: target.path(), unkept };
            match folders.entry(&transfer.planned.source) {
                Ok(source) => {
                    let removal = Removal::of_source(source, copied_from, target, seen);
                    State::Leaving { removal, outcome }
                }
                Err(source) => not_removed(
                    transfer,
                    &outcome,
                    TransferError::NotRemoved { path: transfer.planned.source.clone(), source },
                ),
            }
        }
        state => state,
    });
    let failed = bring_witnesses(hands, folders);
    advance(hands, |transfer, state| match state {
        State::Leaving { removal, outcome } => match failed.of(&removal.witness.path()) {
            Some(source) => {
                let (path, witness) = (transfer.planned.source.clone(), removal.witness.path());
                not_removed(transfer, &outcome, TransferError::WitnessNotOnDisk { path, witness, source })
            }
            None => match removal.carry_out(transfer) {
                Ok(()) => State::Left { outcome, folder: removal.leaving.folder },
                Err(error) => not_removed(transfer, &outcome, error),
            },
        },
        state => state,
    });
    let is_any_removed = hands.iter().any(|hand| matches!(hand.state, State::Left { .. }));
    end_left(hands);
    if is_any_removed {
        crash::point(Moment::UnlinksSynced);
    }
}

/// A file that was to be removed stays: for a move that is a copy with a source that was kept.
fn not_removed(transfer: &PreparedTransfer, outcome: &Outcome, error: TransferError) -> State {
    State::Ended(Err(match transfer.planned.action {
        Action::Move => TransferError::SourceKept { target: outcome.target().to_owned(), reason: Box::new(error) },
        Action::Copy | Action::Remove => error,
    }))
}

/// Brings the witnesses of removals to disk, and that they are where they are: they may be downloads of a minute ago.
/// The copies of moves are there since they were published.
fn bring_witnesses(hands: &[InHand<'_>], folders: &Folders) -> NotOnDisk {
    let mut to_disk = ToDisk::default();
    let mut failed = NotOnDisk::default();
    for hand in hands.iter().filter(|hand| hand.transfer.planned.action == Action::Remove) {
        if let State::Leaving { removal, .. } = &hand.state {
            to_disk.file(&removal.witness);
            if let Err(error) = folders.anchor(removal.witness.folder.path()) {
                failed.add(removal.witness.folder.path(), error);
            }
        }
    }
    failed.append(to_disk.bring());
    if hands.iter().any(|hand| matches!(&hand.state, State::Leaving { .. })) {
        crash::point(Moment::WitnessesSynced);
    }
    failed
}

/// Brings the folders to disk that files have left, and ends what is done with that.
fn end_left(hands: &mut [InHand<'_>]) {
    let mut to_disk = ToDisk::default();
    for hand in hands.iter() {
        if let State::Left { folder, .. } = &hand.state {
            to_disk.folder(folder);
        }
    }
    let failed = to_disk.bring();
    advance(hands, |_, state| match state {
        State::Left { outcome, folder } => match failed.of_folder(folder.path()) {
            Some(source) => State::Ended(Err(TransferError::NotOnDisk { target: outcome.target().to_owned(), source })),
            None => State::Ended(Ok(outcome)),
        },
        state => state,
    });
}
