//! Ctrl-C and its kin: the first asks the jobs to stop, the second ends the program.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;
use crate::jobs::stop::Stop;

/// From now on, an interrupt, a request to end and a lost terminal ask for a stop; the second of them ends the program
/// at once, which loses nothing: a file in hand is still at its source.
pub(super) fn listen() -> std::io::Result<Stop> {
    let stop = Stop::default();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first signal finds the flag down, and puts it up.
        flag::register_conditional_shutdown(signal, i32::from(Exit::Interrupted.code()), stop.flag())?;
        flag::register(signal, stop.flag())?;
    }
    Ok(stop)
}
