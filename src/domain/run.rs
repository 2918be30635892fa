//! Runs and transfers as they are numbered and named in a session.

use serde::{Deserialize, Serialize};

/// A run's number in a session: one classify, apply, undo or redo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// A transfer's number in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub i64);

/// The kind of work that a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// Scores pictures.
    Classify,
    /// Carries out a plan.
    Apply,
    /// Takes back an apply or a redo.
    Undo,
    /// Takes back an undo.
    Redo,
}

impl RunKind {
    const ALL: [RunKind; 4] = [RunKind::Classify, RunKind::Apply, RunKind::Undo, RunKind::Redo];

    /// The word for it in the session, in the ledger and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            RunKind::Classify => "classify",
            RunKind::Apply => "apply",
            RunKind::Undo => "undo",
            RunKind::Redo => "redo",
        }
    }

    /// The kind that a word stands for.
    pub fn from_word(word: &str) -> Option<RunKind> {
        RunKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// The action on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Another file with its content is made; it stays.
    Copy,
    /// It gets another place.
    Move,
    /// It goes, because its content is whole in another place too: how a copy is undone.
    Remove,
}

impl Action {
    const ALL: [Action; 3] = [Action::Copy, Action::Move, Action::Remove];

    /// The word for it in the session, in the ledger and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Action::Copy => "copy",
            Action::Move => "move",
            Action::Remove => "remove",
        }
    }

    /// The action that a word stands for.
    pub fn from_word(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.word() == word)
    }
}
