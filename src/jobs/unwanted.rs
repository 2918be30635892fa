//! Pictures that a session knows from before and that the last run was told to leave out.

use std::path::Path;

use super::session_writer::SourceFolder;
use crate::domain::file_filter::FileFilter;
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture};

/// The patterns of the last run that classified, and the folder that they are for.
#[derive(Debug)]
pub struct Unwanted {
    source: SourceFolder,
    /// None where the patterns cannot be used: then nothing is known to be wanted.
    choice: Option<FileFilter>,
}

impl Unwanted {
    /// The unwanted pictures of a session, if it has any.
    pub fn of(session: &Session) -> Result<Option<Unwanted>, StoreError> {
        let Some(origin) = session.origin()? else { return Ok(None) };
        let choice = FileFilter::new(origin.hidden.unwrap_or_default(), &origin.include, &origin.exclude).ok();
        let has_patterns = !origin.include.is_empty() || !origin.exclude.is_empty();
        Ok(has_patterns.then(|| Unwanted { source: SourceFolder::new(Path::new(&origin.source)), choice }))
    }

    /// True for a picture that the patterns leave out, that is nowhere in the destination, and of which no person has
    /// decided anything.
    pub fn has(&self, picture: &SessionPicture) -> bool {
        let is_left_out = |path: &Path| {
            let has = |inside| self.choice.as_ref().is_none_or(|choice| choice.by_patterns(inside, false).is_some());
            self.source.inside(path).is_some_and(has)
        };
        picture.place.is_none() && picture.decision.is_none() && is_left_out(&picture.picture.path)
    }
}
