//! Sentences for orders of the app that could not be carried out.

use super::{Language, Say};
use crate::backend::CrewError;
use crate::domain::printable::printable_text;

impl Say for CrewError {
    fn say(&self, language: &Language) -> String {
        match self {
            CrewError::Run(error) => error.say(language),
            CrewError::Engine(error) => error.say(language),
            CrewError::LabelInUse { label } => language.say("app.label_in_use", &[("label", &printable_text(label))]),
            CrewError::LabelUnknown { label } => {
                language.say("app.label_unknown", &[("label", &printable_text(label))])
            }
            CrewError::Install(error) => error.say(language),
            CrewError::NotChecked { model } => language.say("models.not_checked", &[("model", model)]),
            CrewError::OtherModel { model } => language.say("app.other_model", &[("model", model)]),
            CrewError::NotCached { model } => language.say("app.model_not_here", &[("model", model)]),
            CrewError::NoDataFolder => language.text("doctor.no_folder"),
            CrewError::NoPlan => language.text("app.no_plan"),
            CrewError::NothingToUndo => language.text("undo.nothing"),
        }
    }
}
