//! Opening a destination's session to work in it.

use std::path::Path;

use super::{Notice, RunContext, RunError};
use crate::files::checksums;
use crate::files::destination;
use crate::files::staged_file;
use crate::jobs::recover::recover_session;
use crate::store::session::Session;

/// Opens the session, made where there is none, and finishes what a killed run left. One of which nothing shows that it
/// is this user's own has to be trusted first: it says where files are to go.
pub fn open(context: &RunContext<'_>, destination: &Path, trust: bool) -> Result<Session, RunError> {
    let (mut session, not_noted) = Session::open_as_own(destination, &context.machine.known_sessions(), trust)?;
    if let Some(error) = not_noted {
        context.note(Notice::SessionNotNoted { destination: destination.to_owned(), error });
    }
    let localizer = context.face.localizer();
    let recovered = recover_session(&mut session, &|error| localizer.transfer(error))?;
    if recovered.ended > 0 {
        context.note(Notice::TransfersRecovered { count: recovered.ended });
    }
    if recovered.unkept > 0 {
        context.note(Notice::RecoveredUnkept { count: recovered.unkept });
    }
    if let Some(path) = recovered.refused.first() {
        context.note(Notice::TransfersRefused { count: recovered.refused.len(), path: path.clone() });
    }
    if let Some(error) = recovered.waiting.into_iter().next() {
        context.note(Notice::TransfersUnfinished(error));
    }
    Ok(session)
}

/// The destination's session, where it has one: whatever a killed run left there is finished before anything is looked
/// at.
pub(super) fn open_known(
    context: &RunContext<'_>,
    destination: &Path,
    trust: bool,
) -> Result<Option<Session>, RunError> {
    Session::exists(destination).then(|| open(context, destination, trust)).transpose()
}

/// The session that is known, or a new one: only now is anything made in the destination.
pub(super) fn known_or_new(
    context: &RunContext<'_>,
    known: Option<Session>,
    destination: &Path,
    trust: bool,
) -> Result<Session, RunError> {
    destination::prepare(destination)?;
    known.map_or_else(|| open(context, destination, trust), Ok)
}

/// An error where something that is no file has the place of one of the session's tables: that is known before a run,
/// and not when it is over.
pub(super) fn check_tables(destination: &Path, table: &Path) -> Result<(), RunError> {
    for path in [destination.join(table), destination.join(checksums::FILE_NAME)] {
        if !staged_file::is_free(&path) {
            return Err(RunError::TableInTheWay { path });
        }
    }
    Ok(())
}
