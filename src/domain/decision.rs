//! Decisions: a person's word on a picture. It outranks any prediction, and no later run undoes it.

use super::picture::{Picture, PictureState};
use super::score::SureRule;

/// A label's number in a session. It stays the same when the label's line is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelId(pub i64);

/// A person's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The predicted label is right.
    Accepted(LabelId),
    /// This label is right.
    Reassigned(LabelId),
    /// This label is right, and none of those inside it.
    NoneInside(LabelId),
    /// No label is right.
    NoneOfThese,
    /// Looked at and left for later.
    Skipped,
}

impl Decision {
    /// The word for it in the session, in the ledger and in the table.
    pub fn word(self) -> &'static str {
        match self {
            Decision::Accepted(_) => "accepted",
            Decision::Reassigned(_) => "reassigned",
            Decision::NoneInside(_) => "none inside",
            Decision::NoneOfThese => "none of these",
            Decision::Skipped => "skipped",
        }
    }

    /// The decision that a word and a label stand for.
    pub fn from_word(word: &str, label: Option<LabelId>) -> Option<Decision> {
        match (word, label) {
            ("accepted", Some(label)) => Some(Decision::Accepted(label)),
            ("reassigned", Some(label)) => Some(Decision::Reassigned(label)),
            ("none inside", Some(label)) => Some(Decision::NoneInside(label)),
            ("none of these", _) => Some(Decision::NoneOfThese),
            ("skipped", _) => Some(Decision::Skipped),
            _ => None,
        }
    }

    /// The label that was decided for.
    pub fn label(self) -> Option<LabelId> {
        match self {
            Decision::Accepted(label) | Decision::Reassigned(label) | Decision::NoneInside(label) => Some(label),
            Decision::NoneOfThese | Decision::Skipped => None,
        }
    }

    /// The same decision for another label; one for no label stays as it is.
    pub fn with_label(self, label: LabelId) -> Decision {
        match self {
            Decision::Accepted(_) => Decision::Accepted(label),
            Decision::Reassigned(_) => Decision::Reassigned(label),
            Decision::NoneInside(_) => Decision::NoneInside(label),
            Decision::NoneOfThese | Decision::Skipped => self,
        }
    }
}

/// How a picture counts, and where it is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This label, by its position: decided, or predicted and sure.
    Label(usize),
    /// This label, by its position; it has labels inside, of which none was decided or is sure.
    UnsureInside(usize),
    /// Predicted, and not sure enough.
    Unsure,
    /// A person said that no label is right.
    NoneOfThese,
    /// Decided for a label that is not there any more.
    LabelRemoved,
    /// Not ok, and nobody decided what to do with it.
    NotOk(PictureState),
}

impl Standing {
    /// The label that a picture stands for, by its position.
    pub fn label(self) -> Option<usize> {
        match self {
            Standing::Label(label) | Standing::UnsureInside(label) => Some(label),
            Standing::Unsure | Standing::NoneOfThese | Standing::LabelRemoved | Standing::NotOk(_) => None,
        }
    }
}

/// The standing of a picture under labels with these numbers, in the labels' order.
pub fn standing(picture: &Picture, decision: Option<Decision>, labels: &[LabelId], sure: SureRule) -> Standing {
    let predicted = picture.prediction.as_ref().filter(|prediction| sure.is_sure(prediction));
    rank(decision, picture.state, predicted.map(|prediction| prediction.label), labels)
}

/// The one order of precedence: a person's decision outranks any prediction and any state, and a state that is not ok
/// any prediction. `predicted` is the position of the label that a prediction is sure of.
pub fn rank(decision: Option<Decision>, state: PictureState, predicted: Option<usize>, labels: &[LabelId]) -> Standing {
    match (decision, state, predicted) {
        (Some(Decision::Accepted(label) | Decision::Reassigned(label) | Decision::NoneInside(label)), ..) => {
            let position = labels.iter().position(|known| *known == label);
            position.map_or(Standing::LabelRemoved, Standing::Label)
        }
        (Some(Decision::NoneOfThese), ..) => Standing::NoneOfThese,
        (Some(Decision::Skipped) | None, PictureState::Ok, Some(label)) => Standing::Label(label),
        (Some(Decision::Skipped) | None, PictureState::Ok, None) => Standing::Unsure,
        (Some(Decision::Skipped) | None, state, _) => Standing::NotOk(state),
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::Prediction;
    use super::*;

    #[test]
    fn a_decision_outranks_the_prediction_and_the_state() {
        let labels = [LabelId(7), LabelId(9)];
        let sure = SureRule { threshold: 0.5, margin: 0.0 };
        let mut picture = Picture {
            path: "1.jpg".into(),
            hash: None,
            stamp: None,
            state: PictureState::Ok,
            prediction: Some(Prediction { label: 1, score: 0.6, margin: 0.2, scores: [0.4, 0.6].into() }),
        };
        let of = |picture: &Picture, decision| standing(picture, decision, &labels, sure);
        assert_eq!(of(&picture, None), Standing::Label(1));
        assert_eq!(of(&picture, Some(Decision::Skipped)), Standing::Label(1));
        assert_eq!(of(&picture, Some(Decision::Reassigned(LabelId(7)))), Standing::Label(0));
        assert_eq!(of(&picture, Some(Decision::NoneOfThese)), Standing::NoneOfThese);
        assert_eq!(of(&picture, Some(Decision::Accepted(LabelId(8)))), Standing::LabelRemoved);
        picture.state = PictureState::Suspect;
        assert_eq!(of(&picture, None), Standing::NotOk(PictureState::Suspect));
        assert_eq!(of(&picture, Some(Decision::Accepted(LabelId(9)))), Standing::Label(1));
    }

    #[test]
    fn decision_equals_itself_after_its_word() {
        let label = LabelId(3);
        for decision in [
            Decision::Accepted(label),
            Decision::Reassigned(label),
            Decision::NoneInside(label),
            Decision::NoneOfThese,
            Decision::Skipped,
        ] {
            assert_eq!(Decision::from_word(decision.word(), decision.label()), Some(decision));
        }
        assert_eq!(Decision::from_word("accepted", None), None);
        assert_eq!(Decision::from_word("none inside", None), None);
    }
}
