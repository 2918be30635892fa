//! Pictures that a session knows from before and that the last run was told to leave out.

use std::path::Path;

use super::sink::SourceFolder;
use crate::domain::choice::Choice;
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture};

/// The patterns of the last run that classified, and the folder that they are for.
#[derive(Debug)]
pub struct Unwanted {
    source: SourceFolder,
    choice: Choice,
}

impl Unwanted {
    /// Those of a session, if there are any.
    pub fn of(session: &Session) -> Result<Option<Unwanted>, StoreError> {
        let Some(origin) = session.origin()? else { return Ok(None) };
        // Patterns that an earlier run took can be used.
        let choice =
            Choice::new(origin.hidden.unwrap_or_default(), &origin.include, &origin.exclude).unwrap_or_default();
        let has_patterns = !choice.include.is_empty() || !choice.exclude.is_empty();
        Ok(has_patterns.then(|| Unwanted { source: SourceFolder::new(Path::new(&origin.source)), choice }))
    }

    /// True for a picture that the patterns leave out, that is nowhere in the destination, and of which no person has
    /// decided anything.
    pub fn has(&self, picture: &SessionPicture) -> bool {
        let is_left_out = |path: &Path| {
            self.source.inside(path).is_some_and(|inside| self.choice.by_patterns(inside, false).is_some())
        };
        picture.place.is_none() && picture.decision.is_none() && is_left_out(&picture.picture.path)
    }
}
