//! Sorting what arrives at once: what is sure, and what people decide meanwhile in other processes. The rest is kept
//! for review.

use std::time::{Duration, Instant};

use super::{WatchBlocked, WatchEvent, WatchTools, Watched};
use crate::domain::printable::printable;
use crate::files::destination;
use crate::files::transfer::TransferError;
use crate::jobs::apply::ApplyRun;
use crate::jobs::sort::{SortRules, Unseen, sort};
use crate::store::StoreError;
use crate::store::ledger::RunSettings;
use crate::store::session::{Revision, Session, Which};

/// How long is waited after the destination had no room.
const AFTER_FULL: Duration = Duration::from_secs(60);

/// How long is waited before what could not be copied or moved is tried again: somebody may have put right what was
/// wrong.
const AFTER_FAILED: Duration = Duration::from_secs(600);

/// The state of applying, from turn to turn.
#[derive(Default)]
pub(super) struct Applying {
    /// One run for the whole watch, so that it can be taken back at once.
    run: Option<ApplyRun>,
    /// Up to where changes were applied; at first everything is looked through.
    applied: Option<Revision>,
    resumes: Option<Instant>,
    /// When everything is looked through again, as something could not be done.
    again: Option<Instant>,
}

impl Applying {
    /// Applies what came and what was decided since the last turn; true where a file was touched.
    pub(super) fn turn(
        &mut self,
        watched: &Watched,
        session: &mut Session,
        tools: WatchTools<'_>,
        tell: &mut dyn FnMut(WatchEvent<'_>),
    ) -> Result<bool, StoreError> {
        if tools.stop.is_requested() || self.resumes.is_some_and(|resumes| Instant::now() < resumes) {
            return Ok(false);
        }
        self.resumes = None;
        if self.again.is_some_and(|again| Instant::now() >= again) {
            (self.again, self.applied) = (None, None);
        }
        // Read first: what changes after it is for the next turn.
        let revision = session.revision()?;
        if self.applied == Some(revision) {
            return Ok(false);
        }
        let which = self.applied.map_or(Which::All, Which::ChangedSince);
        let Watched { sorting, set, folders, .. } = watched;
        let sorted =
            sort(session, SortRules { sorting, set, folders, which, resort: false, waiting: 0, within: None })?;
        if let Some(Unseen { path, error }) = sorted.unseen.first() {
            tracing::warn!(path = printable(path), "cannot be looked at: {error}");
            self.again.get_or_insert(Instant::now() + AFTER_FAILED);
        }
        if sorted.plan.transfers.is_empty() {
            self.applied = Some(revision);
            return Ok(false);
        }
        if let Err(error) = destination::check_room(session.destination(), &sorted.plan.transfers) {
            tell(WatchEvent::Waits(WatchBlocked::NoRoom(&error)));
            self.resumes = Some(Instant::now() + AFTER_FULL);
            return Ok(false);
        }
        let run = match &mut self.run {
            Some(run) => run,
            none => none.insert(ApplyRun::begin(session, RunSettings::OfWatch(watched.run))?),
        };
        let (mut ended, mut is_full, mut has_failed) = (0, false, false);
        run.carry_out(session, &sorted.plan, tools.say_transfer, tools.stop, &mut |planned, end| {
            ended += 1;
            is_full |= end.as_ref().is_err_and(TransferError::concerns_all);
            // One that was overtaken by a decision has a higher revision, and comes again by itself.
            has_failed |= end.as_ref().is_err_and(|error| !matches!(error, TransferError::Overtaken));
            tell(WatchEvent::Transferred(planned, end));
        })?;
        if has_failed {
            self.again.get_or_insert(Instant::now() + AFTER_FAILED);
        }
        match (is_full, ended == sorted.plan.transfers.len()) {
            (true, _) => self.resumes = Some(Instant::now() + AFTER_FULL),
            (false, true) => self.applied = Some(revision),
            // It is being stopped: the next watch looks through everything.
            (false, false) => {}
        }
        Ok(ended > 0)
    }

    /// Ends the run, if one was begun.
    pub(super) fn end(self, session: &mut Session) -> Result<(), StoreError> {
        self.run.map_or(Ok(()), |run| run.end(session).map(drop))
    }
}
