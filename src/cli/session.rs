//! Opening a destination's session, and what is said of it.

use std::path::Path;

use super::context::Context;
use super::failure::Failure;
use crate::domain::printable::printable;
use crate::jobs::recover::recover_session;
use crate::lang::{Say, Values};
use crate::store::StoreError;
use crate::store::session::Session;

/// Opens the session to work in it, and finishes what a killed program left. One of which nothing shows that it is this
/// user's own has to be trusted first: it says where files are to go.
pub(super) fn open_to_work(destination: &Path, trust: bool, context: &mut Context) -> Result<Session, Failure> {
    let opened = Session::open_as_own(destination, &context.known_sessions(), trust);
    let (mut session, not_noted) = opened.map_err(|error| failure(&error, context))?;
    if let Some(error) = not_noted {
        context.note(&error);
    }
    let language = context.language.clone();
    let recovered = recover_session(&mut session, &|error| error.say(&language));
    let recovered = recovered.map_err(|error| failure(&error, context))?;
    if recovered.ended > 0 {
        let note = context.language.say("store.recovered", &[("count", &recovered.ended)]);
        context.note_text(&note);
    }
    if recovered.unkept > 0 {
        let note = context.language.say("classify.unkept", &[("count", &recovered.unkept)]);
        context.note_text(&note);
    }
    context.is_unfinished |= !recovered.refused.is_empty() || !recovered.waiting.is_empty();
    if let Some(path) = recovered.refused.first() {
        let values: Values<'_> = &[("count", &recovered.refused.len()), ("path", &printable(path))];
        let note = context.language.say("store.not_recovered", values);
        context.note_text(&note);
    }
    if let Some(error) = recovered.waiting.first() {
        context.note(error);
    }
    Ok(session)
}

/// Opens the session of a destination that must have one, to work in it.
pub(super) fn open_known(destination: &Path, trust: bool, context: &mut Context) -> Result<Session, Failure> {
    if !Session::exists(destination) {
        return Err(Failure::of(&Session::absent(destination), &context.language).into_usage());
    }
    open_to_work(destination, trust, context)
}

/// A session to try things in: nothing of it is kept.
pub(super) fn open_copy(destination: &Path, context: &Context) -> Result<Session, Failure> {
    Session::open_copy(destination).map_err(|error| failure(&error, context))
}

/// The failure of a session; where trust would help, it is said how to give it.
pub(super) fn failure(error: &StoreError, context: &Context) -> Failure {
    let failure = Failure::of(error, &context.language);
    if let StoreError::SessionLost { .. } = error {
        return failure.into_usage();
    }
    if !error.asks_for_trust() {
        return failure;
    }
    let sentence = format!("{} {}", failure.sentence, context.language.text("store.add_trust"));
    Failure { sentence, ..failure.into_usage() }
}
