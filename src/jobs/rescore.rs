//! Pictures that were sorted before and are not in their source any more, scored by the labels of now.

use ndarray::Array2;

use super::embedding_cache::{EmbeddingCacheConfig, ModelCache};
use super::model::Model;
use super::scoring::scores_by_cores;
use super::session_writer::SourceFolder;
use crate::domain::picture::{ContentHash, PictureId, PictureState};
use crate::domain::run::RunId;
use crate::engine::runtime::select::cores;
use crate::file_system::is_gone;
use crate::store::StoreError;
use crate::store::session::{LabelSet, Session, Which};

/// Pictures that are scored together.
const BLOCK: usize = 1 << 14;

/// How many pictures were scored anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rescored {
    /// So many.
    pub count: usize,
    /// So many keep the scores of other labels, as their embeddings are not remembered.
    pub missing: usize,
}

/// Scores the pictures that were sorted from this source in earlier runs and are not in it any more, by their
/// remembered embeddings. They are among those that the run has seen then.
pub fn rescore(
    session: &mut Session,
    (run, set): (RunId, &LabelSet),
    source: &SourceFolder,
    model: &Model,
    cache: Option<&EmbeddingCacheConfig>,
) -> Result<Rescored, StoreError> {
    if !session.is_any_sorted_otherwise(set)? {
        return Ok(Rescored::default());
    }
    let mut wanted: Vec<(PictureId, ContentHash)> = Vec::new();
    session.for_each_picture(None, Which::All, |found| {
        let is_scored = found.label_set.is_none_or(|label_set| label_set == set.id);
        let is_sorted = found.place.is_some() && !found.is_replaced && found.picture.state == PictureState::Ok;
        let path = &found.picture.path;
        // A picture that is still there was left out on purpose, or could not be reached.
        let is_away = || std::fs::symlink_metadata(path).is_err_and(|error| is_gone(&error));
        if !is_scored && is_sorted && source.inside(path).is_some() && is_away() {
            wanted.extend(found.picture.hash.map(|hash| (found.id, hash)));
        }
    })?;
    let dimensions = model.labels.ncols();
    let mut rescored = Rescored { count: 0, missing: wanted.len() };
    if wanted.is_empty() {
        return Ok(rescored);
    }
    let known = ModelCache::open(cache, &model.fingerprint, dimensions);
    for block in wanted.chunks(BLOCK) {
        let embeddings = known.embeddings(block);
        let values = embeddings.iter().flat_map(|(_, embedding)| embedding.iter().copied()).collect();
        let Ok(rows) = Array2::from_shape_vec((embeddings.len(), dimensions), values) else { continue };
        let scores = scores_by_cores(rows.view(), model.labels.view(), model.rule, cores());
        let of_each = scores.chunks(model.labels.nrows().max(1)).map(<[f32]>::to_vec);
        let scored: Vec<_> = embeddings.iter().map(|(id, _)| *id).zip(of_each).collect();
        session.put_scores(run, set, &scored)?;
        rescored.count += scored.len();
        rescored.missing -= scored.len();
    }
    Ok(rescored)
}
