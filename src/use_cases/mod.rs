//! A run, from what is asked for to what came of it: opening a model and a session, classifying, watching, sorting,
//! undoing. Each is written here once; the command line and the app ask for it and tell what happens.

pub mod classify;
mod error;
mod event;
pub mod find;
mod find_direction;
mod find_pictures;
mod machine;
pub mod narrow;
pub mod open_model;
pub mod open_session;
pub mod runtime;
pub mod session_model;
pub mod sort;
pub mod undo;
pub mod watch;

use crate::files::defect::PictureDefect;
use crate::files::transfer::TransferError;
use crate::jobs::cancel_token::CancelToken;
use crate::jobs::watch::WatchBlocked;

pub use error::{FindError, RunError};
pub use event::{Notice, RunEvent};
pub use machine::Machine;

/// The side that a run is told to: the command line or the app.
pub trait Face {
    /// Something happened.
    fn tell(&self, event: RunEvent<'_>);
    /// The words that go into a session.
    fn localizer(&self) -> &dyn Localizer;
}

/// Puts what went wrong with a file into words. They are kept in the session, so they are made while a run goes on.
pub trait Localizer: Send + Sync {
    /// Puts the defect of a picture into words.
    fn trouble(&self, trouble: &PictureDefect) -> String;
    /// Puts the failure of a transfer into words.
    fn transfer(&self, error: &TransferError) -> String;
    /// Puts into words what a watch waits for.
    fn waits(&self, waits: WatchBlocked<'_>) -> String;
}

/// The machine, the token and the face that every use case works with.
#[derive(Clone, Copy)]
pub struct RunContext<'r> {
    /// The machine and the user's folders.
    pub machine: &'r Machine,
    /// Stops or pauses what has begun.
    pub stop: &'r CancelToken,
    /// True once a run that has not begun is to be given up.
    pub is_stopped: &'r dyn Fn() -> bool,
    /// Told of everything.
    pub face: &'r dyn Face,
}

impl RunContext<'_> {
    /// Tells the face.
    pub(super) fn tell(&self, event: RunEvent<'_>) {
        self.face.tell(event);
    }

    /// Tells the face of something that people should know.
    pub(super) fn note(&self, notice: Notice) {
        self.face.tell(RunEvent::Notice(notice));
    }

    /// An error once somebody has asked to stop: a run that has not begun leaves everything as it was.
    pub fn check_goes_on(&self) -> Result<(), RunError> {
        if (self.is_stopped)() { Err(RunError::Stopped) } else { Ok(()) }
    }
}
