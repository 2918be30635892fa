//! `sis cache clear`.

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::printable::printable;
use crate::engine::quantised;
use crate::lang::size;
use crate::store::StoreError;
use crate::store::cache;

pub(super) fn clear(context: &mut Context) -> Result<Exit, Failure> {
    let Some(place) = context.cache_place() else {
        return Err(Failure::usage(context.language.text("doctor.no_folder")));
    };
    let mut cleared = cache::clear(&place.folder).map_err(|error| Failure::of(&error, &context.language))?;
    let folder = place.folder.join(quantised::FOLDER);
    let removed = quantised::clear(&folder).map_err(|source| StoreError::File { path: folder, source });
    cleared += removed.map_err(|error| Failure::of(&error, &context.language))?;
    let folder = printable(&place.folder);
    let line = context.language.say("cache.cleared", &[("size", &size(cleared)), ("folder", &folder)]);
    context.console.out(&line);
    Ok(Exit::Done)
}
