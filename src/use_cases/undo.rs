//! Taking back what runs did.

use super::{RunContext, RunError, RunEvent};
use crate::domain::run::RunId;
use crate::files::transfer::TransferError;
use crate::jobs::undo::{self, Outlook, Undone};
use crate::store::StoreError;
use crate::store::session::{Run, Session};

/// The runs that are to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToUndo {
    /// This one.
    Run(RunId),
    /// The last that is in force.
    Last,
    /// All that are in force, the last first.
    All,
}

/// The runs that are meant and did something that is in force, in the order in which they are taken back; none where
/// the session has no run of that number. Unless it is trusted, a session that does not tell what its ledger does is an
/// error: it is not as this user's program left it.
pub fn runs(session: &Session, wanted: ToUndo, trust: bool) -> Result<Option<Vec<Run>>, RunError> {
    let runs = match wanted {
        ToUndo::Run(id) => match session.run(id)? {
            Some(run) => vec![run],
            None => return Ok(None),
        },
        ToUndo::Last => session.runs_in_force()?.into_iter().take(1).collect(),
        ToUndo::All => session.runs_in_force()?,
    };
    let mut with_something = Vec::new();
    for run in runs {
        if session.reversible(run.id)?.is_empty() {
            continue;
        }
        if !trust && let [disputed, ..] = session.reversible_as_told(run)?.1.as_slice() {
            let (destination, path) = (session.destination().to_owned(), disputed.target.clone());
            return Err(StoreError::Disputed { destination, path }.into());
        }
        with_something.push(run);
    }
    Ok(Some(with_something))
}

/// The effects that taking back a run would have, and what stands in the way. None where there is nothing to take back.
pub fn outlook(
    session: &Session,
    wanted: ToUndo,
    trust: bool,
) -> Result<Option<(Outlook, Vec<TransferError>)>, RunError> {
    let run = runs(session, wanted, trust)?.unwrap_or_default().into_iter().next();
    Ok(run.map(|run| undo::outlook(session, run)).transpose()?)
}

/// Takes a run back as far as that goes before a stop.
pub fn undo(context: &RunContext<'_>, session: &mut Session, run: Run) -> Result<Undone, RunError> {
    let localizer = context.face.localizer();
    context.tell(RunEvent::StageBegins { total: session.reversible(run.id)?.len() });
    let undone = undo::undo(session, run, &|error| localizer.transfer(error), context.stop, &mut |path, ended| {
        context.tell(RunEvent::TakenBack { path, ended });
    });
    Ok(undone?)
}
