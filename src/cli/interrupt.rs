//! Ctrl-C and its kin: the first asks the jobs to stop, the second ends the program.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;
use super::failure::Failure;
use crate::jobs::cancel_token::CancelToken;

/// The failure of listening.
pub(super) fn failure(error: std::io::Error) -> Failure {
    Failure { sentence: error.to_string(), chain: "signals".to_owned(), exit: Exit::Failed }
}

/// From now on, Ctrl-C, a request to end and a lost terminal ask for a stop; a second Ctrl-C ends the program at once,
/// which loses no picture: a file in hand is still at its source.
pub(super) fn listen() -> std::io::Result<CancelToken> {
    let stop = CancelToken::default();
    // In this order: the first Ctrl-C finds the flag down, and puts it up. Only a person ends the program at once: a
    // connection that is lost may send several signals, and the table of what happened is still to be written.
    flag::register_conditional_shutdown(SIGINT, i32::from(Exit::Interrupted.code()), stop.flag())?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register(signal, stop.flag())?;
    }
    Ok(stop)
}
