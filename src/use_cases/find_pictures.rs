//! Searching a source, and telling of everything in it that is not looked at.

use super::{Notice, RunContext, RunError, RunEvent};
use crate::domain::settings::{Operation, Settings};
use crate::files::scan::{Kept, Scan, Scope};
use crate::store::session::Session;

/// Finds the files of the source. Folders that could not be read, links and special files are told of.
pub(super) fn find_pictures(context: &RunContext<'_>, settings: &Settings, kept: &Kept) -> Result<Scan, RunError> {
    let found = Scope::of(settings, kept).scan_while(&|| !(context.is_stopped)())?;
    let found = found.ok_or(RunError::Stopped)?;
    for (folder, error) in &found.unreadable {
        context.note(Notice::UnreadableFolder { folder: folder.clone(), detail: error.to_string() });
    }
    if let Some(first) = found.links.first() {
        context.note(Notice::LinksPassedOver { count: found.links.len(), first: first.clone() });
    }
    if let Some(first) = found.special.first() {
        context.note(Notice::SpecialFilesPassedOver { count: found.special.len(), first: first.clone() });
    }
    if let Some(first) = found.own.first() {
        context.note(Notice::OwnNamesPassedOver { count: found.own.len(), first: first.clone() });
    }
    if settings.operation == Operation::Move && Session::exists(&settings.source) {
        context.note(Notice::SourceIsSorted { folder: settings.source.clone() });
    }
    context.tell(RunEvent::Found { source: &settings.source, files: found.files.len() });
    Ok(found)
}
