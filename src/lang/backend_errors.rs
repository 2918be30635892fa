//! Sentences for orders of the app that could not be carried out.

use super::{Language, Say};
use crate::backend::{BackendError, NotShown, OutsideError};
use crate::domain::printable::printable_text;

impl Say for BackendError {
    fn say(&self, language: &Language) -> String {
        match self {
            BackendError::Run(error) => error.say(language),
            BackendError::Engine(error) => error.say(language),
            BackendError::LabelInUse { label } => {
                language.say("app.label_in_use", &[("label", &printable_text(label))])
            }
            BackendError::LabelUnknown { label } => {
                language.say("app.label_unknown", &[("label", &printable_text(label))])
            }
            BackendError::Install(error) => error.say(language),
            BackendError::NotChecked { model } => language.say("models.not_checked", &[("model", model)]),
            BackendError::OtherModel { model } => language.say("app.other_model", &[("model", model)]),
            BackendError::NotCached { model } => language.say("app.model_not_here", &[("model", model)]),
            BackendError::NoDataFolder => language.text("doctor.no_folder"),
            BackendError::NoPlan => language.text("app.no_plan"),
            BackendError::NothingToUndo => language.text("undo.nothing"),
        }
    }
}

impl Say for NotShown {
    fn say(&self, language: &Language) -> String {
        match self {
            NotShown::Gone => language.text("app.gone"),
            NotShown::OtherContent => language.text("app.other_content"),
            NotShown::NeverRead => language.text("app.never_read"),
            NotShown::Defect(defect) => language.say("app.has_defect", &[("defect", &defect.say(language))]),
            NotShown::NotPainted => language.text("app.not_painted"),
            NotShown::NotWanted => language.text("app.not_wanted"),
        }
    }
}

impl Say for OutsideError {
    fn say(&self, language: &Language) -> String {
        match self {
            OutsideError::NotShown(why) => why.say(language),
            OutsideError::NotStarted { program, error } => {
                language.say("app.viewer_not_started", &[("program", &printable_text(program)), ("detail", error)])
            }
        }
    }
}
