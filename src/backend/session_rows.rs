//! A session's pictures and decisions as the app knows them: labels by their texts, as people change those while the
//! session's numbers stay.

use std::collections::HashMap;

use super::{DecisionStep, NamedDecision};
use crate::domain::collection::Entry;
use crate::domain::decision::{Decision, LabelId};
use crate::domain::history::Step;
use crate::domain::label::Label;
use crate::domain::label_tree::{key_path, label_key};
use crate::domain::picture::{ContentHash, PictureState};
use crate::store::StoreError;
use crate::store::session::{Session, SessionPicture, Sorting};

/// A picture as the session knows it.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The entry in the list of pictures.
    pub entry: Entry,
    /// The label that was decided for, by its key.
    pub decided: Option<String>,
    /// The session's own scores, for the labels that it sorts with; none where it has none for them.
    pub scores: Vec<f32>,
    /// Its path has another content now, and nothing was done with this one.
    pub is_replaced: bool,
}

/// The labels and sentences of a session's own scores.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredWith {
    /// The labels.
    pub labels: Vec<Label>,
    /// The sentence around them.
    pub template: String,
}

impl ScoredWith {
    pub(super) fn of(sorting: &Sorting) -> ScoredWith {
        ScoredWith { labels: sorting.labels.clone(), template: sorting.template.clone() }
    }
}

/// The key of every label of a session, by its number.
pub(super) fn label_keys(session: &Session) -> Result<HashMap<LabelId, String>, StoreError> {
    Ok(session.label_paths()?.into_iter().map(|(label, path)| (label, label_key(&path))).collect())
}

/// A picture of a session as the app shows it.
pub(super) fn row_of(found: SessionPicture, texts: &HashMap<LabelId, String>) -> SessionRow {
    let decided = found.decision.and_then(Decision::label).and_then(|label| texts.get(&label).cloned());
    let entry = Entry {
        id: found.id,
        path: found.picture.path,
        hash: found.picture.hash,
        state: found.picture.state,
        trouble: found.trouble,
        decision: found.decision,
        placed: found.place.map(|place| place.folder),
    };
    let scores = found.picture.prediction.map(|prediction| prediction.scores.into_vec()).unwrap_or_default();
    SessionRow { entry, decided, scores, is_replaced: found.is_replaced }
}

/// The hash of a picture that can have an embedding: one without pixels has none.
pub(super) fn embeddable_hash(picture: &SessionPicture) -> Option<ContentHash> {
    let has_pixels = matches!(picture.picture.state, PictureState::Ok | PictureState::Suspect);
    picture.picture.hash.filter(|_| has_pixels)
}

/// A decision with its label's text; none where the session has lost it.
pub(super) fn by_text(decision: Decision, texts: &HashMap<LabelId, String>) -> Option<NamedDecision> {
    Some(match decision {
        Decision::Accepted(label) => NamedDecision::Accepted(texts.get(&label)?.clone()),
        Decision::Reassigned(label) => NamedDecision::Reassigned(texts.get(&label)?.clone()),
        Decision::NoneInside(label) => NamedDecision::NoneInside(texts.get(&label)?.clone()),
        Decision::NoneOfThese => NamedDecision::NoneOfThese,
        Decision::Skipped => NamedDecision::Skipped,
    })
}

/// Every step of a session, labels by their texts.
pub(super) fn steps_by_text(session: &Session) -> Result<Vec<DecisionStep>, StoreError> {
    let texts = label_keys(session)?;
    let steps = session.steps()?.into_iter().map(|step| {
        let said = step.said.into_iter().map(|(picture, said)| (picture, said.and_then(|said| by_text(said, &texts))));
        DecisionStep { kind: step.kind, said: said.collect() }
    });
    Ok(steps.collect())
}

/// A step with the session's numbers for its labels. A label that it has not is given one.
pub(super) fn by_number(session: &mut Session, step: &DecisionStep) -> Result<Step, StoreError> {
    let mut said = Vec::with_capacity(step.said.len());
    let mut label = |key: &String| session.label_at(&key_path(key));
    for (picture, word) in &step.said {
        let decision = match word {
            None => None,
            Some(NamedDecision::Accepted(key)) => label(key)?.map(Decision::Accepted),
            Some(NamedDecision::Reassigned(key)) => label(key)?.map(Decision::Reassigned),
            Some(NamedDecision::NoneInside(key)) => label(key)?.map(Decision::NoneInside),
            Some(NamedDecision::NoneOfThese) => Some(Decision::NoneOfThese),
            Some(NamedDecision::Skipped) => Some(Decision::Skipped),
        };
        said.push((*picture, decision));
    }
    Ok(Step { kind: step.kind, said })
}
