//! Opening the session of a destination that must have one.

use std::path::Path;

use super::context::Context;
use super::face::{self, Output};
use super::failure::Failure;
use crate::store::session::Session;
use crate::use_cases::{Machine, open_session};

/// Opens the session to work in it.
pub(super) fn open_known(
    destination: &Path,
    trust: bool,
    machine: &Machine,
    context: &mut Context,
) -> Result<Session, Failure> {
    if !Session::exists(destination) {
        return Err(Failure::of(&Session::absent(destination), &context.language).into_usage());
    }
    face::run(context, machine, Output::default(), |run| open_session::open(run, destination, trust))
}
