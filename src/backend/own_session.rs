//! Opening sessions to work in, where they are the user's own or are to be trusted.

use std::path::{Path, PathBuf};

use super::runner::RunnerContext;
use super::{CrewError, Event};
use crate::jobs::recover::recover_session;
use crate::store::session::Session;

impl RunnerContext {
    /// The session of a destination to work in; one of which nothing shows that it is the user's own is not obeyed.
    pub(super) fn session(&self, destination: &Path) -> Result<Session, CrewError> {
        self.session_as_own(destination, self.is_vouched_for(destination))
    }

    /// From now on the session of a destination is obeyed.
    pub(super) fn trust(&self, destination: PathBuf) -> Result<(), CrewError> {
        self.session_as_own(&destination, true)?;
        self.tell(Event::Trusted { destination });
        Ok(())
    }

    fn session_as_own(&self, destination: &Path, trust: bool) -> Result<Session, CrewError> {
        let (mut session, not_noted) = Session::open_as_own(destination, &self.surroundings.known_sessions(), trust)?;
        // As long as the app is open, it knows itself what it made or was told to trust.
        if let Some(error) = not_noted
            && self.vouched.borrow_mut().insert(destination.to_owned())
        {
            self.tell(Event::Trouble { error: CrewError::NotNoted(error) });
        }
        let recovered = recover_session(&mut session, &|error| self.sayer.transfer(error))?;
        if recovered.unkept > 0 {
            self.tell(Event::RecoveredUnkept { count: recovered.unkept });
        }
        if let Some(path) = recovered.refused.first() {
            let error = CrewError::NotRecovered { count: recovered.refused.len(), path: path.clone() };
            self.tell(Event::Trouble { error });
        }
        if let Some(error) = recovered.waiting.into_iter().next() {
            self.tell(Event::Trouble { error: CrewError::Unfinished(error) });
        }
        Ok(session)
    }

    /// An error for a session of which nothing shows that it is the user's own.
    pub(super) fn check_own(&self, session: &mut Session, destination: &Path) -> Result<(), CrewError> {
        match self.is_vouched_for(destination) {
            true => Ok(()),
            false => Ok(session.check_own(&self.surroundings.known_sessions())?),
        }
    }

    fn is_vouched_for(&self, destination: &Path) -> bool {
        self.vouched.borrow().contains(destination)
    }
}
