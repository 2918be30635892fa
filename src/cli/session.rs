//! Opening a destination's session, and what is said of it.

use std::path::Path;

use super::context::Context;
use super::failure::Failure;
use crate::domain::printable::printable;
use crate::jobs::carry_out::recover_session;
use crate::lang::{Say, Values};
use crate::store::known::KnownSessions;
use crate::store::session::Session;

/// Opens the session to work in it, and finishes what a killed program left. One that this user did not make has to be
/// trusted first: it says where files are to go.
pub(super) fn open_to_work(destination: &Path, trust: bool, context: &mut Context) -> Result<Session, Failure> {
    let mut session = Session::open_to_work(destination).map_err(|error| Failure::of(&error, &context.language))?;
    if let Some(known) = context.data_folder.as_deref().map(KnownSessions::in_folder) {
        if !session.is_new() && !trust && !known.has(&session) {
            let values: Values<'_> = &[("destination", &printable(destination))];
            return Err(Failure::usage(context.language.say("store.foreign_session", values)));
        }
        if let Err(error) = known.add(&session) {
            tracing::warn!("the session could not be noted as this user's own: {error}");
        }
    }
    let language = context.language.clone();
    let recovered = recover_session(&mut session, &|error| error.say(&language));
    let count = recovered.map_err(|error| Failure::of(&error, &context.language))?;
    if count > 0 {
        let note = context.language.say("store.recovered", &[("count", &count)]);
        context.note_text(&note);
    }
    Ok(session)
}

/// Opens the session of a destination that must have one, to work in it.
pub(super) fn open_known(destination: &Path, trust: bool, context: &mut Context) -> Result<Session, Failure> {
    if !Session::exists(destination) {
        let error = crate::store::StoreError::NoSession { destination: destination.to_owned() };
        return Err(Failure::of(&error, &context.language).into_usage());
    }
    open_to_work(destination, trust, context)
}

/// A session to try things in: nothing of it is kept.
pub(super) fn open_copy(destination: &Path, context: &Context) -> Result<Session, Failure> {
    Session::open_copy(destination).map_err(|error| Failure::of(&error, &context.language))
}
