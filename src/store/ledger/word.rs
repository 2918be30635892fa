//! Words of the ledger.

use crate::domain::run::{Action, RunKind};
use crate::domain::transfer::TransferResult;

/// A word of the ledger: one that this version knows, or one of another version, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<T> {
    /// A known one.
    Known(T),
    /// Another one.
    Other(String),
}

/// Values that have a word in the ledger.
pub trait HasWord: Copy {
    /// The word.
    fn word(self) -> &'static str;

    /// The value that a word stands for.
    fn from_word(word: &str) -> Option<Self>;
}

impl<T: HasWord> Word<T> {
    /// From its text.
    pub fn of(text: &str) -> Word<T> {
        T::from_word(text).map_or_else(|| Word::Other(text.to_owned()), Word::Known)
    }

    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Word::Known(known) => known.word(),
            Word::Other(text) => text,
        }
    }

    /// The value, where this version knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Word::Known(known) => Some(*known),
            Word::Other(_) => None,
        }
    }
}

macro_rules! has_word {
    ($($of:ty),*) => {
        $(impl HasWord for $of {
            fn word(self) -> &'static str {
                <$of>::word(self)
            }

            fn from_word(word: &str) -> Option<$of> {
                <$of>::from_word(word)
            }
        })*
    };
}

has_word!(RunKind, Action, TransferResult);
