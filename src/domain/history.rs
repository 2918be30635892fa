//! What people decided, step by step: what undo takes back and redo does again.

use std::collections::HashMap;

use super::decision::Decision;
use super::picture::PictureId;

/// How a step came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A person decided.
    Decide,
    /// The last step was taken back.
    Undo,
    /// What was taken back last was done again.
    Redo,
}

impl StepKind {
    /// The word for it in the session.
    pub fn word(self) -> &'static str {
        match self {
            StepKind::Decide => "decide",
            StepKind::Undo => "undo",
            StepKind::Redo => "redo",
        }
    }

    /// The kind that a word stands for.
    pub fn from_word(word: &str) -> Option<StepKind> {
        [StepKind::Decide, StepKind::Undo, StepKind::Redo].into_iter().find(|kind| kind.word() == word)
    }
}

/// Decisions that were made at once; none of a picture where what was said of it was taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// How it came about.
    pub kind: StepKind,
    /// What was said of each picture.
    pub said: Vec<(PictureId, Option<Decision>)>,
}

/// What was said of the pictures of a step before it.
pub type Before = Vec<(PictureId, Option<Decision>)>;

/// The steps that can be taken back, and those that can be done again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    done: Vec<Before>,
    undone: Vec<Before>,
}

impl History {
    /// The history that a session's steps, from the first one on, amount to.
    pub fn of(steps: impl IntoIterator<Item = Step>) -> History {
        let mut history = History::default();
        let mut now: HashMap<PictureId, Option<Decision>> = HashMap::new();
        for Step { kind, said } in steps {
            let before =
                said.into_iter().map(|(picture, said)| (picture, now.insert(picture, said).flatten())).collect();
            match kind {
                StepKind::Decide => history.decided(before),
                StepKind::Undo => {
                    history.done.pop();
                    history.taken_back(before);
                }
                StepKind::Redo => {
                    history.undone.pop();
                    history.done_again(before);
                }
            }
        }
        history
    }

    /// A person decided: what was taken back before cannot be done again.
    pub fn decided(&mut self, before: Before) {
        self.done.push(before);
        self.undone.clear();
    }

    /// The step to take back, which then is no more to be.
    pub fn to_take_back(&mut self) -> Option<Before> {
        self.done.pop()
    }

    /// A step was taken back; `before` does it again.
    pub fn taken_back(&mut self, before: Before) {
        self.undone.push(before);
    }

    /// The step to do again.
    pub fn to_do_again(&mut self) -> Option<Before> {
        self.undone.pop()
    }

    /// A step was done again; `before` takes it back.
    pub fn done_again(&mut self, before: Before) {
        self.done.push(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<Decision> = Some(Decision::NoneOfThese);
    const SKIPPED: Option<Decision> = Some(Decision::Skipped);

    fn step(kind: StepKind, said: &[(i64, Option<Decision>)]) -> Step {
        Step { kind, said: said.iter().map(|(picture, said)| (PictureId(*picture), *said)).collect() }
    }

    #[test]
    fn steps_of_a_session_give_the_stacks_back() {
        use StepKind::{Decide, Redo, Undo};
        let steps = [
            step(Decide, &[(1, NONE)]),
            step(Decide, &[(1, SKIPPED), (2, SKIPPED)]),
            step(Undo, &[(1, NONE), (2, None)]),
        ];
        let mut history = History::of(steps.clone());
        assert_eq!(history.to_do_again(), Some(vec![(PictureId(1), SKIPPED), (PictureId(2), SKIPPED)]));
        assert_eq!(history.to_do_again(), None);
        assert_eq!(history.to_take_back(), Some(vec![(PictureId(1), None)]));
        assert_eq!(history.to_take_back(), None);
        let redone = steps.into_iter().chain([step(Redo, &[(1, SKIPPED), (2, SKIPPED)])]);
        let mut history = History::of(redone);
        assert_eq!(history.to_do_again(), None);
        assert_eq!(history.to_take_back(), Some(vec![(PictureId(1), NONE), (PictureId(2), None)]));
    }

    #[test]
    fn a_decision_ends_what_could_be_done_again() {
        use StepKind::{Decide, Undo};
        let steps = [step(Decide, &[(1, NONE)]), step(Undo, &[(1, None)]), step(Decide, &[(2, NONE)])];
        let mut history = History::of(steps);
        assert_eq!(history.to_do_again(), None);
        assert_eq!(history.to_take_back(), Some(vec![(PictureId(2), None)]));
        assert_eq!(history.to_take_back(), None);
    }

    #[test]
    fn words() {
        for kind in [StepKind::Decide, StepKind::Undo, StepKind::Redo] {
            assert_eq!(StepKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(StepKind::from_word("x"), None);
    }
}
