//! Plans made of what the screen shows, carried out, and taken back.

use std::path::{Path, PathBuf};

use super::runner::RunnerContext;
use super::{CrewError, Event, Tally, UndoTally};
use crate::domain::folder_name::folder_names;
use crate::domain::picture::PictureId;
use crate::domain::plan::Plan;
use crate::domain::run::{RunId, RunKind};
use crate::files::destination;
use crate::jobs::apply::apply;
use crate::jobs::sort::{SortRules, sort};
use crate::jobs::tables;
use crate::jobs::undo::{Undone, undo};
use crate::store::ledger::{RunResult, RunSettings};
use crate::store::session::{LabelSet, Session, Sorting, Which};

/// Failures that are told in words; all of them are in the table.
const TOLD: usize = 50;

/// The last plan, and what it was made with.
pub(super) struct PendingPlan {
    pub(super) plan: Plan,
    pub(super) gone: Vec<PathBuf>,
    pub(super) unseen: Vec<PathBuf>,
    sorting: Sorting,
    set: LabelSet,
}

impl RunnerContext {
    /// Puts the scores of now into the session, and makes a plan of them.
    pub(super) fn plan(
        &self,
        session: &mut Session,
        sorting: Sorting,
        scores: &[(PictureId, Vec<f32>)],
    ) -> Result<PendingPlan, CrewError> {
        let known = session.sorting()?;
        let set = match known {
            Some((known, set)) if known == sorting => set,
            known => {
                let model = known.map(|(_, set)| session.model_of(&set)).transpose()?.flatten().unwrap_or_default();
                let set = session.label_set(&sorting.labels, &sorting.template, &model)?;
                let run =
                    session.begin_run(RunKind::Classify, None, Some((&sorting, &set)), RunSettings::OtherLabels)?;
                session.put_scores(run, &set, scores)?;
                session.end_run(run, RunResult::None {})?;
                set
            }
        };
        let folders = self.folders(session, &sorting)?;
        let rules =
            SortRules { sorting: &sorting, set: &set, folders: &folders, which: Which::All, resort: true, waiting: 0 };
        let sorted = sort(session, rules)?;
        let unseen = sorted.unseen.into_iter().map(|unseen| unseen.path).collect();
        Ok(PendingPlan { plan: sorted.plan, gone: sorted.gone, unseen, sorting, set })
    }

    fn folders(&self, session: &Session, sorting: &Sorting) -> Result<Vec<String>, CrewError> {
        let table = tables::table_name(session)?.unwrap_or_default();
        Ok(folder_names(&sorting.labels, &table.to_string_lossy()))
    }

    /// Carries a plan out.
    pub(super) fn apply(&self, session: &mut Session, table: &Path, made: &PendingPlan) -> Result<(), CrewError> {
        destination::check_room(session.destination(), &made.plan.transfers)?;
        let total = made.plan.transfers.len();
        let mut tally = Tally::default();
        let mut failures = Vec::new();
        let run = apply(session, &made.plan, &|error| self.sayer.transfer(error), &self.stop, &mut |_, ended| {
            tally.add(ended);
            if let Err(error) = ended
                && failures.len() < TOLD
            {
                failures.push(self.sayer.transfer(error));
            }
            self.tell(Event::Progress { tally, total });
        })?;
        tables::write(session, table, Some(&made.set), made.sorting.sure())?;
        self.tell_places(session)?;
        let (_, head) = session.ledger_head()?;
        self.tell(Event::Applied { run, tally, failures, total, head });
        Ok(())
    }

    /// Takes a run back: the one that is named, or the last that is in force.
    pub(super) fn undo(&self, session: &mut Session, wanted: Option<RunId>) -> Result<(), CrewError> {
        let run = match wanted {
            Some(id) => session.run(id)?,
            None => session.runs_in_force()?.into_iter().next(),
        };
        let Some(run) = run else { return Err(CrewError::NothingToUndo) };
        let total = session.reversible(run.id)?.len();
        let mut tally = Tally::default();
        let undone = undo(session, run, &|error| self.sayer.transfer(error), &self.stop, &mut |_, ended| {
            tally.add(ended);
            self.tell(Event::Progress { tally, total });
        })?;
        tables::rewrite(session)?;
        self.tell_places(session)?;
        let (_, head) = session.ledger_head()?;
        let failures = undone.left.iter().take(TOLD).map(|(_, error)| self.sayer.transfer(error)).collect();
        let Undone { run, own, back, removed, gone, unkept, left, waiting, .. } = undone;
        let tally = UndoTally { back, removed, gone, left: left.len() + waiting, unkept };
        self.tell(Event::Undone { run, own, tally, failures, head });
        Ok(())
    }

    /// Tells the folder that every picture is in now.
    fn tell_places(&self, session: &Session) -> Result<(), CrewError> {
        let mut folders = Vec::new();
        session.for_each_picture(None, Which::All, |picture| {
            folders.push((picture.id, picture.place.map(|place| place.folder)));
        })?;
        self.tell(Event::Places { folders });
        Ok(())
    }
}
