//! A finer sort inside one label: its pictures scored for the labels inside it, by the embeddings that are remembered;
//! those of the others are made.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2};

use super::classified::Classified;
use super::classify::{ClassifyError, Encoders, Pipeline, classify};
use super::embedding_cache::{EmbeddingCacheConfig, ModelCache};
use super::scoring::scores_by_cores;
use super::session_writer::{Sink, SinkError, SourceFolder};
use super::unwanted::Unwanted;
use crate::domain::decision::LabelId;
use crate::domain::picture::{ContentHash, Picture, PictureId, PictureState};
use crate::domain::score::{Prediction, ScoreRule};
use crate::engine::runtime::select::cores;
use crate::store::StoreError;
use crate::store::session::{BestInside, Session, SessionTree, Which};

/// Pictures that are scored together.
const BLOCK: usize = 1 << 14;

/// A picture of the label.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its number.
    pub id: PictureId,
    /// Its path as it was given.
    pub shown: PathBuf,
    /// Its content.
    pub hash: ContentHash,
    /// The result of decoding it.
    pub state: PictureState,
    /// Where its content was seen last: in the destination, or where it was found.
    pub file: PathBuf,
    /// Its predictions inside labels.
    pub inside: Vec<BestInside>,
}

/// The pictures that stand for a label of the tree or for one inside it, and have pixels: those that were found in the
/// source, where there is one.
pub fn members(
    session: &Session,
    tree: &SessionTree,
    within: LabelId,
    source: Option<&SourceFolder>,
) -> Result<Vec<Member>, StoreError> {
    let unwanted = Unwanted::of(session)?;
    let mut members = Vec::new();
    let mut failed = None;
    session.for_each_picture(Some(&tree.root), Which::All, |picture| {
        let is_from_there = source.is_none_or(|source| source.inside(&picture.picture.path).is_some());
        let has_pixels = matches!(picture.picture.state, PictureState::Ok | PictureState::Suspect);
        let is_wanted = !picture.is_replaced && unwanted.as_ref().is_none_or(|unwanted| !unwanted.has(&picture));
        let Some(hash) = picture.picture.hash.filter(|_| is_from_there && has_pixels && is_wanted) else { return };
        let inside = match session.best_inside(picture.id, tree) {
            Ok(inside) => inside,
            Err(error) => {
                failed.get_or_insert(error);
                return;
            }
        };
        if tree.labels.counts_within(tree.standing(&picture, &inside), picture.decision, within) {
            let placed = picture.place.map(|place| session.destination().join(place.folder).join(place.file_name));
            let file = placed.filter(|file| is_file(file)).unwrap_or(picture.picture.path);
            let (id, shown, state) = (picture.id, picture.shown, picture.picture.state);
            members.push(Member { id, shown, hash, state, file, inside });
        }
    })?;
    failed.map_or(Ok(members), Err)
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

/// The embeddings of labels, how scores are made of them, and whose embeddings of pictures they go with.
#[derive(Clone, Copy)]
pub struct LabelScores<'s> {
    /// Label embeddings: (labels, dimensions), normalised.
    pub labels: ArrayView2<'s, f32>,
    /// How embeddings become scores.
    pub rule: ScoreRule,
    /// The model's fingerprint.
    pub fingerprint: &'s [u8; 32],
}

/// Scores of pictures, by their places among those that were asked for.
pub type Scores = HashMap<usize, Vec<f32>>;

/// Scores the pictures whose embeddings are remembered.
pub fn score_remembered(members: &[Member], by: LabelScores<'_>, cache: Option<&EmbeddingCacheConfig>) -> Scores {
    let dimensions = by.labels.ncols();
    let known = ModelCache::open(cache, by.fingerprint, dimensions);
    let wanted: Vec<(usize, ContentHash)> = members.iter().map(|member| member.hash).enumerate().collect();
    let mut scored = Scores::new();
    for block in wanted.chunks(BLOCK) {
        let embeddings = known.embeddings(block);
        let values = embeddings.iter().flat_map(|(_, embedding)| embedding.iter().copied()).collect();
        let Ok(rows) = Array2::from_shape_vec((embeddings.len(), dimensions), values) else { continue };
        let scores = scores_by_cores(rows.view(), by.labels, by.rule, cores());
        let of_each = scores.chunks(by.labels.nrows().max(1)).map(<[f32]>::to_vec);
        scored.extend(embeddings.iter().map(|(at, _)| *at).zip(of_each));
    }
    scored
}

/// Makes the embeddings of files and scores them. The files of the pipeline are those of `members`, in their order; one
/// that has another content by now is passed over. `on_picture` is told of each that is looked at.
pub fn score_files(
    members: &[&Member],
    pipeline: &Pipeline<'_>,
    on_picture: &mut dyn FnMut(&Member, Option<&Classified>),
    on_silence: &mut dyn FnMut(),
) -> Result<Scores, ClassifyError> {
    let mut sink = Collecting { members, scored: Scores::new(), on_picture, on_silence };
    classify(pipeline, &mut Encoders::default(), &mut sink)?;
    Ok(sink.scored)
}

/// Takes the scores of what the pipeline finishes.
struct Collecting<'c> {
    members: &'c [&'c Member],
    scored: Scores,
    on_picture: &'c mut dyn FnMut(&Member, Option<&Classified>),
    on_silence: &'c mut dyn FnMut(),
}

impl Sink for Collecting<'_> {
    fn take(&mut self, position: usize, classified: Option<Classified>) -> Result<(), SinkError> {
        let Some(member) = self.members.get(position) else { return Ok(()) };
        let own = classified.filter(|classified| classified.picture.hash == Some(member.hash));
        if let Some(prediction) = own.as_ref().and_then(|classified| classified.picture.prediction.as_ref()) {
            self.scored.insert(position, prediction.scores.to_vec());
        }
        (self.on_picture)(member, own.as_ref());
        Ok(())
    }

    fn model_is_silent(&mut self) {
        (self.on_silence)();
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A picture with its scores, as a run tells of it.
pub fn told(member: &Member, scores: &[f32]) -> Classified {
    let best = crate::domain::collection::BestLabel::of(scores);
    let prediction = best.map(|best| Prediction {
        label: best.label,
        score: best.score,
        margin: best.margin,
        scores: scores.into(),
    });
    let picture =
        Picture { path: member.shown.clone(), hash: Some(member.hash), stamp: None, state: member.state, prediction };
    Classified { picture, trouble: None, embedding: None }
}
