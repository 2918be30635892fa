//! Where a picture may be, for those that decode it to look at.

use crate::backend::PictureLocation;
use crate::domain::plan::name_candidates;
use crate::tui::model::Model;

/// The places of a picture, and the content that is decided.
pub(super) fn sight(model: &Model, index: usize) -> Option<PictureLocation> {
    let entry = model.collection.entries().get(index)?;
    let name = entry.path.file_name().unwrap_or_default();
    let others = match (&entry.placed, entry.hash) {
        (Some(placed), Some(hash)) => {
            let folder = model.session().join(placed);
            name_candidates(name, hash).map(|name| folder.join(name)).collect()
        }
        _ => vec![],
    };
    Some(PictureLocation { path: entry.path.clone(), others, hash: entry.hash })
}
