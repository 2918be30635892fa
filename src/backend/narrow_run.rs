//! A finer sort inside a label, as it is on the screen: written into the session, and read from it.

use super::BackendError;
use crate::domain::label_tree::{key_path, label_key};
use crate::domain::picture::PictureId;
use crate::engine::runtime::Runtime;
use crate::store::StoreError;
use crate::store::ledger::{RunResult, WithinSettings};
use crate::store::session::{Narrowed, Session, Sorting};

/// Keeps how the pictures of a label, by its key, are sorted inside it. Where that is known already, only their scores
/// are kept.
pub(super) fn keep(
    session: &mut Session,
    within: &str,
    sorting: Sorting,
    scores: &[(PictureId, Vec<f32>)],
    runtime: &Runtime,
) -> Result<(), BackendError> {
    let path: Vec<String> = key_path(within).into_iter().map(str::to_owned).collect();
    let Some(label) = session.label_at(&path)? else { return Ok(()) };
    let root = session.sorting()?.map(|(_, set)| set);
    let fingerprint = root.map(|set| session.model_of(&set)).transpose()?.flatten().unwrap_or_default();
    let set = session.label_set_within(label, &sorting.labels, &sorting.template, &fingerprint)?;
    let narrowed = Narrowed { within: label, sorting, set };
    if session.narrowed(label)?.is_some_and(|known| known == narrowed) {
        return Ok(session.put_scores_within(&narrowed, scores)?);
    }
    let origin = session.origin()?.unwrap_or_default();
    let settings = WithinSettings {
        within: path,
        model: origin.model,
        model_fingerprint: fingerprint,
        runtime: format!("{} {}", runtime.name(), runtime.version()),
        device: runtime.device().to_string(),
        variant: origin.variant.unwrap_or_default(),
    };
    let run = session.begin_within(&narrowed, settings)?;
    session.put_scores_within(&narrowed, scores)?;
    session.end_run(run, RunResult::Within { pictures: scores.len(), waiting: 0 })?;
    Ok(())
}

/// The finer sorts of a session, by the keys of the labels that they are inside.
pub(super) fn known(session: &Session) -> Result<Vec<(String, Sorting)>, StoreError> {
    let paths = session.label_paths()?;
    let known = session.all_narrowed()?.into_iter();
    let keyed = known.filter_map(|narrowed| Some((label_key(paths.get(&narrowed.within)?), narrowed.sorting)));
    Ok(keyed.collect())
}
