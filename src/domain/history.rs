//! Undo and redo of a person's decisions, step by step.

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
    /// The step that was taken back last was done again.
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
    /// The decision on each picture.
    pub said: Vec<(PictureId, Option<Decision>)>,
}

/// The change that a step made to a picture's decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The picture.
    pub picture: PictureId,
    /// The decision before.
    pub was: Option<Decision>,
    /// The decision since. Where somebody else has said something else meanwhile, there is nothing to take back.
    pub is: Option<Decision>,
}

/// All changes of a step.
pub type Changes = Vec<Change>;

/// The steps that can be taken back, and those that can be done again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    done: Vec<Changes>,
    undone: Vec<Changes>,
    /// Steps at the bottom of `done` that were made before the session was opened.
    earlier: usize,
}

impl History {
    /// The history that a session's steps, from the first one on, amount to.
    pub fn of(steps: impl IntoIterator<Item = Step>) -> History {
        let mut history = History::default();
        let mut now: HashMap<PictureId, Option<Decision>> = HashMap::new();
        for Step { kind, said } in steps {
            let change = |(picture, is)| Change { picture, was: now.insert(picture, is).flatten(), is };
            let changes = said.into_iter().map(change).collect();
            match kind {
                StepKind::Decide => history.decided(changes),
                StepKind::Undo => {
                    history.done.pop();
                    history.taken_back(changes);
                }
                StepKind::Redo => {
                    history.undone.pop();
                    history.done_again(changes);
                }
            }
        }
        history.earlier = history.done.len();
        history
    }

    /// The steps that stand, the oldest first.
    pub fn done(&self) -> &[Changes] {
        &self.done
    }

    /// A person decided: what was taken back before cannot be done again.
    pub fn decided(&mut self, changes: Changes) {
        self.done.push(changes);
        self.undone.clear();
    }

    /// The step that would be taken back next.
    pub fn next_to_take_back(&self) -> Option<&Changes> {
        self.done.last()
    }

    /// The step that would be done again next.
    pub fn next_to_do_again(&self) -> Option<&Changes> {
        self.undone.last()
    }

    /// True where the step that would be taken back next was made before the session was opened, and nobody has allowed
    /// to go back that far.
    pub fn is_next_earlier(&self) -> bool {
        self.done.len() <= self.earlier && !self.done.is_empty()
    }

    /// Steps from before the session was opened may be taken back from now on.
    pub fn allow_earlier(&mut self) {
        self.earlier = 0;
    }

    /// The step to take back, which then is no more to be.
    pub fn to_take_back(&mut self) -> Option<Changes> {
        self.done.pop()
    }

    /// A step was taken back by these changes, which can be taken back themselves.
    pub fn taken_back(&mut self, changes: Changes) {
        self.undone.push(changes);
    }

    /// The step to do again.
    pub fn to_do_again(&mut self) -> Option<Changes> {
        self.undone.pop()
    }

    /// A step was done again by these changes.
    pub fn done_again(&mut self, changes: Changes) {
        self.done.push(changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<Decision> = Some(Decision::NoneOfThese);
    const SKIPPED: Option<Decision> = Some(Decision::Skipped);

    /// The decisions that come back when changes are taken back.
    fn back(changes: Option<Changes>) -> Option<Vec<(PictureId, Option<Decision>)>> {
        changes.map(|changes| changes.into_iter().map(|change| (change.picture, change.was)).collect())
    }

    fn step(kind: StepKind, said: &[(i64, Option<Decision>)]) -> Step {
        Step { kind, said: said.iter().map(|(picture, said)| (PictureId(*picture), *said)).collect() }
    }

    #[test]
    fn history_of_stored_steps_has_the_same_stacks() {
        use StepKind::{Decide, Redo, Undo};
        let steps = [
            step(Decide, &[(1, NONE)]),
            step(Decide, &[(1, SKIPPED), (2, SKIPPED)]),
            step(Undo, &[(1, NONE), (2, None)]),
        ];
        let mut history = History::of(steps.clone());
        assert_eq!(back(history.to_do_again()), Some(vec![(PictureId(1), SKIPPED), (PictureId(2), SKIPPED)]));
        assert_eq!(history.to_do_again(), None);
        assert_eq!(back(history.to_take_back()), Some(vec![(PictureId(1), None)]));
        assert_eq!(history.to_take_back(), None);
        let redone = steps.into_iter().chain([step(Redo, &[(1, SKIPPED), (2, SKIPPED)])]);
        let mut history = History::of(redone);
        assert_eq!(history.to_do_again(), None);
        let last = history.to_take_back();
        assert_eq!(last.as_ref().unwrap()[0].is, SKIPPED);
        assert_eq!(back(last), Some(vec![(PictureId(1), NONE), (PictureId(2), None)]));
    }

    #[test]
    fn new_decision_empties_the_redo_stack() {
        use StepKind::{Decide, Undo};
        let steps = [step(Decide, &[(1, NONE)]), step(Undo, &[(1, None)]), step(Decide, &[(2, NONE)])];
        let mut history = History::of(steps);
        assert_eq!(history.to_do_again(), None);
        assert_eq!(back(history.to_take_back()), Some(vec![(PictureId(2), None)]));
        assert_eq!(history.to_take_back(), None);
    }

    #[test]
    fn steps_from_before_the_session_was_opened_are_told_from_those_since() {
        use StepKind::Decide;
        let change = |picture| Change { picture: PictureId(picture), was: None, is: NONE };
        assert!(!History::default().is_next_earlier());
        let mut history = History::of([step(Decide, &[(1, NONE)]), step(Decide, &[(2, NONE)])]);
        assert!(history.is_next_earlier());
        history.decided(vec![change(3)]);
        assert!(!history.is_next_earlier());
        assert_eq!(history.next_to_take_back(), Some(&vec![change(3)]));
        history.to_take_back();
        assert!(history.is_next_earlier());
        history.allow_earlier();
        assert!(!history.is_next_earlier());
    }

    #[test]
    fn step_kind_equals_itself_after_its_word() {
        for kind in [StepKind::Decide, StepKind::Undo, StepKind::Redo] {
            assert_eq!(StepKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(StepKind::from_word("x"), None);
    }
}
