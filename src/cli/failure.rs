//! Failures that end a command.

use std::error::Error;

use super::exit::Exit;
use crate::lang::{Language, Say};

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
