//! Failures that end a command.

use std::error::Error;

use super::exit::Exit;
use crate::lang::{Language, Say};
use crate::store::StoreError;
use crate::use_cases::{FindError, RunError};

/// One sentence for the person, the whole chain for the log, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) sentence: String,
    pub(super) chain: String,
    pub(super) exit: Exit,
}

impl Failure {
    /// A failure of what was asked for.
    pub(super) fn of<E: Error + Say>(error: &E, language: &Language) -> Failure {
        Failure { sentence: error.say(language), chain: chain(error), exit: Exit::Failed }
    }

    /// A failure of a run. Where trust would help, it is said how to give it.
    pub(super) fn of_run(error: &RunError, language: &Language) -> Failure {
        let failure = Failure::of(error, language);
        match error {
            error if error.is_stop() => Failure { exit: Exit::Interrupted, ..failure },
            RunError::Folders(_)
            | RunError::Store(StoreError::SessionLost { .. })
            | RunError::NothingClassified { .. }
            | RunError::NoSuchLabel { .. }
            | RunError::NotNarrowed { .. }
            | RunError::FolderTooLong { .. }
            | RunError::FileInTheWay { .. }
            | RunError::NoneFromThere { .. }
            | RunError::Find(FindError::EmptySentence | FindError::SentenceTooLong { .. }) => failure.into_usage(),
            error if error.asks_for_trust() => {
                let sentence = format!("{} {}", failure.sentence, language.text("store.add_trust"));
                Failure { sentence, ..failure.into_usage() }
            }
            _ => failure,
        }
    }

    /// A call that makes no sense.
    pub(super) fn usage(sentence: String) -> Failure {
        Failure { chain: sentence.clone(), sentence, exit: Exit::Usage }
    }

    /// The same failure as one of usage.
    pub(super) fn into_usage(self) -> Failure {
        Failure { exit: Exit::Usage, ..self }
    }
}

/// An error and what caused it, and what caused that.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
