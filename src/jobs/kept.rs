//! Files that are looked at though they are hidden or litter: the session has pictures of them, from before such files
//! were left out, or from a run that looked at them.

use super::session_writer::SourceFolder;
use crate::domain::settings::Settings;
use crate::files::scan::Kept;
use crate::store::StoreError;
use crate::store::session::Session;

/// The files of a source that a session keeps in sight, by their paths in the source.
pub fn kept(session: &Session, settings: &Settings) -> Result<Kept, StoreError> {
    let source = SourceFolder::new(&settings.source);
    let mut kept = Kept::new();
    session.for_each_known_path(|path| {
        let Some(inside) = source.inside(path) else { return };
        if settings.choice.by_name(inside, false).is_some() {
            kept.insert(inside.to_owned());
        }
    })?;
    Ok(kept)
}
